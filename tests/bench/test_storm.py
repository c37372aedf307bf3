"""Storms, simulated with the connector's own decisions: everybody comes back in time, and no node works in vain."""

from __future__ import annotations

import pytest

from appproxy.connector.tunnel.signal import WELCOME_SECONDS
from appproxy.tunnel import backoff
from appproxy.tunnel.limits import DEFAULT_LIMITS
from bench.storm import Costs, Storm, Timeline, storm

#: Seconds of a core for one handshake, and all of a connector's.
COST = 0.0016
LINKS = DEFAULT_LIMITS.signal_connections + DEFAULT_LIMITS.pool_least


def test_calls_come_in_the_order_of_their_time() -> None:
    """Those of one moment in the order of their making; what was cancelled does not come, and nothing after the end."""
    clock, seen = Timeline(), list[tuple[str, float]]()
    for name, delay in (("late", 3.0), ("first", 1.0), ("second", 1.0), ("too late", 9.0)):
        clock.callLater(delay, lambda name: seen.append((name, clock.seconds())), name)
    gone = clock.callLater(2.0, seen.append, ("gone", 0.0))
    assert gone.active()
    gone.cancel()
    clock.run(lambda: False, 5.0)
    assert seen == [("first", 1.0), ("second", 1.0), ("late", 3.0)] and not gone.active()


@pytest.mark.parametrize(("away", "most"), [(0.2, 2.0), (5.0, 5.0), (60.0, 21.0)])
def test_all_are_back_in_time(away: float, most: float) -> None:
    """Both signal connections of all, within half of the time that the node was away, or 20 s; nobody was let in in vain."""
    found = storm(60, away)
    assert found.signals_up is not None and found.signals_up <= most
    assert found.all_up is not None and found.all_up <= most + 1.0
    assert (found.cut_off, found.wasted) == (0, 0)
    assert found.busiest <= 1 / COST


def test_a_node_serves_as_many_a_second_as_its_core_allows() -> None:
    """A storm that is longer than its core is quick takes as long as the work, and some more; nothing is done twice."""
    found = storm(1500, 0.2)
    work = 1500 * LINKS * COST
    assert found.all_up is not None and work * 0.9 <= found.all_up <= work * 1.25
    assert (found.cut_off, found.wasted) == (0, 0)
    assert 0.8 / COST <= found.busiest <= 1.2 / COST


def test_a_turn_is_as_long_as_what_is_ready() -> None:
    """A hundred that were accepted in one go take their time together, unless so many at most go on in a turn."""
    assert storm(200, 0.2).longest_turn > 0.05
    assert storm(200, 0.2, in_a_turn=16).longest_turn < 0.03


def test_a_node_that_is_too_slow_works_in_vain() -> None:
    """Where a handshake waits for longer than its connector does, it is for nobody: the simulation shows it."""
    slow = Costs(first=0.05, last=0.05)
    found = storm(150, 0.2, costs=slow, longest=2 * WELCOME_SECONDS)
    assert found.signals_up is None and found.dials > 150 * LINKS


def test_without_chance_all_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """That they are spread is the connector's doing: with another wait, the simulation finds another storm."""
    spread = peak(storm(200, 60.0))
    monkeypatch.setattr("appproxy.connector.tunnel.signal_reconnector.signal_delay", lambda *given: 1.0)
    assert peak(storm(200, 60.0)) > 3 * spread
    assert backoff.signal_delay(60.0, 0, 1.0) > 1.0


def peak(found: Storm) -> int:
    """Handshakes in the busiest second."""
    return found.busiest
