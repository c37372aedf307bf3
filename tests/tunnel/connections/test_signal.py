"""Signal connections: two sessions connected by hand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.connections.signal import DRAIN, RECEIVED, SENT, DrainState, Role, SignalSession, SignalState
from appproxy.tunnel.frames import HEADER, SIGNAL_LIMITS, Frame, Kind, encode
from appproxy.tunnel.json_heads.findings import Findings, encode_findings
from appproxy.tunnel.json_heads.handshake import (
    Goodbye,
    Hello,
    Load,
    Welcome,
    encode_configuration,
    encode_error,
    encode_hello,
    encode_welcome,
)
from appproxy.tunnel.json_heads.node_list import NodePlace, encode_nodes
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.messages import encode_code, encode_response

HELLO = Hello((1,), bytes(16), 0, 1, (), 1000, (), (), "1.0")
WELCOME = Welcome("node-1", bytes(8), "", 0, 15.0, 17, 180, {})
ROLES = pytest.mark.parametrize("role", list(Role))


class Pair:
    """A connector and a service that have greeted each other."""

    def __init__(self, now: float = 0.0, limits: TunnelLimits | None = None) -> None:
        limits = limits or TunnelLimits()
        self.connector = SignalSession(Role.CONNECTOR, now, limits)
        self.service = SignalSession(Role.SERVICE, now, limits)
        self.service.receive(self.connector.hello(HELLO), now)
        self.connector.receive(self.service.welcome(WELCOME), now)

    def of(self, role: Role) -> SignalSession:
        return self.service if role is Role.SERVICE else self.connector


def session_in(role: Role, state: SignalState) -> SignalSession:
    """A session that has come so far."""
    if state is SignalState.READY:
        return Pair().of(role)
    session = SignalSession(role, 0.0)
    if state is SignalState.CLOSED:
        session.goodbye(Goodbye(Code.SHUTTING_DOWN))
    elif state is SignalState.GREETED and role is Role.CONNECTOR:
        session.hello(HELLO)
    elif state is SignalState.GREETED:
        session.receive(encode(Kind.HELLO, 0, encode_hello(HELLO)), 0.0)
    return session


GOOD = {
    Kind.HELLO: encode(Kind.HELLO, 0, encode_hello(HELLO)),
    Kind.WELCOME: encode(Kind.WELCOME, 0, encode_welcome(WELCOME)),
    Kind.PING: encode(Kind.PING, 0, b"", b"12345678"),
    Kind.REQ: encode(Kind.REQ, 7, b"head"),
    Kind.RSP: encode(Kind.RSP, 7, encode_response(200, b""), b"hi"),
    Kind.INFO: encode(Kind.INFO, 7, encode_response(103, b"")),
    Kind.CANCEL: encode(Kind.CANCEL, 7, encode_code(Code.CANCELLED)),
    Kind.REJECT: encode(Kind.REJECT, 7, encode_code(Code.DRAINING)),
    Kind.FAIL: encode(Kind.FAIL, 7, encode_code(Code.ORIGIN_TLS)),
    Kind.CONFIG: encode(Kind.CONFIG, 0, encode_configuration(18)),
    Kind.NODES: encode(Kind.NODES, 0, encode_nodes([NodePlace("one", "", 0)])),
    Kind.FINDINGS: encode(Kind.FINDINGS, 0, encode_findings(Findings(()))),
    Kind.ERROR: encode(Kind.ERROR, 0, encode_error(Goodbye(Code.PROTOCOL))),
}


def good(kind: int) -> bytes:
    """A well-formed frame of this kind, as an honest peer would send it to a session that is READY."""
    return GOOD.get(Kind(kind)) or encode(kind)


class TestGreeting:
    """HELLO, then WELCOME or ERROR."""

    def test_a_connector_is_welcomed(self) -> None:
        """After HELLO and WELCOME both ends are ready and know each other."""
        pair = Pair()
        assert (pair.service.state, pair.connector.state) == (SignalState.READY, SignalState.READY)
        assert pair.service.peer_hello == HELLO
        assert pair.connector.peer_welcome == WELCOME
        assert pair.service.may_send_requests

    def test_the_owner_sees_the_greeting(self) -> None:
        """HELLO and WELCOME are also given to the owner."""
        connector, service = SignalSession(Role.CONNECTOR, 0.0), SignalSession(Role.SERVICE, 0.0)
        assert [frame[0] for frame in service.receive(connector.hello(HELLO), 0.0)] == [Kind.HELLO]
        assert not service.may_send_requests
        assert [frame[0] for frame in connector.receive(service.welcome(WELCOME), 0.0)] == [Kind.WELCOME]

    def test_a_connector_may_be_refused(self) -> None:
        """ERROR tells why, when to come again, and whether at all; nothing that follows is read."""
        connector, service = SignalSession(Role.CONNECTOR, 0.0), SignalSession(Role.SERVICE, 0.0)
        service.receive(connector.hello(HELLO), 0.0)
        goodbye = Goodbye(Code.DUPLICATE, 20.0, False, "another process")
        connector.receive(service.goodbye(goodbye) + good(Kind.REQ), 0.0)
        assert connector.peer_goodbye == goodbye
        assert connector.state is SignalState.CLOSED
        assert connector.receive(b"garbage" * 10, 0.0) == []

    def test_greetings_come_in_time(self) -> None:
        """An end that says nothing is dropped after 10 s."""
        service = SignalSession(Role.SERVICE, 100.0)
        assert service.next_tick() == 110.0
        service.tick(109.9)
        with pytest.raises(RemoteProtocolError) as caught:
            service.tick(110.0)
        assert caught.value.code is Code.DEAD_PEER

    @ROLES
    @pytest.mark.parametrize("state", list(SignalState))
    @pytest.mark.parametrize("kind", sorted(SIGNAL_LIMITS))
    def test_each_kind_in_each_state(self, role: Role, state: SignalState, kind: int) -> None:
        """Each end takes exactly the kinds that its table lists for the state, and no other."""
        session = session_in(role, state)
        if state is SignalState.CLOSED:
            assert session.receive(good(kind), 0.0) == []
        elif kind not in RECEIVED[role][state]:
            with pytest.raises(RemoteProtocolError):
                session.receive(good(kind), 0.0)
        elif kind not in (Kind.PONG, Kind.DRAINED):  # these need a question first
            session.receive(good(kind), 0.0)
            assert session.state is RECEIVED[role][state][kind]

    @pytest.mark.parametrize(
        ("role", "state", "kinds"),
        [
            (Role.SERVICE, SignalState.OPENING, "HELLO ERROR"),
            (Role.SERVICE, SignalState.GREETED, "ERROR"),
            (Role.SERVICE, SignalState.READY, "PING PONG RSP INFO REJECT FAIL FINDINGS DRAIN DRAINED ERROR"),
            (Role.CONNECTOR, SignalState.OPENING, "ERROR"),
            (Role.CONNECTOR, SignalState.GREETED, "WELCOME ERROR"),
            (Role.CONNECTOR, SignalState.READY, "PING PONG REQ CANCEL CONFIG NODES EXAMINE DRAIN DRAINED ERROR"),
        ],
    )
    def test_the_table(self, role: Role, state: SignalState, kinds: str) -> None:
        """Nothing comes before the greeting, and neither end takes what only it may say itself."""
        assert {Kind(kind).name for kind in RECEIVED[role][state]} == set(kinds.split())

    @ROLES
    @pytest.mark.parametrize("state", list(SignalState))
    def test_each_verb_in_each_state(self, role: Role, state: SignalState) -> None:
        """A verb that the table does not list is our own fault, and changes nothing."""
        verbs = {
            Kind.HELLO: lambda session: session.hello(HELLO),
            Kind.WELCOME: lambda session: session.welcome(WELCOME),
            Kind.DRAIN: lambda session: session.drain(),
            Kind.ERROR: lambda session: session.goodbye(Goodbye(Code.PROTOCOL)),
        }
        for kind, verb in verbs.items():
            session = session_in(role, state)
            if kind in SENT[role][state]:
                verb(session)
                assert session.state is SENT[role][state][kind]
            else:
                with pytest.raises(LocalProtocolError):
                    verb(session)
                assert session.state is state
                assert session.own_drain is DrainState.NO

    def test_a_greeting_without_an_id_or_tail(self) -> None:
        """Frames of the connection itself have id 0 and no tail."""
        for bad in (encode(Kind.HELLO, 1, encode_hello(HELLO)), encode(Kind.HELLO, 0, encode_hello(HELLO), b"x")):
            with pytest.raises(RemoteProtocolError):
                SignalSession(Role.SERVICE, 0.0).receive(bad, 0.0)


class TestRequests:
    """Frames of requests pass."""

    def test_frames_pass_in_order(self) -> None:
        """Requests and cancels come to the connector, answers to the service, as they were sent."""
        pair = Pair()
        frames = pair.connector.receive(good(Kind.REQ) * 2 + good(Kind.CANCEL), 0.0)
        assert [frame[0] for frame in frames] == [Kind.REQ, Kind.REQ, Kind.CANCEL]
        frames = pair.service.receive(good(Kind.RSP) + good(Kind.INFO) + good(Kind.REJECT) + good(Kind.FAIL), 0.0)
        assert [frame[0] for frame in frames] == [Kind.RSP, Kind.INFO, Kind.REJECT, Kind.FAIL]

    @pytest.mark.parametrize("kind", [Kind.REQ, Kind.CANCEL, Kind.RSP, Kind.INFO, Kind.REJECT, Kind.FAIL])
    def test_requests_have_an_id(self, kind: Kind) -> None:
        """Id 0 is the connection itself and names no request."""
        session = Pair().of(Role.CONNECTOR if kind in (Kind.REQ, Kind.CANCEL) else Role.SERVICE)
        data = bytearray(good(kind))
        data[8:12] = bytes(4)
        with pytest.raises(RemoteProtocolError):
            session.receive(bytes(data), 0.0)

    @pytest.mark.parametrize(("kind", "status"), [(Kind.RSP, 100), (Kind.RSP, 101), (Kind.INFO, 200), (Kind.INFO, 101)])
    def test_interim_and_final_are_not_confused(self, kind: Kind, status: int) -> None:
        """An interim status in RSP, or a final one in INFO, is refused."""
        with pytest.raises(RemoteProtocolError):
            Pair().service.receive(good(Kind.RSP) + encode(kind, 7, encode_response(status, b"")), 0.0)

    def test_data_kinds_do_not_belong_here(self) -> None:
        """A BODY on a signal connection ends it."""
        with pytest.raises(RemoteProtocolError):
            Pair().service.receive(encode(Kind.BODY, 1, b"", b"x"), 0.0)


class TestHeartbeat:
    """PING after 15 s of silence, dead after 40 s."""

    def test_silence_is_asked_after_and_answered(self) -> None:
        """PING goes out after 15 s of silence; the answer counts as life and tells the connector's load."""
        pair = Pair()
        pair.connector.load = lambda: Load(3, 2, 1)
        assert pair.service.next_tick() == 15.0
        pair.service.tick(15.0)
        assert pair.connector.receive(pair.service.take_output(), 15.1) == []
        assert pair.service.receive(pair.connector.take_output(), 15.2) == []
        assert pair.service.peer_load == Load(3, 2, 1)
        assert pair.service.next_tick() == 30.0

    def test_the_service_asks_a_busy_connector_too(self) -> None:
        """Its load is of interest above all while it is busy; the connector asks only after silence."""
        pair = Pair()
        pair.service.receive(encode(Kind.RSP, 7, b"200\n"), 14.0)
        pair.connector.receive(encode(Kind.CONFIG, 0, b"1"), 14.0)
        assert (pair.service.next_tick(), pair.connector.next_tick()) == (15.0, 29.0)

    def test_the_connector_asks_too(self) -> None:
        """Either end finds a half-open connection."""
        pair = Pair()
        pair.connector.tick(15.0)
        assert pair.service.receive(pair.connector.take_output(), 15.0) == []
        assert pair.connector.receive(pair.service.take_output(), 15.0) == []
        assert pair.connector.peer_load is None

    @ROLES
    def test_a_dead_peer_is_found_within_forty_seconds(self, role: Role) -> None:
        """After 40 s without a byte the connection is given up."""
        session = Pair().of(role)
        for _ in range(10):
            now = session.next_tick()
            if now >= 40.0:
                break
            session.tick(now)
        assert now == 40.0
        with pytest.raises(RemoteProtocolError) as caught:
            session.tick(now)
        assert caught.value.code is Code.DEAD_PEER

    def test_any_byte_counts_as_life(self) -> None:
        """A large frame that trickles in keeps the connection alive."""
        session = Pair().connector
        session.receive(HEADER.pack(1000, Kind.REQ, 0, 1000, 1), 39.0)
        session.tick(40.0)
        session.receive(b"x", 78.0)
        session.tick(80.0)

    def test_no_byte_is_no_life(self) -> None:
        """An empty read proves nothing."""
        session = Pair().connector
        session.receive(b"", 39.0)
        with pytest.raises(RemoteProtocolError):
            session.tick(40.0)

    def test_the_service_sets_the_pace(self) -> None:
        """The heartbeat in WELCOME holds for both ends, with room for two lost PINGs."""
        connector, service = SignalSession(Role.CONNECTOR, 0.0), SignalSession(Role.SERVICE, 0.0)
        service.receive(connector.hello(HELLO), 0.0)
        connector.receive(service.welcome(replace(WELCOME, heartbeat=60.0)), 0.0)
        for session in (connector, service):
            assert session.next_tick() == 60.0
            session.tick(60.0)
            session.tick(129.0)
            with pytest.raises(RemoteProtocolError):
                session.tick(130.0)

    def test_a_closed_session_needs_no_clock(self) -> None:
        """After the goodbye nothing is due."""
        session = session_in(Role.SERVICE, SignalState.CLOSED)
        session.tick(1000.0)
        assert session.next_tick() == float("inf")

    def test_only_a_connector_tells_its_load(self) -> None:
        """A service's PONG has 8 bytes, a connector's 20."""
        for role, tail in ((Role.CONNECTOR, bytes(12)), (Role.SERVICE, b"")):
            session = Pair().of(role)
            session.tick(15.0)
            ping = session.take_output()[12:]
            with pytest.raises(RemoteProtocolError):
                session.receive(encode(Kind.PONG, 0, b"", ping + tail), 15.0)


class TestFloods:
    """What a peer may not do too often."""

    def test_pings(self) -> None:
        """More PINGs than an honest peer can want end the connection."""
        with pytest.raises(RemoteProtocolError) as caught:
            Pair().service.receive(good(Kind.PING) * 11, 0.0)
        assert caught.value.code is Code.OVERLOADED

    def test_honest_pings(self) -> None:
        """A PING every 15 s is fine for hours."""
        session = Pair().service
        for n in range(500):
            session.receive(good(Kind.PING), 15.0 * n)
            session.take_output()

    def test_control_frames(self) -> None:
        """So do more hints of a new configuration."""
        with pytest.raises(RemoteProtocolError) as caught:
            Pair().connector.receive(good(Kind.CONFIG) * 30, 0.0)
        assert caught.value.code is Code.OVERLOADED


class TestDrain:
    """No more requests on this connection."""

    def test_a_connector_drains(self) -> None:
        """Requests may come until DRAINED; one after it is a fault of the service."""
        pair = Pair()
        frames = pair.service.receive(pair.connector.drain(), 0.0)
        assert [frame[0] for frame in frames] == [Kind.DRAIN]
        assert pair.service.may_send_requests
        assert len(pair.connector.receive(good(Kind.REQ), 0.0)) == 1
        drained = pair.service.drained()
        assert not pair.service.may_send_requests
        assert [frame[0] for frame in pair.connector.receive(drained, 0.0)] == [Kind.DRAINED]
        assert pair.connector.own_drain is DrainState.DONE
        pair.connector.receive(good(Kind.CANCEL), 0.0)
        with pytest.raises(RemoteProtocolError):
            pair.connector.receive(good(Kind.REQ), 0.0)

    def test_a_service_drains(self) -> None:
        """After the service's DRAIN no request may follow; the connector answers DRAINED when it has answered all."""
        pair = Pair()
        drain = pair.service.drain()
        assert not pair.service.may_send_requests
        pair.connector.receive(drain, 0.0)
        assert len(pair.service.receive(good(Kind.RSP), 0.0)) == 1
        pair.service.receive(pair.connector.drained(), 0.0)
        assert pair.service.own_drain is DrainState.DONE
        with pytest.raises(RemoteProtocolError):
            pair.connector.receive(good(Kind.REQ), 0.0)

    def test_both_drain_at_once(self) -> None:
        """Two drains that cross are both answered."""
        pair = Pair()
        mine, theirs = pair.connector.drain(), pair.service.drain()
        pair.service.receive(mine, 0.0)
        pair.connector.receive(theirs, 0.0)
        mine, theirs = pair.connector.drained(), pair.service.drained()
        pair.service.receive(mine, 0.0)
        pair.connector.receive(theirs, 0.0)
        for session in (pair.connector, pair.service):
            assert (session.own_drain, session.peer_drain) == (DrainState.DONE, DrainState.DONE)

    @ROLES
    def test_a_drain_is_said_once_and_answered_once(self, role: Role) -> None:
        """A second DRAIN, and a DRAINED to no DRAIN, are faults of whoever says them."""
        session = Pair().of(role)
        with pytest.raises(LocalProtocolError):
            session.drained()
        with pytest.raises(RemoteProtocolError):
            session.receive(encode(Kind.DRAINED), 0.0)
        session.drain()
        with pytest.raises(LocalProtocolError):
            session.drain()
        with pytest.raises(RemoteProtocolError):
            session.receive(encode(Kind.DRAIN) * 2, 0.0)
        assert set(DRAIN[DrainState.DONE]) == set()


@given(st.lists(st.sampled_from(sorted(SIGNAL_LIMITS)).map(good), max_size=12), st.sampled_from(list(Role)),
       st.sampled_from(list(SignalState)), st.lists(st.floats(0, 50), min_size=12, max_size=12))
@settings(max_examples=100)
def test_any_frames_are_survived(frames: list[bytes], role: Role, state: SignalState, waits: list[float]) -> None:
    """Well-formed frames in any order, at any time: answered or blamed on the peer, and output stays bounded."""
    session = session_in(role, state)
    now = 0.0
    with suppress(RemoteProtocolError):
        for data, wait in zip(frames, waits, strict=False):
            now += wait
            session.tick(now)
            session.receive(data, now)
            assert len(session.take_output()) <= 100
            assert session.next_tick() > 0.0


@st.composite
def any_frames(draw: st.DrawFn) -> bytes:
    """A frame of a known kind with any payload that fits."""
    kind = draw(st.sampled_from(sorted(SIGNAL_LIMITS)))
    most = min(SIGNAL_LIMITS[kind], 40)
    head = draw(st.binary(max_size=most))
    return encode(kind, draw(st.sampled_from([0, 1, 2**32 - 1])), head, draw(st.binary(max_size=most - len(head))))


@given(any_frames(), st.sampled_from(list(Role)), st.sampled_from(list(SignalState)))
@settings(max_examples=150)
def test_bad_payloads_are_blamed_on_the_peer(data: bytes, role: Role, state: SignalState) -> None:
    """Any payload in any kind is fine or a fault of the peer, nothing else."""
    with suppress(RemoteProtocolError):
        session_in(role, state).receive(data, 0.0)


@given(st.lists(st.sampled_from([Kind.RSP, Kind.INFO, Kind.FAIL]).map(good), min_size=1, max_size=8), st.integers(0, 500))
@settings(max_examples=60)
def test_cutting_changes_nothing(frames: list[bytes], place: int) -> None:
    """However the bytes are cut, the owner sees the same frames."""
    data = b"".join(frames)
    whole = Pair().service.receive(data, 0.0)
    session = Pair().service
    place %= len(data)
    parts: list[Frame] = session.receive(data[:place], 0.0) + session.receive(data[place:], 0.0)
    assert parts == whole
    assert len(whole) == len(frames)
