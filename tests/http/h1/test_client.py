"""Answers as they arrive from an application."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, RequestError
from appproxy.http.h1.client import BodyPiece, End, Event, Head, Interim, ResponseReader

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"


def read(*pieces: bytes, method: bytes = b"GET", upgrade: bool = False) -> list[Event]:
    """The events of one answer, body pieces joined."""
    reader = ResponseReader()
    reader.expect(method, upgrade)
    return joined([event for piece in pieces for event in reader.receive(piece)])


def joined(events: list[Event]) -> list[Event]:
    result: list[Event] = []
    for event in events:
        if isinstance(event, BodyPiece) and result and isinstance(result[-1], BodyPiece):
            result[-1] = BodyPiece(result[-1].data + event.data)
        else:
            result.append(event)
    return result


def refused(*pieces: bytes, method: bytes = b"GET", upgrade: bool = False) -> Code:
    with pytest.raises(RequestError) as caught:
        read(*pieces, method=method, upgrade=upgrade)
    return caught.value.code


def single(data: bytes) -> list[bytes]:
    return [data[i:i + 1] for i in range(len(data))]


@pytest.mark.parametrize("banner", [
    b"SSH-2.0-OpenSSH_9.6\r\n", b"220 mail.corp ESMTP\r\n", b"\x15\x03\x01\x00\x02\x02", b"H2"])
def test_another_protocol_is_refused_at_once(banner: bytes) -> None:
    """A peer that then waits would be waited for until the time is over, and look slow instead of wrong."""
    assert refused(banner) == Code.ORIGIN_MALFORMED


def test_a_start_that_trickles_in() -> None:
    """The first bytes of an answer are no other protocol's."""
    assert read(*single(OK), b"hello")[1:] == [BodyPiece(b"hello"), End(b"", True)]


@pytest.mark.parametrize(("start", "why"), [
    (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "the application speaks HTTP/2: set protocol=h2"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "the application speaks TLS: its internal URL must begin with https"),
    (b"220 mail.corp ESMTP", "not an answer of HTTP/1"), (b"\x00", "not an answer of HTTP/1")])
def test_what_speaks_instead_is_named(start: bytes, why: str) -> None:
    """With the setting that fixes it: whoever published the application reads this in the access log."""
    with pytest.raises(RequestError) as caught:
        read(start)
    assert (caught.value.code, caught.value.detail) == (Code.ORIGIN_MALFORMED, why)


class TestBodies:
    def test_of_a_length(self) -> None:
        """The length is kept in the block, the body ends with its last byte, the connection lives on."""
        assert read(OK + b"hello") == [
            Head(200, b"content-length: 5\n", 5, False, False), BodyPiece(b"hello"), End(b"", True)]

    def test_of_no_bytes(self) -> None:
        """An empty body gives no Body."""
        assert read(OK.replace(b"5", b"0")) == [
            Head(200, b"content-length: 0\n", 0, False, False), End(b"", True)]

    def test_in_chunks(self) -> None:
        """Chunks are joined, trailers come at the end, without those that may not be trailers."""
        data = CHUNKED + b"3\r\nhel\r\n2\r\nlo\r\n0\r\nGrpc-Status: 0\r\nSet-Cookie: a=b\r\n\r\n"
        assert read(data) == [
            Head(200, b"", None, False, False), BodyPiece(b"hello"), End(b"grpc-status: 0\n", True)]

    def test_until_the_connection_closes(self) -> None:
        """Without length and chunks only a clean close ends the body."""
        reader = ResponseReader()
        reader.expect(b"GET")
        assert reader.receive(UNTIL_CLOSE + b"hel") == [Head(200, b"", None, False, False), BodyPiece(b"hel")]
        assert reader.receive(b"lo") == [BodyPiece(b"lo")]
        assert reader.end_of_file(True) == [End(b"", False)]

    @pytest.mark.parametrize(("method", "status"), [(b"HEAD", b"200"), (b"GET", b"304"), (b"GET", b"204"), (b"HEAD",
        b"404")])
    @pytest.mark.parametrize("framing", [b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
    def test_none_by_nature(self, method: bytes, status: bytes, framing: bytes) -> None:
        """HEAD, 204 and 304 have no body whatever their fields say; a length is kept as a description,
            but not with 204."""
        events = read(b"HTTP/1.1 " + status + b" X\r\n" + framing + b"\r\n", method=method)
        head, end = events
        assert isinstance(head, Head) and isinstance(end, End)
        assert head.bodyless and head.length == 0
        assert head.block == (b"content-length: 5\n" if b"Length" in framing and status != b"204" else b"")
        assert end.keep_alive is (status != b"204" or not framing)

    def test_a_length_of_head_does_not_swallow_the_next_answer(self) -> None:
        """On a kept connection the answer after one to HEAD is read from its own first byte."""
        reader = ResponseReader()
        reader.expect(b"HEAD")
        reader.receive(OK)
        reader.expect(b"GET")
        assert reader.receive(OK + b"hello")[1:] == [BodyPiece(b"hello"), End(b"", True)]


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, list[Event]]:
    """An answer of any kind, with what must come out."""
    body = draw(st.binary(max_size=40))
    data, expected = b"", []
    for _ in range(draw(st.integers(0, 2))):
        data += b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
        expected.append(Interim(103, b"link: x\n"))
    if draw(st.booleans()):
        data += b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        head = Head(200, b"x: y\ncontent-length: %d\n" % len(body), len(body), False, False)
    else:
        data += CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body),
            7))
        data += b"0\r\n\r\n"
        head = Head(200, b"", None, False, False)
    return data, [*expected, head, *([BodyPiece(body)] if body else []), End(b"", True)]


@given(answers(), st.lists(st.integers(0, 200), max_size=10))
@settings(max_examples=100)
def test_cutting_does_not_matter(answer: tuple[bytes, list[Event]], cuts: list[int]) -> None:
    """However the bytes are cut, the same answer comes out."""
    data, expected = answer
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:end] for start, end in zip(places, places[1:], strict=False)]
    assert read(*pieces) == expected
    assert read(*single(data)) == expected


PARTS = [b"HTTP/1.1 ", b"HTTP/1.0 ", b"200", b"101", b"100", b"204", b" OK", b"\r\n", b"\r\n\r\n", b"\n", b"X: y",
    b"Content-Length: 3",
         b"Transfer-Encoding: chunked", b"Connection: upgrade", b"Upgrade: x", b"0", b"3", b"abc", b"\x00", b":",
         b" ", OK, CHUNKED]
FAULTS = {Code.ORIGIN_MALFORMED, Code.ORIGIN_HEAD_TOO_LARGE, Code.ORIGIN_TRUNCATED, Code.ORIGIN_CLOSED}


@given(st.lists(st.one_of(st.sampled_from(PARTS), st.binary(max_size=3)), max_size=20), st.booleans(),
       st.sampled_from([b"GET", b"HEAD"]), st.booleans())
@settings(max_examples=200)
def test_any_bytes_are_survived(parts: list[bytes], upgrade: bool, method: bytes, clean: bool) -> None:
    """Whatever an application sends is read or gives one of four failures, and at most one End comes, as the last."""
    events: list[Event] = []
    reader = ResponseReader()
    reader.expect(method, upgrade)
    try:
        for part in parts:
            events += reader.receive(part)
        events += reader.end_of_file(clean)
    except RequestError as error:
        assert error.code in FAULTS
    assert not any(isinstance(event, End) for event in events[:-1])


class TestFaults:
    @pytest.mark.parametrize("data", [
        b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\nX: y\n\n", b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/1.1 1999 X\r\n\r\n",
        b"\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
        CHUNKED + b"x\r\n", CHUNKED + b"3\r\nabcd\r\n", CHUNKED + b"0\r\nX : y\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n",
        b"HTTP/1.1 204 X\r\nContent-Length: x\r\n\r\n"])
    def test_malformed_answers(self, data: bytes) -> None:
        """An answer that is not strict HTTP is a failure of the application, whole or byte by byte."""
        assert refused(data) is Code.ORIGIN_MALFORMED
        assert refused(*single(data)) is Code.ORIGIN_MALFORMED

    def test_too_large_heads(self) -> None:
        """More than 32 KiB or 100 fields, also while they arrive, and the limits are the caller's."""
        large = b"HTTP/1.1 200 OK\r\nX: " + b"a" * 32768
        assert refused(large) is Code.ORIGIN_HEAD_TOO_LARGE
        assert refused(large + b"\r\n\r\n") is Code.ORIGIN_HEAD_TOO_LARGE
        assert refused(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n") is Code.ORIGIN_HEAD_TOO_LARGE
        reader = ResponseReader(head_limit=60, max_fields=1)
        reader.expect(b"GET")
        reader.receive(OK + b"hello")
        reader.expect(b"GET")
        with pytest.raises(RequestError):
            reader.receive(b"HTTP/1.1 200 OK\r\na: b\r\na: b\r\n\r\n")

    def test_bytes_before_any_request(self) -> None:
        """On a free connection any byte is a fault, and the connection cannot be used after it."""
        reader = ResponseReader()
        with pytest.raises(RequestError) as caught:
            reader.receive(OK)
        assert caught.value.code is Code.ORIGIN_MALFORMED
        with pytest.raises(RequestError):
            reader.expect(b"GET")

    def test_bytes_after_an_answer(self) -> None:
        """Too many bytes could be taken for the answer to the next user's request: the connection ends there."""
        for data in (OK + b"hello!", CHUNKED + b"0\r\n\r\nHTTP", b"HTTP/1.1 204 X\r\n\r\nx"):
            reader = ResponseReader()
            reader.expect(b"GET")
            end = reader.receive(data)[-1]
            assert end == End(b"", False)
            with pytest.raises(RequestError) as caught:
                reader.expect(b"GET")
            assert caught.value.code is Code.ORIGIN_MALFORMED

    def test_bytes_that_come_later(self) -> None:
        """The same when they come after the answer's end."""
        reader = ResponseReader()
        reader.expect(b"GET")
        assert reader.receive(OK + b"hello")[-1] == End(b"", True)
        with pytest.raises(RequestError):
            reader.receive(b"!")
        with pytest.raises(RequestError):
            reader.expect(b"GET")

    def test_a_second_request_too_early(self) -> None:
        """A connection whose answer is not over takes no other request."""
        reader = ResponseReader()
        reader.expect(b"GET")
        reader.receive(OK)
        with pytest.raises(RequestError):
            reader.expect(b"GET")

    def test_nothing_after_a_fault(self) -> None:
        """After a malformed answer the connection is of no use."""
        reader = ResponseReader()
        reader.expect(b"GET")
        with pytest.raises(RequestError):
            reader.receive(CHUNKED + b"x\r\n")
        with pytest.raises(RequestError):
            reader.expect(b"GET")


class TestEndOfFile:
    def code(self, data: bytes, clean: bool, method: bytes = b"GET") -> Code:
        reader = ResponseReader()
        reader.expect(method)
        reader.receive(data)
        with pytest.raises(RequestError) as caught:
            reader.end_of_file(clean)
        return caught.value.code

    @pytest.mark.parametrize("clean", [True, False])
    def test_before_the_answer(self, clean: bool) -> None:
        """Not one byte came: the application may not have seen the request."""
        assert self.code(b"", clean) is Code.ORIGIN_CLOSED

    @pytest.mark.parametrize("clean", [True, False])
    @pytest.mark.parametrize("data", [b"H", OK, OK + b"hell", CHUNKED + b"5\r\nhello\r\n", CHUNKED + b"0\r\n",
                                      b"HTTP/1.1 103 X\r\n\r\n"])
    def test_within_the_answer(self, data: bytes, clean: bool) -> None:
        """An answer that was begun and not ended was broken off, however politely."""
        assert self.code(data, clean) is Code.ORIGIN_TRUNCATED

    def test_a_reset_does_not_end_a_body(self) -> None:
        """A body that only a close can end is not ended by a reset: it must not be taken for whole."""
        assert self.code(UNTIL_CLOSE + b"hello", False) is Code.ORIGIN_TRUNCATED

    def test_a_free_connection(self) -> None:
        """Closing a free connection is nothing special, but it takes no other request."""
        reader = ResponseReader()
        reader.expect(b"GET")
        reader.receive(OK + b"hello")
        assert reader.end_of_file(False) == []
        with pytest.raises(RequestError):
            reader.expect(b"GET")


class TestKeepAlive:
    @pytest.mark.parametrize(("version", "connection", "kept"), [
        (b"1.1", b"", True), (b"1.1", b"Connection: close\r\n", False), (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True)])
    def test_what_the_application_says(self, version: bytes, connection: bytes, kept: bool) -> None:
        """Kept by default in 1.1, on demand in 1.0; a connection that is not kept takes no other request."""
        reader = ResponseReader()
        reader.expect(b"GET")
        events = reader.receive(b"HTTP/" + version + b" 200 OK\r\n" + connection + b"Content-Length: 0\r\n\r\n")
        assert events[-1] == End(b"", kept)
        if kept:
            reader.expect(b"GET")
        else:
            with pytest.raises(RequestError):
                reader.expect(b"GET")


class TestInterim:
    def test_they_come_before_the_answer(self) -> None:
        """100 and 103 are handed on, without fields of the connection."""
        early = b"HTTP/1.1 103 E\r\nLink: x\r\nConnection: close, y\r\nY: z\r\n\r\n"
        assert read(b"HTTP/1.1 100 Continue\r\n\r\n" + early + OK)[:2] == [
            Interim(100, b""), Interim(103, b"link: x\n")]

    def test_eight_are_enough(self) -> None:
        """The ninth is a fault, and each answer begins to count again."""
        interim = b"HTTP/1.1 103 E\r\n\r\n"
        assert refused(interim * 9) is Code.ORIGIN_MALFORMED
        reader = ResponseReader()
        for _ in range(2):
            reader.expect(b"GET")
            assert len(reader.receive(interim * 8 + OK + b"hello")) == 11


class TestUpgrade:
    def test_it_becomes_a_stream(self) -> None:
        """After 101 everything is Body until a clean close; the Upgrade field stays in the block."""
        reader = ResponseReader()
        reader.expect(b"GET", upgrade=True)
        assert reader.receive(SWITCH + b"\x81") == [
            Head(101, b"sec-websocket-accept: x\nupgrade: websocket\n", None, False, True), BodyPiece(b"\x81")]
        assert reader.receive(OK) == [BodyPiece(OK)]
        assert reader.end_of_file(True) == [End(b"", False)]

    def test_a_broken_stream_is_no_end(self) -> None:
        """A reset of the stream is told as such."""
        reader = ResponseReader()
        reader.expect(b"GET", upgrade=True)
        reader.receive(SWITCH)
        with pytest.raises(RequestError):
            reader.end_of_file(False)

    def test_only_when_asked(self) -> None:
        """A 101 that nobody asked for is a fault, and so is one that does not say to what."""
        assert refused(SWITCH) is Code.ORIGIN_MALFORMED
        assert refused(SWITCH.replace(b"Upgrade: websocket\r\n", b""), upgrade=True) is Code.ORIGIN_MALFORMED
        assert refused(SWITCH.replace(b"Connection: Upgrade\r\n", b""), upgrade=True) is Code.ORIGIN_MALFORMED

    def test_the_question_is_not_remembered(self) -> None:
        """The next request on the connection must ask again."""
        reader = ResponseReader()
        reader.expect(b"GET", upgrade=True)
        assert reader.receive(OK + b"hello")[-1] == End(b"", True)
        reader.expect(b"GET")
        with pytest.raises(RequestError):
            reader.receive(SWITCH)


def test_a_large_body_passes_uncopied() -> None:
    """A piece of a body is handed on as the same object."""
    reader = ResponseReader()
    reader.expect(b"GET")
    reader.receive(OK.replace(b"5", b"200000"))
    piece = b"x" * 65536
    (event,) = reader.receive(piece)
    assert isinstance(event, BodyPiece) and event.data is piece
