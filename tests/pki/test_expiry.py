"""When the end of a certificate is worth a warning."""

from __future__ import annotations

import pytest

from appproxy.pki.expiry import DAY, days_left, end_words, ends_soon


def test_three_weeks_of_a_long_life() -> None:
    """A year's certificate is warned of for 21 days."""
    assert not ends_soon(0, 365 * DAY, 344 * DAY)
    assert ends_soon(0, 365 * DAY, 344 * DAY + 1)
    assert ends_soon(0, 365 * DAY, 400 * DAY)


def test_a_quarter_of_a_short_life() -> None:
    """One of six days is warned of for a day and a half."""
    assert not ends_soon(0, 6 * DAY, 4.5 * DAY)
    assert ends_soon(0, 6 * DAY, 4.5 * DAY + 1)


def test_days() -> None:
    """Below 0 once it has ended."""
    assert days_left(10 * DAY, 7.5 * DAY) == 2.5
    assert days_left(0, DAY) == -1


@pytest.mark.parametrize(("days", "words"), [
    (20.4, "ends in 20 days"), (1.0, "ends in 1 days"), (0.99, "ends in 24 hours"), (0.25, "ends in 6 hours"),
    (0.0, "ended 0 hours ago"), (-0.5, "ended 12 hours ago"), (-1.0, "ended 1 days ago"), (-400.0, "ended 400 days ago"),
])  # fmt: skip
def test_the_end_in_words(days: float, words: str) -> None:
    """What has ended is not said to end some day; of a last day the hours count."""
    assert end_words(1000 * DAY + days * DAY, 1000 * DAY) == words
