"""What is under way is judged like the next request: a right that is taken away ends it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.application import Application
from appproxy.store.snapshot import Snapshot

if TYPE_CHECKING:
    from appproxy.service.relayed import Relayed


def why_cut(request: Relayed, snapshot: Snapshot, now: float) -> tuple[Code, str] | None:
    """Why a request may not go on, with this snapshot at `now` (wall clock time); None: it may."""
    plan = request.plan
    application = snapshot.applications.get(plan.application.id)
    if application is None or not snapshot.router.serves(application.id, plan.segment.external.host):
        return Code.UNKNOWN_HOST, "the application is no longer published there"
    # What has no end must not outlive its session; a download may, because it ends.
    verdict = Authorizer(snapshot).authorize(context_of(request, application, now), under_way=not request.endless)
    if isinstance(verdict, Pass):
        return None
    return verdict.code if isinstance(verdict, Refuse) else Code.SIGN_IN_REQUIRED, verdict.reason


def context_of(request: Relayed, application: Application, now: float) -> RequestContext[Session]:
    """What an authorizer is to decide about; `application`: as it is published now."""
    exchange = request.exchange
    if exchange is None:  # the user has left: there is nothing more to be cut
        return RequestContext(application, request.session, now, method=request.method)
    path = exchange.head.target.partition(b"?")[0]
    return RequestContext(
        application, request.session, now, exchange.client, request.method, path, exchange.peer_certificate)
