"""Sign-in on the real store and with the built-in provider: the whole way, with a password."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.net.chance import TimeAndChance
from appproxy.provider import BuiltInProvider, hash_password
from appproxy.provider.passwords.checker import PasswordWork
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.own.resources import ResourceHandler
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.sign_in import BuiltInPages, SignIn, SignInPlace
from appproxy.service.signin.stores.live_store import LiveSignInStore
from appproxy.store.applications import applications, assignments
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.sealing import Sealer
from appproxy.store.service import audit
from appproxy.store.service.note import nowhere
from appproxy.store.snapshot import ProviderRecord
from appproxy.testing.network import InlinePool
from tests.fakes.outcome import got
from tests.fakes.threads import NoThreads, run_at_once
from tests.provider.house import CHEAP, ISSUER, NOW, PASSWORD, Now
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import Browser, World

PAGE = "https://wiki.example.com/page?q=1"


@dataclass
class Service(World):
    """A node with a database and the built-in provider."""

    live: LiveStore = field(kw_only=True)
    builtin: BuiltInProvider = field(kw_only=True)
    clock: NoThreads = field(kw_only=True)

    def __post_init__(self) -> None:
        wall_clock = Now(self.clock)
        self.now = wall_clock()
        self.noted: list[tuple[str, str, str, Mapping[str, object]]] = []
        self.store: Any = LiveSignInStore(self.live, self._note, wall_clock)
        record = ProviderRecord("builtin", "builtin", ISSUER, "", "", kind="builtin")
        provider = OidcProvider(record, self.builtin.client())
        self.sign_in = SignIn(
            SignInPlace(ISSUER, 443), self.store, {"builtin": provider}, TimeAndChance(wall_clock),
            builtin=BuiltInPages(self.builtin.resources(), self.builtin.end_session),
        )
        self.gate = Gate()
        self.reached = []
        self.own = ResourceHandler(self.sign_in.application_root)
        self.signin = ResourceHandler(self.sign_in.signin_root)
        self._apps = ResourceHandler(self.sign_in.apps_root)

    def handle(self, exchange: FakeExchange) -> None:
        """What the front does with a request."""
        if exchange.head.host == "apps.example.com":
            self._apps(exchange)
        else:
            super().handle(exchange)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database with an application for Ann, and Bob, who has none."""
    made = Store.create(f"sqlite:///{tmp_path_factory.mktemp('store')}/appproxy.db", Sealer(b"m" * 32, "test master"))
    with made.transaction(NOW) as tx:
        initialise(tx, "example.com", ISSUER)
        applications.publish(tx, "wiki", "http://wiki.internal:8080/", "https://wiki.example.com/")
        users.add(tx, "ann", hash_password(PASSWORD, CHEAP), "Ann Other", "ann@example.com", ["staff"])
        users.add(tx, "bob", hash_password(PASSWORD, CHEAP), "Bob", "", [])
        assignments.assign(tx, "wiki", group="staff")
    yield made
    made.close()


@pytest.fixture
def service(database: Store) -> Iterator[Service]:
    """The service on it."""
    clock = NoThreads()
    live = LiveStore(clock, database, Now(clock), pool=InlinePool())
    got(live.start())
    builtin = BuiltInProvider(live, ISSUER, clock, TimeAndChance(Now(clock)), work=PasswordWork(CHEAP, run_at_once))
    builtin.start()
    yield Service(live=live, builtin=builtin, clock=clock)
    builtin.stop()
    for call in clock.getDelayedCalls():
        call.cancel()


def type_password(browser: Browser, form: FakeExchange, name: str) -> FakeExchange:
    """Fill the form in, send it, and follow."""
    found = re.search(rb'name="csrf" value="([^"]+)"', form.content)
    action = re.search(rb'action="([^"]+)"', form.content)
    assert found is not None
    assert action is not None
    typed = {"csrf": unescape(found[1].decode()), "username": name, "password": PASSWORD}
    exchange = browser.request(ISSUER + action[1].decode(), b"POST", typed)
    assert exchange.status == 303, exchange.detail
    return browser.open(exchange.fields(b"location")[0].decode())


def test_with_a_password_to_the_page(service: Service) -> None:
    """A user of the built-in provider types name and password once and ends at the page asked for."""
    browser = Browser(service)
    form = browser.open(PAGE)
    assert b"wiki" in form.content
    assert type_password(browser, form, "ann").content == b"welcome"
    assert browser.seen[-1] == PAGE
    assert browser.session("wiki.example.com")["name"] == "Ann Other"


def test_who_is_not_assigned(service: Service) -> None:
    """A right password alone opens no application."""
    browser = Browser(service)
    exchange = type_password(browser, browser.open(PAGE), "bob")
    assert exchange.failure is Code.NOT_ASSIGNED
    ((actor, action, target, detail),) = service.noted
    assert (actor, action) == (f"user:{target}", "sign-in.refused") and target
    assert (detail["application"], detail["provider"], detail["code"]) == ("wiki", "builtin", "NOT_ASSIGNED")


def test_one_sign_in_for_all(service: Service) -> None:
    """While the provider's session lasts, no password is asked for again."""
    browser = Browser(service)
    type_password(browser, browser.open(PAGE), "ann")
    browser.jars["wiki.example.com"].clear()
    assert browser.open(PAGE).content == b"welcome"


def test_sign_out_ends_both(service: Service) -> None:
    """After sign-out the application asks for the password again; the audit log knows of it."""
    browser = Browser(service)
    type_password(browser, browser.open(PAGE), "ann")
    stolen = dict(browser.jars["wiki.example.com"])
    form = browser.request("https://wiki.example.com/.appproxy/sign-out")
    found = re.search(rb'name="csrf" value="([^"]+)"', form.content)
    assert found is not None
    exchange = browser.request("https://wiki.example.com/.appproxy/sign-out", b"POST", {"csrf": found[1].decode()})
    assert b"signed out" in browser.open(exchange.fields(b"location")[0].decode()).content
    browser.jars["wiki.example.com"] = stolen
    assert b"password" in browser.open(PAGE).content
    (out,) = [row for row in got(service.live.read(audit.list_recent)) if row.action == "sign-out"]
    assert {"address", "application", "provider", "session", "issuer"} <= out.detail.keys()
    assert [action for _, action, _, _ in service.noted] == ["sign-in"]
    _, _, target, detail = service.noted[0]
    assert (out.actor, out.target, out.detail["session"]) == (f"user:{target}", target, detail["session"])


def test_ids_are_used_once_on_all_nodes(service: Service) -> None:
    """Two nodes with one database agree on what was used."""
    store = LiveSignInStore(service.live, nowhere, lambda: NOW)
    assert run(store.use_once("finish:1", NOW + 60))
    assert not run(LiveSignInStore(service.live, nowhere, lambda: NOW).use_once("finish:1", NOW + 60))


def test_a_revoked_session_is_in_the_snapshot(service: Service) -> None:
    """All nodes learn of it from their picture of the store."""
    store = LiveSignInStore(service.live, nowhere, lambda: NOW)
    run(store.revoke(Session("s-1", "u", ISSUER, "corp", "n", NOW, NOW + 60, NOW), {"address": "192.0.2.1"}))
    assert "s-1" in store.snapshot.revoked_sessions


def test_the_provider_ends_a_session(service: Service) -> None:
    """In the database each session that ends has an entry, and an id is used once; what nobody has signed writes nothing."""
    browser = Browser(service)
    type_password(browser, browser.open(PAGE), "ann")
    store: LiveSignInStore = service.store
    _, _, subject, detail = service.noted[0]
    noted = {"provider": "x", "reason": "back-channel logout"}
    before = service.live.snapshot.revision
    assert run(store.end_at_provider("builtin", "", "no such session", noted)) == 0
    assert service.live.snapshot.revision == before
    count = run(store.end_at_provider("builtin", subject, "", noted, ("once", NOW + 60)))
    assert count >= 1  # other tests have left some
    assert run(store.end_at_provider("builtin", subject, "", noted, ("once", NOW + 60))) is None
    ended = [row for row in got(service.live.read(audit.list_recent)) if row.action == "session.ended"]
    assert {(row.target, row.detail["reason"]) for row in ended} == {(subject, noted["reason"])}
    assert len(ended) == count and detail["session"] in {row.detail["session"] for row in ended}
    assert browser.request(PAGE, fields=[]).status == 401


def test_signing_out_of_the_provider_ends_all(service: Service) -> None:
    """At the built-in provider's own page, without any application."""
    browser = Browser(service)
    type_password(browser, browser.open(PAGE), "ann")
    form = browser.request(f"{ISSUER}/logout")
    found = re.search(rb'name="csrf" value="([^"]+)"', form.content)
    assert found is not None
    assert browser.request(f"{ISSUER}/logout", b"POST", {"csrf": unescape(found[1].decode())}).status == 303
    assert browser.request(PAGE, fields=[]).status == 401


def run(coroutine: Any) -> Any:
    """The result of a coroutine that does not have to wait."""
    return got(Deferred.fromCoroutine(coroutine))
