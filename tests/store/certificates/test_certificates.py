"""Certificates of the users' listener in the store."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.pki import Credential
from appproxy.store.certificates import certificates
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.tables.certificates import certificates as table
from tests.pki.chains import chain, leaf

FIRST = leaf("wiki.example.org", "*.wiki.example.org")
SECOND = leaf("wiki.example.org")
PAIR = Credential(chain(FIRST), FIRST.key)
OTHER = Credential(chain(SECOND), SECOND.key)


def test_it_is_in_the_next_snapshot(store: Store, now: float) -> None:
    """With its key, which is nowhere in the clear: not in the database, not in what is printed."""
    with store.transaction(now) as tx:
        made = certificates.add(tx, None, PAIR)
        assert made.name == "wiki.example.org" and made.names == ("wiki.example.org", "*.wiki.example.org")
        row = tx.row(sa.select(table))
        assert row is not None and FIRST.key.encode() not in row["key"]
    snapshot = store.build_snapshot()
    (served,) = snapshot.certificates
    assert (served.credential, served.names, served.not_after) == (PAIR, made.names, made.not_after)
    assert FIRST.key not in repr(snapshot) and FIRST.key not in repr(made)


def test_another_takes_its_place(store: Store, now: float) -> None:
    """Under the same name and id; a change of anything else keeps the very same objects."""
    with store.transaction(now) as tx:
        id_ = certificates.add(tx, "Wiki", PAIR).id
    before = store.build_snapshot()
    with store.transaction(now + 5) as tx:
        made = certificates.replace(tx, "wiki", OTHER)
        assert (made.id, made.name, made.names, made.created, made.changed) == (
            id_, "Wiki", ("wiki.example.org",), now, now + 5)
    after = store.build_snapshot(before)
    assert after.certificates[0].credential == OTHER
    assert after.applications is before.applications


def test_names_are_looked_up_and_taken_once(store: Store, now: float) -> None:
    """Wrong ones are answered with near ones."""
    with store.transaction(now) as tx:
        id_ = certificates.add(tx, "Wiki", PAIR).id
        assert certificates.find(tx, id_) == certificates.find(tx, "WIKI")
        with pytest.raises(AlreadyThere, match="certificate 'wiki'"):
            certificates.add(tx, "wiki", OTHER)
        with pytest.raises(ConfigError):
            certificates.add(tx, "a/b", OTHER)
        for call in (certificates.find, certificates.remove):
            with pytest.raises(NotFound, match="did you mean Wiki"):
                call(tx, "Wikis")
        with pytest.raises(NotFound):
            certificates.replace(tx, "blog", OTHER)
        certificates.remove(tx, "wiki")
        assert certificates.list_all(tx) == []
    assert store.build_snapshot().certificates == ()
