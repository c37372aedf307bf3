"""A user's request while it is dispatched: what the stages have found out about it so far."""

from __future__ import annotations

from typing import Protocol

from appproxy.http.head import RequestHead
from appproxy.identity.session import Session
from appproxy.policy.authorizer import RequestContext
from appproxy.policy.conditional.parts.transfers import Transfers
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.gates.gate import Opened
from appproxy.service.exchange.exchange import Exchange
from appproxy.store.snapshot import Snapshot


class SnapshotSource(Protocol):
    """Where the newest picture of the store is."""

    @property
    def snapshot(self) -> Snapshot:
        """What to decide with now."""
        ...


class InboundRequest:
    """Made once a request, on the hot path. `now`: when dispatching began, in seconds since 1970.

    All of it is decided with one `snapshot`. An attribute whose stage has not been passed yet does not exist.
    """

    __slots__ = ("exchange", "head", "now", "opened", "route", "session", "snapshot", "transfers")

    #: Set by the stage `route`.
    route: ApplicationRoute
    #: Set by the stage `authentication`, for applications that want a sign-in.
    opened: Opened

    def __init__(self, exchange: Exchange, snapshot: Snapshot, now: float) -> None:
        self.exchange = exchange
        self.head: RequestHead = exchange.head
        self.snapshot = snapshot
        self.now = now
        #: Whose the request is; None where the application wants no sign-in, and before the stage `authorization`.
        self.session: Session | None = None
        #: What policies let through of it and its answer; None for all.
        self.transfers: Transfers | None = None

    def context(self) -> RequestContext[Session]:
        """What an authorizer is to decide about, still without a session."""
        exchange, head = self.exchange, self.head
        return RequestContext(
            self.route.application, None, self.now, exchange.client, head.method, head.target.partition(b"?")[0],
            exchange.peer_certificate, user_agent=head.get(b"user-agent") or b"", upgrade=head.upgrade is not None,
        )
