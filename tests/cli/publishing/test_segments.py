"""appproxy app segment ..."""

from __future__ import annotations

from tests.cli.conftest import Typing

IMAGES = "https://wiki.example.com/img/"


def test_from_adding_to_removing(typed: Typing) -> None:
    """A segment is added, listed, changed, removed; each command says what it did."""
    typed("app", "publish", "wiki", "--internal", "http://wiki/", "--external", "https://wiki.example.com/")
    added = typed("app", "segment", "add", "wiki", "--external", IMAGES, "--internal", "http://images:81/")
    assert added.code == 0 and added.out.strip() == f"{IMAGES} leads to http://images:81/"
    (row,) = typed("app", "segment", "list", "wiki", "--json").json
    assert (row["external"], row["internal"]) == (IMAGES, "http://images:81/")
    assert f"{IMAGES}\thttp://images:81/" in typed("app", "segment", "list", "wiki").out
    changed = typed("app", "segment", "set", "wiki", IMAGES, "internal=http://i/", "--json").json
    assert (changed["id"], changed["internal"]) == (row["id"], "http://i/")
    assert typed("app", "segment", "remove", "wiki", IMAGES).code == 0
    assert typed("app", "segment", "list", "wiki", "--json").json == []
    assert "appproxy app segment add" in typed("app", "segment", "list", "wiki").err


def test_what_is_wrong_is_said_in_one_line(typed: Typing) -> None:
    """A taken URL, half a wildcard, an unknown segment: the exit code is 1."""
    typed("app", "publish", "wiki", "--internal", "http://wiki/", "--external", "https://wiki.example.com/")
    for external, said in (("https://wiki.example.com", "twice"), ("https://*.example.com/", "http://*.internal/")):
        refused = typed("app", "segment", "add", "wiki", "--external", external, "--internal", "http://x/")
        assert refused.code == 1 and said in refused.err and refused.err.count("\n") <= 2
    assert typed("app", "segment", "remove", "wiki", "https://x.example.com/").code == 1
    assert typed("app", "segment", "set", "wiki", "x").code == 2
