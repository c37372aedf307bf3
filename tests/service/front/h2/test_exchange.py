"""One stream: what was asked, what is answered, who waits for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ngh2 import Setting
from ngh2 import events as h2
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from appproxy.errors import Code
from appproxy.service.exchange.exchange import Exchange
from tests.service.h2_rig import H2Rig, request, web_socket

#: The example of RFC 6455 section 1.3: what the key of `h2_rig` is answered with.
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
        rig = H2Rig()
        stream = rig.ask()
        rig.responder.last.answer(200, b"content-type: text/plain\n", b"hello")
        rig.turn()
        assert rig.head(stream) == {b":status": b"200", b"content-type": b"text/plain", b"content-length": b"5"}
        assert rig.body(stream) == b"hello" and rig.ended(stream)
        assert [(one.status, one.sent) for one in rig.log] == [(200, 5)]
        assert rig.responder.left == []

    @pytest.mark.parametrize(
        ("method", "status", "fields"),
        [(b"HEAD", 200, b"content-length: 7\n"), (b"GET", 304, b"content-length: 7\n"), (b"GET", 204, b"")],
    )
    def test_an_answer_without_a_body(self, method: bytes, status: int, fields: bytes) -> None:
        """HEAD, 304 and 204 have none; a length in them describes what is not sent."""
        rig = H2Rig()
        stream = rig.ask(request(method))
        rig.responder.last.answer(status, fields, b"ignored")
        rig.turn()
        assert rig.body(stream) == b"" and rig.ended(stream)
        assert rig.head(stream).get(b"content-length") == (b"7" if fields else None)

    def test_a_length_of_the_application_is_said_once(self) -> None:
        """Its own, if it is right; else ours."""
        rig = H2Rig()
        for said in (b"5", b"4"):
            stream = rig.ask()
            rig.responder.last.answer(200, b"content-length: %b\n" % said, b"hello")
            rig.turn()
            assert rig.head(stream)[b"content-length"] == b"5" and rig.body(stream) == b"hello"

    def test_a_streamed_answer_with_trailers(self) -> None:
        """Pieces come in their order, interim answers before them, trailers after."""
        rig = H2Rig()
        stream = rig.ask()
        exchange = rig.responder.last
        exchange.inform(103, b"link: </a.css>\n")
        exchange.start(200, b"a: b\n", None)
        exchange.write(b"one")
        rig.turn()
        assert rig.body(stream) == b"one" and not rig.ended(stream)
        exchange.write(b"two")
        exchange.finish(b"grpc-status: 0\ngrpc-message: ok\n")
        rig.turn()
        assert rig.body(stream) == b"onetwo"
        assert rig.trailers(stream) == [(b"grpc-status", b"0"), (b"grpc-message", b"ok")]
        assert rig.ended(stream) and rig.reset(stream) is None

    @pytest.mark.parametrize(("method", "length"), [(b"HEAD", 7), (b"POST", 0)])
    def test_a_streamed_answer_without_a_body_ends_with_its_head(self, method: bytes, length: int) -> None:
        """A client of gRPC takes a status there only if nothing follows; nobody left, though the end comes later."""
        rig = H2Rig()
        stream = rig.ask(request(method), b"" if method == b"HEAD" else b"whole")
        exchange = rig.responder.last
        exchange.start(200, b"grpc-status: 8\n", length)
        rig.turn()
        heads = [event for event in rig.events if isinstance(event, h2.ResponseReceived) and event.stream_id == stream]
        assert [event.end_stream for event in heads] == [True]
        exchange.write(b"nothing")
        exchange.finish()
        rig.turn()
        assert rig.body(stream) == b"" and rig.reset(stream) is None
        assert [(one.status, one.failure) for one in rig.log] == [(200, None)] and rig.responder.left == []

    @pytest.mark.parametrize("pieces", [[b"abc"], [b"abcdefg"]])
    def test_a_wrong_length_breaks_the_answer(self, pieces: list[bytes]) -> None:
        """Fewer or more bytes than announced: the stream is reset, the others live."""
        rig = H2Rig()
        other, stream = rig.ask(), rig.ask()
        exchange = rig.responder.last
        exchange.start(200, b"", 5)
        for piece in pieces:
            exchange.write(piece)
        exchange.finish()
        rig.turn()
        assert rig.reset(stream) == 2 and not rig.ended(stream)
        assert rig.log[0].failure is Code.ORIGIN_TRUNCATED
        rig.responder.exchanges[0].answer(200, b"", b"x")
        rig.turn()
        assert rig.body(other) == b"x"

    def test_a_broken_answer_cannot_look_whole(self) -> None:
        """After abort the user sees a reset."""
        rig = H2Rig()
        stream = rig.ask()
        rig.responder.last.start(200, b"", None)
        rig.responder.last.write(b"half")
        rig.turn()
        rig.responder.last.abort()
        rig.turn()
        assert rig.reset(stream) == 2 and not rig.ended(stream) and len(rig.log) == 1

    def test_nothing_of_a_connection_is_sent(self) -> None:
        """Fields that HTTP/2 forbids in answers do not leave."""
        rig = H2Rig()
        stream = rig.ask()
        rig.responder.last.answer(200, b"connection: close\ntransfer-encoding: chunked\nkeep-alive: 5\nx: y\n", b"")
        rig.turn()
        assert rig.head(stream) == {b":status": b"200", b"x": b"y", b"content-length": b"0"}

    def test_an_answer_to_a_user_who_left(self) -> None:
        """What is answered after a reset goes nowhere, and harms nobody."""
        rig = H2Rig()
        stream = rig.ask()
        rig.user.reset_stream(stream)
        rig.turn()
        assert rig.responder.left == [Code.CANCELLED]
        rig.responder.last.answer(200, b"", b"late")
        rig.turn()
        assert len(rig.log) == 1 and rig.log[0].failure is Code.CANCELLED
        assert not rig.wire.disconnecting


class TestSlowReaders:
    """Who takes an answer slowly, or not at all."""

    def test_a_sender_waits_for_a_user_who_does_not_read(self) -> None:
        """A closed window of one stream pauses its sender; another one's goes on."""
        rig = H2Rig(manual=True)
        slow, fast = Sender(), Sender()
        first = rig.ask()
        exchange = rig.responder.last
        exchange.register_producer(slow)
        exchange.start(200, b"", None)
        exchange.write(b"x" * 65_535)
        rig.turn()
        assert slow.running
        exchange.write(b"x" * 70_000)
        assert not slow.running
        rig.user.set_local_window_size(1_000_000)
        second = rig.ask()
        rig.responder.last.register_producer(fast)
        rig.responder.last.start(200, b"", None)
        rig.responder.last.write(b"y" * 60_000)
        rig.turn()
        assert len(rig.body(second)) == 60_000 and fast.running and not slow.running
        rig.user.acknowledge_received_data(65_535, first)
        rig.turn()
        assert slow.running and len(rig.body(first)) == 2 * 65_535

    def test_a_user_who_takes_nothing_is_left(self) -> None:
        """After the stall time the stream is reset; as long as they take something, however little, it is not."""
        rig = H2Rig(manual=True)
        stream = rig.ask()
        rig.responder.last.start(200, b"", None)
        rig.responder.last.write(b"x" * 200_000)
        rig.turn()
        for _ in range(3):
            rig.advance(80)
            rig.user.acknowledge_received_data(40_000, stream)
            rig.turn()
        rig.advance(60)
        assert rig.responder.left == []
        rig.advance(121)
        assert rig.responder.left == [Code.REQUEST_TIMEOUT] and rig.reset(stream) == 8
        assert not rig.wire.disconnecting and len(rig.log) == 1


class Download(Sender):
    """Sends whenever it may: there is always more than the user's line takes."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    def resumeProducing(self) -> None:
        super().resumeProducing()
        while self.running:
            self._exchange.write(b"d" * 16_000)


class Narrow(H2Rig):
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
        rig = Narrow()
        rig.download(download)
        rig.turns(40)
        assert rig.responder.last.sent > 2_000_000
        stream = rig.ask(prioritised(page))
        if streamed:
            rig.responder.last.start(200, b"", None)
            rig.responder.last.write(b"page" * 1000)
            rig.responder.last.finish()
        else:
            rig.responder.last.answer(200, b"", b"page" * 1000)
        rig.turns(3)
        assert rig.body(stream) == b"page" * 1000

    @pytest.mark.parametrize(("priority", "turns"), [(b"", 12), (b"", 80), (b"u=2", 80)])
    def test_answers_share(self, priority: bytes, turns: int) -> None:
        """Two that go on side by side get as much each, from the beginning where nothing was said, later in any case."""
        rig = Narrow()
        streams = [rig.download(priority) for _ in range(2)]
        rig.turns(turns)
        sizes = sorted(len(rig.body(stream)) for stream in streams)
        assert sizes[0] > (0 if turns < 80 else 1_000_000) and sizes[0] > sizes[1] // 4


class TestTunnels:
    """WebSocket over HTTP/2 (RFC 8441)."""

    def test_it_looks_like_an_upgrade(self) -> None:
        """Whoever answers sees what HTTP/1.1 would have said."""
        rig = H2Rig()
        rig.ask(web_socket((b"sec-websocket-protocol", b"chat")), None)
        head = rig.responder.last.head
        assert (head.method, head.target, head.upgrade, head.length) == (b"GET", b"/a", b"websocket", 0)
        assert head.get(b"sec-websocket-key") == b"dGhlIHNhbXBsZSBub25jZQ=="
        assert head.get(b"sec-websocket-protocol") == b"chat"

    def test_bytes_both_ways_and_an_end_each(self) -> None:
        """101 becomes 200; each direction ends by itself; the log says 101 once both have."""
        rig = H2Rig()
        stream = rig.ask(web_socket(), None)
        exchange = rig.responder.last
        exchange.switch(b"upgrade: websocket\nsec-websocket-accept: %b\nsec-websocket-protocol: chat\n" % ACCEPT,
                        rig.responder)
        rig.turn()
        assert rig.head(stream) == {b":status": b"200", b"sec-websocket-protocol": b"chat"}
        rig.user.send_data(stream, b"ping")
        exchange.write(b"pong")
        rig.turn()
        assert rig.responder.body == b"ping" and rig.body(stream) == b"pong"
        exchange.finish()
        rig.turn()
        assert rig.ended(stream) and not rig.responder.ended and rig.log == []
        rig.user.end_stream(stream)
        rig.turn()
        assert rig.responder.ended and rig.responder.left == []
        assert [one.status for one in rig.log] == [101] and rig.log[0].failure is None

    def test_the_user_closes_first(self) -> None:
        """The application may still say something."""
        rig = H2Rig()
        stream = rig.ask(web_socket(), None)
        exchange = rig.responder.last
        exchange.switch(b"sec-websocket-accept: %b\n" % ACCEPT, rig.responder)
        rig.user.end_stream(stream)
        rig.turn()
        assert rig.responder.ended and rig.responder.left == []
        exchange.write(b"bye")
        exchange.finish()
        rig.turn()
        assert rig.body(stream) == b"bye" and rig.ended(stream) and len(rig.log) == 1

    def test_a_user_who_is_gone(self) -> None:
        """A reset ends both directions."""
        rig = H2Rig()
        stream = rig.ask(web_socket(), None)
        rig.responder.last.switch(b"sec-websocket-accept: %b\n" % ACCEPT, rig.responder)
        rig.turn()
        rig.user.reset_stream(stream)
        rig.turn()
        assert rig.responder.left == [Code.CANCELLED] and len(rig.log) == 1

    @pytest.mark.parametrize("finished", [False, True])
    def test_a_tunnel_that_is_over_both_ways(self, finished: bool) -> None:
        """The stream ends behind what was written, and that is no failure; the user's half is not waited for."""
        rig = H2Rig()
        stream = rig.ask(web_socket(), None)
        exchange = rig.responder.last
        exchange.switch(b"sec-websocket-accept: %b\n" % ACCEPT, rig.responder)
        exchange.write(b"bye")
        if finished:
            exchange.finish()
        exchange.end_stream()
        rig.turn()
        assert rig.body(stream) == b"bye" and rig.ended(stream) and len(rig.log) == 1 and rig.log[0].failure is None
        rig.turn()
        assert rig.reset(stream) == 0 and rig.responder.left == [] and len(rig.log) == 1

    def test_a_tunnel_that_breaks(self) -> None:
        """The user sees a reset, and the log has one line."""
        rig = H2Rig()
        stream = rig.ask(web_socket(), None)
        rig.responder.last.switch(b"sec-websocket-accept: %b\n" % ACCEPT, rig.responder)
        rig.turn()
        rig.responder.last.abort()
        rig.turn()
        assert rig.reset(stream) == 2 and len(rig.log) == 1

    def test_a_page_is_no_tunnel(self) -> None:
        """An application that answers 200 has opened nothing: the user must not believe it, streamed or not."""
        rig = H2Rig()
        for streamed in (False, True):
            stream = rig.ask(web_socket(), None)
            exchange = rig.responder.last
            if streamed:
                exchange.start(200, b"", None)
                exchange.write(b"<html>")
            else:
                exchange.answer(200, b"", b"<html>")
            rig.turn()
            assert rig.head(stream)[b":status"] == b"502"
            assert b"<html>" not in rig.body(stream)[:6]
            assert exchange.failure is Code.UPGRADE_REFUSED
        assert rig.responder.left == [Code.UPGRADE_REFUSED]

    def test_a_refusal_passes(self) -> None:
        """A redirect or an error says by itself that nothing is open."""
        rig = H2Rig()
        stream = rig.ask(web_socket(), None)
        rig.responder.last.answer(403, b"", b"no")
        rig.turn()
        assert rig.head(stream)[b":status"] == b"403" and rig.body(stream) == b"no"

    def test_a_wrong_proof_opens_nothing(self) -> None:
        """An application that has not understood the handshake does not speak WebSocket."""
        rig = H2Rig()
        stream = rig.ask(web_socket(), None)
        rig.responder.last.switch(b"sec-websocket-accept: AAAA\n", rig.responder)
        rig.turn()
        assert rig.head(stream)[b":status"] == b"502" and rig.responder.left == [Code.UPGRADE_REFUSED]

    def test_a_program_is_told_in_json(self) -> None:
        """A refusal of ours is put as the request asks for."""
        rig = H2Rig()
        stream = rig.ask(web_socket((b"accept", b"application/json")), None)
        rig.responder.last.answer(200, b"", b"<html>")
        rig.turn()
        assert rig.head(stream)[b"content-type"] == b"application/problem+json"


def test_another_request_in_its_place() -> None:
    """It goes on with that one's head, and with all of its body, which does not come from the stream."""
    rig = H2Rig()
    rig.ask(request(b"POST"))
    exchange, pieces, ended = rig.responder.last, [], []

    class Reader:
        def body_received(self, data: bytes) -> None:
            pieces.append(data)

        def body_ended(self, trailers: object) -> None:
            ended.append(trailers)

    exchange.replace(replace(exchange.head, target=b"/other", length=40_000), b"y" * 40_000)
    exchange.read_body(Reader())
    assert exchange.head.target == b"/other" and b"".join(pieces) == b"y" * 40_000 and ended == [[]]
    assert exchange.has_whole_body
