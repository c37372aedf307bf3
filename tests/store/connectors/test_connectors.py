"""Enrolled connectors."""

from __future__ import annotations

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.store.connectors import connectors, groups, sightings
from appproxy.store.connectors.connectors import Connector, Shown
from appproxy.store.connectors.sightings import Sighting
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.snapshot import ConnectorState
from appproxy.store.transaction import Transaction

DAY = 86400.0


def enrol(tx: Transaction, name: str = "host1", group: str = "default") -> Connector:
    """Enrol a connector."""
    return connectors.enrol(tx, tx.new_id(), name, group, Shown("abc", tx.now - DAY, tx.now + 365 * DAY))


def test_a_new_connector_is_in_the_snapshot(store: Store, now: float) -> None:
    """With the group, the end of its certificate, and approved unless its group says otherwise."""
    with store.transaction(now) as tx:
        groups.add(tx, "lab", needs_approval=True)
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
        groups.set_approval(tx, "default", True)
        made = enrol(tx)
        assert connectors.approve(tx, made.id).state is ConnectorState.APPROVED
        assert connectors.revoke(tx, made.id).state is ConnectorState.REVOKED
        with pytest.raises(AlreadyThere, match="is revoked; let it join again"):
            connectors.approve(tx, made.id)


def test_renewal(store: Store, now: float) -> None:
    """The newest certificate is noted; a revoked or unknown connector gets none."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        connectors.renew(tx, made.id, shown("abc", now), shown("def", now + 1))
        assert connectors.find(tx, made.id).certificate_serial == "def"
        connectors.revoke(tx, made.id)
        for id_ in (made.id, "none"):
            with pytest.raises(IdentityError) as caught:
                connectors.renew(tx, id_, shown("def", now + 1), shown("123", now + 2))
            assert caught.value.code is Code.REVOKED
        assert connectors.find(tx, made.id).not_after == shown("def", now + 1).ends


def shown(serial: str, made: float) -> Shown:
    """A certificate that was made at this time."""
    return Shown(serial, made - DAY, made + 365 * DAY)


def test_a_lost_answer_can_be_asked_for_again(store: Store, now: float) -> None:
    """For a day, however often; then the certificate that was replaced is refused for good."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        connectors.renew(tx, made.id, shown("abc", now), shown("b1", now))
    for hours in (1, 23):
        with store.transaction(now + hours * 3600) as tx:
            connectors.renew(tx, made.id, shown("abc", now), shown(f"b{hours + 1}", tx.now))
    with store.transaction(now + DAY) as tx, pytest.raises(IdentityError, match="has a newer certificate") as caught:
        connectors.renew(tx, made.id, shown("abc", now), shown("c", tx.now))
    assert caught.value.code is Code.TOKEN_REFUSED
    with store.transaction(now + DAY) as tx:
        connectors.renew(tx, made.id, shown("b24", now + 23 * 3600), shown("c", tx.now))


def test_a_certificate_that_was_replaced_is_over_when_the_new_one_is_used(store: Store, now: float) -> None:
    """An old key is then worth nothing to whoever has stolen it; a look at an old connection changes nothing."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        connectors.renew(tx, made.id, shown("abc", now), shown("def", now))
        sightings.seen(tx, "n", Sighting(made.id, "1.0", "192.0.2.7"), "abc")
        connectors.renew(tx, made.id, shown("abc", now), shown("ghi", now + 1))
        sightings.seen(tx, "n", Sighting(made.id, "1.0", "192.0.2.7"), "ghi")
    for old in ("abc", "def"):
        with store.transaction(now + 2) as tx, pytest.raises(IdentityError, match="somebody else has its key"):
            connectors.renew(tx, made.id, shown(old, now), shown("x", tx.now))
    with store.transaction(now + 3) as tx:
        connectors.renew(tx, made.id, shown("ghi", now + 1), shown("x", tx.now))


def test_a_restored_database_takes_certificates_that_it_does_not_know(store: Store, now: float) -> None:
    """One that was made after the backup is newer than what is kept."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        connectors.renew(tx, made.id, shown("after the backup", now + 60), shown("next", now + 120))
        assert connectors.find(tx, made.id).certificate_serial == "next"


def test_moving(store: Store, now: float) -> None:
    """To a group that is there."""
    with store.transaction(now) as tx:
        lab = groups.add(tx, "lab")
        made = enrol(tx)
        assert connectors.move(tx, made.id, "Lab").group == lab.id
        with pytest.raises(NotFound):
            connectors.move(tx, made.id, "lba")


def test_those_that_never_come_back_are_removed(store: Store, now: float) -> None:
    """After so many days without a sign of life, a new one from its enrolment; with 0 for the days nobody is."""
    with store.transaction(now) as tx:
        old, seen = enrol(tx, "old"), enrol(tx, "seen")
    with store.transaction(now + 10 * DAY) as tx:
        sightings.seen(tx, "n", Sighting(seen.id, "1.0", "x"))
        assert connectors.remove_unseen(tx, 10) == []
    with store.transaction(now + 10 * DAY + 1) as tx:
        assert connectors.remove_unseen(tx, 0) == []
        assert [one.id for one in connectors.remove_unseen(tx, 10)] == [old.id]
        assert [one.id for one in connectors.list_all(tx)] == [seen.id]


def test_a_removed_connector_is_unknown(store: Store, now: float) -> None:
    """With its last sighting."""
    with store.transaction(now) as tx:
        made = enrol(tx)
        sightings.seen(tx, "n", Sighting(made.id, "1.0", "x"))
        connectors.remove(tx, "host1")
        assert connectors.list_all(tx) == []
    assert store.build_snapshot().connectors == {}
