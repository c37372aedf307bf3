"""Those that are to go, evenly over a window of time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.service.relay.moves.spread import Spread


@given(st.integers(0, 3000), st.floats(0, 50), st.floats(0.5, 60), st.floats(0.05, 1.0), st.floats(0, 0.999))
@settings(max_examples=200, deadline=None)
def test_evenly_and_all(count: int, begin: float, seconds: float, step: float, chance: float) -> None:
    """None before the window, in each step of it no more than its part and one, nobody left at its end."""
    spread, left, now = Spread(begin, begin + seconds, chance), count, 0.0
    while now < begin + seconds + step:
        taken = spread.take(now, left)
        assert 0 <= taken <= left
        if now < begin:
            assert taken == 0
        elif now < begin + seconds:
            assert taken <= count * step / seconds + 2
        left -= taken
        now += step
    assert left == 0


def test_those_who_come_later_have_their_turn() -> None:
    """And who leaves by themselves makes the others wait no shorter."""
    spread = Spread(10, 20, 0.0)
    assert spread.take(11, 100) == 10
    assert spread.take(12, 90 + 90) == 20
    assert spread.take(13, 8) == 1
    assert spread.take(19, 7) in (5, 6)
    assert spread.take(20, 2) == 2


def test_a_window_without_width() -> None:
    """All at once, at its time."""
    spread = Spread(5, 5, 0.5)
    assert (spread.take(4.9, 3), spread.take(5, 3)) == (0, 3)


def test_a_late_look_takes_what_was_due() -> None:
    """A machine that was busy makes up for it, and does not crowd the end."""
    spread = Spread(0, 100, 0.0)
    assert spread.take(50, 100) == 50


def test_a_single_one_goes_at_any_time() -> None:
    """Which is drawn."""
    for chance, when in ((0.75, 2.5), (0.5, 5.0), (0.25, 7.5)):
        spread = Spread(0, 10, chance)
        assert [spread.take(when - 0.1, 1), spread.take(when + 0.1, 1)] == [0, 1]
