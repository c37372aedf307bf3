"""appproxy session ..."""

from __future__ import annotations

from tests.cli.conftest import Typing


def test_nobody_is_signed_in(typed: Typing) -> None:
    """Which is said on standard error; a program gets an empty list."""
    assert (typed("session", "list").out, typed("session", "list").err.splitlines()[-1]) == ("", "Nobody is signed in.")
    assert typed("session", "list", "--json").json == []
    assert typed("session", "list", "--user", "nobody").code == 1
    assert typed("session", "show", "none").code == 1


def test_revoking_needs_exactly_one_target(typed: Typing) -> None:
    """A user, a subject or a session."""
    assert typed("session", "revoke").code == 2
    assert typed("session", "revoke", "--user", "a", "--subject", "b").code == 2
    assert typed("session", "revoke", "--subject", "b").out == "revoked: b\n"
    assert typed("session", "revoke", "--user", "nobody").code == 1
