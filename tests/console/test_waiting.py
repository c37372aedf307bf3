"""What waits for a decision: said on every page to who may decide, and shown on the overview."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.web.resource import Resource

from appproxy.console.waiting import MOST, SHOWN
from appproxy.store.applications import requests
from appproxy.store.applications.asked import AccessAsking
from tests.console.conftest import House, Seat


def ask(house: House, name: str, user: str, reason: str = "for the books") -> str:
    """Somebody asks for an application; gives the request's id."""
    subject, application = (house.call("GET", path)["id"] for path in (f"/users/{user}", f"/applications/{name}"))
    asking = AccessAsking(application, "builtin", subject, user, reason)
    made = house.playground.network.run(house.playground.service.live.write(requests.ask, asking)).id
    house.playground.network.pass_time(1)
    return str(made)


@pytest.fixture
def asked(house: House) -> Iterator[str]:
    """Rita has asked for the books."""
    house.playground.publish("books", Resource(), requestable="yes")
    yield ask(house, "books", "rita")
    house.call("DELETE", "/applications/books")


def test_every_page_says_so(alice: Seat, asked: str) -> None:
    """With how many there are, beside the link that leads there; the overview has who, what and why, and a way to decide."""
    for path in ("/applications", "/users/rita", "/audit", "/nothing"):
        assert '<span class="badge warning">1<span class="unseen"> waiting</span></span>' in alice.see(path).text, path
    text = alice.see("/").text
    assert "Waits for a decision" in text and "for the books" in text and f'href="/access-requests/{asked}"' in text
    assert alice.send(f"/access-requests/{asked}/deny", {"reason": "no"}, of=f"/access-requests/{asked}").status == 200
    assert "waiting</span>" not in alice.see("/users").text and "Waits for a decision" not in alice.see("/").text


def test_who_may_not_decide_is_told_nothing(house: House, asked: str) -> None:
    """Neither how many nor who, whatever else they may read."""
    for name in ("con", "aud", "hal"):
        for path in ("/", "/applications"):
            text = house.seat(name).see(path).text
            assert "waiting</span>" not in text and "Waits for a decision" not in text, name


def test_who_may_decide_about_one_application(house: House, asked: str) -> None:
    """They are told of that one alone, have the link, and decide there."""
    house.playground.publish("else", Resource(), requestable="yes")
    ask(house, "else", "rita", "something else")
    house.playground.add_user("owner", "a rather long password")
    house.call("POST", "/role-assignments", {"role": "application-administrator", "user": "owner", "application": "books"})
    owner = house.seat("owner")
    text = owner.see("/").text
    assert 'href="/access-requests"' in text and "for the books" in text and "something else" not in text
    path = f"/access-requests/{asked}"
    page = owner.send(f"{path}/approve", {"expires": "1d", "reason": "welcome"}, of=path)
    assert page.status == 200, page.text
    (one,) = [row for row in house.call("GET", "/applications/books")["assignments"] if row["expires"]]
    assert one["user"] == "rita"
    house.call("DELETE", "/applications/else")
    house.call("DELETE", "/users/owner")


def test_many_are_counted_to_a_bound(house: House, alice: Seat) -> None:
    """The newest are shown; nobody counts thousands for a badge."""
    house.playground.publish("wanted", Resource(), requestable="yes")
    users = [f"wants-{number}" for number in range(MOST + 1)]
    for name in users:
        house.playground.add_user(name, "a rather long password")
        ask(house, "wanted", name)
    assert f'<span class="badge warning">{MOST}+<' in alice.see("/users").text
    text = alice.see("/").text
    assert text.count(">Decide<") == SHOWN and users[-1] in text
    house.call("DELETE", "/applications/wanted")
    for name in users:
        house.call("DELETE", f"/users/{name}")


def test_roles_that_were_asked_for(house: House, alice: Seat) -> None:
    """Those that need approval stand on the overview of who may give them."""
    house.call("POST", "/role-entitlements", {"role": "auditor", "user": "rita", "approval": True})
    rita = house.seat("rita")
    form = rita.see("/role-requests/new").text
    assert '<option value="auditor">auditor</option>' in form and '<option value="administrator">' not in form
    assert rita.send("/role-requests/new", {"role": "auditor", "reason": "year's end"}, of="/role-requests/new").status == 200
    assert "the role auditor" in alice.see("/").text and "the role auditor" not in rita.see("/").text
    house.call("DELETE", "/role-entitlements", {"role": "auditor", "user": "rita"})
