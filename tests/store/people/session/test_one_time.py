"""Ids that may be used once."""

from __future__ import annotations

from appproxy.store.database.store import Store
from appproxy.store.people.session import one_time


def test_an_id_is_used_once(store: Store, now: float) -> None:
    """Also when two transactions try it one after the other."""
    for expected in (True, False):
        with store.transaction(now) as tx:
            assert one_time.use_once(tx, "a", now + 60) is expected
            assert one_time.use_once(tx, "b" if expected else "c", now + 60)


def test_it_is_forgotten_only_after_its_end(store: Store, now: float) -> None:
    """As long as anybody would take it, it is known as used."""
    with store.transaction(now + 60) as tx:
        one_time.use_once(tx, "a", now + 60)
        one_time.purge(tx)
        assert not one_time.use_once(tx, "a", now + 60)
    with store.transaction(now + 61) as tx:
        one_time.purge(tx)
        assert one_time.use_once(tx, "a", now + 120)
