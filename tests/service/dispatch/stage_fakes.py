"""What the tests of single stages share: a request for one, and collaborators that only note what they are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from appproxy.http.head import RequestHead
from appproxy.identity.session import Session
from appproxy.policy.conditional.parts.demands import NOTHING, Demand
from appproxy.policy.verdict import Verdict
from appproxy.publish.application import Application, Preauthentication, Url
from appproxy.publish.routing import ApplicationRoute, Router
from appproxy.service.dispatch.gates.gate import Gate, Opened
from appproxy.service.dispatch.gates.machine_gate import MachineGate
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Stage
from appproxy.service.dispatch.stages.machine_access import Programs
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.store.snapshot import Snapshot
from tests.service.exchanges import FakeExchange, head_for

NOW = 1e9
WIKI = Application(
    "wiki", "wiki", Url.parse("https://wiki.example.com/"), Url.parse("http://internal:8080/"), robots_disallow=False,
    assigned_users=frozenset({"ann"}),
)
OPEN = replace(WIKI, preauthentication=Preauthentication.PASSTHROUGH)
BELOW = replace(WIKI, external=Url.parse("https://wiki.example.com/wiki/"))


def snapshot_of(*applications: Application, **changes: Any) -> Snapshot:
    """A snapshot with these applications."""
    return Snapshot(
        applications={one.id: one for one in applications}, router=Router(applications), connectors={}, connector_groups={},
        trust_bundle=(), **{"revision": 1, "keys": (), "providers": {}, **changes},
    )


def asked(url: str = "https://wiki.example.com/page", *applications: Application, **head: Any) -> InboundRequest:
    """A request that has passed no stage yet."""
    return InboundRequest(FakeExchange(head_for(url, **head)), snapshot_of(*(applications or (WIKI,))), NOW)


def routed(url: str = "https://wiki.example.com/page", *applications: Application, **head: Any) -> InboundRequest:
    """A request whose application is found."""
    request = asked(url, *applications, **head)
    request.route = request.snapshot.router.find(request.head.host, request.head.target)
    return request


def exchange_of(request: InboundRequest) -> FakeExchange:
    """Its exchange, to look at the answer."""
    assert isinstance(request.exchange, FakeExchange)
    return request.exchange


def passes(stage: Stage, request: InboundRequest) -> bool:
    """Does the stage pass it on? Otherwise it must have answered."""
    outcome = stage.handle(request)
    assert (outcome is ANSWERED) is exchange_of(request).over
    assert outcome is None or outcome is ANSWERED
    return outcome is None


def route_to(application: Application) -> ApplicationRoute:
    """The application's own route."""
    return Router([application]).routes_of(application.external.host)[0]


def ours(name: bytes) -> Handler:
    """A page of ours that says its name."""

    def answer(exchange: Exchange) -> None:
        exchange.answer(200, b"", name)

    return answer


def opened(request: InboundRequest, verdict: Verdict[Session]) -> Opened:
    """Cookies that were judged before, by this verdict."""
    return Opened(request.route, (b"", "", ""), (), (), (), 0, verdict, NOW + 1)


def programs(uses: list[tuple[str, str, float]] | None = None) -> Programs:
    """What signs programs in; `uses` gets what is noted of tokens."""
    noted = [] if uses is None else uses
    return Programs(gate=MachineGate(Gate(), lambda *use: noted.append(use)), seconds=lambda: 1000.0)


class SignInPage:
    """A sign-in that only says that it was asked for."""

    def begin(
        self, head: RequestHead, application: Application, request_id: str, now: float, demand: Demand = NOTHING,
    ) -> tuple[int, bytes, bytes]:
        """Off to it."""
        return 303, b"location: https://signin.example.com/start\n", b""

    def way(self, head: RequestHead, application: Application, now: float) -> tuple[str, bytes] | None:
        """A link, for GET."""
        return ("https://signin.example.com/start", b"set-cookie: a=b\n") if head.method == b"GET" else None
