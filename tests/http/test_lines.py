"""Field lines of heads and trailers."""

from __future__ import annotations

from collections.abc import Callable

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.head import Fields
from appproxy.http.lines import is_chunked, members, parse_head, parse_length, parse_lines

Parse = Callable[[bytes], Fields]
TOKEN_BYTES = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def head(lines: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\n" + lines + b"\r\n"


def fields_of(lines: bytes) -> Fields:
    return parse_head(httptools.HttpRequestParser, head(lines))


@pytest.mark.parametrize("parse", [fields_of, parse_lines])
class TestBothParsers:
    """Heads go through httptools and trailers through a pattern: they must take and refuse the same."""

    def test_names_are_lowered_and_values_stripped(self, parse: Parse) -> None:
        """White space around a value is not part of it; an empty value is a value; doubled fields stay."""
        assert parse(b"X-A: \t b c\t \r\nx-a:\r\nSet-Cookie:a=b\r\n") == [
            (b"x-a", b"b c"), (b"x-a", b""), (b"set-cookie", b"a=b")]

    def test_each_byte_in_a_value(self, parse: Parse) -> None:
        """A byte in a value either arrives as it is or is refused; of control characters only the tab arrives."""
        for byte in range(256):
            value = b"a" + bytes([byte]) + b"b"
            if byte == 9 or (byte >= 32 and byte != 127):
                assert parse(b"X: " + value + b"\r\n") == [(b"x", value)]
            else:
                with pytest.raises(ValueError):
                    parse(b"X: " + value + b"\r\n")

    def test_each_byte_in_a_name(self, parse: Parse) -> None:
        """A byte in a name is a token's, or ends the name (the colon), or is refused."""
        for byte in range(256):
            line = b"X" + bytes([byte]) + b"Y: v\r\n"
            if byte == ord(":"):
                assert parse(line) == [(b"x", b"Y: v")]
            elif byte in TOKEN_BYTES:
                assert parse(line) == [((b"X" + bytes([byte]) + b"Y").lower(), b"v")]
            else:
                with pytest.raises(ValueError):
                    parse(line)

    @pytest.mark.parametrize("line", [
        b": a\r\n", b"X\r\n", b"X : a\r\n", b" X: a\r\n", b"X: a\n", b"X: a\r", b"X: a\r\n b\r\n", b"X: a\r\n\tb\r\n",
        b"X: a\r\r\n", b"X: a\x00\r\n", b"(X): a\r\n", b"\xc3\xa4: a\r\n"])
    def test_malformed_lines_are_refused(self, parse: Parse, line: bytes) -> None:
        """No empty name, no blank before the colon, no folded line, no bare CR or LF."""
        with pytest.raises(ValueError):
            parse(line)


@given(st.binary(max_size=40))
@settings(max_examples=200)
def test_both_parsers_agree(section: bytes) -> None:
    """What the pattern takes as a trailer section, httptools takes as a head, and reads the same."""
    section = section.replace(b"\n", b"\r\n") + b"\r\n"
    try:
        fields = parse_lines(section)
    except ValueError:
        return
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in fields):
        assert fields_of(section) == fields


@pytest.mark.parametrize("lines", [
    b"Content-Length: 3\r\nContent-Length: 3\r\n", b"Content-Length: 3, 3\r\n", b"Content-Length: +3\r\n",
    b"Content-Length: -3\r\n", b"Content-Length:\r\n", b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"])
def test_httptools_is_still_as_strict_as_measured(lines: bytes) -> None:
    """Our own checks are a second line of defence; the first must not fall with an update of httptools."""
    with pytest.raises(ValueError):
        fields_of(lines)


def test_an_upgrade_is_no_error() -> None:
    """The parser stops at an upgrade by raising; its fields are there nevertheless."""
    assert fields_of(b"Connection: upgrade\r\nUpgrade: websocket\r\n") == [
        (b"connection", b"upgrade"), (b"upgrade", b"websocket")]


def test_members_of_a_list() -> None:
    """Lists are read in lower case and without white space."""
    assert members(b"Keep-Alive ,\tUPGRADE") == [b"keep-alive", b"upgrade"]


@pytest.mark.parametrize(("value", "length"), [(b"0", 0), (b"007", 7), (b"9007199254740992", 2**53)])
def test_a_length(value: bytes, length: int) -> None:
    """Digits, up to 2^53."""
    assert parse_length(value) == length


@pytest.mark.parametrize("value", [
    b"", b"-1", b"+1", b"1,1", b"1, 1", b"0x1", b"1e3", b"1.0", b" 1", b"1_0", b"9007199254740993", b"1" * 17,
    b"18446744073709551616", "٣".encode()])
def test_a_malformed_length(value: bytes) -> None:
    """Signs, lists, other notations and numbers above 2^53 are refused."""
    with pytest.raises(ValueError):
        parse_length(value)


def test_chunked_is_the_only_coding() -> None:
    """`chunked`, in any case, in HTTP/1.1, without a length: everything else is refused."""
    assert is_chunked({b"transfer-encoding": b"Chunked"}, 11)
    assert not is_chunked({b"content-length": b"3"}, 11)
    for coding in (b"gzip, chunked", b"chunked, chunked", b"chunked,", b"identity", b"xchunked", b"", b"chunked;q=1"):
        with pytest.raises(ValueError):
            is_chunked({b"transfer-encoding": coding}, 11)
    with pytest.raises(ValueError):
        is_chunked({b"transfer-encoding": b"chunked"}, 10)
    with pytest.raises(ValueError):
        is_chunked({b"transfer-encoding": b"chunked", b"content-length": b"3"}, 11)
