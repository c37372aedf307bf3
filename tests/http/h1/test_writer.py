"""Messages to bytes."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, RequestError
from appproxy.http.h1.client import BodyPiece, End, ResponseReader
from appproxy.http.h1.server import RequestReader
from appproxy.http.h1.writer import chunk, last_chunk, request_bytes, response_bytes


def test_a_request_without_a_body() -> None:
    """Host comes first, the block follows, and GET says nothing of a length."""
    assert request_bytes(b"GET", b"/x?y", b"wiki", b"accept: */*\ncookie: a=b\n", length=0, upgrade=None) == (
        b"GET /x?y HTTP/1.1\r\nhost: wiki\r\naccept: */*\r\ncookie: a=b\r\n\r\n")


@pytest.mark.parametrize(("method", "length", "framing"), [
    (b"POST", 5, b"content-length: 5\r\n"), (b"POST", 0, b"content-length: 0\r\n"), (b"PUT", None,
    b"transfer-encoding: chunked\r\n"),
    (b"DELETE", 0, b""), (b"DELETE", 3, b"content-length: 3\r\n"), (b"GET", None, b"transfer-encoding: chunked\r\n"),
    (b"PROPFIND", 0, b"content-length: 0\r\n")])
def test_the_framing_of_a_request(method: bytes, length: int | None, framing: bytes) -> None:
    """A known length is said, an unknown one chunked; a method that means a body says 0 too."""
    assert request_bytes(method, b"/", b"a", b"", length=length, upgrade=None) == (
        method + b" / HTTP/1.1\r\nhost: a\r\n" + framing + b"\r\n")


def test_connection_fields_are_made_here() -> None:
    """An upgrade gets its two fields, TE is named in Connection, and both can meet."""
    upgraded = request_bytes(b"GET", b"/", b"a", b"x: y\n", length=0, upgrade=b"websocket")
    assert upgraded.endswith(b"x: y\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    trailers = request_bytes(b"GET", b"/", b"a", b"te: trailers\n", length=0, upgrade=None)
    assert trailers.endswith(b"te: trailers\r\nconnection: te\r\n\r\n")
    both = request_bytes(b"GET", b"/", b"a", b"x: y\nte: trailers\n", length=0, upgrade=b"websocket")
    assert both.endswith(b"connection: upgrade, te\r\nupgrade: websocket\r\n\r\n")
    assert b"connection" not in request_bytes(b"GET", b"/", b"a", b"x-te: y\n", length=0, upgrade=None)


@pytest.mark.parametrize("bad", [b"\r", b"\n", b" ", b"\x00", b"\t", b"\x7f", b"\x80", b" HTTP/1.1\r\nx: y\r\n"])
def test_nothing_breaks_out_of_a_request_line(bad: bytes) -> None:
    """Method, target, host and upgrade cannot end a line or a part of one."""
    for method, target, host, upgrade in ((b"G" + bad, b"/", b"a", None), (b"GET", b"/" + bad, b"a", None),
                                          (b"GET", b"/", b"a" + bad, None), (b"GET", b"/", b"a", b"x" + bad)):
        with pytest.raises(RequestError) as caught:
            request_bytes(method, target, host, b"", length=0, upgrade=upgrade)
        assert caught.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize(("method", "target"), [(b"", b"/"), (b"GET", b"")])
def test_no_part_is_empty(method: bytes, target: bytes) -> None:
    """An empty method or target would shift the other parts."""
    with pytest.raises(RequestError):
        request_bytes(method, target, b"a", b"", length=0, upgrade=None)


class TestResponse:
    def test_of_a_length(self) -> None:
        """Our length replaces that of the block."""
        assert response_bytes(200, b"content-length: 9\nx: y\n", length=5, close=False, chunked=False) == (
            b"HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 5\r\n\r\n")
        assert response_bytes(200, b"", length=0, close=False, chunked=False) == (
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    def test_of_unknown_length(self) -> None:
        """Chunked, or ended by closing; never with a length of the block."""
        block = b"x: y\ncontent-length: 9\n"
        assert response_bytes(200, block, length=None, close=False, chunked=True) == (
            b"HTTP/1.1 200 OK\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n")
        assert response_bytes(200, block, length=None, close=True, chunked=False) == (
            b"HTTP/1.1 200 OK\r\nx: y\r\nconnection: close\r\n\r\n")

    def test_of_none(self) -> None:
        """An answer without a body keeps the length that describes one, and gets no framing."""
        assert response_bytes(304, b"content-length: 9\n", length="none", close=False, chunked=True) == (
            b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n")

    def test_switching(self) -> None:
        """101 gets the Connection that its Upgrade needs, and is never said to close."""
        assert response_bytes(101, b"upgrade: websocket\n", length="none", close=True, chunked=False) == (
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")

    def test_a_status_without_a_name(self) -> None:
        """Its reason is empty; the blank before it stays."""
        assert response_bytes(299, b"", length="none", close=False, chunked=False) == b"HTTP/1.1 299 \r\n\r\n"

    @pytest.mark.parametrize("status", [100, 200, 204, 299, 404, 503, 599])
    def test_every_parser_takes_it(self, status: int) -> None:
        """httptools reads what is written here."""

        class Anything:
            """Listens to nothing."""

        parser = httptools.HttpResponseParser(Anything())
        parser.feed_data(response_bytes(status, b"x: y\n", length="none", close=False, chunked=False))
        assert parser.get_status_code() == status


@given(st.lists(st.binary(max_size=30), max_size=6), st.booleans())
@settings(max_examples=60)
def test_what_is_written_can_be_read(pieces: list[bytes], trailers: bool) -> None:
    """Our readers get the body that our writer was given, empty pieces and trailers included, both ways."""
    block = b"x: y\n" if trailers else b""
    body = b"".join(map(chunk, pieces)) + last_chunk(block)
    answers = ResponseReader()
    answers.expect(b"GET")
    events = answers.receive(response_bytes(200, b"", length=None, close=False, chunked=True) + body)
    assert events[-1] == End(block, True)
    assert b"".join(event.data for event in events if isinstance(event, BodyPiece)) == b"".join(pieces)
    requests = RequestReader()
    requests.receive(request_bytes(b"POST", b"/", b"a", b"", length=None, upgrade=None) + body)
    assert requests.next_head() is not None
    assert requests.read_body() == b"".join(pieces)
    assert requests.body_done and requests.trailers == ([(b"x", b"y")] if trailers else [])
