"""What speaks TLS asks for here: contexts, factories that put TLS under a protocol, and what a handshake has shown."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHandshakeListener, IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.net.secure.contexts import (
    CertifiedContext,
    ClientContext,
    TunnelContext,
    UserContext,
    connector_context,
    first_contact_context,
    origin_context,
    tunnel_context,
    user_context,
)
from appproxy.net.secure.half_close import HalfCloseTLS, HandshakeTimeout, NoProtocol
from appproxy.net.secure.peer_verdict import CertificateRefused
from appproxy.net.secure.sockets import socket_of
from appproxy.net.secure.tls_factory import HANDSHAKE_SECONDS, HalfCloseTLSFactory
from appproxy.pki.selection import by_name

__all__ = [
    "CertificateRefused",
    "ClientContext",
    "HalfCloseTLS",
    "HalfCloseTLSFactory",
    "HandshakeTimeout",
    "NoProtocol",
    "ServerName",
    "TunnelContext",
    "UserContext",
    "connector_context",
    "first_contact_context",
    "negotiated",
    "origin_context",
    "peer_certificate",
    "peer_chain",
    "server_name",
    "set_buffers",
    "shown_certificates",
    "shown_chain",
    "tunnel_context",
    "user_context",
    "wrap_client",
    "wrap_server",
]


def wrap_server(
    context: UserContext | TunnelContext, factory: IProtocolFactory, clock: IReactorTime,
    handshake_seconds: float = HANDSHAKE_SECONDS, most_handshakes: int | None = None, plain: IProtocolFactory | None = None,
) -> HalfCloseTLSFactory:
    """A factory for `reactor.listenTCP` or a server end point: TLS, then the protocols of `factory`.

    Who speaks HTTP without TLS gets a protocol of `plain`; without one, the alert that TLS has for it.
    """
    return HalfCloseTLSFactory(context, False, factory, clock, handshake_seconds, most_handshakes, plain)


def wrap_client(
    context: ClientContext, factory: IProtocolFactory, clock: IReactorTime,
    handshake_seconds: float = HANDSHAKE_SECONDS,
) -> HalfCloseTLSFactory:
    """A factory for a client end point's `connect`, which then gives the TLS layer: yours is its `wrappedProtocol`.

    `connect` succeeds when TCP has; the handshake has when `handshakeCompleted` is called.
    """
    return HalfCloseTLSFactory(context, True, factory, clock, handshake_seconds)


def peer_certificate(transport: object) -> bytes | None:
    """The peer's verified leaf (DER); None when it showed none, or none was asked for, or it is not verified.

    To be called in `handshakeCompleted` or later.
    """
    connection = _connection(transport)
    if connection is None or connection.get_verify_mode() == SSL.VERIFY_NONE:
        return None
    certificate = connection.get_peer_certificate(as_cryptography=True)
    return None if certificate is None else certificate.public_bytes(Encoding.DER)


def shown_certificates(transport: object) -> list[bytes]:
    """All that a client has shown of its own accord or because it was asked (DER), its own first; it has proved that it has
    the key of that one, and nothing else is checked. [] where it has shown none, and where none was asked for.
    """
    connection = _connection(transport)
    if connection is None or connection.get_verify_mode() == SSL.VERIFY_NONE:
        return []
    leaf = connection.get_peer_certificate(as_cryptography=True)
    if leaf is None:
        return []
    # OpenSSL leaves the client's own out of a server's view of the chain.
    others = connection.get_peer_cert_chain(as_cryptography=True) or ()
    return [one.public_bytes(Encoding.DER) for one in (leaf, *(one for one in others if one != leaf))]


def peer_chain(transport: object) -> list[str]:
    """What the server showed, leaf first, PEM, whether verified or not."""
    connection = _connection(transport)
    chain = None if connection is None else connection.get_peer_cert_chain(as_cryptography=True)
    return [one.public_bytes(Encoding.PEM).decode("ascii") for one in chain or ()]


@dataclass(slots=True)
class ServerName:
    """What a user's TLS connection was made for (RFC 6066 section 3)."""

    #: The host that was asked for, in lower case without a last dot.
    asked: str
    #: The names in the certificate that belongs to it.
    certified: Mapping[str, object]
    #: The last other host that it was found to be for: the next request on the connection names the same.
    _covered: str = field(default="", init=False, repr=False, compare=False)

    def covers(self, host: str) -> bool:
        """Is the certificate one for this host, too?"""
        if host == self._covered:
            return True
        if by_name(self.certified, host) is None:
            return False
        self._covered = host
        return True


def server_name(transport: object) -> ServerName | None:
    """To be called after the handshake. None without TLS, and for who has asked for no host.

    Where a session was resumed it is, in TLS 1.2, the session's host, whatever was asked for since: OpenSSL has it so, and
    the client has seen that host's certificate. In TLS 1.3 it is the host of this handshake: clients may resume only where
    the certificate that they have seen is one for it, too (RFC 8446 sections 4.2.11 and 4.6.1).
    """
    connection = _connection(transport)
    asked = None if connection is None else connection.get_servername()
    if connection is None or asked is None:
        return None
    context = connection.get_context()
    names = context.names if isinstance(context, CertifiedContext) else {}
    return ServerName(asked.decode("latin-1").lower().removesuffix("."), names)


def negotiated(transport: object) -> bytes | None:
    """The protocol that ALPN chose; None before the handshake, without ALPN, and without TLS."""
    protocol = getattr(transport, "negotiatedProtocol", None)
    return protocol if isinstance(protocol, bytes) else None


def _connection(transport: object) -> SSL.Connection | None:
    """The TLS connection of this transport once its handshake is done."""
    if not isinstance(transport, HalfCloseTLS) or not transport.handshake_done:
        return None
    connection: SSL.Connection | None = transport.getHandle()
    return connection


def set_buffers(transport: object, size: int = 262_144) -> None:
    """Bound what the kernel holds of this connection, each way, also under TLS.

    256 KiB carries 1 Gbit/s over 2 ms; left alone, Linux takes in 4 MB from a user for an application that has stopped
    reading. Linux doubles the number for its own books. A transport without a socket is left as it is.
    """
    under = socket_of(transport)
    if under is not None:
        under.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        under.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


@implementer(IHandshakeListener)
class _Look(Protocol):
    """Does the handshake, notes the chain, and leaves without having sent a byte."""

    def __init__(self, seen: Deferred[list[str]]) -> None:
        self._seen: Deferred[list[str]] | None = seen

    def handshakeCompleted(self) -> None:
        """Called by TLS."""
        if self._seen is not None:
            seen, self._seen = self._seen, None
            seen.callback(peer_chain(self.transport))
        if isinstance(self.transport, HalfCloseTLS):
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Called by TLS: no chain to be had."""
        if self._seen is not None:
            seen, self._seen = self._seen, None
            seen.errback(reason)


async def shown_chain(endpoint: IStreamClientEndpoint, tls_name: str, clock: IReactorTime) -> list[str]:
    """The chain (PEM, leaf first) that the service at this end point shows, for `check_first_contact`.

    Nothing is sent and nothing believed: the joining connector dials again, with the anchor that was found as its only
    root. Raises what the end point raises, HandshakeTimeout, or the TLS error.
    """
    seen: Deferred[list[str]] = Deferred()
    context = first_contact_context(tls_name)
    await endpoint.connect(wrap_client(context, Factory.forProtocol(lambda: _Look(seen)), clock))
    return await seen
