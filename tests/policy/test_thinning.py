"""Nobody can fill what is kept, and nothing that happened goes uncounted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.thinning import OTHERS, Thinning


def test_a_few_and_then_a_number() -> None:
    """The first ones of each hour are written, the others are told as a number once the hour is over."""
    thinning = Thinning(3, 100, 3600.0)
    assert [thinning.note("a", 0.0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert thinning.note("b", 1.0)
    assert thinning.due(3599.0) == {}
    assert thinning.due(3600.0) == {"a": 2}
    assert thinning.due(3600.0) == {}
    assert [thinning.note("a", 3600.0) for _ in range(4)] == [True] * 3 + [False]


def test_all_together() -> None:
    """Many keys do not write more than many."""
    thinning = Thinning(3, 10, 3600.0)
    assert sum(thinning.note(str(number), 0.0) for number in range(100)) == 10
    assert sum(thinning.due(3600.0).values()) == 90


def test_bounded() -> None:
    """Of too many keys the oldest are counted together."""
    thinning = Thinning(1, 1000, 3600.0, keys=10)
    for number in range(100):
        thinning.note(str(number), 0.0)
        thinning.note(str(number), 0.0)
    assert len(thinning) == 10
    due = thinning.due(3600.0)
    assert due[OTHERS] >= 90
    assert len(due) <= 11
    assert sum(due.values()) == 100


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2000)), max_size=200))
def test_nothing_is_lost(events: list[tuple[str, float]]) -> None:
    """What is written and what is told as a number are together all that happened."""
    thinning, now, written, told = Thinning(2, 5, 3600.0, keys=2), 0.0, 0, 0
    for key, passed in events:
        now += passed
        written += thinning.note(key, now)
        told += sum(thinning.due(now).values())
    told += sum(thinning.due(now + 3601.0).values())
    assert written + told == len(events)
