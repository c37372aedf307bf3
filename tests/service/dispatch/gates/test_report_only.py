"""What policies would have done that are only reported: looked at beside the requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from appproxy.errors import StoreError
from appproxy.policy.authorizer import SERVICE_TOKEN
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.parts.contexts import Contexts
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.report_only import ReportOnly
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stages.access import Authentication, Authorization
from appproxy.store.policies.results import PASSES, CountedHits, ReportedOf
from tests.service.dispatch.gates.test_gate import ANN, NOW, ROUTE, WIKI, cookie, head, snapshot_of
from tests.service.dispatch.stage_fakes import SignInPage
from tests.service.exchanges import FakeExchange

BLOCK = {"name": "p", "state": "report-only", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
         "grant": {"block": True}}
#: Long enough to be counted in two hours.
LONG = replace(ANN, expires=NOW + 7200.0)
HIT = ReportedOf("p", "refuses", "builtin", "ann", "wiki")


class Store:
    """Takes what is written, or is away."""

    def __init__(self) -> None:
        self.written: list[Mapping[ReportedOf, CountedHits]] = []
        self.away = False
        self.last: list[Callable[[], object]] = []

    def write(self, do: object, found: Mapping[ReportedOf, CountedHits]) -> Deferred[None]:
        """One transaction."""
        if self.away:
            return fail(StoreError("away"))
        self.written.append(found)
        return succeed(None)

    def before_stop(self, callback: Callable[[], object]) -> None:
        """What is to be done last."""
        self.last.append(callback)


class Place:
    """An application with a policy that is only reported."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.store, self.clock = Store(), Clock()
        store: Any = self.store
        self.gate, self.reports = Gate(), ReportOnly(store, self.clock)
        whole = PolicySet(map(read_policy, documents or (BLOCK,)), Locations(), strengths_of([]))
        self.snapshot = replace(snapshot_of(WIKI, policies=whole), reported=whole.reporting())
        self.stage = Authorization(self.gate, SignInPage(), ErrorPages(), reports=self.reports)

    def ask(self, now: float = NOW, client: str = "192.0.2.1", path: str = "/", value: bytes | None = None) -> int:
        """A request of ann's; gives the status, 0 where it passes."""
        asked = head(value=cookie(LONG) if value is None else value)
        asked.target = path.encode()
        exchange = FakeExchange(asked, client=client)
        made = InboundRequest(exchange, self.snapshot, now)
        made.route = ROUTE
        Authentication(self.gate).handle(made)
        self.stage.handle(made)
        return exchange.status

    def found(self) -> dict[ReportedOf, int]:
        """What was written so far."""
        self.clock.pump([0.3, 0.0, 0.0, 5.0])
        counts: dict[ReportedOf, int] = {}
        for one in self.store.written:
            for of, counted in one.items():
                counts[of] = counts.get(of, 0) + counted.amount
        return counts


def test_it_changes_no_answer_and_is_counted_once_an_hour() -> None:
    """However many requests a session makes; and beside them, not in them."""
    place = Place()
    assert [place.ask() for _ in range(50)] == [0] * 50
    assert place.store.written == []
    assert place.found() == {HIT: 1}
    place.ask(NOW + 700)
    assert place.found() == {HIT: 1}
    place.ask(NOW + 3600)
    assert place.found() == {HIT: 2}
    assert (place.store.written[-1][HIT].address, place.store.written[-1][HIT].because) == ("192.0.2.1", "blocked")


def test_what_it_looks_at_of_a_request_is_looked_at() -> None:
    """A path asks for more, though those before it did not; and those that pass are counted, too."""
    place = Place()
    context = read_context({"name": "pay", "paths": ["/payroll/*"], "applications": {"include": ["all"]}})
    paths = read_policy({**BLOCK, "conditions": {"contexts": {"include": ["pay"]}}})
    whole = PolicySet([paths], Locations(), strengths_of([]), contexts=Contexts([context]))
    place.snapshot = replace(place.snapshot, policies=whole, reported=whole.reporting())
    place.ask()
    assert place.found() == {ReportedOf("p", PASSES): 1}
    place.ask(path="/PAYROLL/x")
    assert place.found() == {ReportedOf("p", PASSES): 1, HIT: 1}


def test_who_does_not_pass_is_no_result() -> None:
    """Without a session, or blocked by a policy that is on."""
    place = Place()
    assert place.ask(value=b"nothing") != 0
    blocked = Place(BLOCK, {**BLOCK, "name": "on", "state": "on"})
    assert blocked.ask() == 403
    assert place.found() == blocked.found() == {}


def test_whom_no_policy_concerns() -> None:
    """Break-glass users, and service tokens."""
    place = Place()
    exempt = PolicySet(
        [read_policy(BLOCK)], Locations(), strengths_of([]), exempt=[("builtin", "ann")])
    place.snapshot = replace(place.snapshot, policies=exempt, reported=exempt.reporting())
    place.ask()
    assert place.found() == {}
    place = Place()
    opened = place.gate.authenticate(head(value=cookie()), ROUTE, place.snapshot, NOW)
    session: Any = opened.found[0]
    request = InboundRequest(FakeExchange(head(), client="192.0.2.1"), place.snapshot, NOW)
    request.route = ROUTE
    place.reports.note(opened.reported, replace(session, credential=SERVICE_TOKEN), request.context(), place.snapshot)
    assert place.found() == {}


def test_a_stop_writes_what_there_is() -> None:
    """And leaves no call behind; a database that is away costs an hour of it."""
    place = Place()
    place.ask()
    [last] = place.store.last
    last()
    assert place.store.written == [{HIT: CountedHits(1, NOW, "192.0.2.1", "blocked")}] and not place.clock.getDelayedCalls()
    place = Place()
    place.store.away = True
    place.ask()
    assert place.found() == {}


def test_what_waits_is_bounded() -> None:
    """Each session of which a request comes is looked at, as far as there is room."""
    place = Place()
    for number in range(3000):
        place.ask(client=f"10.0.{number >> 8}.{number & 255}")
        place.gate = Gate()
    assert sum(place.found().values()) == 1
