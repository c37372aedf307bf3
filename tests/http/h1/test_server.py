"""Requests as they arrive from a user's connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, RequestError
from appproxy.http.h1.server import HeadLimits, RequestReader
from appproxy.http.head import Fields, RequestHead
from tests.cost.growth import MOST, growth
from tests.cost.machine import cost

GET = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Message:
    """One request as it came out: target, body, trailers, and whether it was complete."""

    target: bytes
    body: bytes = b""
    trailers: Fields | None = None
    done: bool = False


def read(*pieces: bytes, limits: HeadLimits | None = None) -> tuple[list[Message], Code | None]:
    """Give a reader these pieces, and take out all it has after each; the code of the refusal, if any, comes second."""
    reader = RequestReader(limits) if limits else RequestReader()
    messages: list[Message] = []
    for piece in pieces:
        reader.receive(piece)
        try:
            take_all(reader, messages)
        except RequestError as error:
            with pytest.raises(RequestError):
                reader.next_head()
            return messages, error.code
    return messages, None


def take_all(reader: RequestReader, messages: list[Message]) -> None:
    while True:
        if reader.body_done:
            head = reader.next_head()
            if head is None:
                return
            messages.append(Message(head.target))
        else:
            before = reader.buffered
            messages[-1].body += reader.read_body()
            if not reader.body_done and reader.buffered == before:
                return
        if reader.body_done:
            messages[-1].done = True
            messages[-1].trailers = reader.trailers


def code_of(*pieces: bytes, limits: HeadLimits | None = None) -> Code | None:
    return read(*pieces, limits=limits)[1]


def chunks(*parts: bytes, trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailers + b"\r\n"


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[Message]]:
    """Pipelined requests of all three kinds, with what must come out."""
    data, expected = b"", []
    for number in range(draw(st.integers(1, 4))):
        target = b"/%d" % number
        kind = draw(st.sampled_from(["none", "length", "chunked", "trailers"]))
        body = draw(st.binary(max_size=30)) if kind != "none" else b""
        head = draw(st.sampled_from([b"", b"\r\n"])) + b"POST %b HTTP/1.1\r\nHost: a\r\n" % target
        trailers: Fields = []
        if kind == "none":
            data += head + b"\r\n"
        elif kind == "length":
            data += head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        else:
            trailers = [(b"x", b"y")] if kind == "trailers" else []
            parts = [body[i:i + 7] for i in range(0, len(body), 7)]
            data += head + b"Transfer-Encoding: chunked\r\n\r\n"
            data += chunks(*parts, trailers=b"X: y\r\n" if trailers else b"")
        expected.append(Message(target, body, trailers, True))
    return data, expected


@given(conversations(), st.lists(st.integers(0, 600), max_size=20))
@settings(max_examples=80)
def test_cutting_does_not_matter(conversation: tuple[bytes, list[Message]], cuts: list[int]) -> None:
    """However the bytes are cut, the same requests come out."""
    data, expected = conversation
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:end] for start, end in zip(places, places[1:], strict=False)]
    assert read(*pieces) == (expected, None)
    assert read(*[data[i:i + 1] for i in range(len(data))]) == (expected, None)


PARTS = [b"GET ", b"POST ", b"/", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"\r", b"Host: a", b"Host:",
    b"Content-Length: ",
         b"Transfer-Encoding: chunked", b"Connection: upgrade", b"Upgrade: x", b"Expect: 100-continue", b"0", b"5",
         b" ", b":",
         b"\x00", b"\xff", b"X", b"Connection: close", b";", b"#", b"http://a"]


@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=3)), max_size=25), st.sampled_from([b"", GET,
    POST, CHUNKED]))
@example([b"GET ", b"\r\n"], POST)
@settings(max_examples=200)
def test_any_bytes_are_survived(parts: list[bytes], before: bytes) -> None:
    """Whatever is sent gives requests or a RequestError, the same one whole and byte by byte."""
    data = before + b"".join(parts)
    messages, code = read(data)
    by_byte, byte_code = read(*[data[i:i + 1] for i in range(len(data))])
    assert code == byte_code
    assert [message.target for message in messages] == [message.target for message in by_byte]


class TestPipelining:
    def test_the_next_head_waits_for_the_body(self) -> None:
        """While a body is unread there is no next request, and what follows stays untouched."""
        reader = RequestReader()
        reader.receive(POST + b"hel")
        assert reader.next_head() is not None
        assert reader.next_head() is None
        assert not reader.body_done and not reader.started
        assert reader.read_body() == b"hel"
        reader.receive(b"lo" + GET)
        assert reader.read_body() == b"lo"
        assert reader.body_done and reader.started and reader.buffered == len(GET)
        assert reader.read_body() == b""
        head = reader.next_head()
        assert head is not None and head.target == b"/1"
        assert reader.buffered == 0 and not reader.started

    def test_a_fault_in_the_next_request_comes_later(self) -> None:
        """The answer under way is not disturbed by garbage that follows its request."""
        for good in (GET, POST + b"hello", CHUNKED + chunks(b"hello")):
            messages, code = read(good + b"GARBAGE\r\n\r\n")
            assert len(messages) == 1 and messages[0].done
            assert code is Code.BAD_REQUEST

    def test_a_smuggled_request_is_body(self) -> None:
        """What a length or a chunk encloses is body, however much it looks like a request."""
        inner = b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
        for data in (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(inner), inner),
                     CHUNKED + chunks(inner)):
            messages, code = read(data + GET)
            assert [message.target for message in messages][1:] == [b"/1"] and code is None
            assert messages[0].body == inner

    def test_many_requests_in_one_read_are_fast(self) -> None:
        """64 KiB of the smallest requests are read in less than a second, one at a time."""
        data = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2400
        messages, code = read(data)
        assert len(messages) == 2400 and code is None
        assert cost(lambda: read(data), 1.0) <= 1.0


@pytest.mark.parametrize("data", [
    POST[:-4] + b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    CHUNKED[:-4] + b"\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    POST[:-4] + b"\r\nContent-Length: 6\r\n\r\nhello!",
    CHUNKED.replace(b"chunked", b"chunked, identity") + b"0\r\n\r\n",
    CHUNKED.replace(b"chunked", b"\x0bchunked") + b"0\r\n\r\n",
    CHUNKED.replace(b"Encoding:", b"Encoding :") + b"0\r\n\r\n",
    CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n",
    CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhello0\r\n\r\n",
    CHUNKED + b"5 5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5;\nhello\r\n0\r\n\r\n",
    CHUNKED + b"-1\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"0\r\nX : y\r\n\r\n",
    CHUNKED + b"0\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\nHost: a\n\n",
    b"GET / HTTP/1.1\r\nHost: a\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n X: y\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    b"GET /\r\n\r\n", b"GET /\r\n",
    b"\n" + GET, b"\r" + GET, b" " + GET, b"\x00" + GET,
])
def test_smuggling_is_refused(data: bytes) -> None:
    """Each of these is read in two ways by some pair of programs: none of it goes on, whole or byte by byte."""
    assert code_of(data) is Code.BAD_REQUEST
    assert code_of(*[data[i:i + 1] for i in range(len(data))]) is Code.BAD_REQUEST


class TestLimits:
    def test_the_head(self) -> None:
        """32 KiB pass; one byte more is 431, also while it arrives."""
        start, end = b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\r\n\r\n"
        room = 32768 - len(start) - len(end)
        assert code_of(start + b"a" * room + end) is None
        assert code_of(start + b"a" * (room + 1) + end) is Code.HEAD_TOO_LARGE
        assert code_of(start, b"a" * 32768) is Code.HEAD_TOO_LARGE

    def test_an_endless_target(self) -> None:
        """An address that does not end is 414."""
        assert code_of(b"GET /" + b"a" * 32768) is Code.TARGET_TOO_LONG
        assert code_of(b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\n") is Code.TARGET_TOO_LONG

    def test_settings(self) -> None:
        """The limits are the caller's."""
        limits = HeadLimits(head=100, fields=2, target=10, trailers=20, trailer_lines=1)
        start = b"GET / HTTP/1.1\r\nHost: a\r\n"
        assert code_of(start + b"a: b\r\n\r\n", limits=limits) is None
        assert code_of(start + b"a: b\r\n" * 2 + b"\r\n", limits=limits) is Code.HEAD_TOO_LARGE
        assert code_of(start + b"a: " + b"b" * 80 + b"\r\n\r\n", limits=limits) is Code.HEAD_TOO_LARGE
        assert code_of(b"GET /2345678901 HTTP/1.1\r\n", limits=limits) is Code.TARGET_TOO_LONG
        assert code_of(CHUNKED + chunks(trailers=b"a: b\r\n"), limits=limits) is None
        assert code_of(CHUNKED + chunks(trailers=b"a: b\r\n" * 2), limits=limits) is Code.HEAD_TOO_LARGE
        assert code_of(CHUNKED + chunks(trailers=b"a: " + b"b" * 20 + b"\r\n"), limits=limits) is Code.HEAD_TOO_LARGE

    def test_empty_lines(self) -> None:
        """A few empty lines before a request are read over, for old clients; more are refused,
            for each request again."""
        assert code_of(b"\r\n" * 4 + GET + b"\r\n" * 4 + GET) is None
        assert code_of(b"\r\n" * 5) is Code.BAD_REQUEST
        assert code_of(*[b"\r\n"] * 5) is Code.BAD_REQUEST


class TestWhatIsThere:
    def test_started(self) -> None:
        """The clock for a head starts with its first byte, not with an empty line that has been read over."""
        reader = RequestReader()
        assert not reader.started and reader.body_done and reader.buffered == 0
        reader.receive(b"\r\n")
        assert reader.next_head() is None
        assert not reader.started
        reader.receive(b"G")
        assert reader.started
        assert reader.next_head() is None
        assert reader.started and reader.buffered == 1

    def test_the_rest_after_an_upgrade(self) -> None:
        """What follows the head of an upgrade is not HTTP: it is handed out as it is, once."""
        reader = RequestReader()
        reader.receive(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00")
        head = reader.next_head()
        assert head is not None and head.upgrade == b"websocket" and reader.body_done
        assert reader.take_rest() == b"\x81\x00"
        assert reader.take_rest() == b""

    def test_trailers_are_of_the_last_message(self) -> None:
        """Trailers of one message are not those of the next."""
        messages, _ = read(CHUNKED + chunks(b"a", trailers=b"X: y\r\n") + GET)
        assert [message.trailers for message in messages] == [[(b"x", b"y")], []]

    def test_a_large_body_passes_uncopied(self) -> None:
        """A piece of a body that arrives alone is handed on as the same object."""
        reader = RequestReader()
        reader.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
        reader.next_head()
        piece = b"x" * 65536
        reader.receive(piece)
        assert reader.read_body() is piece

    def test_after_an_error_there_is_only_the_error(self) -> None:
        """A connection whose messages can no longer be told apart stays refused."""
        reader = RequestReader()
        reader.receive(CHUNKED + b"x\r\n")
        reader.next_head()
        for _ in range(2):
            with pytest.raises(RequestError):
                reader.read_body()
        reader.receive(GET)
        with pytest.raises(RequestError):
            reader.next_head()


@given(
    st.lists(st.tuples(st.sampled_from([b"GET", b"HEAD", b"OPTIONS", b"POST", b"BREW", b"CON\xc3", b"CONNECT"]),
                       st.sampled_from([b"/1", b"/2?x", b"*", b"http://a/", b"http://b/", b"/#f", b"x"]),
                       st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0"]),
                       st.sampled_from([b"", b"Cookie: c=1\r\n", b"Connection: keep-alive\r\n", b"Connection: close\r\n",
                                        b"Content-Length: 0\r\n", b"Content-Length: 3\r\n",
                                        b"Connection: upgrade\r\nUpgrade: websocket\r\n",
                                        b"Expect: 100-continue\r\n", b"Host: a\r\n"])), min_size=2, max_size=6),
)
@settings(max_examples=200)
def test_repeated_fields_change_nothing(asked: list[tuple[bytes, bytes, bytes, bytes]]) -> None:
    """A request whose fields are those of the one before is read as it would be on a connection of its own."""
    reader = RequestReader()
    for method, target, version, fields in asked:
        data = b"%b %b %b\r\nHost: a\r\n%b\r\n" % (method, target, version, fields)
        fresh = RequestReader()
        outcomes: list[object] = []
        for one in (reader, fresh):
            one.receive(data)
            try:
                outcomes.append(one.next_head())
            except RequestError as error:
                outcomes.append(error.code)
        assert outcomes[0] == outcomes[1]
        if not isinstance(outcomes[0], RequestHead):
            return
        if outcomes[0].length:
            for one in (reader, fresh):
                assert not one.body_done
                one.receive(b"abc")
                assert (one.read_body(), one.body_done) == (b"abc", True)


def test_repeated_fields_are_read_once() -> None:
    """And the same list of fields serves both requests; another cookie is read again."""
    reader = RequestReader()
    heads = []
    for cookie in (b"a", b"a", b"b"):
        reader.receive(b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + cookie + b"\r\n\r\n")
        heads.append(reader.next_head())
    first, second, third = heads
    assert first is not None and second is not None and third is not None
    assert second.fields is first.fields and second is not first
    assert third.get(b"cookie") == b"b"


@pytest.mark.parametrize(("head", "body", "whole"), [
    (GET, b"", True), (POST, b"hell", False), (POST, b"hello", True), (POST, b"hello" + GET, True),
    (CHUNKED, b"5\r\nhello\r\n", False), (CHUNKED, b"5\r\nhello\r\n0\r\n\r\n" + GET, True), (CHUNKED, b"", False),
], ids=["none", "part", "all", "more", "chunk", "chunks", "nothing"])  # fmt: skip
def test_a_body_that_came_with_its_head(head: bytes, body: bytes, whole: bool) -> None:
    """It is known before it is read, and read all the same."""
    reader = RequestReader()
    reader.receive(head + body)
    assert reader.next_head() is not None
    assert reader.has_whole_body is whole
    assert reader.read_body() == body.replace(GET, b"")[3 if head is CHUNKED else 0:][:5]


@pytest.mark.parametrize("before", [b"", b"\r\n", b"GET / HTTP/1.1\r\nx: "], ids=["line", "empty line", "field"])
def test_what_trickles_in_is_searched_once(before: bytes) -> None:
    """Four times as many bytes, one by one, are four times the work."""
    def work(size: int) -> Callable[[], object]:
        def feed() -> None:
            reader = RequestReader()
            for byte in before + b"a" * size:
                reader.receive(bytes([byte]))
                assert reader.next_head() is None

        return feed

    assert growth(work, 7_500) <= MOST


class Watched(bytearray):
    """Counts the bytes in which something is searched."""

    looked_at = 0

    def find(self, sought: Any, start: Any = 0, end: Any = None) -> int:
        self.looked_at += (len(self) if end is None else min(end, len(self))) - start
        return super().find(sought, start, len(self) if end is None else end)


@pytest.mark.parametrize("before", [b"", b"\r\n", b"GET / HTTP/1.1\r\nx: "], ids=["line", "empty line", "field"])
def test_the_end_of_a_line_is_not_looked_for_in_what_was_searched(before: bytes) -> None:
    """Each byte is looked at a few times, however long the line is."""
    reader = RequestReader()
    reader.receive(before + b"G")
    assert reader.next_head() is None
    unread = reader._unread
    watched = unread.data = Watched(unread.data)
    for _ in range(7_500):
        reader.receive(b"a")
        assert reader.next_head() is None
    assert unread.data is watched
    assert 7_500 <= watched.looked_at <= 10 * 7_500
