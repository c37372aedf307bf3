"""The relay: makes a `ProxiedRequest` of each request that may pass, and cuts those that may no longer."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from appproxy.errors import Code, LocalProtocolError, RequestError
from appproxy.http.forwarding import forwarded_block
from appproxy.http.h1.request import choose_upgrade
from appproxy.identity.session import Session
from appproxy.policy.conditional.parts.transfers import Transfers
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute, internal_target
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.relay import small_upload
from appproxy.service.relay.connectors.affinity import binds_by_request
from appproxy.service.relay.connectors.roster import Roster
from appproxy.service.relay.forwarded_identity import ForwardedIdentity
from appproxy.service.relay.plan import Plan, Plans
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.service.relay.request_signer import signed
from appproxy.service.relay.revocation import EVERYTHING, Affected, Revocable, why_cut
from appproxy.service.relay.shared import FailurePage, Published, RelaySettings, Shared
from appproxy.store.snapshot import Snapshot
from appproxy.tunnel.frames import Flag
from appproxy.tunnel.messages import Request, encode_request, request_flags
from appproxy.tunnel.shares import ADDRESS

_BODY = int(Flag.BODY)
DEFAULT_SETTINGS = RelaySettings()


class Relay(Shared):
    """Begins requests, and ends those that may no longer.

    `page` makes the page of a failure; `identity`: what is said of who asks; `published` gives what is published now.
    """

    def __init__(
        self,
        roster: Roster,
        clock: IReactorTime,
        page: FailurePage,
        identity: ForwardedIdentity,
        published: Callable[[], Published],
        settings: RelaySettings = DEFAULT_SETTINGS,
        hooks: Hooks | None = None,
    ) -> None:
        super().__init__(roster, clock, page, published, settings, hooks or Hooks())
        signer = identity.signer
        self.strict = settings.strict
        self.plans = Plans(
            lambda: published().urls, lambda: published().applications.values(),
            frozenset() if signer is None else signer.names)
        #: Version of what connectors are told; a request says which one it was made with.
        self.configuration = 0
        self._user_header = identity.blocks.user_header
        self._identity_block = identity.blocks.identity_block
        self._tokens = identity.tokens
        self._signer = signer
        # For metrics.
        self.requests = 0

    def start(
        self, exchange: Exchange, route: ApplicationRoute, session: Session | None, transfers: Transfers | None = None
    ) -> None:
        """Send a request that may pass on its way. `transfers`: what policies let through of it and its answer."""
        application = route.application
        head = exchange.head
        self.requests += 1
        plan = self.plans.of(route)
        if plan.cors is not None or exchange.renewal:
            plan = plan.facing(head.target, head.fields, exchange.renewal)
        exchange.application = application.name
        block, holds_translated = self._block(exchange, plan, session)
        user = b"null"
        if session is not None:
            exchange.subject = session.subject
            user = self._user_header(session)
        upgrade = head.upgrade
        if upgrade is not None:
            upgrade = head.upgrade = choose_upgrade(upgrade, application.upgrades)
        share, owner = self._tokens.of(session, exchange.client, exchange.connection_number)
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
        relayed = ProxiedRequest(
            self, exchange, plan, encoded, flags, session, whose, owner,
            binds=binds_by_request(application, block), holds_translated=holds_translated,
            transfers=transfers,
        )
        self.under_way.add(relayed)
        if flags & _BODY:
            small_upload.dispatch(relayed, exchange)
        else:
            relayed.dispatch(self.clock.seconds())

    def _block(self, exchange: Exchange, plan: Plan, session: Session | None) -> tuple[bytes, bool]:
        """The fields for the application; whether a body may have URLs in it that are to be translated."""
        application, head = plan.application, exchange.head
        dropped = plan.dropped
        if session is not None and session.credential:
            dropped = plan.dropped_for_programs or dropped
        block = forwarded_block(
            head, client=exchange.client, place=plan.place, drop=dropped,
            request_id=exchange.id.encode("ascii"), inward=plan.inward, via=application.via,
        )
        block += plan.constants  # costs nothing where there are none
        holds_translated = False
        if plan.bodies is not None:
            block, holds_translated = plan.bodies.request(block, head.target, head.method)
        if session is not None and application.headers:
            block += self._identity_block(application, session)
        if self._signer is not None:
            block = signed(self._signer, exchange, application, session, block)
        return block, holds_translated

    def judge_again(self, snapshot: Snapshot, now: float, change: Affected = EVERYTHING) -> int:
        """Sessions, assignments or applications have changed: cut what is under way for those who may no longer.

        `now` is wall clock time. A WebSocket that is open, a download and an upload end like the next request would.
        `change`: whom it concerns. Gives how many were cut.
        """
        under_way = self.under_way
        found = under_way.all() if change.everything else under_way.of(change.sessions, change.subjects, change.applications)
        return sum(self._cut(request, snapshot, now) for request in found)

    def renew_sessions(self, id: str, current: Callable[[Session, Application], Session]) -> None:
        """What is under way has the session of this id as it is now known."""
        for request in self.under_way.of([id]):
            if request.session is not None:
                request.session = current(request.session, request.plan.application)

    def end_expired(self, snapshot: Snapshot, now: float) -> int:
        """Cut what could go on for ever and may no longer at `now` (wall clock time); gives how many.

        An open WebSocket would make a session that never ends.
        """
        endless = [request for request in self.under_way.endless if request.session is not None]
        return sum(self._cut(request, snapshot, now) for request in endless)

    def _cut(self, request: Revocable, snapshot: Snapshot, now: float) -> bool:
        why = why_cut(request, snapshot, now)
        if why is not None:
            request.cut(*why)
        return why is not None
