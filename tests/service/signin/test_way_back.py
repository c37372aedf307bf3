"""Nobody is left on a page without a way on: dead ends of a sign-in, and how each of them is left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code, StoreError
from appproxy.identity.states import MOST_TRIES, START_LIFETIME, StartState
from appproxy.publish.portal import portal_at
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import CRM, ISSUER, KEY, NOW, SIGNIN, WIKI, Browser, World

PAGE = "https://wiki.example.com/page?q=1"
CALLBACK, FINISH = f"{SIGNIN}/callback", "https://wiki.example.com/.appproxy/finish"
AGAIN = "https://wiki.example.com/.appproxy/again"


@pytest.fixture
def world() -> World:
    """A new service, with a list of applications."""
    made = World()
    made.provider.now = lambda: made.now
    portal = portal_at("apps.example.com", 443, made.applications, "idp")
    made.store.snapshot = replace(made.store.snapshot, portal=portal)
    return made


@pytest.fixture
def browser(world: World) -> Browser:
    """A new browser."""
    return Browser(world)


def has_link(exchange: FakeExchange, url: str) -> bool:
    """Does the page lead there?"""
    return b'<a href="%b">' % url.encode() in exchange.content


@pytest.mark.parametrize("step", [f"{SIGNIN}/start", CALLBACK, FINISH])
def test_hours_later(world: World, browser: Browser, step: str) -> None:
    """Wherever the way was interrupted: when the user comes back after a day, it leads to the page."""
    url = browser.stop_at(PAGE, step)
    world.now += 86400
    assert browser.open(url).status == 200
    assert browser.seen[-1] == PAGE


@pytest.mark.parametrize("step", [f"{SIGNIN}/start", CALLBACK, FINISH])
def test_lost_cookies(world: World, browser: Browser, step: str) -> None:
    """A browser that has lost its cookies on the way needs no second click."""
    url = browser.stop_at(PAGE, step)
    browser.jars.clear()
    assert browser.open(url).status == 200
    assert browser.seen[-1] == PAGE


@pytest.mark.parametrize("step", [f"{SIGNIN}/start", CALLBACK, FINISH])
def test_back(world: World, browser: Browser, step: str) -> None:
    """After Back, to whichever step, with the session still there or not."""
    url = browser.stop_at(PAGE, step)
    assert browser.open(url).status == 200
    assert browser.open(url).status == 200
    assert browser.seen[-1] == PAGE
    del browser.jars["wiki.example.com"][b"__Host-appproxy"]
    assert browser.open(url).status == 200
    assert browser.seen[-1] == PAGE


class Forgetful(Browser):
    """A browser that keeps no cookies."""

    def receive(self, url: str, exchange: FakeExchange) -> None:
        """Nothing is kept."""


@pytest.mark.parametrize("step", [f"{SIGNIN}/start", CALLBACK, FINISH, PAGE])
def test_no_loop(world: World, browser: Browser, step: str) -> None:
    """Without any cookie the sign-in begins again once, and then ends with a page that leads to the application."""
    url = PAGE if step == PAGE else browser.stop_at(PAGE, step)
    forgetful = Forgetful(world)
    exchange = forgetful.open(url, limit=15)
    assert exchange.failure is Code.SIGN_IN_STATE
    assert sum(seen.startswith(AGAIN) for seen in forgetful.seen) == MOST_TRIES
    assert has_link(exchange, PAGE)
    assert b"Cookies must be allowed" in exchange.content


def test_a_database_that_is_away(world: World, browser: Browser) -> None:
    """The page has the way back, for the time when it is there again."""
    url = browser.stop_at(PAGE, FINISH)

    async def away(id: str, expires: float) -> bool:
        raise StoreError("the database is away")

    world.store.use_once = away  # type: ignore[method-assign]
    exchange = browser.request(url)
    assert (exchange.status, exchange.failure) == (503, Code.STORE_UNAVAILABLE)
    assert has_link(exchange, PAGE)


@pytest.mark.parametrize("step", [f"{SIGNIN}/start", CALLBACK, FINISH, AGAIN])
@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?r=AQEB", "?t=AQEB"])
def test_made_up(browser: Browser, step: str, query: str) -> None:
    """Where nothing tells what a request is for, the list of the user's applications is the way on."""
    exchange = browser.request(step + query)
    assert exchange.failure is Code.SIGN_IN_STATE
    assert has_link(exchange, "https://apps.example.com/")


def test_what_is_published_elsewhere_by_now(world: World, browser: Browser) -> None:
    """The link leads to where the application is now; without one, to the list."""
    url = browser.stop_at(PAGE, FINISH)
    moved = replace(WIKI, external=replace(WIKI.external, host="kb.example.com"))
    portal = world.store.snapshot.portal
    world.store.snapshot = replace(World(applications=(moved,)).store.snapshot, portal=portal)
    assert has_link(browser.request(url), "https://kb.example.com/")
    world.store.snapshot = replace(World(applications=(CRM,)).store.snapshot, portal=portal)
    assert has_link(browser.request(url), "https://apps.example.com/")


def test_again_is_for_its_own_host(world: World, browser: Browser) -> None:
    """A text for one host does nothing on another, and none of another step, or under another key, does anything."""
    start = StartState("wiki", "wiki.example.com", "/page", "")
    good = start.seal(KEY, NOW, bytes(12), "again").decode()
    assert browser.request(f"{AGAIN}?r={good}").status == 303
    for url in (
        f"https://crm.example.com/.appproxy/again?r={good}",
        f"{AGAIN}?r={start.seal(KEY, NOW, bytes(12)).decode()}",
        f"{AGAIN}?r={start.seal(replace(KEY, secret=b'x' * 32), NOW, bytes(12), 'again').decode()}",
    ):
        assert browser.request(url).failure is Code.SIGN_IN_STATE


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example/", "/docs/x", "\tevil"])
def test_no_way_out(world: World, browser: Browser, target: str) -> None:
    """Even a sealed target never leads out of the application."""
    text = StartState("wiki", "wiki.example.com", target, "", MOST_TRIES).seal(KEY, NOW - START_LIFETIME, bytes(12)).decode()
    exchange = browser.request(f"{SIGNIN}/start?r={text}")
    assert b"evil" not in exchange.content or has_link(exchange, f"https://wiki.example.com{target}")
    assert exchange.field(b"location") is None


def test_the_provider_is_asked_again_only_once(world: World, browser: Browser) -> None:
    """A provider that always says "not now" is not asked for ever."""
    url, asked = PAGE, 0
    while True:
        url = browser.stop_at(url, CALLBACK)
        asked += 1
        url = url.replace("code=", "error=temporarily_unavailable&was=")
        exchange = browser.request(url)
        if exchange.field(b"location") is None:
            break
    assert asked == 1 + MOST_TRIES
    assert has_link(exchange, PAGE)
    assert sum(seen.startswith(ISSUER) for seen in browser.seen) == asked
