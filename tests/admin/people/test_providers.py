"""Operations on identity providers."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base.operation import Query
from appproxy.admin.base.problem import Changed
from appproxy.admin.people.providers import OPERATIONS
from appproxy.errors import ConfigError
from appproxy.pki.issuing.authority import create_authority
from appproxy.pki.issuing.client_certificate import new_client_credential
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import providers

CORP = {"name": "corp", "issuer": "https://idp.example.org", "client_id": "id", "client_secret": "canary"}


def test_providers(desk: Any) -> None:
    """Added, listed and removed; the secret is never shown again."""
    made = desk.record("POST", "/providers", {**CORP, "scopes": ["openid"], "algorithms": ["ES256"]})
    assert desk.record("GET", "/providers/Corp") == made == desk.rows("/providers")[1]
    assert (made["scopes"], made["algorithms"], made["groups_claim"]) == (["openid"], ["ES256"], "groups")
    assert "canary" not in repr((made, desk.rows("/providers"), desk.audit()))
    desk.call("DELETE", "/providers/corp")
    assert len(desk.rows("/providers")) == 1
    with pytest.raises(ConfigError, match="client_secret: is needed"):
        desk.call("POST", "/providers", {key: value for key, value in CORP.items() if key != "client_secret"})



def test_a_provider_is_changed(desk: Any) -> None:
    """A secret that ends is replaced; the audit tells what changed, and neither secret nor certificates."""
    pem = create_authority("Corp", 1_800_000_000.0, years=1, serial=b"\x01" * 16).certificate
    made = desk.record("POST", "/providers", CORP)
    changed = desk.record("PATCH", "/providers/corp", {"client_secret": "canary-2", "ca_bundle": pem + pem})
    assert changed == {**made, "ca_bundle": pem + pem, "secret_changed": changed["secret_changed"]}
    row = desk.audit()[0]
    assert (row.action, row.detail["changed"], row.detail["ca_bundle"]) == ("provider.set", "ca_bundle, client_secret", 2)
    assert "canary" not in repr((changed, desk.audit()))
    secret_changed = changed["secret_changed"]
    changed = desk.record("PATCH", "/providers/corp", {"scopes": ["openid", "x"], "ca_bundle": ""})
    assert changed == {**made, "scopes": ["openid", "x"], "secret_changed": secret_changed}
    for body, words in (({}, "nothing to change"), ({"issuer": "https://other.example.org"}, "issuer"),
                        ({"algorithms": ["HS256"]}, "algorithms")):
        with pytest.raises(ConfigError, match=words):
            desk.call("PATCH", "/providers/corp", body)
    assert desk.record("PATCH", "/providers/corp", {"session_hours": 8})["session_hours"] == 8.0
    assert desk.record("PATCH", "/providers/builtin", {"session_hours": 1.5})["session_hours"] == 1.5
    assert desk.record("PATCH", "/providers/builtin", {"idle_minutes": 0})["idle_minutes"] == 0.0
    for minutes in (14, 43201, -1):
        with pytest.raises(ConfigError, match="^idle_minutes: "):
            desk.call("PATCH", "/providers/corp", {"idle_minutes": minutes})
    for hours in (0, 721, "8", True):
        with pytest.raises(ConfigError, match="^session_hours: "):
            desk.call("PATCH", "/providers/corp", {"session_hours": hours})
    assert desk.record("PATCH", "/providers/corp", {"pushed_requests": "always"})["pushed_requests"] == "always"
    with pytest.raises(ConfigError, match="^pushed_requests: "):
        desk.call("PATCH", "/providers/corp", {"pushed_requests": "never"})
    with pytest.raises(AlreadyThere):
        desk.call("PATCH", "/providers/builtin", {"client_id": "x"})
    with pytest.raises(NotFound):
        desk.call("PATCH", "/providers/nobody", {"client_id": "x"})


def test_settings_of_how_it_is_spoken_with(desk: Any) -> None:
    """Texts by their keys, of which those that are named change; the redirect URI follows."""
    made = desk.record("POST", "/providers", {**CORP, "settings": {"prompt": "login", "redirect_uri": "own"}})
    assert made["settings"] == {"prompt": "login", "redirect_uri": "own"}
    assert made["redirect_uri"] == f"https://signin.example.com/callback/{made['id']}"
    changed = desk.record("PATCH", "/providers/corp", {"settings": {"prompt": "", "max_age": "60", "redirect_uri": "shared"}})
    assert (changed["settings"], changed["redirect_uri"]) == ({"max_age": "60"}, "https://signin.example.com/callback")
    assert desk.audit()[0].detail["changed"] == "max_age, prompt, redirect_uri"
    for body, words in (({"settings": {"colour": "red"}}, "colour: no setting"), ({"settings": {"max_age": "x"}}, "^max_age"),
                        ({"settings": {}}, "nothing to change"), ({"settings": "x"}, "settings: an object")):
        with pytest.raises(ConfigError, match=words):
            desk.call("PATCH", "/providers/corp", body)
    with pytest.raises(AlreadyThere):
        desk.call("PATCH", "/providers/builtin", {"settings": {"max_age": "60"}})
    assert {"client_authentication", "discovery_url"} <= {row["key"] for row in desk.rows("/provider-settings")}


def test_the_etag_covers_the_secret(desk: Any) -> None:
    """Whoever has read the provider before its secret was changed does not change it by mistake."""
    desk.record("POST", "/providers", CORP)
    query = next(one for one in OPERATIONS if isinstance(one, Query) and one.path == "/providers/{provider}")
    before = query.etag(desk.record("GET", "/providers/corp"))
    with desk.store.transaction(1_900_000_000.0) as tx:
        providers.change(tx, "corp", client_secret="canary-2")
    assert query.etag(desk.record("GET", "/providers/corp")) != before
    with pytest.raises(Changed):
        desk.call("PATCH", "/providers/corp", {"session_hours": 8}, if_match=before)


def test_keys_of_the_client(desk: Any) -> None:
    """Made by the setting, replaced by hand, shown without their private halves; the audit names them."""
    made = desk.record("POST", "/providers", {**CORP, "settings": {"client_authentication": "private_key_jwt"}})
    [key] = made["keys"]
    assert key["certificate"].startswith("-----BEGIN CERTIFICATE-----") and key["type"] == "EC"
    assert made["jwks_uri"] == f"https://signin.example.com/client-keys/{made['id']}"
    changed = desk.record("POST", "/providers/corp/keys")
    assert len(changed["keys"]) == 2 and desk.audit()[0].action == "provider.new_key"
    pair = new_client_credential("EC", "x", 1_800_000_000.0, b"x" * 16)
    with pytest.raises(ConfigError, match="tls_key: is needed"):
        desk.call("PATCH", "/providers/corp", {"tls_certificate": pair.certificate})
    body = {"tls_certificate": pair.certificate, "tls_key": pair.key, "settings": {"client_authentication": "tls_client_auth"}}
    changed = desk.record("PATCH", "/providers/corp", body)
    assert [one["certificate"] for one in changed["keys"] if one["given"]] == [pair.certificate]
    assert desk.audit()[0].detail["changed"] == "client_authentication, tls_certificate"
    assert "PRIVATE" not in repr((made, changed, desk.audit()))
