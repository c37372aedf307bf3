"""Bytes that have arrived and are not yet read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.h1.unread import Unread
from tests.cost.growth import MOST, growth


def filled(*pieces: bytes) -> Unread:
    unread = Unread()
    for piece in pieces:
        unread.add(piece)
    return unread


@given(st.lists(st.one_of(st.binary(max_size=9), st.integers(0, 12))))
@settings(max_examples=100)
def test_bytes_come_out_as_they_went_in(steps: list[bytes | int]) -> None:
    """Whatever is added and taken, in whichever order, no byte is lost, doubled or moved."""
    unread, put, got = Unread(), b"", b""
    for step in steps:
        if isinstance(step, bytes):
            unread.add(step)
            put += step
        else:
            piece = unread.take(step)
            assert isinstance(piece, bytes) and len(piece) <= step
            got += piece
        assert len(unread) == len(put) - len(got)
    assert got + unread.take(len(put)) == put


def test_a_whole_piece_is_not_copied() -> None:
    """A body that is read as it comes passes through without a copy."""
    piece = b"x" * 65536
    assert filled(piece).take(65536) is piece


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_head_may_be_cut_anywhere(cut: int) -> None:
    """The empty line that ends a head is found also when it arrives in two pieces."""
    data = b"ab\r\n\r\ncd"
    unread = filled(data[:cut])
    head = unread.cut_head(100)
    if head is None:
        unread.add(data[cut:])
        head = unread.cut_head(100)
    assert head == b"ab\r\n\r\n"


def test_a_start_is_judged_as_far_as_it_is_there() -> None:
    """Before anything, in the middle of it, and behind what was read."""
    unread = filled(b"xHTT")
    assert unread.take(1) == b"x"
    assert unread.may_begin(b"HTTP/1.")
    unread.add(b"P/2.0 ...")
    assert not unread.may_begin(b"HTTP/1.")
    assert Unread().may_begin(b"HTTP/1.")


def test_the_limit_is_exact() -> None:
    """A head of just the limit passes, one byte more does not, complete or not."""
    assert filled(b"abcd\r\n\r\n").cut_head(8) == b"abcd\r\n\r\n"
    for data in (b"abcde\r\n\r\n", b"abcdefghi"):
        with pytest.raises(OverflowError):
            filled(data).cut_head(8)
    assert filled(b"abcdefgh").cut_head(8) is None


def test_a_bare_newline_is_refused_at_once() -> None:
    """A head with bare LF would never end; it is refused as soon as the LF is there, also at the seam of two pieces."""
    for pieces in ([b"ab\n"], [b"ab", b"\ncd"], [b"a\r\nb", b"\n"], [b"\n"]):
        unread = Unread()
        with pytest.raises(ValueError, match="without CR"):
            for piece in pieces:
                unread.add(piece)
                assert unread.cut_head(100) is None
    unread = filled(b"a\r")
    assert unread.cut_head(100) is None
    unread.add(b"\nb")
    assert unread.cut_head(100) is None


def test_a_trickling_head_takes_linear_time() -> None:
    """A head of 32 KiB that comes byte by byte is not searched from its beginning for each of them."""

    def work(size: int) -> Callable[[], None]:
        def trickle() -> None:
            unread = Unread()
            for _ in range(size):
                unread.add(b"a")
                assert unread.cut_head(40000) is None

        return trickle

    assert growth(work, 8192) <= MOST
