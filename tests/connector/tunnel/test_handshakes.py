"""How many data connections are made at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.connector.tunnel.handshakes import FULL_SECONDS, SLOW_SECONDS, HandshakeBudget
from appproxy.tunnel.limits import DEFAULT_LIMITS

LIMITS = replace(DEFAULT_LIMITS, pool_least=2, handshakes=4)


@pytest.mark.parametrize(
    ("waiting", "idle", "begin"),
    [
        (0, 0, 2),  # some are kept ready
        (0, 1, 1),
        (0, 5, 0),
        (1, 2, 1),
        (1, 0, 3),
        (9, 2, 4),  # never more than that at once
    ],
)
def test_who_waits_and_what_is_kept_ready(waiting: int, idle: int, begin: int) -> None:
    """As many begin as are waited for or missing, and no more than may be under way."""
    assert HandshakeBudget(LIMITS).to_begin(waiting, 0, idle, 0, 0.0) == (begin, False)


def test_those_under_way_count() -> None:
    """What has begun is not begun again."""
    handshakes = HandshakeBudget(LIMITS)
    handshakes.under_way += 3
    assert handshakes.to_begin(3, 0, 2, 0, 0.0) == (0, False)
    assert handshakes.to_begin(5, 0, 2, 0, 0.0) == (1, False)


def test_one_at_a_time_for_users_who_have_several() -> None:
    """However many they wait for; beside it the others have as many as ever, and afterwards there is a pause."""
    handshakes = HandshakeBudget(LIMITS)
    assert handshakes.to_begin(0, 7, 2, 9, 10.0) == (0, True)
    handshakes.begun_for_many(10.0)
    assert handshakes.to_begin(0, 7, 2, 9, 10.0) == (0, False)
    assert handshakes.to_begin(4, 7, 2, 9, 10.0) == (4, False)
    handshakes.succeeded(10.0, 10.5)
    assert handshakes.to_begin(0, 7, 2, 9, 10.5) == (0, True)
    assert handshakes.many_after == 12.0  # three times as long as it took


def test_one_that_is_under_way_will_do() -> None:
    """What is under way already, and is not for those who have few, is one of theirs."""
    handshakes = HandshakeBudget(LIMITS)
    handshakes.under_way += 1
    assert handshakes.to_begin(0, 1, 2, 9, 0.0) == (0, False)
    assert handshakes.to_begin(0, 2, 2, 9, 0.0) == (0, True)


@pytest.mark.parametrize("slow", [False, True])
def test_none_is_kept_ready_on_a_full_link(slow: bool) -> None:
    """A handshake that fails or takes long beside connections in use: for a while only who waits gets one."""
    handshakes = HandshakeBudget(LIMITS)
    handshakes.under_way += 1
    now = SLOW_SECONDS + 1.0
    if slow:
        handshakes.succeeded(0.0, now)
    else:
        handshakes.failed(now)
    assert handshakes.to_begin(0, 0, 0, 1, now) == (0, False)
    assert handshakes.to_begin(1, 0, 0, 1, now) == (1, False)
    assert handshakes.to_begin(0, 0, 0, 0, now) == (2, False)  # nobody uses the link
    assert handshakes.to_begin(0, 0, 0, 1, now + FULL_SECONDS) == (2, False)


def test_each_failure_in_a_row_is_waited_for_longer() -> None:
    """Until one succeeds."""
    handshakes = HandshakeBudget(LIMITS)
    delays = []
    for _ in range(3):
        handshakes.under_way += 1
        handshakes.failed(0.0)
        delays.append(handshakes.delay(1.0))
    assert delays == sorted(set(delays))
    handshakes.under_way += 2
    handshakes.succeeded(0.0, 0.0)
    handshakes.failed(0.0)
    assert handshakes.delay(1.0) == delays[0] and handshakes.under_way == 0
