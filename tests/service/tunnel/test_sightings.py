"""What the store is told of connectors that are here."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from appproxy.errors import ConfigError
from appproxy.service.relay.roster import Peer, Roster
from appproxy.service.tunnel.sightings import Sightings


class Store:
    """Takes what is written, or is `broken`."""

    def __init__(self, broken: bool = False) -> None:
        self.written: list[tuple[object, ...]] = []
        self.broken = broken

    def write(self, work: object, *arguments: object) -> Deferred[None]:
        self.written.append(arguments)
        return fail(ConfigError("the database is away")) if self.broken else succeed(None)


def peer(id: str, *, here: bool) -> Peer:
    """A connector with a signal connection, or one whose last has gone."""
    made = Peer(id, "default", b"i", 0.0)
    made.version, made.address = "1.0", "192.0.2.7"
    if here:
        made.links[0] = cast(Any, object())
    return made


def test_those_that_are_here_are_noted_together() -> None:
    """In one transaction; not those whose connections are gone, and nothing where nobody is here."""
    store, roster = Store(), Roster(0.0)
    sightings = Sightings(cast(Any, store), roster)
    sightings.note_all()
    assert store.written == []
    roster.add(peer("c1", here=True))
    roster.add(peer("c2", here=False))
    sightings.note_all()
    assert store.written == [([("c1", "1.0", "192.0.2.7")],)]


def test_one_that_comes_is_noted_at_once() -> None:
    """With its certificate."""
    store = Store()
    Sightings(cast(Any, store), Roster(0.0)).seen("c1", True, "1.0", "192.0.2.7", "0a")
    assert store.written == [("c1", "1.0", "192.0.2.7", "0a")]


@pytest.mark.parametrize("together", [False, True])
def test_a_store_that_is_away_harms_nobody(together: bool) -> None:
    """It is logged; a failure would end the task that notes them, and with it all later sightings."""
    roster = Roster(0.0)
    roster.add(peer("c1", here=True))
    sightings, results = Sightings(cast(Any, Store(broken=True)), roster), list[None]()
    if together:
        sightings.note_all().addCallback(results.append)
        assert results == [None]
    else:
        sightings.seen("c1", True, "1.0", "192.0.2.7", "0a")
