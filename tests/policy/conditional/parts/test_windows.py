"""Windows of time, over midnight and over changes of the clock; their edges are never late."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from appproxy.policy.conditional.parts.windows import Clock, Window, clock_of

BERLIN = ZoneInfo("Europe/Berlin")
ALWAYS = frozenset(range(7))


def at(text: str) -> float:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def berlin(text: str) -> Clock:
    """Clocks in Berlin at a time in UTC."""
    return clock_of(at(text), BERLIN)


@pytest.mark.parametrize(("when", "expected"), [
    ("2026-01-05 06:59:59", False), ("2026-01-05 07:00:00", True), ("2026-01-05 16:59:59.9", True),
    ("2026-01-05 17:00", False),
    ("2026-01-04 12:00", False),  # a Sunday
    ("2026-07-06 06:00", True),  # in summer an hour earlier
])
def test_office_hours(when: str, expected: bool) -> None:
    """From 8 to 18 on weekdays in Berlin."""
    assert Window(frozenset(range(5)), 480, 1080, BERLIN).contains(berlin(when)) is expected


@pytest.mark.parametrize(("when", "expected"), [
    ("2026-01-05 20:59", False), ("2026-01-05 21:00", True), ("2026-01-06 04:59", True), ("2026-01-06 05:00", False),
    ("2026-01-06 21:00", False),
])
def test_over_midnight(when: str, expected: bool) -> None:
    """From 22 on Mondays to 6 on Tuesdays in Berlin: it belongs to Monday."""
    assert Window(frozenset({0}), 1320, 360, BERLIN).contains(berlin(when)) is expected


def test_a_whole_day() -> None:
    """The same beginning and end, at midnight or not."""
    assert Window(frozenset({0}), 0, 0, BERLIN).contains(berlin("2026-01-05 12:00"))
    assert Window(frozenset({0}), 0, 1440, BERLIN).contains(berlin("2026-01-05 22:59"))
    assert not Window(frozenset({0}), 0, 1440, BERLIN).contains(berlin("2026-01-05 23:00"))


def test_an_hour_that_the_clock_leaves_out() -> None:
    """At 2:00 in Berlin it is 3:00 on 29 March: a window up to 2:30 has ended then, and was said to hold no longer."""
    window = Window(ALWAYS, 60, 150, BERLIN)
    before = berlin("2026-03-29 00:59:59")
    assert window.contains(before)
    assert window.edge(before) == at("2026-03-29 01:00")
    assert not window.contains(berlin("2026-03-29 01:00"))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
def test_nothing_changes_before_the_edge(zone: str) -> None:
    """Whatever the zone does meanwhile, to the second; and an edge lies ahead."""
    random = Random(zone)
    for _ in range(200):
        window = Window(frozenset(random.sample(range(7), 3)), random.randrange(1440), random.randrange(1441), ZoneInfo(zone))
        now = at("2026-01-01 00:00") + random.uniform(0.0, 365 * 86400.0)
        clock = clock_of(now, window.zone)
        edge = window.edge(clock)
        assert edge > now
        for later in (edge - 0.001, *(random.uniform(now, edge - 0.001) for _ in range(5))):
            assert window.contains(clock_of(later, window.zone)) is window.contains(clock)


def test_the_edge_of_an_edge_is_the_next_one() -> None:
    """At the very second of a beginning."""
    clock = berlin("2026-01-05 07:00")
    assert Window(ALWAYS, 480, 490, BERLIN).edge(clock) == clock.now + 600.0
    assert Window(ALWAYS, 480, 480, BERLIN).edge(clock) == clock.now + 900.0
