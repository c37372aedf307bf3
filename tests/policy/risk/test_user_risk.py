"""What is held against a user falls with time."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.risk.levels import HIGH, LEVELS, LOW, MEDIUM, Thresholds
from appproxy.policy.risk.user_risk import COMPROMISED, FALLS, HELD, NO_RISK, of_level, user_risk

THRESHOLDS = Thresholds(12.0, 22.0)
held = st.lists(st.tuples(st.floats(0, 1e9), st.floats(-10, 80)), max_size=5)


@given(held, st.floats(0, 1e9), st.floats(0, 1e9))
def test_it_never_rises_by_itself(held: list[tuple[float, float]], now: float, later: float) -> None:
    """With time the level is the same or lower, and `until` is the very moment at which it is lower."""
    risk = user_risk(held, THRESHOLDS)
    assert LEVELS.index(risk.level(now + later)) <= LEVELS.index(risk.level(now))
    edge = risk.until(now)
    if edge < inf:
        assert risk.level(edge) != risk.level(now)


@given(held, st.tuples(st.floats(0, 1e9), st.floats(-10, 80)), st.floats(0, 2e9))
def test_one_more_never_lowers_it(held: list[tuple[float, float]], one: tuple[float, float], now: float) -> None:
    """What is held adds up to the worst."""
    more, less = user_risk([*held, one], THRESHOLDS), user_risk(held, THRESHOLDS)
    assert LEVELS.index(more.level(now)) >= LEVELS.index(less.level(now))


def test_a_sign_in_at_risk_is_forgotten_in_time() -> None:
    """Ten points in two weeks, after a day; one that has just reached a level has it for that day."""
    risk = user_risk([(1000.0, 32.0)], THRESHOLDS)
    two_weeks = 10.0 / FALLS
    assert two_weeks == pytest.approx(14 * 86400.0)
    begins = 1000.0 + HELD
    assert risk.level(begins + two_weeks - 1) == HIGH
    assert risk.level(begins + two_weeks + 1) == MEDIUM
    assert risk.level(begins + 2 * two_weeks + 1) == LOW
    assert user_risk([(1000.0, 12.0)], THRESHOLDS).level(1000.0 + HELD - 1) == MEDIUM


def test_what_an_admin_has_confirmed_stays() -> None:
    """Until it is dismissed."""
    assert COMPROMISED.level(1e12) == HIGH and COMPROMISED.until(0.0) == inf
    assert NO_RISK.level(0.0) == LOW
    assert [of_level(level).level(0.0) for level in (*LEVELS, "")] == [LOW, MEDIUM, HIGH, LOW]
