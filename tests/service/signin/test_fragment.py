"""The pages that keep the fragment of an address over another provider's form: who gets them, and what they lead to."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from twisted.web.test.requesthelper import DummyRequest

from appproxy.errors import Code
from appproxy.http.head import Fields
from appproxy.identity.binding import MOST
from appproxy.service.signin.fragment import FragmentKeeper
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import ISSUER, SIGNIN, Browser, World

PAGE = "https://wiki.example.com/page"
START, CALLBACK, FINISH = f"{SIGNIN}/start", f"{SIGNIN}/callback", "https://wiki.example.com/.appproxy/finish?t="
#: What browsers send for a page that is to be shown.
DOCUMENT: Fields = [(b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"document"), (b"accept", b"text/html")]
MARK = b"__Host-appproxy-fragment"


class Onward(HTMLParser):
    """What a page between leads to, and what its script works with."""

    def __init__(self, exchange: FakeExchange) -> None:
        super().__init__()
        assert exchange.status == 200 and exchange.field(b"location") is None, exchange.block
        self.url = self.mark = self.key = ""
        self.feed(exchange.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if found.get("id") == "onward":
            self.url, self.mark, self.key = found["href"], found["data-mark"], found["data-key"]


@pytest.fixture
def world() -> World:
    """A new service."""
    return World()


@pytest.fixture
def browser(world: World) -> Browser:
    """A browser whose scripts are the test's."""
    return Browser(world)


def begun(browser: Browser) -> Onward:
    """The page that leads to the provider, for a new sign-in."""
    return Onward(browser.request(browser.stop_at(PAGE, START), fields=DOCUMENT))


def marked(browser: Browser, page: Onward) -> None:
    """The script has kept a fragment."""
    browser.jars["signin.example.com"][page.mark.encode()] = b"1"


def test_a_page_leads_to_the_provider(world: World, browser: Browser) -> None:
    """To where a redirect would have led, with the browser's cookie, and without a second page where no fragment was kept."""
    page = begun(browser)
    assert page.url.startswith(f"{ISSUER}/authorize?")
    assert page.mark.startswith(MARK.decode() + "-")
    answer = browser.request(world.provider.authorize(page.url), fields=DOCUMENT)
    assert (answer.status, (answer.field(b"location") or b"")[:len(FINISH)]) == (303, FINISH.encode())


@pytest.mark.parametrize("fields", [
    [(b"sec-fetch-mode", b"navigate"), (b"sec-fetch-dest", b"iframe")],
    [(b"sec-fetch-mode", b"cors"), (b"sec-fetch-dest", b"empty")],
    [(b"accept", b"text/html")],
    [],
])
def test_all_others_are_redirected(browser: Browser, fields: Fields) -> None:
    """A frame would not show our page, and programs have no scripts."""
    answer = browser.request(browser.stop_at(PAGE, START), fields=fields)
    assert (answer.status, (answer.field(b"location") or b"").startswith(ISSUER.encode())) == (303, True)


def test_the_second_page_leads_on_with_it(world: World, browser: Browser) -> None:
    """Where the cookie says so: to the same address, with the same cookies, and the mark is gone."""
    page = begun(browser)
    marked(browser, page)
    answer = browser.request(world.provider.authorize(page.url), fields=DOCUMENT)
    back = Onward(answer)
    assert back.url.startswith(FINISH)
    assert (back.key, back.mark) == (page.key, page.mark)
    assert page.mark.encode() not in browser.jars["signin.example.com"]
    assert b"script-src 'sha256-" in (answer.field(b"content-security-policy") or b"")
    assert browser.open(back.url).content == b"welcome"


def test_sign_ins_do_not_mix(world: World, browser: Browser) -> None:
    """Of two in one browser only the one that has kept a fragment gets the page, under its own name."""
    first, second = begun(browser), begun(browser)
    assert first.key != second.key and first.mark != second.mark
    marked(browser, second)
    assert browser.request(world.provider.authorize(first.url), fields=DOCUMENT).status == 303
    assert Onward(browser.request(world.provider.authorize(second.url), fields=DOCUMENT)).key == second.key


def test_beginning_again_takes_it_along(world: World, browser: Browser) -> None:
    """An answer of the provider that does not count leads to the beginning, with the fragment."""
    page = begun(browser)
    marked(browser, page)
    answer = browser.request(world.provider.authorize(page.url, code=None, error="login_required"), fields=DOCUMENT)
    assert Onward(answer).url.startswith("https://wiki.example.com/.appproxy/again?r=")


def test_a_refusal_is_shown(world: World, browser: Browser) -> None:
    """What ends here is no redirect, and stays a page of its own."""
    page = begun(browser)
    marked(browser, page)
    world.provider.claims = {}
    world.provider.user = "eve"
    answer = browser.request(world.provider.authorize(page.url), fields=DOCUMENT)
    assert (answer.status, answer.failure) == (403, Code.NOT_ASSIGNED)


def test_marks_are_few(world: World, browser: Browser) -> None:
    """Sign-ins that were left leave cookies: the oldest go."""
    for number in range(MOST + 5):
        browser.jars.setdefault("signin.example.com", {})[MARK + b"-%08x" % number] = b"1"
    marked(browser, begun(browser))
    left = [name for name in browser.jars["signin.example.com"] if name.startswith(MARK)]
    assert len(left) == MOST and MARK + b"-%08x" % 5 not in left


def test_only_the_web() -> None:
    """An address of another scheme, such as one that a kind of provider has made up, is never given to a script."""
    request: Any = DummyRequest([b""])
    for name, value in DOCUMENT:
        request.requestHeaders.addRawHeader(name, value)
    keeper = FragmentKeeper(443)
    assert keeper.keep(request, "nonce", "https://idp.example.com/", b"").status == 200
    answer = keeper.keep(request, "nonce", "javascript:alert(1)//", b"")
    assert (answer.status, answer.body) == (303, b"")
