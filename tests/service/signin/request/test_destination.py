"""How a sign-in ends: with the form that waits for it, with a word about it, or beside a page that is still open."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin

import pytest

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.identity.states import MAX_TARGET
from appproxy.service.kept_form import KeptForm, owner_of, place_of, row_of
from appproxy.service.signin.stores.memory_store import MemorySignInStore
from tests.service.exchanges import FakeExchange, head_for
from tests.service.sign_in_world import ISSUER, NAVIGATION, NOW, WIKI, Browser, World

HOST = "https://wiki.example.com"
SIGN_IN = f"{HOST}/.appproxy/sign-in"
TICKET = "0123456789abcdef" * 2
ANN = Session("s", "ann", ISSUER, "idp", "Ann", NOW, NOW + 1, NOW)


class Kept(MemorySignInStore):
    """With one form."""

    owner = owner_of(ANN)
    target = b"/save?a=b"
    gone = False

    async def look_for_form(self, id: str, place: str) -> tuple[str, bytes] | None:
        if self.gone or (id, place) != (row_of(TICKET), place_of("wiki", "wiki.example.com")):
            return None
        return self.owner, KeptForm(self.target, (), b"canary of the form").encode()


@pytest.fixture
def store(world: World) -> Kept:
    """The one with the form."""
    assert isinstance(world.store, Kept)
    return world.store


@pytest.fixture
def world() -> World:
    """A new service, with a form that waits for ann."""
    return World(store_of=Kept)


@pytest.fixture
def browser(world: World) -> Browser:
    """Ann's."""
    return Browser(world)


def post(browser: Browser, target: str = "/save?a=b") -> FakeExchange:
    """The form was kept: what the browser is answered."""
    world = browser.world
    head = head_for(HOST + target, b"POST", NAVIGATION, b"x")
    exchange = FakeExchange(head)
    exchange.answer(*world.sign_in.begin_kept(head, WIKI, TICKET, exchange.id, world.now))
    browser.receive(HOST, exchange)
    return exchange


def onward(exchange: FakeExchange) -> str:
    """Where the link of a page between leads."""
    text = exchange.content.decode()
    return text.partition('id="onward" href="')[2].partition('"')[0].replace("&amp;", "&")


def test_a_page_says_that_it_is_kept(browser: Browser) -> None:
    """No redirect: pages may allow their forms their own host alone, and browsers hold redirects to it."""
    exchange = post(browser)
    assert (exchange.status, exchange.field(b"location")) == (401, None)
    assert b"is kept" in exchange.content and TICKET.encode() not in exchange.content
    assert onward(exchange).startswith("https://signin.example.com/start?r=")


def test_the_form_is_sent_from_the_last_page(world: World, browser: Browser) -> None:
    """By its ticket, to its own address, and only once the browser has the access cookie; nothing of it is on the page."""
    exchange = browser.open(onward(post(browser)))
    assert f'action="{HOST}/save?a=b" enctype="text/plain"'.encode() in exchange.content
    assert f'name="appproxy-kept" value="{TICKET}"'.encode() in exchange.content
    assert b"canary" not in exchange.content
    assert b"__Host-appproxy" in browser.jars["wiki.example.com"]


def test_a_long_address_is_the_form_s(store: Kept, browser: Browser) -> None:
    """It does not fit into the sign-in's texts, and comes back all the same."""
    target = "/save?" + "a" * 7000
    store.target = target.encode()
    exchange = browser.open(onward(post(browser, target)))
    assert f'action="{HOST}{target}"'.encode() in exchange.content


def test_it_leads_nowhere_else(store: Kept, browser: Browser) -> None:
    """A path that browsers would take for another host stays a path of this one."""
    store.target = b"//evil.example/save"
    exchange = browser.open(onward(post(browser, "//evil.example/save")))
    assert b'action="//' not in exchange.content and b'action="https://evil' not in exchange.content


def test_another_user_is_told(world: World, store: Kept, browser: Browser) -> None:
    """What ann has typed is not bob's to send."""
    world.provider.user = "bob"
    exchange = browser.open(onward(post(browser)))
    assert b"came from another user" in exchange.content and TICKET.encode() not in exchange.content
    assert b"__Host-appproxy" in browser.jars["wiki.example.com"], "bob is signed in all the same"


def test_a_form_that_is_gone(store: Kept, browser: Browser) -> None:
    """It was sent, or waited too long: the user is told, and finds the page."""
    store.gone = True
    exchange = browser.open(onward(post(browser)))
    assert b"no longer kept" in exchange.content and f'href="{HOST}/save?a=b"'.encode() in exchange.content


def test_a_sign_in_that_begins_again_has_it(world: World, browser: Browser) -> None:
    """The first try came to nothing: the second one still ends with the form."""
    at = browser.stop_at(onward(post(browser)), ISSUER)
    answer = browser.request(world.provider.authorize(at, code=None, error="login_required"))
    exchange = browser.open((answer.field(b"location") or b"").decode())
    assert TICKET.encode() in exchange.content


def test_beside_a_page_that_stays_open(browser: Browser) -> None:
    """The sign-in ends on a page that tells so and closes itself; with a session it is there at once."""
    for _ in range(2):
        exchange = browser.open(f"{SIGN_IN}?return=/page")
        assert exchange.status == 200 and b"BroadcastChannel" in exchange.content
        assert f'href="{HOST}/page"'.encode() in exchange.content
    assert browser.open(f"{HOST}/page").content == b"welcome"


def test_the_application_is_the_path_s(world: World, browser: Browser) -> None:
    """Of several on one host; without a path it is the one at `/`, or any."""
    assert b"BroadcastChannel" in browser.open(f"{SIGN_IN}?return=/docs/a").content
    assert browser.request(f"{HOST}/docs/a").content == b"welcome"
    assert browser.request(f"{HOST}/page").status == 303
    assert b"BroadcastChannel" in browser.open(SIGN_IN).content
    assert browser.request(f"{HOST}/page").content == b"welcome"


@pytest.mark.parametrize("target", [
    "https://evil.example/", "//evil.example", "page", "", "/a b", "/a\r\nset-cookie: x=y", "/" + "a" * 8192, "/ä",
    "javascript:1",
])
def test_no_open_redirect(browser: Browser, target: str) -> None:
    """Whatever it says, nothing leads to another host or into a field."""
    exchange = browser.request(f"{SIGN_IN}?return={quote(target, safe='')}")
    if exchange.status == 303:
        exchange = browser.open(urljoin(SIGN_IN, (exchange.field(b"location") or b"").decode()))
    else:
        assert exchange.failure in (Code.NOT_FOUND, Code.SIGN_IN_STATE, Code.AMBIGUOUS_PATH)
    links = re.findall(rb'href="([^"]*)"', exchange.content)
    assert all(link.startswith((HOST.encode() + b"/", b"/.appproxy/", b"data:,")) for link in links), links


@pytest.mark.parametrize("size", [MAX_TARGET, MAX_TARGET + 1, 8100])
def test_beside_a_page_of_a_long_address(world: World, size: int) -> None:
    """As long as the page's own may be: with no session it is kept by the browser, with one it is on the page itself."""
    # Of few letters it would become short enough, and nothing would be tried.
    target = "/?" + "".join(chr(97 + (number * number * 7919 + number * 31) % 26) for number in range(size - 2))
    browser = Browser(world)
    for _ in range(2):
        exchange = browser.open(f"{SIGN_IN}?return={target}")
        assert exchange.status == 200 and b"BroadcastChannel" in exchange.content
        [link] = re.findall(rb'href="(https:[^"]*)"', exchange.content)
        assert browser.open(link.decode()).content == b"welcome" and browser.seen[-1] == HOST + target


def test_other_sites_do_not_open_it(browser: Browser) -> None:
    """What a stranger's page has opened tells nobody anything."""
    fields = [*NAVIGATION, (b"sec-fetch-site", b"cross-site")]
    assert browser.request(SIGN_IN, fields=fields).failure is Code.CROSS_SITE
    for site in (b"same-origin", b"same-site", b"none"):
        assert browser.request(SIGN_IN, fields=[*NAVIGATION, (b"sec-fetch-site", site)]).status == 303
