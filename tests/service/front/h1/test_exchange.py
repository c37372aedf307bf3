"""The answer to an HTTP/1.1 user: its framing, whether the connection lives on, and what a broken one looks like."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.net.read_gate import ReadGate
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.h1.exchange import UserExchange
from tests.service.exchanges import ID, Producer

WS = b"upgrade: websocket\n"


class Sink:
    """Reads nothing."""

    def body_received(self, data: bytes) -> None: ...

    def body_ended(self, trailers: object) -> None: ...


class RecordingResponder:
    """Whoever answers: what it is told."""

    def __init__(self) -> None:
        self.left: list[Code] = []

    def user_left(self, code: Code) -> None:
        self.left.append(code)


@dataclass(eq=False)
class Connection:
    """A user's connection: what was written, and what it was told, in order."""

    reusable: bool = True
    request_complete: bool = True
    written: bytes = b""
    told: list[object] = field(default_factory=list)
    logged: int = 0
    number: int = 1
    stream: BodyReader | None = None
    registered: object = None
    #: Writes that did not wait for the end of the turn.
    through: int = 0

    def __post_init__(self) -> None:
        self.read_gate = ReadGate(cast(Any, Producer()))
        self.front = self
        self.hooks = Hooks()

    def date(self) -> bytes:
        return b""

    def ended(self, exchange: object) -> None:
        self.logged += 1

    def write(self, data: bytes) -> None:
        self.written += data

    def write_through(self, data: bytes) -> None:
        self.written += data
        self.through += 1

    def take(self) -> bytes:
        written, self.written = self.written, b""
        return written

    def start_body(self, first: bytes) -> None:
        self.told.append(("body", first))

    def exchange_over(self, exchange: object, reuse: bool) -> None:
        self.told.append("stays" if reuse else "closes")

    def stream_over(self, exchange: object) -> None:
        self.told.append("over")

    def exchange_broken(self, exchange: object) -> None:
        self.told.append("broken")

    def become_stream(self, reader: BodyReader) -> None:
        self.stream = reader

    def close_stream(self, exchange: object) -> None:
        self.told.append("half-closed")

    def watch_answer(self, paused: bool) -> None:
        self.told.append(("watch", paused))

    def register(self, producer: object) -> None:
        assert self.registered is None
        self.registered = producer

    def unregister(self) -> None:
        self.registered = None


def ask(method: bytes = b"GET", *, version: int = 11, length: int | None = 0, keep_alive: bool = True,
        expects_continue: bool = False, reusable: bool = True) -> tuple[UserExchange, Connection]:
    """One request, and the connection that it came on."""
    connection = Connection(reusable)
    head = RequestHead(method, b"/a?q=secret", version, [(b"cookie", b"c")], b"h", "h", length, keep_alive, None,
                       expects_continue)
    exchange = UserExchange(cast(Any, connection), head, ID, "192.0.2.7", "https", 1.0)
    exchange.responder = RecordingResponder()
    return exchange, connection


def test_a_complete_answer_is_one_write() -> None:
    """Its length is ours to say, and the connection stays."""
    exchange, connection = ask()
    exchange.answer(200, b"a: b\n", b"hello")
    assert connection.take() == b"HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 5\r\n\r\nhello"
    assert connection.told == ["stays"]
    assert (exchange.over, exchange.status, exchange.sent) == (True, 200, 5)


@pytest.mark.parametrize("fields", [b"content-length: 5\n", b"content-length: 7\n", b"content-length: 5\ncontent-length: 6\n"])
def test_a_complete_answer_has_one_length_the_right_one(fields: bytes) -> None:
    """Whatever the application said."""
    exchange, connection = ask()
    exchange.answer(200, b"a: b\n" + fields, b"hello")
    head = connection.take().partition(b"\r\n\r\n")[0]
    assert head.count(b"content-length: ") == 1 and b"\r\ncontent-length: 5" in head


@pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 304), (b"GET", 204)])
def test_an_answer_that_has_no_body(method: bytes, status: int) -> None:
    """In one piece or streamed: a length describes what is not sent, and not a byte of it is."""
    for streamed in (False, True):
        exchange, connection = ask(method)
        if streamed:
            exchange.start(status, b"content-length: 9\n", 9)
            exchange.write(b"must not leave")
            exchange.finish()
        else:
            exchange.answer(status, b"content-length: 9\n", b"must not leave")
        assert connection.take().endswith(b"\r\ncontent-length: 9\r\n\r\n")
        assert (connection.told, exchange.sent) == (["stays"], 0)


@pytest.mark.parametrize(("how", "stays", "said"), [
    ({}, True, b""),
    ({"keep_alive": False}, False, b"\r\nconnection: close\r\n"),
    ({"reusable": False}, False, b"\r\nconnection: close\r\n"),
    ({"version": 10}, True, b"\r\nconnection: keep-alive\r\n"),
    ({"version": 10, "keep_alive": False}, False, b"\r\nconnection: close\r\n"),
])
def test_whether_the_connection_lives_on(how: dict[str, Any], stays: bool, said: bytes) -> None:
    """As the user wishes and as far as it can; what is done is what was said."""
    for streamed in (False, True):
        exchange, connection = ask(**how)
        if streamed:
            exchange.start(200, b"", 0)
            exchange.finish()
        else:
            exchange.answer(200, b"", b"")
        assert connection.told == ["stays" if stays else "closes"]
        assert said in connection.written and (b"connection: " in connection.written) is bool(said)


def test_a_streamed_answer_of_known_length() -> None:
    """Its bytes go as they come."""
    exchange, connection = ask()
    exchange.start(200, b"", 5)
    assert connection.take() == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
    exchange.write(b"he")
    exchange.write(b"")
    exchange.write(b"llo")
    assert (connection.take(), exchange.sent) == (b"hello", 5)
    exchange.finish()
    assert connection.told == ["stays"]


def test_a_streamed_answer_of_unknown_length_is_chunked() -> None:
    """An empty piece is not its end; trailers are."""
    exchange, connection = ask()
    exchange.start(200, b"", None)
    assert connection.take().endswith(b"\r\ntransfer-encoding: chunked\r\n\r\n")
    exchange.write(b"")
    exchange.write(b"hello")
    exchange.finish(b"x-sum: 7\n")
    assert connection.take() == b"5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n"
    assert (connection.told, exchange.sent) == (["stays"], 5)


def test_an_old_user_knows_the_end_by_the_end_of_the_connection() -> None:
    """HTTP/1.0 has no chunks, so the connection cannot stay."""
    exchange, connection = ask(version=10)
    exchange.start(200, b"", None)
    exchange.write(b"hello")
    exchange.finish(b"x-sum: 7\n")
    assert connection.written == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"
    assert connection.told == ["closes"]


def test_an_answer_that_is_too_short_is_broken() -> None:
    """It must not look complete."""
    exchange, connection = ask()
    exchange.start(200, b"", 5)
    exchange.write(b"hell")
    exchange.finish()
    assert connection.told == ["broken"] and exchange.failure is Code.ORIGIN_TRUNCATED


def test_an_answer_that_is_too_long_is_broken() -> None:
    """No byte beyond the announced ones leaves, and whoever gives it is told."""
    exchange, connection = ask()
    responder = cast(RecordingResponder, exchange.responder)
    exchange.start(200, b"", 5)
    connection.take()
    exchange.write(b"hello!")
    assert (connection.take(), connection.told, responder.left) == (b"", ["broken"], [Code.ORIGIN_TRUNCATED])
    exchange.write(b"more")
    exchange.finish()
    assert (connection.take(), connection.told) == (b"", ["broken"])


def test_there_is_one_answer() -> None:
    """What comes after its beginning, or its end, is not sent."""
    for over in (False, True):
        exchange, connection = ask()
        if over:
            exchange.answer(200, b"", b"one")
        else:
            exchange.start(200, b"", 3)
        connection.take()
        exchange.answer(200, b"", b"two")
        exchange.start(200, b"", 3)
        exchange.inform(103, b"link: x\n")
        exchange.switch(WS, Sink())
        assert (connection.take(), exchange.status, connection.stream) == (b"", 200, None)


def test_interim_answers() -> None:
    """Before the answer; an HTTP/1.0 user would not understand them (RFC 9110 section 15.2)."""
    exchange, connection = ask()
    exchange.inform(103, b"link: x\n")
    assert connection.take() == b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    exchange, connection = ask(version=10)
    exchange.inform(103, b"link: x\n")
    assert connection.take() == b""


@pytest.mark.parametrize(("expects", "begun", "first"), [
    (False, False, b""), (True, False, b"HTTP/1.1 100 Continue\r\n\r\n"), (True, True, b""),
])
def test_continue_is_said_when_the_body_is_wanted(expects: bool, begun: bool, first: bytes) -> None:
    """And not after an early answer: that is answer enough."""
    exchange, connection = ask(b"POST", length=5, expects_continue=expects)
    if begun:
        exchange.start(200, b"", 0)
    reader = Sink()
    assert exchange.read_body(reader) is connection.read_gate
    assert (connection.told, exchange.body_reader) == ([("body", first)], reader)
    exchange.stop_body()
    assert exchange.body_reader is None


def test_a_body_is_not_read_after_the_answer() -> None:
    """Nobody is there to take it."""
    exchange, connection = ask(b"POST", length=5)
    exchange.answer(200, b"", b"")
    exchange.read_body(Sink())
    assert exchange.body_reader is None and connection.told == ["stays"]


def test_an_early_answer_does_not_promise_too_little() -> None:
    """While the body is still read the connection may well live on; when nobody reads it, it cannot."""
    for reading in (True, False):
        exchange, connection = ask(b"POST", length=5, reusable=False)
        if reading:
            exchange.read_body(Sink())
        exchange.start(200, b"", 0)
        assert (b"connection: close" in connection.written) is not reading


def test_a_slow_user_pauses_whoever_answers() -> None:
    """The connection watches how long; after the end nobody is paused any more."""
    exchange, connection = ask()
    source = ReadGate(cast(Any, Producer()))
    exchange.start(200, b"", 5)
    exchange.register_producer(source)
    assert connection.registered is exchange
    exchange.pauseProducing()
    assert source.held and connection.told == [("watch", True)]
    exchange.resumeProducing()
    assert not source.held and connection.told[-1] == ("watch", False)
    exchange.write(b"hello")
    exchange.finish()
    assert connection.registered is None
    exchange.register_producer(source)
    assert connection.registered is None


def test_a_broken_answer() -> None:
    """Told once; nothing is registered any more."""
    exchange, connection = ask()
    exchange.start(200, b"", 5)
    exchange.register_producer(ReadGate(cast(Any, Producer())))
    exchange.abort()
    exchange.abort()
    assert (connection.told, connection.registered) == (["broken"], None)


def test_a_stream_both_ways() -> None:
    """After 101 bytes go as they come; of the head only what the log wants stays, and no query with secrets in it."""
    exchange, connection = ask()
    reader = Sink()
    assert exchange.switch(WS, reader) is connection.read_gate
    assert connection.take() == b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"
    assert (connection.stream, exchange.status) == (reader, 101)
    assert (exchange.head.method, exchange.head.target, exchange.head.fields) == (b"GET", b"/a", [])
    exchange.write(b"ping")
    assert connection.through == 1
    exchange.finish()
    assert (connection.take(), connection.told, exchange.over) == (b"ping", ["half-closed"], True)


def test_a_stream_of_which_one_direction_is_over_can_still_break() -> None:
    """And its user can still leave, of which whoever answers is told, and the log once."""
    exchange, connection = ask()
    exchange.switch(WS, Sink())
    exchange.finish()
    exchange.abort()
    assert connection.told == ["half-closed", "broken"]
    exchange, connection = ask()
    responder = cast(RecordingResponder, exchange.responder)
    exchange.switch(WS, Sink())
    exchange.finish()
    exchange.lost(Code.CANCELLED)
    assert (responder.left, connection.logged, exchange.failure) == ([Code.CANCELLED], 1, None)


def test_a_stream_that_is_over_both_ways() -> None:
    """The connection closes after what was written; whoever answered hears nothing more, and has nobody to pause."""
    exchange, connection = ask()
    responder = cast(RecordingResponder, exchange.responder)
    exchange.switch(WS, Sink())
    exchange.register_producer(ReadGate(cast(Any, Producer())))
    exchange.end_stream()
    exchange.lost(Code.CANCELLED)
    assert (connection.told, connection.registered, responder.left) == (["over"], None, [])
    answered, connection = ask()
    answered.end_stream()
    assert connection.told == [], "it is no stream"


def test_a_user_who_leaves() -> None:
    """Whoever answers is told once, the log has the reason, and nothing is written any more."""
    exchange, connection = ask()
    responder = cast(RecordingResponder, exchange.responder)
    exchange.start(200, b"", 5)
    connection.take()
    exchange.lost(Code.CANCELLED)
    exchange.lost(Code.CANCELLED)
    exchange.write(b"hello")
    exchange.finish()
    exchange.abort()
    assert (responder.left, connection.logged, exchange.failure) == ([Code.CANCELLED], 1, Code.CANCELLED)
    assert (connection.take(), connection.told) == (b"", [])


def test_a_user_who_leaves_for_a_reason_that_is_known() -> None:
    """The first reason is the one that counts."""
    exchange, _ = ask()
    exchange.failure = Code.ORIGIN_TIMEOUT
    exchange.lost(Code.CANCELLED)
    assert exchange.failure is Code.ORIGIN_TIMEOUT


def test_whoever_has_answered_hears_no_more() -> None:
    """A user who leaves after the answer was written leaves nobody."""
    exchange, _ = ask()
    responder = cast(RecordingResponder, exchange.responder)
    exchange.answer(200, b"", b"")
    exchange.lost(Code.CANCELLED)
    assert responder.left == [] and exchange.failure is None and exchange.responder is None


def test_an_early_answer_ends_the_reading() -> None:
    """The rest of the body is nobody's."""
    exchange, connection = ask(b"POST", length=5)
    exchange.read_body(Sink())
    exchange.answer(413, b"", b"")
    assert exchange.body_reader is None and connection.told[-1] == "stays"


class Collected:
    """A reader that keeps what it is given."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended = False

    def body_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def body_ended(self, trailers: object) -> None:
        self.ended = True


@pytest.mark.parametrize("size", [0, 5, 16_384, 40_000])
def test_another_request_in_its_place(size: int) -> None:
    """It goes on with that one's head, and with all of its body, which does not come from the connection."""
    exchange, connection = ask(b"POST", length=3)
    body = (bytes(range(256)) * 200)[:size]
    exchange.replace(replace(exchange.head, target=b"/other", length=size), body)
    reader = Collected()
    exchange.read_body(reader)
    assert exchange.head.target == b"/other" and b"".join(reader.pieces) == body and reader.ended
    assert all(0 < len(piece) <= 16_384 for piece in reader.pieces)
    assert exchange.has_whole_body and exchange.take_body() == body and connection.told == []
