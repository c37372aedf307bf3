"""What every step of a sign-in asks: which application, which provider, which cookies and sessions of the browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.web.test.requesthelper import DummyRequest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.cookie import seal_session
from appproxy.identity.sealing import NONCE_SIZE
from appproxy.identity.session import Session
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.publish.application import Application, ProviderAccess
from appproxy.service.signin.request.context import SignInContext, client_id, scopes
from appproxy.service.signin.stores.memory_store import MemorySignInStore
from appproxy.store.snapshot import BUILTIN
from tests.service.sign_in_world import CRM, DOCS, ISSUER, KEY, NOW, OPEN, RECORD, SIGNIN, WIKI, snapshot_of

HOST = "wiki.example.com"
THE_PROVIDER: Any = object()
ANN = Session("s1", "ann", ISSUER, "idp", "Ann", NOW - 60.0, NOW + 3600.0, NOW - 60.0, groups=("staff",))


def context(*applications: Application, port: int = 443, base: str = SIGNIN, **more: Any) -> SignInContext:
    """Of a node that has these applications."""
    store = MemorySignInStore(replace(snapshot_of(*(applications or (WIKI, CRM, DOCS, OPEN))), **more), lambda: NOW)
    return SignInContext(base, port, store, {"idp": THE_PROVIDER}, lambda: NOW,
        lambda size: b"r" * size)


def request(**cookies: bytes) -> Any:
    """A browser with these cookies: names without dashes."""
    made: Any = DummyRequest([])
    made.client = IPv4Address("TCP", "192.0.2.7", 5)
    made.getClientAddress = lambda: made.client
    lines = [b"%b=%b" % (name.encode(), value) for name, value in cookies.items()]
    if lines:
        made.requestHeaders.setRawHeaders(b"cookie", [b"; ".join(lines)])
    made.requestHeaders.setRawHeaders(b"user-agent", [b"Firefox/1"])
    return made


def cookie(here: SignInContext, application: Application, session: Session = ANN, name: bytes | None = None) -> tuple[str,
    bytes]:
    """The access cookie of a session: its name and value."""
    place = here.place(here.route(application, application.external.host))
    place = place if name is None else replace(place, name=name)
    return place.name.decode(), seal_session(session, KEY, place, bytes(NONCE_SIZE))


def refused(ask: Callable[[], object]) -> tuple[Code, str]:
    """Why something is not to be."""
    with pytest.raises((IdentityError, RequestError)) as caught:
        ask()
    return caught.value.code, caught.value.detail


def test_the_application_of_a_sign_in() -> None:
    """It has to be there still, on that host, and want a sign-in."""
    here = context()

    def wanted(application: str, host: str) -> Callable[[], object]:
        start: Any = type("Start", (), {"application": application, "host": host})()
        return lambda: here.application(start)

    assert wanted("wiki", HOST)() is WIKI and wanted("docs", HOST)() is DOCS
    gone = (Code.SIGN_IN_STATE, "the application is no longer published there")
    assert refused(wanted("gone", HOST)) == refused(wanted("wiki", "crm.example.com")) == refused(wanted("crm", HOST)) == gone
    assert refused(wanted("open", "open.example.com"))[0] is Code.SIGN_IN_STATE


def test_routes_of_a_host() -> None:
    """One for each application that wants a sign-in, the most granular first."""
    here = context()
    assert [one.application.id for one in here.routes_on(HOST)] == ["docs", "wiki"]
    assert here.routes_on("open.example.com") == [] == here.routes_on("nobody.example.com")
    assert here.route(DOCS, HOST).application is DOCS
    assert refused(lambda: here.route(CRM, HOST)) == (Code.SIGN_IN_STATE, "the application is no longer published there")


def test_providers_of_an_application() -> None:
    """One that it has no more, and one that this node has not."""
    here = context()
    assert here.provider(WIKI, "idp") == (RECORD, THE_PROVIDER)
    assert refused(lambda: here.provider(WIKI, "other")) == (Code.SIGN_IN_STATE, "the application has another provider now")
    both = replace(WIKI, other_providers=(ProviderAccess("other"),))
    assert refused(lambda: here.provider(both, "other")) == (Code.PROVIDER_UNREACHABLE, "no provider 'other'")


def test_the_key_that_seals() -> None:
    """Is the newest; without any nothing is sealed."""
    older = replace(KEY, id=2)
    assert context(keys=(KEY, older)).key is KEY
    assert refused(lambda: context(keys=()).key)[0] is Code.INTERNAL
    assert context().nonce() == b"r" * NONCE_SIZE


def test_where_it_is() -> None:
    """Callbacks are below the base, cookies on its host."""
    here = context(base="https://signin.example.com:8443/x", port=8443)
    assert here.origin == "https://signin.example.com:8443"
    assert here.redirect_uri(RECORD) == "https://signin.example.com:8443/x" + RECORD.callback_path
    assert here.place(here.route(WIKI, HOST)).name == b"__Host-appproxy-8443"


def test_the_access_cookie_is_as_the_application_wants_it() -> None:
    """With all guards, unless its admin lets go of some."""
    here = context()
    assert here.access_cookie(here.route(WIKI, HOST), b"v") == (
        b"__Host-appproxy=v; Path=/; Secure; HttpOnly; SameSite=Lax")
    bare = replace(WIKI, cookie_secure=False, cookie_http_only=False, cookie_same_site="none")
    loose = context(bare)
    assert loose.access_cookie(loose.route(bare, HOST), b"v", 9) == b"appproxy=v; Path=/; SameSite=None; Max-Age=9"


def test_cookies_that_go() -> None:
    """Those that the browser has, of all applications of the host, and none that it has not."""
    here = context()
    names = {one.application.id: here.place(one).name for one in here.routes_on(HOST)}
    assert here.gone_cookies(request(), HOST) == [] == here.gone_cookies(request(other=b"x"), HOST)
    gone = here.gone_cookies(request(**{name.decode(): b"x" for name in names.values()}), HOST)
    assert sorted(gone) == sorted(name + b"=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0" for name in names.values())
    bare = replace(WIKI, cookie_secure=False)
    loose = context(bare)
    both = loose.gone_cookies(request(**{"appproxy": b"x", "__Host-appproxy": b"x"}), HOST)
    assert both == [b"__Host-appproxy=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
                    b"appproxy=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"]


def test_sessions_that_count_now() -> None:
    """Not of who is assigned no more, whose session was ended, or is over; and not one that was moved from elsewhere."""
    here = context()
    route = here.route(WIKI, HOST)
    assert here.sessions_of(request(**dict([cookie(here, WIKI)])), route) == [ANN]
    assert here.sessions_of(request(), route) == []
    eve = replace(ANN, subject="eve")
    assert here.sessions_of(request(**dict([cookie(here, WIKI, eve)])), route) == [eve]
    for bad in (replace(eve, groups=()), replace(ANN, expires=NOW), replace(ANN, provider="other")):
        assert here.sessions_of(request(**dict([cookie(here, WIKI, bad)])), route) == []
    name, _ = cookie(here, WIKI)
    assert here.sessions_of(request(**{name: cookie(here, DOCS)[1]}), route) == []
    ended = context(revoked_sessions=frozenset({"s1"}))
    assert ended.sessions_of(request(**dict([cookie(ended, WIKI)])), route) == []


def test_of_a_cookie_that_comes_twice_none_counts() -> None:
    """As at the gate."""
    here = context()
    name, value = cookie(here, WIKI)
    twice = request()
    twice.requestHeaders.setRawHeaders(b"cookie", [b"%b=%b; %b=%b" % (name.encode(), value, name.encode(), value)])
    assert here.sessions_of(twice, here.route(WIKI, HOST)) == []


def test_a_sign_out_ends_all_of_a_host() -> None:
    """Those too that do not count at the moment, such as of somebody who is not assigned."""
    here = context()
    nobody = replace(ANN, id="s2", subject="eve", groups=())
    browser = request(**dict([cookie(here, WIKI, nobody), cookie(here, DOCS)]))
    assert [(route.application.id, session) for route, session in here.opened_on(browser, HOST)] == [("docs", ANN), ("wiki",
        nobody)]
    assert list(here.opened_on(browser, "crm.example.com")) == [] == list(here.opened_on(request(), HOST))


def test_a_cookie_without_secure_counts_where_it_is_wanted() -> None:
    """And the safe one there, too: who signed in before stays signed in."""
    bare = replace(WIKI, cookie_secure=False)
    here = context(bare)
    browser = request(**dict([cookie(here, bare), cookie(here, bare, replace(ANN, id="s2"), b"__Host-appproxy")]))
    assert [one.id for one in here.sessions_of(browser, here.route(bare, HOST))] == ["s2", "s1"]
    strict = context()
    assert strict.sessions_of(request(appproxy=cookie(here, bare)[1]), strict.route(WIKI, HOST)) == []


def test_a_session_is_bound_to_its_network_where_a_policy_wants_it() -> None:
    """And to none where none does."""
    policy = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["wiki"]},
              "session": {"bound_to_network": True}}
    bound = context(policies=PolicySet([read_policy(policy)], None, {}))
    assert bound.bound(request(), WIKI, ANN).network and bound.bound(request(), CRM, ANN) is ANN
    assert context().bound(request(), WIKI, ANN) is ANN


def test_what_is_decided_about() -> None:
    """The path alone, who is here, and with what."""
    found = context().context(request(), WIKI, ANN, "/a/ä€?q=1")
    assert (found.application, found.session, found.now, found.client, found.method) == (WIKI, ANN, NOW, "192.0.2.7", b"GET")
    assert (found.path, found.user_agent) == (b"/a/\xe4?", b"Firefox/1")
    assert context().context(request(), WIKI, None).path == b"/"


def test_what_we_are_called_at_a_provider() -> None:
    """At the built-in one each application is a client, and groups are asked for."""
    own = replace(RECORD, id=BUILTIN)
    assert (client_id(RECORD, WIKI), client_id(own, WIKI)) == ("client-1", "wiki")
    assert (scopes(RECORD), scopes(own)) == (("openid", "email"), ("openid", "email", "groups"))
