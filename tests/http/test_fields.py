"""Field blocks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, RequestError
from appproxy.http.fields import check_block, decode_block, drop, encode_block, values

NAMES = st.text("abcxyz-_09!", min_size=1, max_size=8).map(str.encode)
VALUES = st.binary(max_size=12).map(lambda raw: bytes(b for b in raw if b >= 32 and b != 127).strip())
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=8)


@given(FIELDS)
@settings(max_examples=60)
def test_a_block_gives_back_its_fields(fields: list[tuple[bytes, bytes]]) -> None:
    """Fields come out of a block as they went in, in their order and number."""
    block = encode_block(fields)
    check_block(block)
    assert decode_block(block) == fields


@given(st.lists(st.tuples(st.binary(max_size=6), st.binary(max_size=6)), max_size=3))
@settings(max_examples=200)
def test_any_fields_arrive_as_they_are_or_not_at_all(fields: list[tuple[bytes, bytes]]) -> None:
    """No bytes in names or values make a block that says something else."""
    try:
        block = encode_block(fields)
    except RequestError as error:
        assert error.code is Code.BAD_REQUEST
        return
    assert decode_block(block) == fields


def test_each_byte_in_name_and_value() -> None:
    """Each byte arrives identical or is refused."""
    for byte in range(256):
        sign = bytes([byte])
        in_value = byte == 9 or (byte >= 32 and byte != 127)
        in_name = sign in b"!#$%&'*+-.^_`|~" or (sign.isalnum() and not sign.isupper())
        for field, good in (((b"x", b"a" + sign + b"b"), in_value), ((b"x" + sign + b"y", b"v"), in_name)):
            if good:
                assert decode_block(encode_block([field])) == [field]
            else:
                with pytest.raises(RequestError):
                    encode_block([field])


@pytest.mark.parametrize("field", [
    (b"", b"v"), (b"a", b"v\nb: w"), (b"a: b", b"v"), (b"a: b\nc", b"v"), (b"A", b"v"), (b"a\n", b""), (b"a", b"v\r")])
def test_a_field_cannot_become_two(field: tuple[bytes, bytes]) -> None:
    """Line ends and colons in the wrong place are refused, even where the result would look like good lines."""
    with pytest.raises(RequestError):
        encode_block([field])
    with pytest.raises(RequestError):
        encode_block([(b"x", b"y"), field])


@pytest.mark.parametrize("block", [
    b"a: b", b"a:b\n", b"a : b\n", b": b\n", b"A: b\n", b"\n", b"a: b\n\n", b"a: b\r\n", b"a: \x00\n", b"a: \x7f\n",
    b" a: b\n", b"a: b\n c\n"])
def test_malformed_blocks_are_refused(block: bytes) -> None:
    """Each line is a lower-case name, colon, blank, value, LF."""
    with pytest.raises(ValueError):
        check_block(block)


def test_the_lines_of_a_block_are_counted() -> None:
    """A block has at most so many lines; the empty block is one."""
    check_block(b"")
    check_block(b"a: b\n" * 100)
    check_block(b"a: \n" * 3, 3)
    with pytest.raises(ValueError):
        check_block(b"a: b\n" * 101)
    with pytest.raises(ValueError):
        check_block(b"a: b\n" * 4, 3)


@given(FIELDS, NAMES)
@settings(max_examples=60)
def test_drop_and_values_agree_with_the_fields(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    """What is dropped is what had that name, neither more nor less."""
    block = encode_block(fields)
    assert decode_block(drop(block, name)) == [field for field in fields if field[0] != name]
    assert values(block, name) == [value for key, value in fields if key == name]


def test_a_name_within_another_line_is_not_meant() -> None:
    """Neither the end of another name nor a value that looks like a line is taken for the field."""
    block = b"x-te: 1\nref: te: 2\nte: 3\n"
    assert values(block, b"te") == [b"3"]
    assert drop(block, b"te") == b"x-te: 1\nref: te: 2\n"


def test_only_lf_ends_a_line() -> None:
    """Bytes that some programs take for line ends are parts of values."""
    block = b"a: x\x85te: 1\nte: 2\n"
    check_block(block)
    assert drop(block, b"te") == b"a: x\x85te: 1\n"
