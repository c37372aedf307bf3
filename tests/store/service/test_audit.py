"""The audit."""

from __future__ import annotations

import pytest

from appproxy.store.database.store import Store
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_SIGN_IN
from appproxy.store.service.note import Action


def test_the_latest_come_first(store: Store, now: float) -> None:
    """With all that was noted."""
    for number in range(3):
        with store.transaction(now + number) as tx:
            audit.record(tx, "local:0", Action("user.add"), f"u{number}", {"name": "ann\n"})
    with store.reading() as reading:
        found = audit.list_recent(reading, 2)
    assert [(row.target, row.time) for row in found] == [("u2", now + 2), ("u1", now + 1)]
    assert (found[0].actor, found[0].action, found[0].detail) == ("local:0", "user.add", {"name": "ann\n"})
    assert found[0].number > found[1].number


def test_a_deed_that_failed_is_not_noted(store: Store, now: float) -> None:
    """The note and the deed are one transaction."""
    with pytest.raises(ValueError), store.transaction(now) as tx:
        audit.record(tx, "local:0", Action("user.add"))
        raise ValueError
    with store.reading() as reading:
        assert audit.list_recent(reading) == []


def test_a_long_actor_is_cut(store: Store, now: float) -> None:
    """Whatever name a user of another provider has, the sign-in is noted."""
    with store.transaction(now) as tx:
        audit.record(tx, "user:" + "x" * 1000, USER_SIGN_IN)
        assert len(audit.list_recent(tx)[0].actor) == 255


def test_a_search_looks_at_a_part(store: Store, now: float) -> None:
    """And says where to go on, until there is nothing more; no entry is passed over."""
    with store.transaction(now) as tx:
        for number in range(23):
            audit.record(tx, "user:ann" if number % 10 else "user:bob", USER_SIGN_IN, str(number))
    with store.reading() as reading:
        found, looks, before = list[str](), 0, None
        while looks == 0 or before is not None:
            rows, before = audit.search(reading, audit.Search(actor="user:bob"), 2, before, most=5)
            found += [row.target for row in rows]
            looks += 1
        assert found == ["20", "10", "0"] and looks == 5
        rows, before = audit.search(reading, audit.EVERYTHING, 3)
        assert [row.target for row in rows] == ["22", "21", "20"] and before == rows[-1].number
        assert audit.search(reading, audit.Search(text="nowhere"), 3) == ([], None)
