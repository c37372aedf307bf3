"""Request ids."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.tunnel.ids import LARGEST, RequestIds


def test_ids_rise_from_one() -> None:
    """The first request of a connector has id 1."""
    ids = RequestIds()
    assert [ids.allocate(()) for _ in range(3)] == [1, 2, 3]


def test_ids_wrap_without_zero() -> None:
    """After the last id comes 1: 0 is the connection itself."""
    ids = RequestIds(LARGEST - 1)
    assert [ids.allocate(()) for _ in range(2)] == [LARGEST, 1]


@given(st.sets(st.integers(1, 20)))
def test_ids_in_use_are_skipped(in_use: set[int]) -> None:
    """A long download keeps its id, however many requests come after it."""
    ids = RequestIds(LARGEST)
    taken = [ids.allocate(in_use) for _ in range(10)]
    assert not in_use & set(taken)
    assert taken == sorted(set(taken))
