"""What users have used lately."""

from __future__ import annotations

from appproxy.store.applications import applications, recent
from appproxy.store.database.store import Store
from appproxy.store.people.providers import BUILTIN


def test_the_last_used_first_and_no_more_than_some(store: Store, now: float) -> None:
    """Of each user on their own; what is no application is not kept, and neither is what is long ago."""
    with store.transaction(now) as tx:
        ids = [applications.publish(tx, f"n{n}", f"http://n{n}/", f"https://n{n}.example.com/").id
               for n in range(recent.KEPT + 2)]
    for number, id in enumerate(ids):
        with store.transaction(now + number) as tx:
            recent.used(tx, BUILTIN, "ann", id)
            recent.used(tx, BUILTIN, "ann", "apps-builtin")
    with store.transaction(now + 100) as tx:
        recent.used(tx, BUILTIN, "ann", ids[3])
        recent.used(tx, BUILTIN, "bob", ids[0])
        found = recent.of(tx, BUILTIN, "ann")
        assert [id for id, _ in found] == [ids[3], *reversed(ids[4:]), ids[2]] and found[0][1] == now + 100
        applications.remove(tx, "n3")
        assert len(recent.of(tx, BUILTIN, "ann")) == recent.KEPT - 1
        recent.clear(tx, BUILTIN, "ann")
        assert (recent.of(tx, BUILTIN, "ann"), recent.of(tx, BUILTIN, "bob")) == ([], [(ids[0], now + 100)])
    with store.transaction(now + recent.KEPT_SECONDS) as tx:
        recent.purge(tx)
        assert recent.of(tx, BUILTIN, "bob") != []
    with store.transaction(now + 101 + recent.KEPT_SECONDS) as tx:
        recent.purge(tx)
        assert recent.of(tx, BUILTIN, "bob") == []
