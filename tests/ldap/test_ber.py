"""BER: what is written can be read again, and nothing that comes from a server does more than raise Malformed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.ldap import ber
from appproxy.ldap.ber import Malformed, Reader

TAGS = st.integers(0, 255)
#: Each method that takes a value, as it is called on a tag.
TAKES: list[Callable[[Reader, int], object]] = [
    Reader.inner, Reader.octets, Reader.text, Reader.integer, lambda reader, _: reader.skip(),
]


@pytest.mark.parametrize(("value", "encoded"), [
    (0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100"), (-128, "020180"), (-129, "0202ff7f"),
    (2**63 - 1, "02087fffffffffffffff"),
])
def test_integers_as_the_standard_has_them(value: int, encoded: str) -> None:
    """Two's complement in as few bytes as hold it (X.690 section 8.3)."""
    assert ber.integer(value).hex() == encoded
    assert Reader(bytes.fromhex(encoded)).integer(ber.INTEGER) == value


@given(st.integers(-(2**63), 2**63 - 1), TAGS)
def test_every_integer_of_64_bits_comes_back(value: int, tag: int) -> None:
    assert Reader(ber.integer(value, tag)).integer(tag) == value


@pytest.mark.parametrize("content", [b"", b"\x01" * 10])
def test_an_integer_without_end_or_without_bytes_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed, match="an integer that cannot be"):
        Reader(ber.octets(content, ber.INTEGER)).integer(ber.INTEGER)


@pytest.mark.parametrize(("size", "head"), [
    (0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100"), (65_536, "0483010000"),
])
def test_lengths_take_the_fewest_bytes(size: int, head: str) -> None:
    """Short form below 128, then the long one (X.690 section 8.1.3)."""
    made = ber.octets(b"x" * size)
    assert made[: len(head) // 2].hex() == head
    assert Reader(made).octets() == b"x" * size


@given(st.lists(st.binary(max_size=300), max_size=5), st.booleans(), st.text(st.characters(exclude_categories=["Cs"])))
def test_values_come_back_in_their_order(values: list[bytes], truth: bool, text: str) -> None:
    """Whatever is in them, and nothing of what comes behind."""
    parts = [*(ber.octets(value) for value in values), ber.boolean(truth), ber.octets(text)]
    reader = Reader(ber.tlv(ber.SEQUENCE, *parts) + b"behind").inner()
    assert [reader.octets() for _ in values] == values
    assert (reader.octets(ber.BOOLEAN), reader.text()) == (b"\xff" if truth else b"\x00", text)
    assert reader.tag == -1
    with pytest.raises(Malformed):
        reader.skip()


def test_text_that_is_no_utf8_is_shown_all_the_same() -> None:
    """Some servers' messages are none."""
    assert Reader(ber.octets(b"caf\xe9")).text() == "caf\ufffd"


@given(st.binary(max_size=400))
def test_a_message_has_one_length_however_much_of_it_has_come(content: bytes) -> None:
    """Unknown as long as its head is not whole, then always the same."""
    message = ber.tlv(ber.SEQUENCE, content)
    head = len(message) - len(content)
    for size in range(len(message) + 1):
        assert ber.frame(message[:size], 1_000) == (len(message) if size >= head else None)
    assert ber.frame(bytearray(message + b"\x30\x05next"), 1_000) == len(message)


@pytest.mark.parametrize(("data", "why"), [
    (b"\x31\x00", "begins with 0x31"), (b"\x30\x80", "a length"), (b"\x30\xff", "a length"),
    (b"\x30\x85\1\1\1\1\1", "a length"), (b"\x30\x82\x03\xe9", "of 1001 bytes"),
    (b"\x30\x84\xff\xff\xff\xff", "of 4294967295 bytes"),
])
def test_a_message_that_cannot_be_or_is_too_long_is_refused_by_its_head(data: bytes, why: str) -> None:
    """Before anybody waits for the rest of it. The indefinite form (0x80) is none of LDAP's."""
    with pytest.raises(Malformed, match=why):
        ber.frame(data, 1_000)


@given(st.binary(max_size=40), TAGS, st.integers(0, 10), st.integers(0, 40))
def test_whatever_comes_is_read_or_refused(data: bytes, tag: int, start: int, end: int) -> None:
    """No other error, no byte from outside of the part, and each value that is taken brings the end nearer."""
    end = min(end, len(data))
    for take in TAKES:
        reader = Reader(data, start, end)
        for _ in range(len(data) + 1):
            try:
                found = take(reader, tag)
            except Malformed:
                break
            assert not isinstance(found, bytes) or found in data[start:end]
        else:
            raise AssertionError("it never came to an end")


@given(st.binary(min_size=1, max_size=60), st.integers(0, 61))
def test_a_value_cut_short_is_refused(content: bytes, cut: int) -> None:
    message = ber.octets(content)
    if cut < len(message):
        with pytest.raises(Malformed):
            Reader(message[:cut]).octets()


def test_a_value_longer_than_what_it_is_in_is_refused() -> None:
    """Although the bytes behind would be there."""
    inner = Reader(ber.tlv(ber.SEQUENCE, b"\x04\x05ab") + b"cde").inner()
    with pytest.raises(Malformed, match="longer than what it is in"):
        inner.octets()
