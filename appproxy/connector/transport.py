"""What the connector uses of a transport, be it TCP, TLS or a fake in a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, IPushProducer, ITransport
from zope.interface import implementer


class Transport(Protocol):
    """A stream transport of Twisted, with the names that Twisted gives."""

    def write(self, data: bytes) -> None: ...

    def loseConnection(self) -> None: ...

    def loseWriteConnection(self) -> None: ...

    def abortConnection(self) -> None: ...

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...

    def setTcpNoDelay(self, enabled: bool) -> None: ...


def transport_of(transport: ITransport | None) -> Transport:
    """A protocol's transport in connectionMade, where it always has one."""
    return cast(Transport, transport)


def peer_of(transport: ITransport | None) -> str:
    """The IP address at the other end; empty when the transport does not know."""
    return "" if transport is None else getattr(transport.getPeer(), "host", "")


@implementer(IProtocolFactory)
class Dialled:
    """Builds the one protocol of a connection that is dialled. Twisted's Factory would log a line for each."""

    def __init__(self, build: Callable[[], IProtocol]) -> None:
        self._build = build

    def buildProtocol(self, addr: IAddress | None) -> IProtocol:
        """TCP is connected."""
        return self._build()

    def doStart(self) -> None:
        """Nothing to prepare."""

    def doStop(self) -> None:
        """Nothing to clear away."""
