"""When connectors were seen, by which nodes, and which are inactive."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.store.connectors import connectors, groups, sightings
from appproxy.store.connectors.connectors import Connector, Shown
from appproxy.store.connectors.sightings import INACTIVE, Sighting, SightingChange
from appproxy.store.database.store import Store
from appproxy.store.service import audit, nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.snapshot import ConnectorState
from appproxy.store.transaction import Transaction


def enrol(tx: Transaction, name: str = "host1", group: str = "default") -> Connector:
    """Enrol a connector."""
    return connectors.enrol(tx, tx.new_id(), name, group, Shown("abc", tx.now, tx.now + 1e6))


def here(one: Connector) -> Sighting:
    """That it is there."""
    return Sighting(one.id, "1.0", "192.0.2.1")


def told(store: Store) -> list[tuple[str, str]]:
    """What the audit was told: actions and targets, the oldest first."""
    with store.reading() as reading:
        return [(row.action, row.target) for row in reversed(audit.list_recent(reading))]


def test_a_sign_of_life_changes_no_snapshot(store: Store, now: float) -> None:
    """Nodes are not disturbed each minute for each connector; an unknown one leaves no trace."""
    with store.transaction(now) as tx:
        made = enrol(tx)
    before = store.revision()
    for moment in (1, 2):
        with store.transaction(now + moment) as tx:
            for node in ("a", "b"):
                sightings.look(tx, node, [here(made), Sighting("none", "1.0", "x")], watched=True)
    with store.transaction(now + 3) as tx:
        sightings.left(tx, "a", here(made))
    assert store.revision() == before
    with store.reading() as reading:
        found = connectors.find(reading, made.id)
    assert (found.last_seen, found.version, found.address) == (now + 3, "1.0", "192.0.2.1")


def test_where_a_connector_is(store: Store, now: float) -> None:
    """At each living node that it has not left; a node that was killed is not counted after its silence."""
    with store.transaction(now) as tx:
        made, other = enrol(tx), enrol(tx, "other")
        for node in ("a", "b", "killed"):
            nodes.beat(tx, NodeRecord(node, f"node-{node}", node, "", "1.0"))
            sightings.seen(tx, node, here(made))
    with store.transaction(now + nodes.SILENCE + 1) as tx:
        for node in ("a", "b"):
            nodes.beat(tx, NodeRecord(node, f"node-{node}", node, "", "1.0"))
        sightings.seen(tx, "a", here(other))
        assert sightings.places(tx, tx.now) == {made.id: ("node-a", "node-b"), other.id: ("node-a",)}
        sightings.left(tx, "a", here(made))
        assert sightings.places(tx, tx.now, made.id) == {made.id: ("node-b",)}
        connectors.remove(tx, made.id)
        assert sightings.places(tx, tx.now) == {other.id: ("node-a",)}


def test_several_come_and_go_at_once(store: Store, now: float) -> None:
    """In the order in which they did; an unknown one is ignored."""
    with store.transaction(now) as tx:
        one, other = enrol(tx), enrol(tx, "other")
        nodes.beat(tx, NodeRecord("a", "node-a", "a", "", "1.0"))
        unknown = Sighting("none", "1.0", "")
        came = [SightingChange(each, True) for each in (here(one), here(other), unknown)]
        sightings.changed(tx, "a", [*came, SightingChange(here(other), False)])
        assert sightings.places(tx, tx.now) == {one.id: ("node-a",)}


def test_a_place_that_nobody_renews_is_forgotten(store: Store, now: float) -> None:
    """A node that hangs leaves its rows behind; the others' look removes them."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        sightings.seen(tx, "a", here(made))
    with store.transaction(now + INACTIVE + 1) as tx:
        nodes.beat(tx, NodeRecord("a", "node-a", "a", "", "1.0"))
        assert sightings.places(tx, tx.now) == {}
        sightings.look(tx, "b", [], watched=False)
        nodes.beat(tx, NodeRecord("a", "node-a", "a", "", "1.0"))
        assert sightings.places(tx, now) == {}


@pytest.mark.parametrize(
    ("state", "seen", "is_here", "status"),
    [(ConnectorState.APPROVED, 0.0, False, "inactive"), (ConnectorState.APPROVED, 500.0, True, "active"),
     (ConnectorState.APPROVED, 1000.0 - INACTIVE + 1, False, "away"),
     (ConnectorState.APPROVED, 1000.0 - INACTIVE, False, "inactive"),
     (ConnectorState.PENDING, 1000.0, False, "pending approval"), (ConnectorState.REVOKED, 1000.0, True, "revoked")],
)  # fmt: skip
def test_status(state: ConnectorState, seen: float, is_here: bool, status: str) -> None:
    """Two minutes of silence make it inactive; one that has never come is, too."""
    one = Connector("c", "host", "default", state, "1", 0.0, 0.0, 0.0, "", "")
    assert sightings.status(replace(one, last_seen=seen), is_here, 1000.0) == status
    assert status in sightings.STATUSES


def test_the_audit_hears_once_that_one_is_inactive_and_once_that_it_is_back(store: Store, now: float) -> None:
    """Whichever node looks, and however often; with how long it was away."""
    with store.transaction(now) as tx:
        gone, stays = enrol(tx, "gone"), enrol(tx, "stays")
        for one in (gone, stays):
            sightings.seen(tx, "a", here(one))
    for moment in (INACTIVE, INACTIVE + 1, INACTIVE + 60):
        for node in ("a", "b"):
            with store.transaction(now + moment) as tx:
                counts = sightings.look(tx, node, [here(stays)], watched=True)
    assert (counts["active"], counts["inactive"]) == (0, 1)  # no node has given a sign of life here
    assert told(store) == [("connector.inactive", gone.id)]
    for moment in (600, 660):
        with store.transaction(now + moment) as tx:
            sightings.look(tx, "a", [here(stays), here(gone)], watched=True)
    assert told(store) == [("connector.inactive", gone.id), ("connector.active", gone.id)]
    with store.reading() as reading:
        back, away = audit.list_recent(reading)
    assert back.detail == {"name": "gone", "address": "192.0.2.1", "seconds": 600}
    assert away.detail == {"name": "gone", "address": "192.0.2.1", "last_seen": now}


def test_who_has_not_watched_says_nobody_is_inactive(store: Store, now: float) -> None:
    """A service that was off has seen nobody, and that is not the connectors' doing; nor does one that has to wait count."""
    with store.transaction(now) as tx:
        groups.set_approval(tx, "default", True)
        waiting = enrol(tx, "waiting")
        sightings.left(tx, "a", here(waiting))
        groups.set_approval(tx, "default", False)
        sightings.seen(tx, "a", here(enrol(tx)))
    with store.transaction(now + 86400) as tx:
        counts = sightings.look(tx, "a", [], watched=False)
    assert told(store) == [] and dict(counts) == {"inactive": 1, "pending approval": 1}
    with store.transaction(now + 86401) as tx:
        sightings.look(tx, "a", [], watched=True)
    assert [action for action, _ in told(store)] == ["connector.inactive"]
