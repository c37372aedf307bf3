"""One answer head, from bytes to checked values."""

from __future__ import annotations

import pytest

from appproxy.http.h1.response import ResponseHead, parse_response
from tests.cost.growth import compared


def parse(start: bytes, *fields: bytes) -> ResponseHead:
    return parse_response(b"\r\n".join([start, *fields]) + b"\r\n\r\n", 100)


def ok(*fields: bytes) -> ResponseHead:
    return parse(b"HTTP/1.1 200 OK", *fields)


def test_an_ordinary_head() -> None:
    """Names are lower case, repeated fields stay, the length is a number."""
    assert ok(b"Server:  x ", b"Set-Cookie: a", b"Content-Length: 5", b"Set-Cookie: b") == ResponseHead(
        200, b"OK", b"server: x\nset-cookie: a\nset-cookie: b\n", 5, False, True, b"")


def test_hop_by_hop_fields_are_taken_out() -> None:
    """What was meant for this connection does not travel on, nor what Connection names, in any case."""
    head = ok(b"Connection: X-Private, close", b"X-Private: 1", b"Keep-Alive: timeout=5", b"Proxy-Connection: x",
        b"TE: x",
              b"Trailer: x", b"Transfer-Encoding: chunked", b"Upgrade: h2", b"X-Kept: 2", b"x-PRIVATE: 3")
    assert head.block == b"x-kept: 2\n"
    assert head.chunked and not head.keep_alive and head.upgrade == b""


@pytest.mark.parametrize("line", [
    b"HTTP/1.1 200 OK", b"HTTP/1.0 404 Not  Found", b"HTTP/1.1 200 ", b"HTTP/1.1 200",
    b"HTTP/1.1 299 Gr\xc3\xbc\xc3\x9fe", b"HTTP/1.1 599 x", b"HTTP/1.1 600 x", b"HTTP/1.1 999 x", b"HTTP/1.2 200 OK",
    b"HTTP/1.9 404 x"])
def test_status_lines(line: bytes) -> None:
    """The reason may be empty, missing, or in any letters."""
    head = parse(line)
    assert head.status == int(line[9:12])
    assert head.reason == line[13:]


@pytest.mark.parametrize("line", [
    b"HTTP/1.1 99 x", b"HTTP/1.1 1000 x", b"HTTP/1.1 000 x", b"HTTP/1.1 2000 x", b"HTTP/1.1 20 x", b"HTTP/1.1 abc x",
    b"HTTP/2 200",
    b"HTTP/2.0 200 x", b"HTTP/1.10 200 x", b"HTTP/1. 200 x", b"HTTP/0.9 200 x", b"http/1.1 200 x", b"HTTP/1.1  200 x",
    b" HTTP/1.1 200 x", b"ICY 200 OK",
    b"HTTP/1.1\t200 x", b"HTTP/1.1 200\tx", b"HTTP/1.1 200 a\x00", b"HTTP/1.1 200 a\x1b", b"HTTP/1.1 +20 x", b"",
    b"<html>",
    b"HTTP/1.1 200 OK\nX: y", b"HTTP/1.1 200 OK\rX: y"])
def test_malformed_status_lines(line: bytes) -> None:
    """Three digits from 100 on, HTTP/1 with a minor version of one digit, no control characters."""
    with pytest.raises(ValueError):
        parse(line)


@pytest.mark.parametrize("fields", [
    [b"Content-Length: 1", b"Content-Length: 2"], [b"Content-Length: 1, 2"], [b"Content-Length: x"],
    [b"Content-Length: 1", b"Content-Length: 01"], [b"Content-Length: 1,"], [b"Content-Length: ,1"], [b"Content-Length: 1 1"],
    [b"Content-Length: 1, 1", b"Content-Length: 2"], [b"Content-Length: 1", b"Content-Length: 1", b"Content-Length: x"],
    [b"Content-Length: 1", b"Content-Length: 1", b"Transfer-Encoding: chunked"],
    [b"Content-Length: 1", b"Content-Length: 1", b"X: \x00"], [b"Content-Length: 1, 1", b" X: y"],
    [b"Transfer-Encoding: identity, chunked"], [b"Transfer-Encoding: chunked, identity"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity, identity"],
    [b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
    [b"Transfer-Encoding: identity;x=y"], [b"Transfer-Encoding: identity", b"X : y"],
    [b"Content-Length: -1"],
    [b"Content-Length:"], [b"Content-Length: 9007199254740993"], [b"Content-Length: 1", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: gzip, chunked"], [b"Transfer-Encoding: gzip"], [b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding:"], [b"Transfer-Encoding: chunked, x"], [b"X : y"], [b"X: y\n Z"], [b" X: y"], [b": y"],
    [b"X\x00: y"],
    [b"X: \x00"], [b"X: y\nZ: z"], [b"X: y\rZ: z"]])
def test_malformed_fields(fields: list[bytes]) -> None:
    """An answer whose end could be read in two ways, or that has bytes no field may have, is refused."""
    with pytest.raises(ValueError):
        ok(*fields)


def test_chunked_in_the_old_version() -> None:
    """HTTP/1.0 has no chunks (RFC 9112 section 6.1 calls such framing faulty)."""
    with pytest.raises(ValueError):
        parse(b"HTTP/1.0 200 OK", b"Transfer-Encoding: chunked")


@pytest.mark.parametrize(("version", "connection", "kept"), [
    (b"1.1", [], True), (b"1.1", [b"keep-alive"], True), (b"1.1", [b"x", b"Close"], False), (b"1.0", [], False),
    (b"1.0", [b"keep-alive"], True), (b"1.0", [b"Keep-Alive"], True), (b"1.0", [b"x"], False),
    (b"1.0", [b"close, keep-alive"], False)])
def test_keeping_the_connection(version: bytes, connection: list[bytes], kept: bool) -> None:
    """1.1 keeps it unless told `close`, 1.0 only when told `keep-alive`."""
    assert parse(b"HTTP/" + version + b" 200 OK", *[b"Connection: " + value for value in connection]).keep_alive is kept


def test_a_field_that_names_very_many_others_costs_little() -> None:
    """They are looked up, and not gone through for each field that there is."""
    names = b"Connection: " + b"a," * 12_000 + b"x-1"
    few, many = [[names, *(b"X-%d: 1" % number for number in range(count))] for count in (3, 98)]
    assert compared(lambda: ok(*few), lambda: ok(*many), 3) <= 3
    block = ok(*many).block
    assert b"x-1: 1" not in block and b"x-2: 1" in block


def test_upgrade_needs_both_fields() -> None:
    """Only `Connection: upgrade` makes the Upgrade field count."""
    assert ok(b"Connection: Upgrade", b"Upgrade: WebSocket").upgrade == b"WebSocket"
    assert ok(b"Upgrade: websocket").upgrade == b""
    assert ok(b"Connection: upgrade").upgrade == b""


def test_fields_are_counted() -> None:
    """100 fields pass, 101 do not."""
    ok(*[b"x: y"] * 100)
    with pytest.raises(OverflowError):
        ok(*[b"x: y"] * 101)


@pytest.mark.parametrize("fields", [
    [b"Content-Length: 5", b"Content-Length: 5"], [b"content-length: 5, 5"], [b"Content-Length:5,5", b"CONTENT-LENGTH: 5"],
    [b"Content-Length: 5", b"Transfer-Encoding: identity"], [b"Transfer-Encoding: Identity", b"Content-Length: 5"],
    [b"Content-Length: 5", b"Transfer-Encoding: identity", b"Content-Length: 5"]])
def test_odd_and_harmless(fields: list[bytes]) -> None:
    """Equal lengths are one, and `identity` is no coding: there is one way to read them, and nginx and HAProxy do."""
    head = ok(b"A: b", *fields, b"C: d")
    assert (head.length, head.chunked, head.block) == (5, False, b"a: b\nc: d\n")


def test_identity_without_a_length() -> None:
    """The end of the connection is the end of the body."""
    head = ok(b"Transfer-Encoding: identity")
    assert (head.length, head.chunked) == (None, False)


@pytest.mark.parametrize(("version", "keep_alive"), [(b"1.0", False), (b"1.1", True), (b"1.2", True), (b"1.9", True)])
def test_a_later_minor_version_is_read_as_the_latest(version: bytes, keep_alive: bool) -> None:
    """RFC 9110 section 2.5."""
    assert parse(b"HTTP/%b 200 OK" % version).keep_alive is keep_alive
