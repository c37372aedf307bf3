"""The relay: makes a `ProxiedRequest` of each request that may pass, and gives those that wait to connectors with room."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IReactorTime

from appproxy.errors import Code, LocalProtocolError, RequestError
from appproxy.http.forwarding import forwarded_block
from appproxy.http.h1.request import choose_upgrade
from appproxy.identity.session import Session
from appproxy.net.deadlines import Deadlines
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute, internal_target
from appproxy.publish.urls import Translation
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.relay import small_upload
from appproxy.service.relay.affinity import Affinity, binds_by_request
from appproxy.service.relay.plan import Plans
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.service.relay.revocation import EVERYTHING, Change, why_cut
from appproxy.service.relay.roster import Peer, Roster
from appproxy.service.relay.share_tokens import ShareTokens
from appproxy.service.relay.shortages import Shortages
from appproxy.service.relay.symptoms import Symptoms
from appproxy.service.relay.under_way import UnderWay
from appproxy.store.snapshot import Snapshot
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.messages import Request, encode_request, request_flags
from appproxy.tunnel.shares import ADDRESS

#: The error page of a failure: status, block and body.
Page = Callable[[Code, Exchange], tuple[int, bytes, bytes]]


class Relay:
    """What all requests of a node share.

    `user_header` and `identity_block` give what a connector and an application are told of a session, `tokens` makes what
    connectors tell users apart by, `has_connectors` says whether any connector is enrolled in a group, `urls` gives the
    table of public and internal URLs as it is now, `applications` all that are published.
    """

    def __init__(
        self,
        roster: Roster,
        clock: IReactorTime,
        page: Page,
        *,
        user_header: Callable[[Session], bytes],
        identity_block: Callable[[Application, Session], bytes],
        tokens: ShareTokens,
        has_connectors: Callable[[str], bool] = lambda group: True,
        urls: Callable[[], Translation] = Translation,
        applications: Callable[[], Iterable[Application]] = tuple,
        limits: TunnelLimits | None = None,
        strict: bool = False,
        hooks: Hooks | None = None,
    ) -> None:
        self.roster = roster
        self.clock = clock
        self.page = page
        self.limits = limits or TunnelLimits()
        self.strict = strict
        self.deadlines = Deadlines(clock)
        self.plans = Plans(urls, applications)
        self.affinity = Affinity()
        self.symptoms = Symptoms()
        self.under_way = UnderWay()
        self.hooks = hooks or Hooks()
        #: Version of what connectors are told; a request says which one it was made with.
        self.configuration = 0
        self._user_header = user_header
        self._identity_block = identity_block
        self._tokens = tokens
        self._has_connectors = has_connectors
        self.shortages = Shortages(clock)
        # For metrics.
        self.requests = 0

    def start(self, exchange: Exchange, route: ApplicationRoute, session: Session | None) -> None:
        """Send a request that may pass on its way."""
        application = route.application
        head = exchange.head
        if application.max_body is not None and head.length is not None and head.length > application.max_body:
            raise RequestError(Code.BODY_TOO_LARGE, f"{head.length} bytes, {application.max_body} are allowed")
        if application.methods and head.method not in application.methods:
            # RFC 9110 section 10.2.1: 405 says what is allowed.
            exchange.own_fields += b"allow: %b\n" % b", ".join(sorted(application.methods))
            raise RequestError(Code.METHOD_NOT_ALLOWED, f"{head.method.decode()}, and the setting methods allows others")
        self.requests += 1
        plan = self.plans.of(route)
        if plan.cors is not None:
            plan = plan.facing(head.target, head.fields)
        exchange.application = application.name
        block = forwarded_block(
            head, client=exchange.client, place=plan.place, drop=plan.dropped,
            request_id=exchange.id.encode("ascii"), inward=plan.inward, via=application.via,
        )
        if plan.constants:
            block += plan.constants
        holds_translated = False
        if plan.bodies is not None:
            block, holds_translated = plan.bodies.request(block, head.target, head.method)
        user, tokens = b"null", self._tokens
        if session is not None:
            exchange.subject = session.subject
            user = self._user_header(session)
            if application.headers:
                block += self._identity_block(application, session)
        upgrade = head.upgrade
        if upgrade is not None:
            upgrade = head.upgrade = choose_upgrade(upgrade, application.upgrades)
        owner = tokens.owner(session, exchange.connection_number)
        share = tokens.share(session, exchange.client)
        request = Request(
            application=plan.target, configuration=self.configuration, method=head.method,
            target=internal_target(route, head.target, bare=plan.learned.bare), authority=head.authority,
            client=exchange.client, scheme=exchange.scheme, correlation=exchange.id,
            timeout=application.backend_timeout, length=head.length,
            upgrade=upgrade, user=user, block=block, share=share, owner=owner,
        )
        try:
            encoded = encode_request(request)
        except LocalProtocolError as error:
            raise RequestError(error.code if error.code is not Code.PROTOCOL else Code.BAD_REQUEST, str(error)) from error
        # A small body that is here would wait for an application which ignores the question, and cost nothing if refused.
        ask = application.expect_continue and not (head.length is None and exchange.has_whole_body)
        flags = request_flags(request, strict=self.strict or application.strict, ask=ask)
        whose = (share if session is not None else ADDRESS + share, application.id)
        relayed = ProxiedRequest(self, exchange, plan, encoded, flags, session, whose)
        relayed.holds_translated = holds_translated
        relayed.owner = owner
        relayed.binds = binds_by_request(application, block)
        self.under_way.add(relayed)
        small_upload.dispatch(relayed, exchange)

    def judge_again(self, snapshot: Snapshot, now: float, change: Change = EVERYTHING) -> int:
        """Sessions, assignments or applications have changed: cut what is under way for those who may no longer.

        `now` is wall clock time. A WebSocket that is open, a download and an upload end like the next request would.
        `change`: whom it concerns. Gives how many were cut.
        """
        under_way = self.under_way
        found = under_way.all() if change.everything else under_way.of(change.sessions, change.subjects, change.applications)
        return sum(self._cut(request, snapshot, now) for request in found)

    def end_expired(self, snapshot: Snapshot, now: float) -> int:
        """Cut what could go on for ever and may no longer at `now` (wall clock time); gives how many.

        An open WebSocket would make a session that never ends.
        """
        endless = [request for request in self.under_way.endless if request.session is not None]
        return sum(self._cut(request, snapshot, now) for request in endless)

    def _cut(self, request: ProxiedRequest, snapshot: Snapshot, now: float) -> bool:
        why = why_cut(request, snapshot, now)
        if why is not None:
            request.cut(*why)
        return why is not None

    def no_hope(self, group: str) -> Code | None:
        """Is there any point in waiting for a connector of this group?"""
        return None if self._has_connectors(group) else Code.NO_CONNECTOR

    def slot_free(self, peer: Peer) -> None:
        """A connector can take another request: whose turn it is gets it."""
        if self.roster.has_waiting(peer.group):
            self.serve(peer.group)

    def serve(self, group: str) -> None:
        """Give waiting requests to connectors, as long as there are both."""
        now = self.clock.seconds()
        while (found := self.roster.next_waiting(group, now)) is not None:
            request, peer = found
            request.send(peer, now)
