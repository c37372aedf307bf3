"""The end of a node: balancers hear of it first, then users, then connectors, and those who watch last."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.service.front.front import NEWCOMER_SECONDS, NOTICE_SECONDS
from tests.service.test_node import METRICS, TUNNEL, USERS, Busy, NodeRig, asked


def stopped(rig: NodeRig) -> list[None]:
    """Ask for its end; what it gives is filled once that is there."""
    ended: list[None] = []
    rig.node.stopService().addCallback(ended.append)
    rig.network.advance(0)
    return ended


def test_balancers_hear_of_the_end_before_it(tmp_path: Path) -> None:
    """`/ready` says so for a while in which everybody is served as ever."""
    rig = NodeRig(tmp_path, unready_seconds=7.0)
    rig.start()
    busy = Busy()
    rig.node.front.connections.add(busy)
    stopped(rig)
    rig.network.advance(6)
    assert asked(rig, b"/ready") == (503, b"draining\n")
    assert (rig.ports, busy.asked, rig.node.front.draining) == ({USERS, TUNNEL, METRICS}, "", False)
    rig.network.advance(1)
    assert (rig.ports, busy.asked) == ({METRICS}, "drain ")


def test_nobody_waits_for_balancers_where_another_process_goes_on(tmp_path: Path) -> None:
    """It has the same sockets, or the parent's: users notice nothing."""
    rig = NodeRig(tmp_path, unready_seconds=7.0)
    rig.start()
    rig.node.succession.is_replaced = True
    rig.node.front.connections.add(busy := Busy())
    stopped(rig)
    assert busy.asked == "drain "


def test_who_is_not_known_yet_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A front proxy's connection whose header has not come is a user's, who may have asked already."""
    rig = NodeRig(tmp_path)
    rig.start()
    monkeypatch.setattr(type(rig.node._listeners), "waiting", 1)
    ended = stopped(rig)
    rig.network.advance(5)
    assert ended == []
    monkeypatch.setattr(type(rig.node._listeners), "waiting", 0)
    rig.network.advance(1)
    assert ended == [None]


@pytest.mark.parametrize("stays", [False, True])
def test_connectors_are_asked_to_leave_after_users(tmp_path: Path, stays: bool) -> None:
    """Whoever has just connected still asks, and that needs one; a long answer does not hold it up."""
    rig = NodeRig(tmp_path)
    rig.start()
    busy = Busy()
    rig.node.front.connections.add(busy)
    stopped(rig)
    rig.network.advance(NEWCOMER_SECONDS)
    assert not rig.node.end_point.draining
    if not stays:
        rig.node.front.connections.clear()
    rig.network.advance(NOTICE_SECONDS + 0.2 if stays else 0.2)
    assert rig.node.end_point.draining
