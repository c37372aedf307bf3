"""The replies that a peer owes on a data connection, and silence that proves nothing."""

from __future__ import annotations

from itertools import product

import pytest

from appproxy.tunnel.connections.data_heartbeat import DataHeartbeat
from appproxy.tunnel.limits import TunnelLimits

LIMITS = TunnelLimits()


def dead(beat: DataHeartbeat, now: float, *, asked: bool = False, stopped: bool = False, reading: bool = True) -> bool:
    """Is the peer gone by now?"""
    return beat.is_dead(now, asked=asked, stopped=stopped, reading=reading)


@pytest.mark.parametrize(("which", "seconds"), [("asked", LIMITS.attach_answer), ("stopped", LIMITS.stop_answer)])
def test_a_reply_has_its_time_from_the_first_look(which: str, seconds: float) -> None:
    """However much else comes meanwhile; only while it is owed."""
    beat = DataHeartbeat(LIMITS, 0.0, 0.5)
    (beat.attach_reply if which == "asked" else beat.stop_reply).ask()
    assert beat.next_tick(asked=which == "asked", stopped=which == "stopped", reading=True) == 0.0  # its time begins now
    for now, gone in ((100.0, False), (100.0 + seconds - 0.1, False), (100.0 + seconds, True)):
        beat.heard = now
        assert dead(beat, now, asked=which == "asked", stopped=which == "stopped") is gone
    assert not dead(beat, 100.0 + seconds)


def test_silence_proves_nothing_while_nobody_reads() -> None:
    """And its time begins again with the first look afterwards."""
    beat = DataHeartbeat(LIMITS, 0.0, 0.5)
    late = LIMITS.data_dead_after + 1.0
    assert not dead(beat, late, reading=False)
    assert not dead(beat, late + 1.0)
    assert dead(beat, late + LIMITS.data_dead_after)


def test_pings_of_many_connections_are_spread() -> None:
    """Over a tenth of their time, either way."""
    first, last = (DataHeartbeat(LIMITS, 0.0, jitter).ping_at() for jitter in (0.0, 1.0))
    assert (first, last) == pytest.approx((0.9 * LIMITS.data_ping_after, 1.1 * LIMITS.data_ping_after))


def test_it_is_looked_at_in_time() -> None:
    """At the moment that `next_tick` names the peer is gone, or a PING is due; not before."""
    for asked, stopped in product((False, True), repeat=2):
        beat = DataHeartbeat(LIMITS, 0.0, 0.5)
        due = beat.next_tick(asked=asked, stopped=stopped, reading=True)
        assert not dead(beat, due - 0.01, asked=asked, stopped=stopped) and not beat.take_output()
        assert dead(beat, due, asked=asked, stopped=stopped) or beat.take_output()
