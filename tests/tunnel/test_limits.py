"""The numbers of the tunnel fit each other."""

from __future__ import annotations

import dataclasses

import pytest

from appproxy.tunnel.limits import DEFAULT_LIMITS


def test_limits_cannot_change() -> None:
    """Limits are values; nobody changes them under a running connection."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT_LIMITS.head = 1  # type: ignore[misc]


def test_two_pings_may_be_lost() -> None:
    """A peer is dead only after two PINGs had their time to be answered."""
    assert DEFAULT_LIMITS.dead_after > 2 * DEFAULT_LIMITS.ping_after
    assert DEFAULT_LIMITS.data_dead_after > 2 * DEFAULT_LIMITS.data_ping_after


def test_hello_holds_all_ids() -> None:
    """The ids of twice as many requests as may be in flight, open and ended, fit into HELLO, ten digits each."""
    assert 2 * 2 * DEFAULT_LIMITS.in_flight * 11 < DEFAULT_LIMITS.hello


def test_heads_fit_their_frame() -> None:
    """The frame's head length is 16 bits; the largest head fits."""
    assert max(DEFAULT_LIMITS.request_head, DEFAULT_LIMITS.hello, DEFAULT_LIMITS.head + 4) < 2**16


def test_idle_connections_close_at_different_times() -> None:
    """Idle data connections do not all close in the same second."""
    assert DEFAULT_LIMITS.idle_close_most - DEFAULT_LIMITS.idle_close_least >= 10
