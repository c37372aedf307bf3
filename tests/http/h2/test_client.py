"""Heads to and from applications that speak HTTP/2."""

from __future__ import annotations

import pytest

from appproxy.errors import Code, RequestError
from appproxy.http.h1.client import Head, Interim
from appproxy.http.h2.client import new_client_session, read_head, read_interim, read_switch, read_trailers, request_headers

BLOCK = b"accept: */*\ncookie: a=b\n"


def headers(method: bytes = b"GET", target: bytes = b"/", host: bytes = b"wiki", block: bytes = BLOCK, *,
            length: int | None = 0, upgrade: bytes | None = None) -> list[tuple[bytes, bytes]]:
    return request_headers(method, target, host, b"https", block, length=length, upgrade=upgrade)


def test_a_request() -> None:
    """Pseudo-fields first, then the fields as they are."""
    assert headers() == [
        (b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"wiki"), (b":path", b"/"),
        (b"accept", b"*/*"), (b"cookie", b"a=b")]


@pytest.mark.parametrize(("method", "length", "expected"), [
    (b"POST", 5, [b"5"]), (b"POST", 0, [b"0"]), (b"POST", None, []), (b"GET", 0, []), (b"GET", 3, [b"3"]),
])
def test_the_length_is_told_where_it_means_something(method: bytes, length: int | None, expected: list[bytes]) -> None:
    """As for HTTP/1.1."""
    assert [value for name, value in headers(method, length=length) if name == b"content-length"] == expected


@pytest.mark.parametrize(("value", "expected"), [
    (b"trailers", [b"trailers"]), (b"gzip, Trailers", [b"trailers"]), (b"gzip", [])])
def test_te_says_trailers_or_nothing(value: bytes, expected: list[bytes]) -> None:
    """gRPC asks for it; anything else would break the stream."""
    assert [found for name, found in headers(block=b"te: %b\n" % value) if name == b"te"] == expected


def test_fields_of_a_connection_do_not_travel() -> None:
    """They would make the request malformed."""
    block = b"connection: close\nkeep-alive: 5\ntransfer-encoding: chunked\nupgrade: h2c\nx: y\n"
    assert headers(block=block)[4:] == [(b"x", b"y")]


def test_an_upgrade_is_an_extended_connect() -> None:
    """RFC 8441: another method, the protocol, and no key."""
    block = b"sec-websocket-key: abc\nsec-websocket-version: 13\n"
    assert headers(block=block, upgrade=b"websocket") == [
        (b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":scheme", b"https"), (b":authority", b"wiki"),
        (b":path", b"/"), (b"sec-websocket-version", b"13")]


@pytest.mark.parametrize("wrong", [
    {"method": b"GET /"}, {"target": b"/a b"}, {"target": b"/\xe9"}, {"host": b"a\r\nb"}, {"host": b""}, {"upgrade": b"a b"}])
def test_what_would_break_the_head(wrong: dict[str, bytes]) -> None:
    """The same is refused for HTTP/1.1."""
    with pytest.raises(RequestError) as caught:
        headers(**wrong)  # type: ignore[arg-type]
    assert caught.value.code == Code.BAD_REQUEST


def test_an_answer() -> None:
    """As HTTP/1.1 says it: the length last, and what is between two hops taken out."""
    found = read_head([(b":status", b"200"), (b"content-length", b"5"), (b"trailer", b"x"), (b"etag", b"a")], b"GET", False)
    assert found == Head(200, b"etag: a\ncontent-length: 5\n", 5, False, False)


@pytest.mark.parametrize(("status", "method", "block"), [
    (b"304", b"GET", b"content-length: 5\n"), (b"200", b"HEAD", b"content-length: 5\n"), (b"204", b"GET", b"")])
def test_answers_without_a_body(status: bytes, method: bytes, block: bytes) -> None:
    """Their length only describes one; 204 has none."""
    assert read_head([(b":status", status), (b"content-length", b"5")], method, True) == Head(
        int(status), block, 0, True, False)


@pytest.mark.parametrize(("said", "ended", "expected"), [
    (None, True, 0), (b"0", True, 0), (b"0", False, None), (None, False, None)])
def test_a_length_of_0_means_that_nothing_follows(said: bytes | None, ended: bool, expected: int | None) -> None:
    """Where the head ends the stream, whatever it says; where it does not, trailers may follow."""
    fields = [(b":status", b"200"), (b"grpc-status", b"8")] + ([(b"content-length", said)] if said else [])
    block = b"grpc-status: 8\n" + (b"content-length: 0\n" if expected == 0 else b"")
    assert read_head(fields, b"POST", ended) == Head(200, block, expected, False, False)


def test_no_length_is_made_up_for_an_answer_without_body() -> None:
    """A GET would not have had 0 bytes."""
    assert read_head([(b":status", b"200")], b"HEAD", True) == Head(200, b"", 0, True, False)


def test_an_interim_answer() -> None:
    """103 with its links."""
    assert read_interim([(b":status", b"103"), (b"link", b"</a>")]) == Interim(103, b"link: </a>\n")


def test_an_accepted_upgrade_is_a_101() -> None:
    """With the proof that the user's WebSocket asks for (the example of RFC 6455 section 1.3)."""
    head = read_switch([(b":status", b"200"), (b"sec-websocket-protocol", b"chat")], b"websocket",
                       b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n")
    assert (head.status, head.upgraded) == (101, True)
    assert head.block == (b"sec-websocket-protocol: chat\nupgrade: websocket\n"
                          b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n")


@pytest.mark.parametrize(("fields", "code"), [
    ([(b":status", b"101")], Code.ORIGIN_MALFORMED),
    ([(b":status", b"099")], Code.ORIGIN_MALFORMED),
    ([(b":status", b"200"), (b"content-length", b"-1")], Code.ORIGIN_MALFORMED),
    ([(b":status", b"200"), (b"x", b"a\nb")], Code.ORIGIN_MALFORMED),
    ([(b":status", b"200"), (b"x", b"a" * 40_000)], Code.ORIGIN_HEAD_TOO_LARGE),
    ([(b":status", b"200")] + [(b"x", b"a")] * 101, Code.ORIGIN_HEAD_TOO_LARGE),
])
def test_answers_that_are_not_taken(fields: list[tuple[bytes, bytes]], code: Code) -> None:
    """Whatever nghttp2 lets through."""
    with pytest.raises(RequestError) as caught:
        read_head(fields, b"GET", False)
    assert caught.value.code == code


def test_trailers() -> None:
    """Those that may be trailers; bounded."""
    assert read_trailers([(b"grpc-status", b"0"), (b"set-cookie", b"a=b")]) == b"grpc-status: 0\n"
    for many in ([(b"x", b"y")] * 33, [(b"x", b"y" * 8200)]):
        with pytest.raises(RequestError):
            read_trailers(many)


def test_nothing_is_pushed() -> None:
    """The first bytes are the preface, and SETTINGS that forbid pushes."""
    session = new_client_session()
    assert session.data_to_send().startswith(b"PRI * HTTP/2.0")
    assert session.local_window_size > 200 * 262_000
