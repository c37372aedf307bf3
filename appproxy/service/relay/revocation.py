"""What is under way is judged like the next request: a right that is taken away ends it at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.authorizer import SERVICE_TOKEN, Authorizer, RequestContext
from appproxy.policy.conditional.parts.transfers import Refused, Transfers
from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.application import Application
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.answers.movable import Movable
from appproxy.service.relay.answers.streamed_answer import StreamedAnswer
from appproxy.service.relay.answers.transfers import refused_block, refused_head
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.plan import Plan
from appproxy.store.snapshot import Snapshot


class Revocable(Protocol):
    """A request or stream under way."""

    plan: Plan
    method: bytes
    #: Whose it is; None where nobody had to sign in.
    session: Session | None
    #: None once the user has the answer, or has gone.
    exchange: Exchange | None
    #: None until it has begun, and for one that came in one piece.
    answer: StreamedAnswer | None
    #: Which connector has it; None where none does.
    peer: Peer | None
    #: When it has been silent for too long.
    deadline: float

    @property
    def movable(self) -> Movable | None:
        """What ends it so that its client comes back; None where nothing can."""

    @property
    def endless(self) -> bool:
        """May its answer go on for ever?"""

    def cut(self, code: Code, why: str) -> None:
        """The user may no longer: nothing more goes either way."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom a change concerns: sessions by id, subjects by provider and subject, applications by id; or everybody."""

    sessions: Collection[str] = ()
    subjects: Collection[tuple[str, str]] = ()
    applications: Collection[str] = ()
    everything: bool = False


EVERYTHING = Affected(everything=True)


def change_between(old: Snapshot, new: Snapshot) -> Affected:
    """Whom it concerns that one snapshot took the place of another: nobody else may do less, or more, than before."""
    # A provider may be many applications'; and who publishes somewhere may take the place from a wildcard of another.
    if old.providers != new.providers or old.policies is not new.policies:
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
    if old.user_risks is not new.user_risks:
        either = old.user_risks.keys() | new.user_risks.keys()
        subjects += [one for one in either if old.user_risks.get(one) != new.user_risks.get(one)]
    if old.service_tokens is not new.service_tokens:
        subjects += [(SERVICE_TOKEN, id) for id, token in old.service_tokens.items() if new.service_tokens.get(id) != token]
    return Affected(new.revoked_sessions - old.revoked_sessions, subjects, applications)


def why_cut(request: Revocable, snapshot: Snapshot, now: float) -> tuple[Code, str] | None:
    """Why a request may not go on, with this snapshot at `now` (wall clock time); None: it may."""
    plan = request.plan
    application = snapshot.applications.get(plan.application.id)
    if application is None or not snapshot.router.serves(application.id, plan.segment.external.host):
        return Code.UNKNOWN_HOST, "the application is no longer published there"
    # What has no end must not outlive its session; a download may, because it ends.
    verdict = Authorizer(snapshot).authorize(context_of(request, application, now), under_way=not request.endless)
    if isinstance(verdict, Pass):
        refused = _refused(request, application, verdict.controls.transfers)
        return None if refused is None else (Code.POLICY_BLOCKED, str(refused))
    return verdict.code if isinstance(verdict, Refuse) else Code.SIGN_IN_REQUIRED, verdict.reason


def _refused(request: Revocable, application: Application, transfers: Transfers | None) -> Refused | None:
    """What a policy lets through no more of a request, or of its answer where that has begun."""
    exchange, answer = request.exchange, request.answer
    if transfers is None or exchange is None:
        return None
    if refused := refused_head(transfers, exchange.head, application.upgrades):
        return refused
    return None if answer is None else refused_block(transfers, request.method, *answer.head)


def context_of(request: Revocable, application: Application, now: float) -> RequestContext[Session]:
    """What an authorizer is to decide about; `application`: as it is published now."""
    exchange = request.exchange
    if exchange is None:  # the user has left: there is nothing more to be cut
        return RequestContext(application, request.session, now, method=request.method, begun=True)
    path = exchange.head.target.partition(b"?")[0]
    return RequestContext(
        application, request.session, now, exchange.client, request.method, path, exchange.peer_certificate, begun=True,
        user_agent=exchange.head.get(b"user-agent") or b"", upgrade=exchange.head.upgrade is not None)
