"""Which nodes live, whatever the machines' clocks say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.service.tunnel.nodes.liveness import OLD, Liveness
from appproxy.store.service.nodes import BEAT, SILENCE, NodeRecord

#: Seconds since 1970.
WALL = 1e9
ONE = NodeRecord("1", "one", "/one", "", "1.0", seen=WALL, beats=7)


def lives(liveness: Liveness, row: NodeRecord, now: float, wall: float = WALL) -> bool:
    """Is this one taken for alive?"""
    return bool(liveness.observe([row], now, wall))


def test_a_node_is_gone_after_a_silence() -> None:
    """And there again with its next sign of life."""
    liveness, row, now = Liveness(), ONE, 0.0
    assert lives(liveness, row, now)
    while now < SILENCE - BEAT:
        now += BEAT
        assert lives(liveness, row, now)
    now += BEAT
    assert not lives(liveness, row, now)
    assert lives(liveness, replace(row, beats=8), now + 1)


@pytest.mark.parametrize("ahead", [-3600.0, 25.0, 3600.0])
def test_a_clock_that_is_wrong_changes_nothing(ahead: float) -> None:
    """Neither one that is set while nodes run."""
    liveness, row = Liveness(), ONE
    lives(liveness, row, 0.0)
    for number in range(1, 5):
        row = replace(row, beats=row.beats + 1)
        assert lives(liveness, row, BEAT * number, WALL + ahead)
    assert [lives(liveness, row, BEAT * number, WALL + ahead) for number in range(5, 9)] == [True, True, False, False]


def test_a_row_of_long_ago_is_nobodys() -> None:
    """A node that starts need not wait to know it."""
    assert not lives(Liveness(), ONE, 0.0, WALL + OLD + 1)
    assert lives(Liveness(), ONE, 0.0, WALL + OLD - 1)


def test_who_could_not_look_takes_nobody_for_dead() -> None:
    """The database was away: the others could say nothing either. They have their time once more, and no more than that."""
    liveness = Liveness()
    lives(liveness, ONE, 0.0)
    now = 100.0
    while now < 100.0 + SILENCE:
        assert lives(liveness, ONE, now)
        now += BEAT
    assert not lives(liveness, ONE, now)
