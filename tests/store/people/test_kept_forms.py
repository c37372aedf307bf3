"""Forms that wait for their senders."""

from __future__ import annotations

import pytest

from appproxy.store.database.store import Store
from appproxy.store.people import kept_forms
from appproxy.store.tables.core import kept_forms as table

OWNER, PLACE = "o" * 64, "p" * 64


def test_a_form_is_taken_once(store: Store, now: float) -> None:
    """By its owner, at its place, before its end; then it is there no more."""
    with store.transaction(now) as tx:
        assert kept_forms.keep(tx, "a", OWNER, PLACE, b"the form", now + 60)
    with store.reading() as reading:
        assert kept_forms.look(reading, "a", PLACE, now) == (OWNER, b"the form")
    with store.transaction(now + 1) as tx:
        assert kept_forms.take(tx, "a", "x" * 64, PLACE) is None
        assert kept_forms.take(tx, "a", OWNER, "x" * 64) is None
        assert kept_forms.take(tx, "b", OWNER, PLACE) is None
        assert kept_forms.take(tx, "a", OWNER, PLACE) == b"the form"
        assert kept_forms.take(tx, "a", OWNER, PLACE) is None


def test_a_form_has_an_end(store: Store, now: float) -> None:
    """After it nobody gets it, and the next one that is kept clears it away."""
    with store.transaction(now) as tx:
        kept_forms.keep(tx, "a", OWNER, PLACE, b"the form", now + 60)
    with store.transaction(now + 60) as tx:
        assert kept_forms.look(tx, "a", PLACE, tx.now) is None and kept_forms.take(tx, "a", OWNER, PLACE) is None
        kept_forms.keep(tx, "b", OWNER, PLACE, b"another", now + 120)
        assert [row["id"] for row in tx.rows(table.select())] == ["b"]


def test_it_is_sealed(store: Store, now: float) -> None:
    """The database alone, or a row that was put in another's place, tells nothing."""
    with store.transaction(now) as tx:
        kept_forms.keep(tx, "a", OWNER, PLACE, b"canary", now + 60)
        [row] = tx.rows(table.select())
    assert all(b"canary" not in str(value).encode() and b"canary" not in bytes(row["form"]) for value in row.values())


def test_one_user_has_a_share(store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of forms, and of bytes; what is kept stays, and others still have room."""
    with store.transaction(now) as tx:
        for number in range(kept_forms.MOST_OF_USER):
            assert kept_forms.keep(tx, f"a{number}", OWNER, PLACE, b"x", now + 60)
        assert not kept_forms.keep(tx, "more", OWNER, PLACE, b"x", now + 60)
        assert kept_forms.look(tx, "a0", PLACE, now) is not None
        monkeypatch.setattr(kept_forms, "MOST_BYTES_OF_USER", 100)
        assert kept_forms.keep(tx, "b0", "other", PLACE, b"x" * 60, now + 60)
        assert not kept_forms.keep(tx, "b1", "other", PLACE, b"x" * 41, now + 60)
        assert kept_forms.keep(tx, "b2", "other", PLACE, b"x" * 40, now + 60)


def test_all_together_have_one(store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many users there are."""
    monkeypatch.setattr(kept_forms, "MOST_BYTES", 100)
    with store.transaction(now) as tx:
        assert kept_forms.keep(tx, "a", "one", PLACE, b"x" * 60, now + 60)
        assert not kept_forms.keep(tx, "b", "two", PLACE, b"x" * 60, now + 60)
        monkeypatch.setattr(kept_forms, "MOST", 1)
        assert not kept_forms.keep(tx, "c", "two", PLACE, b"x", now + 60)
