"""Whose turn it is to be updated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.store.connectors import connectors, groups, sightings, updates
from appproxy.store.connectors.connectors import Connector, Shown
from appproxy.store.connectors.sightings import Sighting
from appproxy.store.connectors.updates import TURN, UpdateLease, plan, why_not
from appproxy.store.database.store import Store
from appproxy.store.service import audit, nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.snapshot import ConnectorState
from appproxy.store.transaction import Transaction

NOW = 1000.0
WEB = [Connector(id, f"web-{id}", "default", ConnectorState.APPROVED, "1", 0.0, 0.0, NOW, "1.0.0", "") for id in "abc"]
ALL = dict.fromkeys("abc")


def test_one_of_a_group_at_a_time() -> None:
    """Nothing speaks against the first; while it has its turn the others wait, and it may ask again."""
    assert why_not(WEB[0], WEB, ALL, None, NOW) == ""
    held = UpdateLease("a", NOW, NOW + TURN)
    assert why_not(WEB[1], WEB, ALL, held, NOW + 1) == "web-a is updated now"
    assert why_not(WEB[0], WEB, ALL, held, NOW + TURN + 1) == ""


def test_one_that_is_not_back_stops_all_others() -> None:
    """A version that does not run is not brought to the next machine; one that was removed is waited for no more."""
    held = UpdateLease("a", NOW, NOW + TURN)
    assert "web-a had its turn, and is not back" in why_not(WEB[1], WEB, {"b": None, "c": None}, held, NOW + TURN)
    assert why_not(WEB[1], WEB, ALL, held, NOW + TURN) == ""
    assert why_not(WEB[1], WEB[1:], {"b": None, "c": None}, held, NOW + TURN) == ""


def test_somebody_carries_the_traffic() -> None:
    """Where no other one of its group is connected it waits; the only one of a group has nobody to wait for."""
    assert why_not(WEB[0], WEB, {"a": None}, None, NOW) == "no other connector of its group is connected"
    assert why_not(WEB[0], WEB[:1], {"a": None}, None, NOW) == ""
    assert why_not(WEB[0], WEB[1:], ALL, None, NOW) == "it is not approved"


def test_the_plan() -> None:
    """Furthest behind first, those that are up to date last; who is away has no turn."""
    known = [
        replace(WEB[0], version="1.2.0"), replace(WEB[1], version="1.1.0"), replace(WEB[2], version="0.9.0"),
        replace(WEB[2], id="d", name="gone", version="1.1.0"),
    ]
    def turns(held: UpdateLease | None, now: float = NOW) -> list[tuple[str, str]]:
        return [(one.connector.id, one.turn) for one in plan(known, ALL, held, "1.2.0", now)]

    assert turns(None) == [("c", "next"), ("d", "when it is connected"), ("b", "later"), ("a", "done")]
    held = UpdateLease("c", NOW, NOW + TURN)
    assert turns(held) == [
        ("c", "now"), ("d", "when it is connected"), ("b", "later: web-c is updated now"), ("a", "done")]
    assert turns(held, NOW + TURN)[0] == ("c", "next")


@pytest.fixture
def group(store: Store, now: float) -> list[str]:
    """Two connectors that are connected, and one of another group; their ids."""
    with store.transaction(now) as tx:
        groups.add(tx, "lab")
        made = [connectors.enrol(tx, tx.new_id(), name, where, Shown("1", now, now + 1e6)).id
                for name, where in (("one", "default"), ("two", "default"), ("three", "lab"))]
        nodes.beat(tx, NodeRecord("n", "n", "n", "", "1.0"))
        for id_ in made:
            sightings.seen(tx, "n", Sighting(id_, "1.0.0", "192.0.2.1"))
    return made


def test_turns_are_kept(store: Store, now: float, group: list[str]) -> None:
    """One group does not wait for the other; asking again makes no turn longer; who is done lets the next one."""
    one, two, three = group
    def ask(tx: Transaction, connector: str) -> str:
        return updates.ask(tx, connector)[1]

    with store.transaction(now) as tx:
        assert [ask(tx, id_) for id_ in (one, two, three)] == ["", "one is updated now", ""]
    with store.transaction(now + 5) as tx:
        held, _ = updates.ask(tx, one)
        assert held is not None and held.until == now + TURN
        assert not updates.finish(tx, two)
        assert updates.finish(tx, one) and not updates.finish(tx, one)
        assert ask(tx, two) == ""
        told = [(row.action, row.target) for row in reversed(audit.list_recent(tx))]
    begun, over = "connector.update", "connector.updated"
    assert told == [(begun, one), (begun, three), (over, one), (begun, two)]


def test_a_connector_that_is_removed_has_no_turn(store: Store, now: float, group: list[str]) -> None:
    """Its lease goes with it."""
    with store.transaction(now) as tx:
        updates.ask(tx, group[0])
        connectors.remove(tx, group[0])
        assert updates.leases(tx) == {}
