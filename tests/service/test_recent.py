"""What was used last is kept, and never more than there is room for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.service.recent import Recent


def test_what_is_used_stays() -> None:
    """Among many that come once, the one that is asked for again and again is found each time."""
    kept: Recent[str] = Recent(10)
    kept.put("wanted", "value")
    for number in range(1000):
        kept.put(number, "another")
        assert kept.get("wanted") == "value"


def test_what_nobody_asks_for_is_forgotten() -> None:
    """After as many others as there is room for."""
    kept: Recent[str] = Recent(10)
    kept.put("once", "value")
    for number in range(10):
        kept.put(number, "another")
    assert kept.get("once") is None


def test_all_is_forgotten_at_once() -> None:
    """Nothing of before is found, and there is room again."""
    kept: Recent[int] = Recent(4)
    for number in range(8):
        kept.put(number, number)
    assert kept
    kept.clear()
    assert not kept
    assert len(kept) == 0
    assert all(kept.get(number) is None for number in range(8))


@given(st.integers(0, 6), st.lists(st.tuples(st.booleans(), st.integers(0, 12))))
def test_never_a_wrong_value_and_never_too_many(size: int, steps: list[tuple[bool, int]]) -> None:
    """Whatever is put and asked for: each value found is the newest of its key, and the most are `size` (at least two)."""
    kept: Recent[tuple[int, int]] = Recent(size)
    newest: dict[int, tuple[int, int]] = {}
    for turn, (puts, key) in enumerate(steps):
        if puts:
            newest[key] = (key, turn)
            kept.put(key, newest[key])
            assert kept.get(key) == newest[key]
        else:
            assert kept.get(key) in (None, newest.get(key))
        assert len(kept) <= max(size, 2)
