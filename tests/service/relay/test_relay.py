"""What a connector is told of a request, and which of those that wait is served, or cut, when something changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from twisted.internet.task import Clock

from appproxy.errors import Code, RequestError
from appproxy.identity.session import Session
from appproxy.publish.application import Application, HeaderRule, Preauthentication, RequestField, Url
from appproxy.publish.routing import Router
from appproxy.service.dispatch.error_pages import failure_answer
from appproxy.service.relay.answers.streamed_answer import StreamedAnswer
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster, RosterLimits
from appproxy.service.relay.connectors.share_tokens import ShareTokens
from appproxy.service.relay.forwarded_identity import ForwardedIdentity
from appproxy.service.relay.relay import Relay
from appproxy.service.relay.request_signer import RequestSigner
from appproxy.service.relay.revocation import Affected
from appproxy.service.relay.shared import RelaySettings
from appproxy.store.snapshot import ProviderRecord, Snapshot
from appproxy.tunnel.frames import Flag, Frame, FrameReader, Kind, signal_limits
from appproxy.tunnel.messages import Request, decode_request
from tests.service.exchanges import FakeExchange, head_for
from tests.service.relay.test_shared import EnrolledIn
from tests.service.world import under_way

URL = "https://wiki.example.com/in/page?q=1"
WIKI = Application(
    "wiki", "wiki", Url.parse("https://wiki.example.com/in/"), Url.parse("http://internal:8080/out/"),
    robots_disallow=False, assigned_users=frozenset({"ann"}),
)
IDP = ProviderRecord("builtin", "builtin", "https://signin.example.com", "appproxy", "")
ANN = Session("s1", "ann", "https://signin.example.com", "builtin", "Ann", 940.0, 4600.0, 940.0)


@dataclass
class Link:
    """A signal connection of a connector: the frames that were written to it."""

    congested: bool = False
    draining: bool = False
    frames: list[Frame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = FrameReader(signal_limits())

    def write(self, data: bytes) -> None:
        self.frames += self._reader.receive(data)

    def kinds(self) -> list[int]:
        return [frame[0] for frame in self.frames]

    def asked(self) -> Request:
        """What the last REQ says."""
        return decode_request([frame for frame in self.frames if frame[0] == Kind.REQ][-1][3])


class _Blocks:
    """What is said of a user, in short."""

    def user_header(self, session: Session) -> bytes:
        """To the connector."""
        return b'{"sub":"%b"}' % session.subject.encode()

    def identity_block(self, application: Application, session: Session) -> bytes:
        """To the application."""
        return b"x-user: %b\n" % session.name.encode()


class RelayRig:
    """A relay, and one connector unless it is told to have none."""

    def __init__(
        self, *, connectors: int = 1, limits: RosterLimits | None = None, enrolled: str = "default", strict: bool = False,
        signer: RequestSigner | None = None,
    ) -> None:
        self.clock = Clock()
        self.clock.advance(1000.0)
        self.relay = Relay(
            Roster(self.clock.seconds(), limits), self.clock, failure_answer,
            ForwardedIdentity(_Blocks(), ShareTokens(bytes, b"k" * 32), signer), lambda: EnrolledIn(enrolled),
            RelaySettings(strict=strict),
        )
        self.relay.configuration = 7
        self.link = Link()
        for number in range(connectors):
            self.join(f"c{number + 1}")

    def join(self, id: str) -> Peer:
        peer = Peer(id, "default", b"i" * 16, 0.0)
        peer.links[0] = self.link
        self.relay.roster.add(peer)
        return peer

    def start(self, application: Application = WIKI, session: Session | None = None, url: str = URL,
              connection: int = 1, **head: Any) -> FakeExchange:
        """A user asks."""
        exchange = FakeExchange(head_for(url, **head), connection_number=connection)
        route = Router([application]).find(exchange.head.host, exchange.head.target)
        self.relay.start(exchange, route, session)
        return exchange


def test_the_connector_is_told_all_that_it_needs() -> None:
    """The application and its configuration's version, the internal target, who asks and how long they may be kept."""
    rig = RelayRig()
    exchange = rig.start(replace(WIKI, backend_timeout=33.0), fields=[(b"accept", b"*/*")])
    asked = rig.link.asked()
    assert (asked.application, asked.configuration) == ("wiki", 7)
    assert (asked.method, asked.target, asked.authority) == (b"GET", b"/out/page?q=1", b"wiki.example.com")
    assert (asked.client, asked.scheme, asked.correlation) == ("192.0.2.7", "https", exchange.id)
    assert (asked.timeout, asked.length, asked.upgrade) == (33.0, 0, None)
    assert b"accept: */*\n" in asked.block
    assert (exchange.application, exchange.connector, exchange.attempts) == ("wiki", "c1", 1)


def test_nobody_is_named_where_nobody_signed_in() -> None:
    """Not for the log, not for the application, whatever its rules are."""
    rig = RelayRig()
    exchange = rig.start(replace(WIKI, headers=(HeaderRule("x-user", "name"),)))
    assert (exchange.subject, rig.link.asked().user) == ("", b"null")
    assert b"x-user" not in rig.link.asked().block


@pytest.mark.parametrize("rules", [(), (HeaderRule("x-user", "name"),)])
def test_who_signed_in_is_named(rules: tuple[HeaderRule, ...]) -> None:
    """To the log and the connector always, to the application by its rules and never by the user's own word."""
    rig = RelayRig()
    exchange = rig.start(replace(WIKI, headers=rules), ANN, fields=[(b"x-user", b"admin")])
    asked = rig.link.asked()
    assert (exchange.subject, json.loads(asked.user)) == ("ann", {"sub": "ann"})
    assert (b"x-user: Ann\n" in asked.block) is bool(rules)
    assert not rules or b"admin" not in asked.block


def test_constants_are_in_every_request() -> None:
    """Once, and never by the user's own word."""
    rig = RelayRig()
    rig.start(replace(WIKI, request_fields=(RequestField("x-region", "north"),)), fields=[(b"x-region", b"south")])
    assert [line for line in rig.link.asked().block.splitlines() if b"region" in line] == [b"x-region: north"]


def test_our_cookie_stays_here() -> None:
    """The application's own goes on."""
    rig = RelayRig()
    rig.start(fields=[(b"cookie", b"__Host-appproxy-of-a-neighbour=secret; theirs=1")])
    assert b"cookie: theirs=1\n" in rig.link.asked().block


@pytest.mark.parametrize(("upgrade", "passed"), [(b"websocket", b"websocket"), (b"h2c", None)])
def test_only_upgrades_that_the_application_allows(upgrade: bytes, passed: bytes | None) -> None:
    """Any other is an ordinary request, for whoever answers too."""
    rig = RelayRig()
    exchange = rig.start(upgrade=upgrade)
    assert rig.link.asked().upgrade == exchange.head.upgrade == passed


@pytest.mark.parametrize(("node", "application"), [(False, False), (True, False), (False, True)])
def test_strict_is_the_nodes_or_the_applications_wish(node: bool, application: bool) -> None:
    """Then no answer goes in line."""
    rig = RelayRig(strict=node)
    rig.start(replace(WIKI, strict=application))
    assert bool(rig.link.frames[0][1] & Flag.STRICT) is (node or application)


@pytest.mark.parametrize(("head", "code"), [
    ({"fields": [(b"x-long", b"x" * 200_000)]}, Code.HEAD_TOO_LARGE),
    ({"method": b"G T"}, Code.BAD_REQUEST),
])
def test_a_request_that_the_tunnel_cannot_carry_is_the_users_fault(head: dict[str, Any], code: Code) -> None:
    """Never a fault of the tunnel's; nothing was written."""
    rig = RelayRig()
    with pytest.raises(RequestError) as caught:
        rig.start(**head)
    assert caught.value.code is code and rig.link.frames == []


def test_without_hope_the_answer_comes_at_once() -> None:
    """No connector is enrolled in the group; otherwise the request waits."""
    assert RelayRig(connectors=0, enrolled="lab").start().failure is Code.NO_CONNECTOR
    rig = RelayRig(connectors=0)
    assert rig.start().state == "open" and rig.relay.roster.waiting == 1


def test_who_has_waited_longest_is_served_first() -> None:
    """As many as the connector has room for; the next when one has its answer."""
    rig = RelayRig(connectors=0, limits=RosterLimits(in_flight=2))
    waiting = [rig.start(url=f"https://wiki.example.com/in/{number}") for number in range(3)]
    peer = rig.join("c1")
    rig.relay.serve("lab")
    assert rig.link.frames == []
    rig.relay.serve("default")
    assert [decode_request(frame[3]).target for frame in rig.link.frames] == [b"/out/0", b"/out/1"]
    next(iter(peer.in_flight.values())).answered(200, b"", b"done")
    assert waiting[0].content == b"done" and rig.link.asked().target == b"/out/2"
    assert rig.relay.roster.waiting == 0


def snapshot(application: Application = WIKI, **how: Any) -> Snapshot:
    """What the node works from after a change."""
    return Snapshot(
        revision=2, applications={"wiki": application}, router=Router([application]), connectors={},
        connector_groups={}, keys=(), trust_bundle=(), **{"providers": {"builtin": IDP}, **how},
    )


@pytest.mark.parametrize(("after", "code"), [
    (snapshot(), None),
    (snapshot(replace(WIKI, assigned_users=frozenset())), Code.NOT_ASSIGNED),
    (snapshot(replace(WIKI, external=Url.parse("https://other.example.com/in/"))), Code.UNKNOWN_HOST),
    (replace(snapshot(), applications={}), Code.UNKNOWN_HOST),
    (snapshot(revoked_sessions=frozenset({"s1"})), Code.SIGN_IN_REQUIRED),
    (snapshot(replace(WIKI, preauthentication=Preauthentication.PASSTHROUGH), revoked_sessions=frozenset({"s1"})), None),
])
def test_a_change_cuts_those_who_may_no_longer(after: Snapshot, code: Code | None) -> None:
    """Under way or waiting: both are judged as their next request would be, and counted."""
    rig = RelayRig(limits=RosterLimits(in_flight=1))
    exchanges = [rig.start(session=ANN), rig.start(session=ANN)]
    assert rig.relay.roster.waiting == 1
    assert rig.relay.judge_again(after, 1000.0) == (0 if code is None else 2)
    assert [exchange.failure for exchange in exchanges] == [code, code]
    assert (Kind.CANCEL in rig.link.kinds()) is (code is not None)


def test_a_revoked_session_is_looked_for_alone() -> None:
    """When nothing else has changed, those of others are not judged again."""
    rig = RelayRig()
    exchanges = [rig.start(session=session) for session in (ANN, replace(ANN, id="s2"), None)]
    after = snapshot(revoked_sessions=frozenset({"s1", "s2"}))
    assert rig.relay.judge_again(after, 1000.0, Affected({"s3"})) == 0
    assert rig.relay.judge_again(after, 1000.0, Affected({"s2", "s3"})) == 1
    assert [exchange.failure for exchange in exchanges] == [None, Code.SIGN_IN_REQUIRED, None]


def test_only_what_has_no_end_ends_with_its_session() -> None:
    """A download goes on; so does what nobody signed in for."""
    rig = RelayRig()
    exchanges = [rig.start(session=session) for session in (ANN, ANN, None)]
    (peer,) = rig.relay.roster.peers.values()
    endless, download, nobodys = under_way(peer)
    for request in (endless, nobodys):
        assert request.exchange is not None
        request.answer = StreamedAnswer(request.exchange, 200, b"content-type: text/event-stream\n", 60.0)
        rig.relay.under_way.lengthen(request)
    assert rig.relay.end_expired(snapshot(), ANN.expires - 1) == 0
    assert rig.relay.end_expired(snapshot(), ANN.expires) == 1
    assert [exchange.failure for exchange in exchanges] == [Code.SIGN_IN_REQUIRED, None, None]
    assert not download.endless
