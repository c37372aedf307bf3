"""What the store is told of connectors that are here."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from appproxy.errors import ConfigError
from appproxy.service.relay.connectors.roster import Peer, Roster
from appproxy.service.tunnel.sightings import Sightings
from appproxy.store.connectors.sightings import Sighting


class Store:
    """Takes what is written, or is `broken`."""

    def __init__(self, broken: bool = False) -> None:
        self.written: list[tuple[object, ...]] = []
        self.broken = broken

    def write(self, work: Any, *arguments: object) -> Deferred[Any]:
        self.written.append((work.__name__, *arguments))
        return fail(ConfigError("the database is away")) if self.broken else succeed({"active": 1})


class Rig:
    """Sightings of a node, with a store and a clock."""

    def __init__(self) -> None:
        self.store, self.roster, self.clock = Store(), Roster(0.0), Clock()
        self.sightings = Sightings(cast(Any, self.store), self.roster, "n", self.clock.seconds)

    def looks(self) -> tuple[object, ...]:
        """The next look, a minute later."""
        self.clock.advance(60.0)
        self.sightings.note_all()
        return self.store.written.pop()


def peer(id: str, *, here: bool) -> Peer:
    """A connector with a signal connection, or one whose last has gone."""
    made = Peer(id, "default", b"i", 0.0)
    made.version, made.address = "1.0", "192.0.2.7"
    if here:
        made.links[0] = cast(Any, object())
    return made


ONE = Sighting("c1", "1.0", "192.0.2.7")


def test_those_that_are_here_are_noted_together() -> None:
    """In one transaction; not those whose connections are gone. What it counts is there for the metrics."""
    rig = Rig()
    assert rig.looks() == ("look", "n", [], False)
    rig.roster.add(peer("c1", here=True))
    rig.roster.add(peer("c2", here=False))
    assert rig.looks() == ("look", "n", [ONE], False)
    assert rig.sightings.counts == {"active": 1}


def test_one_that_comes_or_goes_is_noted_at_once() -> None:
    """With its certificate, when it comes."""
    rig = Rig()
    rig.sightings.seen("c1", True, "1.0", "192.0.2.7", "0a")
    rig.sightings.seen("c1", False, "1.0", "192.0.2.7", "")
    assert rig.store.written == [("seen", "n", ONE, "0a"), ("left", "n", ONE)]


def test_who_is_inactive_is_said_only_after_watching() -> None:
    """Three minutes of looks that all succeeded: a database that was away knows of nobody who was here meanwhile."""
    rig = Rig()
    assert [rig.looks()[-1] for _ in range(5)] == [False, False, False, True, True]
    rig.store.broken = True
    rig.looks()
    rig.store.broken = False
    assert [rig.looks()[-1] for _ in range(5)] == [False, False, False, True, True]


@pytest.mark.parametrize("together", [False, True])
def test_a_store_that_is_away_harms_nobody(together: bool) -> None:
    """It is logged; a failure would end the task that notes them, and with it all later sightings."""
    rig, results = Rig(), list[None]()
    rig.store.broken = True
    rig.roster.add(peer("c1", here=True))
    if together:
        rig.sightings.note_all().addCallback(results.append)
        assert results == [None]
    else:
        for here in (True, False):
            rig.sightings.seen("c1", here, "1.0", "192.0.2.7", "0a")
