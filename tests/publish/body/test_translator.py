"""What all translators have in common: how a body is cut for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.publish.body.translator import Sparing, Untouched, slices

_CREDIT = 256 * 1024


class Counting:
    """Holds all that came since the last `!`, and counts what it looks at again; writes down its pieces."""

    def __init__(self, held: int = 0) -> None:
        self.kept = b""
        self.more = held
        self.looked = 0
        self.pieces: list[bytes] = []

    @property
    def held(self) -> int:
        return len(self.kept) + self.more

    def feed(self, data: bytes) -> bytes:
        self.looked += len(self.kept) + len(data)
        self.pieces.append(data)
        whole = self.kept + data
        cut = whole.rfind(b"!") + 1
        self.kept = whole[cut:]
        return whole[:cut]

    def finish(self) -> bytes:
        return self.kept


@pytest.mark.parametrize(("data", "size", "pieces"), [
    (b"", 3, [b""]), (b"ab", 3, [b"ab"]), (b"abc", 3, [b"abc"]), (b"abcd", 3, [b"abc", b"d"]), (b"abcdef", 3, [b"abc",
    b"def"])])
def test_slices(data: bytes, size: int, pieces: list[bytes]) -> None:
    """Of at most so many bytes; nothing is one, too."""
    assert list(slices(data, size)) == pieces


@given(st.lists(st.binary(max_size=8)), st.booleans())
def test_nothing_is_lost_or_moved(pieces: list[bytes], lines: bool) -> None:
    """However it is cut."""
    made = Sparing(Counting(), lines=lines)
    assert b"".join([made.feed(one) for one in pieces]) + made.finish() == b"".join(pieces)


def test_a_few_pieces_never_wait() -> None:
    """Each goes on as it comes."""
    inner = Counting()
    made = Sparing(inner)
    for piece in (b"<a href='x", b"y", b"z'>!"):
        made.feed(piece)
    assert inner.pieces == [b"<a href='x", b"y", b"z'>!"]


def test_byte_by_byte_costs_a_multiple_and_no_square() -> None:
    """Each byte is looked at again some sixteen times on average, besides what is free at the beginning."""
    inner, size = Counting(), 40_000
    made = Sparing(inner)
    for _ in range(size):
        made.feed(b"x")
    assert inner.looked < _CREDIT + 20 * size < size * size / 100
    assert made.finish() == b"x" * size


def test_what_waits_goes_with_what_comes() -> None:
    """When there is an eighth of what is held, in one piece and in order."""
    inner = Counting(held=_CREDIT + 8)
    made = Sparing(inner)
    assert made.feed(b"ab") == b"" and made.feed(b"cd") == b"" and inner.pieces == []
    made.feed(b"e" * (_CREDIT // 8))
    assert inner.pieces == [b"abcd" + b"e" * (_CREDIT // 8)]
    made.feed(b"f")
    assert made.finish().endswith(b"ef") and inner.pieces[-1] == b"f"


@pytest.mark.parametrize("end", [b"\n", b"\r", b"a\nb"])
def test_the_end_of_a_line_never_waits(end: bytes) -> None:
    """Where every token ends with its line."""
    inner = Counting(held=_CREDIT + 8)
    made = Sparing(inner, lines=True)
    made.feed(b"ab")
    made.feed(end)
    assert inner.pieces == [b"ab" + end]
    other = Counting(held=_CREDIT + 8)
    Sparing(other).feed(end)
    assert other.pieces == []


def test_nothing_held_costs_nothing() -> None:
    """Credit is used by what is looked at again alone."""
    inner = Counting()
    made = Sparing(inner)
    for _ in range(50_000):
        made.feed(b"some text!")
    inner.more = 100_000
    made.feed(b"x")
    assert inner.pieces[-1] == b"x"


def test_what_changes_nothing() -> None:
    """Holds nothing back."""
    same = Untouched()
    assert (same.feed(b"x"), same.finish(), same.held) == (b"x", b"", 0)
