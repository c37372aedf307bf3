"""Users who are slow on purpose, and those who are slow because of us."""

from __future__ import annotations

import pytest

from appproxy.service.front.pace import Pace


def judged(*windows: tuple[int, bool]) -> list[bool]:
    """Of windows with so many bytes, at whose ends the user is paused or not: which are too slow for 100 bytes?"""
    pace = Pace()
    pace.body_begins()
    found = []
    for arrived, held in windows:
        pace.arrived += arrived
        found.append(pace.too_slow(held, 100.0))
    return found


@pytest.mark.parametrize(("windows", "slow"), [
    ([(100, False)], [False]),
    ([(99, False)], [True]),
    ([(5000, False), (99, False)], [False, True]),  # what came before is no credit
    ([(0, True)], [False]),  # paused: nothing can come
    ([(0, True), (0, False), (0, False)], [False, False, True]),  # nor in the window in which they were let go on
    ([(0, True), (0, True), (100, False), (100, False)], [False] * 4),
])
def test_how_much_of_a_body_must_come(windows: list[tuple[int, bool]], slow: list[bool]) -> None:
    """So many bytes in each window, unless we have paused the user."""
    assert judged(*windows) == slow


def test_each_body_begins_anew() -> None:
    """Neither the bytes nor the pause of the one before count."""
    pace = Pace()
    pace.arrived = 500
    assert not pace.too_slow(True, 100.0)
    pace.arrived = 500
    pace.body_begins()
    assert pace.too_slow(False, 100.0)


@pytest.mark.parametrize(("now", "acked", "stalled"), [
    (99.75, 1000, False),
    (100.0, 1000, True),
    (100.0, 1001, False),  # one byte is a sign of life
    (100.0, None, True),  # nobody can know: the time alone counts
])
def test_who_reads_nothing_has_left(now: float, acked: int | None, stalled: bool) -> None:
    """An answer has waited since 10 s for a user whose kernel had 1,000 bytes; the limit is 90 s."""
    pace = Pace()
    pace.pause(10.0, 1000)
    assert pace.stalled(now, 90.0, acked) is stalled


def test_a_slow_reader_has_his_time_anew() -> None:
    """From the moment that they were seen to have taken something, and only for what is new."""
    pace = Pace()
    pace.pause(10.0, 1000)
    assert not pace.stalled(100.0, 90.0, 1001)
    assert (pace.paused_since, pace.stalled(189.0, 90.0, 1001), pace.stalled(190.0, 90.0, 1001)) == (100.0, False, True)


def test_who_is_not_waited_for_cannot_stall() -> None:
    """Before an answer, and once it flows again."""
    pace = Pace()
    assert (pace.paused_since, pace.stalled(1000.0, 90.0, 5)) == (None, False)
    pace.pause(10.0, None)
    pace.resume()
    assert (pace.paused_since, pace.stalled(1000.0, 90.0, None)) == (None, False)
