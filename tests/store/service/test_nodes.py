"""The rows of the service's nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import ConfigError, NotFound
from appproxy.store.database.store import Store
from appproxy.store.service import nodes
from appproxy.store.service.nodes import NodeRecord

ONE = NodeRecord("0001", "one", "/var/lib/appproxy", "one.example.com:8443", "1.0")
TWO = NodeRecord("0002", "two", "/var/lib/appproxy", "two.example.com:8443", "1.0")


def beat(store: Store, own: NodeRecord, now: float) -> list[NodeRecord]:
    """A sign of life."""
    with store.transaction(now) as tx:
        return nodes.beat(tx, own)


def test_signs_of_life_are_counted(store: Store, now: float) -> None:
    """And leave the snapshot as it is."""
    before = store.revision()
    assert beat(store, ONE, now) == [replace(ONE, started=now, seen=now, beats=1)]
    beat(store, TWO, now + 1)
    moved = replace(ONE, address="else.example.com:8443")
    assert beat(store, moved, now + 5) == [
        replace(moved, started=now, seen=now + 5, beats=2), replace(TWO, started=now + 1, seen=now + 1, beats=1)]
    assert store.revision() == before


def test_a_process_takes_the_place_of_those_of_its_directory(store: Store, now: float) -> None:
    """One service runs on a directory at a time, so what they left is nobody's; another machine's may have the same name."""
    beat(store, ONE, now)
    beat(store, replace(TWO, id="0003", name="one", directory="/elsewhere"), now)
    beat(store, replace(ONE, id="0004"), now)
    assert [one.id for one in beat(store, TWO, now)] == ["0003", "0004", "0002"]


def test_a_node_that_leaves(store: Store, now: float) -> None:
    """Has no row any more, until it gives a sign of life again."""
    beat(store, ONE, now)
    with store.transaction(now) as tx:
        nodes.leave(tx, ONE.id)
        assert nodes.list_all(tx) == []
    assert [one.id for one in beat(store, ONE, now)] == [ONE.id]


def test_removing(store: Store, now: float) -> None:
    """Only what is silent: a node that lives would be back at once."""
    beat(store, ONE, now)
    with store.transaction(now + 1) as tx:
        with pytest.raises(ConfigError, match="is alive"):
            nodes.remove(tx, "one")
        with pytest.raises(NotFound, match=r"no node 'onn'.*did you mean one"):
            nodes.remove(tx, "onn")
    with store.transaction(now + nodes.SILENCE) as tx:
        assert nodes.remove(tx, "one").id == ONE.id
        assert nodes.list_all(tx) == []


def test_one_name_of_several(store: Store, now: float) -> None:
    """Is not guessed; the id tells them apart."""
    beat(store, ONE, now)
    beat(store, replace(ONE, id="0003", directory="/elsewhere"), now)
    with store.reading() as reading:
        with pytest.raises(ConfigError, match="2 nodes 'one'.*0001, 0003"):
            nodes.find(reading, "one")
        assert nodes.find(reading, "0003").directory == "/elsewhere"


def test_what_is_silent_for_a_day_is_forgotten(store: Store, now: float) -> None:
    """Until then an admin sees it."""
    beat(store, ONE, now)
    beat(store, TWO, now + 60)
    assert [one.id for one in beat(store, replace(ONE, id="0003", name="new"), now + nodes.KEEP + 30)] == ["0003", TWO.id]


def test_workers_of_one_service_live_side_by_side(store: Store, now: float) -> None:
    """One that is started again takes the place of the one of its number, and of no other."""
    for id, number in (("a1", 1), ("a2", 2)):
        beat(store, replace(ONE, id=id, name=f"one:{number}"), now)
    beat(store, replace(ONE, id="x1", name="one:1", directory="/elsewhere"), now)
    assert [one.id for one in beat(store, replace(ONE, id="a3", name="one:2"), now)] == ["a1", "x1", "a3"]
    assert ONE.is_beside(replace(ONE, name="one:2")) and not ONE.is_beside(replace(TWO, name="two:1"))


def test_another_number_of_processes_leaves_nothing_of_the_former(store: Store, now: float) -> None:
    """One process after several workers, and workers after one."""
    for number in (1, 2, 11):
        beat(store, replace(ONE, id=f"a{number}", name=f"one:{number}"), now)
    beat(store, replace(ONE, id="b1", name="one-more:1"), now)
    assert {one.id for one in beat(store, ONE, now)} == {"b1", ONE.id}
    assert {one.id for one in beat(store, replace(ONE, id="a3", name="one:1"), now)} == {"b1", "a3"}
