"""Nothing counts longer than it would have when it was heard, however the wall clock is set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.lifetimes import LEAST_STEP, Lifetimes

NOW, DAY = 1_700_000_000.0, 86_400.0


def test_set_back_and_forth() -> None:
    """A day back takes a day off what was known then; set right again, it counts as before. Never more than it says."""
    made = Lifetimes()
    assert not made.look(NOW, 10.0)
    assert made.bounded({"old": NOW + 100.0}) == {"old": NOW + 100.0}
    assert made.look(NOW - DAY + 20.0, 30.0)
    assert made.bounded({"old": NOW + 100.0, "new": NOW + 100.0}) == {"old": NOW - DAY + 100.0, "new": NOW + 100.0}
    assert not made.look(NOW - DAY + 30.0, 40.0)
    assert made.look(NOW + 30.0, 40.0)
    assert made.bounded({"old": NOW + 100.0, "new": NOW + 100.0}) == {"old": NOW + 100.0, "new": NOW + 100.0}
    assert made.look(NOW + DAY, 41.0)
    assert made.bounded({"old": NOW + 100.0}) == {"old": NOW + 100.0}


def test_what_is_heard_anew_counts_anew() -> None:
    """Its own time, or its absence meanwhile, tells that it was."""
    made = Lifetimes()
    made.look(NOW, 0.0)
    made.bounded({"a": NOW + 100.0, "b": NOW + 100.0})
    made.look(NOW - DAY, 0.0)
    assert made.bounded({"a": NOW + 101.0, "b": NOW + 100.0}) == {"a": NOW + 101.0, "b": NOW - DAY + 100.0}
    made.bounded({})
    assert made.bounded({"b": NOW + 100.0}) == {"b": NOW + 100.0}


def test_slow_changes_are_no_step_until_they_are_many() -> None:
    """How a clock is kept right changes nothing; what adds up does."""
    made = Lifetimes()
    assert [made.look(NOW + n - n * 0.1, float(n)) for n in range(30)].count(True) == int(29 * 0.1 / LEAST_STEP)


@given(
    life=st.floats(1.0, 1e6),
    steps=st.lists(st.tuples(st.floats(0.0, 1e5), st.floats(-1e6, 1e6)), max_size=12),
)
def test_bound_by_both_clocks(life: float, steps: list[tuple[float, float]]) -> None:
    """After any steps: where it counts still, neither clock has gone past its end, but for what is no step."""
    made, steady, wall = Lifetimes(), 0.0, NOW
    made.look(wall, steady)
    made.bounded({"a": NOW + life})
    for passed, step in steps:
        steady, wall = steady + passed, wall + passed + step
        made.look(wall, steady)
        until = made.bounded({"a": NOW + life})["a"]
        assert until <= NOW + life
        if wall < until:
            assert steady <= life + LEAST_STEP + 1e-3
        assert until == pytest.approx(min(NOW + life, NOW + life - (NOW - (wall - steady))), abs=2 * LEAST_STEP)
