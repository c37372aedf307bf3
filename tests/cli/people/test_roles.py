"""appproxy role ..."""

from __future__ import annotations

from tests.cli.conftest import PASSWORD, Typing


def test_the_life_of_a_role(typed: Typing) -> None:
    """Listed, given, shown, taken away; the last administrator keeps theirs."""
    assert "administrator" in typed("role", "list").out
    assert "role assign" in typed("role", "list", "--assigned").err
    assert "applications.read" in typed("role", "show", "reader").out
    assert typed("user", "add", "ann", "--password-stdin", stdin=PASSWORD).code == 0
    assert typed("role", "assign", "administrator", "--user", "ann").out == "ann is administrator\n"
    assert typed("role", "assign", "auditor", "--user", "ann", "--expires", "8h").out.startswith("ann is auditor until ")
    rows = typed("role", "list", "--assigned", "--json").json
    assert [(one["role"], one["name"]) for one in rows] == [("administrator", "ann"), ("auditor", "ann")]
    assert "for good" in typed("role", "list", "--assigned").out
    assert typed("role", "unassign", "auditor", "--user", "ann").out == "ann is no auditor any more\n"
    refused = typed("role", "unassign", "administrator", "--user", "ann")
    assert refused.code == 1 and "somebody else" in refused.err


def test_for_one_application(typed: Typing) -> None:
    """Said in the answer, and in the list."""
    typed("app", "publish", "wiki", "--internal", "http://w/", "--external", "https://wiki.example.com")
    typed("user", "add", "ann", "--password-stdin", stdin=PASSWORD)
    made = typed("role", "assign", "application-administrator", "--user", "ann", "--app", "wiki")
    assert made.out == "ann is application-administrator for wiki\n"
    assert typed("role", "list", "--assigned", "--json").json[0]["application"] == "wiki"
    assert typed("role", "assign", "reader", "--user", "ann", "--app", "wiki").code == 1
