"""The promise about guessing, in small: honest users wait 30 seconds at most, attackers get 100 guesses a user and day."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from bench.guessing import DAY, Figures, Result, flood, most_a_day, office, spraying, stale_client, stuffing, targeted

SITUATIONS: dict[str, Callable[[Random], Result]] = {
    "office": office, "stale": lambda c: stale_client(c, False), "broken": lambda c: stale_client(c, True),
    "targeted": lambda c: targeted(c, 5), "targeted by twenty": lambda c: targeted(c, 20),
    "spraying": lambda c: spraying(c, 20, 30.0), "stuffing": lambda c: stuffing(c, 20, 5.0), "flood": flood,
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_promise(situation: str, seed: int) -> None:
    """In each situation, for each way in which a user may be known, and for those who are not."""
    result = SITUATIONS[situation](Random(seed))
    assert result.guesses <= 100
    for figures in result.groups.values():
        assert figures.held
        assert figures.given_up == 0
        assert figures.percentile(0.99) <= 30.0


def test_many_addresses_keep_out_only_those_whom_nobody_knows() -> None:
    """A thousand addresses at one name: known devices and networks do not notice; the figures say what newcomers do."""
    result = targeted(Random(1), 1000)
    assert result.guesses <= 100
    assert result.groups["known device"].percentile(1.0) <= 30.0
    assert result.groups["known network"].percentile(1.0) <= 30.0
    assert result.groups["new device, new network"].percentile(0.5) > 30.0


def test_the_measure() -> None:
    """Who gives up counts as a day; the most in a day are found wherever the day begins."""
    assert Figures([1.0] * 98 + [7.0], 1).percentile(0.99) == DAY
    assert Figures([1.0] * 98 + [7.0], 0).percentile(0.5) == 1.0
    assert most_a_day([0.0, 1.0, DAY, DAY + 1, DAY + 2]) == 3
