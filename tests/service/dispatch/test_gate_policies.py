"""The gate with policies: what was judged is remembered by what was looked at, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

from twisted.internet.defer import Deferred

from appproxy.identity.openid.access_token import AccessToken
from appproxy.identity.session import Session
from appproxy.policy.authorizer import RequestContext
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.model import Location
from appproxy.policy.conditional.parts.contexts import Contexts
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute, Router
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.machine_gate import MachineGate
from appproxy.service.dispatch.gates.provider_tokens import KnownToken
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stages.access import Authentication, Authorization
from appproxy.store.snapshot import ProviderRecord
from tests.service.dispatch.gates.test_gate import ANN, HOST, NOW, ROUTE, WIKI, cookie, head, snapshot_of
from tests.service.dispatch.stage_fakes import SignInPage
from tests.service.exchanges import FakeExchange

OFFICE = "192.0.2.1"
WINDOWS, PHONE = b"Mozilla/5.0 (Windows NT 10.0)", b"Mozilla/5.0 (iPhone)"


class CountedLocations(Locations):
    """Counts how often it is asked."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__([Location("office", ("192.0.2.0/24",))])
        self.asked = 0

    def of(self, address: str) -> frozenset[str]:
        """The names, counted."""
        self.asked += 1
        return super().of(address)


def policies(locations: Locations, **fields: Any) -> PolicySet:
    """One policy, for everybody and everything."""
    document = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, **fields}
    return PolicySet([read_policy(document)], locations, strengths_of([]))


OUTSIDE = {"conditions": {"locations": {"exclude": ["office"]}}, "grant": {"block": True}}


def test_an_address_is_judged_once() -> None:
    """Each by itself, however requests of one session come from both."""
    places = CountedLocations()
    gate, snapshot = Gate(), snapshot_of(WIKI, policies=policies(places, **OUTSIDE))
    request = head(value=cookie())
    for _ in range(5):
        assert isinstance(gate.check(request, ROUTE, snapshot, NOW, OFFICE), Pass)
        assert isinstance(gate.check(request, ROUTE, snapshot, NOW, "198.51.100.7"), Refuse)
    assert places.asked == 2


def test_a_move_to_another_network_is_noticed_at_once() -> None:
    """Also where the cookie was let pass a moment ago, and never the other way round."""
    gate, snapshot = Gate(), snapshot_of(WIKI, policies=policies(CountedLocations(), **OUTSIDE))
    request = head(value=cookie())
    found = [type(gate.check(request, ROUTE, snapshot, NOW, address)) for address in ("198.51.100.7", OFFICE, "", OFFICE)]
    assert found == [Refuse, Pass, Refuse, Pass]


def test_whoever_asks_again_from_the_same_place_passes_at_once() -> None:
    """The stage has a short cut for that; for no other address, for no new snapshot, and not beyond the verdict's time."""
    gate, request = Gate(), head(value=cookie())
    authentication, stage = Authentication(gate), Authorization(gate, SignInPage(), ErrorPages())
    places = CountedLocations()
    outside = {**OUTSIDE, "grant": {"sign_in_within": "1h"}}
    snapshots = [snapshot_of(WIKI, policies=policies(places, **one)) for one in (OUTSIDE, outside)]

    def passes(client: str, number: int = 0, now: float = NOW) -> bool:
        inbound = InboundRequest(FakeExchange(request, client=client), snapshots[number], now)
        inbound.route = ROUTE
        authentication.handle(inbound)
        return stage.handle(inbound) is None

    elsewhere = "198.51.100.7"
    found = [passes(client) for client in (OFFICE, OFFICE, OFFICE, elsewhere, OFFICE, elsewhere, elsewhere, "", "192.0.2.2")]
    assert found == [True, True, True, False, True, False, False, False, True]
    assert places.asked == 4
    opened = gate.authenticate(request, ROUTE, snapshots[0], NOW)
    assert (opened.address, opened.address_until > NOW) == ("192.0.2.2", True)
    # Elsewhere it passes now, while the sign-in is young.
    left = ANN.auth_time + 3600.0 - NOW
    assert [passes(elsewhere, 1, NOW + after) for after in (0.0, 0.0, left - 1.0, left)] == [True, True, True, False]
    assert not passes(elsewhere)


def test_many_addresses_fill_no_memory() -> None:
    """Somebody with a cookie and a large network."""
    gate, snapshot = Gate(), snapshot_of(WIKI, policies=policies(CountedLocations(), **OUTSIDE))
    request = head(value=cookie())
    opened = gate.authenticate(request, ROUTE, snapshot, NOW)
    for number in range(100):
        assert isinstance(gate.check(request, ROUTE, snapshot, NOW, f"192.0.2.{number}"), Pass)
        opened = gate.authenticate(request, ROUTE, snapshot, NOW)
        assert len(opened.memo) <= 16
    assert opened.memo


def test_paths_are_judged_by_their_contexts() -> None:
    """One session, in and out of a context: each request by its own path, and a thousand paths are two memos."""
    document = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                "conditions": {"contexts": {"include": ["pay"]}}, "grant": {"block": True}}
    pay = read_context({"name": "pay", "applications": {"include": [WIKI.id]}, "paths": ["/pay/*"]})
    made = PolicySet([read_policy(document)], contexts=Contexts([pay]))
    gate, snapshot = Gate(), snapshot_of(WIKI, policies=made)
    request = head(value=cookie())
    for path, expected in (
        (b"/", Pass), (b"/pay/1?a=/", Refuse), (b"/x?/pay/", Pass), (b"/x/../pay/", Refuse), (b"/pay", Refuse)
    ):
        asked = replace(request, target=path)
        assert isinstance(gate.check(asked, ROUTE, snapshot, NOW, OFFICE), expected), path
    for number in range(1000):
        gate.check(replace(request, target=b"/page/%d" % number), ROUTE, snapshot, NOW, OFFICE)
    assert len(gate.authenticate(request, ROUTE, snapshot, NOW).memo) <= 3


def test_the_browser_counts_only_where_a_policy_looks_at_it() -> None:
    """A cookie that two browsers send."""
    no_phones = policies(Locations(), conditions={"platforms": {"include": ["ios"]}}, grant={"block": True})
    gate = Gate()

    def asked(set_: PolicySet, agent: bytes) -> Verdict[Session]:
        request = head(value=cookie())
        request.fields[:] = [(name, agent if name == b"user-agent" else value) for name, value in request.fields]
        return gate.check(request, ROUTE, snapshot_of(WIKI, policies=set_), NOW, OFFICE)

    assert isinstance(asked(no_phones, WINDOWS), Pass)
    assert isinstance(asked(no_phones, PHONE), Refuse)
    assert isinstance(asked(policies(Locations(), session={"idle": "30m"}), PHONE), Pass)


def test_what_looks_at_the_session_alone_is_kept_for_all_requests() -> None:
    """As without policies, until the nearest edge."""
    gate = Gate()
    snapshot = snapshot_of(WIKI, policies=policies(Locations(), grant={"sign_in_within": "10m"}))
    request = head(value=cookie())
    assert isinstance(gate.check(request, ROUTE, snapshot, NOW, OFFICE), Pass)
    opened = gate.authenticate(request, ROUTE, snapshot, NOW)
    assert opened.holds_until == ANN.auth_time + 600.0
    assert isinstance(gate.check(request, ROUTE, snapshot, opened.holds_until - 0.1, OFFICE), Pass)
    assert isinstance(gate.check(request, ROUTE, snapshot, opened.holds_until, OFFICE), SignInRequired)


def test_a_change_of_policies_counts_for_the_next_request() -> None:
    """Nothing is remembered over another snapshot."""
    gate, request = Gate(), head(value=cookie())
    before = snapshot_of(WIKI, policies=policies(CountedLocations(), **OUTSIDE))
    assert isinstance(gate.check(request, ROUTE, before, NOW, OFFICE), Pass)
    inside = {"conditions": {"locations": {"include": ["office"]}}, "grant": {"block": True}}
    for after in (policies(CountedLocations(), **inside), policies(CountedLocations(), grant={"block": True})):
        assert isinstance(gate.check(request, ROUTE, replace(before, policies=after), NOW, OFFICE), Refuse)
    assert isinstance(gate.check(request, ROUTE, snapshot_of(WIKI), NOW, "anywhere"), Pass)


class Renewing:
    """Asks to be asked again in a minute."""

    def __init__(self) -> None:
        self.persistent: list[bool] = []

    def current(self, session: Session, application: Application) -> Session:
        """As it is."""
        return session

    def renew(
        self, route: ApplicationRoute, passing: Session, session: Session, now: float, *, persistent: bool = True,
    ) -> tuple[bytes, float]:
        """No new cookie."""
        self.persistent.append(persistent)
        return b"", now + 60.0


def test_renewing_a_cookie_lets_no_other_address_pass() -> None:
    """What holds after it is what held before: this address alone."""
    renewing = Renewing()
    set_ = policies(CountedLocations(), **OUTSIDE)
    gate, snapshot, request = Gate(renewing=renewing), snapshot_of(WIKI, policies=set_), head(value=cookie())
    assert isinstance(gate.check(request, ROUTE, snapshot, NOW, OFFICE), Pass)
    opened = gate.authenticate(request, ROUTE, snapshot, NOW)
    gate.renew(opened, NOW)
    assert (opened.renew_at, opened.holds_until) == (NOW + 60.0, -inf)
    assert isinstance(gate.check(request, ROUTE, snapshot, NOW, "198.51.100.7"), Refuse)
    assert renewing.persistent == [True]


def test_a_cookie_that_is_not_to_last_is_renewed_so() -> None:
    """By the strictest policy."""
    renewing = Renewing()
    snapshot = snapshot_of(WIKI, policies=policies(Locations(), session={"persistent": False}))
    gate, request = Gate(renewing=renewing), head(value=cookie())
    gate.check(request, ROUTE, snapshot, NOW, OFFICE)
    gate.renew(gate.authenticate(request, ROUTE, snapshot, NOW), NOW)
    assert renewing.persistent == [False]


class Book:
    """Knows one access token, of a user in a group that no assignment names."""

    def known(self, token: bytes, record: ProviderRecord, now: float) -> KnownToken | None:
        """It is good."""
        said = {"iss": record.issuer, "aud": f"https://{HOST}/", "sub": "ann", "iat": NOW - 5, "exp": NOW + 300,
                "groups": ["guests"], "name": "Ann"}
        return KnownToken(AccessToken(said, "at+jwt"), "", NOW + 60, record)

    def is_familiar(self, token: bytes, record: ProviderRecord) -> bool:
        """It is."""
        return True

    def learn(self, token: bytes, record: ProviderRecord, now: float) -> Deferred[KnownToken]:
        """Never asked."""
        raise NotImplementedError


def with_token(set_: PolicySet, gate: MachineGate, agent: bytes = WINDOWS, client: str = OFFICE) -> Verdict[Session]:
    """What becomes of a program's request."""
    application = replace(WIKI, bearer="provider")
    snapshot = snapshot_of(application, policies=set_)
    route = Router([application]).routes_of(HOST)[0]
    request = head((b"authorization", b"Bearer token"))
    request.fields[:] = [(name, agent if name == b"user-agent" else value) for name, value in request.fields]
    opened = gate.authenticate(request, route, snapshot, NOW, client)
    context: RequestContext[Session] = RequestContext(application, None, NOW, client, b"GET", b"/", user_agent=agent)
    return gate.verdict(opened, request, route, snapshot, context)


def test_an_access_token_is_its_users() -> None:
    """Policies concern it as they concern a browser; also those about groups that no assignment names."""
    gate = MachineGate(Gate(), lambda *_: None, Book())
    assert isinstance(with_token(policies(Locations(), session={"idle": "30m"}), gate), Pass)
    guests = policies(Locations(), users={"include": ["group:guests"]}, grant={"block": True})
    assert isinstance(with_token(guests, gate), Refuse)
    assert isinstance(with_token(policies(Locations(), grant={"require": ["mfa"]}), gate), SignInRequired)
    outside = policies(CountedLocations(), **OUTSIDE)
    assert isinstance(with_token(outside, gate), Pass)
    assert isinstance(with_token(outside, gate, client="198.51.100.7"), Refuse)


def test_a_program_is_looked_at_each_time_where_policies_look_at_it() -> None:
    """What is kept is by token and address."""
    gate = MachineGate(Gate(), lambda *_: None, Book())
    no_phones = policies(Locations(), conditions={"platforms": {"include": ["ios"]}}, grant={"block": True})
    application = replace(WIKI, bearer="provider")
    snapshot, route = snapshot_of(application, policies=no_phones), Router([application]).routes_of(HOST)[0]
    found = []
    for agent in (WINDOWS, PHONE, WINDOWS):
        request = head((b"authorization", b"Bearer token"))
        opened = gate.authenticate(request, route, snapshot, NOW, OFFICE)
        context: RequestContext[Session] = RequestContext(application, None, NOW, OFFICE, b"GET", b"/", user_agent=agent)
        found.append(type(gate.verdict(opened, request, route, snapshot, context)))
        assert not opened.holds_until > NOW
    assert found == [Pass, Refuse, Pass]
