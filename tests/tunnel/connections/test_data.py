"""Data connections: two sessions connected by hand."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role
from appproxy.tunnel.frames import DATA_LIMITS, HEADER, Frame, Kind, encode
from appproxy.tunnel.json_heads.handshake import Goodbye, encode_error
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.messages import encode_code, encode_response

EPOCH = b"12345678"
CODE = encode_code(Code.CANCELLED)
HEAD = encode_response(200, b"")
DIRECTIONS = [(True, False), (False, True), (True, True)]


class Pair:
    """A connector's and a service's end of one data connection."""

    def __init__(self, want_body: bool = True, want_response: bool = True, *, attach: bool = True) -> None:
        self.connector = DataSession(Role.CONNECTOR, 0.0)
        self.service = DataSession(Role.SERVICE, 0.0)
        if attach:
            self.attach(5, want_body, want_response)

    def attach(self, request_id: int, want_body: bool, want_response: bool) -> None:
        self.to_service(self.connector.attach(request_id, EPOCH, want_body, want_response))
        self.to_connector(self.service.attached(request_id))

    def to_service(self, data: bytes) -> list[Frame]:
        return self.service.receive(data, 0.0)

    def to_connector(self, data: bytes) -> list[Frame]:
        return self.connector.receive(data, 0.0)

    def settle(self) -> None:
        """Exchange what the sessions owe each other."""
        for _ in range(4):
            self.to_connector(self.service.take_output())
            self.to_service(self.connector.take_output())

    @property
    def idle(self) -> bool:
        return self.connector.idle and self.service.idle

    def of(self, role: Role) -> DataSession:
        return self.service if role is Role.SERVICE else self.connector


class TestAnswerInLine:
    """The answer's direction was attached, and the answer goes as RSP on a signal connection all the same."""

    def test_both_ends_are_idle_without_a_word(self) -> None:
        """The connector when it has sent RSP, the service when it has read it."""
        pair = Pair()
        pair.to_connector(pair.service.end())
        pair.connector.answered_in_line()
        assert pair.connector.idle and not pair.service.idle
        pair.service.answered_in_line()
        assert pair.idle
        assert pair.service.take_output() == pair.connector.take_output() == b""

    def test_the_next_request_may_overtake_it(self) -> None:
        """An ATTACH that comes before the RSP is taken; the RSP then changes nothing."""
        pair = Pair()
        pair.to_connector(pair.service.end())
        pair.connector.answered_in_line()
        pair.to_service(pair.connector.attach(6, EPOCH, True, True))
        pair.to_connector(pair.service.attached(6))
        pair.service.answered_in_line()
        assert (pair.service.current, pair.connector.current) == (6, 6)

    def test_after_a_stop_that_crossed_it(self) -> None:
        """The service had lost interest: no ABORT will come, and it waits for none."""
        pair = Pair()
        pair.to_connector(pair.service.end())
        pair.connector.answered_in_line()
        assert pair.to_connector(pair.service.stop(Code.CANCELLED)) == []
        pair.service.answered_in_line()
        assert pair.idle

    def test_not_while_the_body_is_under_way(self) -> None:
        """The service would take the connection for free, with half a body in it."""
        pair = Pair()
        pair.to_connector(pair.service.body(b"half"))
        with pytest.raises(LocalProtocolError):
            pair.connector.answered_in_line()
        with pytest.raises(RemoteProtocolError, match="ATTACH while"):
            pair.to_service(encode(Kind.ATTACH, 6, EPOCH.hex().encode(), b"", 3))

    def test_not_once_the_answer_has_begun(self) -> None:
        """One answer cannot go two ways."""
        pair = Pair()
        pair.to_connector(pair.service.end())
        pair.to_service(pair.connector.head(200, b""))
        with pytest.raises(LocalProtocolError):
            pair.connector.answered_in_line()
        pair.service.answered_in_line()
        assert not pair.service.idle


class TestAttach:
    """One request at a time."""

    def test_the_owner_decides(self) -> None:
        """ATTACH comes to the service's owner, who agrees; both ends then have the request."""
        pair = Pair(attach=False)
        assert (pair.service.idle, pair.service.current) == (True, 0)
        frames = pair.to_service(pair.connector.attach(5, EPOCH, True, True))
        assert frames == [(Kind.ATTACH, 3, 5, EPOCH.hex().encode(), b"")]
        assert not pair.service.idle
        assert pair.to_connector(pair.service.attached(5)) == [(Kind.ATTACHED, 0, 5, b"", b"")]
        assert (pair.connector.current, pair.service.current) == (5, 5)

    def test_the_owner_refuses(self) -> None:
        """DETACH tells why; both ends are idle, and what the connector sent meanwhile is discarded."""
        pair = Pair(attach=False)
        data = pair.connector.attach(5, EPOCH, False, True) + pair.connector.head(200, b"") + pair.connector.body(b"x")
        pair.to_service(data[:28])
        detach = pair.service.detach(5, Code.UNKNOWN_REQUEST)
        assert pair.to_service(data[28:]) == []
        assert [frame[0] for frame in pair.to_connector(detach)] == [Kind.DETACH]
        assert pair.idle

    @pytest.mark.parametrize(("want_body", "want_response"), DIRECTIONS)
    def test_what_is_not_wanted_is_over(self, want_body: bool, want_response: bool) -> None:
        """A direction that was not asked for counts as ended from the start."""
        pair = Pair(want_body, want_response)
        assert pair.service.sending_over is not want_body
        assert pair.connector.receiving_over is not want_body
        assert pair.service.receiving_over is not want_response
        assert pair.connector.sending_over is not want_response
        if not want_body:
            with pytest.raises(LocalProtocolError):
                pair.service.body(b"x")
            with pytest.raises(RemoteProtocolError):
                pair.to_connector(encode(Kind.BODY, 5, b"", b"x"))
        if not want_response:
            with pytest.raises(LocalProtocolError):
                pair.connector.head(200, b"")
            with pytest.raises(RemoteProtocolError):
                pair.to_service(encode(Kind.HEAD, 5, HEAD))

    @pytest.mark.parametrize(
        "bad",
        [
            encode(Kind.ATTACH, 5, EPOCH.hex().encode()[:15], b"x", 3),
            encode(Kind.ERROR, 5, encode_error(Goodbye(Code.PROTOCOL))),
            encode(Kind.ERROR, 0, encode_error(Goodbye(Code.PROTOCOL)), b"x"),
        ],
        ids=["ATTACH with a tail", "ERROR with an id", "ERROR with a tail"],
    )
    def test_what_does_not_belong_there(self, bad: bytes) -> None:
        """ATTACH has no tail; ERROR has no tail and no id."""
        with pytest.raises(RemoteProtocolError):
            DataSession(Role.SERVICE, 0.0).receive(bad, 0.0)

    def test_only_one_at_a_time(self) -> None:
        """A second ATTACH before the first request is over is a fault at either end."""
        pair = Pair()
        with pytest.raises(LocalProtocolError):
            pair.connector.attach(6, EPOCH, True, True)
        with pytest.raises(RemoteProtocolError):
            pair.to_service(encode(Kind.ATTACH, 6, EPOCH.hex().encode(), b"", 3))

    def test_something_must_be_wanted_for_some_request(self) -> None:
        """ATTACH without an id, or wanting nothing, cannot be sent and is not taken."""
        pair = Pair(attach=False)
        with pytest.raises(LocalProtocolError):
            pair.connector.attach(5, EPOCH, False, False)
        with pytest.raises(LocalProtocolError):
            pair.connector.attach(0, EPOCH, True, False)
        for bad in (encode(Kind.ATTACH, 0, EPOCH.hex().encode(), b"", 1), encode(Kind.ATTACH, 5, EPOCH.hex().encode())):
            with pytest.raises(RemoteProtocolError):
                DataSession(Role.SERVICE, 0.0).receive(bad, 0.0)

    def test_the_ends_keep_to_their_parts(self) -> None:
        """A service does not attach, a connector does not agree."""
        pair = Pair(attach=False)
        with pytest.raises(LocalProtocolError):
            pair.service.attach(5, EPOCH, True, True)
        pair.connector.attach(5, EPOCH, True, True)
        with pytest.raises(LocalProtocolError):
            pair.connector.attached(5)
        with pytest.raises(LocalProtocolError):
            pair.service.attached(5)

    def test_the_service_answers_before_it_sends(self) -> None:
        """Nothing but ATTACHED or DETACH may come first."""
        pair = Pair(attach=False)
        pair.to_service(pair.connector.attach(5, EPOCH, True, True))
        with pytest.raises(LocalProtocolError):
            pair.service.body(b"x")
        with pytest.raises(LocalProtocolError):
            pair.service.attached(6)
        with pytest.raises(RemoteProtocolError):
            pair.to_connector(encode(Kind.BODY, 5, b"", b"x"))

    def test_an_answer_may_be_sent_at_once(self) -> None:
        """HEAD and body follow ATTACH without waiting; with ATTACHED the whole is over."""
        pair = Pair(attach=False)
        data = pair.connector.attach(5, EPOCH, False, True) + pair.connector.head(200, b"a: b\n")
        data += pair.connector.body(b"hi") + pair.connector.end()
        assert [frame[0] for frame in pair.to_service(data)] == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]
        assert not pair.connector.idle
        pair.to_connector(pair.service.attached(5))
        assert pair.idle

    def test_attached_is_said_once(self) -> None:
        """A second ATTACHED, or a DETACH after it, is a fault of the service."""
        for kind, head in ((Kind.ATTACHED, b""), (Kind.DETACH, CODE)):
            with pytest.raises(RemoteProtocolError):
                Pair().to_connector(encode(kind, 5, head))


class TestBody:
    """Bodies in both directions."""

    def test_a_request_and_its_answer(self) -> None:
        """Body, interim answers, head, body, trailers; then the connection is idle and can be used again."""
        pair = Pair()
        up = pair.to_connector(pair.service.body(b"up") + pair.service.end(b"t: 1\n"))
        assert up == [(Kind.BODY, 0, 5, b"", b"up"), (Kind.END, 0, 5, b"", b"t: 1\n")]
        assert pair.connector.receiving_over
        down = pair.to_service(
            pair.connector.info(103, b"link: </a>\n") + pair.connector.head(200, b"") + pair.connector.body(b"down")
            + pair.connector.end(b"u: 2\n")
        )
        assert [frame[0] for frame in down] == [Kind.INFO, Kind.HEAD, Kind.BODY, Kind.END]
        assert down[-1][4] == b"u: 2\n"
        assert pair.idle
        pair.attach(5, False, True)
        assert pair.connector.current == 5

    def test_long_pieces_become_several_frames(self) -> None:
        """A piece over 64 KiB is split; nothing becomes nothing."""
        pair = Pair()
        data = bytes(range(256)) * 600
        one, many = pair.service.body(data), pair.service.body_frames(data)
        assert b"".join(many) == one
        frames = pair.to_connector(one)
        assert b"".join(frame[4] for frame in frames) == data
        assert max(HEADER.unpack_from(part)[0] for part in many[::2]) == 65536
        assert (pair.service.body(b""), pair.service.body_frames(b"")) == (b"", [])

    def test_small_pieces_are_not_copied(self) -> None:
        """For writeSequence, a piece up to 64 KiB is handed on as it is."""
        data = bytes(65536)
        assert Pair().service.body_frames(data)[1] is data

    def test_nothing_follows_the_end(self) -> None:
        """After END, nothing more of that direction can be sent, and nothing is taken."""
        pair = Pair()
        pair.to_connector(pair.service.end())
        assert pair.service.sending_over
        for verb in (lambda: pair.service.body(b"x"), pair.service.end, pair.service.go):
            with pytest.raises(LocalProtocolError):
                verb()
        with pytest.raises(RemoteProtocolError):
            pair.to_connector(encode(Kind.BODY, 5, b"", b"x"))

    def test_no_body_before_the_head(self) -> None:
        """An answer begins with its head, which comes once."""
        pair = Pair()
        with pytest.raises(LocalProtocolError):
            pair.connector.body(b"x")
        with pytest.raises(RemoteProtocolError):
            pair.to_service(encode(Kind.BODY, 5, b"", b"x"))
        pair = Pair()
        pair.to_service(pair.connector.head(200, b""))
        with pytest.raises(LocalProtocolError):
            pair.connector.head(200, b"")
        with pytest.raises(LocalProtocolError):
            pair.connector.info(103, b"")
        with pytest.raises(RemoteProtocolError):
            pair.to_service(encode(Kind.HEAD, 5, HEAD))

    def test_interim_and_final_are_not_confused(self) -> None:
        """HEAD is final (or 101), INFO interim."""
        for bad in (encode(Kind.HEAD, 5, encode_response(103, b"")), encode(Kind.INFO, 5, HEAD)):
            with pytest.raises(RemoteProtocolError):
                Pair().to_service(bad)
        Pair().to_service(encode(Kind.HEAD, 5, encode_response(101, b"")))

    def test_go_stands_in_for_the_first_byte(self) -> None:
        """GO is said once, before any body."""
        pair = Pair()
        assert [frame[0] for frame in pair.to_connector(pair.service.go())] == [Kind.GO]
        with pytest.raises(LocalProtocolError):
            pair.service.go()
        with pytest.raises(RemoteProtocolError):
            pair.to_connector(encode(Kind.GO, 5))

    def test_an_upgraded_stream_half_closes(self) -> None:
        """After END one way, bytes still flow the other way."""
        pair = Pair()
        pair.to_service(pair.connector.head(101, b"upgrade: websocket\n"))
        pair.to_connector(pair.service.body(b"a") + pair.service.end())
        assert pair.to_service(pair.connector.body(b"b")) == [(Kind.BODY, 0, 5, b"", b"b")]
        assert not pair.idle
        pair.to_service(pair.connector.end())
        assert pair.idle

    @pytest.mark.parametrize("tail", [b"A: b\n", b"a: b", b"a: b\n" * 33])
    def test_bad_trailers(self, tail: bytes) -> None:
        """Malformed or too many trailers are refused at both ends."""
        pair = Pair()
        with pytest.raises(LocalProtocolError):
            pair.service.end(tail)
        assert not pair.service.sending_over
        with pytest.raises(RemoteProtocolError):
            pair.to_connector(encode(Kind.END, 5, b"", tail))
        with pytest.raises(RemoteProtocolError):
            pair.to_connector(encode(Kind.END, 5, b"a: b\n"))


class TestBreaking:
    """ABORT and STOP."""

    def test_abort_both_ways_is_idle(self) -> None:
        """A cancelled request leaves the connection idle once both ways are broken off."""
        pair = Pair()
        frames = pair.to_connector(pair.service.abort(Code.CANCELLED) + pair.service.stop(Code.CANCELLED))
        assert [frame[0] for frame in frames] == [Kind.ABORT, Kind.STOP]
        pair.settle()
        assert pair.idle

    @pytest.mark.parametrize("role", list(Role))
    def test_a_stop_is_answered_by_abort_at_once(self, role: Role) -> None:
        """The end that is stopped owes ABORT within the turn; the session itself pays it."""
        pair = Pair()
        stopper, stopped = pair.of(role), pair.connector if role is Role.SERVICE else pair.service
        data = stopper.stop(Code.CANCELLED)
        assert not stopper.receiving_over
        assert [frame[0] for frame in stopped.receive(data, 0.0)] == [Kind.STOP]
        assert stopped.sending_over
        with pytest.raises(LocalProtocolError):
            stopped.body(b"x")
        assert stopped.abort(Code.CANCELLED) == b""
        assert [frame[0] for frame in stopper.receive(stopped.take_output(), 0.0)] == [Kind.ABORT]
        assert stopper.receiving_over

    def test_what_comes_after_a_stop_is_discarded(self) -> None:
        """Bytes under way when STOP was said do not reach the owner; END ends it as well as ABORT."""
        pair = Pair(want_body=False)
        pair.service.stop(Code.CANCELLED)
        late = pair.connector.info(103, b"") + pair.connector.head(200, b"") + pair.connector.body(b"x" * 100)
        assert pair.to_service(late) == []
        assert [frame[0] for frame in pair.to_service(pair.connector.end())] == [Kind.END]
        assert pair.idle

    def test_a_stop_that_crosses_the_end(self) -> None:
        """A STOP for a direction that is over is nothing: both ends are idle."""
        pair = Pair(want_body=False)
        pair.connector.head(200, b"")
        end = pair.connector.end()
        stop = pair.service.stop(Code.CANCELLED)
        pair.service.receive(encode(Kind.HEAD, 5, HEAD) + end, 0.0)
        assert pair.to_connector(stop) == []
        assert pair.connector.take_output() == b""
        assert pair.idle

    def test_a_stop_that_crosses_the_end_while_the_other_way_flows(self) -> None:
        """Then the direction that is over stays so, and no ABORT follows its END."""
        pair = Pair()
        pair.to_service(pair.connector.head(200, b"") + pair.connector.end())
        assert pair.to_connector(encode(Kind.STOP, 5, CODE)) == []
        assert pair.connector.take_output() == b""
        assert not pair.idle

    def test_stop_and_abort_twice(self) -> None:
        """Breaking off what is already over writes nothing."""
        pair = Pair()
        assert pair.service.stop(Code.CANCELLED) and not pair.service.stop(Code.CANCELLED)
        assert pair.service.abort(Code.CANCELLED) and not pair.service.abort(Code.CANCELLED)
        fresh = DataSession(Role.SERVICE, 0.0)
        assert fresh.stop(Code.CANCELLED) == fresh.abort(Code.CANCELLED) == b""

    def test_a_stop_before_attached(self) -> None:
        """A STOP that comes while the service still thinks is answered right after ATTACHED."""
        pair = Pair(attach=False)
        pair.to_service(pair.connector.attach(5, EPOCH, True, False) + pair.connector.stop(Code.CANCELLED))
        assert pair.service.take_output() == b""
        frames = pair.to_connector(pair.service.attached(5))
        assert [frame[0] for frame in frames] == [Kind.ATTACHED, Kind.ABORT]
        assert pair.idle

    def test_the_next_request_is_not_hit(self) -> None:
        """When the end of one request and ATTACH of the next come in one read, breaking off the first harms nothing."""
        pair = Pair(want_body=False)
        data = pair.connector.head(200, b"") + pair.connector.end()
        data += pair.connector.attach(6, EPOCH, True, True)
        frames = pair.to_service(data)
        assert [frame[0] for frame in frames] == [Kind.HEAD, Kind.END, Kind.ATTACH]
        assert pair.service.abort(Code.CANCELLED) == b""
        assert pair.service.stop(Code.CANCELLED) == b""
        pair.to_connector(pair.service.attached(6))
        assert pair.to_connector(pair.service.body(b"x")) == [(Kind.BODY, 0, 6, b"", b"x")]

    @pytest.mark.parametrize("kind", [Kind.ABORT, Kind.STOP])
    def test_a_malformed_code(self, kind: Kind) -> None:
        """A code is checked on arrival."""
        with pytest.raises(RemoteProtocolError):
            Pair().to_connector(encode(kind, 5, b"x"))

    def test_goodbye(self) -> None:
        """ERROR tells why the connection ends; nothing that follows is read."""
        pair = Pair()
        data = pair.service.goodbye(Goodbye(Code.REVOKED, None, True)) + encode(Kind.BODY, 5, b"", b"x")
        assert [frame[0] for frame in pair.to_connector(data)] == [Kind.ERROR]
        assert pair.to_connector(b"garbage" * 10) == []
        assert pair.to_service(b"garbage" * 10) == []
        assert pair.service.next_tick() == pair.connector.next_tick() == float("inf")


class TestStale:
    """Frames of other requests."""

    @pytest.mark.parametrize("kind", [Kind.BODY, Kind.END, Kind.ABORT, Kind.STOP, Kind.HEAD, Kind.INFO])
    def test_frames_of_other_requests_are_discarded(self, kind: Kind) -> None:
        """Whatever is late, it breaks nothing and reaches nobody, attached or idle."""
        for pair in (Pair(), Pair(attach=False)):
            assert pair.to_service(encode(kind, 99, b"" if kind == Kind.BODY else CODE, b"")) == []

    def test_a_late_body_does_not_mix_with_the_present_one(self) -> None:
        """While one answer flows, bytes of another request are discarded."""
        pair = Pair()
        pair.to_service(pair.connector.head(200, b""))
        mixed = encode(Kind.BODY, 4, b"", b"late") + encode(Kind.BODY, 5, b"", b"mine")
        assert pair.to_service(mixed) == [(Kind.BODY, 0, 5, b"", b"mine")]

    def test_frames_without_an_id(self) -> None:
        """Id 0 is no request."""
        with pytest.raises(RemoteProtocolError):
            Pair().to_service(encode(Kind.HEAD, 0, HEAD))

    @pytest.mark.parametrize("kind", [Kind.ATTACHED, Kind.DETACH, Kind.GO])
    def test_kinds_that_only_the_service_sends(self, kind: Kind) -> None:
        """Each end takes only what the other may send."""
        with pytest.raises(RemoteProtocolError):
            Pair().to_service(encode(kind, 99))

    @pytest.mark.parametrize("kind", [Kind.ATTACH, Kind.HEAD, Kind.INFO])
    def test_kinds_that_only_the_connector_sends(self, kind: Kind) -> None:
        """The same the other way."""
        with pytest.raises(RemoteProtocolError):
            Pair().to_connector(encode(kind, 99))

    @pytest.mark.parametrize("kind", [Kind.HEAD, Kind.INFO, Kind.ABORT, Kind.STOP])
    def test_kinds_without_a_tail(self, kind: Kind) -> None:
        """What has no tail must not bring one."""
        with pytest.raises(RemoteProtocolError):
            Pair().to_service(encode(kind, 5, encode_response(103, b"") if kind == Kind.INFO else HEAD, b"x"))


class TestFloods:
    """What a peer may not do too often."""

    def test_empty_bodies(self) -> None:
        """A hundred empty BODY frames in a row are discarded, one more ends the connection; for any id."""
        for request_id in (5, 99):
            session = Pair().connector
            assert session.receive(encode(Kind.BODY, request_id) * 100, 0.0) == []
            with pytest.raises(RemoteProtocolError) as caught:
                session.receive(encode(Kind.BODY, request_id), 0.0)
            assert caught.value.code is Code.OVERLOADED

    def test_full_bodies_between_empty_ones(self) -> None:
        """Empty frames count only in a row, and never open the gate."""
        session = Pair().connector
        for _ in range(3):
            session.receive(encode(Kind.BODY, 5) * 60, 0.0)
            session.receive(encode(Kind.BODY, 5, b"", b"x"), 0.0)

    def test_interim_answers(self) -> None:
        """Eight interim answers pass, the ninth does not; the next request may have eight again."""
        pair = Pair()
        assert len(pair.to_service(pair.connector.info(103, b"") * 8)) == 8
        with pytest.raises(RemoteProtocolError) as caught:
            pair.to_service(pair.connector.info(103, b""))
        assert caught.value.code is Code.OVERLOADED
        pair = Pair(want_body=False)
        pair.to_service(pair.connector.info(103, b"") * 8 + pair.connector.head(200, b"") + pair.connector.end())
        pair.attach(6, False, True)
        assert len(pair.to_service(pair.connector.info(103, b"") * 8)) == 8

    def test_pings(self) -> None:
        """More PINGs at once than five hours bring end the connection."""
        session = Pair().service
        session.receive(encode(Kind.PING, 0, b"", b"12345678") * 400, 0.0)
        session.take_output()
        with pytest.raises(RemoteProtocolError) as caught:
            session.receive(encode(Kind.PING, 0, b"", b"12345678"), 0.0)
        assert caught.value.code is Code.OVERLOADED


class TestTime:
    """PING, and answers that do not come."""

    def test_silence_while_attached(self) -> None:
        """PING goes out after 60 s of silence while a request is attached; the answer counts as life."""
        pair = Pair()
        pair.service.tick(0.0)
        assert pair.service.next_tick() == 60.0
        pair.service.tick(60.0)
        pair.connector.receive(pair.service.take_output(), 60.0)
        assert pair.service.receive(pair.connector.take_output(), 61.0) == []
        assert pair.service.next_tick() == 121.0

    def test_pings_are_spread(self) -> None:
        """Many streams do not PING in the same second."""
        ticks = []
        for jitter in (0.0, 1.0):
            session = DataSession(Role.SERVICE, 0.0, jitter=jitter)
            session.receive(encode(Kind.ATTACH, 5, EPOCH.hex().encode(), b"", 3), 0.0)
            session.attached(5)
            session.tick(0.0)
            ticks.append(session.next_tick())
        assert ticks == pytest.approx([54.0, 66.0])

    def test_an_idle_connection_needs_no_clock(self) -> None:
        """Nothing is due while idle, however long."""
        session = DataSession(Role.SERVICE, 0.0)
        session.tick(10_000.0)
        assert session.next_tick() == float("inf")
        assert session.take_output() == b""

    def test_a_dead_peer_is_found(self) -> None:
        """A half-open connection with a request attached is given up after two PINGs."""
        session = Pair().service
        session.tick(0.0)
        session.tick(60.0)
        session.tick(120.0)
        with pytest.raises(RemoteProtocolError) as caught:
            session.tick(140.0)
        assert caught.value.code is Code.DEAD_PEER

    def test_a_paused_end_keeps_its_peer_alive(self) -> None:
        """A slow reader does not take the peer for dead, and PINGs so that the peer does not either."""
        pair = Pair()
        pair.service.reading = False
        pair.service.tick(0.0)
        for n in range(1, 300):
            now = 60.0 * n
            pair.service.tick(now)
            pair.connector.receive(pair.service.take_output(), now)
            pair.connector.tick(now)
        pair.service.reading = True
        pair.service.tick(now + 0.5)
        assert len(pair.service.receive(pair.connector.take_output(), now + 1)) == 0
        pair.service.tick(now + 1)

    def test_a_paused_end_waits_for_no_answer(self) -> None:
        """While an end does not read, nothing is taken for missing, however often the clock is asked; PING still leaves."""
        session = DataSession(Role.CONNECTOR, 0.0)
        session.attach(5, EPOCH, True, True)
        session.tick(0.0)
        session.reading = False
        for now in range(1, 61):
            session.tick(float(now))
        assert len(session.take_output()) == 20
        assert session.next_tick() == 120.0
        session.reading = True
        assert session.next_tick() == 65.0
        session.tick(64.0)
        with pytest.raises(RemoteProtocolError):
            session.tick(65.0)

    def test_a_paused_end_that_is_asked_seldom(self) -> None:
        """The same when the clock asks only when it has to."""
        session = DataSession(Role.CONNECTOR, 0.0)
        session.attach(5, EPOCH, True, True)
        session.tick(0.0)
        session.reading = False
        for _ in range(5):
            session.tick(session.next_tick())
        assert len(session.take_output()) == 5 * 20

    def test_attach_is_answered_in_five_seconds(self) -> None:
        """A stale connection is found soon: then the request attaches on a fresh one."""
        session = DataSession(Role.CONNECTOR, 0.0)
        session.receive(b"", 1000.0)
        session.attach(5, EPOCH, True, True)
        assert session.next_tick() <= 1000.0
        session.tick(1000.0)
        assert session.next_tick() == 1005.0
        with pytest.raises(RemoteProtocolError) as caught:
            session.tick(1005.0)
        assert caught.value.code is Code.DEAD_PEER

    def test_what_was_asked_is_looked_at_at_once(self) -> None:
        """Whoever asks has no clock: the time for the reply begins at the next look, which must not wait for a PING."""
        session = DataSession(Role.CONNECTOR, 0.0)
        session.receive(encode(Kind.PING, 0, b"", b"12345678"), 1000.0)
        session.attach(5, EPOCH, True, True)
        assert session.next_tick() == 1000.0
        session.tick(1001.0)
        session.receive(encode(Kind.ATTACHED, 5), 1002.0)
        assert session.next_tick() == 1062.0
        session.stop(Code.CANCELLED)
        assert session.next_tick() == 1002.0
        session.tick(1003.0)
        assert session.next_tick() == 1033.0

    def test_a_stop_is_answered_in_time(self) -> None:
        """A peer that goes on sending after STOP is dropped after 30 s."""
        pair = Pair()
        pair.to_service(pair.connector.head(200, b""))
        pair.service.tick(10.0)
        pair.service.stop(Code.CANCELLED)
        pair.service.tick(11.0)
        pair.service.receive(pair.connector.body(b"x"), 40.0)
        assert pair.service.next_tick() == 41.0
        with pytest.raises(RemoteProtocolError):
            pair.service.tick(41.0)

    def test_an_old_silence_does_not_count(self) -> None:
        """A connection that was idle for long starts afresh with ATTACH."""
        session = DataSession(Role.CONNECTOR, 0.0)
        session.attach(5, EPOCH, True, True)
        session.tick(1000.0)
        session.receive(encode(Kind.ATTACHED, 5), 1001.0)
        session.tick(1002.0)
        assert session.next_tick() == 1061.0


def payloads(kind: int) -> tuple[bytes, bytes]:
    """A well-formed head and tail of this kind."""
    heads = {
        Kind.ATTACH: EPOCH.hex().encode(), Kind.DETACH: CODE, Kind.ABORT: CODE, Kind.STOP: CODE, Kind.HEAD: HEAD,
        Kind.INFO: encode_response(103, b""), Kind.ERROR: encode_error(Goodbye(Code.PROTOCOL)),
    }
    tails = {Kind.BODY: b"data", Kind.PING: b"12345678", Kind.PONG: b"12345678"}
    return heads.get(Kind(kind), b""), tails.get(Kind(kind), b"")


@given(st.lists(st.tuples(st.sampled_from(sorted(DATA_LIMITS)), st.sampled_from([0, 5, 5, 5, 6]), st.integers(0, 3)),
                max_size=12),
       st.sampled_from(list(Role)), st.sampled_from([*DIRECTIONS, None]))
@settings(max_examples=120)
def test_any_frames_are_survived(
    frames: list[tuple[int, int, int]], role: Role, wanted: tuple[bool, bool] | None
) -> None:
    """Well-formed frames in any order: followed, discarded or blamed on the peer, and the ends stay consistent."""
    pair = Pair(*(wanted or (True, True)), attach=wanted is not None)
    session = pair.of(role)
    with suppress(RemoteProtocolError):
        for kind, request_id, flags in frames:
            head, tail = payloads(kind)
            session.receive(encode(kind, request_id, head, tail, flags), 0.0)
            assert len(session.take_output()) <= 100
            assert session.idle == (session.current == 0)
            if session.idle:
                assert session.sending_over and session.receiving_over


@st.composite
def any_frames(draw: st.DrawFn) -> bytes:
    """A frame of a known kind with any payload that fits."""
    kind = draw(st.sampled_from(sorted(DATA_LIMITS)))
    most = min(DATA_LIMITS[kind], 40)
    head = draw(st.binary(max_size=0 if kind == Kind.BODY else most))
    return encode(kind, draw(st.sampled_from([0, 5, 9])), head, draw(st.binary(max_size=most - len(head))),
                  draw(st.integers(0, 255)))


@given(any_frames(), st.sampled_from(list(Role)), st.sampled_from([*DIRECTIONS, None]))
@settings(max_examples=120)
def test_bad_payloads_are_blamed_on_the_peer(data: bytes, role: Role, wanted: tuple[bool, bool] | None) -> None:
    """Any payload in any kind is fine or a fault of the peer, nothing else."""
    session = Pair(*(wanted or (True, True)), attach=wanted is not None).of(role)
    with suppress(RemoteProtocolError):
        session.receive(data, 0.0)


VERBS = ["attach", "attached", "detach", "head", "info", "body", "end", "abort", "stop", "go"]


def say(pair: Pair, role: Role, verb: str) -> bytes:
    """What this end writes for a verb; nothing when the rules forbid it."""
    session = pair.of(role)
    made = {
        "attach": lambda: session.attach(session.current + 5, EPOCH, True, True),
        "attached": lambda: session.attached(session.current),
        "detach": lambda: session.detach(session.current, Code.UNKNOWN_REQUEST),
        "head": lambda: session.head(200, b""),
        "info": lambda: session.info(103, b""),
        "body": lambda: session.body(b"data"),
        "end": session.end,
        "abort": lambda: session.abort(Code.CANCELLED),
        "stop": lambda: session.stop(Code.CANCELLED),
        "go": session.go,
    }
    try:
        return made[verb]()
    except LocalProtocolError:
        return b""


@given(st.lists(st.tuples(st.sampled_from(list(Role)), st.sampled_from(VERBS), st.booleans()), max_size=40))
@settings(max_examples=120)
def test_two_honest_ends_never_blame_each_other(steps: list[tuple[Role, str, bool]]) -> None:
    """Whatever the two owners ask for, in any order and however late it arrives, neither end finds a fault."""
    pair = Pair(attach=False)
    wires = {role: b"" for role in Role}
    for number, (role, verb, deliver) in enumerate([*steps, *[(role, "", True) for role in Role] * 3]):
        # Nine interim answers would be too many; that is tested on its own.
        if verb and not (verb == "info" and number > 8):
            wires[role] += say(pair, role, verb)
        if deliver:
            other = Role.CONNECTOR if role is Role.SERVICE else Role.SERVICE
            data, wires[role] = wires[role], b""
            pair.of(other).receive(data, 0.0)
            wires[other] += pair.of(other).take_output()
    assert (pair.connector.idle, pair.connector.current) == (pair.service.idle, pair.service.current)


@given(st.lists(st.binary(max_size=200), max_size=10), st.lists(st.integers(1, 300), min_size=1, max_size=10),
       st.sampled_from(list(Role)))
@settings(max_examples=60)
def test_a_body_arrives_whole(pieces: list[bytes], cuts: list[int], role: Role) -> None:
    """However it was cut, a body arrives byte for byte, in order, and with its end."""
    pair = Pair()
    sender, receiver = pair.of(role), pair.connector if role is Role.SERVICE else pair.service
    wire = sender.head(200, b"") if role is Role.CONNECTOR else sender.go()
    wire += b"".join(sender.body(piece) for piece in pieces) + sender.end()
    got: list[Frame] = []
    at = n = 0
    while at < len(wire):
        size = cuts[n % len(cuts)]
        got += receiver.receive(wire[at : at + size], 0.0)
        at, n = at + size, n + 1
    assert b"".join(frame[4] for frame in got if frame[0] == Kind.BODY) == b"".join(pieces)
    assert got[-1][0] == Kind.END
    assert receiver.receiving_over


@given(st.lists(st.tuples(st.sampled_from(["body", "other", "cut", "ping", "empty"]), st.binary(min_size=1, max_size=40)),
                max_size=12), st.sampled_from(list(Role)))
def test_the_short_way_gives_what_the_long_one_gives(reads: list[tuple[str, bytes]], role: Role) -> None:
    """Whether a read is asked first if it is one piece makes no difference, but for the cost."""
    short, long = Pair(), Pair()
    sender = long.of(role)
    opening = sender.head(200, b"") if role is Role.CONNECTOR else sender.go()
    other = Role.CONNECTOR if role is Role.SERVICE else Role.SERVICE
    short.of(other).receive(opening, 0.0)
    long.of(other).receive(opening, 0.0)
    got: list[bytes] = []
    expected: list[bytes] = []
    for number, (what, data) in enumerate(reads, 1):
        frame = sender.body(data)
        reads_of = {"body": [frame], "other": [encode(Kind.BODY, 9, b"", data)], "empty": [encode(Kind.BODY, 5)],
                    "cut": [frame[: len(frame) // 2], frame[len(frame) // 2 :] + frame],
                    "ping": [frame + encode(Kind.PING, 0, b"", number.to_bytes(8)) + frame]}[what]
        for read in reads_of:
            piece = short.of(other).piece(read, float(number))
            got += [piece] if piece else [one[4] for one in short.of(other).receive(read, float(number))]
            expected += [one[4] for one in long.of(other).receive(read, float(number))]
            assert short.of(other).heard == long.of(other).heard == number
    assert b"".join(got) == b"".join(expected)
    assert short.of(other).take_output() == long.of(other).take_output()


def test_one_whole_piece_is_seen_as_such() -> None:
    """All else is for `receive`, which finds what is wrong with it; after the end and a stop that is all."""
    pair = Pair()
    service, connector = pair.service, pair.connector
    early = service.body(b"early")
    assert connector.piece(early, 1.0) == b"", "the gate was not open: `receive` has to follow that"
    pair.to_connector(early)
    frame = service.body(b"hello")
    assert connector.piece(frame, 2.0) == b"hello"
    assert connector.heard == 2.0
    for other in (frame[:-1], frame + b"x", frame + frame, encode(Kind.BODY, 9, b"", b"hello"), encode(Kind.BODY, 5),
                  encode(Kind.END, 5, b"", b"a: b\n"), HEADER.pack(5, Kind.BODY, 0, 1, 5) + b"hello",
                  HEADER.pack(65_537, Kind.BODY, 0, 0, 5) + bytes(65_537), b""):
        assert connector.piece(other, 3.0) == b""
    assert connector.heard == 2.0
    pair.to_connector(frame[:5])
    assert connector.piece(frame, 3.0) == b"", "a frame is under way"
    pair.to_connector(frame[5:14])
    assert connector.piece(frame, 3.0) == b"", "and its payload"
    pair.to_connector(frame[14:])
    assert connector.piece(frame, 3.0) == b"hello"
    connector.stop(Code.CANCELLED)
    assert connector.piece(frame, 4.0) == b"", "it is thrown away"


def test_pieces_count_between_empty_frames() -> None:
    """Full bodies between empty ones are no abuse, whichever way they were read."""
    pair = Pair()
    pair.to_connector(pair.service.go())
    for _ in range(3):
        for _ in range(TunnelLimits().empty_bodies):
            pair.to_connector(encode(Kind.BODY, 5))
        assert pair.connector.piece(pair.service.body(b"x"), 0.0) == b"x"


def test_nothing_of_a_body_is_kept() -> None:
    """A session holds no byte of a body that was given to its owner: memory does not grow with the body."""
    pair = Pair()
    for _ in range(20):
        pair.to_connector(pair.service.body(bytes(65536))[:40000])
        assert pair.connector.held == 0
        pair.to_connector(bytes(65536 + 12 - 40000))


def test_limits_are_settings() -> None:
    """A session follows the limits that it was given."""
    session = DataSession(Role.CONNECTOR, 0.0, TunnelLimits(attach_answer=1.0))
    session.attach(5, EPOCH, True, False)
    session.tick(0.0)
    assert session.next_tick() == 1.0
