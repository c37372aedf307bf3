"""How long a connector waits before it dials again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.tunnel.backoff import reconnect_delay, signal_delay


@pytest.mark.parametrize(("attempt", "longest"), [(0, 0.5), (1, 1.0), (2, 2.0), (5, 16.0), (6, 20.0), (10_000, 20.0)])
def test_the_range_doubles_up_to_twenty_seconds(attempt: int, longest: float) -> None:
    """The wait is uniform from nothing to 0.5 s, then 1 s, 2 s ... 20 s."""
    assert reconnect_delay(attempt, 0.0) == 0.0
    assert reconnect_delay(attempt, 0.5) == pytest.approx(longest / 2)
    assert reconnect_delay(attempt, 1.0) == pytest.approx(longest)


@given(st.integers(0, 1000), st.floats(0, 1), st.floats(0, 3600))
def test_the_services_hint_wins(attempt: int, random: float, hint: float) -> None:
    """A connector that is told when to come back does not come earlier, and not all come at once."""
    assert hint <= reconnect_delay(attempt, random, hint) <= hint * 1.25
    assert reconnect_delay(attempt, 1.0, 8.0) == 10.0


@given(st.floats(0, 1), st.floats(0, 3600))
def test_the_hint_wins_for_signal_connections_too(random: float, hint: float) -> None:
    """However long the node has been away."""
    assert hint <= signal_delay(1000.0, 50, random, hint) <= hint * 1.25


@pytest.mark.parametrize(
    ("away", "short_lives", "longest"),
    [(0.0, 0, 0.5), (1.0, 5, 0.5), (2.0, 0, 1.0), (2.0, 5, 1.0), (30.0, 0, 15.0), (3600.0, 0, 20.0),
     (0.0, 6, 1.0), (0.0, 8, 4.0), (0.0, 10_000, 20.0), (4.0, 6, 2.0)],
)  # fmt: skip
def test_the_wait_is_half_of_the_time_away(away: float, short_lives: int, longest: float) -> None:
    """Between 0.5 and 20 s; five short lives in a row are made up for at once, with more of them the range doubles."""
    assert signal_delay(away, short_lives, 0.0) == 0.0
    assert signal_delay(away, short_lives, 1.0) == pytest.approx(longest)


def back_after(down: float, short_lives: int, chance: random.Random) -> tuple[float, int]:
    """Seconds from the return of a node that was away for `down` seconds until one slot dials it, and its dials."""
    now, dials = 0.0, 0
    while True:
        now += signal_delay(now, short_lives, chance.random())
        dials += 1
        if now >= down:
            return now - down, dials


@pytest.mark.parametrize("down", [0.1, 0.5, 1.0, 1.5, 1.99])
def test_short_breaks_are_made_up_for_within_two_seconds(down: float) -> None:
    """Five of them, one soon after the other, for whatever chance has in store."""
    chance = random.Random(7)
    for short_lives in range(1, 6):
        assert max(back_after(down, short_lives, chance)[0] for _ in range(400)) < 1.0


@pytest.mark.parametrize(("down", "most_share"), [(5.0, 0.75), (60.0, 0.15), (3600.0, 0.15)])
def test_two_hundred_connectors_come_back_spread(down: float, most_share: float) -> None:
    """Both slots of all within 20 s of the node's return, and not all in the same second; none dials without end."""
    chance = random.Random(11)
    came = [back_after(down, 1, chance) for _ in range(400)]
    assert max(after for after, _ in came) <= 20.0
    seconds = [int(after) for after, _ in came]
    assert max(seconds.count(second) for second in set(seconds)) <= most_share * len(seconds)
    assert max(dials for _, dials in came) < 60 + down / 3


def test_a_node_that_drops_everybody_is_asked_less_and_less() -> None:
    """With one welcome and loss after the other, a connector dials few times in ten minutes."""
    chance = random.Random(13)
    now, dials = 0.0, 0
    while now < 600:
        dials += 1
        now += signal_delay(0.0, dials, chance.random())
    assert dials < 120
