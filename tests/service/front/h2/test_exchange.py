"""One stream: what was asked, what is answered, who waits for whom."""

from __future__ import annotations

import pytest
from ngh2 import Setting
from ngh2 import events as h2
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from appproxy.errors import Code
from appproxy.service.exchange.exchange import Exchange
from tests.service.h2_place import Place, request, web_socket

#: The example of RFC 6455 section 1.3: what the key of `h2_place` is answered with.
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@implementer(IPushProducer)
class Sender:
    """Whoever sends an answer; strict about being paused twice."""

    def __init__(self) -> None:
        self.running = True

    def pauseProducing(self) -> None:
        assert self.running, "paused twice"
        self.running = False

    def resumeProducing(self) -> None:
        assert not self.running, "woken while awake"
        self.running = True

    def stopProducing(self) -> None: ...


class TestAnswers:
    """From the exchange to the user."""

    def test_a_complete_answer(self) -> None:
        """Head and body come whole, with their length, and the access log hears of it once."""
        place = Place()
        stream = place.ask()
        place.responder.last.answer(200, b"content-type: text/plain\n", b"hello")
        place.turn()
        assert place.head(stream) == {b":status": b"200", b"content-type": b"text/plain", b"content-length": b"5"}
        assert place.body(stream) == b"hello" and place.ended(stream)
        assert [(one.status, one.sent) for one in place.log] == [(200, 5)]
        assert place.responder.left == []

    @pytest.mark.parametrize(
        ("method", "status", "fields"),
        [(b"HEAD", 200, b"content-length: 7\n"), (b"GET", 304, b"content-length: 7\n"), (b"GET", 204, b"")],
    )
    def test_an_answer_without_a_body(self, method: bytes, status: int, fields: bytes) -> None:
        """HEAD, 304 and 204 have none; a length in them describes what is not sent."""
        place = Place()
        stream = place.ask(request(method))
        place.responder.last.answer(status, fields, b"ignored")
        place.turn()
        assert place.body(stream) == b"" and place.ended(stream)
        assert place.head(stream).get(b"content-length") == (b"7" if fields else None)

    def test_a_length_of_the_application_is_said_once(self) -> None:
        """Its own, if it is right; else ours."""
        place = Place()
        for said in (b"5", b"4"):
            stream = place.ask()
            place.responder.last.answer(200, b"content-length: %b\n" % said, b"hello")
            place.turn()
            assert place.head(stream)[b"content-length"] == b"5" and place.body(stream) == b"hello"

    def test_a_streamed_answer_with_trailers(self) -> None:
        """Pieces come in their order, interim answers before them, trailers after."""
        place = Place()
        stream = place.ask()
        exchange = place.responder.last
        exchange.inform(103, b"link: </a.css>\n")
        exchange.start(200, b"a: b\n", None)
        exchange.write(b"one")
        place.turn()
        assert place.body(stream) == b"one" and not place.ended(stream)
        exchange.write(b"two")
        exchange.finish(b"grpc-status: 0\ngrpc-message: ok\n")
        place.turn()
        assert place.body(stream) == b"onetwo"
        assert place.trailers(stream) == [(b"grpc-status", b"0"), (b"grpc-message", b"ok")]
        assert place.ended(stream) and place.reset(stream) is None

    @pytest.mark.parametrize(("method", "length"), [(b"HEAD", 7), (b"POST", 0)])
    def test_a_streamed_answer_without_a_body_ends_with_its_head(self, method: bytes, length: int) -> None:
        """A client of gRPC takes a status there only if nothing follows; nobody left, though the end comes later."""
        place = Place()
        stream = place.ask(request(method), b"" if method == b"HEAD" else b"whole")
        exchange = place.responder.last
        exchange.start(200, b"grpc-status: 8\n", length)
        place.turn()
        heads = [event for event in place.events if isinstance(event, h2.ResponseReceived) and event.stream_id == stream]
        assert [event.end_stream for event in heads] == [True]
        exchange.write(b"nothing")
        exchange.finish()
        place.turn()
        assert place.body(stream) == b"" and place.reset(stream) is None
        assert [(one.status, one.failure) for one in place.log] == [(200, None)] and place.responder.left == []

    @pytest.mark.parametrize("pieces", [[b"abc"], [b"abcdefg"]])
    def test_a_wrong_length_breaks_the_answer(self, pieces: list[bytes]) -> None:
        """Fewer or more bytes than announced: the stream is reset, the others live."""
        place = Place()
        other, stream = place.ask(), place.ask()
        exchange = place.responder.last
        exchange.start(200, b"", 5)
        for piece in pieces:
            exchange.write(piece)
        exchange.finish()
        place.turn()
        assert place.reset(stream) == 2 and not place.ended(stream)
        assert place.log[0].failure is Code.ORIGIN_TRUNCATED
        place.responder.exchanges[0].answer(200, b"", b"x")
        place.turn()
        assert place.body(other) == b"x"

    def test_a_broken_answer_cannot_look_whole(self) -> None:
        """After abort the user sees a reset."""
        place = Place()
        stream = place.ask()
        place.responder.last.start(200, b"", None)
        place.responder.last.write(b"half")
        place.turn()
        place.responder.last.abort()
        place.turn()
        assert place.reset(stream) == 2 and not place.ended(stream) and len(place.log) == 1

    def test_nothing_of_a_connection_is_sent(self) -> None:
        """Fields that HTTP/2 forbids in answers do not leave."""
        place = Place()
        stream = place.ask()
        place.responder.last.answer(200, b"connection: close\ntransfer-encoding: chunked\nkeep-alive: 5\nx: y\n", b"")
        place.turn()
        assert place.head(stream) == {b":status": b"200", b"x": b"y", b"content-length": b"0"}

    def test_an_answer_to_a_user_who_left(self) -> None:
        """What is answered after a reset goes nowhere, and harms nobody."""
        place = Place()
        stream = place.ask()
        place.user.reset_stream(stream)
        place.turn()
        assert place.responder.left == [Code.CANCELLED]
        place.responder.last.answer(200, b"", b"late")
        place.turn()
        assert len(place.log) == 1 and place.log[0].failure is Code.CANCELLED
        assert not place.wire.disconnecting


class TestSlowReaders:
    """Who takes an answer slowly, or not at all."""

    def test_a_sender_waits_for_a_user_who_does_not_read(self) -> None:
        """A closed window of one stream pauses its sender; another one's goes on."""
        place = Place(manual=True)
        slow, fast = Sender(), Sender()
        first = place.ask()
        exchange = place.responder.last
        exchange.register_producer(slow)
        exchange.start(200, b"", None)
        exchange.write(b"x" * 65_535)
        place.turn()
        assert slow.running
        exchange.write(b"x" * 70_000)
        assert not slow.running
        place.user.set_local_window_size(1_000_000)
        second = place.ask()
        place.responder.last.register_producer(fast)
        place.responder.last.start(200, b"", None)
        place.responder.last.write(b"y" * 60_000)
        place.turn()
        assert len(place.body(second)) == 60_000 and fast.running and not slow.running
        place.user.acknowledge_received_data(65_535, first)
        place.turn()
        assert slow.running and len(place.body(first)) == 2 * 65_535

    def test_a_user_who_takes_nothing_is_left(self) -> None:
        """After the stall time the stream is reset; as long as he takes something, however little, it is not."""
        place = Place(manual=True)
        stream = place.ask()
        place.responder.last.start(200, b"", None)
        place.responder.last.write(b"x" * 200_000)
        place.turn()
        for _ in range(3):
            place.advance(80)
            place.user.acknowledge_received_data(40_000, stream)
            place.turn()
        place.advance(60)
        assert place.responder.left == []
        place.advance(121)
        assert place.responder.left == [Code.REQUEST_TIMEOUT] and place.reset(stream) == 8
        assert not place.wire.disconnecting and len(place.log) == 1


class Download(Sender):
    """Sends whenever it may: there is always more than the user's line takes."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    def resumeProducing(self) -> None:
        super().resumeProducing()
        while self.running:
            self._exchange.write(b"d" * 16_000)


class Narrow(Place):
    """A user whose line takes one batch a turn."""

    def __init__(self) -> None:
        super().__init__()
        self.user.update_settings({Setting.INITIAL_WINDOW_SIZE: 1 << 30})
        self.user.set_local_window_size(1 << 30)
        self.turn()
        written = self.wire.write

        def narrow(data: bytes) -> None:
            written(data)
            self.connection.pauseProducing()

        self.connection._send = narrow

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.turn()
            self.connection.resumeProducing()

    def download(self, priority: bytes) -> int:
        """Begin one without end."""
        stream = self.ask(prioritised(priority))
        exchange = self.responder.last
        sender = Download(exchange)
        exchange.register_producer(sender)
        exchange.start(200, b"", None)
        sender.running = False
        sender.resumeProducing()
        return stream


def prioritised(priority: bytes) -> list[tuple[bytes, bytes]]:
    return request(b"GET", b"/", *([(b"priority", priority)] if priority else []))


class TestSharing:
    """Whose bytes go first where the user's line is narrow."""

    @pytest.mark.parametrize(
        ("download", "page"),
        [(b"", b""), (b"u=0", b"u=5"), (b"u=0, i", b"u=1, i"), (b"u=3", b"")],
        ids=["nothing said", "urgent", "urgent and incremental", "one after the other"],
    )
    @pytest.mark.parametrize("streamed", [False, True])
    def test_a_download_holds_up_nobody(self, download: bytes, page: bytes, streamed: bool) -> None:
        """However urgent a long answer was said to be, a page that is asked for meanwhile comes at once."""
        place = Narrow()
        place.download(download)
        place.turns(40)
        assert place.responder.last.sent > 2_000_000
        stream = place.ask(prioritised(page))
        if streamed:
            place.responder.last.start(200, b"", None)
            place.responder.last.write(b"page" * 1000)
            place.responder.last.finish()
        else:
            place.responder.last.answer(200, b"", b"page" * 1000)
        place.turns(3)
        assert place.body(stream) == b"page" * 1000

    @pytest.mark.parametrize(("priority", "turns"), [(b"", 12), (b"", 80), (b"u=2", 80)])
    def test_answers_share(self, priority: bytes, turns: int) -> None:
        """Two that go on side by side get as much each, from the beginning where nothing was said, later in any case."""
        place = Narrow()
        streams = [place.download(priority) for _ in range(2)]
        place.turns(turns)
        sizes = sorted(len(place.body(stream)) for stream in streams)
        assert sizes[0] > (0 if turns < 80 else 1_000_000) and sizes[0] > sizes[1] // 4


class TestTunnels:
    """WebSocket over HTTP/2 (RFC 8441)."""

    def test_it_looks_like_an_upgrade(self) -> None:
        """Whoever answers sees what HTTP/1.1 would have said."""
        place = Place()
        place.ask(web_socket((b"sec-websocket-protocol", b"chat")), None)
        head = place.responder.last.head
        assert (head.method, head.target, head.upgrade, head.length) == (b"GET", b"/a", b"websocket", 0)
        assert head.get(b"sec-websocket-key") == b"dGhlIHNhbXBsZSBub25jZQ=="
        assert head.get(b"sec-websocket-protocol") == b"chat"

    def test_bytes_both_ways_and_an_end_each(self) -> None:
        """101 becomes 200; each direction ends by itself; the log says 101 once both have."""
        place = Place()
        stream = place.ask(web_socket(), None)
        exchange = place.responder.last
        exchange.switch(b"upgrade: websocket\nsec-websocket-accept: %b\nsec-websocket-protocol: chat\n" % ACCEPT,
                        place.responder)
        place.turn()
        assert place.head(stream) == {b":status": b"200", b"sec-websocket-protocol": b"chat"}
        place.user.send_data(stream, b"ping")
        exchange.write(b"pong")
        place.turn()
        assert place.responder.body == b"ping" and place.body(stream) == b"pong"
        exchange.finish()
        place.turn()
        assert place.ended(stream) and not place.responder.ended and place.log == []
        place.user.end_stream(stream)
        place.turn()
        assert place.responder.ended and place.responder.left == []
        assert [one.status for one in place.log] == [101] and place.log[0].failure is None

    def test_the_user_closes_first(self) -> None:
        """The application may still say something."""
        place = Place()
        stream = place.ask(web_socket(), None)
        exchange = place.responder.last
        exchange.switch(b"sec-websocket-accept: %b\n" % ACCEPT, place.responder)
        place.user.end_stream(stream)
        place.turn()
        assert place.responder.ended and place.responder.left == []
        exchange.write(b"bye")
        exchange.finish()
        place.turn()
        assert place.body(stream) == b"bye" and place.ended(stream) and len(place.log) == 1

    def test_a_user_who_is_gone(self) -> None:
        """A reset ends both directions."""
        place = Place()
        stream = place.ask(web_socket(), None)
        place.responder.last.switch(b"sec-websocket-accept: %b\n" % ACCEPT, place.responder)
        place.turn()
        place.user.reset_stream(stream)
        place.turn()
        assert place.responder.left == [Code.CANCELLED] and len(place.log) == 1

    def test_a_tunnel_that_breaks(self) -> None:
        """The user sees a reset, and the log has one line."""
        place = Place()
        stream = place.ask(web_socket(), None)
        place.responder.last.switch(b"sec-websocket-accept: %b\n" % ACCEPT, place.responder)
        place.turn()
        place.responder.last.abort()
        place.turn()
        assert place.reset(stream) == 2 and len(place.log) == 1

    def test_a_page_is_no_tunnel(self) -> None:
        """An application that answers 200 has opened nothing: the user must not believe it, streamed or not."""
        place = Place()
        for streamed in (False, True):
            stream = place.ask(web_socket(), None)
            exchange = place.responder.last
            if streamed:
                exchange.start(200, b"", None)
                exchange.write(b"<html>")
            else:
                exchange.answer(200, b"", b"<html>")
            place.turn()
            assert place.head(stream)[b":status"] == b"502"
            assert b"<html>" not in place.body(stream)[:6]
            assert exchange.failure is Code.UPGRADE_REFUSED
        assert place.responder.left == [Code.UPGRADE_REFUSED]

    def test_a_refusal_passes(self) -> None:
        """A redirect or an error says by itself that nothing is open."""
        place = Place()
        stream = place.ask(web_socket(), None)
        place.responder.last.answer(403, b"", b"no")
        place.turn()
        assert place.head(stream)[b":status"] == b"403" and place.body(stream) == b"no"

    def test_a_wrong_proof_opens_nothing(self) -> None:
        """An application that has not understood the handshake does not speak WebSocket."""
        place = Place()
        stream = place.ask(web_socket(), None)
        place.responder.last.switch(b"sec-websocket-accept: AAAA\n", place.responder)
        place.turn()
        assert place.head(stream)[b":status"] == b"502" and place.responder.left == [Code.UPGRADE_REFUSED]

    def test_a_program_is_told_in_json(self) -> None:
        """A refusal of ours is put as the request asks for."""
        place = Place()
        stream = place.ask(web_socket((b"accept", b"application/json")), None)
        place.responder.last.answer(200, b"", b"<html>")
        place.turn()
        assert place.head(stream)[b"content-type"] == b"application/problem+json"
