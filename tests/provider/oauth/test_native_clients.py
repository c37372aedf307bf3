"""What a native client may ask for, and where its codes go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.identity.grant_types import DEVICE_CODE
from appproxy.provider.oauth.clients import find_client, is_redirect_of
from appproxy.publish.application import Application, Url
from appproxy.publish.routing import Router
from appproxy.store.snapshot import NativeClient, Snapshot

ISSUER = "https://signin.example.com"
API = Application("api", "api", Url.parse("https://api.example.com/"), Url.parse("http://api/"), bearer="provider",
                  bearer_scopes=frozenset({"write"}))
MCP = replace(API, id="mcp", name="mcp", external=Url.parse("https://tools.example.com/mcp/"), bearer_scopes=frozenset())
COOKIE = replace(API, id="web", name="web", external=Url.parse("https://web.example.com/"), bearer="off")


def snapshot(*applications: Application, of: tuple[str, ...] = ("api",), device_codes: bool = True) -> Snapshot:
    """One with a client for these applications."""
    client = NativeClient("cli", "Tool", ("http://127.0.0.1/cb", "https://a.example/cb"), frozenset(of), 0.0, device_codes)
    return Snapshot(
        revision=1, applications={one.id: one for one in applications}, router=Router(applications), connectors={},
        connector_groups={}, providers={}, keys=(), trust_bundle=(), native_clients={"cli": client})


def resource(found: Snapshot, url: str) -> str | None:
    """The resource that a client gets for a URL."""
    client = find_client(found, "cli", ISSUER + "/callback")
    assert client is not None
    return client.resource(found, url)


@pytest.mark.parametrize(("uri", "good"), [
    ("http://127.0.0.1/cb", True), ("http://127.0.0.1:1/cb", True), ("http://127.0.0.1:65535/cb", True),
    ("https://a.example/cb", True), ("https://a.example:1/cb", False), ("http://127.0.0.1:1/cb/", False),
    ("http://127.0.0.1:1/", False), ("http://127.0.0.1:x/cb", False), ("http://127.0.0.1:1@evil.example/cb", False),
    ("http://127.0.0.1.evil.example/cb", False), ("http://127.0.0.12/cb", False), ("http://localhost:1/cb", False),
    ("https://127.0.0.1/cb", False), ("", False),
])
def test_where_codes_go(uri: str, good: bool) -> None:
    """To the letter, but for the port of the user's own machine (RFC 8252 section 7.3)."""
    assert is_redirect_of(uri, ["http://127.0.0.1/cb", "https://a.example/cb"]) is good
    client = find_client(snapshot(API), "cli", ISSUER + "/callback")
    assert client is not None and client.check_redirect_uri(uri) is good
    assert client.check_redirect_uri(ISSUER + "/device") and not client.check_redirect_uri(ISSUER + "/callback")


@pytest.mark.parametrize("device_codes", [True, False])
def test_device_codes_where_it_is_registered_for_them(*, device_codes: bool) -> None:
    """Else it has the code flow alone, and nobody is led to the page of a device."""
    client = find_client(snapshot(API, device_codes=device_codes), "cli", ISSUER + "/callback")
    assert client is not None and client.check_grant_type(DEVICE_CODE) is device_codes
    assert client.check_redirect_uri(ISSUER + "/device") is device_codes
    assert client.check_grant_type("authorization_code") and client.check_grant_type("refresh_token")


@pytest.mark.parametrize(("url", "found"), [
    ("", "https://api.example.com/"), ("https://api.example.com/", "https://api.example.com/"),
    ("https://api.example.com", "https://api.example.com/"), ("https://API.example.com/x", None),
    ("https://api.example.com/v1/x?y", "https://api.example.com/"), ("http://api.example.com/", None),
    ("https://api.example.com:99/", None), ("https://tools.example.com/mcp/", None), ("https://web.example.com/", None),
    ("https://evil.example/", None), ("https://api.example.com@evil.example/", None), ("x", None), ("https://[", None),
    ("https://api.example.com/\u00e9", None), ("https://api.example.com/../x", None),
])
def test_what_its_tokens_are_for(url: str, found: str | None) -> None:
    """Applications that it is registered for, which take such tokens (RFC 8707)."""
    assert resource(snapshot(API, MCP, COOKIE, of=("api", "web")), url) in ({found} if url else {found, None})
    assert resource(snapshot(API, MCP, COOKIE), url) == found


def test_with_two_applications_it_must_say_which() -> None:
    """And each is found below its path."""
    both = snapshot(API, MCP, of=("api", "mcp"))
    assert resource(both, "") is None
    assert resource(both, "https://tools.example.com/mcp") == resource(both, "https://tools.example.com/mcp/x") \
        == "https://tools.example.com/mcp/"
    assert resource(both, "https://tools.example.com/mcpx") is None


def test_what_takes_no_tokens() -> None:
    """Of another provider, or without the setting, or gone."""
    for changes in ({"provider": "corp"}, {"bearer": "service-token"}, {"bearer": "off"}):
        more: dict[str, Any] = changes
        assert resource(snapshot(replace(API, **more)), "") is None
    assert resource(snapshot(), "") is None


def test_scopes() -> None:
    """Ours, and those that its applications want; it need not ask for `openid`."""
    client = find_client(snapshot(API, MCP), "cli", ISSUER + "/callback")
    assert client is not None
    assert client.get_allowed_scope("write openid other offline_access write") == "write openid offline_access"
    assert client.get_allowed_scope(None) == ""
    assert client.check_grant_type("refresh_token") and not client.check_grant_type("password")
