"""Bursts that are refilled with time."""

from __future__ import annotations

import pytest

from appproxy.errors import Code, RemoteProtocolError
from appproxy.tunnel.token_bucket import TokenBucket


def test_a_burst_and_no_more() -> None:
    """The burst passes; the next one at the same time is too many."""
    allowance = TokenBucket("PINGs", 3, 1.0, 100.0)
    for _ in range(3):
        allowance.take(100.0)
    with pytest.raises(RemoteProtocolError) as caught:
        allowance.take(100.5)
    assert caught.value.code is Code.OVERLOADED


def test_time_earns_more_up_to_the_burst() -> None:
    """Each interval earns one, and a long silence no more than a burst."""
    allowance = TokenBucket("PINGs", 2, 1.0, 0.0)
    allowance.take(0.0)
    allowance.take(0.0)
    allowance.take(1.0)
    for _ in range(2):
        allowance.take(1000.0)
    with pytest.raises(RemoteProtocolError):
        allowance.take(1000.0)
