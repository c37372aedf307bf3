"""One request's life: from its REQ to its one final frame."""

from __future__ import annotations

from dataclasses import replace
from errno import EMFILE

import pytest
from twisted.internet.error import ConnectError, ConnectionRefusedError, DNSLookupError

from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.connector.requests.origin_timeout import TIMEOUT_MARGIN
from appproxy.connector.tunnel.signal import INLINE_SLOW, MOST_AHEAD
from appproxy.errors import Code
from appproxy.http.h1.client import End, Head
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import decode_code, decode_response, encode_request, request_flags
from tests.connector.rig import Rig, Wire, code, finals, request, send, send_whole

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/plain\r\n\r\nhello"


class TestSmallAnswers:
    """What needs no data connection."""

    def test_a_small_answer_goes_in_line(self, rig: Rig) -> None:
        """A GET and its small answer: one request head out, one RSP back."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        assert origin.take() == b"GET /page HTTP/1.1\r\nhost: wiki.corp\r\naccept: */*\r\n\r\n"
        origin.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
        assert len(rig.uplink.requests) == 0
        assert rig.ended[0].sent == 5

    def test_the_connection_to_the_application_is_used_again(self, rig: Rig) -> None:
        """The second request does not dial."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(OK)
        rig.settle()
        send(signal, 2)
        assert rig.origins_dialled == []
        origin.deliver(OK)
        assert [id for _, id, _ in finals(signal.read())] == [1, 2]

    def test_answers_come_in_any_order(self, rig: Rig) -> None:
        """A slow request does not hold up the next one."""
        signal = rig.online()
        send(signal, 1)
        send(signal, 2)
        slow, quick = rig.origin(), rig.origin()
        quick.deliver(OK)
        slow.deliver(OK)
        assert [id for _, id, _ in finals(signal.read())] == [2, 1]

    def test_a_connection_that_is_to_close_is_not_used_again(self, rig: Rig) -> None:
        """`Connection: close` is obeyed."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        assert origin.end == "lost"
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b""))]

    @pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 304), (b"GET", 204)])
    def test_answers_without_a_body(self, method: bytes, status: int, rig: Rig) -> None:
        """HEAD, 204 and 304 are over with their head, whatever length they name."""
        signal = rig.online()
        send(signal, 1, request(method))
        length = b"" if status == 204 else b"content-length: 7000\r\n"
        rig.origin().deliver(b"HTTP/1.1 %d Some\r\n%b\r\n" % (status, length))
        frames = signal.read()
        assert list(finals(frames)) == [(Kind.RSP, 1, (status, b""))]
        assert (b"content-length: 7000" in frames[0][3]) == bool(length)

    def test_interim_answers_are_passed_on(self, rig: Rig) -> None:
        """103 goes ahead of the answer; 100 Continue is between the application and us."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + OK)
        frames = signal.read()
        assert [Kind(frame[0]) for frame in frames] == [Kind.INFO, Kind.RSP]
        assert decode_response(frames[0][3]) == (103, b"link: </a>\n")

    def test_two_cookies_survive(self, rig: Rig) -> None:
        """A second Set-Cookie is not lost."""
        signal = rig.online()
        send(signal, 1)
        rig.origin().deliver(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\ncontent-length: 0\r\n\r\n")
        assert decode_response(signal.read()[0][3])[1] == b"set-cookie: a=1\nset-cookie: b=2\ncontent-length: 0\n"


class TestLongAnswers:
    """What goes on a data connection."""

    def test_the_head_leaves_at_once(self, rig: Rig) -> None:
        """Nobody waits for more of the body to decide: an event stream's first event is there at once."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n")
        assert data.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY]
        data.attached(1)
        origin.deliver(b"2\r\ncd\r\n")
        origin.deliver(b"0\r\nchecksum: 7\r\n\r\n")
        frames = data.read()
        assert [(Kind(frame[0]), frame[4]) for frame in frames] == [(Kind.BODY, b"cd"), (Kind.END, b"checksum: 7\n")]
        assert data.session.idle
        assert len(rig.uplink.requests) == 0
        assert signal.read() == []

    def test_too_long_for_in_line(self, rig: Rig) -> None:
        """A complete answer of more than 16 KiB goes on a data connection, in one write with ATTACH."""
        signal, data = rig.with_data()
        send(signal, 1)
        rig.origin().deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 20000\r\n\r\n" + bytes(20000))
        assert len(data.wire.written) == 1
        assert data.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]
        assert len(rig.uplink.requests) == 1
        data.attached(1)
        assert len(rig.uplink.requests) == 0

    def test_its_end_asks_whether_all_was_read(self, rig: Rig) -> None:
        """In the same write; with ATTACHED and PONG in one read the next answer has the connection at once."""
        signal, data = rig.with_data()
        idle = rig.uplink.pool.idle
        send(signal, 1, strict=True)
        rig.origin().deliver(OK)
        (written,) = data.wire.written
        assert written.endswith(encode(Kind.PING, 0, b"", bytes(7) + b"\x01"))
        assert rig.uplink.pool.idle == idle - 1
        data.session.receive(data.wire.take(), rig.clock.seconds())
        data.wire.deliver(data.session.attached(1) + data.session.take_output())
        assert rig.uplink.pool.idle == idle
        assert data.wire.take() == b""

    @pytest.mark.parametrize("later", [False, True])
    def test_who_has_not_read_all_keeps_the_connection(self, later: bool, rig: Rig) -> None:
        """ATTACHED alone says nothing of what was written behind it."""
        signal, data = rig.with_data()
        idle = rig.uplink.pool.idle
        send(signal, 1, strict=True)
        rig.origin().deliver(OK)
        data.session.receive(data.wire.take(), rig.clock.seconds())
        data.attached(1)
        assert (rig.uplink.pool.idle, data.wire.take()) == (idle - 1, b"")
        if later:
            data.wire.deliver(data.session.take_output())
        assert rig.uplink.pool.idle == idle - 1 + later

    @pytest.mark.parametrize("size", [16_385, DEFAULT_LIMITS.inline])
    @pytest.mark.parametrize(("limits", "in_line"), [({"inline": 49_152}, True), ({}, False), ({"inline": 16_384}, False)])
    def test_how_much_the_service_takes_in_line_it_says_itself(
        self, limits: dict[str, int], in_line: bool, size: int
    ) -> None:
        """In WELCOME; one that says nothing takes 16 KiB."""
        rig = Rig()
        rig.uplink.start()
        signal = rig.signal()
        signal.welcome(limits=limits)
        send(signal, 1)
        rig.origin().deliver(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + bytes(size))
        assert [kind for kind, _, _ in finals(signal.read())] == [Kind.RSP] * in_line

    @pytest.mark.parametrize(("ahead", "in_line"), [(0, True), (MOST_AHEAD, True), (MOST_AHEAD + 1, False)])
    def test_on_a_slow_link_others_do_not_wait_for_it(
        self, monkeypatch: pytest.MonkeyPatch, ahead: int, in_line: bool
    ) -> None:
        """What the service's machine has not acknowledged is what the next one would wait for; small ones go all the same."""
        monkeypatch.setattr("appproxy.connector.tunnel.signal.unacknowledged", lambda found: ahead)
        rig = Rig()
        signal, _ = rig.with_data()
        rig.uplink.requests.inline_limit = DEFAULT_LIMITS.inline
        for id, size in ((1, INLINE_SLOW), (2, INLINE_SLOW + 1)):
            send(signal, id)
            rig.origin().deliver(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + bytes(size))
        assert [id for _, id, _ in finals(signal.read())] == [1, 2][:1 + in_line]

    def test_strict_answers_never_go_in_line(self, rig: Rig) -> None:
        """With the STRICT flag even a small answer has its data connection."""
        signal, data = rig.with_data()
        send(signal, 1, strict=True)
        rig.origin().deliver(OK)
        assert data.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]
        assert signal.read() == []

    def test_trailers_never_go_in_line(self, rig: Rig) -> None:
        """RSP has no place for trailers."""
        signal, data = rig.with_data()
        send(signal, 1)
        rig.origin().deliver(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx: y\r\n\r\n")
        assert data.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]

    def test_a_truncated_answer_is_aborted(self, rig: Rig) -> None:
        """Fewer bytes than announced: ABORT, never END."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        data.read()
        data.attached(1)
        origin.half_close()
        frames = data.read()
        assert [Kind(frame[0]) for frame in frames] == [Kind.ABORT]
        assert decode_code(frames[0][3]) == (Code.ORIGIN_TRUNCATED, "closed within an answer")
        assert len(rig.uplink.requests) == 0
        assert data.session.idle

    def test_silence_in_an_answer_breaks_it(self, rig: Rig) -> None:
        """The data connection says so: what came before must not look complete. Nothing else is said of it."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        data.read()
        data.attached(1)
        (forward,) = rig.uplink.requests.under_way.values()
        forward.deadline_passed(rig.clock.seconds() + 600)
        assert [(Kind(frame[0]), decode_code(frame[3])[0]) for frame in data.read()] == [(Kind.ABORT, Code.ORIGIN_TIMEOUT)]
        assert (signal.read(), origin.end) == ([], "aborted")

    def test_a_body_that_ends_with_the_connection(self, rig: Rig) -> None:
        """Without length and chunks, only a clean close is the end."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.0 200 OK\r\n\r\nabc")
        data.read()
        data.attached(1)
        origin.half_close()
        assert data.kinds() == [Kind.END]

    def test_a_reset_is_no_clean_close(self, rig: Rig) -> None:
        """The same, cut off: ABORT."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.0 200 OK\r\n\r\nabc")
        data.read()
        data.attached(1)
        origin.lose(clean=False)
        assert data.kinds() == [Kind.ABORT]

    def test_the_user_stops_reading_for_good(self, rig: Rig) -> None:
        """STOP on the data connection resets the application's connection; ABORT is the answer."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.stop(Code.CANCELLED))
        assert origin.end == "aborted"
        assert data.kinds() == [Kind.ABORT]
        assert len(rig.uplink.requests) == 0

    def test_a_late_answer_after_silence(self, rig: Rig) -> None:
        """An answer that falls silent for 10 minutes is broken off."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        data.read()
        data.attached(1)
        for _ in range(61):
            rig.clock.advance(10)
            signal.read()
            self._alive(rig, signal, data)
        assert origin.end == "aborted"

    def _alive(self, rig: Rig, *peers: object) -> None:
        """The other connections say something, so that only the application is silent."""
        for peer in (rig.second, *peers):
            peer.keep_alive()  # type: ignore[attr-defined]


class TestBodiesInRequests:
    """REQs with all of a small body in their tail."""

    @pytest.mark.parametrize("size", [1, 5, DEFAULT_LIMITS.inline_body])
    def test_it_goes_to_the_application_with_its_head(self, size: int, rig: Rig) -> None:
        """In one write, with no data connection; the answer comes in line, and the connection is kept."""
        signal = rig.online()
        send_whole(signal, 1, b"POST", b"x" * size)
        origin = rig.origin()
        assert origin.take() == (
            b"POST /form HTTP/1.1\r\nhost: wiki.corp\r\naccept: */*\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)
        origin.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
        assert (rig.ended[0].attachment, len(rig.origins.of(rig.home))) == (None, 1)

    @pytest.mark.parametrize(("method", "again"), [(b"PUT", True), (b"POST", False)])
    def test_a_used_connection_that_closes_at_once(self, method: bytes, again: bool, rig: Rig) -> None:
        """The body is still here; but only what may be done twice is sent once more."""
        signal = rig.online()
        send(signal, 1)
        old = rig.origin()
        old.deliver(OK)
        rig.settle()
        send_whole(signal, 2, method, b"hello")
        old.half_close()
        if again:
            fresh = rig.origin()
            assert fresh.take().endswith(b"\r\n\r\nhello")
            fresh.deliver(OK)
            assert list(finals(signal.read()))[1:] == [(Kind.RSP, 2, (200, b"hello"))]
        else:
            assert list(finals(signal.read()))[1:] == [(Kind.FAIL, 2, Code.ORIGIN_CLOSED)]

    @pytest.mark.parametrize(("body", "length"), [(b"hello", 4), (b"hello", 6), (b"", 5), (b"hello", 0)])
    def test_a_length_that_is_not_the_bodys_breaks_the_connection(self, body: bytes, length: int, rig: Rig) -> None:
        """The application must not be told of another end than the user's: nothing of it is passed on."""
        signal = rig.online()
        send_whole(signal, 1, b"POST", body, length)
        assert [frame[0] for frame in signal.read()] == [Kind.ERROR]
        assert rig.origins_dialled == []

    def test_a_body_that_is_said_to_be_asked_for(self, rig: Rig) -> None:
        """It cannot be here already."""
        signal = rig.online()
        asked = request(b"POST", length=5)
        signal.send(Kind.REQ, 1, encode_request(asked), b"hello", request_flags(asked))
        assert [frame[0] for frame in signal.read()] == [Kind.ERROR]


class TestGate:
    """Requests with a body."""

    def test_nothing_is_written_before_the_body_begins(self, rig: Rig) -> None:
        """Neither head nor body reaches the application before the first BODY."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=4))
        origin = rig.origin()
        assert data.kinds() == [Kind.ATTACH]
        data.attached(1)
        assert origin.take() == b""
        data.wire.deliver(data.session.body(b"ab"))
        assert origin.take() == (
            b"POST /page HTTP/1.1\r\nhost: wiki.corp\r\naccept: */*\r\ncontent-length: 4\r\n\r\nab"
        )
        data.wire.deliver(data.session.body(b"cd") + data.session.end())
        assert origin.take() == b"cd"
        origin.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
        assert data.kinds() == []
        assert len(rig.uplink.requests) == 0
        assert rig.ended[0].upload is not None and rig.ended[0].upload.received == 4

    @pytest.mark.parametrize("length", [4, None])
    @pytest.mark.parametrize("whole", [True, False])
    def test_a_small_body_goes_once_more(self, length: int | None, whole: bool, rig: Rig) -> None:
        """PUT on a kept connection that ends before any answer: head and body go on a fresh one, and the rest follows."""
        signal, data = rig.with_data()
        send(signal, 1)
        kept = rig.origin()
        kept.deliver(OK)
        signal.read()
        kept.take()
        rig.settle()
        send(signal, 2, request(b"PUT", length=length))
        data.read()
        data.attached(2)
        data.wire.deliver(data.session.body(b"ab"))
        if whole:
            data.wire.deliver(data.session.body(b"cd") + data.session.end())
        first = kept.take()
        assert first
        kept.half_close()
        fresh = rig.origin()
        assert fresh.take() == first
        if not whole:
            data.wire.deliver(data.session.body(b"cd") + data.session.end())
            assert fresh.take() == (b"cd" if length else b"2\r\ncd\r\n0\r\n\r\n")
        fresh.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]

    def test_a_large_body_does_not(self, rig: Rig) -> None:
        """What is not kept cannot be sent again: the user is told."""
        signal, data = rig.with_data()
        send(signal, 1)
        kept = rig.origin()
        kept.deliver(OK)
        signal.read()
        rig.settle()
        send(signal, 2, request(b"PUT", length=100_000))
        data.read()
        data.attached(2)
        data.wire.deliver(data.session.body(b"a" * 50_000) + data.session.body(b"a" * 50_000) + data.session.end())
        kept.half_close()
        assert not rig.origins_dialled
        assert [kind for kind, _, _ in finals(signal.read())] == [Kind.FAIL]

    def test_a_connection_is_kept_once_all_of_the_body_was_sent(self, rig: Rig) -> None:
        """The application answers before the service has said that this was all: its connection has nothing more to carry."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=4))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"abcd"))
        origin.deliver(OK)
        assert origin.end == ""
        assert origin.producer is None
        assert Kind.STOP not in data.kinds()
        rig.settle()
        send(signal, 2)
        assert b"GET /page" in origin.take()
        data.wire.deliver(data.session.end())
        assert origin.take() == b""
        origin.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]
        assert len(rig.uplink.requests) == 0

    def test_an_answer_in_line_frees_the_data_connection(self, rig: Rig) -> None:
        """The next request attaches there without a word about the one before."""
        signal, data = rig.with_data()
        origins: list[Wire] = []
        for number in (1, 2):
            rig.settle()
            send(signal, number, request(b"POST", length=2))
            assert data.kinds() == [Kind.ATTACH]
            data.attached(number)
            data.wire.deliver(data.session.body(b"ab") + data.session.end())
            if not origins:
                origins.append(rig.origin())
            origins[0].deliver(OK)
            assert list(finals(signal.read())) == [(Kind.RSP, number, (200, b"hello"))]

    def test_an_answer_after_early_hints_stays_on_the_data_connection(self, rig: Rig) -> None:
        """An RSP could overtake the interim answer that went there."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=2))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"ab") + data.session.end())
        origin.deliver(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        origin.deliver(OK)
        assert data.kinds() == [Kind.INFO, Kind.HEAD, Kind.BODY, Kind.END]
        assert list(finals(signal.read())) == []

    def test_an_early_answer_goes_on_the_data_connection(self, rig: Rig) -> None:
        """While the body is under way it cannot be in line: the service would take the connection for free."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=4))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"ab"))
        origin.deliver(OK)
        assert data.kinds() == [Kind.HEAD, Kind.BODY, Kind.END, Kind.STOP]
        assert list(finals(signal.read())) == []

    def test_an_empty_body_opens_it_with_its_end(self, rig: Rig) -> None:
        """END alone is enough; the chunked body is empty then."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=None))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.end())
        assert origin.take().endswith(b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n")

    def test_go_opens_it_without_a_byte(self, rig: Rig) -> None:
        """GO sends the head on, for applications that speak first; trailers follow the body."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=None))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.go())
        assert origin.take().endswith(b"transfer-encoding: chunked\r\n\r\n")
        data.wire.deliver(data.session.body(b"abc") + data.session.end(b"x: y\n"))
        assert origin.take() == b"3\r\nabc\r\n0\r\nx: y\r\n\r\n"

    def test_the_body_may_come_before_the_connection(self, rig: Rig) -> None:
        """While the application is being dialled one read of the body is kept, and no more is read."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=4))
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"ab"))
        assert data.wire.paused
        origin = rig.origin()
        assert origin.take().endswith(b"\r\n\r\nab")
        assert not data.wire.paused

    def test_a_closed_connection_in_the_gate_is_replaced(self, rig: Rig) -> None:
        """Nothing was written yet, so even a POST may have another connection."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=2))
        rig.origin().lose(clean=True)
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"ab") + data.session.end())
        assert rig.origin().take().endswith(b"\r\n\r\nab")

    def test_an_application_that_closes_again_and_again(self, rig: Rig) -> None:
        """It is not dialled for ever."""
        signal, _ = rig.with_data()
        send(signal, 1, request(b"POST", length=2))
        rig.origin().lose(clean=True)
        rig.origin().lose(clean=True)
        assert rig.origins_dialled == []
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CLOSED)]

    def test_an_early_final_answer_stops_the_upload(self, rig: Rig) -> None:
        """The answer is delivered whole, the rest of the body is not wanted, and the connection is not used again."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=1000))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"ab"))
        origin.deliver(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        assert origin.end == "aborted"
        data.wire.deliver(data.session.body(b"was under way already"))
        assert data.kinds() == [Kind.HEAD, Kind.BODY, Kind.END, Kind.STOP]
        assert data.session.idle
        assert len(rig.uplink.requests) == 0
        assert rig.ended[0].code is None

    def test_an_answer_may_begin_while_the_body_goes_on(self, rig: Rig) -> None:
        """Both directions flow at once, as gRPC wants it."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=None))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.go())
        origin.take()
        origin.deliver(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n")
        assert data.kinds() == [Kind.HEAD, Kind.BODY]
        data.wire.deliver(data.session.body(b"more"))
        assert origin.take() == b"4\r\nmore\r\n"

    @pytest.mark.parametrize("begun", [False, True])
    def test_why_an_upload_failed_is_told(self, begun: bool, rig: Rig) -> None:
        """On the data connection, too: what comes there is what the service's log has."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=4))
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"ab"))
        if begun:
            origin = rig.origin()
            origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
            data.read()
            origin.half_close()
        else:
            rig.origins_dialled[-1].fail(ConnectionRefusedError("nobody listens"))
        aborts = [decode_code(frame[3]) for frame in data.read() if frame[0] == Kind.ABORT]
        assert [bool(why) for _, why in aborts] == [True]

    @pytest.mark.parametrize("body", [b"too long", b"x"])
    def test_a_body_of_another_length_is_refused(self, body: bytes, rig: Rig) -> None:
        """More or fewer bytes than announced never reach a connection that others will use."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=4))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(body) + data.session.end())
        assert origin.end == "aborted"
        assert b"too long" not in origin.take()
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.PROTOCOL)]

    def test_a_user_who_leaves_in_the_upload(self, rig: Rig) -> None:
        """ABORT of the body resets the application's connection: it must not take what came for the whole."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=None))
        origin = rig.origin()
        data.read()
        data.attached(1)
        data.wire.deliver(data.session.body(b"ab"))
        data.wire.deliver(data.session.abort(Code.CANCELLED))
        assert origin.end == "aborted"
        assert b"0\r\n\r\n" not in origin.take()
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]
        assert data.kinds() == [Kind.ABORT]
        assert data.session.idle


class TestFailures:
    """One request fails; the connector goes on."""

    @pytest.mark.parametrize(("error", "failure"), [
        (ConnectionRefusedError(), Code.ORIGIN_REFUSED),
        (DNSLookupError(), Code.ORIGIN_DNS),
    ])
    def test_no_connection(self, error: Exception, failure: Code, rig: Rig) -> None:
        """The user's error page can say what is wrong with the application."""
        signal = rig.online()
        send(signal, 1)
        rig.origins_dialled.pop().fail(error)
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, failure)]

    def test_no_file_for_a_connection(self, rig: Rig) -> None:
        """That is not the application's fault: another connector may have the request, whatever its method."""
        signal = rig.online()
        for id, method in ((1, b"GET"), (2, b"POST")):
            send(signal, id, request(method=method))
            rig.origins_dialled.pop().fail(ConnectError(EMFILE, "too many open files"))
            assert list(finals(signal.read())) == [(Kind.REJECT, id, Code.CONNECTOR_BUSY)]

    def test_connecting_takes_too_long(self, rig: Rig) -> None:
        """The application's connect timeout is kept."""
        signal = rig.online()
        send(signal, 1)
        rig.clock.advance(10.5)
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CONNECT_TIMEOUT)]

    def test_a_late_connection_is_not_kept(self, rig: Rig) -> None:
        """A connection that comes to stand after its request has gone is closed."""
        signal = rig.online()
        send(signal, 1)
        signal.send(Kind.CANCEL, 1, code())
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]
        assert rig.origins_dialled[0].answer.called

    def test_a_used_connection_that_closes_at_once(self, rig: Rig) -> None:
        """An idempotent request is sent once more on a fresh connection; the user notices nothing."""
        signal = rig.online()
        send(signal, 1)
        old = rig.origin()
        old.deliver(OK)
        send(signal, 2)
        old.half_close()
        rig.origin().deliver(OK)
        assert [(kind, id) for kind, id, _ in finals(signal.read())] == [(Kind.RSP, 1), (Kind.RSP, 2)]

    def test_only_once(self, rig: Rig) -> None:
        """The second connection is fresh: its close is the application's answer."""
        signal = rig.online()
        send(signal, 1)
        old = rig.origin()
        old.deliver(OK)
        send(signal, 2)
        old.half_close()
        rig.origin().half_close()
        assert list(finals(signal.read()))[1:] == [(Kind.FAIL, 2, Code.ORIGIN_CLOSED)]

    def test_never_what_must_not_be_done_twice(self, rig: Rig) -> None:
        """A POST without a body that was written to a used connection is not repeated."""
        signal = rig.online()
        send(signal, 1)
        old = rig.origin()
        old.deliver(OK)
        rig.settle()
        send(signal, 2, request(b"POST", length=0))
        old.half_close()
        assert list(finals(signal.read()))[1:] == [(Kind.FAIL, 2, Code.ORIGIN_CLOSED)]
        assert rig.origins_dialled == []

    def test_never_after_the_first_byte(self, rig: Rig) -> None:
        """An answer that had begun is not asked for again."""
        signal = rig.online()
        send(signal, 1)
        old = rig.origin()
        old.deliver(OK)
        rig.settle()
        send(signal, 2)
        old.deliver(b"HTTP/1.1 2")
        old.half_close()
        assert list(finals(signal.read()))[1:] == [(Kind.FAIL, 2, Code.ORIGIN_TRUNCATED)]

    def test_garbage(self, rig: Rig) -> None:
        """An answer that is not HTTP fails the request and closes the connection."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"SSH-2.0-OpenSSH\r\n\r\n")
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_MALFORMED)]
        assert origin.end == "aborted"

    def test_a_head_that_the_tunnel_cannot_carry(self, rig: Rig) -> None:
        """It is a little stricter than the reader of answers: the request fails, and the tunnel's connection lives."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        (forward,) = rig.uplink.requests.under_way.values()
        assert isinstance(forward, OriginRequest)
        forward.answer_received([Head(200, b"x" * 100_000 + b": 1\n", None, False, False), End(b"", True)])
        ((kind, id, _),) = finals(signal.read())
        assert (kind, id, origin.end) == (Kind.FAIL, 1, "aborted")

    def test_the_application_is_too_slow(self, rig: Rig) -> None:
        """After the back-end timeout and a margin, in which the service's own CANCEL should have come."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        for _ in range(9):
            rig.clock.advance(10.1)
            signal.read()
            signal.keep_alive()
            rig.second.keep_alive()
        assert origin.end == "aborted"
        assert [ended.code for ended in rig.ended] == [Code.ORIGIN_TIMEOUT]

    def test_cancel(self, rig: Rig) -> None:
        """CANCEL resets the connection to the application at once and is answered, so that the slot becomes free."""
        signal = rig.online()
        send(signal, 1)
        origin = rig.origin()
        signal.send(Kind.CANCEL, 1, code())
        assert origin.end == "aborted"
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]

    def test_cancel_inside_an_answer(self, rig: Rig) -> None:
        """The final frame then is ABORT on the data connection."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        data.read()
        data.attached(1)
        signal.send(Kind.CANCEL, 1, code())
        assert origin.end == "aborted"
        assert data.kinds() == [Kind.ABORT]
        assert signal.read() == []

    def test_the_data_connection_is_lost_inside_an_answer(self, rig: Rig) -> None:
        """Nobody can have the rest; the application is told at once."""
        signal, data = rig.with_data()
        send(signal, 1)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        data.read()
        data.attached(1)
        data.wire.lose()
        assert origin.end == "aborted"
        assert rig.ended[0].code is Code.CONNECTOR_LOST

    def test_a_second_attach_that_is_refused(self, rig: Rig) -> None:
        """DETACH: the service no longer knows the request; the application's connection is closed."""
        signal, data = rig.with_data()
        send(signal, 1, strict=True)
        origin = rig.origin()
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        data.read()
        data.wire.deliver(data.session.detach(1, Code.UNKNOWN_REQUEST))
        assert origin.end == "aborted"
        assert rig.uplink.pool.idle == 2
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.UNKNOWN_REQUEST)]

    @pytest.mark.parametrize("first", ["CANCEL", "DETACH"])
    def test_the_user_leaves_before_a_whole_answer_is_attached(self, first: str, rig: Rig) -> None:
        """What was written behind an ATTACH that is refused counts for nothing: the slot still becomes free."""
        signal, data = rig.with_data()
        send(signal, 1, strict=True)
        rig.origin().deliver(OK)
        assert data.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]
        for step in (first, "DETACH" if first == "CANCEL" else "CANCEL"):
            if step == "CANCEL":
                signal.send(Kind.CANCEL, 1, code())
            else:
                data.wire.deliver(data.session.detach(1, Code.UNKNOWN_REQUEST))
        expected = Code.CANCELLED if first == "CANCEL" else Code.UNKNOWN_REQUEST
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, expected)]


def test_an_application_may_take_an_hour(rig: Rig) -> None:
    """The time that the service gives is the time that the connector waits, and a little more."""
    signal = rig.online()
    send(signal, 1, replace(request(), timeout=3600.0))
    rig.origin()
    keep = list(rig.uplink.requests.under_way.values())
    assert keep[0].deadline == rig.clock.seconds() + 3600.0 + TIMEOUT_MARGIN


def test_an_application_that_speaks_something_else(rig: Rig) -> None:
    """It greets in its own way and waits: the request fails at once."""
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(b"SSH-2.0-OpenSSH_9.6\r\n")
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_MALFORMED)]
    assert origin.end == "aborted"
