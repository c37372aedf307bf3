"""Which connectors are told that their configuration has changed, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from twisted.internet.task import Clock

from appproxy.publish.application import Application, Url
from appproxy.publish.routing import Router
from appproxy.service.tunnel.hints import AT_ONCE, EVERY, Concerned, ConfigurationHints, concerned
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.store.snapshot import ConnectorRecord, ConnectorState, Snapshot
from appproxy.tunnel.frames import FrameReader, Kind
from tests.service.world import World

PACE = 0.5
DEFAULT = Concerned(groups=frozenset({"default"}))


def application(name: str, group: str) -> Application:
    """A small one."""
    return Application(
        name, name, Url.parse(f"https://{name}.example.com/"), Url.parse(f"http://{name}/"), connector_group=group)


APPLICATIONS = {one.id: one for one in (application("a", "default"), application("b", "lab"), application("c", "lab"))}
CONNECTORS = {
    id_: ConnectorRecord(id_, id_, group, ConnectorState.APPROVED, 2e9) for id_, group in (("c1", "default"), ("c2", "lab"))}
SNAPSHOT = Snapshot(
    revision=1, applications=APPLICATIONS, router=Router(), connectors=CONNECTORS, connector_groups={}, providers={}, keys=(),
    trust_bundle=("PEM",))


@pytest.mark.parametrize(("change", "whom"), [
    (lambda: {"settings": {"domain": "example.org"}}, Concerned()),
    (lambda: {"applications": dict(APPLICATIONS)}, Concerned()),
    (lambda: {"trust_bundle": ("PEM", "new")}, Concerned(everybody=True)),
    (lambda: {"applications": {**APPLICATIONS, "d": application("d", "lab")}}, Concerned(groups=frozenset({"lab"}))),
    (lambda: {"applications": {"a": APPLICATIONS["a"], "b": APPLICATIONS["b"]}}, Concerned(groups=frozenset({"lab"}))),
    (lambda: {"applications": {**APPLICATIONS, "b": replace(APPLICATIONS["b"], connector_group="default")}},
     Concerned(groups=frozenset({"lab", "default"}))),
    (lambda: {"connectors": {**CONNECTORS, "c1": replace(CONNECTORS["c1"], not_after=3e9)}}, Concerned()),
    (lambda: {"connectors": {**CONNECTORS, "c1": replace(CONNECTORS["c1"], group="lab")}},
     Concerned(connectors=frozenset({"c1"}))),
    (lambda: {"connectors": {**CONNECTORS, "c3": CONNECTORS["c2"]}}, Concerned(connectors=frozenset({"c3"}))),
])
def test_whom_a_change_concerns(change: Callable[[], dict[str, Any]], whom: Concerned) -> None:
    """Those who read another configuration now than before, and nobody else: each reads it over a handshake."""
    assert concerned(SNAPSHOT, replace(SNAPSHOT, **change())) == whom
    assert bool(whom) is (whom != Concerned())


def test_at_the_start_everybody() -> None:
    """Whoever is there by then."""
    assert concerned(None, SNAPSHOT) == Concerned(everybody=True)


class Link:
    """A signal connection: what was written to it."""

    def __init__(self, id_: str, group: str) -> None:
        self.peer = type("Peer", (), {"id": id_, "group": group})()
        self.told: list[int] = []

    def write(self, data: bytes) -> None:
        (frame,) = FrameReader({Kind.CONFIG: 100}).receive(data)
        self.told.append(int(frame[3]))


class Fleet:
    """So many connectors, with two links each."""

    def __init__(self, count: int, group: str = "default") -> None:
        self.clock = Clock()
        self.links = [Link(f"{number:04}", group) for number in range(count) for _ in range(2)]
        self.version = 1
        self.hints = ConfigurationHints(
            self.clock, lambda: cast("list[SignalLink]", self.links), lambda: self.version, PACE)

    def change(self, whom: Concerned = DEFAULT) -> None:
        self.version += 1
        self.hints.changed(whom)

    @property
    def told(self) -> int:
        """Connectors that have heard of the newest version, on both links."""
        newest = [link.peer.id for link in self.links if link.told[-1:] == [self.version]]
        assert len(newest) % 2 == 0
        return len(newest) // 2


def test_few_hear_at_once() -> None:
    """All that a usual group has."""
    fleet = Fleet(AT_ONCE)
    fleet.change()
    assert fleet.told == AT_ONCE and fleet.clock.getDelayedCalls() == []


def test_two_hundred_hear_within_a_second() -> None:
    """Some at a time: each comes with a handshake then."""
    fleet = Fleet(200)
    fleet.change()
    counts = [fleet.told]
    while fleet.told < 200:
        fleet.clock.advance(EVERY)
        counts.append(fleet.told)
    assert counts == list(range(AT_ONCE, 201, AT_ONCE)) and fleet.clock.seconds() < 0.8


def test_others_are_left_in_peace() -> None:
    """A change of one group is nothing to another; one of some connectors is theirs alone."""
    fleet = Fleet(3)
    fleet.change(Concerned(groups=frozenset({"lab"})))
    assert fleet.told == 0
    fleet.clock.advance(PACE)
    fleet.change(Concerned(connectors=frozenset({"0001"})))
    assert fleet.told == 1
    fleet.clock.advance(PACE)
    fleet.change(Concerned(everybody=True))
    assert fleet.told == 3
    fleet.change(Concerned())
    assert fleet.clock.getDelayedCalls() == []


def test_changes_right_after_each_other_are_told_together() -> None:
    """Nobody hears more often than twice a second, and who waits hears of the newest."""
    fleet = Fleet(60)
    for _ in range(10):
        fleet.change()
    fleet.clock.pump([EVERY / 2] * 30)
    assert fleet.told == 60
    assert max(len(link.told) for link in fleet.links) == 2


def test_stopping_tells_nobody_any_more() -> None:
    """And leaves no timer."""
    fleet = Fleet(60)
    fleet.change()
    fleet.change()
    fleet.hints.stop()
    assert fleet.clock.getDelayedCalls() == []


def test_a_change_of_one_group_at_a_node() -> None:
    """The listener tells those of the group, and not the others."""
    world = World(groups={"c1": "default", "c2": "lab"})
    first, second = world.welcomed("c1"), world.welcomed("c2")
    world.relay.configuration = 9
    world.end_point.snapshot_changed(world.snapshot, Concerned(groups=frozenset({"lab"})))
    assert [frame[0] for frame in second.frames()] == [Kind.CONFIG] and first.frames() == []
