"""Connections that do not leave the process: two transports, each of which delivers what the other is given.

They behave as Twisted's TCP does: bytes arrive in a later turn of the reactor, in order, at most 64 KiB at once; a protocol
that pauses its transport gets nothing, the end of the stream included; a sender's producer is paused while more than 64 KiB
wait; each direction closes on its own for protocols that provide IHalfCloseableProtocol; whoever writes to an end that has
gone is told that the connection is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IHalfCloseableProtocol,
    IProtocol,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

#: What a transport takes before it pauses its producer, and what one turn delivers: both as Twisted's TCP has it.
_BUFFER = 65_536


@implementer(IAddress)
@dataclass(frozen=True, slots=True)
class InProcessAddress:
    """One end of such a connection: `name` says who it is. There is no IP address, and none is made up.

    `host` and `port` are what the end is called inside, where it has such a name; "" and 0 where it has none. WSGI and
    `twisted.web.server.Request` read them.
    """

    name: str
    host: str = ""
    port: int = 0


@implementer(ITCPTransport, IConsumer, IPushProducer)
class InProcessTransport:
    """One end of a connection; `connect` makes both."""

    log = Logger()
    connected = True
    disconnected = False
    disconnecting = False

    def __init__(self, clock: IReactorTime, host: IAddress, peer: IAddress) -> None:
        self._clock = clock
        self._host = host
        self._peer = peer
        self._other: InProcessTransport
        self._protocol: IProtocol
        self._producer: Any = None
        self._streaming = False
        self._producer_paused = False
        self._waiting: deque[bytes] = deque()
        #: How much of the first piece has gone.
        self._offset = 0
        self._size = 0
        self._paused = False
        self._aborted = False
        self._write_ends = False
        self._end_sent = False
        self._end_received = False
        self._scheduled = False

    def serve(self, other: InProcessTransport, protocol: IProtocol) -> None:
        """Whose other end it is, and who reads here. Both ends are set before either protocol is called."""
        self._other = other
        self._protocol = protocol

    @property
    def waiting(self) -> int:
        """How many bytes were written and have not arrived."""
        return self._size

    # Writing.

    def write(self, data: bytes) -> None:
        """Take bytes for the other end."""
        if not isinstance(data, bytes):
            raise TypeError(f"only bytes can be written to a transport, not {type(data).__name__}")
        if not self.connected or self._end_sent or not data:
            return
        self._waiting.append(data)
        self._size += len(data)
        if self._producer is not None and self._streaming and self._size > _BUFFER and not self._producer_paused:
            self._producer_paused = True
            self._producer.pauseProducing()
        self._schedule()

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Take several pieces."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:
        """Close both directions when all is written, and a producer has given all it had."""
        if not self.connected or self.disconnecting:
            return
        self.disconnecting = True
        if self._end_sent:
            self._lost(Failure(ConnectionDone()))
        else:
            self._schedule()

    def loseWriteConnection(self) -> None:
        """Close this direction when all is written."""
        self._write_ends = True
        self._schedule()

    def abortConnection(self) -> None:
        """Close at once; what is on its way in either direction is dropped, and the other end hears of a loss."""
        if not self.connected or self._aborted:
            return
        self._aborted = True
        self._drop()
        self._clock.callLater(0, self._lost, Failure(ConnectionAborted()))
        self._clock.callLater(0, self._other._lost, Failure(ConnectionLost()))

    # Delivery.

    def _schedule(self) -> None:
        if not self._scheduled and self.connected and not self._aborted:
            self._scheduled = True
            self._clock.callLater(0, self._turn)

    def _turn(self) -> None:
        """Deliver a piece; what is due once there is nothing left is due then."""
        self._scheduled = False
        other = self._other
        if not self.connected or self._aborted or (other._paused and other.connected):
            return
        if self._size and not other.connected:
            self._drop()
            self._lost(Failure(ConnectionLost()))
            return
        if self._size:
            other._receive(self._take())
        if self._size:
            self._schedule()
        elif self.connected and not self._aborted:
            self._drained()

    def _take(self) -> bytes:
        """The next piece, of 64 KiB at most."""
        pieces, room = [], _BUFFER
        while self._waiting and room:
            piece = self._waiting[0]
            taken = piece[self._offset : self._offset + room] if self._offset or len(piece) > room else piece
            pieces.append(taken)
            room -= len(taken)
            self._offset += len(taken)
            if self._offset == len(piece):
                self._waiting.popleft()
                self._offset = 0
        data = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        self._size -= len(data)
        return data

    def _receive(self, data: bytes) -> None:
        """Bytes of the other end."""
        if self.disconnecting or self._aborted:
            return  # as with TCP: nobody reads here any more
        try:
            self._protocol.dataReceived(data)
        except Exception:
            failure = Failure()
            self.log.failure("{protocol} failed; its connection is lost", failure, protocol=self._protocol)
            self._drop()
            self._lost(failure)
            self._other._lost(Failure(ConnectionLost()))

    def _drained(self) -> None:
        """All that was written has arrived."""
        producer = self._producer
        if producer is not None and (self._producer_paused or not self._streaming):
            self._producer_paused = False
            producer.resumeProducing()
        elif self.disconnecting:
            self._send_end()
            self._lost(Failure(ConnectionDone()))
        elif self._write_ends and not self._end_sent:
            self._send_end()
            listener = IHalfCloseableProtocol(self._protocol, None)
            if listener is not None:
                listener.writeConnectionLost()
            if self._end_received:
                self._lost(Failure(ConnectionDone()))

    def _send_end(self) -> None:
        if not self._end_sent:
            self._end_sent = True
            if self._other.connected:
                self._other._receive_end()

    def _receive_end(self) -> None:
        self._end_received = True
        listener = IHalfCloseableProtocol(self._protocol, None)
        if listener is None or self.disconnecting:
            self._lost(Failure(ConnectionDone()))
            return
        listener.readConnectionLost()
        if self._end_sent:
            self._lost(Failure(ConnectionDone()))

    def _drop(self) -> None:
        self._waiting.clear()
        self._offset = self._size = 0

    def _lost(self, reason: Failure) -> None:
        if not self.connected:
            return
        self.connected = False
        self.disconnected = self.disconnecting = True
        self._drop()
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()
        self._protocol.connectionLost(reason)
        # Whoever waits for room here is to learn that there is nobody.
        self._other._schedule()

    # Reading.

    def pauseProducing(self) -> None:
        """Nothing arrives until it is resumed."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Things arrive again."""
        if self._paused and self.connected and not self.disconnecting:
            self._paused = False
            self._other._schedule()

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    # The consumer's side.

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Who is to be paused when too much waits. Raises RuntimeError when there is one already."""
        if self._producer is not None:
            raise RuntimeError(f"cannot register {producer}: {self._producer} was never unregistered")
        if not self.connected:
            producer.stopProducing()
            return
        self._producer = producer
        self._streaming = streaming
        self._producer_paused = False
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Nobody any more; a close that waited for it goes on."""
        self._producer = None
        if self.disconnecting or self._write_ends:
            self._schedule()

    # What TCP has besides.

    def getHost(self) -> Any:
        """This end."""
        return self._host

    def getPeer(self) -> Any:
        """The other end."""
        return self._peer

    def getTcpNoDelay(self) -> bool:
        """Nothing is delayed here."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Nothing is delayed here."""

    def getTcpKeepAlive(self) -> bool:
        """The other end cannot vanish unheard."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """The other end cannot vanish unheard."""


def connect(
    clock: IReactorTime, client: IProtocol, server: IProtocol, client_address: IAddress, server_address: IAddress
) -> tuple[InProcessTransport, InProcessTransport]:
    """Connect two protocols; the transports of client and server. The server's connectionMade is called first."""
    here = InProcessTransport(clock, client_address, server_address)
    there = InProcessTransport(clock, server_address, client_address)
    here.serve(there, client)
    there.serve(here, server)
    server.makeConnection(there)
    client.makeConnection(here)
    return here, there
