"""Start, callback and finish against everybody who would like to abuse them: one test for each trick."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc.jwk import ECKey

from appproxy.errors import Code
from appproxy.http.fields import values
from appproxy.http.head import Fields
from appproxy.identity.binding import binding, cookie_name, mint
from appproxy.identity.cookie import START_COOKIE
from appproxy.identity.openid.oidc import challenge
from appproxy.identity.states import FINISH_LIFETIME, START_LIFETIME, FinishState, PendingState, StartState, verifier_of
from appproxy.paths import is_ambiguous
from appproxy.publish.application import Application
from appproxy.publish.routing import Router
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.oidc_client import AnswerLost
from appproxy.service.signin.request.urls import url_of
from tests.service.exchanges import FakeExchange, head_for
from tests.service.sign_in_world import (
    CRM,
    DOCS,
    ISSUER,
    KEY,
    NAVIGATION,
    NOW,
    RECORD,
    SIGNIN,
    WIKI,
    Browser,
    FakeProvider,
    World,
)

PAGE = "https://wiki.example.com/page"
OUT = "https://wiki.example.com/.appproxy/sign-out"
CALLBACK, FINISH = f"{SIGNIN}/callback", "https://wiki.example.com/.appproxy/finish"
AGAIN = "https://wiki.example.com/.appproxy/again?r="
#: What a program sends: it is not led anywhere by itself.
PROGRAM: Fields = [(b"sec-fetch-mode", b"cors")]


@pytest.fixture
def world() -> World:
    """A new service."""
    return World()


@pytest.fixture
def browser(world: World) -> Browser:
    """The browser of somebody who means well."""
    return Browser(world)


def change(url: str, **changes: str | None) -> str:
    """The URL with other parameters; None takes one out."""
    head, _, query = url.partition("?")
    parameters = {name: parts[0] for name, parts in parse_qs(query, keep_blank_values=True).items()}
    parameters.update({name: value for name, value in changes.items() if value is not None})
    return head + "?" + urlencode([(key, value) for key, value in parameters.items() if changes.get(key, "") is not None])


def refused(exchange: FakeExchange, code: Code) -> None:
    """The error page of this failure, and no access."""
    assert exchange.failure is code, (exchange.failure, exchange.detail)
    assert exchange.field(b"location") is None
    assert not any(b"__Host-appproxy=" in value for value in exchange.fields(b"set-cookie"))


def begun_again(browser: Browser, url: str) -> None:
    """Led back to the application's host, without access."""
    exchange = browser.request(url)
    [location] = exchange.fields(b"location")
    assert (exchange.status, exchange.failure) == (303, None)
    assert location.startswith(AGAIN.encode())
    assert exchange.fields(b"set-cookie") == []
    jar = browser.jars.get("wiki.example.com", {})
    assert b"__Host-appproxy" not in jar


class TestStart:
    """Off to the provider."""

    def test_what_the_provider_is_asked(self, world: World, browser: Browser) -> None:
        """Code flow with PKCE S256, nonce, and a state in which nothing can be read; the verifier is in neither."""
        url = browser.stop_at(PAGE, ISSUER)
        asked = {name: parts[0] for name, parts in parse_qs(urlsplit(url).query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert (asked["client_id"], asked["redirect_uri"]) == ("client-1", CALLBACK)
        pending = PendingState.unseal(asked["state"].encode(), [KEY], NOW)
        [(name, secret)] = browser.jars["signin.example.com"].items()
        assert name == cookie_name(b"__Host-appproxy-browser", secret)
        assert (pending.browser, pending.nonce) == (binding(secret), asked["nonce"])
        assert asked["code_challenge"] == challenge(verifier_of(secret, asked["nonce"]))

    @pytest.mark.parametrize("query", ["", "?r=", "?r=garbage", "?r=AAAA", "?q=1"])
    def test_made_up_starts(self, browser: Browser, query: str) -> None:
        """Only the gate begins a sign-in."""
        refused(browser.request(f"{SIGNIN}/start{query}"), Code.SIGN_IN_STATE)

    def test_doubled_parameters(self, browser: Browser) -> None:
        """Two starts in one address are none."""
        url = browser.stop_at(PAGE, f"{SIGNIN}/start")
        refused(browser.request(url + "&" + url.partition("?")[2]), Code.SIGN_IN_STATE)

    def test_a_start_does_not_last(self, world: World, browser: Browser) -> None:
        """After hours it begins again by itself."""
        url = browser.stop_at(PAGE, f"{SIGNIN}/start")
        world.now += START_LIFETIME
        begun_again(browser, url)
        world.provider.now = lambda: world.now
        assert browser.open(url).status == 200
        assert browser.seen[-1] == PAGE

    @pytest.mark.parametrize("gone", [(CRM,), (replace(WIKI, external=CRM.external),)])
    def test_an_application_that_is_gone(self, world: World, browser: Browser, gone: Any) -> None:
        """Nobody is signed in to what is published no longer, or elsewhere."""
        url = browser.stop_at(PAGE, f"{SIGNIN}/start")
        world.store.snapshot = World(applications=gone).store.snapshot
        refused(browser.request(url), Code.SIGN_IN_STATE)

    def test_a_provider_that_is_down(self, world: World, browser: Browser) -> None:
        """The page says so, with 503 and when to come back."""
        world.provider.down = Code.PROVIDER_UNREACHABLE
        exchange = browser.open(PAGE)
        refused(exchange, Code.PROVIDER_UNREACHABLE)
        assert (exchange.status, exchange.field(b"retry-after")) == (503, b"10")
        assert b'<a href="%b">Try again</a>' % PAGE.encode() in exchange.content

    def test_a_provider_that_is_unknown(self, browser: Browser) -> None:
        """An application whose provider was removed fails the same way."""
        other = World(applications=(replace(WIKI, provider="gone"),))
        refused(Browser(other).open(PAGE), Code.PROVIDER_UNREACHABLE)


class TestCallback:
    """Back from the provider."""

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"state": "0" * 32}, Code.SIGN_IN_STATE),
            ({"state": None}, Code.SIGN_IN_STATE),
            ({"state": ""}, Code.SIGN_IN_STATE),
            ({"state": "../../x"}, Code.SIGN_IN_STATE),
            ({"iss": "https://evil.example"}, Code.TOKEN_REFUSED),
            ({"iss": None}, Code.TOKEN_REFUSED),
            ({"code": None}, Code.TOKEN_REFUSED),
            ({"code": "guessed"}, Code.PROVIDER_REFUSED),
            ({"code": None, "error": "access_denied"}, Code.PROVIDER_REFUSED),
        ],
    )
    def test_a_changed_answer(self, browser: Browser, changes: dict[str, str | None], code: Code) -> None:
        """Swapped or missing state, issuer (mix-up) or code: no sign-in."""
        refused(browser.request(change(browser.stop_at(PAGE, CALLBACK), **changes)), code)

    def test_a_changed_state_is_none(self, browser: Browser) -> None:
        """A state that only begins like ours is refused."""
        url = browser.stop_at(PAGE, CALLBACK)
        state = parse_qs(urlsplit(url).query)["state"][0]
        refused(browser.request(change(url, state=state[:40] + "0" * (len(state) - 40))), Code.SIGN_IN_STATE)

    @pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
    def test_doubled_parameters(self, browser: Browser, name: str) -> None:
        """Nobody can make us and another reader see different values."""
        refused(browser.request(browser.stop_at(PAGE, CALLBACK) + f"&{name}=a&{name}=b"), Code.SIGN_IN_STATE)

    def test_in_another_browser(self, world: World, browser: Browser) -> None:
        """Login CSRF: an attacker's answer does nothing in the victim's browser, which then signs in its own user."""
        url = browser.stop_at(PAGE, CALLBACK)
        codes = len(world.provider.codes)
        newcomer, victim = Browser(world), Browser(world)
        victim.stop_at(PAGE, CALLBACK)
        for other in (newcomer, victim):
            refused(other.request(url, fields=PROGRAM), Code.SIGN_IN_STATE)
            begun_again(other, url)
            world.provider.user = "bob"
            world.provider.claims = {"groups": ["staff"]}
            assert other.open(url).status == 200
            assert world.reached[-1] == ("wiki", "bob")
        assert len(world.provider.codes) >= codes, "the attacker's code was not even exchanged"

    def test_a_planted_cookie_of_another_browser(self, world: World, browser: Browser) -> None:
        """The cookie of one browser opens no state of another."""
        url = browser.stop_at(PAGE, CALLBACK)
        attacker = Browser(world)
        attacker.stop_at(PAGE, CALLBACK)
        browser.jars["signin.example.com"] = dict(attacker.jars["signin.example.com"])
        begun_again(browser, url)
        [value] = attacker.jars["signin.example.com"].values()
        browser.jars["signin.example.com"] = {b"__Host-appproxy-browser": value}
        begun_again(browser, url)

    def test_replay(self, world: World, browser: Browser) -> None:
        """An answer counts once, also for the browser that it was for; a person is led to the page."""
        url = browser.stop_at(PAGE, CALLBACK)
        assert browser.request(url).fields(b"location")[0].startswith(FINISH.encode())
        begun_again(browser, url)
        exchange = browser.request(url, fields=PROGRAM)
        refused(exchange, Code.SIGN_IN_STATE)
        assert "before" in exchange.detail

    def test_a_replay_at_the_same_moment(self, world: World, browser: Browser) -> None:
        """Of two that come at once, with a code each, one counts."""
        url = browser.stop_at(PAGE, CALLBACK)
        world.provider.codes["second"] = dict(next(iter(world.provider.codes.values())))

        async def unused(id: str) -> bool:
            return False

        world.store.is_used = unused  # type: ignore[method-assign]
        assert browser.request(url).fields(b"location")[0].startswith(FINISH.encode())
        begun_again(browser, change(url, code="second"))

    def test_one_code_for_a_sign_in(self, world: World, browser: Browser) -> None:
        """Whoever has begun one makes us ask the provider once, however many codes they make up for it."""
        url = browser.stop_at(PAGE, CALLBACK)
        refused(browser.request(change(url, code="guessed")), Code.PROVIDER_REFUSED)
        for number in range(20):
            exchange = browser.request(change(url, code=f"guessed {number}"), fields=PROGRAM)
            refused(exchange, Code.SIGN_IN_STATE)
            assert "before" in exchange.detail
        begun_again(browser, url)
        assert world.provider.tried == ["guessed"]

    def test_who_fills_what_is_remembered_keeps_nobody_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many sign-ins they make up codes for: those that others have begun end, and once."""
        monkeypatch.setattr("appproxy.service.signin.steps._TRIED", 3)
        world = World()
        browser = Browser(world)
        mine = browser.stop_at(PAGE, CALLBACK)
        attacker = Browser(world)
        for number in range(8):
            made_up = change(attacker.stop_at(PAGE, CALLBACK), code=f"guessed {number}")
            refused(attacker.request(made_up, fields=PROGRAM), Code.PROVIDER_REFUSED)
        assert browser.open(mine, limit=20).status == 200
        for number in range(8):
            made_up = change(attacker.stop_at(PAGE, CALLBACK), code=f"guessed {number}")
            refused(attacker.request(made_up, fields=PROGRAM), Code.PROVIDER_REFUSED)
        tried = len(world.provider.tried)
        refused(browser.request(mine, fields=PROGRAM), Code.SIGN_IN_STATE)
        assert len(world.provider.tried) == tried

    @pytest.mark.parametrize("of", ["nobody", "another browser", "another time"])
    def test_what_is_not_ours_costs_the_provider_nothing(self, world: World, browser: Browser, of: str) -> None:
        """A made-up state, one without its cookie and one of long ago are refused before the provider is asked anything."""
        url = browser.stop_at(PAGE, CALLBACK)
        state = parse_qs(urlsplit(url).query)["state"][0]
        if of == "nobody":
            url = change(url, state="A" * len(state))
        elif of == "another browser":
            browser = Browser(world)
        else:
            world.now += START_LIFETIME
        world.provider.down = Code.INTERNAL  # what any question is answered with now
        for _ in range(3):
            refused(browser.request(url, fields=PROGRAM), Code.SIGN_IN_STATE)
        assert world.provider.tried == []

    def test_an_answer_that_was_lost(self, world: World, browser: Browser) -> None:
        """The code is not sent again: the sign-in begins again by itself, once."""
        world.provider.lost = AnswerLost(Code.PROVIDER_UNREACHABLE, "closed")
        assert browser.open(PAGE, limit=20).status == 200
        assert world.provider.tried == ["code-1", "code-2"]

    def test_nobody_makes_the_store_remember(self, world: World, browser: Browser) -> None:
        """Whoever the provider does not know writes nothing down, however many answers they make up."""
        for _ in range(20):
            url = browser.stop_at(PAGE, CALLBACK)
            refused(browser.request(change(url, code="guessed")), Code.PROVIDER_REFUSED)
        assert not world.store._used

    @pytest.mark.parametrize(
        "changes",
        [
            {"nonce": "another"}, {"aud": "client-2"}, {"iss": "https://evil.example"}, {"sub": ""},
            {"exp": NOW - 100, "iat": NOW - 200}, {"exp": 1e300}, {"iat": NOW + 3600, "exp": NOW + 7200},
        ],
    )  # fmt: skip
    def test_a_token_that_is_not_for_this_sign_in(
        self, world: World, browser: Browser, changes: dict[str, object]
    ) -> None:
        """Nonce, audience, issuer, subject and times of the token are checked."""
        world.provider.changes = changes
        refused(browser.open(PAGE), Code.TOKEN_REFUSED)

    def test_a_new_key_of_the_provider(self, world: World, browser: Browser) -> None:
        """When the provider signs with a new key, its key set is fetched again, once."""
        world.provider.key = ECKey.generate_key("P-256", {"kid": "k2"})
        assert browser.open(PAGE).status == 200
        assert world.provider.refreshed == 1

    def test_a_key_that_is_nobodys(self, world: World, browser: Browser) -> None:
        """A token under a key that the provider does not publish is refused after one more look."""

        async def keys(refresh: bool = False) -> Any:
            world.provider.refreshed += refresh
            return await FakeProvider().keys()

        world.provider.keys = keys  # type: ignore[method-assign]
        world.provider.key = ECKey.generate_key("P-256", {"kid": "stranger"})
        refused(browser.open(PAGE), Code.TOKEN_REFUSED)
        assert world.provider.refreshed == 1

    @pytest.mark.parametrize(("error", "again"), [("access_denied", False), ("server_error", False),
                                                  ("login_required", True), ("temporarily_unavailable", True)])
    def test_an_error_of_the_provider(self, world: World, browser: Browser, error: str, again: bool) -> None:
        """What passes is tried once more by itself, and once only; for the rest there is a link to the page."""
        url = change(browser.stop_at(PAGE, CALLBACK), code=None, error=error)
        if again:
            begun_again(browser, url)
            url = change(browser.stop_at(url, CALLBACK), code=None, error=error)
        exchange = browser.request(url)
        refused(exchange, Code.PROVIDER_REFUSED)
        assert b'<a href="%b">Try again</a>' % PAGE.encode() in exchange.content

    def test_who_is_not_assigned(self, world: World, browser: Browser) -> None:
        """A user without the application gets a page that says so, and no cookie."""
        world.provider.user, world.provider.claims = "bob", {"groups": ["Staff", "sales"]}
        exchange = browser.open(PAGE)
        refused(exchange, Code.NOT_ASSIGNED)
        assert exchange.status == 403
        found = re.search(rb'<a href="(https://signin.example.com/signed-out[^"]+)">', exchange.content)
        assert found is not None
        assert b"signed out" in browser.open(found[1].decode()).content
        assert browser.open("https://crm.example.com/").status == 200

    def test_a_session_ends_with_the_provider_it_came_from(self, world: World, browser: Browser) -> None:
        """With another provider for the application, a new one under the old name, or another issuer it does not count."""
        assert browser.open(PAGE).status == 200
        snapshot = world.store.snapshot
        moved = replace(WIKI, provider="new", assignment_required=False)
        for providers, application in (
            ({"idp": RECORD, "new": replace(RECORD, id="new", issuer="https://new.example.com")}, moved),
            ({"new": replace(RECORD, id="new")}, moved),
            ({"idp": replace(RECORD, issuer="https://new.example.com")}, WIKI),
            ({}, WIKI),
        ):
            world.store.snapshot = replace(
                snapshot, revision=world.store.snapshot.revision + 1, providers=providers,
                applications={"wiki": application}, router=Router([application]),
            )
            assert browser.request(PAGE).field(b"location") is not None
            assert browser.session("wiki.example.com") == {"signed_in": False}
        world.store.snapshot = replace(snapshot, revision=world.store.snapshot.revision + 1)
        assert browser.request(PAGE).status == 200

    def test_whose_sessions_were_revoked_just_now(self, world: World, browser: Browser) -> None:
        """Whoever is cut off while signing in gets no session."""
        world.store.snapshot = replace(world.store.snapshot, not_before={("idp", "ann"): NOW + 1})
        refused(browser.open(PAGE), Code.TOKEN_REFUSED)

    def test_too_many_groups(self, world: World, browser: Browser) -> None:
        """A user whose groups do not fit into the cookie is told so."""
        names = [f"staff-{number:030}" for number in range(150)]
        many = replace(WIKI, assigned_groups=frozenset(names))
        world.store.snapshot = World(applications=(many,)).store.snapshot
        world.provider.claims = {"groups": names}
        refused(browser.open(PAGE), Code.COOKIE_TOO_LARGE)

    def test_a_claim_that_would_break_a_header(self, world: World, browser: Browser) -> None:
        """A line break in a claim that becomes a field stops the sign-in."""
        world.provider.claims = {"email": "ann@example.com\r\nx-admin: 1"}
        refused(browser.open(PAGE), Code.TOKEN_REFUSED)

    def test_an_application_that_changed_its_provider(self, world: World, browser: Browser) -> None:
        """An answer of the old provider does not count for the new one."""
        url = browser.stop_at(PAGE, CALLBACK)
        other = replace(WIKI, provider="other")
        snapshot = World(applications=(other,)).store.snapshot
        record = replace(snapshot.providers["idp"], id="other")
        world.store.snapshot = replace(snapshot, providers={"other": record})
        world.sign_in.context.providers["other"] = OidcProvider(record, world.provider)  # type: ignore[index]
        begun_again(browser, url)


class TestFinish:
    """The last step, on the application's host."""

    def ticket(self, world: World, browser: Browser) -> str:
        """The URL of a good last step."""
        return browser.stop_at(PAGE, FINISH)

    def test_replay(self, world: World, browser: Browser) -> None:
        """The ticket counts once, on all nodes, even with the right start cookie."""
        url = self.ticket(world, browser)
        jar = dict(browser.jars["wiki.example.com"])
        assert browser.request(url).status == 303
        for _ in range(2):
            browser.jars["wiki.example.com"] = dict(jar)
            refused(browser.request(url, fields=PROGRAM), Code.SIGN_IN_STATE)
            begun_again(browser, url)

    def test_reloading_does_no_harm(self, world: World, browser: Browser) -> None:
        """With a session already there, the used ticket leads on to the page and changes no cookie."""
        url = self.ticket(world, browser)
        browser.request(url)
        exchange = browser.request(url)
        assert (exchange.status, exchange.field(b"location")) == (303, PAGE.encode())
        assert exchange.fields(b"set-cookie") == []

    @pytest.mark.parametrize(("chosen", "line"), [
        ({}, b"__Host-appproxy=V; Path=/; Secure; HttpOnly; SameSite=Lax"),
        ({"cookie_persistent": True}, b"__Host-appproxy=V; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200"),
        ({"cookie_http_only": False}, b"__Host-appproxy=V; Path=/; Secure; SameSite=Lax"),
        ({"cookie_same_site": "none"}, b"__Host-appproxy=V; Path=/; Secure; HttpOnly; SameSite=None"),
        ({"cookie_secure": False}, b"appproxy=V; Path=/; HttpOnly; SameSite=Lax"),
    ])
    def test_the_access_cookie_is_as_the_application_wants_it(self, chosen: dict[str, Any], line: bytes) -> None:
        """Each attribute is a setting; with any of them users come in, and leave again by sign-out."""
        wiki = replace(WIKI, **chosen)
        world = World(applications=(wiki, DOCS))
        browser = Browser(world, strict=False)
        exchange = browser.request(browser.stop_at(PAGE, FINISH))
        set_ = [value for value in exchange.fields(b"set-cookie") if b"-start-" not in value]
        name, _, value = line.partition(b"=V")
        assert [re.sub(rb"=[^;]+", b"=V", each, count=1) for each in set_] == [line]
        assert browser.request(PAGE).status == 200
        form = {"csrf": re.findall(rb'name="csrf" value="([^"]+)"', browser.request(OUT).content)[0].decode()}
        gone = browser.request(OUT, b"POST", form).fields(b"set-cookie")
        assert name + b"=" + value.partition(b"; Max-Age")[0] + b"; Max-Age=0" in gone
        assert browser.request(PAGE, fields=[]).status == 401

    def test_in_another_browser(self, world: World, browser: Browser) -> None:
        """Session fixation: the attacker's ticket does not sign the victim in as the attacker."""
        url = self.ticket(world, browser)
        newcomer, victim = Browser(world), Browser(world)
        victim.request(PAGE)
        world.provider.user = "bob"
        for other in (newcomer, victim):
            refused(other.request(url, fields=PROGRAM), Code.SIGN_IN_STATE)
            begun_again(other, url)
            assert other.open(url).status == 200
            assert world.reached[-1] == ("wiki", "bob")

    def test_on_another_host_or_path(self, world: World, browser: Browser) -> None:
        """A ticket for one application opens no other."""
        url = self.ticket(world, browser)
        browser.jars["crm.example.com"] = dict(browser.jars["wiki.example.com"])
        refused(browser.request(url.replace("wiki.", "crm.")), Code.SIGN_IN_STATE)

    def test_too_late(self, world: World, browser: Browser) -> None:
        """After a minute the ticket is worth nothing, and the sign-in begins again by itself."""
        url = self.ticket(world, browser)
        world.now += FINISH_LIFETIME
        begun_again(browser, url)
        assert browser.open(url).status == 200
        assert browser.seen[-1] == PAGE

    def test_texts_of_other_steps(self, world: World, browser: Browser) -> None:
        """The start's text and the access cookie are no tickets."""
        start = browser.stop_at(PAGE, f"{SIGNIN}/start")
        refused(browser.request(f"{FINISH}?t={parse_qs(urlsplit(start).query)['r'][0]}"), Code.SIGN_IN_STATE)
        browser.open(PAGE)
        value = browser.jars["wiki.example.com"].pop(b"__Host-appproxy").decode()
        refused(browser.request(f"{FINISH}?t={value}"), Code.SIGN_IN_STATE)

    def test_doubled_and_missing(self, world: World, browser: Browser) -> None:
        """Neither two tickets nor none."""
        url = self.ticket(world, browser)
        refused(browser.request(url + "&t=x"), Code.SIGN_IN_STATE)
        refused(browser.request(FINISH), Code.SIGN_IN_STATE)


#: What attackers put into the way back of others' products.
PAYLOADS = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/%2f/evil.example", "/%5cevil.example",
    "https://evil.example", "https:evil.example", "//evil.example@wiki.example.com", "/@evil.example", "/.evil.example",
    "/;@evil.example", "/?next=//evil.example", "/%0d%0aLocation:https://evil.example", "javascript:alert(1)",
    "/javascript:alert(1)", "data:text/html,x", "/..//evil.example", "/%2e%2e//evil.example",
    "//wiki.example.com:x@evil.example",
    "/\tevil.example", "/\xa0evil.example", "/%09/evil.example", "//evil%E3%80%82example", "/a?b=https://evil.example/#x",
]  # fmt: skip


class TestTheWayBack:
    """Sign-in never sends anybody to another site."""

    @pytest.mark.parametrize("payload", PAYLOADS)
    @pytest.mark.parametrize("applications", [(WIKI,), (WIKI, DOCS)])
    def test_open_redirects(self, applications: tuple[Application, ...], payload: str) -> None:
        """Whatever path is asked for, the user ends on the application's own host, or is refused."""
        world = World(applications=applications)
        head = head_for(PAGE, fields=NAVIGATION)
        head.target = payload.encode("latin-1")
        status, block, _ = world.sign_in.begin(head, WIKI, "1f", NOW)
        if not payload.startswith("/"):
            assert status == 400
            return
        browser = Browser(world)
        [cookie] = values(block, b"set-cookie")
        name, _, value = cookie.partition(b";")[0].partition(b"=")
        browser.jars["wiki.example.com"] = {name: value}
        [location] = values(block, b"location")
        url = browser.stop_at(location.decode(), FINISH)
        exchange = browser.request(url)
        if len(applications) > 1 and is_ambiguous(head.target.partition(b"?")[0]):
            refused(exchange, Code.SIGN_IN_STATE)
            return
        [end] = exchange.fields(b"location")
        assert end.startswith(b"https://wiki.example.com/")
        assert end.isascii()
        assert not set(end) & set(b"\t\r\n \xa0")

    @pytest.mark.parametrize("name", ["next", "r", "return", "return_to", "redirect", "redirect_uri", "url", "target", "p"])
    def test_no_parameter_sets_it(self, world: World, name: str) -> None:
        """A parameter with an address is ignored at every step, or breaks the step."""
        browser = Browser(world)
        for step in (f"{SIGNIN}/start", CALLBACK, FINISH):
            url = browser.stop_at(PAGE, step)
            exchange = browser.request(f"{url}&{name}=https://evil.example/")
            assert not any(b"evil" in value.partition(b"?")[0] for value in exchange.fields(b"location"))

    def test_only_the_applications_own_paths(self) -> None:
        """Even a sealed text cannot lead out of the application's part of the host."""
        router = Router([WIKI, DOCS])
        route = router.find("wiki.example.com", b"/docs/")
        assert url_of(router, route, "/docs/a?b") == "https://wiki.example.com/docs/a?b"
        assert url_of(router, route, "/docs") == "https://wiki.example.com/docs"
        for target in ("/", "/docsx", "//evil.example/docs/", "docs/", ""):
            with pytest.raises(Exception, match="SIGN_IN_STATE"):
                url_of(router, route, target)

    def test_a_text_under_anothers_key(self, world: World, browser: Browser) -> None:
        """Who does not have the key cannot make a way back of their own."""
        foreign = replace(KEY, secret=b"x" * 32)
        secret = mint(b"s" * 16)
        start = StartState("wiki", "wiki.example.com", "//evil.example", binding(secret))
        forged = start.seal(foreign, NOW, bytes(12)).decode()
        refused(browser.request(f"{SIGNIN}/start?r={forged}"), Code.SIGN_IN_STATE)
        browser.open(PAGE)
        session = browser.world.gate.check(
            head_for(PAGE, fields=[(b"cookie", b"__Host-appproxy=" + browser.jars["wiki.example.com"][b"__Host-appproxy"])]),
            world.store.snapshot.router.find("wiki.example.com", b"/"), world.store.snapshot, NOW,
        )
        ticket = FinishState("u", start, session.session).seal(foreign, NOW, bytes(12)).decode()  # type: ignore[union-attr,arg-type]
        other = Browser(world)
        other.jars["wiki.example.com"] = {cookie_name(START_COOKIE, secret): secret}
        refused(other.request(f"{FINISH}?t={ticket}"), Code.SIGN_IN_STATE)


def test_no_secret_is_shown(world: World, browser: Browser) -> None:
    """Codes, states, cookies and secrets appear on no error page."""
    url = browser.stop_at(PAGE, CALLBACK)
    [sealed] = browser.jars["signin.example.com"].values()
    exchange = browser.request(change(url, iss="https://evil.example"))
    for secret in (*parse_qs(urlsplit(url).query)["code"], "evil.example", "canary", sealed.decode()):
        assert secret.encode() not in exchange.content
        assert secret not in exchange.detail
