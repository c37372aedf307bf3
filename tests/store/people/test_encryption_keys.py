"""Keys that ID tokens are encrypted to: made when they are needed, followed in time, and for nobody to read."""

from __future__ import annotations

import pytest

from appproxy.store.database.store import Store
from appproxy.store.database.upkeep import keep_up
from appproxy.store.people import encryption_keys, providers
from appproxy.store.snapshot import ProviderRecord
from appproxy.store.transaction import Transaction

DAY = 86400.0


def add(tx: Transaction, **settings: str) -> ProviderRecord:
    """A provider with these settings."""
    return providers.add(tx, "corp", "https://idp.example.org", "the client", "secret", settings=settings)


@pytest.mark.parametrize(("settings", "types"), [
    ({}, []), ({"client_authentication": "private_key_jwt"}, []), ({"id_token_encryption": "RSA-OAEP-256"}, ["RSA"]),
    ({"id_token_encryption": "ECDH-ES"}, ["EC"]), ({"id_token_encryption": "ECDH-ES+A256KW"}, ["EC"]),
])
def test_made_where_one_is_needed(store: Store, now: float, settings: dict[str, str], types: list[str]) -> None:
    """And only there; the snapshot has it, and nothing shows the private half."""
    with store.transaction(now) as tx:
        made = add(tx, **settings)
        assert providers.find(tx, "corp") == providers.list_all(tx)[1] == made
    assert [key.type for key in made.encryption_keys] == types
    assert store.build_snapshot().providers[made.id] == made and "PRIVATE" not in repr(made)


def test_another_type_has_a_key_of_its_own(store: Store, now: float) -> None:
    """What was encrypted to the one before is still read until it goes."""
    with store.transaction(now) as tx:
        first = add(tx, id_token_encryption="ECDH-ES")
        other = providers.change(tx, "corp", {"id_token_encryption": "RSA-OAEP-256"})
        same = providers.change(tx, "corp", {"id_token_encryption": "ECDH-ES+A256KW"})
    assert [key.type for key in first.encryption_keys] == ["EC"]
    assert {key.type for key in other.encryption_keys} == {"EC", "RSA"}
    assert set(same.encryption_keys) == set(other.encryption_keys)


def test_the_next_one_overlaps(store: Store, now: float) -> None:
    """After 90 days a new key is published, a day later it alone, and a week later the old one opens nothing."""
    with store.transaction(now) as tx:
        [old] = add(tx, id_token_encryption="ECDH-ES").encryption_keys
    for days, kept, published in ((89.0, 1, 1), (90.5, 2, 2), (91.6, 2, 1), (98.4, 2, 1), (98.6, 1, 1)):
        with store.transaction(now + days * DAY) as tx:
            keep_up(tx, now)
            found = providers.find(tx, "corp")
        said = found.key_set(now + days * DAY)
        assert said is not None and isinstance(said["keys"], list)
        assert (len(found.encryption_keys), len(said["keys"])) == (kept, published), days
    assert old not in found.encryption_keys


def test_by_hand_and_with_the_key_that_signs(store: Store, now: float) -> None:
    """A new key of both kinds, and none where there are none; what is published says which is for what."""
    with store.transaction(now) as tx:
        add(tx, id_token_encryption="RSA-OAEP-256", client_authentication="private_key_jwt", client_key_days="0")
    with store.transaction(now + 900 * DAY) as tx:
        keep_up(tx, now)
        made = providers.new_key(tx, "corp")
        assert (len(made.keys), len(made.encryption_keys)) == (2, 2)
        said = made.key_set(tx.now)
        assert said is not None and isinstance(said["keys"], list)
        assert [one["use"] for one in said["keys"]] == ["sig", "sig", "enc", "enc"]
        plain = providers.change(tx, "corp", {"id_token_encryption": "", "client_authentication": ""})
        assert plain.key_set(tx.now) is None
        providers.remove(tx, "corp")
        assert encryption_keys.by_provider(tx) == {}
