"""What programs sign in with, on the pages."""

from __future__ import annotations

import html
import re

from tests.console.conftest import House, Seat


def test_a_service_token(house: House, alice: Seat) -> None:
    """Made and shown once, listed, made again, and revoked; what is wrong is said at its field and nothing typed is lost."""
    wrong = alice.send("/service-tokens/new", {"name": "ci", "applications": "nowhere"}, of="/service-tokens/new")
    assert wrong.status == 404 and ">nowhere</textarea>" in wrong.text
    form = {"name": "ci", "applications": "wiki", "expires": "30d"}
    made = alice.send("/service-tokens/new", form, of="/service-tokens/new")
    secret = re.search(r"apst_[A-Za-z0-9_-]+", made.text)
    assert made.status == 200 and secret and "shown this once" in made.text
    page = alice.see("/service-tokens/ci")
    assert page.status == 200 and secret[0] not in page.text and "wiki" in page.text
    again = alice.send("/service-tokens/ci/rotate", {"overlap": "0s"}, of="/service-tokens/ci")
    assert "apst_" in again.text and secret[0] not in again.text and house.last()["action"] == "service_token.rotate"
    assert "It is removed." in alice.send("/service-tokens/ci/remove", {}, of="/service-tokens/ci").text
    assert "ci" not in {one["name"] for one in house.call("GET", "/service-tokens")}


def test_a_client_is_changed(house: House, alice: Seat) -> None:
    """Only what was changed is sent, and not over what somebody else has changed meanwhile."""
    alice.send("/clients/new", {"name": "git", "redirect_uris": "https://git.example.org/a,b\nhttps://git.example.org/c"},
               of="/clients/new")
    assert house.call("GET", "/clients/git")["redirect_uris"] == ["https://git.example.org/a,b", "https://git.example.org/c"]
    old = alice.see("/clients/git")
    form = {"backchannel_logout_session_required": "yes",
            "redirect_uris": "https://git.example.org/a,b\nhttps://git.example.org/c"}
    saved = alice.send("/clients/git", form, of="/clients/git")
    assert saved.status == 200 and house.last()["action"] == "client.set", saved.text
    assert house.call("GET", "/clients/git")["backchannel_logout_session_required"] is True
    tag = re.search(r'name="tag" value="([^"]+)"', old.text)
    assert tag
    stale = alice.send("/clients/git", {"redirect_uris": "https://other.example/", "tag": html.unescape(tag[1])})
    assert stale.status == 412 and "https://other.example/" in stale.text
    assert alice.send("/clients/git/remove", {}, of="/clients/git").status == 200


def test_a_native_client_is_changed(house: House, alice: Seat) -> None:
    """Not over what somebody else has changed since the page was opened; nothing that was typed is lost then."""
    house.call("POST", "/native-clients", {"name": "cli", "applications": ["wiki"], "redirect_uris": ["http://127.0.0.1/a"]})
    old = alice.see("/native-clients/cli")
    tag = re.search(r'name="tag" value="([^"]+)"', old.text)
    assert tag
    assert alice.send("/native-clients/cli", {"redirect_uris": "http://127.0.0.1/b"}, of="/native-clients/cli").status == 200
    stale = alice.send("/native-clients/cli", {"redirect_uris": "http://127.0.0.1/c", "tag": html.unescape(tag[1])})
    assert stale.status == 412 and "http://127.0.0.1/c" in stale.text
    assert house.call("GET", "/native-clients/cli")["redirect_uris"] == ["http://127.0.0.1/b"]
