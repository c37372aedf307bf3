"""Operations on identity providers."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.pki.authority import create_authority
from appproxy.store.names import AlreadyThere, NotFound

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
    assert changed == {**made, "ca_bundle": pem + pem}
    row = desk.audit()[0]
    assert (row.action, row.detail["changed"], row.detail["ca_bundle"]) == ("provider.set", "ca_bundle, client_secret", 2)
    assert "canary" not in repr((changed, desk.audit()))
    changed = desk.record("PATCH", "/providers/corp", {"scopes": ["openid", "x"], "ca_bundle": ""})
    assert changed == {**made, "scopes": ["openid", "x"]}
    for body, words in (({}, "nothing to change"), ({"issuer": "https://other.example.org"}, "issuer"),
                        ({"algorithms": ["HS256"]}, "algorithms")):
        with pytest.raises(ConfigError, match=words):
            desk.call("PATCH", "/providers/corp", body)
    assert desk.record("PATCH", "/providers/corp", {"pushed_requests": "always"})["pushed_requests"] == "always"
    with pytest.raises(ConfigError, match="^pushed_requests: "):
        desk.call("PATCH", "/providers/corp", {"pushed_requests": "never"})
    with pytest.raises(AlreadyThere):
        desk.call("PATCH", "/providers/builtin", {"client_id": "x"})
    with pytest.raises(NotFound):
        desk.call("PATCH", "/providers/nobody", {"client_id": "x"})
