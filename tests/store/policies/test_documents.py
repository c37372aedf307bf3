"""Documents under their names."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.names import NotFound
from appproxy.store.policies import documents
from appproxy.store.policies.documents import DocumentKind

OFFICE = {"networks": ["192.0.2.0/24"]}


def test_a_document_is_replaced_whole(store: Store, now: float) -> None:
    """Under the same id, with the next version and from the same day; capitals make no other name, and the newest counts."""
    with store.transaction(now) as tx:
        first = documents.put(tx, DocumentKind.LOCATION, "Office", {**OFFICE, "trusted": True})
        assert (first.version, first.created, first.changed) == (1, now, now)
    with store.transaction(now + 60) as tx:
        second = documents.put(tx, DocumentKind.LOCATION, "office", OFFICE, groups_since=5.0)
        assert (second.id, second.version, second.created, second.changed) == (first.id, 2, now, now + 60)
        assert (second.name, second.document, second.groups_since) == ("office", {**OFFICE, "name": "office"}, 5.0)
        assert documents.list_all(tx, DocumentKind.LOCATION) == [second]
        for name in ("OFFICE", first.id):
            assert documents.find(tx, DocumentKind.LOCATION, name) == second


def test_kinds_are_apart(store: Store, now: float) -> None:
    """A policy and a location of one name are two, by name and by id; removing one leaves the other."""
    with store.transaction(now) as tx:
        policy = documents.put(tx, DocumentKind.POLICY, "office", {})
        location = documents.put(tx, DocumentKind.LOCATION, "office", OFFICE)
        with pytest.raises(NotFound):
            documents.find(tx, DocumentKind.POLICY, location.id)
        assert documents.remove(tx, DocumentKind.LOCATION, "office") == location
        assert documents.list_all(tx, DocumentKind.POLICY) == [policy] and not documents.list_all(tx, DocumentKind.LOCATION)
        with pytest.raises(NotFound):
            documents.remove(tx, DocumentKind.LOCATION, "office")


def test_what_is_not_there_is_answered_with_what_is_near(store: Store, now: float) -> None:
    """A mistyped name is seen for what it is."""
    with store.transaction(now) as tx:
        documents.put(tx, DocumentKind.LOCATION, "office", OFFICE)
        with pytest.raises(NotFound, match="no location 'offfice'; did you mean office"):
            documents.find(tx, DocumentKind.LOCATION, "offfice")


def test_they_are_listed_by_name(store: Store, now: float) -> None:
    """As people look for them."""
    with store.transaction(now) as tx:
        for name in ("beta", "Gamma", "alpha"):
            documents.put(tx, DocumentKind.CONTEXT, name, {})
        listed = [one.name for one in documents.list_all(tx, DocumentKind.CONTEXT)]
        assert listed == documents.names_of(tx, DocumentKind.CONTEXT) == ["alpha", "beta", "Gamma"]
        assert documents.names_of(tx, DocumentKind.POLICY) == []


def test_a_document_is_bounded(store: Store, now: float) -> None:
    """In bytes, not in characters: that is what is kept, and read by every node."""
    size = 1_000_000 - len('{"text": "", "name": "big"}')
    with store.transaction(now) as tx:
        documents.put(tx, DocumentKind.POLICY, "big", {"text": "x" * size})
        for text in ("x" * (size + 1), "\u00e9" * (size // 2 + 1)):
            with pytest.raises(ConfigError):
                documents.put(tx, DocumentKind.POLICY, "big", {"text": text})
        assert documents.find(tx, DocumentKind.POLICY, "big").version == 1


def test_there_are_so_many_of_one_kind(store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there can be changed all the same, and other kinds have room of their own."""
    monkeypatch.setattr(documents, "_MOST", 2)
    with store.transaction(now) as tx:
        for name in ("a", "b"):
            documents.put(tx, DocumentKind.POLICY, name, {})
        with pytest.raises(ConfigError, match="policy: there are 2 already"):
            documents.put(tx, DocumentKind.POLICY, "c", {})
        assert documents.put(tx, DocumentKind.POLICY, "a", {}).version == 2
        documents.put(tx, DocumentKind.LOCATION, "c", {})
