"""appproxy token ..."""

from __future__ import annotations

from tests.cli.conftest import Typing


def test_the_life_of_a_token(typed: Typing) -> None:
    """Standard output has the token alone, so that a script can take it."""
    assert typed("token", "list").err.splitlines()[-1] == "There are no service tokens."
    assert typed("app", "publish", "wiki", "--internal", "http://w/", "--external", "https://wiki.example.com").code == 0
    made = typed("token", "add", "ci", "--app", "wiki", "--network", "10.0.0.0/8", "--claim", "email=ci@example.com")
    assert made.code == 0 and made.out.startswith("apst_") and made.out.count("\n") == 1
    assert "Authorization: Bearer" in made.err and made.out.strip() not in made.err
    assert typed("token", "rotate", "ci", "--overlap", "0s").out != made.out
    shown = typed("token", "show", "ci", "--json").json
    assert (shown["applications"], shown["claims"], shown["former_until"]) == (["wiki"], {"email": "ci@example.com"}, 0.0)
    assert "wiki" in typed("token", "list").out and "never" in typed("token", "list").out
    assert typed("token", "revoke", "ci").out == "ci is revoked\n"
    assert typed("token", "revoke", "ci").code == 1


def test_it_needs_an_application(typed: Typing) -> None:
    """A token for everything is a password for everything."""
    assert typed("token", "add", "ci").code == 2
