"""Sessions that count no longer."""

from __future__ import annotations

from appproxy.store import sessions
from appproxy.store.database import Store


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
    """Until the moment of the call, and the latest call counts."""
    with store.transaction(now + 5) as tx:
        sessions.revoke_subject(tx, "ann")
    with store.transaction(now) as tx:
        sessions.revoke_subject(tx, "ann")
        sessions.revoke_subject(tx, "bob")
    assert store.build_snapshot().not_before == {"ann": now + 5, "bob": now}


def test_purging_nothing_disturbs_nobody(store: Store, now: float) -> None:
    """The hourly upkeep does not make nodes look again."""
    before = store.revision()
    with store.transaction(now) as tx:
        sessions.purge(tx)
    assert store.revision() == before
