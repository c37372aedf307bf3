"""What is counted of a row, and what of it must not be."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.operations.tally import Failure, Killed, Outcome, Tally, percentile, table

#: One that was sent before something was killed at 10, one after it on a connection from before, one on a new connection.
BEFORE, ON_A_DEAD_ONE, AFTER = (Failure("raw/1", 9.9, "cut", 5.0), Failure("raw/2", 10.1, "cut", 5.0),
                                Failure("held/3", 10.2, "502", 10.15))


def tally(*failures: Failure) -> Tally:
    """With two requests that went well."""
    return Tally(Counter({"raw/1": 1, "raw/2": 1}), list(failures), [0.010, 0.030])


@pytest.mark.parametrize(("killed", "wrong"), [
    (None, [BEFORE, ON_A_DEAD_ONE, AFTER]),
    (Killed(10.0, had_connections=False), [ON_A_DEAD_ONE, AFTER]),
    (Killed(10.0, had_connections=True), [AFTER]),
])
def test_what_was_in_the_hands_of_what_was_killed(killed: Killed | None, wrong: list[Failure]) -> None:
    """Where nothing was killed no failure is excused; else those that could not be known to be lost before."""
    found = tally(BEFORE, ON_A_DEAD_ONE, AFTER)
    outcome = Outcome("row", found, tally(), 1.0, killed)
    assert outcome.wrong[0].startswith(f"{len(wrong)} failed: ")
    assert outcome.wrong[1:] == [f"{one.user}: {one.reason}" for one in wrong]
    assert killed is None or found.beyond_hands(killed) == wrong


def test_nothing_is_wrong_where_all_went_well() -> None:
    """A stream that has ended is counted apart; one that said something else is wrong."""
    found = tally()
    found.ended["streams"]["broken"] += 3
    assert found.asked == 2 and Outcome("row", found, tally(), 1.0).wrong == []
    found.wrong.append("streams of raw/1: b'data: 7' where 6 was next")
    assert Outcome("row", found, tally(), 1.0).wrong == found.wrong


def test_the_table() -> None:
    """What failed and what was excused are told apart, and so are the ways in which streams ended."""
    found = tally(BEFORE, AFTER)
    found.ended["sockets"].update({"closed with 1012": 4, "broken": 1})
    *_, row = table([Outcome("a node killed", found, tally(), 2.34, Killed(10.0, had_connections=True))])
    assert row == ("| a node killed | 2.3 s | 4 | 1 (+1 in its hands) | 0 | 1 broken, 4 closed with 1012 "
                   "| 30 ms, 30 ms | 30 ms, 30 ms |")


def test_percentiles() -> None:
    """Of none there is none."""
    assert percentile([], 0.99) == 0.0
    assert [percentile([float(one) for one in range(100)], share) for share in (0.0, 0.5, 0.99, 1.0)] == [0, 50, 99, 99]
