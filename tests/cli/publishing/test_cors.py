"""appproxy app cors ..."""

from __future__ import annotations

from tests.cli.conftest import Typing


def test_from_adding_to_removing(typed: Typing) -> None:
    """A rule is added, listed, changed, removed; each command says what it did."""
    typed("app", "publish", "api", "--internal", "http://a/", "--external", "https://api.example.com/")
    added = typed("app", "cors", "add", "api", "--resource", "/v1", "--origin", "https://app.example.org",
                  "--method", "PUT", "--method", "DELETE", "--header", "x-own-*")
    assert added.code == 0 and "pages of https://app.example.org may call api at /v1/" in added.out
    assert "--credentials" in added.out
    (row,) = typed("app", "cors", "list", "api", "--json").json
    assert (row["methods"], row["credentials"], row["max_age"]) == (["DELETE", "PUT"], False, 5)
    changed = typed("app", "cors", "set", "api", "--resource", "/v1", "--credentials", "--method", "", "--json").json
    assert (changed["methods"], changed["credentials"], changed["headers"]) == ([], True, ["x-own-*"])
    assert "/v1/\thttps://app.example.org" in typed("app", "cors", "list", "api").out
    assert typed("app", "cors", "remove", "api", "--resource", "/v1").code == 0
    assert "app cors add" in typed("app", "cors", "list", "api").err


def test_what_is_wrong_is_said_in_one_line(typed: Typing) -> None:
    """A star with credentials."""
    typed("app", "publish", "api", "--internal", "http://a/", "--external", "https://api.example.com/")
    refused = typed("app", "cors", "add", "api", "--origin", "*", "--credentials")
    assert refused.code == 1 and "name the origins" in refused.err and refused.err.count("\n") <= 2
