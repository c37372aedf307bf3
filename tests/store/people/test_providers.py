"""Identity providers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import create_authority
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import providers


@pytest.fixture(scope="module")
def pem() -> str:
    """An authority."""
    return create_authority("Corp", 1_800_000_000.0, years=1, serial=b"\x01" * 16).certificate


def test_the_built_in_one_is_there_and_stays(store: Store, now: float) -> None:
    """Its issuer is the sign-in host."""
    with store.transaction(now) as tx:
        assert providers.find(tx, "builtin").issuer == "https://signin.example.com"
        assert providers.find(tx, "builtin").kind == "builtin"
        with pytest.raises(AlreadyThere, match="built-in identity provider stays"):
            providers.remove(tx, "builtin")


def test_another_one(store: Store, now: float) -> None:
    """It is in the snapshot with its secret, which no print shows."""
    with store.transaction(now) as tx:
        made = providers.add(tx, "Corp", "https://idp.example.org/x/", "client", "canary", scopes=["openid", "groups"],
                             groups_claim="roles", algorithms=["EdDSA"])  # fmt: skip
        assert providers.find(tx, "corp") == providers.find(tx, made.id) == made
        assert providers.list_all(tx)[1] == made
    assert store.build_snapshot().providers[made.id] == made
    assert made.client_secret == "canary" and "canary" not in repr(made)


@pytest.mark.parametrize(
    "arguments",
    [
        {"issuer": "http://idp.example.org"},
        {"issuer": "http://localhost:8080/realms/x"},
        {"issuer": "https://"},
        {"issuer": "https://a@b/"},
        {"issuer": "https://idp.example.org/?x"},
        {"issuer": "https://idp.example.org/#x"},
        {"issuer": "https://idp.example.org/ x"},
        {"issuer": "https://[x"},
        {"client_id": ""},
        {"scopes": ["profile"]},
        {"scopes": ["openid", "a b"]},
        {"groups_claim": "a b"},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256"]},
        {"algorithms": []},
        {"ca_bundle": "x"},
        {"pushed_requests": "never"},
        {"kind": "builtin"},
        {"kind": "saml"},
        {"kind": ""},
        {"name": ""},
    ],
)
def test_wrong_values(store: Store, now: float, arguments: dict[str, object]) -> None:
    """The key is named; unsigned tokens and shared secrets are not to be had."""
    right: dict[str, object] = {
        "name": "corp", "issuer": "https://idp.example.org", "client_id": "id", "client_secret": "secret",
    }  # fmt: skip
    key = "provider" if "name" in arguments else next(iter(arguments))
    with pytest.raises(ConfigError, match=f"^{key}: "), store.transaction(now) as tx:
        providers.add(tx, **right | arguments)  # type: ignore[arg-type]


def test_changes(store: Store, now: float, pem: str) -> None:
    """What is given changes, the secret too; the rest stays, and the snapshot has it. Wrong values change nothing."""
    with store.transaction(now) as tx:
        made = providers.add(tx, "corp", "https://idp.example.org", "id", "secret", scopes=["openid", "x"])
        changed = providers.change(tx, "CORP", client_secret="new", ca_bundle=pem, pushed_requests="always")
        assert changed == replace(made, client_secret="new", ca_bundle=pem, pushed_requests="always")
        assert providers.find(tx, "corp") == changed
        with pytest.raises(ConfigError, match="^ca_bundle: "):
            providers.change(tx, "corp", ca_bundle="x")
        with pytest.raises(ConfigError, match="^scopes: "):
            providers.change(tx, "corp", scopes=("profile",))
        providers.change(tx, "corp", algorithms=("EdDSA",), client_id="other", groups_claim="roles", scopes=("openid",))
        with pytest.raises(NotFound):
            providers.change(tx, "corpse", client_id="x")
        with pytest.raises(AlreadyThere, match="only session_hours and idle_minutes"):
            providers.change(tx, "builtin", client_id="x")
    expected = replace(changed, algorithms=("EdDSA",), client_id="other", groups_claim="roles", scopes=("openid",))
    assert store.build_snapshot().providers[made.id] == expected


def test_names_are_unique(store: Store, now: float) -> None:
    """Whatever their case."""
    with store.transaction(now) as tx:
        providers.add(tx, "local", "https://localhost:8080/realms/x", "id", "secret")
        with pytest.raises(AlreadyThere):
            providers.add(tx, "LOCAL", "https://localhost:8080/", "id", "secret")


def test_one_in_use_is_not_removed(store: Store, now: float) -> None:
    """The application that uses it is named."""
    with store.transaction(now) as tx:
        providers.add(tx, "corp", "https://idp.example.org", "id", "secret")
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/", provider="corp")
        with pytest.raises(AlreadyThere, match="'wiki' still uses 'corp'"):
            providers.remove(tx, "corp")
        applications.set_values(tx, "wiki", {"provider": "builtin"})
        providers.remove(tx, "corp")
        with pytest.raises(NotFound, match="did you mean builtin"):
            providers.find(tx, "buildin")
