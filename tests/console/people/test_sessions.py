"""Sessions on the pages: found, and ended."""

from __future__ import annotations

from tests.console.conftest import PASSWORD, House, Seat


def test_finding_and_ending(house: House, alice: Seat) -> None:
    """By user and by application; who is signed out has to sign in again."""
    house.playground.add_user("sven", PASSWORD)
    browser = house.playground.browser()
    browser.sign_in("https://apps.example.org/", "sven", PASSWORD)
    assert "sven" in alice.see("/sessions").text and "sven" in alice.see("/sessions?user=sven").text
    assert "sven" not in alice.see("/sessions?user=hal").text.partition("<table")[2]
    assert alice.see("/sessions?user=nobody").status == 404
    (one,) = house.call("GET", "/sessions", {"user": "sven"})
    assert "Signed out" in alice.send("/sessions", {"session": one["id"]}, of="/sessions").text
    assert "password" in browser.get("https://apps.example.org/").text
    assert "None fits." in alice.see("/sessions?user=sven").text
    house.call("DELETE", "/users/sven")


def test_who_may_only_look(house: House) -> None:
    """An auditor sees them and ends none."""
    aud = house.seat("aud")
    assert 'method="post"' not in aud.see("/sessions").text
    assert aud.send("/sessions", {"session": "x"}).status == 403
