"""How many sessions one user may have."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.people.session import bound as session_bound
from appproxy.store.people.session import rows as session_rows
from appproxy.store.tables.core import sessions as table
from tests.store.people.session.test_rows import made


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six sessions, of which three stay."""
    monkeypatch.setattr(session_bound, "MOST", 6)
    monkeypatch.setattr(session_bound, "STAY", 3)
    monkeypatch.setattr(session_bound, "MOST_ENDED", 2)


def test_the_longest_unused_go(store: Store, now: float) -> None:
    """At the bound those end that were not used for the longest time, on all nodes, and only this user's."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, "bobs", subject="bob", sid="bob"))
        session_rows.begin(tx, made(now, "elsewhere", provider="other", sid="other"))
    for number in range(6):
        with store.transaction(now + number) as tx:
            begun = session_rows.begin(tx, made(now, f"s{number}", sid=f"p{number}"))
            assert begun is not None and begun.made_room == 0
    with store.transaction(now + 10) as tx:
        session_rows.seen(tx, {"s0": now + 9})
        begun = session_rows.begin(tx, made(now, "s6", sid="p6"))
        assert begun is not None and (begun.id, begun.made_room) == ("s6", 3)
        left = {row.id for row in session_rows.list_all(tx, now + 10)}
        assert left == {"s0", "s4", "s5", "s6", "bobs", "elsewhere"}
    assert store.build_snapshot().revoked_sessions == {"s1", "s2", "s3"}


def test_one_session_of_the_provider(store: Store, now: float) -> None:
    """A program that keeps the provider's cookie and none of ours, all day long: at the bound nothing more begins or ends."""
    with store.transaction(now) as tx:
        for number in range(20):
            begun = session_rows.begin(tx, made(now + number, f"s{number}"))
            assert begun is not None and begun.made_room == 0
        assert len(session_rows.list_all(tx, now)) == 6
    assert not store.build_snapshot().revoked_sessions


def test_one_without_a_name(store: Store, now: float) -> None:
    """Where the provider does not name its sessions, two may be two browsers."""
    with store.transaction(now) as tx:
        begun = [session_rows.begin(tx, made(now + number, f"s{number}", sid="")) for number in range(7)]
        assert [each.made_room for each in begun if each is not None] == [0, 0, 0, 0, 0, 0, 3]


def test_ended_ones(store: Store, now: float) -> None:
    """Whoever signs in and out without end leaves a few rows."""
    for number in range(10):
        with store.transaction(now + number) as tx:
            session_rows.begin(tx, made(now, f"s{number}", sid=f"p{number}"))
            session_rows.end(tx, f"s{number}")
    with store.reading() as reading:
        assert {row["id"] for row in reading.rows(sa.select(table.c.id))} == {"s7", "s8", "s9"}
