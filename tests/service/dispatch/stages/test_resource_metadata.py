"""What an application says of itself as a protected resource."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import RequestError
from appproxy.publish.application import Url
from appproxy.service.dispatch.stages.resource_metadata import WELL_KNOWN, ResourceMetadata, metadata_url
from appproxy.store.snapshot import ProviderRecord
from tests.service.dispatch.stage_fakes import WIKI, asked, exchange_of, passes, route_to

IDP = ProviderRecord("builtin", "Own", "https://signin.example.com", "appproxy", "")
APP = replace(WIKI, bearer="both", bearer_scopes=frozenset({"read", "a"}))
BELOW = replace(APP, id="mcp", name="mcp", external=Url.parse("https://wiki.example.com/mcp/"))


def told(path: str, *applications: Any) -> dict[str, Any] | None:
    """What is answered there; None where the application itself answers."""
    request = asked(f"https://wiki.example.com{path}", *(applications or (APP,)))
    request.snapshot = replace(request.snapshot, providers={"builtin": IDP})
    if passes(ResourceMetadata(), request):
        return None
    exchange = exchange_of(request)
    assert exchange.status == 200 and exchange.field(b"access-control-allow-origin") == b"*"
    document: dict[str, Any] = json.loads(b"".join(exchange.pieces))
    return document


def test_a_whole_host() -> None:
    """Its name is the external URL."""
    assert told(WELL_KNOWN) == {
        "resource": "https://wiki.example.com/", "authorization_servers": [IDP.issuer], "bearer_methods_supported": ["header"],
        "resource_name": "wiki", "scopes_supported": ["a", "read"],
    }


def test_a_path_of_it() -> None:
    """The very resource that was asked for (RFC 9728 section 3.3), of the application that is there."""
    for path, resource, name in (("/mcp", "/mcp", "mcp"), ("/mcp/", "/mcp/", "mcp"), ("/x/y", "/x/y", "wiki")):
        found = told(WELL_KNOWN + path, APP, BELOW)
        assert found is not None
        assert (found["resource"], found["resource_name"]) == ("https://wiki.example.com" + resource, name)


def test_where_it_is() -> None:
    """Between host and path (section 3.1)."""
    assert metadata_url(route_to(APP)) == f"https://wiki.example.com{WELL_KNOWN}"
    assert metadata_url(route_to(BELOW)) == f"https://wiki.example.com{WELL_KNOWN}/mcp/"


@pytest.mark.parametrize("application", [
    WIKI, replace(APP, bearer="off"), replace(APP, bearer="service-token"), replace(APP, provider="gone"),
])
def test_others_say_it_themselves(application: Any) -> None:
    """Those that take no access tokens."""
    assert told(WELL_KNOWN, application) is None


@pytest.mark.parametrize("path", [WELL_KNOWN + "x", "/.well-known/", WELL_KNOWN + "/../x"])
def test_what_is_no_such_path(path: str) -> None:
    """It is the application's, or nobody's."""
    assert told(path) is None


def test_another_port() -> None:
    """Nothing is published there."""
    request = asked(f"https://wiki.example.com:99{WELL_KNOWN}", APP)
    request.snapshot = replace(request.snapshot, providers={"builtin": IDP})
    with pytest.raises(RequestError):
        ResourceMetadata().handle(request)
