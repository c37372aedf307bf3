"""When the end of a certificate is worth a warning."""

from __future__ import annotations

from appproxy.pki.expiry import DAY, days_left, ends_soon


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
