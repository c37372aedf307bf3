"""The table of kinds."""

from __future__ import annotations

from appproxy.console.pages import PAGES
from appproxy.console.records.table import KINDS


def test_each_kind_is_found() -> None:
    """At a path of its own, which no other page has."""
    paths = [kind.path for kind in KINDS]
    assert len(set(paths)) == len(paths)
    for kind in KINDS:
        page, names = PAGES.find("GET", f"{kind.path}/one")
        assert names == {"key": "one"} and page.path == f"{kind.path}/{{key}}"
