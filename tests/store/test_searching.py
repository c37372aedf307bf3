"""Searches, in letters of other languages too."""

from __future__ import annotations

import pytest

from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.paging import ListPage
from appproxy.store.people import users
from appproxy.store.searching import small
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_SIGN_IN_FAILED


@pytest.mark.parametrize("text", ["Özil", "özil", "ÖZIL", "O\u0308zil", "Mesut Ö"])
def test_a_user_is_found_by_their_name_however_it_is_typed(store: Store, now: float, text: str) -> None:
    """Capital or small, and as macOS writes marks; others are not."""
    with store.transaction(now) as tx:
        users.add(tx, "mesut", "hash", display_name="Mesut Özil")
        users.add(tx, "ozil", "hash", display_name="Ozil")
        assert [one.name for one in users.list_all(tx, ListPage(9, search=text))] == ["mesut"]


@pytest.mark.parametrize("text", ["straße", "STRASSE", "Straße", "strasse"])
def test_names_that_are_told_apart_in_small_letters_are_found(store: Store, now: float, text: str) -> None:
    """Names of applications are kept as they are compared, with ss for a sharp s."""
    with store.transaction(now) as tx:
        applications.publish(tx, "Straße", "http://w/", "https://w.example.com")
        assert [one.name for one in applications.list_all(tx, ListPage(9, search=text))] == ["Straße"]


def test_signs_of_like_are_signs(store: Store, now: float) -> None:
    """And no patterns."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash", display_name="100 % Ann_e")
        users.add(tx, "bob", "hash", display_name="1000 Annxe")
        for text in ("0 %", "n_e"):
            assert [one.name for one in users.list_all(tx, ListPage(9, search=text))] == ["ann"]


@pytest.mark.parametrize("text", ["Özil", "özil", "ÖZIL", "mesut ö", 'say "hi"', "say"])
def test_an_entry_of_the_audit_is_found_by_what_its_detail_says(store: Store, now: float, text: str) -> None:
    """Which is kept with escapes."""
    with store.transaction(now) as tx:
        audit.record(tx, "user:1", USER_SIGN_IN_FAILED, "1", {"directory": "Mesut Özil", "reason": 'Say "hi"'})
        audit.record(tx, "user:2", USER_SIGN_IN_FAILED, "2", {"directory": "Ozil", "reason": "hi"})
    with store.reading() as reading:
        rows, _ = audit.search(reading, audit.Search(text=text))
    assert [row.target for row in rows] == ["1"]


def test_what_is_no_text_stays_what_it_is() -> None:
    """A column that is NULL."""
    assert small(None) is None and small("ÄB") == "äb"
