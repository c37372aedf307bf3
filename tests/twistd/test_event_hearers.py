"""Streams of events of people whom another provider vouches for: they end when that says so, though no request comes."""

from __future__ import annotations

from appproxy.admin.base.principal import Permission, Principal
from appproxy.admin.transport.https import Caller
from appproxy.identity.session import Session
from appproxy.policy.verdict import Pass
from appproxy.service.own.event_stream import EventStreams
from appproxy.store.service import audit
from appproxy.store.service.actions import AUDIT_LEFT_OUT
from appproxy.twistd.assembly.administration import Hearer
from tests.provider.house import NOW, Now
from tests.service.exchanges import FakeExchange, head_for
from tests.service.signin.sessions.test_renewal import PAGE, House, cookie, house  # noqa: F401 -- a fixture
from tests.store.conftest import database_url, empty_store, sealer, server, store, templates  # noqa: F401 -- fixtures


def principal(caller: Caller) -> Principal:
    """Who is among the staff may read the audit."""
    return Principal(caller.audited, frozenset({Permission.READ_AUDIT}) if "staff" in caller.groups else frozenset())


def listen(world: House) -> FakeExchange:
    """Somebody has signed in and opens a stream."""
    browser, node = world.browser(), world.nodes[0]
    head = head_for(PAGE, b"GET", [(b"cookie", b"__Host-appproxy=" + cookie(browser))])
    route = node.store.snapshot.router.find(head.host, head.target)
    verdict = node.gate.check(head, route, node.store.snapshot, NOW)
    assert isinstance(verdict, Pass) and verdict.session is not None

    def why_not(session: Session) -> str:
        return "the session was revoked" if session.id in node.live.snapshot.revoked_sessions else ""

    exchange = FakeExchange(head)
    EventStreams(node.live, world.clock).open(exchange, "ann", None, Hearer(
        verdict.session, principal, why_not, node.renewal, route.application, client="192.0.2.7", wall_clock=Now(world.clock)))
    return exchange


def write(world: House, target: str) -> None:
    """An entry of the audit, for which the next look is early enough."""
    with world.database.transaction(NOW) as tx:
        audit.record(tx, "user:bob", AUDIT_LEFT_OUT, target)
    world.pass_time(1)


def test_who_was_taken_out_of_the_group_hears_nothing_more(house: House) -> None:  # noqa: F811 -- a fixture
    """As soon as a refresh has said so, for which the stream itself is the reason; until then it goes on."""
    exchange = listen(house)
    house.pass_time(62)
    write(house, "before")
    assert len(house.provider.refreshes) == 1 and b"before" in exchange.pieces[-1] and not exchange.over
    house.provider.claims["groups"] = ["sales"]
    house.pass_time(62)
    write(house, "after")
    assert exchange.over and exchange.detail == "their roles have ended"
    assert exchange.pieces[-1] == b"event: end\ndata: \n\n"


def test_whom_their_provider_refuses_hears_nothing_more(house: House) -> None:  # noqa: F811 -- a fixture
    """Their session has ended."""
    exchange = listen(house)
    house.provider.refresh_token = "another"
    house.pass_time(63)
    assert exchange.over and exchange.detail == "the session was revoked"
