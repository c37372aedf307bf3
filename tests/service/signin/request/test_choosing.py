"""Several identity providers for one application: the page that asks, what is remembered, and that nothing is mixed up."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from appproxy.errors import Code
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.publish.application import ProviderAccess
from appproxy.store.snapshot import ProviderRecord
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import ISSUER, NAVIGATION, RECORD, SIGNIN, WIKI, Browser, FakeProvider, World

PAGE = "https://wiki.example.com/page"
GUESTS = "https://guests.example.net"
SECOND = replace(RECORD, id="guests", name="Guests", issuer=GUESTS, client_id="client-2",
                 settings=read_settings({"domains": "guests.example"}))
BOTH = replace(WIKI, other_providers=(ProviderAccess("guests", frozenset({"eve"}), frozenset({"visitors"})),))
OUT = "https://wiki.example.com/.appproxy/sign-out"


class Two(World):
    """A service with an application of two providers; `ann` is let in by the first, `eve` by the second."""

    def __init__(self, *records: ProviderRecord) -> None:
        self.guests = FakeProvider(issuer=GUESTS, user="eve", claims={"email": "eve@guests.example"})
        super().__init__(applications=(BOTH,), extra={"guests": self.guests}, records=records or (RECORD, SECOND))


@pytest.fixture
def world() -> Two:
    """A new service."""
    return Two()


def asked(exchange: FakeExchange) -> dict[str, str]:
    """The buttons of the page, by what they are called, with what they send; and the hidden text as ""."""
    text = exchange.content.decode()
    buttons = re.findall(r'name="provider" value="([^"]+)"[^>]*>([^<]+)<', text)
    hidden = re.search(r'name="r" value="([^"]+)"', text)
    assert exchange.status in (200, 422) and hidden is not None, text
    return {"": hidden[1], **{name: id for id, name in buttons}}


def choose(browser: Browser, page: FakeExchange, origin: str | None = SIGNIN, **form: str) -> FakeExchange:
    """Press a button of the page."""
    fields = NAVIGATION if origin is None else [*NAVIGATION, (b"origin", origin.encode())]
    return browser.request(f"{SIGNIN}/start", b"POST", {"r": asked(page)[""], **form}, fields)


def through(world: Two, browser: Browser, exchange: FakeExchange) -> FakeExchange:
    """On by the provider to the end."""
    url = (exchange.field(b"location") or b"").decode()
    provider = world.guests if url.startswith(GUESTS) else world.provider
    return browser.open(provider.authorize(url))


def test_the_page_asks(world: Two) -> None:
    """With all that the application has, in its order; each button leads to its own provider, as that one's client."""
    browser = Browser(world)
    page = browser.open(PAGE)
    assert list(asked(page)) == ["", "Example", "Guests"] and b"Wiki" in page.content
    for provider, issuer, client in (("idp", ISSUER, "client-1"), ("guests", GUESTS, "client-2")):
        location = (choose(Browser(world), page, provider=provider).field(b"location") or b"").decode()
        assert location.startswith(f"{issuer}/authorize?")
        assert parse_qs(urlsplit(location).query)["client_id"] == [client]


@pytest.mark.parametrize(("provider", "subject"), [("idp", "ann"), ("guests", "eve")])
def test_each_lets_its_own_in(world: Two, provider: str, subject: str) -> None:
    """And the session says whose it is."""
    browser = Browser(world)
    assert through(world, browser, choose(browser, browser.open(PAGE), provider=provider)).content == b"welcome"
    assert world.reached == [("wiki", subject)]
    entry = world.noted[-1]
    assert (entry[1], entry[3]["provider"]) == ("sign-in", {"idp": "Example", "guests": "Guests"}[provider])


@pytest.mark.parametrize(("user", "groups"), [("ann", []), ("bob", ["staff"])])
def test_a_name_means_nothing_at_another_provider(world: Two, user: str, groups: list[str]) -> None:
    """The second provider's `ann` and `staff` are not the first's."""
    world.guests.user, world.guests.claims = user, {"groups": groups}
    browser = Browser(world)
    refusal = through(world, browser, choose(browser, browser.open(PAGE), provider="guests"))
    assert refusal.failure is Code.NOT_ASSIGNED and world.reached == []


def test_an_answer_of_one_provider_is_none_of_the_other(world: Two) -> None:
    """Mix-up: the second provider answers a sign-in that began at the first. Nobody is asked about its code."""
    browser = Browser(world)
    location = (choose(browser, browser.open(PAGE), provider="idp").field(b"location") or b"").decode()
    browser.request(world.guests.authorize(location))
    answer = browser.request(world.guests.authorize(location))
    assert answer.failure is Code.TOKEN_REFUSED and world.provider.tried == world.guests.tried == []


def test_a_provider_that_was_taken_away(world: Two) -> None:
    """An answer that comes after it begins the sign-in again, and its sessions count no longer."""
    browser, late = Browser(world), Browser(world)
    through(world, browser, choose(browser, browser.open(PAGE), provider="guests"))
    location = (choose(late, late.open(PAGE), provider="guests").field(b"location") or b"").decode()
    world.store.snapshot = replace(World(applications=(WIKI,), records=(RECORD, SECOND)).store.snapshot, revision=2)
    assert browser.stop_at(PAGE, f"{ISSUER}/authorize")
    assert late.stop_at(world.guests.authorize(location), f"{ISSUER}/authorize")
    assert world.guests.tried == ["code-1"]


def test_a_choice_is_remembered_until_the_sign_out(world: Two) -> None:
    """The next sign-in of the browser goes there by itself; after a sign-out the page asks again, with that one first."""
    browser = Browser(world)
    through(world, browser, choose(browser, browser.open(PAGE), provider="guests"))
    browser.jars["wiki.example.com"].clear()
    assert browser.stop_at(PAGE, f"{GUESTS}/authorize")
    browser = Browser(world)
    through(world, browser, choose(browser, browser.open(PAGE), provider="guests"))
    page = browser.request(OUT)
    csrf = re.search(rb'name="csrf" value="([^"]+)"', page.content)
    assert csrf is not None
    ended = browser.request(OUT, b"POST", {"csrf": csrf[1].decode()})
    assert browser.open((ended.field(b"location") or b"").decode()).status == 200
    assert list(asked(browser.open(PAGE))) == ["", "Guests", "Example"]


@pytest.mark.parametrize("keep", [True, False])
def test_how_long_it_is_remembered(world: Two, keep: bool) -> None:
    """As long as the browser is open, or half a year where the user wants that."""
    browser = Browser(world)
    exchange = choose(browser, browser.open(PAGE), provider="idp", **({"keep": "yes"} if keep else {}))
    [line] = [line for line in exchange.fields(b"set-cookie") if line.startswith(b"__Host-appproxy-choice=")]
    assert (b"Max-Age=15552000" in line) is keep
    assert b"HttpOnly" in line and b"idp" not in line


def test_another_sites_form_is_not_remembered(world: Two) -> None:
    """It may begin a sign-in, which ends nowhere; the browser's choice stays."""
    browser = Browser(world)
    exchange = choose(browser, browser.open(PAGE), "https://evil.example", provider="guests")
    assert not any(line.startswith(b"__Host-appproxy-choice=") for line in exchange.fields(b"set-cookie"))


@pytest.mark.parametrize("form", [{"error": "access_denied", "code": None}, {"code": None}])
def test_whoever_could_not_sign_in_may_choose_again(world: Two, form: dict[str, str | None]) -> None:
    """The page with the reason has a link to try again, and that leads to the page that asks."""
    browser = Browser(world)
    location = (choose(browser, browser.open(PAGE), provider="guests").field(b"location") or b"").decode()
    failure = browser.request(world.guests.authorize(location, **form))
    assert failure.failure in (Code.PROVIDER_REFUSED, Code.TOKEN_REFUSED)
    assert world.noted[-1][3]["provider"] == "Guests"
    assert list(asked(browser.open(PAGE))) == ["", "Guests", "Example"]


def test_a_provider_that_is_away(world: Two) -> None:
    """The other one can be chosen then."""
    world.guests.down = Code.PROVIDER_UNREACHABLE
    browser = Browser(world)
    assert choose(browser, browser.open(PAGE), provider="guests").failure is Code.PROVIDER_UNREACHABLE
    assert through(world, browser, choose(browser, browser.open(PAGE), provider="idp")).content == b"welcome"


def test_a_mail_address_leads_to_its_provider(world: Two) -> None:
    """Which is told whose sign-in it is; one that leads nowhere is shown again, with a reason."""
    browser = Browser(world)
    page = browser.open(PAGE)
    location = (choose(browser, page, mail=" eve@Guests.example ").field(b"location") or b"").decode()
    assert location.startswith(f"{GUESTS}/authorize?")
    assert parse_qs(urlsplit(location).query)["login_hint"] == ["eve@Guests.example"]
    for mail in ("eve@other.example", "eve", ""):
        again = choose(Browser(world), page, mail=mail)
        assert again.status == 422 and b'role="alert"' in again.content and f'value="{mail}"'.encode() in again.content
    pressed = (choose(browser, page, mail="eve@guests.example", provider="idp").field(b"location") or b"").decode()
    assert pressed.startswith(f"{ISSUER}/authorize?") and "login_hint" not in pressed


def test_without_domains_no_address_is_asked_for() -> None:
    """There is nothing that it could lead to."""
    assert b'name="mail"' not in Browser(Two(RECORD, replace(SECOND, settings=read_settings({})))).open(PAGE).content


@pytest.mark.parametrize("provider", ["other", "", "builtin"])
def test_a_provider_that_the_application_does_not_have(world: Two, provider: str) -> None:
    """Is nobody's choice."""
    browser = Browser(world)
    exchange = choose(browser, browser.open(PAGE), provider=provider)
    assert exchange.status == 422 and exchange.field(b"location") is None


@pytest.mark.parametrize("form", [{}, {"r": "x", "provider": "idp"}])
def test_a_form_that_nobody_was_given(world: Two, form: dict[str, str]) -> None:
    """Begins nothing."""
    exchange = Browser(world).request(f"{SIGNIN}/start", b"POST", form)
    assert exchange.failure is Code.SIGN_IN_STATE and exchange.field(b"location") is None


def test_where_one_provider_is_gone() -> None:
    """The one that is left is not asked about."""
    browser = Browser(Two(RECORD))
    assert browser.stop_at(PAGE, f"{ISSUER}/authorize")
