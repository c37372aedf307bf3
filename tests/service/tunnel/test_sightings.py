"""What the store is told of connectors that are here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from appproxy.errors import ConfigError
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster
from appproxy.service.tunnel.sightings import Sightings
from appproxy.store.connectors.sightings import Sighting, SightingChange


class Store:
    """Takes what is written, or is `broken`."""

    def __init__(self, broken: bool = False) -> None:
        self.written: list[tuple[object, ...]] = []
        self.broken = broken

    def before_stop(self, callback: Callable[[], object]) -> None:
        self.last_words = callback

    def write(self, work: Any, *arguments: object) -> Deferred[Any]:
        self.written.append((work.__name__, *arguments))
        return fail(ConfigError("the database is away")) if self.broken else succeed({"active": 1})


class Rig:
    """Sightings of a node, with a store and a clock."""

    def __init__(self) -> None:
        self.store, self.roster, self.clock = Store(), Roster(0.0), Clock()
        self.sightings = Sightings(cast(Any, self.store), self.roster, "n", self.clock)

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
    rig.clock.advance(0.0)
    assert rig.store.written == [("changed", "n", [SightingChange(ONE, True, "0a")])]
    rig.clock.advance(60.0)
    rig.sightings.seen("c1", False, "1.0", "192.0.2.7", "")
    rig.clock.advance(0.0)
    assert rig.store.written[1:] == [("changed", "n", [SightingChange(ONE, False)])]


def test_those_who_come_together_are_told_of_together() -> None:
    """Each once, as it was last; of very many, a part in each transaction, and none is forgotten."""
    rig = Rig()
    for number in range(500):
        for _ in range(2):  # both signal connections
            rig.sightings.seen(f"c{number}", True, "1.0", "192.0.2.7", "0a")
    rig.clock.pump([0.0, 0.25, 0.25, 0.25])
    told = [change for name, _, changes in cast(Any, rig.store.written) for change in changes]
    assert [len(one) for _, _, one in cast(Any, rig.store.written)] == [200, 200, 100]
    assert [one.what.connector for one in told] == [f"c{number}" for number in range(500)]


def test_the_last_word_counts() -> None:
    """Of one that came, went and came again within a moment."""
    rig = Rig()
    for here in (True, False, True):
        rig.sightings.seen("c1", here, "1.0", "192.0.2.7", "")
    rig.clock.advance(0.0)
    assert rig.store.written == [("changed", "n", [SightingChange(ONE, False), SightingChange(ONE, True)])]


def test_what_is_not_told_is_told_at_the_end() -> None:
    """Before the store stops; nothing is left to be called then."""
    rig = Rig()
    for number in range(300):
        rig.sightings.seen(f"c{number}", False, "1.0", "192.0.2.7", "")
    rig.store.last_words()
    assert sum(len(changes) for _, _, changes in cast(Any, rig.store.written)) == 300
    assert rig.clock.getDelayedCalls() == []


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
