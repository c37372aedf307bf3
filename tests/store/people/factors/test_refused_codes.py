"""Wrong codes of second factors."""

from __future__ import annotations

from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.people.factors import refused_codes
from appproxy.store.people.factors.refused_codes import KEPT


def test_they_count_for_a_day(store: Store, now: float) -> None:
    """By user, and by where they came from; the oldest first."""
    with store.transaction(now) as tx:
        ann, bob = (users.add(tx, name, "hash").id for name in ("ann", "bob"))
        refused_codes.add(tx, ann, "")
    with store.transaction(now + 5) as tx:
        for user, origin in ((ann, ""), (ann, "laptop"), (bob, "")):
            refused_codes.add(tx, user, origin)
        assert refused_codes.times(tx, ann, "", now + 5) == [now, now + 5]
        assert refused_codes.times(tx, ann, "laptop", now + 5) == [now + 5] == refused_codes.times(tx, bob, "", now + 5)
        assert refused_codes.times(tx, bob, "laptop", now + 5) == []
        assert refused_codes.times(tx, ann, "", now + KEPT) == [now + 5] and refused_codes.times(tx, ann, "",
            now + KEPT - 1) != [now + 5]


def test_they_are_forgotten(store: Store, now: float) -> None:
    """Of a device that has come with the right one, of a user altogether, or when they count no longer."""
    with store.transaction(now) as tx:
        ann, bob = (users.add(tx, name, "hash").id for name in ("ann", "bob"))
        for user in (ann, bob):
            for origin in ("", "laptop"):
                refused_codes.add(tx, user, origin)
        refused_codes.forget(tx, ann, "laptop")
        assert (refused_codes.times(tx, ann, "", now), refused_codes.times(tx, ann, "laptop", now)) == ([now], [])
        assert refused_codes.times(tx, bob, "laptop", now) == [now]
        refused_codes.forget(tx, ann)
        assert refused_codes.times(tx, ann, "", now) == [] and refused_codes.times(tx, bob, "", now) == [now]
    with store.transaction(now + KEPT - 1) as tx:
        refused_codes.purge(tx)
        assert refused_codes.times(tx, bob, "", now + KEPT - 1) == [now]
    with store.transaction(now + KEPT) as tx:
        refused_codes.purge(tx)
        assert refused_codes.times(tx, bob, "", now) == []
