"""What the tests of signal and data connections share: a request that writes down what it is told, and both ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from twisted.internet.task import Clock

from appproxy.errors import Code, ProtocolError
from appproxy.net.loop.deadlines import Deadlines
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster
from appproxy.service.tunnel.links.arrivals import Arrivals
from appproxy.service.tunnel.links.data_link import DataLink
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role, SignalSession
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Frame, Kind
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import Hello, Welcome
from tests.service.world import Wire

EPOCH = b"epoch678"
LOST = ("aborted", Code.CONNECTOR_LOST, "the data connection was lost")
OUT_OF_TURN = ProtocolError("not now", Code.PROTOCOL)


@dataclass(eq=False)
class Request:
    """Writes down what it is told; `wanted` is its answer to ATTACH, `fault` what it raises."""

    wanted: bool = True
    fault: ProtocolError | None = None
    told: list[tuple[object, ...]] = field(default_factory=list)
    data: DataLink | None = None
    state: int = State.SENT
    upgraded: bool = False

    def _tell(self, *what: object) -> None:
        self.told.append(what)
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault

    def answered(self, status: int, block: bytes, body: bytes) -> None:
        self._tell("answered", status, block, body)

    def informed(self, status: int, block: bytes) -> None:
        self._tell("informed", status, block)

    def rejected(self, code: Code, text: str) -> None:
        self._tell("rejected", code, text)

    def failed(self, code: Code, text: str) -> None:
        self._tell("failed", code, text)

    def wants(self, body: bool, response: bool) -> bool:
        self._tell("wants", body, response)
        return self.wanted

    def attached(self, data: DataLink, want_body: bool) -> None:
        self.data = data
        self._tell("attached", want_body)

    def headed(self, status: int, block: bytes) -> None:
        self._tell("headed", status, block)

    def streamed(self, piece: bytes) -> None:
        self._tell("streamed", piece)

    def ended(self, trailers: bytes) -> None:
        self._tell("ended", trailers)

    def aborted(self, code: Code, text: str) -> None:
        self._tell("aborted", code, text)

    def stopped(self) -> None:
        self._tell("stopped")

    def detached(self) -> None:
        self.data = None

    def data_lost(self) -> None:
        self.data = None
        self._tell(*LOST)

    def take(self) -> list[tuple[object, ...]]:
        told, self.told = self.told, []
        return told


@dataclass(eq=False)
class StubEndpoint:
    """What links need of an end point; it admits every HELLO to `peer`."""

    clock: Clock = field(default_factory=Clock)
    limits: TunnelLimits = DEFAULT_LIMITS
    epoch: bytes = EPOCH
    links: set[SignalLink] = field(default_factory=set)
    blamed: list[str] = field(default_factory=list)
    lost: list[SignalLink] = field(default_factory=list)
    drains: list[SignalLink] = field(default_factory=list)
    freed: list[Peer] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    today: float = 1e9

    def __post_init__(self) -> None:
        self.deadlines = Deadlines(self.clock)
        self.arrivals = Arrivals()
        self.roster = Roster(0.0)
        self.peer = Peer("c1", "default", b"i" * 16, 0.0)
        self.roster.add(self.peer)

    @property
    def relay(self) -> StubEndpoint:
        return self

    def slot_free(self, peer: Peer) -> None:
        self.freed.append(peer)

    def wall_clock(self) -> float:
        return self.today

    def admit(self, link: SignalLink, hello: Hello) -> None:
        link.peer = self.peer
        link.write(link.session.welcome(Welcome("n1", EPOCH, "", 0, 15.0, 1, 180)))
        link.deadline = self.clock.seconds() + 1.0

    def blame(self, link: object, error: ProtocolError) -> None:
        self.blamed.append(str(error))

    def drained(self, link: SignalLink) -> None:
        self.drains.append(link)

    def look(self, peer: Peer, now: float) -> None:
        self.looks.append(now)

    def link_lost(self, link: SignalLink) -> None:
        self.lost.append(link)


class Signal:
    """A signal connection, and its connector's end."""

    def __init__(self, endpoint: StubEndpoint | None = None, *, greeted: bool = True) -> None:
        self.endpoint = endpoint or StubEndpoint()
        self.link = SignalLink(cast(Any, self.endpoint), "c1", "198.51.100.1")
        self.wire = Wire()
        self.link.makeConnection(self.wire)
        self.session = SignalSession(Role.CONNECTOR, 0.0)
        if greeted:
            self.link.dataReceived(
                self.session.hello(Hello((1,), b"i" * 16, 0, 0, (), 1000, (), (), "0.1.0")))
            assert [frame[0] for frame in self.frames()] == [Kind.WELCOME]

    def frames(self) -> list[Frame]:
        return self.session.receive(self.wire.take(), self.endpoint.clock.seconds())

    def request(self, id: int = 1, **how: Any) -> Request:
        request = Request(**how)
        self.endpoint.peer.in_flight[id] = cast(Any, request)
        return request

    def wait(self, seconds: float) -> None:
        """Let time pass while the connector is not silent, as far as the sweep goes."""
        for _ in range(int(seconds)):
            self.endpoint.clock.pump([0.25] * 4)
            self.link.dataReceived(self.session.take_output())
            self.frames()


class Data:
    """A data connection, and its connector's end."""

    def __init__(self, endpoint: StubEndpoint | None = None, request: Request | None = None) -> None:
        self.endpoint = endpoint or StubEndpoint()
        self.request = request or Request()
        self.endpoint.peer.in_flight[1] = cast(Any, self.request)
        self.link = DataLink(cast(Any, self.endpoint), "c1")
        self.wire = Wire()
        self.link.makeConnection(self.wire)
        self.session = DataSession(Role.CONNECTOR, 0.0)

    def attach(self, id: int = 1, epoch: bytes = EPOCH, body: bool = True) -> list[Kind]:
        self.say(self.session.attach(id, epoch, body, True))
        return self.kinds()

    def attached(self) -> Data:
        assert self.attach() == [Kind.ATTACHED]
        self.request.take()
        return self

    def say(self, data: bytes) -> None:
        self.link.dataReceived(data)

    def kinds(self) -> list[Kind]:
        return [Kind(frame[0]) for frame in self.session.receive(self.wire.take(), self.endpoint.clock.seconds())]

    def expire(self) -> None:
        self.endpoint.clock.pump([0.25] * int(DEFAULT_LIMITS.data_dead_after * 4 + 400))
