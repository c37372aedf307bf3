"""Two protocols and a wire between them, with TCP's manners: half-close, pause, reset; no port, no waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IAddress,
    IConsumer,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProducer,
    IProtocol,
    IPushProducer,
    ITransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.net.secure.contexts import ClientContext, TunnelContext, UserContext
from appproxy.net.secure.half_close import HalfCloseTLS
from appproxy.net.secure.tls_factory import HalfCloseTLSFactory


@implementer(ITransport, IConsumer, IPushProducer)
class End:
    """One end of the wire: what Twisted's TCP transport would do, byte for byte, when told to."""

    disconnecting = False

    def __init__(self, clock: Clock, piece: int = 65_536) -> None:
        self.clock = clock
        self.piece = piece
        self.peer: End = self
        self.protocol: IProtocol | None = None
        self.waiting = b""
        self.connected = True
        self.paused = False
        self.aborted = False
        self.write_closed = False
        self.sent: list[bytes] = []
        self.producer: IPushProducer | None = None

    def write(self, data: bytes) -> None:
        if self.connected and not self.disconnecting:
            self.waiting += data
            self.sent.append(data)
            if self.producer is not None and len(self.waiting) > 65_536:
                self.producer.pauseProducing()

    def writeSequence(self, data: object) -> None:
        raise NotImplementedError

    def getPeer(self) -> IAddress:
        return IPv4Address("TCP", "192.0.2.7", 443)

    def getHost(self) -> IAddress:
        raise NotImplementedError

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        assert streaming and self.producer is None
        self.producer = IPushProducer(producer)

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False

    def stopProducing(self) -> None:
        self.loseConnection()

    def loseConnection(self) -> None:
        if self.write_closed:
            self._lost(ConnectionDone())
        self.disconnecting = True

    def loseWriteConnection(self) -> None:
        self.write_closed = True
        self.finish()

    def abortConnection(self) -> None:
        if self.connected and not self.aborted:
            self.aborted = True
            self.waiting = b""
            self.clock.callLater(0, self._lost, ConnectionAborted())

    def finish(self) -> None:
        """TCP's end of file to the peer, while the other direction lives on."""
        if self.peer.connected and not self.peer.disconnecting:
            listener = IHalfCloseableProtocol(self.peer.protocol, None)
            if listener is not None:
                listener.readConnectionLost()
            else:
                self.peer._lost(ConnectionDone())

    def _lost(self, reason: Exception) -> None:
        if not self.connected or self.protocol is None:
            return
        self.connected = False
        protocol, self.protocol = self.protocol, None
        protocol.connectionLost(Failure(reason))
        if self.aborted:
            self.peer._lost(ConnectionLost())
        else:
            self.finish()

    def move(self) -> bool:
        """Carry what waits to the peer, unless it does not read; False when nothing happened."""
        if not self.connected or self.aborted:
            return False
        if self.waiting and not self.peer.connected:
            self.waiting = b""
            self._lost(ConnectionLost())
            return True
        if self.waiting and not self.peer.paused and not self.peer.disconnecting:
            data, self.waiting = self.waiting[: self.piece], self.waiting[self.piece :]
            if not self.waiting and self.producer is not None:
                self.producer.resumeProducing()
            assert self.peer.protocol is not None
            self.peer.protocol.dataReceived(data)
            return True
        if self.disconnecting and (not self.waiting or self.peer.disconnecting):
            self._lost(ConnectionDone())
            return True
        return False


@implementer(IHandshakeListener)
class Talker(Protocol):
    """Notes all that happens to it."""

    def __init__(self) -> None:
        self.got = b""
        self.calls = 0
        self.ready = False
        self.lost: list[Failure] = []

    def handshakeCompleted(self) -> None:
        assert not self.ready
        self.ready = True

    def dataReceived(self, data: bytes) -> None:
        assert data and not self.lost
        self.calls += 1
        self.got += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.append(reason)

    @property
    def tls(self) -> HalfCloseTLS:
        """The TLS layer under it."""
        assert isinstance(self.transport, HalfCloseTLS)
        return self.transport

    @property
    def reason(self) -> BaseException:
        """Why the connection ended; it ended once."""
        assert len(self.lost) == 1, self.lost
        value = self.lost[0].value
        assert isinstance(value, BaseException)
        return value


@implementer(IHalfCloseableProtocol)
class HalfTalker(Talker):
    """One that is told when its peer has said all."""

    finished = 0

    def readConnectionLost(self) -> None:
        self.finished += 1

    def writeConnectionLost(self) -> None:
        raise AssertionError("nobody is told that")


@dataclass
class Net:
    """A server and a client over TLS."""

    server: Talker
    client: Talker
    clock: Clock
    server_end: End
    client_end: End
    factories: list[HalfCloseTLSFactory] = field(default_factory=list)

    def flush(self) -> None:
        """Let everything happen that happens by itself, without time going by."""
        for _ in range(10_000):
            self.clock.advance(0)
            moved = self.server_end.move()
            if not (self.client_end.move() or moved) and not self._due():
                return
        raise AssertionError("no rest")

    def _due(self) -> bool:
        return any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls())


def network(
    server_context: UserContext | TunnelContext,
    client_context: ClientContext,
    talker: Callable[[], Talker] = Talker,
    piece: int = 65_536,
) -> Net:
    """Connect the two; the handshake is done, or has failed, when this returns."""
    clock = Clock()
    server, client = talker(), talker()
    factories = [
        HalfCloseTLSFactory(server_context, False, Factory.forProtocol(lambda: server), clock),
        HalfCloseTLSFactory(client_context, True, Factory.forProtocol(lambda: client), clock),
    ]
    ends = [End(clock, piece), End(clock, piece)]
    net = Net(server, client, clock, ends[0], ends[1], factories)
    ends[0].peer, ends[1].peer = ends[1], ends[0]
    for end, factory in zip(ends, factories, strict=True):
        protocol = factory.buildProtocol(None)
        assert protocol is not None
        end.protocol = protocol
    for end in ends:
        assert end.protocol is not None
        end.protocol.makeConnection(end)
    net.flush()
    return net
