"""An application that is being maintained, as its users and its maintainers see it: a whole service in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource

from appproxy.testing import Playground

PASSWORD = "correct horse battery staple"
URL = "https://wiki.example.org/page?x=1"


class Wiki(Resource):
    isLeaf = True

    def render_GET(self, request: IRequest) -> bytes:
        return b"it works"


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground() as made:
        for name, groups in (("ann", ("staff", "operators")), ("bob", ("staff",))):
            made.add_user(name, PASSWORD, groups)
        made.publish("wiki", Wiki(), users=["ann", "bob"])
        made.admin("POST", "/applications/wiki/assignments", {"group": "operators", "maintainer": True})
        made.admin("PATCH", "/applications/wiki", {"settings": {"maintenance": "yes"}})
        yield made


def test_a_maintainer_signs_in_from_the_page(playground: Playground) -> None:
    """The link on it leads through the sign-in to the page that was wanted, and others stay outside."""
    for name, status in (("ann", 200), ("bob", 503)):
        browser = playground.browser()
        page = browser.get(URL)
        assert page.status == 503
        [link] = re.findall(r'<a href="([^"]*)">Sign in to maintain it</a>', page.text)
        back = browser.sign_in(unescape(link), name, PASSWORD)
        assert (back.url, back.status) == (URL, status)
        assert browser.get(URL).status == status
        assert "Sign in to maintain it" not in back.text, "who is signed in need not do so again"


def test_programs_get_no_link(playground: Playground) -> None:
    """Nobody waits for a page there."""
    page = playground.browser().request("GET", URL, navigate=False)
    assert page.status == 503 and "signin" not in page.text and not page.headers.getRawHeaders("set-cookie")


def test_who_maintains_it_no_longer_is_outside_at_once(playground: Playground) -> None:
    """With the same cookie; the assignment itself stays."""
    browser = playground.browser()
    [link] = re.findall(r'<a href="([^"]*)">Sign in', browser.get(URL).text)
    assert browser.sign_in(unescape(link), "ann", PASSWORD).status == 200
    playground.admin("POST", "/applications/wiki/assignments", {"group": "operators", "maintainer": False})
    try:
        assert browser.get(URL).status == 503
        playground.admin("PATCH", "/applications/wiki", {"settings": {"maintenance": ""}})
        assert browser.get(URL).status == 200
    finally:
        playground.admin("PATCH", "/applications/wiki", {"settings": {"maintenance": "yes"}})
        playground.admin("POST", "/applications/wiki/assignments", {"group": "operators", "maintainer": True})
