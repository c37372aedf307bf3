"""appproxy client ..."""

from __future__ import annotations

from tests.cli.conftest import Typing

URI = "https://wiki.elsewhere.example/callback"


def test_the_life_of_a_client(typed: Typing) -> None:
    """What the application has to be told is printed once, also as JSON; an empty text empties a list."""
    made = typed("client", "add", "Wiki", "--redirect-uri", URI, "--post-logout-redirect-uri", URI)
    assert made.code == 0 and "client id  " in made.out and "https://signin." in made.out
    assert typed("client", "list", "--json").json[0]["post_logout_redirect_uris"] == [URI]
    assert typed("client", "set", "Wiki", "--post-logout-redirect-uri", "").out == "Wiki is changed\n"
    shown = typed("client", "show", "Wiki", "--json").json
    assert shown["redirect_uris"] == [URI] and shown["post_logout_redirect_uris"] == [] and "secret" not in shown
    assert typed("client", "rotate", "Wiki", "--overlap", "0s", "--json").json["secret"] not in made.out
    assert typed("client", "remove", "Wiki").out == "Wiki is removed\n"
    assert typed("client", "add", "Wiki", "--redirect-uri", "http://evil.example/").code == 1
