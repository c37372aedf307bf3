"""Keys of our client at identity providers: made when they are needed, followed in time, and for nobody to read."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.issuing.client_certificate import new_client_credential
from appproxy.store.database.store import Store
from appproxy.store.database.upkeep import keep_up
from appproxy.store.people import client_keys, providers
from appproxy.store.snapshot import ProviderRecord
from appproxy.store.transaction import Transaction

DAY = 86400.0
GIVEN = new_client_credential("RSA", "of corp", 1_800_000_000.0, b"\x02" * 16)


def add(tx: Transaction, tls: Credential | None = None, /, **settings: str) -> ProviderRecord:
    """A provider with these settings."""
    return providers.add(tx, "corp", "https://idp.example.org", "the client", "secret", settings=settings, tls=tls)


@pytest.mark.parametrize(("settings", "types"), [
    ({}, []), ({"client_authentication": "client_secret_jwt"}, []), ({"client_authentication": "private_key_jwt"}, ["EC"]),
    ({"client_authentication": "self_signed_tls_client_auth", "client_algorithm": "PS256"}, ["RSA"]),
    ({"request_object": "always", "client_algorithm": "RS256"}, ["RSA"]),
])
def test_made_where_one_is_needed(store: Store, now: float, settings: dict[str, str], types: list[str]) -> None:
    """And only there; the snapshot has it, and nothing shows the private half."""
    with store.transaction(now) as tx:
        made = add(tx, **settings)
        assert providers.find(tx, "corp") == providers.list_all(tx)[1] == made
    assert [key.type for key in made.keys] == types
    assert store.build_snapshot().providers[made.id] == made and "PRIVATE" not in repr(made)


def test_made_when_it_is_needed_later(store: Store, now: float) -> None:
    """A change of other things makes none; another type of signature does, and that signs at once."""
    with store.transaction(now) as tx:
        add(tx)
        first = providers.change(tx, "corp", {"client_authentication": "private_key_jwt"})
        same = providers.change(tx, "corp", session_hours=8.0)
        other = providers.change(tx, "corp", {"client_algorithm": "RS256"})
    assert first.keys == same.keys and len(first.keys) == 1
    assert {key.type for key in other.keys} == {"EC", "RSA"}
    used = other.client("the client", now).key
    assert used is not None and used.type == "RSA"


def test_the_next_one_overlaps(store: Store, now: float) -> None:
    """After 90 days a new key is published, a day later it signs, and a week later the old one goes."""
    with store.transaction(now) as tx:
        [old] = add(tx, client_authentication="private_key_jwt").keys
    for days, ids, signs in ((89.0, 1, "old"), (90.5, 2, "old"), (91.6, 2, "new"), (98.4, 2, "new"), (98.6, 1, "new")):
        with store.transaction(now + days * DAY) as tx:
            keep_up(tx, now)
            found = providers.find(tx, "corp")
        used = found.client("the client", now + days * DAY).key
        assert len(found.keys) == ids and used is not None
        assert (used.id == old.id) is (signs == "old"), days
    assert store.build_snapshot().providers[found.id].keys == found.keys


def test_by_hand(store: Store, now: float) -> None:
    """With 0 days none follows by itself; an admin can have one, where there are keys at all."""
    with store.transaction(now) as tx:
        add(tx, client_authentication="private_key_jwt", client_key_days="0")
    with store.transaction(now + 900 * DAY) as tx:
        keep_up(tx, now)
        assert len(providers.find(tx, "corp").keys) == 1
        assert len(providers.new_key(tx, "corp").keys) == 2
        providers.change(tx, "corp", {"client_authentication": "auto"})
        with pytest.raises(ConfigError, match="no keys there"):
            providers.new_key(tx, "corp")


def test_a_certificate_that_is_given(store: Store, now: float) -> None:
    """Is needed for that method, can be replaced, and is shown in TLS; it signs nothing."""
    with pytest.raises(ConfigError, match="^tls_certificate: is needed"), store.transaction(now) as tx:
        add(tx, client_authentication="tls_client_auth")
    with store.transaction(now) as tx:
        made = add(tx, GIVEN, client_authentication="tls_client_auth")
        assert made.tls_credential(now) == GIVEN and made.client("x", now).key is None
        other = new_client_credential("EC", "x", now, b"\x03" * 16)
        assert providers.change(tx, "corp", None, other).tls_credential(now) == other
        assert providers.change(tx, "corp", {"client_authentication": "auto"}).tls_credential(now) is None
        providers.remove(tx, "corp")
        assert client_keys.by_provider(tx) == {}
