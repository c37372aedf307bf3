"""What is under way is judged like the next request: a right that is taken away ends it at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.application import Application
from appproxy.store.snapshot import Snapshot

if TYPE_CHECKING:
    from appproxy.service.relay.proxied_request import ProxiedRequest


@dataclass(frozen=True, slots=True)
class Change:
    """Whom a change concerns: sessions by id, subjects by provider and subject, applications by id; or everybody."""

    sessions: Collection[str] = ()
    subjects: Collection[tuple[str, str]] = ()
    applications: Collection[str] = ()
    everything: bool = False


EVERYTHING = Change(everything=True)


def change_between(old: Snapshot, new: Snapshot) -> Change:
    """Whom it concerns that one snapshot took the place of another: nobody else may do less, or more, than before."""
    # A provider may be many applications'; and who publishes somewhere may take the place from a wildcard of another.
    if old.providers != new.providers:
        return EVERYTHING
    applications: set[str] = set()
    if old.applications is not new.applications:
        both = old.applications.keys() & new.applications.keys()
        if len(both) != len(old.applications) or len(both) != len(new.applications):
            return EVERYTHING
        for id in both:
            before, after = old.applications[id], new.applications[id]
            if before is not after:
                if before.pairs != after.pairs or before.excluded_hosts != after.excluded_hosts:
                    return EVERYTHING
                applications.add(id)
    elif old.router is not new.router:
        return EVERYTHING
    subjects = [one for one, time in new.not_before.items() if old.not_before.get(one) != time]
    return Change(new.revoked_sessions - old.revoked_sessions, subjects, applications)


def why_cut(request: ProxiedRequest, snapshot: Snapshot, now: float) -> tuple[Code, str] | None:
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


def context_of(request: ProxiedRequest, application: Application, now: float) -> RequestContext[Session]:
    """What an authorizer is to decide about; `application`: as it is published now."""
    exchange = request.exchange
    if exchange is None:  # the user has left: there is nothing more to be cut
        return RequestContext(application, request.session, now, method=request.method)
    path = exchange.head.target.partition(b"?")[0]
    return RequestContext(
        application, request.session, now, exchange.client, request.method, path, exchange.peer_certificate)
