"""Identity providers."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store import applications, providers
from appproxy.store.database import Store
from appproxy.store.names import AlreadyThere, NotFound


def test_the_built_in_one_is_there_and_stays(store: Store, now: float) -> None:
    """Its issuer is the sign-in host."""
    with store.transaction(now) as tx:
        assert providers.find(tx, "builtin").issuer == "https://signin.example.com"
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


def test_a_provider_on_this_machine_may_do_without_tls(store: Store, now: float) -> None:
    """For trying things out."""
    with store.transaction(now) as tx:
        providers.add(tx, "local", "http://localhost:8080/realms/x", "id", "secret")
        with pytest.raises(AlreadyThere):
            providers.add(tx, "LOCAL", "http://localhost:8080/", "id", "secret")


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
