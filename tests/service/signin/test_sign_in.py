"""Beginning a sign-in, and a whole one from the first click to the application."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from urllib.parse import urlsplit

import pytest

from appproxy.errors import Code
from appproxy.http.fields import values
from appproxy.http.head import Fields
from appproxy.identity.long_address import LONGEST
from appproxy.identity.states import MAX_TARGET, START_LIFETIME
from appproxy.net.chance import TimeAndChance
from appproxy.publish.application import Application, Segment, Url
from appproxy.service.signin.sign_in import BURST, BuiltInPages, SignIn, SignInPlace
from appproxy.service.signin.stores.memory_store import MemorySignInStore
from appproxy.store.snapshot import ProviderRecord
from tests.service.exchanges import FakeExchange, head_for
from tests.service.sign_in_world import NAVIGATION, NOW, SIGNIN, WIKI, Browser, FakeProvider, World, snapshot_of

PAGE = "https://wiki.example.com/page?q=a%20b&r=/x"


@pytest.fixture
def world() -> World:
    """A new service."""
    return World()


@pytest.fixture
def browser(world: World) -> Browser:
    """A new browser."""
    return Browser(world)


class TestTheWholeWay:
    """From a click to the application, and what is kept of it."""

    def test_sign_in_and_back_to_the_page(self, world: World, browser: Browser) -> None:
        """The user ends at the address that was asked for, query included, and is known there."""
        exchange = browser.open(PAGE)
        assert (exchange.status, exchange.content) == (200, b"welcome")
        assert browser.seen[-1] == PAGE
        assert world.reached == [("wiki", "ann")]
        assert set(browser.jars["wiki.example.com"]) == {b"__Host-appproxy"}
        kept = sorted(name.split(b"-")[2] for name in browser.jars["signin.example.com"])
        assert kept == [b"browser", b"signed"], "a secret, for the next sign-in, and which session there is"

    def test_afterwards_nothing_is_asked(self, world: World, browser: Browser) -> None:
        """The next requests pass at once, in every form."""
        browser.open(PAGE)
        browser.seen.clear()
        for method in (b"GET", b"POST", b"OPTIONS"):
            assert browser.request(PAGE, method, fields=[]).status == 200
        assert len(browser.seen) == 3

    def test_each_application_has_its_own_cookie(self, world: World, browser: Browser) -> None:
        """Applications on one host, told apart by path, do not sign each other out."""
        browser.open("https://wiki.example.com/")
        browser.open("https://wiki.example.com/docs/")
        assert len(browser.jars["wiki.example.com"]) == 2
        for path in ("/", "/docs/", "/"):
            assert browser.request(f"https://wiki.example.com{path}", fields=[]).status == 200

    def test_a_second_sign_in_gives_a_new_cookie(self, world: World, browser: Browser) -> None:
        """Session ids and cookies are never reused (fixation)."""
        browser.open(PAGE)
        first = browser.jars["wiki.example.com"].pop(b"__Host-appproxy")
        browser.open(PAGE)
        assert browser.jars["wiki.example.com"][b"__Host-appproxy"] != first

    def test_who_is_signed_in(self, world: World, browser: Browser) -> None:
        """A page can ask who is signed in; nobody is answered with 401 and no more."""
        assert browser.session("wiki.example.com") == {"signed_in": False}
        browser.open(PAGE)
        said = browser.session("wiki.example.com")
        assert (said["signed_in"], said["subject"], said["name"]) == (True, "ann", "Ann")
        assert said["expires"] == NOW + 12 * 3600

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_two_tabs_opened_together(self, browser: Browser, order: tuple[int, int]) -> None:
        """Both tabs come through, whichever is first."""
        pages = ["https://wiki.example.com/one", "https://wiki.example.com/two"]
        callbacks = [browser.stop_at(page, SIGNIN + "/callback") for page in pages]
        for tab in order:
            assert browser.open(callbacks[tab]).status == 200
            assert browser.seen[-1] == pages[tab]

    def test_the_longest_address(self, world: World, browser: Browser) -> None:
        """An address at the limit survives, and so does one that is longer than what travels in URLs."""
        for size in (MAX_TARGET, MAX_TARGET + 1, LONGEST):
            long = "https://wiki.example.com/?" + _noise(size - 2)
            browser = Browser(world)
            assert browser.open(long).status == 200
            assert (browser.seen[-1], browser.seen[0]) == (long, long)
            assert max(map(len, browser.seen[1:-1])) < 8192

    def test_a_long_path(self, browser: Browser) -> None:
        """One that is too long without its query comes back, too."""
        long = f"https://wiki.example.com/{_noise(3000)}?x=%2F&y"
        assert browser.open(long).status == 200 and browser.seen[-1] == long

    def test_long_addresses_of_many_tabs(self, world: World, browser: Browser) -> None:
        """Each tab comes to its own, in any order, and going back finds it again; no request carries the others'."""
        pages = [f"https://wiki.example.com/{number}?{_noise(8000)}" for number in range(40)]
        callbacks = [browser.stop_at(page, SIGNIN + "/callback") for page in pages]
        for page, callback in reversed([*zip(pages, callbacks, strict=True)]):
            assert browser.open(callback).status == 200 and browser.seen[-1] == page
            [at] = [url for url in browser.seen[-3:] if "/.appproxy/at/" in url]
            assert browser.open(at).status == 200 and browser.seen[-1] == page
        assert sum(map(len, browser.jars["wiki.example.com"].values())) < 8192

    def test_a_long_address_is_kept_by_nobody_else(self, world: World, browser: Browser) -> None:
        """Another browser, or one that has lost a part of it, is told so, and led to the user's applications."""
        long = f"https://wiki.example.com/?{_noise(8000)}"
        at = browser.stop_at(long, "https://wiki.example.com/.appproxy/at/")
        assert Browser(world).open(at).status == 400
        jar = browser.jars[at.removeprefix("https://")]
        del jar[b"appproxy-at-1"]
        assert browser.open(at).status == 400

    def test_a_long_address_where_it_has_to_begin_again(self, world: World, browser: Browser) -> None:
        """The second try leads there as well."""
        long = f"https://wiki.example.com/wiki?{_noise(5000)}"
        callback = browser.stop_at(long, SIGNIN + "/callback")
        browser.jars[SIGNIN.removeprefix("https://")].clear()
        assert browser.open(callback).status == 200 and browser.seen[-1] == long

    def test_a_long_address_of_nothing_published(self, world: World, browser: Browser) -> None:
        """What was kept leads only to what is published now, and wants a sign-in for it or not."""
        at = browser.stop_at(f"https://wiki.example.com/?{_noise(5000)}", "https://wiki.example.com/.appproxy/at/")
        world.store.snapshot = snapshot_of()
        assert browser.request(at).status in (400, 404)

    def test_forgotten_sign_ins_do_not_pile_up(self, world: World, browser: Browser) -> None:
        """On the sign-in host one cookie is enough for all sign-ins of a browser, one after another."""
        for number in range(10):
            browser.stop_at(f"https://wiki.example.com/{number}", "https://idp.example.com/authorize")
        assert len(browser.jars["signin.example.com"]) == 1
        assert browser.open("https://wiki.example.com/last").status == 200

    def test_the_builtin_provider_names_applications(self) -> None:
        """With the built-in provider the token is for the application itself."""
        issuer = FakeProvider()
        builtin = ProviderRecord("builtin", "Built-in", issuer.issuer, "", "")
        world = World(applications=(replace(WIKI, provider="builtin"),), extra={"builtin": issuer}, records=(builtin,))
        world.provider = issuer
        browser = Browser(world)
        assert browser.open(PAGE).status == 200
        [asked] = [url for url in browser.seen if url.startswith(issuer.issuer)]
        assert "client_id=wiki&" in asked
        assert "groups" in asked


class TestBegin:
    """What somebody without a session is answered."""

    def test_a_navigation(self, world: World) -> None:
        """Off to the sign-in host, with a start cookie for as long as a sign-in may take."""
        status, block, body = world.sign_in.begin(head_for(PAGE, fields=NAVIGATION), WIKI, "1f", NOW)
        assert (status, body) == (303, b"")
        [location] = values(block, b"location")
        assert location.startswith(b"https://signin.example.com/start?r=")
        assert b"wiki" not in location[30:]
        [cookie] = values(block, b"set-cookie")
        assert cookie.startswith(b"__Host-appproxy-start-")
        assert cookie.endswith(b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % START_LIFETIME)
        assert values(block, b"cache-control") == [b"no-store"]
        assert values(block, b"x-request-id") == [b"1f"]

    @pytest.mark.parametrize(
        ("method", "fields", "upgrade"),
        [
            (b"GET", [(b"accept", b"*/*")], None),
            (b"GET", [], None),
            (b"GET", [(b"sec-fetch-mode", b"cors"), (b"accept", b"text/html")], None),
            (b"GET", [(b"sec-fetch-dest", b"image"), (b"accept", b"text/html")], None),
            (b"POST", [(b"accept", b"text/html")], None),
            (b"GET", [*NAVIGATION], b"websocket"),
        ],
    )
    def test_no_navigation(self, world: World, method: bytes, fields: Fields, upgrade: bytes | None) -> None:
        """Scripts, images, WebSockets and programs get 401 as JSON, never a redirect to a form."""
        head = head_for(PAGE, method, fields, upgrade=upgrade)
        status, block, body = world.sign_in.begin(head, WIKI, "1f", NOW)
        assert status == 401
        assert json.loads(body)["code"] == "SIGN_IN_REQUIRED"
        assert values(block, b"www-authenticate")
        assert not values(block, b"location")
        assert not values(block, b"set-cookie")

    @pytest.mark.parametrize(
        ("method", "fields"),
        [
            (b"GET", [(b"accept", b"text/html")]),
            (b"HEAD", [(b"accept", b"TEXT/HTML;q=0.9")]),
            (b"POST", [(b"sec-fetch-mode", b"navigate")]),
        ],
    )
    def test_other_navigations(self, world: World, method: bytes, fields: Fields) -> None:
        """Old browsers and posted forms are sent to sign in too."""
        assert world.sign_in.begin(head_for(PAGE, method, fields), WIKI, "1f", NOW)[0] == 303

    def test_each_sign_in_has_a_cookie_of_its_own(self, world: World) -> None:
        """The answer to one tab never replaces the cookie of another."""
        head = head_for(PAGE, fields=NAVIGATION)
        names = set()
        for _ in range(3):
            [cookie] = values(world.sign_in.begin(head, WIKI, "1f", NOW)[1], b"set-cookie")
            names.add(cookie.partition(b"=")[0])
        assert len(names) == 3

    def test_an_odd_target(self, world: World) -> None:
        """What is no path has no way back."""
        head = head_for(PAGE, fields=NAVIGATION)
        head.target = b"https://evil.example/"
        assert world.sign_in.begin(head, WIKI, "1f", NOW)[0] == 400


class TestRates:
    @pytest.mark.parametrize("path", ["start", "callback", "signed-out", "finish", "again"])
    def test_one_address(self, world: World, browser: Browser, path: str) -> None:
        """An office of 300 that restores 50 tabs each comes through; who asks for ever is told to wait."""
        base = SIGNIN if path in ("start", "callback", "signed-out") else "https://wiki.example.com/.appproxy"
        world.now = NOW + 1
        asked = 0
        while (exchange := browser.request(f"{base}/{path}")).status != 429:
            asked += 1
        assert asked == BURST
        assert exchange.failure is Code.TOO_MANY_REQUESTS
        assert exchange.field(b"retry-after") == b"1"
        world.now += 1
        assert browser.request(f"{base}/{path}").status != 429


class TestPages:
    """The rest of the sign-in host."""

    def test_the_style_sheet_is_on_both_hosts(self, browser: Browser) -> None:
        """Pages find their style wherever they are shown."""
        for url in (f"{SIGNIN}/style.css", f"{SIGNIN}/.appproxy/style.css", "https://wiki.example.com/.appproxy/style.css"):
            exchange = browser.request(url)
            assert (exchange.status, exchange.field(b"content-type")) == (200, b"text/css; charset=utf-8")

    def test_the_front_page(self, browser: Browser) -> None:
        """Who opens the sign-in host by hand is told what it is."""
        assert b"Sign-in" in browser.request(f"{SIGNIN}/").content

    @pytest.mark.parametrize("path", ["/start", "/callback", "/signed-out?t=x"])
    def test_head_does_nothing(self, browser: Browser, path: str) -> None:
        """A program that looks at links with HEAD uses none of them up."""
        assert browser.request(SIGNIN + path, b"HEAD").status == 405

    def test_the_providers_pages_stand_beside(self, world: World) -> None:
        """More pages can be put on the sign-in host, but not over ours."""
        store = MemorySignInStore(snapshot_of(WIKI), lambda: NOW)
        with pytest.raises(ValueError, match="callback"):
            SignIn(SignInPlace(SIGNIN, 443), store, {}, TimeAndChance(lambda: NOW),
                   builtin=BuiltInPages({b"callback": world.sign_in.signin_root}))


def test_a_database_that_is_away(world: World, browser: Browser) -> None:
    """Sign-ins that need the store say so, with 503, and when to come back."""
    from appproxy.errors import StoreError

    callback = browser.stop_at(PAGE, SIGNIN + "/callback")

    async def away(id: str, expires: float) -> bool:
        raise StoreError("the database is away")

    world.store.use_once = away  # type: ignore[method-assign]
    exchange: FakeExchange = browser.request(callback)
    assert (exchange.status, exchange.failure) == (503, Code.STORE_UNAVAILABLE)
    assert exchange.field(b"retry-after") == b"5"


class TestHosts:
    """An application may have many hosts: a session is for one of them."""

    @pytest.fixture
    def many(self) -> Browser:
        """The wiki with an alternate host and a segment on another; and a wildcard."""
        segments = (
            Segment(Url.parse("https://api.example.com/v1/"), Url.parse("http://10.0.0.9/"), "s1"),
            Segment(Url.parse("https://shared.example.com/wiki/"), Url.parse("http://10.0.0.9/"), "s2"),
        )
        wiki = replace(WIKI, alternate_hosts=("kb.example.com",), segments=segments)
        farm = Application(
            "farm", "Farm", Url.parse("https://*.example.com/"), Url.parse("http://*.corp/"), provider="idp",
            assigned_users=frozenset({"ann"}), excluded_hosts=frozenset({"no.example.com"}),
        )
        shared = Application(
            "shared", "Shared", Url.parse("https://shared.example.com/"), Url.parse("http://x/"), provider="idp",
            assignment_required=False,
        )
        return Browser(World(applications=(wiki, farm, shared)))

    @pytest.mark.parametrize(
        ("url", "application"),
        [
            ("https://kb.example.com/page?a=b", "wiki"), ("https://api.example.com/v1/x", "wiki"),
            ("https://a.example.com/page", "farm"), ("https://b.a.example.com/page", "farm"),
        ],
    )
    def test_sign_in_ends_on_the_host_where_it_began(self, many: Browser, url: str, application: str) -> None:
        """On an alternate host, on a segment's and on a wildcard's, with a session there and at no other host."""
        host = str(urlsplit(url).hostname)
        assert many.open(url).status == 200
        assert many.world.reached == [(application, "ann")]
        assert many.seen[-1] == url
        assert many.session(host)["application"] == many.world.store.snapshot.applications[application].name
        ours = {name: [cookie for cookie in jar if cookie.startswith(b"__Host-appproxy")] for name, jar in many.jars.items()}
        assert [name for name, cookies in ours.items() if cookies] == [host, "signin.example.com"]
        assert all(b"-browser-" in name or b"-signed-in-" in name for name in ours["signin.example.com"])

    def test_a_cookie_of_one_host_is_worth_nothing_on_another(self, many: Browser) -> None:
        """Hosts of one wildcard may be different people's."""
        many.open("https://a.example.com/")
        many.jars["b.example.com"] = dict(many.jars["a.example.com"])
        exchange = many.request("https://b.example.com/")
        assert exchange.status == 303
        assert many.world.reached == [("farm", "ann")]

    def test_a_finish_of_one_host_is_worth_nothing_on_another(self, many: Browser) -> None:
        """What comes back from the sign-in host is sealed for the host where it began."""
        url = many.stop_at("https://a.example.com/", "https://a.example.com/.appproxy/finish")
        many.jars["b.example.com"] = dict(many.jars["a.example.com"])
        exchange = many.request(url.replace("https://a.", "https://b."))
        assert exchange.failure is Code.SIGN_IN_STATE
        assert b"__Host-appproxy" not in many.jars["b.example.com"]

    def test_two_applications_on_one_host_keep_their_own_cookies(self, many: Browser) -> None:
        """Also where one of them is only a segment there, whose own URL has the same path elsewhere."""
        assert many.open("https://shared.example.com/").status == 200
        assert many.open("https://shared.example.com/wiki/x").status == 200
        assert many.request("https://shared.example.com/").status == 200
        assert many.world.reached == [("shared", "ann"), ("wiki", "ann"), ("shared", "ann")]
        assert len([name for name in many.jars["shared.example.com"] if name.startswith(b"__Host-appproxy")]) == 2

    def test_a_host_that_is_taken_away_during_a_sign_in(self, many: Browser) -> None:
        """Nobody is signed in to what is published there no longer."""
        url = many.stop_at("https://kb.example.com/", "https://kb.example.com/.appproxy/finish")
        many.world.store.snapshot = World(applications=(WIKI,)).store.snapshot
        assert many.request(url).failure is Code.SIGN_IN_STATE

    def test_signing_out_on_a_wildcard_host(self, many: Browser) -> None:
        """The page asks, its form is accepted from its own origin alone, and the session ends on all hosts."""
        out = "https://a.example.com/.appproxy/sign-out"
        many.open("https://a.example.com/")
        many.open("https://b.example.com/")
        foreign = many.request(out, b"POST", {}, [*NAVIGATION, (b"origin", b"https://b.example.com")])
        assert foreign.failure is Code.CROSS_SITE
        assert many.request(out, b"POST", {}, [*NAVIGATION, (b"origin", b"https://a.example.com")]).status == 303
        assert many.request("https://a.example.com/").status == 303
        assert many.request("https://b.example.com/").status == 303


def _noise(size: int) -> str:
    """Text that cannot be packed much, always the same."""
    return "".join(chr(97 + byte % 26) if byte % 3 else chr(48 + byte % 10) for byte in Random(7).randbytes(size))
