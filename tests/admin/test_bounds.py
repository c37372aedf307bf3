"""Bounds in the description are those of the operations, and never narrower."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from appproxy.admin.bounds import BODY, bounded, bounds_of
from appproxy.admin.openapi import description
from appproxy.admin.operations import OPERATIONS
from appproxy.errors import AppProxyError
from appproxy.store.names import title, user_name
from tests.admin.conftest import Desk

KNOWN = {f"{one.method} {one.path}": one.known for one in OPERATIONS}


def test_bounds_are_of_fields_that_are_there() -> None:
    """Of an operation that is gone there are none."""
    for operation, fields in bounded().items():
        assert set(fields) <= {*KNOWN[operation], BODY}
    assert bounds_of("GET", "/users", "search") == {}


def test_they_are_in_the_description() -> None:
    """In the body, of the body, and in the query."""
    paths = description("https://admin.example.com", "/api/v1")["paths"]

    def body(method: str, path: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = paths[path][method]["requestBody"]["content"]["application/json"]["schema"]
        return found

    assert body("post", "/groups")["properties"]["name"] == {"type": "string", "minLength": 1, "pattern": "^[^/]*$"}
    assert body("patch", "/providers/{provider}")["minProperties"] == 1
    assert paths["/providers/{provider}"]["patch"]["requestBody"]["required"] is True
    chain = [one["schema"] for one in paths["/audit-verification"]["get"]["parameters"] if one["name"] == "chain"]
    assert chain == [{"type": "string", "enum": ["known", "anonymous"]}]


@pytest.mark.parametrize("text", ["alice", "A", "a" * 64, "a" * 65, "", ".a", "a.b_c-d+e@f", "\u212a", "a\n", "a b", "9"])
def test_user_names(text: str) -> None:
    """What fits is taken, and what does not is refused."""
    fits = re.search(bounds_of("POST", "/users", "name")["pattern"].replace("$", r"\Z"), text) is not None
    try:
        user_name(text)
    except AppProxyError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize("text", ["", "/", "a/b"])
def test_titles_that_do_not_fit_are_refused(text: str) -> None:
    """By the operation, too."""
    bound = bounds_of("POST", "/groups", "name")
    assert len(text) < bound["minLength"] or re.search(bound["pattern"], text) is None
    with pytest.raises(AppProxyError):
        title(text, "group")


@pytest.mark.parametrize(("method", "path", "body"), [
    ("PATCH", "/branding", {"settings": {}}), ("PATCH", "/providers/builtin", {}), ("POST", "/connector-tokens", {"uses": 0}),
    ("POST", "/connector-tokens", {"uses": 1001}), ("GET", "/audit-verification", {"chain": "other"}),
    ("GET", "/audit-verification", {"after": "1" * 16}), ("POST", "/certificate-orders", {"name": "x", "hosts": []}),
    ("POST", "/audit-exports", {"name": "x", "url": "https://example.com/", "format": "xml"}),
    ("GET", "/risk/sign-ins", {"provider": "builtin", "subject": ""}),
])  # fmt: skip
def test_what_is_out_of_bounds_is_refused(desk: Desk, method: str, path: str, body: dict[str, object]) -> None:
    """By the operation, whoever has not read the description."""
    with pytest.raises(AppProxyError):
        desk.call(method, path, body)
