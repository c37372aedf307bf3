"""Sessions that count no longer."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store import migrate
from appproxy.store.database.store import Store
from appproxy.store.people.session import sessions
from appproxy.store.tables import core as schema


def test_one_session(store: Store, now: float) -> None:
    """It is in the snapshot until its cookie ends by itself."""
    with store.transaction(now) as tx:
        sessions.revoke_session(tx, "one", now + 60)
        sessions.revoke_session(tx, "one", now + 60)
        sessions.revoke_session(tx, "two")
        sessions.revoke_session(tx, "three", now + 1e9)
    assert store.build_snapshot().revoked_sessions == {"one", "two", "three"}
    with store.transaction(now + 61) as tx:
        sessions.purge(tx)
    assert store.build_snapshot().revoked_sessions == {"two", "three"}
    with store.transaction(now + sessions.LONGEST + 1) as tx:
        sessions.purge(tx)
    assert store.build_snapshot().revoked_sessions == frozenset()


def test_all_of_a_subject(store: Store, now: float) -> None:
    """Until the moment of the call, and the latest call counts; who is called so by another provider is somebody else."""
    with store.transaction(now + 5) as tx:
        sessions.revoke_subject(tx, "corp", "ann")
    with store.transaction(now) as tx:
        sessions.revoke_subject(tx, "corp", "ann")
        sessions.revoke_subject(tx, "other", "ann")
        sessions.bar_subject(tx, "corp", "bob")
        sessions.admit_subject(tx, "other", "bob")
    assert store.build_snapshot().not_before == {
        ("corp", "ann"): now + 5, ("other", "ann"): now, ("corp", "bob"): sessions.FOREVER, ("other", "bob"): now,
    }
    with store.transaction(now) as tx:
        sessions.forget_provider(tx, "corp")
    assert set(store.build_snapshot().not_before) == {("other", "ann"), ("other", "bob")}


def test_purging_nothing_disturbs_nobody(store: Store, now: float) -> None:
    """The hourly upkeep does not make nodes look again."""
    before = store.revision()
    with store.transaction(now) as tx:
        sessions.purge(tx)
    assert store.revision() == before


def test_the_migration_keeps_everybody_out_who_was(now: float) -> None:
    """Whose subject a row of before meant is not known: it counts for each provider."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        migrate.upgrade(connection, "maintainers")
        for id_ in ("builtin", "corp"):
            connection.execute(sa.insert(schema.providers).values(
                id=id_, name=id_, name_key=id_, issuer="https://i", client_id="c", client_secret=b"", scopes="openid",
                groups_claim="groups", algorithms="RS256"))
        connection.execute(sa.text("INSERT INTO not_before (subject, time, expires) VALUES ('ann', 5.0, 9.0)"))
        migrate.upgrade(connection)
        found = connection.execute(sa.select(schema.not_before)).all()
    assert set(found) == {("builtin", "ann", 5.0, 9.0), ("corp", "ann", 5.0, 9.0)}
