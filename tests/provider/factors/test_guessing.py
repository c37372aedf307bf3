"""How often a code may be guessed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.provider.factors import guessing


@given(st.lists(st.floats(0.0, 3 * 86400.0), max_size=80))
def test_never_more_than_the_limits(moments: list[float]) -> None:
    """Whenever somebody tries, in any window there are no more than it allows; and the wait that is told is the truth."""
    taken: list[float] = []
    for now in sorted(moments):
        recent = [time for time in taken if time > now - 86400.0]
        wait = guessing.wait(recent, now)
        if wait > 0.0:
            then = now + wait
            assert guessing.wait([time for time in taken if time > then - 86400.0], then) <= 1e-6
        else:
            taken.append(now)
    for most, window in guessing.LIMITS:
        for first, after in zip(taken, taken[most:], strict=False):
            assert after - first >= window - 1e-6


def test_the_limits() -> None:
    """Five in ten minutes, twenty in a day."""
    assert guessing.wait([0.0] * 4, 0.0) == 0.0
    assert guessing.wait([0.0] * 5, 0.0) == 600.0
    assert guessing.wait([0.0, 100.0, 200.0, 300.0, 400.0], 500.0) == 100.0
    assert guessing.wait([float(second) for second in range(20)], 10_000.0) == 76_400.0
