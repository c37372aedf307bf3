"""One end of a connection in memory, which behaves as TCP does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol, IPushProducer, IReactorTime, ITCPTransport
from twisted.python.failure import Failure
from zope.interface import implementer

#: What a transport takes before it pauses its producer: as Twisted's own.
_BUFFER = 65_536


@implementer(ITCPTransport)
class MemoryTransport:
    """One end of a connection. What is written arrives in a later turn, in order, unless the other end is paused."""

    disconnecting = False

    def __init__(self, network: IReactorTime, host: IPv4Address, peer: IPv4Address) -> None:
        self._network = network
        self._host = host
        self._peer = peer
        self.other: MemoryTransport | None = None
        self.protocol: IProtocol | None = None
        self.connected = True
        self.producer: Any = None
        self._streaming = False
        self._producer_paused = False
        self._outgoing: list[bytes] = []
        self._size = 0
        self._paused = False
        self._write_over = False
        self._end_sent = False
        self._scheduled = False

    # Writing.

    def write(self, data: bytes) -> None:
        """Take bytes for the other end."""
        if not self.connected or self._write_over or not data:
            return
        self._outgoing.append(data)
        self._size += len(data)
        if self.producer is not None and self._streaming and self._size > _BUFFER and not self._producer_paused:
            self._producer_paused = True
            self.producer.pauseProducing()
        self._schedule()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Take several pieces."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close when all is written."""
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._schedule()

    def loseWriteConnection(self) -> None:
        """Close this direction when all is written."""
        self._write_over = True
        self._schedule()

    def abortConnection(self) -> None:
        """Reset: the other end sees a loss, and nothing more arrives."""
        if self.connected:
            self._outgoing.clear()
            other = self.other
            self._lost(Failure(ConnectionLost()))
            if other is not None and other.connected:
                self._network.callLater(0, other._lost, Failure(ConnectionLost()))

    def _schedule(self) -> None:
        if not self._scheduled and self.connected:
            self._scheduled = True
            self._network.callLater(0, self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        other = self.other
        if not self.connected or other is None or other._paused:
            return
        data, self._outgoing, self._size = b"".join(self._outgoing), [], 0
        if data and other.connected and other.protocol is not None and not other.disconnecting:
            other.protocol.dataReceived(data)
        if self._outgoing or not self.connected:
            self._schedule()
            return
        self._resume_producer()
        if (self.disconnecting or self._write_over) and not self._outgoing and not self._producer_is_busy():
            self._finish(other)

    def _producer_is_busy(self) -> bool:
        return self.producer is not None

    def _resume_producer(self) -> None:
        if self.producer is not None and (self._producer_paused or not self._streaming):
            self._producer_paused = False
            self.producer.resumeProducing()

    def _finish(self, other: MemoryTransport) -> None:
        if not self._end_sent:
            self._end_sent = True
            if other.connected:
                other._peer_ended()
        if self.disconnecting:
            self._lost(Failure(ConnectionDone()))

    def _peer_ended(self) -> None:
        listener = IHalfCloseableProtocol(self.protocol, None)
        if listener is not None and not self.disconnecting:
            listener.readConnectionLost()
            if self._end_sent:
                self._lost(Failure(ConnectionDone()))
        else:
            self._lost(Failure(ConnectionDone()))

    def _lost(self, reason: Failure) -> None:
        if not self.connected:
            return
        self.connected = False
        self.disconnecting = True
        producer, self.producer = self.producer, None
        if producer is not None:
            producer.stopProducing()
        if self.protocol is not None:
            self.protocol.connectionLost(reason)

    # Reading.

    def pauseProducing(self) -> None:
        """Nothing arrives until it is resumed."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Things arrive again."""
        self._paused = False
        if self.other is not None:
            self.other._schedule()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # The consumer's side.

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """Who is to be paused when too much waits."""
        if self.producer is not None:
            raise RuntimeError("a producer is registered already")
        if not self.connected:
            producer.stopProducing()
            return
        self.producer = producer
        self._streaming = streaming
        self._producer_paused = False
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Nobody any more; a close that waited for it goes on."""
        self.producer = None
        if self.disconnecting or self._write_over:
            self._schedule()

    # What TCP has besides.

    def getHost(self) -> IPv4Address:
        """This end."""
        return self._host

    def getPeer(self) -> IPv4Address:
        """The other end."""
        return self._peer

    def getTcpNoDelay(self) -> bool:
        """There is no delay in memory."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Nothing to set."""

    def getTcpKeepAlive(self) -> bool:
        """No need."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Nothing to set."""
