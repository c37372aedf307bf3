"""Authorities, certificates and keys of the service."""

from __future__ import annotations

import pytest

from appproxy.errors import StoreError
from appproxy.pki.issuing.authority import create_authority, issue_server
from appproxy.store.database.store import Store
from appproxy.store.service import keys
from appproxy.store.transaction import Transaction

DAY = 86400.0


def add_authority(tx: Transaction) -> str:
    """Another authority of connectors; its certificate."""
    made = create_authority("second", tx.now, serial=tx.random_bytes(16))
    keys.add_authority(tx, keys.CONNECTOR, made, tx.now + 1)
    return made.certificate


def test_the_newest_authority_signs_and_all_are_trusted(store: Store, now: float) -> None:
    """While one takes over from another, connectors of both work."""
    with store.transaction(now + 1) as tx:
        first = keys.authority(tx)
        second = add_authority(tx)
        assert keys.authority(tx).certificate == second
        assert keys.trust_bundle(tx) == (second, first.certificate)
    assert store.build_snapshot().trust_bundle == (second, first.certificate)


def test_the_newest_leaf_is_served(store: Store, now: float) -> None:
    """A renewed certificate takes over; its end is known."""
    with store.transaction(now + 1) as tx:
        authority, id_ = keys.authority(tx), keys.authority_id(tx)
        assert id_ is not None
        made = issue_server(authority, ["connect.example.com"], tx.now, 30, tx.random_bytes(16))
        keys.add_leaf(tx, keys.CONNECTOR, id_, made, now + 30 * DAY)
        assert keys.server_leaf(tx) == made
        assert keys.leaf_expires(tx) == now + 30 * DAY


def test_what_is_missing_is_said(empty_store: Store) -> None:
    """A database that `init` did not make has no authority."""
    with empty_store.reading() as reading:
        with pytest.raises(StoreError, match="appproxy init"):
            keys.authority(reading)
        assert keys.user_authority(reading) is None
        assert keys.server_leaf(reading) is None
        assert keys.leaf_expires(reading) is None


class TestSealingKeys:
    """Keys of cookies."""

    def test_a_new_one_every_30_days(self, store: Store, now: float) -> None:
        """The newest comes first, since it seals; nothing changes in between."""
        with store.transaction(now + 30 * DAY - 1) as tx:
            assert not keys.rotate_sealing_keys(tx)
        with store.transaction(now + 30 * DAY) as tx:
            assert keys.rotate_sealing_keys(tx)
        assert [key.id for key in store.build_snapshot().keys] == [2, 1]
        assert [len(key.secret) for key in store.build_snapshot().keys] == [32, 32]

    def test_an_old_one_opens_as_long_as_a_device_is_known(self, store: Store, now: float) -> None:
        """What was sealed for half a year at the last moment of a key, and a session of 30 days, live to their ends."""
        moment = now
        for _ in range(20):
            moment += 30 * DAY
            with store.transaction(moment) as tx:
                keys.rotate_sealing_keys(tx)
                found = keys.read_sealing_keys(tx)
            replaced = found[0].created
            assert all(found[number].created - found[number + 1].created == 30 * DAY for number in range(len(found) - 1))
            assert replaced == moment and len(found) <= 8
            # The one before the newest was in use until now.
            assert len(found) >= 2
        with store.transaction(moment + 180 * DAY) as tx:
            keys.rotate_sealing_keys(tx)
            created = [key.created for key in keys.read_sealing_keys(tx)]
        assert moment - 30 * DAY in created, "in use until half a year ago"

    def test_ids_fit_in_a_byte(self, store: Store, now: float) -> None:
        """After 255 keys, the numbers begin again; none is in use twice."""
        moment = now
        seen = set()
        with store.transaction(now) as tx:
            for _ in range(300):
                moment += 30 * DAY
                tx.now = moment
                keys.rotate_sealing_keys(tx)
                ids = [key.id for key in keys.read_sealing_keys(tx)]
                assert len(set(ids)) == len(ids)
                seen |= set(ids)
        assert min(seen) == 1 and max(seen) == 255


def test_signing_keys(store: Store, now: float) -> None:
    """The newest signs, all verify; no private key is shown when one is printed."""
    with store.transaction(now + 1) as tx:
        made = keys.add_signing_key(tx, "PRIVATE")
        found = keys.read_signing_keys(tx)
        assert found[0] == made and len(found) == 2
    assert "PRIVATE" not in repr(found)


def test_signing_keys_that_are_forgotten(store: Store, now: float) -> None:
    """Those that are named go, the others stay; naming none changes nothing."""
    with store.transaction(now + 1) as tx:
        old = [keys.add_signing_key(tx, "OLD").id for _ in range(2)]
        kept = keys.add_signing_key(tx, "NEW").id
        before = {key.id for key in keys.read_signing_keys(tx)}
    with store.transaction(now + 2) as tx:
        keys.remove_signing_keys(tx, [])
        assert not tx.touched
        keys.remove_signing_keys(tx, old)
        assert {key.id for key in keys.read_signing_keys(tx)} == before - set(old)
        assert kept in before
