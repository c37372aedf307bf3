"""appproxy access ..."""

from __future__ import annotations

from tests.cli.conftest import Typing


def test_nobody_has_asked(typed: Typing) -> None:
    """And what is missing in a command is said by it."""
    assert "Nobody has asked" in typed("access", "list").err
    assert "--for" in typed("access", "approve", "x").err and "--reason" in typed("access", "deny", "x").err
    assert "no access request 'x'" in typed("access", "approve", "x", "--for", "1h").err


def test_an_assignment_for_a_time(typed: Typing) -> None:
    """Says until when, and the list of who may use it does, too."""
    typed("app", "publish", "crm", "--internal", "http://a/", "--external", "https://crm.example.com/")
    typed("group", "add", "staff")
    assert "may use crm until" in typed("assign", "crm", "--group", "staff", "--expires", "8h").out
    (row,) = typed("app", "show", "crm", "--json").json["assignments"]
    assert row["expires"] > 0
    assert "ends by itself" in typed("assign", "crm", "--group", "staff", "--expires", "8h", "--maintainer").err
    assert "from a minute to a year" in typed("assign", "crm", "--group", "staff", "--expires", "9999d").err
