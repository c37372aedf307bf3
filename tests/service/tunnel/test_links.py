"""The service's ends of tunnel connections: which frame reaches which request, who is paused, and how each of them ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from twisted.internet.task import Clock

from appproxy.errors import Code, ProtocolError, RemoteProtocolError
from appproxy.net.deadlines import NEVER, Deadlines
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.service.relay.roster import Peer, Roster
from appproxy.service.tunnel.arrivals import Arrivals
from appproxy.service.tunnel.links import DataLink, SignalLink
from appproxy.tunnel.data import DataSession
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Frame, Kind, encode
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import Goodbye, Hello, Welcome, encode_code, encode_response
from appproxy.tunnel.signal import Role, SignalSession
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

    def take(self) -> list[tuple[object, ...]]:
        told, self.told = self.told, []
        return told


@dataclass(eq=False)
class Place:
    """What links need of an end point; it admits every HELLO to `peer`."""

    clock: Clock = field(default_factory=Clock)
    limits: TunnelLimits = DEFAULT_LIMITS
    epoch: bytes = EPOCH
    links: set[SignalLink] = field(default_factory=set)
    blamed: list[str] = field(default_factory=list)
    lost: list[SignalLink] = field(default_factory=list)
    drains: list[SignalLink] = field(default_factory=list)
    freed: list[Peer] = field(default_factory=list)
    today: float = 1e9

    def __post_init__(self) -> None:
        self.deadlines = Deadlines(self.clock)
        self.arrivals = Arrivals()
        self.roster = Roster(0.0)
        self.peer = Peer("c1", "default", b"i" * 16, 0.0)
        self.roster.add(self.peer)

    @property
    def relay(self) -> Place:
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

    def link_lost(self, link: SignalLink) -> None:
        self.lost.append(link)


class Signal:
    """A signal connection, and its connector's end."""

    def __init__(self, place: Place | None = None, *, greeted: bool = True) -> None:
        self.place = place or Place()
        self.link = SignalLink(cast(Any, self.place), "c1", "198.51.100.1")
        self.wire = Wire()
        self.link.makeConnection(self.wire)
        self.session = SignalSession(Role.CONNECTOR, 0.0)
        if greeted:
            self.link.dataReceived(
                self.session.hello(Hello((1,), b"i" * 16, 0, 0, (), 1000, (), (), "0.1.0")))
            assert [frame[0] for frame in self.frames()] == [Kind.WELCOME]

    def frames(self) -> list[Frame]:
        return self.session.receive(self.wire.take(), self.place.clock.seconds())

    def request(self, id: int = 1, **how: Any) -> Request:
        request = Request(**how)
        self.place.peer.in_flight[id] = cast(Any, request)
        return request

    def wait(self, seconds: float) -> None:
        """Let time pass while the connector is not silent, as far as the sweep goes."""
        for _ in range(int(seconds)):
            self.place.clock.pump([0.25] * 4)
            self.link.dataReceived(self.session.take_output())
            self.frames()


@pytest.mark.parametrize(("kind", "head", "tail", "told"), [
    (Kind.RSP, encode_response(204, b"a: b\n"), b"", ("answered", 204, b"a: b\n", b"")),
    (Kind.RSP, encode_response(200, b""), b"hello", ("answered", 200, b"", b"hello")),
    (Kind.INFO, encode_response(103, b"link: x\n"), b"", ("informed", 103, b"link: x\n")),
    (Kind.REJECT, encode_code(Code.CONNECTOR_BUSY, "full"), b"", ("rejected", Code.CONNECTOR_BUSY, "full")),
    (Kind.FAIL, encode_code(Code.ORIGIN_DNS, "why"), b"", ("failed", Code.ORIGIN_DNS, "why")),
])
def test_a_frame_reaches_the_request_that_it_names(kind: Kind, head: bytes, tail: bytes, told: tuple[object, ...]) -> None:
    """And no other one."""
    signal = Signal()
    one, other = signal.request(1), signal.request(2)
    signal.link.dataReceived(encode(kind, 1, head, tail))
    assert (one.told, other.told) == ([told], [])
    signal.link.dataReceived(encode(kind, 3, head, tail))
    assert (len(one.told), other.told, signal.wire.disconnecting) == (1, [], False)


def test_a_request_that_finds_a_fault_ends_the_connection() -> None:
    """The connector is told why, frames behind it in the same read count no more, and the loss is told once."""
    signal = Signal()
    signal.request(1, fault=OUT_OF_TURN)
    behind = signal.request(2)
    signal.link.dataReceived(b"".join(encode(Kind.RSP, id, encode_response(200, b"")) for id in (1, 2)))
    assert signal.frames()[-1][0] == Kind.ERROR
    assert signal.wire.closed and signal.place.blamed == ["not now"]
    signal.link.connectionLost()
    assert (signal.place.lost, signal.place.links) == ([signal.link], set())
    assert behind.told == [] and len(signal.place.deadlines) == 0


def test_a_connection_that_closes_while_it_reads_reads_no_further() -> None:
    """What a request does may end it; the frames behind are then nobody's."""
    signal = Signal()

    class Closing(Request):
        def answered(self, status: int, block: bytes, body: bytes) -> None:
            signal.link.close()

    signal.place.peer.in_flight[1] = cast(Any, Closing())
    behind = signal.request(2)
    signal.link.dataReceived(b"".join(encode(Kind.RSP, id, encode_response(200, b"")) for id in (1, 2)))
    assert behind.told == [] and signal.wire.aborted


def test_nothing_is_written_after_the_end() -> None:
    """Neither frames nor a second goodbye."""
    signal = Signal()
    signal.link.close()
    signal.link.write(b"late")
    signal.link.close()
    assert signal.wire.take() == b""


def test_a_draining_connector_is_answered_and_told() -> None:
    """DRAINED follows, and the end point hears of it."""
    signal = Signal()
    signal.link.dataReceived(signal.session.drain())
    assert [frame[0] for frame in signal.frames()] == [Kind.DRAINED]
    assert signal.link.draining and signal.place.drains == [signal.link]


def test_a_ping_is_answered() -> None:
    """In the same turn."""
    signal = Signal()
    signal.session.tick(DEFAULT_LIMITS.ping_after)
    signal.link.dataReceived(signal.session.take_output())
    assert signal.wire.take()[4] == Kind.PONG


def test_no_hello_in_time() -> None:
    """The connection is closed, and says why."""
    signal = Signal(greeted=False)
    signal.place.clock.pump([0.25] * int(DEFAULT_LIMITS.hello_seconds * 4 - 2))
    assert not signal.wire.disconnecting
    signal.place.clock.pump([0.25] * 4)
    signal.frames()
    assert signal.session.peer_goodbye is not None and "HELLO" in signal.session.peer_goodbye.text
    assert signal.wire.closed


def test_a_certificate_ends_the_connection_that_it_opened() -> None:
    """For good: only enrolling again helps."""
    signal = Signal()
    signal.link.not_after = signal.place.today + 5
    signal.wait(2)
    assert not signal.wire.disconnecting
    signal.place.today += 5
    signal.wait(2)
    assert signal.session.peer_goodbye is not None
    assert (signal.session.peer_goodbye.code, signal.session.peer_goodbye.permanent) == (Code.REVOKED, True)


def test_a_full_transport_takes_no_requests_until_it_has_drained() -> None:
    """Then whoever waits for this connector gets his turn."""
    signal = Signal()
    signal.place.peer.links[0] = signal.link
    signal.link.pauseProducing()
    assert signal.place.peer.link() is None
    signal.link.resumeProducing()
    assert signal.place.peer.link() is signal.link
    assert signal.place.freed == [signal.place.peer]


def test_a_connector_that_stops_reading_for_good_is_cut_off() -> None:
    """Without a word: nobody reads it. One that reads on in time is not."""
    patience = int(DEFAULT_LIMITS.write_stall)
    for resumes in (True, False):
        signal = Signal()
        signal.link.pauseProducing()
        signal.wait(patience - 1)
        assert not signal.wire.aborted
        if resumes:
            signal.link.resumeProducing()
        signal.wait(3)
        assert signal.wire.aborted is not resumes


def test_a_silent_connector_is_dead() -> None:
    """It is closed at once, and the loss is told."""
    signal = Signal()
    signal.place.clock.pump([0.25] * int(DEFAULT_LIMITS.dead_after * 4 + 8))
    assert signal.wire.aborted and signal.place.lost == [signal.link]
    assert len(signal.place.blamed) == 1


class Data:
    """A data connection, and its connector's end."""

    def __init__(self, place: Place | None = None, request: Request | None = None) -> None:
        self.place = place or Place()
        self.request = request or Request()
        self.place.peer.in_flight[1] = cast(Any, self.request)
        self.link = DataLink(cast(Any, self.place), "c1")
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
        return [Kind(frame[0]) for frame in self.session.receive(self.wire.take(), self.place.clock.seconds())]

    def expire(self) -> None:
        self.place.clock.pump([0.25] * int(DEFAULT_LIMITS.data_dead_after * 4 + 400))


def test_a_data_connection_of_nobody_is_closed() -> None:
    """Its connector has no signal connection here."""
    place = Place()
    del place.roster.peers["c1"]
    data = Data(place)
    assert data.wire.aborted and place.peer.data == set() and len(place.deadlines) == 0
    data.link.connectionLost()


def test_attach_to_a_request_that_wants_it() -> None:
    """The service agrees before the request hears of it, so that ATTACHED is the first frame."""
    data = Data()
    assert data.attach() == [Kind.ATTACHED]
    assert data.request.told == [("wants", True, True), ("attached", True)]
    assert data.place.peer.data == {data.link}


@pytest.mark.parametrize("why", ["unknown", "epoch", "not wanted"])
def test_attach_that_is_refused(why: str) -> None:
    """No such request, one of a node that was here before, or one that wants nothing: the connection stays usable."""
    data = Data(request=Request(wanted=why != "not wanted"))
    kinds = data.attach(2 if why == "unknown" else 1, b"another!" if why == "epoch" else EPOCH)
    assert kinds == [Kind.DETACH] and data.link.request is None
    assert ("attached", True) not in data.request.told
    data.request.wanted = True
    assert data.attach() == [Kind.ATTACHED]


def test_frames_of_the_answer_reach_the_request() -> None:
    """In their order, each by its own name."""
    data = Data().attached()
    data.say(data.session.info(103, b"link: x\n") + data.session.head(200, b"") + data.session.body(b"x"))
    data.say(data.session.end(b"x-sum: 7\n"))
    assert data.request.told == [
        ("informed", 103, b"link: x\n"), ("headed", 200, b""), ("streamed", b"x"), ("ended", b"x-sum: 7\n")]


def test_a_broken_answer_reaches_the_request() -> None:
    """With its reason."""
    data = Data().attached()
    data.say(data.session.head(200, b"") + data.session.abort(Code.ORIGIN_TRUNCATED))
    assert data.request.told[-1] == ("aborted", Code.ORIGIN_TRUNCATED, "")


def test_stop_wakes_the_user_and_is_answered() -> None:
    """Nothing pauses him on this account any more; the session owes an ABORT."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    assert data.link.paused
    data.say(data.session.stop(Code.CANCELLED))
    assert data.request.told == [("stopped",)] and data.kinds() == [Kind.ABORT]
    assert not user.held and data.wire.producer is None and not data.link.paused


def test_a_next_attach_parts_from_the_request_before() -> None:
    """That one's answer comes in line; what happens here is nothing to it any more."""
    data = Data().attached()
    data.say(data.session.stop(Code.CANCELLED))
    data.kinds()
    other = Request()
    data.place.peer.in_flight[2] = cast(Any, other)
    data.session.answered_in_line()
    assert data.attach(2) == [Kind.ATTACHED]
    assert data.request.data is None and other.data is data.link
    data.request.take()
    data.link.connectionLost()
    assert (data.request.told, other.told[-1]) == ([], LOST)


def test_a_fault_ends_the_connection_and_breaks_what_it_carried() -> None:
    """The connector is blamed; frames behind it count no more."""
    data = Data().attached()
    data.request.fault = RemoteProtocolError("not now")
    data.say(data.session.head(200, b"") + data.session.body(b"x"))
    assert data.wire.aborted and data.place.blamed == ["not now"]
    assert [what for what, *_ in data.request.told] == ["headed", "aborted"]


@pytest.mark.parametrize("end", ["no HELLO", "an expired certificate", "a broken rule"])
def test_an_end_of_ours_does_not_wait_for_the_peer(end: str) -> None:
    """A connector that reads nothing and closes nothing is cut off within a second; no producer keeps the transport open."""
    signal = Signal(greeted=end != "no HELLO")
    place = signal.place
    if end == "a broken rule":
        signal.link.dataReceived(encode(Kind.RSP, 1, b"garbage"))
    else:
        signal.link.not_after = 2e9 if end == "no HELLO" else place.today
        place.clock.pump([0.25] * (41 if end == "no HELLO" else 5))
    assert signal.wire.closed and signal.wire.producer is None
    place.clock.advance(1.0)
    assert signal.wire.aborted
    signal.link.connectionLost()
    assert place.clock.getDelayedCalls() == []


def test_the_last_word_of_a_connector_ends_its_connections() -> None:
    """One that says ERROR and stays gets no more requests, and keeps no descriptor; before WELCOME, too."""
    greeted, silent, data = Signal(), Signal(greeted=False), Data()
    farewell = Goodbye(Code.PROTOCOL, None, False, "")
    for end in (greeted, silent, data):
        end.link.dataReceived(end.session.goodbye(farewell))
        assert end.wire.aborted


def test_a_connection_that_closes_while_it_reads_takes_no_request() -> None:
    """The end of one request may close it; ATTACH for the next one, in the same read, is then nobody's."""
    class Closing(Request):
        def ended(self, trailers: bytes) -> None:
            data.link.close()

    data = Data(request=Closing()).attached()
    data.link.end(b"")
    data.kinds()
    other = Request()
    data.place.peer.in_flight[2] = cast(Any, other)
    data.say(data.session.head(200, b"") + data.session.end() + data.session.attach(2, EPOCH, True, True))
    assert other.told == []


def test_pieces_that_came_in_one_read_leave_as_one() -> None:
    """In their order with all else."""
    data = Data().attached()
    session = data.session
    data.say(session.head(200, b"") + session.body(b"a") + session.body(b"b") + session.end())
    told = [what for what in data.request.told if what[0] in ("headed", "streamed", "ended")]
    assert told == [("headed", 200, b""), ("streamed", b"ab"), ("ended", b"")]


def test_bytes_of_a_stream_leave_at_once() -> None:
    """They are all that a turn has to say on its connection; those of a body wait for the turn's end, with all others."""
    for upgraded in (False, True):
        data = Data(request=Request(upgraded=upgraded)).attached()
        data.kinds()
        through: list[bytes] = []
        data.wire.write_now = through.append  # type: ignore[attr-defined]
        data.link.body(b"hello")
        assert (len(through), data.kinds()) == ((1, []) if upgraded else (0, [Kind.BODY]))


def test_the_end_of_a_body_lets_go_of_the_user() -> None:
    """END is written once; whoever was paused for it is awake."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    data.link.body(b"hello")
    data.link.end(b"")
    data.link.end(b"")
    assert data.kinds() == [Kind.BODY, Kind.END]
    assert not user.held and data.wire.producer is None


def test_cancel_breaks_both_directions_off() -> None:
    """And wakes both: whoever feeds it, and itself, for the last frames must be heard."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    data.link.read_gate.hold(HoldReason.SLOW_PEER)
    data.link.cancel()
    assert data.kinds() == [Kind.ABORT, Kind.STOP]
    assert not user.held and data.wire.reading
    data.say(data.session.abort(Code.CANCELLED))
    data.link.cancel()
    assert data.kinds() == []


def test_a_request_that_lets_go_hears_no_more() -> None:
    """What is left on the connection is thrown away until it is idle, which then has no deadline."""
    data = Data().attached()
    data.link.let_go()
    assert data.link.deadline != NEVER
    data.say(data.session.head(200, b"") + data.session.body(b"x"))
    assert data.request.told == []
    data.kinds()
    data.say(data.session.take_output())
    data.link.let_go()
    assert data.link.session.idle and data.link.deadline == 2 * DEFAULT_LIMITS.idle_close_most
    data.link.connectionLost()
    assert data.request.told == []


def test_a_lost_connection_tells_its_request_once() -> None:
    """The user is awake, and nothing of it is kept."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    data.link.close()
    data.link.connectionLost()
    assert data.request.told == [LOST] and data.wire.aborted
    assert not user.held and data.place.peer.data == set() and len(data.place.deadlines) == 0
    data.link.body(b"late")
    data.link.go()
    assert data.wire.take() == b""


def test_a_silent_connector_is_cut_off_while_we_read() -> None:
    """Its silence proves nothing while we do not."""
    data = Data().attached()
    data.link.read_gate.hold(HoldReason.SLOW_PEER)
    data.expire()
    assert not data.wire.aborted
    data.link.read_gate.release(HoldReason.SLOW_PEER)
    data.expire()
    assert data.wire.aborted and data.request.told == [LOST]


def test_an_answer_in_line_frees_the_connection() -> None:
    """Not a frame is needed for it."""
    data = Data().attached()
    data.link.end(b"")
    data.kinds()
    data.link.answer_elsewhere()
    assert data.link.session.idle and data.kinds() == []
    assert data.link.answer_over
