"""What the tests of the connector share: transports that behave, a service node at the other end, and applications.

Everything runs on one `Clock`. The service's ends are real sessions of `appproxy.tunnel`, so that a connector that breaks
the protocol is found out.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    IProtocolFactory,
    IPushProducer,
    ITransport,
)
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.counters import Counters
from appproxy.connector.enrol.service_dialer import ServiceAddress
from appproxy.connector.origin.origins import Origins
from appproxy.connector.process import ConnectorProcess
from appproxy.connector.reactor_lag import ReactorLag
from appproxy.connector.requests.live_request import LiveRequest
from appproxy.connector.requests.request_hooks import RequestHooks
from appproxy.connector.tunnel.signal import SignalConnection
from appproxy.connector.tunnel.timing import Timing
from appproxy.connector.uplink import Uplink, UplinkOwner
from appproxy.errors import Code
from appproxy.net.loop.deadlines import Deadlines
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role, SignalSession
from appproxy.tunnel.frames import HEADER, Flag, Frame, Kind, encode
from appproxy.tunnel.json_heads.node_list import NodePlace
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import (
    Goodbye,
    Hello,
    Request,
    Welcome,
    decode_code,
    decode_hello,
    decode_response,
    encode_code,
    encode_request,
    request_flags,
)

EPOCH = b"epoch--1"
#: A frame of a kind that a later version may bring: any byte counts as a sign of life.
IGNORED = HEADER.pack(0, 0x80, 0, 0, 0)
APPLICATION = "wiki"
HOME = OriginAddress("http", "wiki.corp", 80)


@implementer(ITransport, IPushProducer)
class Wire:
    """A transport that is strict: it may not be paused twice, resumed while awake, nor be given two producers."""

    def __init__(self, protocol: IProtocol, alpn: bytes | None = None, later: Clock | None = None) -> None:
        self.protocol = protocol
        #: Twisted tells of our own closing in the next turn; without a clock it is told at once.
        self.later = later
        self.negotiatedProtocol = alpn
        self.written: list[bytes] = []
        #: Of these, what did not wait for the turn's end.
        self.at_once: list[bytes] = []
        self.producer: IPushProducer | None = None
        self.paused = False
        self.clogged = False
        #: How it ended: "", "lost" (politely) or "aborted".
        self.end = ""
        self.write_closed = False
        #: A peer that never answers our close.
        self.lingers = False
        self.host = "192.0.2.7"
        #: What the protocol finds when it looks below for what nobody has read; None: there is nothing to look at.
        self.socket: socket.socket | None = None

    # What the protocol calls.

    def write_now(self, data: bytes) -> None:
        """As TLS has it."""
        self.at_once.append(data)
        self.write(data)

    def write(self, data: bytes) -> None:
        assert isinstance(data, bytes)
        assert not self.write_closed, "written after the write side was closed"
        if not self.end:
            self.written.append(data)

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        if not self.end and self.producer is None and not self.lingers:
            self.end = "lost"
            if self.later is None:
                self.protocol.connectionLost(Failure(ConnectionDone()))
            else:
                self.later.callLater(0, self.protocol.connectionLost, Failure(ConnectionDone()))

    def abortConnection(self) -> None:
        if not self.end:
            self.end = "aborted"
            if self.later is None:
                self.protocol.connectionLost(Failure(ConnectionLost()))
            else:
                self.later.callLater(0, self.protocol.connectionLost, Failure(ConnectionLost()))

    def loseWriteConnection(self) -> None:
        self.write_closed = True

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        assert streaming
        assert self.producer is None, "two producers"
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None
        self.clogged = False

    def pauseProducing(self) -> None:
        assert not self.paused, "paused twice"
        self.paused = True

    def resumeProducing(self) -> None:
        assert self.paused, "resumed while awake"
        self.paused = False

    def stopProducing(self) -> None:
        self.loseConnection()

    def setTcpNoDelay(self, enabled: bool) -> None: ...

    def getPeer(self) -> Any:
        return IPv4Address("TCP", self.host, 80)

    def getHost(self) -> Any: ...

    # What the test calls.

    def start(self) -> None:
        """TCP and TLS stand."""
        self.protocol.makeConnection(self)
        if self.negotiatedProtocol is not None and IHandshakeListener.providedBy(self.protocol):
            self.protocol.handshakeCompleted()

    def take(self) -> bytes:
        """What was written since."""
        data = b"".join(self.written)
        self.written.clear()
        return data

    def deliver(self, data: bytes) -> None:
        """Bytes arrive. While the transport is paused nothing can."""
        assert not self.paused, "read while paused"
        assert not self.end, "read after the end"
        self.protocol.dataReceived(data)

    def clog(self) -> None:
        """Our buffer is full."""
        self.clogged = True
        if self.producer is not None:
            self.producer.pauseProducing()

    def unclog(self) -> None:
        """Our buffer has drained."""
        if self.clogged and self.producer is not None:
            self.clogged = False
            self.producer.resumeProducing()

    def half_close(self) -> None:
        """The peer closes its direction."""
        if IHalfCloseableProtocol.providedBy(self.protocol):
            self.protocol.readConnectionLost()
        else:
            self.lose(clean=True)

    def kernel(self) -> socket.socket:
        """Give the wire a socket, of which this is the peer's end: what is done to it has not reached the reactor yet."""
        self.socket, far = socket.socketpair()
        self.protocol._socket = self.socket  # type: ignore[attr-defined]  # else found when the connection was made
        return far

    def lose(self, clean: bool = False) -> None:
        """The connection is gone."""
        if not self.end:
            self.end = "lost"
            self.protocol.connectionLost(Failure(ConnectionDone() if clean else ConnectionLost()))


class SignalPeer:
    """The service's end of one signal connection."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self.wire = wire
        self.session = SignalSession(Role.SERVICE, clock.seconds())
        self._clock = clock
        self.hello: Hello | None = None
        self.frames: list[Frame] = []

    def read(self) -> list[Frame]:
        """The frames that the connector has sent since."""
        frames = self.session.receive(self.wire.take(), self._clock.seconds())
        for frame in frames:
            if frame[0] == Kind.HELLO:
                self.hello = decode_hello(frame[3])
        return [frame for frame in frames if frame[0] != Kind.HELLO]

    def welcome(self, epoch: bytes = EPOCH, host: str = "", limits: Mapping[str, int] | None = None,
                node: str = "node") -> None:
        """Say WELCOME."""
        self.read()
        assert self.hello is not None
        self.wire.deliver(self.session.welcome(Welcome(node, epoch, host, 8443, 15.0, 1, 180, limits or {})))

    def send(self, kind: Kind, request_id: int = 0, head: bytes = b"", tail: bytes = b"", flags: int = 0) -> None:
        """Send any frame."""
        self.wire.deliver(encode(kind, request_id, head, tail, flags))

    def keep_alive(self) -> None:
        """Say something, so that the connection is not taken for dead."""
        self.wire.deliver(IGNORED)

    def goodbye(self, goodbye: Goodbye) -> None:
        """Say ERROR, and close."""
        self.wire.deliver(self.session.goodbye(goodbye))


class DataPeer:
    """The service's end of one data connection."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self.wire = wire
        self.session = DataSession(Role.SERVICE, clock.seconds())
        self._clock = clock

    def read(self) -> list[Frame]:
        """The frames that the connector has sent since; what the session has to answer at once is answered."""
        frames = self.session.receive(self.wire.take(), self._clock.seconds())
        output = self.session.take_output()
        if output:
            self.wire.deliver(output)
        return frames

    def keep_alive(self) -> None:
        """Say something, so that the connection is not taken for dead."""
        self.wire.deliver(IGNORED)

    def kinds(self) -> list[Kind]:
        """The same, kinds only."""
        return [Kind(frame[0]) for frame in self.read()]

    def attached(self, request_id: int) -> None:
        """Say ATTACHED."""
        self.wire.deliver(self.session.attached(request_id))


@dataclass
class Dialled:
    """A connection that the connector wants: the test lets it stand, or not."""

    where: object
    factory: IProtocolFactory
    answer: Deferred[IProtocol]
    alpn: bytes | None = None
    later: Clock | None = None

    def stand(self) -> Wire:
        """It stands."""
        protocol = self.factory.buildProtocol(None)  # type: ignore[arg-type]
        assert protocol is not None
        wire = Wire(protocol, self.alpn, self.later)
        self.answer.callback(protocol)
        wire.start()
        return wire

    def fail(self, error: Exception) -> None:
        """It does not."""
        self.answer.errback(Failure(error))


@dataclass
class OneNode:
    """Who owns the only uplink: what is there takes every connection for the same node, restarted."""

    rig: Rig
    place: ServiceAddress

    def node_welcomed(self, welcome: Welcome) -> None:
        """Noted."""
        self.rig.welcomed(welcome)

    def node_refused(self, goodbye: Goodbye) -> None:
        """Noted."""
        self.rig.turned_away(goodbye)

    def is_of_another(self, uplink: Uplink, connection: SignalConnection, welcome: Welcome) -> bool:
        """There is no other."""
        return False

    def is_over(self, uplink: Uplink) -> None:
        """Nobody is in its place."""

    def place_for(self, uplink: Uplink, slot: int) -> ServiceAddress:
        """Always there."""
        return self.place

    def nodes_listed(self, uplink: Uplink, places: Sequence[NodePlace]) -> None:
        """Nobody follows."""

    def is_down(self, uplink: Uplink) -> None:
        """Nobody follows."""

    def ids(self, uplink: Uplink) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Its own."""
        return uplink.requests.open_ids(), uplink.requests.ended_ids()


@dataclass
class _Dialler:
    """What is dialled waits for the test."""

    rig: Rig

    def negotiated(self, transport: object) -> bytes | None:
        """As the wire says."""
        return getattr(transport, "negotiatedProtocol", None)

    def __call__(self, place: ServiceAddress, alpn: bytes, factory: IProtocolFactory) -> Deferred[IProtocol]:
        answer: Deferred[IProtocol] = Deferred()
        late = self.rig.clock if self.rig.late_aborts else None
        self.rig.dialled.append(Dialled(place, factory, answer, alpn, late))
        return answer


@dataclass
class Rig:
    """A connector with a service node and applications, all in memory."""

    limits: TunnelLimits = DEFAULT_LIMITS
    clock: Clock = field(default_factory=Clock)
    dialled: list[Dialled] = field(default_factory=list)
    origins_dialled: list[Dialled] = field(default_factory=list)
    ended: list[LiveRequest] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    refreshes: list[Callable[[], None]] = field(default_factory=list)
    welcomes: list[Welcome] = field(default_factory=list)
    goodbyes: list[Goodbye] = field(default_factory=list)
    changes: int = 0
    routes: dict[str, OriginRoute] = field(default_factory=dict)
    random: float = 0.5
    most_streams: int = 100
    home: OriginAddress = HOME
    #: Of the application's name; none: nobody can say.
    addresses: frozenset[str] = frozenset()
    late_aborts: bool = False

    def __post_init__(self) -> None:
        self.deadlines = Deadlines(self.clock)
        self.origins = Origins(self.clock, self.deadlines, self._connect, self._resolve)
        target = Target(APPLICATION, self.home, b"wiki.corp", False, 10.0, 3600.0, frozenset({b"websocket"}))
        self.routes[APPLICATION] = OriginRoute(target, self.origins.of(self.home))
        self.uplink = self.make_uplink()

    def make_uplink(self, owner: UplinkOwner | None = None, host: str = "connect.example.com") -> Uplink:
        """One of this connector, or the only one."""
        place = ServiceAddress(host, 8443)
        process = ConnectorProcess(b"i" * 16, "1.0", ReactorLag(self.clock))
        return Uplink(
            place, owner or OneNode(self, place), process, Timing(self.clock, lambda: self.random), _Dialler(self), self,
            self.hooks(), replace(self.limits, streams_most=self.most_streams))

    def hooks(self) -> RequestHooks:
        """Who is told of requests."""
        return RequestHooks(self.counters, self.ended.append)

    # The connector, as its uplinks know it.

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """The configuration is to be read; a test says when it was."""
        assert then is not None
        self.refreshes.append(then)

    def hinted(self, version: int) -> None:
        """There is another one."""
        self.changes += 1

    def welcomed(self, welcome: Welcome) -> None:
        """By a node."""
        self.welcomes.append(welcome)

    def turned_away(self, goodbye: Goodbye) -> None:
        """By a node."""
        self.goodbyes.append(goodbye)

    def _resolve(self, host: str) -> Deferred[frozenset[str]]:
        return succeed(self.addresses)

    def _connect(self, address: OriginAddress, factory: IProtocolFactory, timeout: float) -> Deferred[IProtocol]:
        answer: Deferred[IProtocol] = Deferred()
        self.origins_dialled.append(Dialled(address, factory, answer, None, self.clock if self.late_aborts else None))
        return answer

    # The service.

    def signal(self) -> SignalPeer:
        """The next signal connection that was dialled, standing but without WELCOME."""
        return SignalPeer(self._next(b"appproxy-signal/1"), self.clock)

    def data(self) -> DataPeer:
        """The next data connection that was dialled, standing."""
        return DataPeer(self._next(b"appproxy-data/1"), self.clock)

    def _next(self, alpn: bytes) -> Wire:
        dialled = next(each for each in self.dialled if each.alpn == alpn)
        self.dialled.remove(dialled)
        return dialled.stand()

    def online(self) -> SignalPeer:
        """Both signal connections welcomed; returns the first."""
        self.uplink.start()
        first, second = self.signal(), self.signal()
        first.welcome()
        second.welcome()
        self.second = second
        return first

    def with_data(self) -> tuple[SignalPeer, DataPeer]:
        """The same, with two idle data connections; returns the one that is used first."""
        signal = self.online()
        self.spare = self.data()
        return signal, self.data()

    # The application.

    def settle(self) -> None:
        """Kept connections are quiet for long enough to be used again."""
        self.clock.advance(0.11)

    def origin(self) -> Wire:
        """The next connection to the application that was dialled, standing."""
        return self.origins_dialled.pop(0).stand()


def request(method: bytes = b"GET", target: bytes = b"/page", length: int | None = 0, upgrade: bytes | None = None,
            application: str = APPLICATION, block: bytes = b"accept: */*\n", owner: bytes = b"-", user: str = "") -> Request:
    """A user's request as the service sends it; `user` names whom it counts for: a user, or with @ before it an address."""
    signed_in = user != "" and not user.startswith("@")
    return Request(application, 1, method, target, b"wiki.example.com", "192.0.2.1", "https", "0" * 32, 85.0, length,
                   upgrade, b'{"name":""}' if signed_in else b"null", block,
                   user.removeprefix("@").encode().ljust(16, b"_") if user else b"-", owner)


def send(signal: SignalPeer, request_id: int, asked: Request | None = None, strict: bool = False) -> None:
    """A REQ."""
    asked = asked or request()
    signal.send(Kind.REQ, request_id, encode_request(asked), flags=request_flags(asked, strict=strict))


def send_whole(signal: SignalPeer, request_id: int, method: bytes, body: bytes, length: int | None = None) -> None:
    """A REQ with its body; `length`: what its head says of that, if not the truth."""
    asked = request(method, b"/form", len(body) if length is None else length)
    flags = request_flags(asked) & ~int(Flag.BODY | Flag.LENGTH)
    signal.send(Kind.REQ, request_id, encode_request(asked), body, flags)


def finals(frames: list[Frame]) -> Iterator[tuple[Kind, int, object]]:
    """Kind, id, and status with body, or the code."""
    for kind, _, request_id, head, tail in frames:
        if kind == Kind.RSP:
            yield Kind.RSP, request_id, (decode_response(head)[0], tail)
        elif kind in (Kind.FAIL, Kind.REJECT):
            yield Kind(kind), request_id, decode_code(head)[0]


def code(code: Code = Code.CANCELLED) -> bytes:
    """The head of CANCEL and the like."""
    return encode_code(code)


__all__ = ["Flag", "Rig", "Wire", "code", "finals", "request", "send"]
