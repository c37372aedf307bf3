"""A node without ports: users and a connector that the test plays by hand, on transports made of strings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import random

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from appproxy.errors import Code, RequestError
from appproxy.pages import accepts_json, error_page
from appproxy.publish.application import Application, Preauthentication, Url
from appproxy.publish.routing import Router
from appproxy.publish.urls import Translation
from appproxy.service.dispatch.error_pages import failure_answer
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.front import Front, Stamps
from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster, RosterLimits
from appproxy.service.relay.connectors.share_tokens import ShareTokens
from appproxy.service.relay.forwarded_identity import ForwardedIdentity
from appproxy.service.relay.identity_blocks import Blocks
from appproxy.service.relay.moves.stream_moves import MoveTimes, StreamMoves
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.service.relay.relay import Relay
from appproxy.service.tunnel.hints import Concerned
from appproxy.service.tunnel.links.data_link import DataLink
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.service.tunnel.listener import TunnelListener
from appproxy.service.tunnel.welcome import NodeIdentity
from appproxy.store.snapshot import ConnectorRecord, ConnectorState, Snapshot
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role, SignalSession
from appproxy.tunnel.frames import Frame, Kind, encode
from appproxy.tunnel.json_heads.node_list import NodePlace
from appproxy.tunnel.messages import INLINE_BODY, Hello, decode_request, encode_code, encode_response

WIKI = Application(
    "wiki", "wiki", Url.parse("https://wiki.example.com/"), Url.parse("http://internal:8080/"),
    preauthentication=Preauthentication.PASSTHROUGH, robots_disallow=False,
)


def refusal(code: Code, id: str, accept: bytes | None) -> tuple[int, bytes, bytes]:
    """What a front answers by itself."""
    return error_page(code, id, accepts_json(accept))


class Wire(StringTransport):
    """A transport that says how it ended: `closed` in good order, `aborted` by a reset, `half_closed` one way."""

    def __init__(self) -> None:
        super().__init__()
        self.half_closed = False
        self.aborted = False
        #: Of what was written, what did not wait for the turn's end.
        self.at_once: list[bytes] = []

    def write_now(self, data: bytes) -> None:
        """As TLS has it."""
        self.at_once.append(data)
        self.write(data)

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True
        super().abortConnection()

    @property
    def closed(self) -> bool:
        return self.disconnecting and not self.aborted

    def take(self) -> bytes:
        """What was written since the last look."""
        data: bytes = self.value()
        self.clear()
        return data

    @property
    def reading(self) -> bool:
        return self.producerState == "producing"


@dataclass
class User:
    """A user's connection, and the wire under it."""

    connection: UserConnection
    wire: Wire

    def send(self, data: bytes) -> bytes:
        """Send, and give what has come back."""
        self.connection.dataReceived(data)
        return self.wire.take()

    def leave(self) -> None:
        self.connection.connectionLost()


@dataclass
class Signal:
    """The connector's end of a signal connection."""

    link: SignalLink
    wire: Wire
    session: SignalSession
    clock: Clock
    kept: list[Frame] = field(default_factory=list)

    def frames(self) -> list[Frame]:
        """What the service has said since the last look."""
        kept, self.kept = self.kept, []
        return kept + self.session.receive(self.wire.take(), self.clock.seconds())

    def say(self, kind: Kind, id: int, head: bytes = b"", tail: bytes = b"", flags: int = 0) -> None:
        self.link.dataReceived(encode(kind, id, head, tail, flags))

    def answer(self, id: int, status: int = 200, block: bytes = b"", body: bytes = b"") -> None:
        self.say(Kind.RSP, id, encode_response(status, block), body)

    def fail(self, kind: Kind, id: int, code: int) -> None:
        self.say(kind, id, b"%d" % code)

    def lose(self) -> None:
        self.wire.abortConnection()
        self.link.connectionLost()


@dataclass
class Data:
    """The connector's end of a data connection."""

    link: DataLink
    wire: Wire
    session: DataSession
    clock: Clock

    def frames(self) -> list[Frame]:
        """What the service has said since the last look."""
        return self.session.receive(self.wire.take(), self.clock.seconds())

    def kinds(self) -> list[Kind]:
        return [Kind(frame[0]) for frame in self.frames()]

    def say(self, data: bytes) -> None:
        self.link.dataReceived(data)

    def lose(self) -> None:
        self.wire.abortConnection()
        self.link.connectionLost()


def logging(log: list[Exchange]) -> Hooks:
    """What notes each exchange that is over."""
    hooks = Hooks()
    hooks.add("ended", log.append)
    return hooks


@dataclass
class World:
    """The node, its clock, and what its users' log says."""

    applications: tuple[Application, ...] = (WIKI,)
    connectors: tuple[str, ...] = ("c1", "c2")
    groups: dict[str, str] = field(default_factory=dict)
    limits: RosterLimits | None = None
    #: Of streams that have to go elsewhere.
    times: MoveTimes = field(default_factory=MoveTimes)
    chance: Callable[[], float] = random

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000.0)
        self.log: list[Exchange] = []
        self.seen: list[tuple[object, ...]] = []
        #: The nodes that connectors are sent.
        self.nodes: list[NodePlace] = []
        self.looked: Callable[[], Deferred[bool]] = lambda: succeed(True)
        self._ids = 0
        self.snapshot = Snapshot(
            revision=1, applications={one.id: one for one in self.applications}, router=Router(self.applications),
            connectors={
                id: ConnectorRecord(id, id, self.groups.get(id, "default"), ConnectorState.APPROVED, 2e9)
                for id in self.connectors
            },
            connector_groups={"default": "default"}, providers={}, keys=(), trust_bundle=(),
            urls=Translation(self.applications),
        )
        self.relay = Relay(
            Roster(self.clock.seconds(), self.limits), self.clock, failure_answer,
            ForwardedIdentity(Blocks(), ShareTokens(bytes, b"k" * 32)), lambda: self.snapshot,
        )
        self.relay.moves = StreamMoves(self.clock, self.relay.under_way, self.times, self.chance)
        self.front = Front(
            self.handle, self.clock, refusal, Stamps(self._new_id), entry=UserConnection, hooks=logging(self.log))
        # With this epoch ids begin with 1.
        self.end_point = TunnelListener(
            self.relay, self.clock, lambda: 1e9, self, NodeIdentity("n1", b"\0\0\0\0n678", 180),
            control=Factory.forProtocol(Protocol), seen=lambda *one: self.seen.append(one), nodes=lambda: self.nodes,
        )

    def look(self) -> Deferred[bool]:
        """What other nodes have committed, as the test has it; by itself nothing."""
        return self.looked()

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:032x}"

    def handle(self, exchange: Exchange) -> None:
        """What the entrance does when all may pass."""
        try:
            route = self.snapshot.router.find(exchange.head.host, exchange.head.target)
            self.relay.start(exchange, route, None)
        except RequestError as error:
            exchange.answer(*failure_answer(error.code, exchange))

    def user(self, client: str = "203.0.113.7") -> User:
        connection = UserConnection(self.front, client)
        wire = Wire()
        connection.makeConnection(wire)
        return User(connection, wire)

    def signal(self, id: str = "c1", *, instance: bytes = b"i" * 16, slot: int = 0, open: tuple[int, ...] = (),
               ended: tuple[int, ...] = (), capabilities: tuple[str, ...] = (INLINE_BODY,), node: str = "",
               parent: bytes = b"", worker: int = 0, drain: float | None = None) -> Signal:
        """A connector's signal connection, as far as HELLO."""
        link = SignalLink(self.end_point, id, "198.51.100.1")
        wire = Wire()
        link.makeConnection(wire)
        session = SignalSession(Role.CONNECTOR, self.clock.seconds())
        hello = Hello((1,), instance, slot, 0, capabilities, 1000, open, ended, "0.1.0", node, parent, worker, drain)
        signal = Signal(link, wire, session, self.clock)
        link.dataReceived(session.hello(hello))
        return signal

    def welcomed(self, id: str = "c1", **hello: object) -> Signal:
        """A connector that is ready for requests."""
        signal = self.signal(id, **hello)  # type: ignore[arg-type]
        welcome, *signal.kept = signal.frames()
        assert welcome[0] == Kind.WELCOME
        return signal

    def data(self, id: str = "c1") -> Data:
        link = DataLink(self.end_point, id)
        wire = Wire()
        link.makeConnection(wire)
        return Data(link, wire, DataSession(Role.CONNECTOR, self.clock.seconds()), self.clock)

    def attach(self, request_id: int, *, body: bool = False, response: bool = True, id: str = "c1") -> Data:
        """A data connection that the service has attached to this request."""
        data = self.data(id)
        data.say(data.session.attach(request_id, b"\0\0\0\0n678", body, response))
        return data

    def advance(self, seconds: float) -> None:
        """Let time pass in quarters of a second, as the sweeps do."""
        self.clock.pump([0.25] * int(seconds * 4))

    def keep_alive(self, signal: Signal, seconds: int) -> list[tuple[int, int]]:
        """Let time pass while the connector answers its PINGs; kind and id of each frame that came to it meanwhile."""
        came: list[tuple[int, int]] = []
        for _ in range(seconds):
            self.advance(1)
            came += [(frame[0], frame[2]) for frame in signal.frames()]
            if output := signal.session.take_output():
                signal.link.dataReceived(output)
        return came

    def revoke(self, id: str) -> None:
        """What a change of the store does."""
        records = dict(self.snapshot.connectors)
        records[id] = replace(records[id], state=ConnectorState.REVOKED)
        self.snapshot = replace(self.snapshot, revision=self.snapshot.revision + 1, connectors=records)
        self.end_point.snapshot_changed(self.snapshot, Concerned(everybody=True))


def requests(frames: list[Frame]) -> list[tuple[int, bytes]]:
    """Id and target of each REQ."""
    return [(frame[2], decode_request(frame[3]).target) for frame in frames if frame[0] == Kind.REQ]


def under_way(peer: Peer) -> list[ProxiedRequest]:
    """What the connector has."""
    found = [each for each in peer.in_flight.values() if isinstance(each, ProxiedRequest)]
    assert len(found) == len(peer.in_flight)
    return found


def only_request(signal: Signal) -> int:
    """The id of the one request that has come."""
    ((id, _),) = requests(signal.frames())
    return id


GET = b"GET /page HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n"
POST = b"POST /form HTTP/1.1\r\nHost: wiki.example.com\r\nContent-Length: 5\r\n\r\n"

__all__ = [
    "GET", "POST", "WIKI", "Data", "Signal", "User", "Wire", "World", "encode_code", "only_request", "requests", "under_way",
]
