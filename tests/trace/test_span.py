"""Words of spans."""

from __future__ import annotations

import pytest

from appproxy.trace.span import bare_path, method_attributes


@pytest.mark.parametrize(("method", "said"), [
    (b"GET", {"http.request.method": "GET"}),
    (b"PROPFIND", {"http.request.method": "_OTHER", "http.request.method_original": "PROPFIND"}),
    (b"get", {"http.request.method": "_OTHER", "http.request.method_original": "get"}),
])
def test_methods(method: bytes, said: dict[str, str]) -> None:
    """Nobody can make up endless names of spans."""
    assert method_attributes(method) == said


@pytest.mark.parametrize(("target", "path"), [(b"/a?token=x", "/a"), (b"/a", "/a"), (b"*", "*"), (b"/\xe4?", "/ä")])
def test_no_query(target: bytes, path: str) -> None:
    """There may be secrets in it."""
    assert bare_path(target) == path
