"""What a node does to the database once an hour."""

from __future__ import annotations

from appproxy.store.connectors import connectors, join_tokens
from appproxy.store.database.store import Store
from appproxy.store.database.upkeep import keep_up
from appproxy.store.people.session import one_time
from appproxy.store.service import audit, keys

DAY = 86400.0


def test_nothing_is_due_at_first(store: Store, now: float) -> None:
    """A service that starts again changes nothing."""
    before = store.revision()
    with store.transaction(now + 1) as tx:
        assert keep_up(tx, now) == []
    assert store.revision() == before


def test_what_is_due_is_done(store: Store, now: float) -> None:
    """A year later: a new key, new certificates, and nothing left of what has expired."""
    with store.transaction(now) as tx:
        one_time.use_once(tx, "a", now + 60)
        join_tokens.new_token(tx, "default", 1, now + 60)
    with store.transaction(now + 360 * DAY) as tx:
        assert keep_up(tx, now) == [keys.CONNECTOR, keys.USER]
        assert one_time.use_once(tx, "a", now + 60)
        assert join_tokens.list_all(tx) == []
        assert keys.read_sealing_keys(tx)[0].created == tx.now


def test_connectors_are_removed_only_by_a_node_that_watched(store: Store, now: float) -> None:
    """A service that was off for two weeks forgets nobody, since it could have seen nobody."""
    with store.transaction(now) as tx:
        made = connectors.enrol(tx, tx.new_id(), "host1", "default", connectors.Shown("abc", now, now))
    with store.transaction(now + 14 * DAY) as tx:
        keep_up(tx, tx.now - 60, 0, 10)
        assert len(connectors.list_all(tx)) == 1
        keep_up(tx, tx.now - 2 * DAY, 0, 10)
        assert connectors.list_all(tx) == []
        assert [(row.action, row.target) for row in audit.list_recent(tx)] == [("connector.remove", made.id)]
