"""A user's connection until its TLS handshake is complete: ALPN tells which version of HTTP it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.net.loop.deadlines import NEVER
from appproxy.net.secure.contexts import HTTP2
from appproxy.net.secure.tls import negotiated
from appproxy.service.front.front import NEWCOMER_SECONDS
from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.front.h2.connection import H2Connection

if TYPE_CHECKING:
    from appproxy.service.front.front import Front


@implementer(IHandshakeListener, IHalfCloseableProtocol)
class UserEntry(Protocol):
    """Becomes what ALPN says, and then only passes on. The TLS layer ends a handshake that takes too long."""

    def __init__(self, front: Front, client: str) -> None:
        self._front = front
        self._client = client
        self._inner: H2Connection | UserConnection | None = None
        self.deadline = NEVER

    def connectionMade(self) -> None:
        self._front.enter(self, self._client)
        if self._front.draining:
            self.drain()

    def handshakeCompleted(self) -> None:
        """Called by TLS."""
        front = self._front
        self._leave()
        kind = H2Connection if negotiated(self.transport) == HTTP2 else UserConnection
        inner = self._inner = kind(front, self._client)
        self.dataReceived = inner.dataReceived  # type: ignore[method-assign]
        inner.makeConnection(self.transport)
        if front.draining:
            inner.drain()

    def dataReceived(self, data: bytes) -> None:
        """Before the handshake nothing can come."""

    def readConnectionLost(self) -> None:
        """Called by TLS: close_notify has come."""
        if self._inner is not None:
            self._inner.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Called by TLS: our own close_notify has been written."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._leave()
        if self._inner is not None:
            self._inner.connectionLost(reason)

    def _leave(self) -> None:
        self._front.leave(self)
        self._front.deadlines.discard(self)

    @property
    def idle(self) -> bool:
        """Is no request under way?"""
        return True

    def drain(self) -> None:
        """A handshake that has begun may end. A browser that connects ahead of need must not hold up the end for long."""
        front = self._front
        self.deadline = front.clock.seconds() + max(front.notice, NEWCOMER_SECONDS)
        front.deadlines.add(self)

    def deadline_passed(self, now: float) -> None:
        """Called by the sweep."""
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.transport.abortConnection()  # type: ignore[union-attr]
