"""Sessions in use: their cookies are made again, and what the provider says of the user is renewed without the user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from joserfc.jwk import ECKey
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from appproxy.errors import Code, StoreError
from appproxy.identity.openid.oidc import TokenAnswer
from appproxy.identity.session import Session
from appproxy.net.chance import TimeAndChance
from appproxy.policy.verdict import Pass
from appproxy.publish.application import HeaderRule
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.own.resources import ResourceHandler
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.refreshing import RefreshStore
from appproxy.service.signin.sessions.renewal import Renewal
from appproxy.service.signin.sign_in import SignIn, SignInPlace
from appproxy.service.signin.stores.live_store import LiveSignInStore
from appproxy.store.applications import applications, assignments
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.people import providers
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import SessionRow
from appproxy.store.roles import assignments as role_assignments
from appproxy.store.roles.assignments import NamedHolder
from appproxy.store.service import audit
from appproxy.store.snapshot import ProviderRecord
from appproxy.testing.network import InlinePool
from tests.fakes.outcome import got
from tests.fakes.threads import NoThreads
from tests.provider.house import NOW, Now
from tests.service.exchanges import FakeExchange, head_for
from tests.service.sign_in_world import ISSUER, SIGNIN, Browser, FakeProvider, World
from tests.store.conftest import database_url, empty_store, sealer, server, store, templates  # noqa: F401 -- fixtures

PAGE = "https://wiki.example.com/page"


@dataclass
class Node(World):
    """A process of the service, on a database that others may use, too."""

    live: LiveStore = field(kw_only=True)
    clock: NoThreads = field(kw_only=True)
    record: ProviderRecord = field(kw_only=True)

    def __post_init__(self) -> None:
        wall_clock = Now(self.clock)
        self.noted: list[tuple[str, str, str, Mapping[str, object]]] = []
        self.store: Any = LiveSignInStore(self.live, self._note, wall_clock)
        self.refresh_store: RefreshStore = self.store
        self.sign_in = SignIn(
            SignInPlace(SIGNIN, 443), self.store, {self.record.id: OidcProvider(self.record, self.provider)},
            TimeAndChance(wall_clock), refreshing=(self.store, self.clock),
        )
        assert self.sign_in.renewal is not None
        self.renewal: Renewal = self.sign_in.renewal
        self.changed: list[str] = []
        self.renewal.changed = self.changed.append
        self.gate = Gate(renewing=self.renewal)
        self.reached = []
        #: The groups that requests came with.
        self.groups: list[tuple[str, ...]] = []
        self.own = ResourceHandler(self.sign_in.application_root)
        self.signin = ResourceHandler(self.sign_in.signin_root)

    def _enter(self, exchange: FakeExchange) -> None:
        """As the stages `authentication` and `authorization` do it."""
        self.now = now = Now(self.clock)()
        head, snapshot = exchange.head, self.store.snapshot
        route = snapshot.router.find(head.host, head.target)
        verdict = self.gate.check(head, route, snapshot, now)
        if isinstance(verdict, Pass):
            opened = self.gate.authenticate(head, route, snapshot, now)
            lines = self.gate.renew(opened, now) if now >= opened.renew_at else b""
            assert verdict.session is not None
            self.groups.append(verdict.session.groups)
            exchange.answer(200, b"content-type: text/plain\n" + lines, b"welcome")
        else:
            super()._enter(exchange)


class House:
    """A database, a provider, and the nodes on them."""

    def __init__(self, database: Store, clock: NoThreads, **provider: Any) -> None:
        self.clock = clock
        self.database = database
        self.provider = FakeProvider(now=Now(clock), refresh_token="refresh-0", lifetime=60.0, **provider)
        with database.transaction(NOW) as tx:
            self.record = providers.add(tx, "idp", ISSUER, "client-1", "secret")
            applications.publish(tx, "wiki", "http://w/", "https://wiki.example.com/", provider="idp")
            applications.publish(tx, "crm", "http://c/", "https://crm.example.com/", provider="idp")
            for name, group in (("wiki", "staff"), ("wiki", "sales"), ("crm", "staff")):
                assignments.assign(tx, name, group=group)
        self.nodes = [self.node(), self.node()]

    def node(self) -> Node:
        """Another process."""
        live = LiveStore(self.clock, self.database, Now(self.clock), pool=InlinePool())
        got(live.start())
        return Node(live=live, clock=self.clock, record=self.record, provider=self.provider)

    def browser(self) -> Browser:
        """Signed in."""
        browser = Browser(self.nodes[0])
        assert browser.open(PAGE).status == 200
        return browser

    def rows(self) -> list[SessionRow]:
        """All sessions."""
        with self.database.reading() as reading:
            return session_rows.list_all(reading, NOW)

    def pass_time(self, seconds: float) -> None:
        """In steps, so that what is due meanwhile happens."""
        self.clock.pump([min(1.0, seconds)] * max(int(seconds), 1))


@pytest.fixture
def house(store: Store) -> Iterator[House]:  # noqa: F811 -- a fixture
    """A new one."""
    clock = NoThreads()
    yield House(store, clock)
    for call in clock.getDelayedCalls():
        call.cancel()


def ask(browser: Browser, url: str = PAGE, node: Node | None = None) -> FakeExchange:
    """A request of a script: whoever is not signed in gets 401."""
    if node is not None:
        browser.world = node
    return browser.request(url, fields=[])


def cookie(browser: Browser, host: str = "wiki.example.com") -> bytes:
    """The access cookie."""
    return browser.jars[host][b"__Host-appproxy"]


class TestTheCookie:
    """It is made again while it is used."""

    def test_every_five_minutes(self, house: House) -> None:
        """Not before, and once; the old one of another tab still counts, and the row is marked."""
        browser = house.browser()
        first = cookie(browser)
        house.pass_time(40)
        house.provider.lifetime = 10_000.0
        assert ask(browser).status == 200
        house.pass_time(20)
        ask(browser)
        house.pass_time(1)
        assert ask(browser).fields(b"set-cookie"), "with what refreshing has brought"
        house.pass_time(200)
        assert ask(browser).fields(b"set-cookie") == []
        refreshed = cookie(browser)
        house.pass_time(120)
        assert ask(browser).fields(b"set-cookie")
        again = cookie(browser)
        assert len({first, refreshed, again}) == 3
        assert ask(browser).fields(b"set-cookie") == []
        browser.jars["wiki.example.com"][b"__Host-appproxy"] = first
        assert ask(browser).status == 200
        house.pass_time(6)
        assert house.rows()[0].seen == NOW + 381

    def test_idle(self, house: House) -> None:
        """Whoever comes in time stays to the session's end, others sign in again."""
        browser = house.browser()
        for _ in range(3):
            house.clock.advance(4 * 3600 - 10)
            assert ask(browser).status == 200
        idle = house.browser()
        house.clock.advance(4 * 3600)
        assert ask(idle).status == 401
        assert ask(browser).status == 401, "12 hours"

    def test_a_clock_that_steps_back(self, house: House) -> None:
        """A cookie from the future counts, and is made again with the time of now."""
        browser = house.browser()
        house.clock.rightNow -= 86400.0
        browser.world = house.nodes[1]
        assert ask(browser).fields(b"set-cookie")
        assert ask(browser).fields(b"set-cookie") == []


class TestRefreshing:
    """The provider is asked again."""

    def test_once_for_all_tabs_hosts_and_processes(self, house: House) -> None:
        """One refresh for each life of the tokens, whoever asks; everybody passes meanwhile."""
        browser = house.browser()
        assert browser.open("https://crm.example.com/").status == 200
        for life in range(1, 6):
            house.pass_time(61)
            for tab in range(20):
                url = PAGE if tab % 2 else "https://crm.example.com/"
                assert ask(browser, url, house.nodes[tab % 3 % 2]).status == 200
            assert len(house.provider.refreshes) == life
        assert house.rows()[0].refreshes == 5

    def test_a_provider_that_takes_its_time(self, house: House) -> None:
        """The life of its tokens begins with its answer: it is not asked again before that is over."""
        quick, asked = house.provider.refresh, []

        async def slow(refresh_token: str, client_id: str) -> TokenAnswer:
            asked.append(refresh_token)
            await deferLater(house.clock, 8.0)
            return await quick(refresh_token, client_id)

        house.provider.refresh = slow  # type: ignore[method-assign]
        browser = house.browser()
        house.pass_time(60)
        ask(browser)
        house.pass_time(8)
        for seconds, count in ((59, 1), (1, 2)):
            house.pass_time(seconds)
            ask(browser)
            assert len(asked) == count

    def test_not_for_whoever_is_away(self, house: House) -> None:
        """No request, no refresh."""
        browser = house.browser()
        house.pass_time(3600)
        assert house.provider.refreshes == []
        ask(browser)
        assert len(house.provider.refreshes) == 1

    def test_what_is_new_counts(self, house: House) -> None:
        """Groups that were taken away: the next requests come without, on other nodes too, however old their cookie is."""
        house.provider.claims["groups"] = ["staff", "sales"]
        browser = house.browser()
        old = cookie(browser)
        house.provider.claims["groups"] = ["sales"]
        house.pass_time(61)
        ask(browser)
        house.pass_time(1)
        for node in house.nodes:
            browser.jars["wiki.example.com"][b"__Host-appproxy"] = old
            ask(browser, node=node)
            house.pass_time(1)
            assert ask(browser).status == 200
            assert node.groups[-1] == ("sales",) and node.changed
        assert node.groups[0] == ("staff", "sales")
        house.provider.claims["groups"] = []
        house.pass_time(61)
        ask(browser)
        house.pass_time(1)
        assert ask(browser).status == 403

    def test_the_provider_is_away(self, house: House) -> None:
        """Everybody goes on; when it is back it is asked once, and not before its pause is over."""
        browser = house.browser()
        house.provider.down = Code.PROVIDER_UNREACHABLE
        house.pass_time(61)
        for _ in range(120):
            assert all(ask(browser, node=node).status == 200 for node in house.nodes)
            house.pass_time(1)
        tried = len(house.provider.refreshes)
        assert 3 <= tried <= 6
        house.provider.down = None
        house.pass_time(60)
        for node in house.nodes:
            assert ask(browser, node=node).status == 200
            house.pass_time(1)
        assert ask(browser).status == 200
        assert len(house.provider.refreshes) == tried + 1

    def test_it_does_not_outlast_the_session(self, house: House) -> None:
        """With the provider away, or refreshing for ever, the session ends when it is to."""
        browser = house.browser()
        for _ in range(12):
            house.clock.advance(3600.0 - 1)
            assert ask(browser).status == 200
        house.clock.advance(13)
        assert ask(browser).status == 401

    def test_the_provider_refuses(self, house: House) -> None:
        """`invalid_grant` ends the session with all its applications, on all nodes, and the audit says why."""
        browser = house.browser()
        browser.open("https://crm.example.com/")
        house.provider.refresh_token = "another"
        house.pass_time(61)
        assert ask(browser).status == 200, "the request that has found out"
        house.pass_time(2)
        for node in house.nodes:
            for url in (PAGE, "https://crm.example.com/"):
                assert ask(browser, url, node).status == 401
        assert house.rows() == []
        with house.database.reading() as reading:
            (ended,) = [row for row in audit.list_recent(reading) if row.action == "session.ended"]
        assert (ended.target, ended.detail["provider"]) == ("ann", "idp")
        assert "invalid_grant" in str(ended.detail["reason"])
        assert browser.open(PAGE).status == 200

    def test_by_a_session_of_the_same_user(self, house: House) -> None:
        """One without tokens of its own: groups that roles name come and go with it; the provider's refusal ends it, and so
        does the end of the session by which it is asked. While the provider is away it goes on as it is.
        """
        with house.database.transaction(NOW) as tx:
            ops = role_assignments.resolve(tx, NamedHolder(group="ops", provider="idp"))
            role_assignments.assign(tx, "reader", ops)
        house.nodes = [house.node(), house.node()]
        house.provider.claims["groups"] = ["staff", "ops", "others"]
        house.browser()
        (row,) = house.rows()
        session = Session("line", "ann", ISSUER, house.record.id, "Ann", NOW, NOW + 9e6, NOW, groups=("ops",))

        def asked(node: int) -> Session | None:
            return got(Deferred.fromCoroutine(house.nodes[node].renewal.asked_again(row.id, session)))

        house.pass_time(61)
        found = asked(0)
        assert found is not None and sorted(found.groups) == ["ops", "staff"]
        assert (found.id, found.refresh_at, found.claims) == ("line", 0.0, {})
        assert asked(1) == found and len(house.provider.refreshes) == 1
        house.provider.claims["groups"] = ["staff"]
        house.pass_time(61)
        changed = asked(1)
        assert changed is not None and changed.groups == ("staff",)
        house.provider.down = Code.PROVIDER_UNREACHABLE
        house.pass_time(61)
        assert asked(0) == asked(1) == session
        house.provider.down, house.provider.refresh_token = None, "another"
        house.pass_time(61)
        assert asked(0) is None is asked(1) and house.rows() == []

    def test_somebody_else(self, house: House) -> None:
        """A token of another subject is as good as a refusal."""
        browser = house.browser()
        house.provider.user = "eve"
        house.pass_time(61)
        ask(browser)
        house.pass_time(2)
        assert ask(browser).status == 401

    @pytest.mark.parametrize("changes", [{"iss": "https://other"}, {"aud": "other"}, {"exp": NOW - 90}, {"iat": NOW + 9000}])
    def test_what_is_not_to_be_believed(self, house: House, changes: dict[str, Any]) -> None:
        """It says nothing new; the token that came with it is kept, so that the next refresh is possible."""
        browser = house.browser()
        house.provider.claims["groups"] = ["sales"]
        house.provider.changes = changes
        house.pass_time(61)
        ask(browser)
        house.provider.changes = {}
        house.pass_time(61)
        assert ask(browser).status == 200
        assert browser.world.groups[-1] == ("staff",)  # type: ignore[attr-defined]
        assert house.provider.refreshes == ["refresh-0", "refresh-1"]
        house.pass_time(2)
        ask(browser)
        assert browser.world.groups[-1] == ("sales",)  # type: ignore[attr-defined]

    def test_a_new_signing_key(self, house: House) -> None:
        """The key set is asked for again."""
        browser = house.browser()
        house.provider.key = ECKey.generate_key("P-256", {"kid": "k2"})
        house.provider.claims["groups"] = ["sales"]
        house.pass_time(61)
        ask(browser)
        house.pass_time(1)
        ask(browser)
        assert browser.world.groups[-1] == ("sales",)  # type: ignore[attr-defined]

    def test_signed_out_and_then_refreshed(self, house: House) -> None:
        """What was on its way when the session ended does not bring it back."""
        browser = house.browser()
        (row,) = house.rows()
        lease: Any = got_all(house.nodes[0].store.take_refresh, row.id, house, 61)
        with house.database.transaction(NOW + 61) as tx:
            session_rows.end(tx, row.id)
        made = replace(lease.before, refresh_at=NOW + 9000)
        assert got_all(house.nodes[0].store.finish_refresh, lease, made, "t", "i") is False
        assert got_all(house.nodes[1].store.take_refresh, row.id) is None
        house.pass_time(2)
        assert ask(browser).status == 401

    def test_a_session_that_the_store_does_not_know(self, house: House) -> None:
        """Such as after a backup was brought back: nobody could end it, so it ends."""
        browser = house.browser()
        with house.database.transaction(NOW) as tx:
            session_rows.purge(replace_now(tx, NOW + 90000))
        house.pass_time(61)
        ask(browser)
        house.pass_time(2)
        assert ask(browser).status == 401

    def test_a_process_that_dies_at_it(self, house: House) -> None:
        """Others wait for two minutes, and go on with the same token."""
        browser = house.browser()
        (row,) = house.rows()
        assert got_all(house.nodes[1].store.take_refresh, row.id, house, 61) is not None
        for _ in range(110):
            assert ask(browser, node=house.nodes[0]).status == 200
            house.pass_time(1)
        assert house.provider.refreshes == []
        for _ in range(12):
            ask(browser)
            house.pass_time(1)
        assert house.provider.refreshes == ["refresh-0"]

    def test_a_lease_from_the_future(self, house: House) -> None:
        """After a step back of the clock nobody waits for hours."""
        browser = house.browser()
        (row,) = house.rows()
        house.clock.rightNow += 9000.0
        assert got_all(house.nodes[1].store.take_refresh, row.id) is not None
        house.clock.rightNow -= 8000.0
        ask(browser)
        assert house.provider.refreshes == ["refresh-0"]

    def test_the_database_is_away(self, house: House) -> None:
        """What the provider has said is kept until it can be written: its old token may count no longer."""
        browser = house.browser()
        finish, failed = house.nodes[0].store.finish_refresh, []

        async def away(*arguments: Any) -> bool:
            failed.append(arguments)
            if len(failed) < 4:
                raise StoreError("away")
            done: bool = await finish(*arguments)
            return done

        house.nodes[0].store.finish_refresh = away
        house.pass_time(61)
        ask(browser)
        house.pass_time(10)
        assert len(failed) == 4
        assert ask(browser).status == 200
        house.pass_time(61)
        ask(browser)
        assert house.provider.refreshes == ["refresh-0", "refresh-1"]

    def test_without_a_refresh_token(self, store: Store) -> None:  # noqa: F811 -- a fixture
        """The session lasts as long as settings say, with what was known at sign-in."""
        clock = NoThreads()
        house = House(store, clock)
        house.provider.refresh_token = ""
        browser = house.browser()
        house.pass_time(3000)
        assert ask(browser).status == 200 and house.provider.refreshes == []
        assert house.rows()[0].refresh_at == 0.0

    def test_a_refresh_token_at_the_first_sign_in_only(self, house: House) -> None:
        """The session keeps it, and both applications are as new as the provider's word."""
        browser = house.browser()
        house.provider.refresh_token = ""
        assert browser.open("https://crm.example.com/").status == 200
        house.provider.refresh_token = "refresh-0"
        for url in (PAGE, "https://crm.example.com/"):
            house.pass_time(61)
            assert ask(browser, url).status == 200
        assert len(house.provider.refreshes) == 2

    def test_a_stream_alone(self, house: House) -> None:
        """Whoever has a stream open is refreshed as if requests came."""
        browser = house.browser()
        node = house.nodes[0]
        head = head_for(PAGE, b"GET", [(b"cookie", b"__Host-appproxy=" + cookie(browser))])
        route = node.store.snapshot.router.find(head.host, head.target)
        verdict = node.gate.check(head, route, node.store.snapshot, NOW)
        assert isinstance(verdict, Pass) and verdict.session is not None
        house.pass_time(59)
        node.renewal.watch(verdict.session, NOW + 59)
        assert house.provider.refreshes == []
        house.pass_time(2)
        for _ in range(3):
            node.renewal.watch(verdict.session, NOW + 61)
        assert len(house.provider.refreshes) == 1 and node.changed == [verdict.session.id]

    def test_header_rules(self, house: House) -> None:
        """Claims of header rules are renewed, and a rule that is new is heard of at the next refresh."""
        browser = house.browser()
        with house.database.transaction(NOW) as tx:
            applications.set_values(tx, "wiki", {"header.x-mail": "email"})
        house.provider.claims["email"] = "new@example.com"
        house.pass_time(62)
        ask(browser)
        house.pass_time(1)
        node = house.nodes[0]
        head = head_for(PAGE, b"GET", [(b"cookie", b"__Host-appproxy=" + cookie(browser))])
        route = node.store.snapshot.router.find(head.host, head.target)
        assert route.application.headers == (HeaderRule("x-mail", "email"),)
        # A verdict counts for a second while the provider is asked.
        verdict = node.gate.check(head, route, node.store.snapshot, Now(house.clock)())
        assert isinstance(verdict, Pass) and verdict.session is not None
        assert verdict.session.claims == {"email": "new@example.com"}


def test_many_sessions_many_tabs_two_processes(house: House) -> None:
    """While the provider takes its time, and is away for two lives of its tokens: one refresh for each life, all pass."""
    quick, asked = house.provider.refresh, 0

    async def slow(refresh_token: str, client_id: str) -> TokenAnswer:
        nonlocal asked
        asked += 1
        await deferLater(house.clock, 0.4)
        return await quick(refresh_token, client_id)

    house.provider.refresh = slow  # type: ignore[method-assign]
    # Each session has tokens of its own.
    house.provider.one_use = True
    browsers = [house.browser() for _ in range(40)]
    for life in range(1, 7):
        house.provider.down = Code.PROVIDER_UNREACHABLE if life in (3, 4) else None
        house.pass_time(60)
        for _ in range(3):
            for tab in range(20):
                node = house.nodes[tab % 2]
                assert all(ask(browser, node=node).status == 200 for browser in browsers)
            house.clock.advance(0.5)
    house.pass_time(5)
    rows = house.rows()
    assert {row.refreshes for row in rows} == {4} and len(rows) == 40
    assert asked <= 40 * (4 + 2 * 2), "while it was away each session has tried some few times"


def got_all(call: Any, *arguments: Any) -> Any:
    """The result of a coroutine of the store; with a house and seconds behind, after so long."""
    if len(arguments) > 2 and isinstance(arguments[-2], House):
        arguments[-2].pass_time(arguments[-1])
        arguments = arguments[:-2]
    return got(Deferred.fromCoroutine(call(*arguments)))


def replace_now(tx: Any, now: float) -> Any:
    """The same transaction at another time."""
    tx.now = now
    return tx
