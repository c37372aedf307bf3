"""Enrolled connectors."""

from __future__ import annotations

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.store import connector_groups, connectors
from appproxy.store.connectors import Connector
from appproxy.store.database import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.snapshot import ConnectorState
from appproxy.store.transaction import Transaction


def enrol(tx: Transaction, name: str = "host1", group: str = "default") -> Connector:
    """Enrol a connector."""
    return connectors.enrol(tx, tx.new_id(), name, group, "abc", tx.now + 365 * 86400)


def test_a_new_connector_is_in_the_snapshot(store: Store, now: float) -> None:
    """With the group, the end of its certificate, and approved unless its group says otherwise."""
    with store.transaction(now) as tx:
        connector_groups.add(tx, "lab", needs_approval=True)
        plain, waiting = enrol(tx), enrol(tx, "host2", "lab")
    found = store.build_snapshot().connectors
    assert found[plain.id].state is ConnectorState.APPROVED and found[plain.id].group == "default"
    assert found[waiting.id].state is ConnectorState.PENDING and found[waiting.id].not_after == waiting.not_after


@pytest.mark.parametrize(("name", "kept"), [("a\nb", "ab"), ("  x ", "x"), ("x" * 500, "x" * 128)])
def test_any_name_of_a_machine_is_taken(store: Store, now: float, name: str, kept: str) -> None:
    """Cleaned and shortened, never refused: the machine cannot be asked again."""
    with store.transaction(now) as tx:
        assert enrol(tx, name).name == kept


def test_a_machine_without_a_name_goes_by_its_id(store: Store, now: float) -> None:
    """Every connector can be named by something."""
    with store.transaction(now) as tx:
        made = enrol(tx, "\n")
        assert made.name == made.id


def test_it_is_found_by_id_or_by_a_name_that_is_its_own(store: Store, now: float) -> None:
    """Two machines of one name are told apart by id."""
    with store.transaction(now) as tx:
        one, two, other = enrol(tx), enrol(tx), enrol(tx, "other")
        assert connectors.find(tx, "other") == connectors.find(tx, other.id) == other
        with pytest.raises(AlreadyThere, match=f"2 connectors are called 'host1'.*({one.id}|{two.id})"):
            connectors.find(tx, "host1")
        with pytest.raises(NotFound, match="did you mean other"):
            connectors.find(tx, "othr")


def test_approval_and_revocation(store: Store, now: float) -> None:
    """An admin lets it in, or bars it; what is barred stays barred."""
    with store.transaction(now) as tx:
        connector_groups.set_approval(tx, "default", True)
        made = enrol(tx)
        assert connectors.approve(tx, made.id).state is ConnectorState.APPROVED
        assert connectors.revoke(tx, made.id).state is ConnectorState.REVOKED
        with pytest.raises(AlreadyThere, match="is revoked; let it join again"):
            connectors.approve(tx, made.id)


def test_renewal(store: Store, now: float) -> None:
    """The newest certificate is noted; a revoked or unknown connector gets none."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        connectors.renew(tx, made.id, "def", now + 1)
        assert connectors.find(tx, made.id).certificate_serial == "def"
        connectors.revoke(tx, made.id)
        for id_ in (made.id, "none"):
            with pytest.raises(IdentityError) as caught:
                connectors.renew(tx, id_, "123", now + 2)
            assert caught.value.code is Code.REVOKED
        assert connectors.find(tx, made.id).not_after == now + 1


def test_moving(store: Store, now: float) -> None:
    """To a group that is there."""
    with store.transaction(now) as tx:
        lab = connector_groups.add(tx, "lab")
        made = enrol(tx)
        assert connectors.move(tx, made.id, "Lab").group == lab.id
        with pytest.raises(NotFound):
            connectors.move(tx, made.id, "lba")


def test_a_sign_of_life_changes_no_snapshot(store: Store, now: float) -> None:
    """Nodes are not disturbed each minute for each connector."""
    with store.transaction(now) as tx:
        made = enrol(tx)
    before = store.revision()
    for moment in (1, 2):
        with store.transaction(now + moment) as tx:
            connectors.seen(tx, made.id, "1.0", "192.0.2.1")
            connectors.seen(tx, "none", "1.0", "192.0.2.1")
    assert store.revision() == before
    with store.reading() as reading:
        found = connectors.find(reading, made.id)
    assert (found.last_seen, found.version, found.address) == (now + 2, "1.0", "192.0.2.1")


def test_those_that_never_come_back_are_removed(store: Store, now: float) -> None:
    """After 10 days without a sign of life; a new one counts from its enrolment."""
    with store.transaction(now) as tx:
        old, seen = enrol(tx, "old"), enrol(tx, "seen")
    with store.transaction(now + connectors.INACTIVE) as tx:
        connectors.seen(tx, seen.id, "1.0", "x")
        assert connectors.remove_inactive(tx) == []
    with store.transaction(now + connectors.INACTIVE + 1) as tx:
        assert [one.id for one in connectors.remove_inactive(tx)] == [old.id]
        assert [one.id for one in connectors.list_all(tx)] == [seen.id]


def test_a_removed_connector_is_unknown(store: Store, now: float) -> None:
    """With its last sighting."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        connectors.seen(tx, made.id, "1.0", "x")
        connectors.remove(tx, "host1")
        assert connectors.list_all(tx) == []
    assert store.build_snapshot().connectors == {}
