"""What a user sends on one stream: who takes it, who waits, who is too slow."""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.http.h2.session import CONNECTION_WINDOW, FIRST_WINDOW, WINDOW
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.h2.exchange import H2Exchange
from tests.service.h2_rig import H2Rig, request
from tests.service.recording_responder import RecordingResponder


class Counting(RecordingResponder):
    """Counts a body's bytes, and keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0

    def body_received(self, data: bytes) -> None:
        self.size += len(data)


class TestBodies:
    """From the user to whoever takes them."""

    def test_a_body_waits_until_it_is_wanted(self) -> None:
        """No more than the first window comes before, and 100 Continue is said only then."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST", b"/", (b"expect", b"100-continue")), None)
        rig.user.send_data(stream, b"x" * 1_000_000)
        rig.turn()
        assert rig.responder.body == b"" and rig.user.queued_body_size(stream) == 1_000_000 - FIRST_WINDOW
        rig.responder.last.read_body(rig.responder)
        rig.turn()
        assert len(rig.responder.body) == 1_000_000
        rig.user.send_trailers(stream, [(b"checksum", b"1"), (b"authorization", b"x")])
        rig.turn()
        assert rig.responder.ended and rig.responder.trailers == [(b"checksum", b"1")]
        assert rig.responder.last.received == 1_000_000
        assert [type(event).__name__ for event in rig.events][0] == "InformationalResponseReceived"

    @pytest.mark.parametrize("end", ["data", "empty", "trailers", "none", "later"])
    def test_a_body_that_came_with_its_head(self, end: str) -> None:
        """Its end is seen when the head is handed over, although its frames have not had their turn."""
        seen: list[bool] = []

        class Looking(RecordingResponder):
            def __call__(self, exchange: Exchange) -> None:
                super().__call__(exchange)
                seen.append(exchange.has_whole_body)

        rig = H2Rig(Looking())
        other = rig.ask(request(b"POST"), None)
        stream = rig.user.send_request(request(b"POST"))
        rig.user.send_data(stream, b"small", end_stream=end == "data")
        if end == "empty":
            rig.user.end_stream(stream)
        elif end == "trailers":
            rig.user.send_trailers(stream, [(b"checksum", b"1")])
        elif end == "none":
            rig.user.end_stream(other)
        rig.turn()
        if end == "later":
            rig.user.end_stream(stream)
            rig.turn()
            seen.append(rig.responder.last.has_whole_body)
        assert seen[:2] == [False, end in ("data", "empty", "trailers")]
        assert seen[2:] == [True] * (end == "later")

    def test_a_reader_who_stops_stops_his_sender_and_no_other(self) -> None:
        """A paused body takes at most a window; another stream's goes on."""
        rig = H2Rig()
        slow, fast = RecordingResponder(), RecordingResponder()
        first = rig.ask(request(b"POST"), None)
        read_gate = rig.responder.last.read_body(slow)
        read_gate.pauseProducing()
        rig.user.send_data(first, b"s" * 3_000_000)
        rig.turn()
        assert slow.body == b"" and rig.user.queued_body_size(first) == 3_000_000 - WINDOW
        second = rig.ask(request(b"POST"), None)
        rig.responder.last.read_body(fast)
        rig.user.send_data(second, b"f" * 3_000_000, end_stream=True)
        rig.turn()
        assert len(fast.body) == 3_000_000 and fast.ended
        read_gate.resumeProducing()
        rig.turn()
        assert len(slow.body) == 3_000_000

    def test_many_stopped_readers_do_not_stop_the_connection(self) -> None:
        """99 streams whose readers have stopped hold up no other one, nor do they once they are gone."""
        rig = H2Rig()
        for _ in range(2):
            stopped = []
            for _ in range(99):
                stream = rig.ask(request(b"POST"), None)
                stopped.append(stream)
                rig.responder.last.read_body(RecordingResponder()).pauseProducing()
                rig.user.send_data(stream, b"s" * 300_000)
            rig.turn()
            last = Counting()
            stream = rig.ask(request(b"POST"), None)
            rig.responder.last.read_body(last)
            rig.user.send_data(stream, b"l" * 60_000_000, end_stream=True)
            rig.turn()
            assert last.size == 60_000_000
            rig.responder.last.answer(200, b"", b"")
            for exchange in rig.responder.exchanges[-100:-1]:
                exchange.abort()
            rig.turn()

    def test_an_early_answer_ends_the_upload(self) -> None:
        """The user hears the whole answer, and then that they need not go on."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST"), None)
        rig.user.send_data(stream, b"x" * 1_000_000)
        rig.turn()
        rig.responder.last.answer(413, b"", b"too much")
        rig.turn()
        assert rig.body(stream) == b"too much" and rig.ended(stream) and rig.reset(stream) == 0
        assert not rig.wire.disconnecting

    def test_a_long_early_answer_comes_whole(self) -> None:
        """The upload is ended only once the user has taken all of the answer."""
        rig = H2Rig(manual=True)
        stream = rig.ask(request(b"POST"), None)
        rig.responder.last.answer(413, b"", b"x" * 100_000)
        rig.turn()
        assert len(rig.body(stream)) == 65_535 and rig.reset(stream) is None
        rig.user.acknowledge_received_data(65_535, stream)
        rig.turn()
        assert len(rig.body(stream)) == 100_000 and rig.ended(stream) and rig.reset(stream) == 0

    @pytest.mark.parametrize("way", ["stopped", "answered", "broken", "left"])
    def test_what_nobody_takes_is_given_back(self, way: str) -> None:
        """However often bodies are not read, the connection's window does not run dry, and nothing is kept."""
        rig = H2Rig()
        for _ in range(300):
            stream = rig.ask(request(b"POST"), None)
            exchange = rig.responder.last
            read_gate = exchange.read_body(rig.responder)
            if way == "stopped":
                exchange.stop_body()
            else:
                read_gate.pauseProducing()
            if way == "answered":
                exchange.answer(200, b"", b"ok")
            elif way == "broken":
                exchange.abort()
            if way == "stopped":
                rig.turn()
            rig.user.send_data(stream, b"x" * 200_000)
            rig.connection.dataReceived(rig.user.data_to_send())  # before the user can have heard of anything
            if way == "left":
                rig.user.reset_stream(stream)
                rig.clock.advance(0.1)
            elif way == "stopped":
                rig.turn()
                exchange.answer(200, b"", b"ok")
            rig.turn()
        assert rig.responder.body == b"" and not rig.wire.disconnecting
        assert rig.user.remote_window_size > CONNECTION_WINDOW // 2 - 300_000

    def test_what_nobody_takes_is_not_kept(self) -> None:
        """It counts against the window, and is thrown away."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST"), None)
        exchange = rig.responder.last
        exchange.read_body(rig.responder)
        exchange.stop_body()
        rig.user.send_data(stream, b"x" * 200_000)
        rig.turn()
        assert isinstance(exchange, H2Exchange) and exchange.body is not None
        assert exchange.body._arrived == [] and exchange.body._owed == 200_000

    @pytest.mark.parametrize("body", [b"ab", b"abcdefg"])
    def test_a_body_that_is_not_of_its_length(self, body: bytes) -> None:
        """Whoever takes it hears that the user is at fault; it never ends as if it were whole."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST", b"/", (b"content-length", b"5")), None)
        rig.responder.last.read_body(rig.responder)
        rig.user.send_data(stream, body, end_stream=True)
        rig.turn()
        assert rig.responder.left == [Code.CANCELLED] and not rig.responder.ended
        assert rig.reset(stream) == 1

    def test_trailers_without_end_are_refused(self) -> None:
        """As over HTTP/1.1: at most 32 lines."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST"), None)
        rig.responder.last.read_body(rig.responder)
        rig.user.send_trailers(stream, [(b"a", b"b")] * 33)
        rig.turn()
        assert rig.head(stream)[b":status"] == b"431" and not rig.responder.ended
        assert rig.responder.left == [Code.HEAD_TOO_LARGE]


class TestSlowSenders:
    """Who may be slow, and how long."""

    def test_a_slow_upload_is_given_up(self) -> None:
        """Less than the rate asks for: 408."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST"), None)
        rig.responder.last.read_body(rig.responder)
        rig.user.send_data(stream, b"x")
        rig.advance(31)
        assert rig.head(stream)[b":status"] == b"408" and rig.responder.left == [Code.REQUEST_TIMEOUT]

    def test_a_paused_upload_is_not_the_users_fault(self) -> None:
        """While we pause them they are not slow."""
        rig = H2Rig()
        rig.ask(request(b"POST"), None)
        rig.responder.last.read_body(rig.responder).pauseProducing()
        rig.advance(200)
        assert rig.responder.left == []

    def test_a_complete_upload_is_not_slow(self) -> None:
        """The application may think about it as long as it likes."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST"), b"all of it")
        rig.responder.last.read_body(rig.responder)
        rig.advance(200)
        rig.responder.last.answer(200, b"", b"ok")
        rig.turn()
        assert rig.responder.ended and rig.responder.left == [] and rig.body(stream) == b"ok"

    def test_an_upload_that_nobody_reads_has_no_rate(self) -> None:
        """Once the application reads no more, the user is not late; it may think about its answer."""
        rig = H2Rig()
        stream = rig.ask(request(b"POST"), None)
        rig.responder.last.read_body(rig.responder)
        rig.responder.last.stop_body()
        rig.advance(200)
        rig.responder.last.answer(200, b"", b"ok")
        rig.turn()
        assert rig.responder.left == [] and rig.body(stream) == b"ok"

    @pytest.mark.parametrize("begun", [False, True])
    def test_a_quiet_grpc_stream_stays_open(self, begun: bool) -> None:
        """Messages now and then are what such streams are for; only 10 minutes without one end them."""
        rig = H2Rig()
        fields = [] if begun else [(b"content-type", b"application/grpc+proto")]
        stream = rig.ask(request(b"POST", b"/", *fields), None)
        rig.responder.last.read_body(rig.responder)
        if begun:
            rig.responder.last.start(200, b"", None)
        for _ in range(3):
            rig.user.send_data(stream, b"m")
            rig.advance(500)
        assert rig.responder.left == [] and rig.responder.body == b"mmm"
        rig.advance(200)
        assert rig.responder.left == [Code.REQUEST_TIMEOUT]
