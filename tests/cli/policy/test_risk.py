"""appproxy risk ..."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Typing


def test_nothing_is_at_risk(typed: Typing) -> None:
    """Which is said on standard error; a program gets an empty list."""
    assert typed("risk", "list").err.splitlines()[-1] == "No sign-in is at risk."
    assert typed("risk", "users").err.splitlines()[-1] == "No user is at risk."
    assert typed("risk", "list", "--json").json == typed("risk", "users", "--json").json == []
    assert typed("risk", "rates", "--json").json["sign_ins"] == 0
    assert "12.0" in typed("risk", "rates").out
    assert typed("risk", "show", "none").code == 1


@pytest.mark.parametrize("verb", ["confirm", "dismiss"])
def test_exactly_one_is_meant(typed: Typing, verb: str) -> None:
    """A sign-in, a user or a subject with its provider."""
    assert typed("risk", verb).code == 2
    assert typed("risk", verb, "id", "--user", "a").code == 2
    assert typed("risk", verb, "--subject", "b").code == 2
    assert typed("risk", verb, "--user", "nobody").code == 1
    assert typed("risk", verb, "none").code == 1
    assert typed("risk", verb, "--subject", "b", "--provider", "builtin").code == 0
