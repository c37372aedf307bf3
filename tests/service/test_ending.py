"""The end of a node: balancers hear of it first, then users, then connectors, and those who watch last."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from twisted.logger import capturedLogs

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


class EndlessStream:
    """A stream, as far as its end is concerned."""

    kind = "websocket"
    is_open = True
    answer = peer = None
    deadline = 0.0

    def __init__(self, rig: NodeRig) -> None:
        self.rig = rig
        self.exchange: object | None = self
        self.movable = self
        self.closed_at: float | None = None
        rig.node.relay.under_way.endless.add(cast(Any, self))

    def close(self, by: float) -> None:
        self.is_open, self.closed_at, self.exchange = False, self.rig.network.seconds(), None
        self.rig.node.relay.moves.ends[self.kind, "closed"] += 1

    def look(self, now: float) -> None: ...


def test_streams_are_ended_late_one_by_one_and_counted(tmp_path: Path) -> None:
    """From half of the time on; what is left at the end is cut, and the log says how many."""
    rig = NodeRig(tmp_path)
    rig.start()
    rig.node.front.connections.add(busy := Busy())
    streams = [EndlessStream(rig) for _ in range(8)]
    streams[0].is_open = False  # it is about to close by itself, and does not
    begun = rig.network.seconds()
    with capturedLogs() as events:
        ended = stopped(rig)
        rig.network.advance(9.5)
        assert not any(one.closed_at for one in streams)
        for _ in range(48):
            rig.network.advance(0.25)
    assert ended == [None] and busy.asked == "drain abort "
    times = sorted(one.closed_at - begun for one in streams if one.closed_at is not None)
    assert len(times) == len({*times}) == 7 and times[0] >= 10 and times[-1] <= 18.5
    assert [(event["kind"], event["closed"], event["cut"]) for event in events if "cut" in event] == [("websocket", 7, 1)]


def test_applications_hear_of_the_last_ones(tmp_path: Path) -> None:
    """When the last user has gone there is a moment for that, and no longer."""
    rig = NodeRig(tmp_path)
    rig.start()
    EndlessStream(rig).exchange = None
    ended = stopped(rig)
    rig.network.advance(0.8)
    assert ended == []
    rig.network.advance(0.5)
    assert ended == [None]
