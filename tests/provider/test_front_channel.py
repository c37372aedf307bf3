"""Relying parties hear in the browser that a session has ended."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from twisted.web.server import Request

from appproxy.net.web import Answer, AsyncResource, redirect
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.people import users
from appproxy.store.people.session import sessions
from tests.provider.house import ISSUER, Browser, Flow, House, Page, sign_in
from tests.provider.test_relying_parties import AT, HOME, Party, redeem

HEAR = "https://elsewhere.example/bye?from=sso"


@pytest.fixture
def party(house: House) -> Party:
    """One that hears in the browser."""
    made, secret = house.write(clients.add, "Else <where>", ClientChanges([AT], [HOME], frontchannel_logout_uri=HEAR))
    return Party(made.id, secret=secret)


def signed_in(browser: Browser, party: Party) -> None:
    """The browser's session has signed in there."""
    redeem(browser, party, sign_in(browser, party).query["code"])


def sign_out(browser: Browser, **query: str) -> str:
    """Sign out; where that leads."""
    return browser.post("/logout", {"csrf": browser.get("/logout", query).csrf}).location


def frames(page: Page) -> list[str]:
    """What the page loads."""
    assert page.status == 200, page.text
    return [unescape(one) for one in re.findall(r'<iframe src="([^"]+)"', page.text)]


def policy(page: Page) -> str:
    """Whom it may load."""
    return page.fields["content-security-policy"][0]


def test_a_sign_out(browser: Browser, house: House, party: Party) -> None:
    """Leads over a page with a frame for each party of that session, which names issuer and session, and then onward."""
    other = house.write(clients.add, "Other", ClientChanges([AT], frontchannel_logout_uri="https://elsewhere.example/other"))[0]
    signed_in(browser, party)
    way = sign_out(browser, client_id=party.client_id, post_logout_redirect_uri=HOME)
    assert way.startswith(ISSUER + "/sign-out-elsewhere?t=") and browser.get("/authorize", party.query()).status == 200
    page = browser.get(way.removeprefix(ISSUER))
    (frame,) = frames(page)
    assert frame.startswith(HEAR) and other.id not in page.text
    told = parse_qs(urlsplit(frame).query)
    assert told["iss"] == [ISSUER] and len(told["sid"][0]) >= 16 and told["from"] == ["sso"]
    assert "frame-src https://elsewhere.example" in policy(page) and "frame-ancestors 'none'" in policy(page)
    assert page.fields["refresh"] == [f"5; url={HOME}"] and "Else &lt;where&gt;" in page.text


def test_who_did_not_sign_in_there(browser: Browser, house: House, party: Party) -> None:
    """Goes straight on."""
    sign_in(browser, Flow(house.application("wiki").id))
    assert sign_out(browser) == ISSUER + "/signed-out"


def test_a_party_that_hears_no_more(browser: Browser, house: House, party: Party) -> None:
    """Is in no frame, also when it was changed on the way."""
    signed_in(browser, party)
    way = sign_out(browser)
    house.write(clients.change, party.client_id, ClientChanges(frontchannel_logout_uri=""))
    assert frames(browser.get(way.removeprefix(ISSUER))) == []


def test_the_services_own_sign_out(browser: Browser, house: House, party: Party) -> None:
    """Leads over the page, too, though the service has ended the session before it says so."""
    user = house.read(users.find, "ann").id

    async def end(request: Request) -> Answer:
        return redirect(*await house.provider.end_session(request, user, ISSUER + "/signed-out"))

    house.root.putChild(b"end", AsyncResource({b"POST": end}))
    signed_in(browser, party)
    session = next(one.detail["session"] for one in house.noted if one.action == "client.sign_in")
    house.write(sessions.revoke_session, session)
    way = browser.post("/end", {}).location
    assert len(frames(browser.get(way.removeprefix(ISSUER)))) == 1


def test_a_made_up_page(browser: Browser, house: House, party: Party) -> None:
    """Nobody can have the page load anything else, or an hour later."""
    signed_in(browser, party)
    way = sign_out(browser).removeprefix(ISSUER)
    for bad in ("/sign-out-elsewhere", "/sign-out-elsewhere?t=x", way[:-3] + "AAA"):
        assert browser.get(bad).status == 400
    house.clock.advance(61)
    assert browser.get(way).status == 400
