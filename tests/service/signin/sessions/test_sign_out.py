"""Signing out: of the application, at once and everywhere, and of the provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from time import process_time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from appproxy.errors import Code, StoreError
from appproxy.identity.cookie import cookie_name
from appproxy.identity.session import Session
from appproxy.publish.routing import Router
from appproxy.store.snapshot import ProviderRecord
from tests.cost.machine import least
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import ISSUER, NAVIGATION, RECORD, SIGNIN, WIKI, Browser, FakeProvider, World

PAGE = "https://wiki.example.com/page"
OUT = "https://wiki.example.com/.appproxy/sign-out"


@pytest.fixture
def world() -> World:
    """A new service."""
    return World()


@pytest.fixture
def browser(world: World) -> Browser:
    """A browser that is signed in."""
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    return browser


def hidden(exchange: FakeExchange) -> str:
    """The hidden field of the confirmation page."""
    found = re.search(rb'name="csrf" value="([^"]+)"', exchange.content)
    assert found is not None
    return found[1].decode()


def sign_out(browser: Browser, **form: str) -> FakeExchange:
    """Ask, confirm, and follow."""
    exchange = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT)), **form})
    assert exchange.status == 303
    return browser.open(exchange.fields(b"location")[0].decode())


class TestAsking:
    """The confirmation page."""

    def test_the_user_is_asked(self, browser: Browser) -> None:
        """A link to sign-out asks first: nobody can be signed out by a picture on another site."""
        exchange = browser.request(OUT)
        assert exchange.status == 200
        assert b"Ann" in exchange.content
        assert b"Wiki" in exchange.content
        assert browser.request(PAGE).status == 200

    def test_without_a_session(self, world: World) -> None:
        """Who is not signed in is told so."""
        assert b"signed out" in Browser(world).open(OUT).content


class TestSigningOut:
    """What ends."""

    def test_the_cookie_and_the_session_end(self, world: World, browser: Browser) -> None:
        """The cookie is taken, and a copy of it is worth nothing any more, on every node."""
        stolen = dict(browser.jars["wiki.example.com"])
        assert b"signed out" in sign_out(browser).content
        assert browser.jars["wiki.example.com"] == {}
        browser.jars["wiki.example.com"] = stolen
        assert browser.request(PAGE, fields=[]).status == 401
        assert browser.session("wiki.example.com") == {"signed_in": False}

    def test_cookies_of_both_names(self, world: World, browser: Browser) -> None:
        """Whoever came in before `cookie_secure=no` stays, may come in once more, and has nothing left after signing out."""
        plain = replace(WIKI, cookie_secure=False)
        world.store.snapshot = replace(
            world.store.snapshot, revision=2, applications={"wiki": plain}, router=Router([plain]))
        browser.strict = False
        jar = browser.jars["wiki.example.com"]
        first = dict(jar)
        assert browser.request(PAGE, fields=[]).status == 200
        jar.clear()
        assert browser.open(PAGE).status == 200
        assert set(jar) == {b"appproxy"} and set(first) == {b"__Host-appproxy"}
        jar |= first
        stolen = dict(jar)
        sign_out(browser)
        assert jar == {}
        for one in stolen:
            browser.jars["wiki.example.com"] = {one: stolen[one]}
            assert browser.request(PAGE, fields=[]).status == 401

    def test_signing_in_again(self, world: World, browser: Browser) -> None:
        """After a sign-out the user can come back."""
        sign_out(browser)
        assert browser.open(PAGE).status == 200

    def test_all_applications_of_the_host(self, world: World, browser: Browser) -> None:
        """Applications that share a host by path are left together."""
        browser.open("https://wiki.example.com/docs/")
        stolen = dict(browser.jars["wiki.example.com"])
        sign_out(browser)
        browser.jars["wiki.example.com"] = stolen
        for path in ("/", "/docs/"):
            assert browser.request(f"https://wiki.example.com{path}", fields=[]).status == 401

    def test_a_session_that_does_not_count_at_the_moment(self, world: World, browser: Browser) -> None:
        """Signed out while nobody was assigned, or another provider was set, it does not come back with what was before."""
        before = world.store.snapshot
        stolen = dict(browser.jars["wiki.example.com"])
        away = replace(WIKI, assigned_users=frozenset(), assigned_groups=frozenset())
        world.store.snapshot = replace(before, revision=2, applications={"wiki": away}, router=Router([away]))
        assert browser.session("wiki.example.com") == {"signed_in": False}
        sign_out(browser)
        world.store.snapshot = replace(
            before, revision=4, revoked_sessions=world.store.snapshot.revoked_sessions)
        browser.jars["wiki.example.com"] = stolen
        assert browser.request(PAGE, fields=[]).status == 401

    def test_a_database_that_is_away(self, world: World, browser: Browser) -> None:
        """A sign-out that could not be written down does not pretend to be one."""

        async def away(session: Session, noted: Mapping[str, object]) -> None:
            raise StoreError("away")

        world.store.revoke = away  # type: ignore[method-assign]
        exchange = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT))})
        assert (exchange.status, exchange.failure) == (503, Code.STORE_UNAVAILABLE)


class TestEverywhere:
    """One sign-in at the provider is one session with all applications."""

    CRM_PAGE = "https://crm.example.com/"

    def test_on_all_hosts(self, world: World) -> None:
        """Signing out of one application ends the others, on other hosts too."""
        world.provider.claims["groups"] = ["staff", "sales"]
        browser = Browser(world)
        for page in (PAGE, self.CRM_PAGE):
            assert browser.open(page).status == 200
        stolen = dict(browser.jars["crm.example.com"])
        sign_out(browser)
        browser.jars["crm.example.com"] = stolen
        for page in (PAGE, self.CRM_PAGE):
            assert browser.request(page, fields=[]).status == 401
        assert not [name for name in browser.jars["signin.example.com"] if b"signed-in" in name]

    def test_another_browser_stays(self, world: World, browser: Browser) -> None:
        """It is a sign-in of its own, though it is the same user's."""
        other = Browser(world)
        assert other.open(PAGE).status == 200
        sign_out(browser)
        assert other.request(PAGE, fields=[]).status == 200

    @pytest.mark.parametrize(("again", "same"), [({}, True), ({"sid": "p-2"}, False), ({"sub": "bob"}, False)])
    def test_what_is_one_session(self, world: World, again: Mapping[str, str], same: bool) -> None:
        """Another session of the provider, or another user, is another one of ours."""
        world.provider.claims["groups"] = ["staff", "sales"]
        world.provider.changes = {"sid": "p-1"}
        browser = Browser(world)
        browser.open(PAGE)
        world.provider.changes = {"sid": "p-1", **again}
        assert browser.open(self.CRM_PAGE).status == 200
        ids = {detail["session"] for _, action, _, detail in world.noted if action == "sign-in"}
        assert len(ids) == (1 if same else 2)

    @pytest.mark.parametrize("sid", ["a\x00", "x" * 256, 5, None])
    def test_odd_names_of_sessions(self, world: World, sid: object) -> None:
        """They count as none, and users come in."""
        world.provider.changes = {"sid": sid}
        assert Browser(world).open(PAGE).status == 200

    def test_a_session_that_has_ended_does_not_go_on(self, world: World, browser: Browser) -> None:
        """The cookie that names it, kept and put back, leads to a new one."""
        kept = dict(browser.jars["signin.example.com"])
        sign_out(browser)
        browser.jars["signin.example.com"] = kept
        assert browser.open(PAGE).status == 200
        ids = [detail["session"] for _, action, _, detail in world.noted if action == "sign-in"]
        assert len(set(ids)) == 2

    def test_no_application_lasts_longer_than_the_session(self) -> None:
        """An application that is opened late ends with the others."""
        world = World(records=(replace(RECORD, idle_minutes=0.0),))
        world.provider.claims["groups"] = ["staff", "sales"]
        world.provider.now = lambda: world.now
        browser = Browser(world)
        browser.open(PAGE)
        world.now += 11 * 3600
        browser.open(self.CRM_PAGE)
        assert browser.session("crm.example.com")["expires"] == browser.session("wiki.example.com")["expires"]
        world.now += 3601
        assert browser.request(self.CRM_PAGE, fields=[]).status == 401

    def test_the_newer_session_of_the_browser_ends_too(self, world: World, browser: Browser) -> None:
        """Its provider's session is the one that is ended."""
        world.provider.changes = {"sid": "p-2"}
        world.provider.claims["groups"] = ["staff", "sales"]
        browser.open(self.CRM_PAGE)
        sign_out(browser)
        assert browser.request(self.CRM_PAGE, fields=[]).status == 401

    def test_cookies_of_another_browser(self, world: World, browser: Browser) -> None:
        """Which session a browser has cannot be made up, and is bound to its provider."""
        jar = browser.jars["signin.example.com"]
        (name,) = [name for name in jar if b"signed-in" in name]
        for value in (b"AAAA", jar[name][:-2] + b"AA"):
            jar[name] = value
            assert browser.open(self.CRM_PAGE if value == b"AAAA" else PAGE).status in (200, 403)


class TestForgery:
    """Other sites cannot sign anybody out."""

    @pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"https://crm.example.com", b"http://wiki.example.com"])
    def test_from_another_origin(self, browser: Browser, origin: bytes) -> None:
        """Not even with the right hidden field."""
        form = {"csrf": hidden(browser.request(OUT))}
        exchange = browser.request(OUT, b"POST", form, [*NAVIGATION, (b"origin", origin)])
        assert exchange.failure is Code.CROSS_SITE
        assert browser.request(PAGE).status == 200

    def test_from_the_applications_own_pages(self, browser: Browser) -> None:
        """An application may have a sign-out button: its origin is enough."""
        fields = [*NAVIGATION, (b"origin", b"https://wiki.example.com")]
        assert browser.request(OUT, b"POST", {}, fields).status == 303
        assert browser.request(PAGE, fields=[]).status == 401

    @pytest.mark.parametrize("csrf", ["", "garbage", "AAAA"])
    def test_without_the_hidden_field(self, browser: Browser, csrf: str) -> None:
        """A form made up elsewhere does nothing."""
        assert browser.request(OUT, b"POST", {"csrf": csrf}).failure is Code.CROSS_SITE

    def test_with_anothers_hidden_field(self, world: World, browser: Browser) -> None:
        """The field belongs to one session."""
        other = Browser(world)
        other.open(PAGE)
        assert browser.request(OUT, b"POST", {"csrf": hidden(other.request(OUT))}).failure is Code.CROSS_SITE

    def test_what_is_no_form(self, browser: Browser) -> None:
        """A body of another type is refused."""
        assert browser.request(OUT, b"POST").failure is Code.BAD_REQUEST


class TestTheProvider:
    """Its session ends too, where it can."""

    def test_with_an_end_point(self, world: World, browser: Browser) -> None:
        """The browser goes through the provider's own sign-out, and is told where to return."""
        world.provider.document["end_session_endpoint"] = f"{ISSUER}/logout"
        exchange = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT))})
        url = browser.stop_at(exchange.fields(b"location")[0].decode(), f"{ISSUER}/logout")
        query = parse_qs(urlsplit(url).query)
        assert query["client_id"] == ["client-1"]
        # Whose session is meant tells the ID token itself, so that the provider need not ask.
        assert jwt.decode(query["id_token_hint"][0], world.provider.key, algorithms=["ES256"]).claims["sub"] == "ann"
        assert "post_logout_redirect_uri=https%3A%2F%2Fsignin.example.com%2Fsigned-out" in url

    def test_a_refresh_token(self, world: World, browser: Browser) -> None:
        """Nobody needs it any more: the provider is told, and whatever it says, the session has ended."""
        world.provider.refresh_token = "refresh-0"
        for down in (None, Code.PROVIDER_UNREACHABLE):
            world.provider.down = None
            browser.jars.clear()
            browser.open(PAGE)
            world.provider.down = down
            assert b"signed out" in sign_out(browser).content
        assert world.provider.taken_back == ["refresh-0", "refresh-0"]

    def test_a_large_token(self, world: World, browser: Browser) -> None:
        """It is in no cookie, so that its size does not matter."""
        world.provider.document["end_session_endpoint"] = f"{ISSUER}/logout"
        browser.jars.clear()
        world.provider.claims["noise"] = [sha256(b"%d" % number).hexdigest() for number in range(100)]
        browser.open(PAGE)
        exchange = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT))})
        url = browser.stop_at(exchange.fields(b"location")[0].decode(), f"{ISSUER}/logout")
        assert len(parse_qs(urlsplit(url).query)["id_token_hint"][0]) > 6400

    def test_without_a_token(self, world: World, browser: Browser) -> None:
        """A browser that has lost the cookie which names its session: the provider is told the subject."""
        world.provider.document["end_session_endpoint"] = f"{ISSUER}/logout"
        browser.jars["signin.example.com"].clear()
        exchange = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT))})
        url = browser.stop_at(exchange.fields(b"location")[0].decode(), f"{ISSUER}/logout")
        assert parse_qs(urlsplit(url).query)["logout_hint"] == ["ann"]

    def test_somebody_elses_way_out(self, world: World, browser: Browser) -> None:
        """Its address, sent to another user, does not end the session that they have with the provider."""
        world.provider.document["end_session_endpoint"] = f"{ISSUER}/logout"
        url = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT))}).fields(b"location")[0].decode()
        world.provider.user = "bob"
        bob = Browser(world)
        bob.open(PAGE)
        assert bob.request(url).fields(b"location") == [f"{SIGNIN}/signed-out".encode()]

    def test_the_link_of_a_refusal(self, world: World, browser: Browser) -> None:
        """Is good in the browser that was refused, and in no other."""
        world.provider.document["end_session_endpoint"] = f"{ISSUER}/logout"
        for opener, good in ((Browser(world), False), (None, True)):
            world.provider.user, world.provider.claims = "eve", {}
            eve = Browser(world)
            found = re.search(rb'href="(https://signin.example.com/signed-out[^"]+)"', eve.open(PAGE).content)
            assert found is not None
            location = (opener or eve).request(found[1].decode()).fields(b"location")[0]
            assert location.startswith(f"{ISSUER}/logout?id_token_hint=".encode()) is good

    def test_with_a_provider_that_is_down(self, world: World, browser: Browser) -> None:
        """The own session ends all the same."""
        world.provider.down = Code.PROVIDER_UNREACHABLE
        assert b"signed out" in sign_out(browser).content
        assert browser.request(PAGE, fields=[]).status == 401

    def test_the_builtin_one(self) -> None:
        """Its session ends at once, without another question, and its cookie goes."""
        issuer = FakeProvider()
        record = ProviderRecord("builtin", "Built-in", ISSUER, "", "")
        world = World(applications=(replace(WIKI, provider="builtin"),), extra={"builtin": issuer}, records=(record,))
        world.provider = issuer
        browser = Browser(world)
        browser.open(PAGE)
        browser.jars["signin.example.com"][b"__Host-appproxy-provider"] = b"x"
        assert b"signed out" in sign_out(browser).content
        assert world.ended == 1
        assert b"__Host-appproxy-provider" not in browser.jars["signin.example.com"]

    def test_its_address_works_once(self, world: World, browser: Browser) -> None:
        """The address that ends the provider's session cannot be used again, nor be made up."""
        exchange = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT))})
        url = exchange.fields(b"location")[0].decode()
        assert url.startswith(f"{SIGNIN}/signed-out?t=")
        world.provider.document["end_session_endpoint"] = f"{ISSUER}/logout"
        assert browser.request(url).fields(b"location")[0].startswith(b"https://idp")
        assert browser.request(url).fields(b"location") == [f"{SIGNIN}/signed-out".encode()]
        assert browser.request(f"{SIGNIN}/signed-out?t=garbage").failure is Code.SIGN_IN_STATE


class TestManyOnOneHost:
    """Hundreds of applications by path."""

    APPLICATIONS = tuple(
        replace(WIKI, id=f"app{number}", name=f"App {number}", external=replace(WIKI.external, path=f"/{number}/"))
        for number in range(1000))

    def test_who_is_signed_in_is_known_at_once(self) -> None:
        """Scripts of pages ask often; what it costs depends on the cookies that the browser has, not on what is published."""
        world = World(applications=self.APPLICATIONS)
        browser = Browser(world)
        for number in (3, 999):
            assert browser.open(f"https://wiki.example.com/{number}/").status == 200
        assert browser.session("wiki.example.com")["application"] == "App 999"

        def measure() -> tuple[float]:
            began = process_time()
            browser.session("wiki.example.com")
            return (process_time() - began,)

        assert least(measure, (0.003,))[0] <= 0.003

    def test_a_sign_out_deletes_what_is_there(self) -> None:
        """And names no other cookie: a thousand lines are more than browsers take."""
        browser = Browser(World(applications=self.APPLICATIONS))
        for number in (3, 999):
            assert browser.open(f"https://wiki.example.com/{number}/").status == 200
        assert sorted(browser.jars["wiki.example.com"]) == sorted(
            cookie_name(443, f"/{number}/") for number in (3, 999))
        exchange = browser.request(OUT, b"POST", {"csrf": hidden(browser.request(OUT))})
        assert len(exchange.fields(b"set-cookie")) == 2
        assert browser.jars["wiki.example.com"] == {}
