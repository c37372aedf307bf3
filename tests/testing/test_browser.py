"""The browser of tests: what it sends, what it keeps, where it goes, and how long it waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.testing import Browser, NeverFired, Playground, SignInFailed
from tests.pki.authorities import OURS

PASSWORD = "correct horse battery staple"
OPEN = "https://open.example.org"


class Site(Resource):
    """An application that says what it got, leads on, gives cookies, and does not answer at all."""

    isLeaf = True

    def render_GET(self, request: Request) -> bytes | int:
        if request.path == b"/moved":
            request.redirect(b"/there?x=1")
            return b""
        if request.path == b"/round":
            request.redirect(b"/round")
            return b""
        if request.path == b"/cookie":
            request.addCookie(b"fruit", b"apple", path=b"/")
            return b"given"
        if request.path == b"/never":
            return NOT_DONE_YET
        said = b" ".join(b"%b=%b" % (name, request.getHeader(name) or b"-") for name in (
            b"cookie", b"sec-fetch-mode", b"sec-fetch-dest", b"accept", b"x-own"))
        return b"%b %b" % (request.uri, said)

    def render_POST(self, request: Request) -> bytes:
        assert request.content is not None
        return b"%b %b" % (request.getHeader(b"content-type") or b"-", request.content.read())


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    """An application for everybody and one of Ann's."""
    with Playground() as made:
        made.add_user("ann", PASSWORD)
        made.publish("open", Site(), preauth="passthrough")
        made.publish("wiki", Site(), users=["ann"])
        yield made


@pytest.fixture
def browser(playground: Playground) -> Browser:
    """A new one."""
    return playground.browser()


def test_somebody_types_an_address(browser: Browser) -> None:
    """It says what a browser says then; and what a script sends is told apart."""
    assert browser.get(OPEN + "/a?b").text == "/a?b cookie=- sec-fetch-mode=navigate sec-fetch-dest=document " \
        "accept=text/html,*/*;q=0.8 x-own=-"
    said = browser.request("GET", OPEN + "/a", navigate=False, headers={"x-own": "1"}).text
    assert "sec-fetch-mode=cors sec-fetch-dest=- " in said and said.endswith("x-own=1")
    assert "sec-fetch-mode=same-origin" in browser.get(OPEN + "/", headers={"sec-fetch-mode": "same-origin"}).text


def test_it_goes_where_it_is_led(browser: Browser) -> None:
    """And says where it has come to; not for ever in a circle."""
    page = browser.get(OPEN + "/moved")
    assert (page.url, page.status) == (OPEN + "/there?x=1", 200) and page.text.startswith("/there?x=1 ")
    stayed = browser.request("GET", OPEN + "/moved", allow_redirects=False)
    assert (stayed.url, stayed.status) == (OPEN + "/moved", 302)
    assert stayed.headers.getRawHeaders("location") == ["/there?x=1"]
    with pytest.raises(Exception, match="redirect"):
        browser.get(OPEN + "/round")


def test_it_keeps_its_cookies(browser: Browser, playground: Playground) -> None:
    """For the host that gave them; nobody else's browser has them."""
    assert browser.get(OPEN + "/cookie").text == "given"
    assert "cookie=fruit=apple" in browser.get(OPEN + "/").text
    assert [cookie.domain for cookie in browser.cookies if cookie.name == "fruit"] == ["open.example.org"]
    assert "cookie=- " in playground.browser().get(OPEN + "/").text


@pytest.mark.parametrize(("data", "type_", "body"), [
    ({"a": "1 2", "b": "\u00e4"}, "application/x-www-form-urlencoded", "a=1+2&b=%C3%A4"),
    ({}, "application/x-www-form-urlencoded", ""), (b"\x01", "-", "\x01"), (b"", "-", ""),
])  # fmt: skip
def test_what_is_posted(browser: Browser, data: bytes | dict[str, str], type_: str, body: str) -> None:
    """Fields as a form, bytes as they are."""
    assert browser.request("POST", OPEN + "/", data=data).text == f"{type_} {body}"


def test_bytes_that_are_no_text(browser: Browser) -> None:
    """Are shown as far as they are."""
    assert browser.request("POST", OPEN + "/", data=b"\xff").text == "- \ufffd"


def test_it_does_not_wait_for_ever(playground: Playground, browser: Browser) -> None:
    """For so many seconds of the network, and not of the machine."""
    before = playground.network.seconds()
    with pytest.raises(NeverFired, match="not in 5 s"):
        browser.get(OPEN + "/never", seconds=5.0)
    assert playground.network.seconds() - before <= 5.0


def test_it_trusts_one_authority(playground: Playground) -> None:
    """Not the one of another service."""
    stranger = Browser(playground.network, OURS.certificate.encode())
    with pytest.raises(Exception, match="certificate|issuer|verify"):
        stranger.get(OPEN + "/")


def test_a_page_without_a_form(browser: Browser) -> None:
    """Nobody can sign in there; which page it was is said."""
    with pytest.raises(SignInFailed, match=r"https://open\.example\.org/x has no sign-in form: 200"):
        browser.sign_in(OPEN + "/x", "ann", PASSWORD)


def test_a_form_that_comes_back(browser: Browser) -> None:
    """With its status; afterwards nobody is signed in."""
    with pytest.raises(SignInFailed, match=r"asks again: 403"):
        browser.sign_in("https://wiki.example.org/", "ann", "wrong")
    page = browser.sign_in("https://wiki.example.org/b", "ann", PASSWORD)
    assert (page.url, page.status) == ("https://wiki.example.org/b", 200)
