"""What a user sends on one stream: who takes it, who waits, who is too slow."""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.http.h2.session import CONNECTION_WINDOW, FIRST_WINDOW, WINDOW
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.h2.exchange import H2Exchange
from tests.service.h2_place import Place, request
from tests.service.keeper import Keeper


class Counting(Keeper):
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
        place = Place()
        stream = place.ask(request(b"POST", b"/", (b"expect", b"100-continue")), None)
        place.user.send_data(stream, b"x" * 1_000_000)
        place.turn()
        assert place.responder.body == b"" and place.user.queued_body_size(stream) == 1_000_000 - FIRST_WINDOW
        place.responder.last.read_body(place.responder)
        place.turn()
        assert len(place.responder.body) == 1_000_000
        place.user.send_trailers(stream, [(b"checksum", b"1"), (b"authorization", b"x")])
        place.turn()
        assert place.responder.ended and place.responder.trailers == [(b"checksum", b"1")]
        assert place.responder.last.received == 1_000_000
        assert [type(event).__name__ for event in place.events][0] == "InformationalResponseReceived"

    @pytest.mark.parametrize("end", ["data", "empty", "trailers", "none", "later"])
    def test_a_body_that_came_with_its_head(self, end: str) -> None:
        """Its end is seen when the head is handed over, although its frames have not had their turn."""
        seen: list[bool] = []

        class Looking(Keeper):
            def __call__(self, exchange: Exchange) -> None:
                super().__call__(exchange)
                seen.append(exchange.has_whole_body)

        place = Place(Looking())
        other = place.ask(request(b"POST"), None)
        stream = place.user.send_request(request(b"POST"))
        place.user.send_data(stream, b"small", end_stream=end == "data")
        if end == "empty":
            place.user.end_stream(stream)
        elif end == "trailers":
            place.user.send_trailers(stream, [(b"checksum", b"1")])
        elif end == "none":
            place.user.end_stream(other)
        place.turn()
        if end == "later":
            place.user.end_stream(stream)
            place.turn()
            seen.append(place.responder.last.has_whole_body)
        assert seen[:2] == [False, end in ("data", "empty", "trailers")]
        assert seen[2:] == [True] * (end == "later")

    def test_a_reader_who_stops_stops_his_sender_and_no_other(self) -> None:
        """A paused body takes at most a window; another stream's goes on."""
        place = Place()
        slow, fast = Keeper(), Keeper()
        first = place.ask(request(b"POST"), None)
        read_gate = place.responder.last.read_body(slow)
        read_gate.pauseProducing()
        place.user.send_data(first, b"s" * 3_000_000)
        place.turn()
        assert slow.body == b"" and place.user.queued_body_size(first) == 3_000_000 - WINDOW
        second = place.ask(request(b"POST"), None)
        place.responder.last.read_body(fast)
        place.user.send_data(second, b"f" * 3_000_000, end_stream=True)
        place.turn()
        assert len(fast.body) == 3_000_000 and fast.ended
        read_gate.resumeProducing()
        place.turn()
        assert len(slow.body) == 3_000_000

    def test_many_stopped_readers_do_not_stop_the_connection(self) -> None:
        """99 streams whose readers have stopped hold up no other one, nor do they once they are gone."""
        place = Place()
        for _ in range(2):
            stopped = []
            for _ in range(99):
                stream = place.ask(request(b"POST"), None)
                stopped.append(stream)
                place.responder.last.read_body(Keeper()).pauseProducing()
                place.user.send_data(stream, b"s" * 300_000)
            place.turn()
            last = Counting()
            stream = place.ask(request(b"POST"), None)
            place.responder.last.read_body(last)
            place.user.send_data(stream, b"l" * 60_000_000, end_stream=True)
            place.turn()
            assert last.size == 60_000_000
            place.responder.last.answer(200, b"", b"")
            for exchange in place.responder.exchanges[-100:-1]:
                exchange.abort()
            place.turn()

    def test_an_early_answer_ends_the_upload(self) -> None:
        """The user hears the whole answer, and then that he need not go on."""
        place = Place()
        stream = place.ask(request(b"POST"), None)
        place.user.send_data(stream, b"x" * 1_000_000)
        place.turn()
        place.responder.last.answer(413, b"", b"too much")
        place.turn()
        assert place.body(stream) == b"too much" and place.ended(stream) and place.reset(stream) == 0
        assert not place.wire.disconnecting

    def test_a_long_early_answer_comes_whole(self) -> None:
        """The upload is ended only once the user has taken all of the answer."""
        place = Place(manual=True)
        stream = place.ask(request(b"POST"), None)
        place.responder.last.answer(413, b"", b"x" * 100_000)
        place.turn()
        assert len(place.body(stream)) == 65_535 and place.reset(stream) is None
        place.user.acknowledge_received_data(65_535, stream)
        place.turn()
        assert len(place.body(stream)) == 100_000 and place.ended(stream) and place.reset(stream) == 0

    @pytest.mark.parametrize("way", ["stopped", "answered", "broken", "left"])
    def test_what_nobody_takes_is_given_back(self, way: str) -> None:
        """However often bodies are not read, the connection's window does not run dry, and nothing is kept."""
        place = Place()
        for _ in range(300):
            stream = place.ask(request(b"POST"), None)
            exchange = place.responder.last
            read_gate = exchange.read_body(place.responder)
            if way == "stopped":
                exchange.stop_body()
            else:
                read_gate.pauseProducing()
            if way == "answered":
                exchange.answer(200, b"", b"ok")
            elif way == "broken":
                exchange.abort()
            if way == "stopped":
                place.turn()
            place.user.send_data(stream, b"x" * 200_000)
            place.connection.dataReceived(place.user.data_to_send())  # before the user can have heard of anything
            if way == "left":
                place.user.reset_stream(stream)
                place.clock.advance(0.1)
            elif way == "stopped":
                place.turn()
                exchange.answer(200, b"", b"ok")
            place.turn()
        assert place.responder.body == b"" and not place.wire.disconnecting
        assert place.user.remote_window_size > CONNECTION_WINDOW // 2 - 300_000

    def test_what_nobody_takes_is_not_kept(self) -> None:
        """It counts against the window, and is thrown away."""
        place = Place()
        stream = place.ask(request(b"POST"), None)
        exchange = place.responder.last
        exchange.read_body(place.responder)
        exchange.stop_body()
        place.user.send_data(stream, b"x" * 200_000)
        place.turn()
        assert isinstance(exchange, H2Exchange) and exchange.body is not None
        assert exchange.body._arrived == [] and exchange.body._owed == 200_000

    @pytest.mark.parametrize("body", [b"ab", b"abcdefg"])
    def test_a_body_that_is_not_of_its_length(self, body: bytes) -> None:
        """Whoever takes it hears that the user is at fault; it never ends as if it were whole."""
        place = Place()
        stream = place.ask(request(b"POST", b"/", (b"content-length", b"5")), None)
        place.responder.last.read_body(place.responder)
        place.user.send_data(stream, body, end_stream=True)
        place.turn()
        assert place.responder.left == [Code.CANCELLED] and not place.responder.ended
        assert place.reset(stream) == 1

    def test_trailers_without_end_are_refused(self) -> None:
        """As over HTTP/1.1: at most 32 lines."""
        place = Place()
        stream = place.ask(request(b"POST"), None)
        place.responder.last.read_body(place.responder)
        place.user.send_trailers(stream, [(b"a", b"b")] * 33)
        place.turn()
        assert place.head(stream)[b":status"] == b"431" and not place.responder.ended
        assert place.responder.left == [Code.HEAD_TOO_LARGE]


class TestSlowSenders:
    """Who may be slow, and how long."""

    def test_a_slow_upload_is_given_up(self) -> None:
        """Less than the rate asks for: 408."""
        place = Place()
        stream = place.ask(request(b"POST"), None)
        place.responder.last.read_body(place.responder)
        place.user.send_data(stream, b"x")
        place.advance(31)
        assert place.head(stream)[b":status"] == b"408" and place.responder.left == [Code.REQUEST_TIMEOUT]

    def test_a_paused_upload_is_not_the_users_fault(self) -> None:
        """While we pause him he is not slow."""
        place = Place()
        place.ask(request(b"POST"), None)
        place.responder.last.read_body(place.responder).pauseProducing()
        place.advance(200)
        assert place.responder.left == []

    def test_a_complete_upload_is_not_slow(self) -> None:
        """The application may think about it as long as it likes."""
        place = Place()
        stream = place.ask(request(b"POST"), b"all of it")
        place.responder.last.read_body(place.responder)
        place.advance(200)
        place.responder.last.answer(200, b"", b"ok")
        place.turn()
        assert place.responder.ended and place.responder.left == [] and place.body(stream) == b"ok"

    def test_an_upload_that_nobody_reads_has_no_rate(self) -> None:
        """Once the application reads no more, the user is not late; it may think about its answer."""
        place = Place()
        stream = place.ask(request(b"POST"), None)
        place.responder.last.read_body(place.responder)
        place.responder.last.stop_body()
        place.advance(200)
        place.responder.last.answer(200, b"", b"ok")
        place.turn()
        assert place.responder.left == [] and place.body(stream) == b"ok"

    @pytest.mark.parametrize("begun", [False, True])
    def test_a_quiet_grpc_stream_stays_open(self, begun: bool) -> None:
        """Messages now and then are what such streams are for; only 10 minutes without one end them."""
        place = Place()
        fields = [] if begun else [(b"content-type", b"application/grpc+proto")]
        stream = place.ask(request(b"POST", b"/", *fields), None)
        place.responder.last.read_body(place.responder)
        if begun:
            place.responder.last.start(200, b"", None)
        for _ in range(3):
            place.user.send_data(stream, b"m")
            place.advance(500)
        assert place.responder.left == [] and place.responder.body == b"mmm"
        place.advance(200)
        assert place.responder.left == [Code.REQUEST_TIMEOUT]
