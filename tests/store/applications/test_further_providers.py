"""Several identity providers of one application."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError, NotFound
from appproxy.store.applications import applications, further_providers
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere
from appproxy.store.people import providers
from appproxy.store.transaction import Transaction


@pytest.fixture
def tx(store: Store, now: float) -> Transaction:
    """A finished transaction that published an application and added three providers."""
    with store.transaction(now) as tx:
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com")
        for name in ("corp", "guests", "a, b"):
            providers.add(tx, name, f"https://{len(name)}.example.org", "id", "secret")
    return tx


def names(tx: Transaction) -> list[str]:
    """Of the application's providers, in their order."""
    return [providers.find(tx, id).name for id in applications.find(tx, "wiki").providers]


def test_they_are_set_and_changed(store: Store, tx: Transaction) -> None:
    """By names with commas between, in that order; also when it is published."""
    with store.transaction(tx.now) as tx:
        for text, found in (
            ("corp,builtin", ["corp", "builtin"]), ("builtin , Guests,corp", ["builtin", "guests", "corp"]),
            ("guests", ["guests"]), ("a, b", ["a, b"]),
        ):
            applications.set_values(tx, "wiki", {"provider": text})
            assert names(tx) == found
        made = applications.publish(tx, "crm", "http://crm/", "https://crm.example.com", provider="corp, guests")
        assert [providers.find(tx, id).name for id in made.providers] == ["corp", "guests"]


@pytest.mark.parametrize(("text", "error", "words"), [
    ("corp,corp", ConfigError, "twice"), ("corp,", NotFound, "no identity provider ''"),
    ("corp,gusts", NotFound, "no identity provider 'gusts'"), ("crop", NotFound, "'crop'"),
])
def test_wrong_ones(store: Store, tx: Transaction, text: str, error: type[Exception], words: str) -> None:
    """Nothing changes then."""
    with pytest.raises(error, match=words), store.transaction(tx.now) as tx:
        applications.set_values(tx, "wiki", {"provider": text})
    with store.reading() as reading:
        assert applications.find(reading, "wiki").providers == ("builtin",)


def test_the_snapshot_follows(store: Store, tx: Transaction) -> None:
    """Also when only a further one changes; the same again changes nothing."""
    revisions = []
    for text in ("builtin", "builtin,corp", "builtin,corp", "builtin,guests", "builtin"):
        with store.transaction(tx.now) as tx:
            applications.set_values(tx, "wiki", {"provider": text})
        snapshot = store.build_snapshot()
        revisions.append(snapshot.revision)
        [wiki] = snapshot.applications.values()
        with store.reading() as reading:
            assert wiki.providers == applications.find(reading, "wiki").providers
    assert revisions[1] == revisions[2] and len(set(revisions)) == 4


def test_one_that_is_used_stays(store: Store, tx: Transaction) -> None:
    """As a further one, too; with the application it is free again."""
    with store.transaction(tx.now) as tx:
        applications.set_values(tx, "wiki", {"provider": "builtin,corp"})
        with pytest.raises(AlreadyThere, match="still uses 'corp'"):
            providers.remove(tx, "corp")
        applications.remove(tx, "wiki")
        providers.remove(tx, "corp")
        assert further_providers.by_application(tx) == {}
