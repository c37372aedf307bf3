"""A connection at the connectors' listener until its handshake is complete: then ALPN and the certificate tell what it is."""

from __future__ import annotations

import typing

from twisted.internet.interfaces import IAddress, IHandshakeListener, IProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import IdentityError
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.secure.crowd import subscriber
from appproxy.net.secure.tls import negotiated, peer_certificate
from appproxy.pki.names import connector_id
from appproxy.service.tunnel.links.arrivals import Arrivals
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.tunnel.messages import Goodbye

#: The control end points' protocol (ALPN).
CONTROL = b"http/1.1"


class EndPoint(typing.Protocol):
    """The listener, for connections that arrive."""

    clock: IReactorTime
    arrivals: Arrivals

    def entered(self, entry: IncomingConnection) -> None:
        """A connection has begun."""

    def left(self, entry: IncomingConnection) -> None:
        """It has ended, or its handshake has."""

    def protocol_for(self, alpn: bytes | None, certificate: bytes | None, addr: IAddress | None) -> IProtocol | None:
        """What it speaks from now on; None: it is to be closed."""


@implementer(IHandshakeListener)
class IncomingConnection(Protocol):
    """A connection until its handshake is complete; then it is what ALPN says, and this only passes on."""

    #: As for users: seconds that a handshake may take.
    _HANDSHAKE = 30.0

    def __init__(self, end_point: EndPoint, addr: IAddress | None) -> None:
        self._end_point = end_point
        self._addr = addr
        #: Whom it counts for: the network that it comes from, and the connector whose certificate it has shown.
        self.address = subscriber(addr)
        self.id = ""
        self._inner: IProtocol | None = None
        self.deadline = NEVER

    def connectionMade(self) -> None:
        self.deadline = self._end_point.clock.seconds() + self._HANDSHAKE
        self._end_point.entered(self)

    def handshakeCompleted(self) -> None:
        end_point = self._end_point
        end_point.left(self)
        transport = self.transport
        alpn, certificate = negotiated(transport), peer_certificate(transport)
        self.id = _id_of(certificate)
        end_point.arrivals.proved(self)
        inner = end_point.protocol_for(alpn, certificate, self._addr)
        if inner is None:
            self.abort()
            return
        if alpn == CONTROL:
            end_point.arrivals.calls(self)
        self._inner = inner
        self.dataReceived = inner.dataReceived  # type: ignore[method-assign]
        inner.makeConnection(transport)  # type: ignore[arg-type]

    def dataReceived(self, data: bytes) -> None:
        """Before the handshake nothing can come."""

    def deadline_passed(self, now: float) -> None:
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.transport.abortConnection()  # type: ignore[union-attr]

    def dismiss(self, goodbye: Goodbye) -> None:
        """Its connector is revoked: nothing is left of it within a second."""
        if isinstance(self._inner, SignalLink):
            self._inner.goodbye(goodbye)
        else:
            self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._end_point.left(self)
        self._end_point.arrivals.left(self)
        if self._inner is not None:
            self._inner.connectionLost(reason)


def _id_of(certificate: bytes | None) -> str:
    """The connector that a certificate names; "" for none, or one that is not ours to know."""
    try:
        return connector_id(certificate) if certificate is not None else ""
    except IdentityError:
        return ""
