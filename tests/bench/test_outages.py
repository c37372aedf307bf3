"""What `bench.outages` makes of what receivers have; the whole of it is run by hand, since an outage takes its time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.outages import Arrived, Outcome, compare, p99

WANTED = [(1, "1-a"), (2, "2-b"), (3, "3-c")]


@pytest.mark.parametrize(("found", "expected"), [
    (WANTED, Arrived(3, 0, 0, 0, 0)),
    ([*WANTED[:2], *WANTED], Arrived(3, 0, 2, 0, 0)),
    (WANTED[1:], Arrived(3, 1, 0, 0, 0)),
    ([WANTED[0], WANTED[2], WANTED[1]], Arrived(3, 0, 0, 1, 0)),
    ([*WANTED[:2], (3, "3-x")], Arrived(3, 1, 0, 0, 1)),
])  # fmt: skip
def test_what_has_come(found: list[tuple[int, str]], expected: Arrived) -> None:
    """An entry that comes again is a double; one behind a later one, one that is missing and one of another id are faults."""
    arrived = compare(WANTED, found)
    assert arrived == expected
    assert arrived.is_whole is (not (expected.missing or expected.out_of_order or expected.strange))


WHOLE = Arrived(3, 0, 1, 0, 0)
GOOD = Outcome(
    ([0.01] * 100, [0.015] * 100), ([0.004] * 100, [0.005] * 100), 0, 2, {"syslog": WHOLE}, {"syslog": 60.0}, {"syslog": 5}, 0)


@pytest.mark.parametrize(("change", "is_good"), [
    ({}, True),
    ({"arrived": {"syslog": replace(WHOLE, missing=1)}}, False),
    ({"failed": 1}, False),
    ({"left_out": 1}, False),
    ({"took": ([0.01] * 100, [0.03] * 100)}, False),
    ({"asked": ([0.004] * 100, [0.009] * 100)}, False),
])  # fmt: skip
def test_what_is_good(change: dict[str, object], is_good: bool) -> None:
    """All is there, nobody has failed, and neither requests nor commands took twice as long; doubles are allowed."""
    outcome = replace(GOOD, **change)  # type: ignore[arg-type]
    assert outcome.is_good is is_good
    assert outcome.lines()[0].startswith("syslog: 3 entries, ") and "60.0 s after" in outcome.lines()[0]


def test_the_99th_percentile() -> None:
    """Of a hundred."""
    assert p99([number / 100 for number in range(100)]) == 0.99
