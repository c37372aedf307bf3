"""Sessions on the pages: found, and ended."""

from __future__ import annotations

import html
import re

import pytest

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


def test_one_is_shown(house: House, alice: Seat) -> None:
    """All that is known of it, as the audit and the command name it, and an end to it."""
    house.playground.add_user("sven", PASSWORD)
    house.playground.browser().sign_in("https://apps.example.org/", "sven", PASSWORD)
    (one,) = house.call("GET", "/sessions", {"user": "sven"})
    path = f"/sessions/{one['id']}"
    assert f'href="{path}"' in alice.see("/sessions?user=sven").text
    page = alice.see(path)
    assert page.status == 200 and one["subject"] in page.text and "Sign out" in page.text
    assert alice.see("/sessions/none").status == 404
    house.call("DELETE", "/users/sven")


def test_by_the_subject_of_a_provider(house: House, alice: Seat) -> None:
    """Found, and all ended, as another provider calls the user."""
    house.playground.add_user("sven", PASSWORD)
    house.playground.browser().sign_in("https://apps.example.org/", "sven", PASSWORD)
    (one,) = house.call("GET", "/sessions", {"user": "sven"})
    narrowed = alice.see(f"/sessions?provider=builtin&subject={one['subject']}").text.partition("<table")[2]
    assert narrowed.count(">sven</a>") == 1 and ">alice</a>" not in narrowed
    refused = alice.send("/sessions", {"user": "sven", "subject": one["subject"]}, of="/sessions")
    assert refused.status == 422 and '<details class="danger" open>' in refused.text
    ended = alice.send("/sessions", {"provider": "builtin", "subject": one["subject"]}, of="/sessions")
    assert "Signed out" in ended.text and house.call("GET", "/sessions", {"user": "sven"}) == []
    house.call("DELETE", "/users/sven")


def test_all_of_them_in_pages(house: House, alice: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were used last stand first; from there all are reached, however many there are."""
    monkeypatch.setattr("appproxy.console.people.sessions.ROWS", 1)
    house.seat("hal")
    every = {one["id"] for one in house.call("GET", "/sessions")}
    text, found = alice.see("/sessions").text, set()
    while following := re.search(r'href="(/sessions\?after=[^"]+)"', text):
        text = alice.see(html.unescape(following[1])).text
        found |= set(re.findall(r'<th scope="row"><a href="/sessions/([^"]+)"', text))
    assert found == every and len(every) > 1
