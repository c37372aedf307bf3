"""Join tokens, connector groups and the list of connectors."""

from __future__ import annotations

import pytest

from appproxy.cli.fleet import connectors
from appproxy.pki import decode_token
from tests.cli.conftest import Typing


def test_a_token_is_printed_alone(typed: Typing) -> None:
    """Standard output is the token and nothing else, so that it can be piped; the hint goes beside it."""
    made = typed("connector", "token", "--uses", "2", "--expires", "30m")
    assert made.out.count("\n") == 1
    token = decode_token(made.out.strip())
    assert (token.address, token.name) == ("connect.example.com:8443", "connect.example.com")
    assert "appproxy connector join" in made.err
    (listed,) = typed("connector", "tokens", "--json").json
    assert (listed["id"], listed["uses_left"], listed["expired"]) == (token.id, 2, False)
    assert typed("connector", "remove-token", token.id).code == 0
    assert typed("connector", "tokens", "--json").json == []


def test_wrong_times_and_groups_are_refused(typed: Typing) -> None:
    """Each with the word that is wrong."""
    assert "expires" in typed("connector", "token", "--expires", "soon").err
    assert "uses" in typed("connector", "token", "--uses", "0").err
    assert typed("connector", "token", "--group", "none").code == 1


def test_no_connector_has_joined(typed: Typing) -> None:
    """An empty list says what to do."""
    assert typed("connector", "list", "--json").json == []
    assert "appproxy connector token" in typed("connector", "list").err
    for command in (["show"], ["approve"], ["revoke"], ["remove"], ["move", "--group", "default"]):
        assert typed("connector", command[0], "0123456789abcdef", *command[1:]).code == 1


def test_groups(typed: Typing) -> None:
    """Made, changed and removed; the default one is always there."""
    assert typed("connector-group", "add", "branch", "--needs-approval").code == 0
    groups = {one["name"]: one["needs_approval"] for one in typed("connector-group", "list", "--json").json}
    assert groups == {"default": False, "branch": True}
    assert typed("connector-group", "set", "branch", "--no-approval").code == 0
    assert typed("connector-group", "remove", "branch").code == 0
    assert len(typed("connector-group", "list", "--json").json) == 1


@pytest.mark.parametrize(("text", "origin"), [
    ("https://connect.example.com", "https://admin.example.com"), ("connect.example.com:8443", "https://admin.example.com:8443"),
    ("https://admin.example.com/", "https://admin.example.com"), ("https://connect-admin.example.com",) * 2,
])
def test_where_a_connector_asks_to_be_let_in(text: str, origin: str) -> None:
    """At the administration, whose certificate somebody vouches for."""
    assert connectors.administration_of(text) == origin


def test_what_is_no_token() -> None:
    """A place is told from a token by how it begins."""
    assert connectors.is_place("https://admin.example.com") and connectors.is_place("connect.example.com")
    assert not connectors.is_place("appproxy1.abc")
