"""Forms of the pages at `apps.DOMAIN`: what was used lately is forgotten by its user's own doing alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from appproxy.testing import Playground
from appproxy.testing.browser import Browser
from tests.service.signin.sessions.test_apps_page import APPS, PASSWORD, Text

OWN = {"origin": APPS.rstrip("/"), "sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    """Five applications that everybody may open."""
    with Playground() as playground:
        for name in ("ann", "eve"):
            playground.add_user(name, PASSWORD)
        for letter in "abcde":
            playground.publish(letter, Text(b""), assignment_required="no")
        yield playground


def signed_in(playground: Playground, name: str) -> Browser:
    """Who has used two of them."""
    browser = playground.browser()
    browser.sign_in(APPS, name, PASSWORD)
    for letter in "db":
        browser.get(f"https://{letter}.example.org/")
        playground.network.pass_time(2)
    return browser


def lately(text: str) -> list[str]:
    """What stands below the heading."""
    part = text.partition("Used lately")[2].partition("</section>")[0]
    return re.findall(r'href="https://(.)\.', part)


def proof(text: str) -> str:
    """The hidden field."""
    found = re.search(r'action="/forget"><input type="hidden" name="csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def test_what_was_used_lately_comes_first_until_it_is_forgotten(playground: Playground) -> None:
    """By the form of the page; others' lists are theirs."""
    browser, other = signed_in(playground, "ann"), signed_in(playground, "eve")
    page = browser.get(APPS).text
    assert lately(page) == ["b", "d"] and "All of them" in page
    assert lately(browser.get(APPS + "?q=a").text) == [], "whoever looks for something has no use for it"
    done = browser.request("POST", APPS + "forget", data={"csrf": proof(page)}, headers=OWN)
    assert done.url == APPS and lately(done.text) == []
    assert lately(other.get(APPS).text) == ["b", "d"]


@pytest.mark.parametrize("how", ["no field", "another's field", "another origin", "another form's field"])
def test_nobody_else_has_it_forgotten(playground: Playground, how: str) -> None:
    """Neither another site, nor another user, nor what was made for another form."""
    browser, other = signed_in(playground, "ann"), signed_in(playground, "eve")
    own = proof(browser.get(APPS).text)
    sessions = re.search(r'name="csrf" value="([^"]+)"', browser.get(APPS + "sessions").text)
    assert sessions is not None
    data = {"no field": {}, "another's field": {"csrf": proof(other.get(APPS).text)}, "another origin": {"csrf": own},
            "another form's field": {"csrf": sessions[1]}}[how]
    headers = {**OWN, "origin": "https://a.example.org"} if how == "another origin" else OWN
    assert browser.request("POST", APPS + "forget", data=data, headers=headers).status == 403
    assert lately(browser.get(APPS).text) == ["b", "d"]
