"""The session that a sign-in would begin: how long it lasts, what is known of the user in it, and whether it may begin."""

from __future__ import annotations

from dataclasses import dataclass, replace

from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError
from appproxy.identity.claims import build_session, with_few_groups
from appproxy.identity.cookie import seal_session
from appproxy.identity.openid.id_token import MAX_SUBJECT, Claims
from appproxy.identity.openid.oidc import TokenAnswer
from appproxy.identity.session import Session
from appproxy.identity.states import StartState
from appproxy.net.web import address_of
from appproxy.policy.risk.levels import UNKNOWN
from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.application import Application
from appproxy.service.signin import step_up
from appproxy.service.signin.openid.refreshing import LEAST_LIFETIME
from appproxy.service.signin.request.browser_request import client_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.step_up import DeviceNeeded
from appproxy.service.signin.stores.needs import JudgedHere
from appproxy.store.people.session.record import SignInResult
from appproxy.store.snapshot import BUILTIN, ProviderRecord


@dataclass(frozen=True, slots=True)
class ProvedSignIn:
    """A sign-in that a provider has vouched for: who it is, for which application, and what began it.

    `named`: the groups that are named anywhere; `answer`: the provider's tokens; `judged`: how likely it is somebody else.
    """

    claims: Claims
    application: Application
    record: ProviderRecord
    start: StartState
    named: frozenset[str]
    answer: TokenAnswer
    judged: JudgedHere | None


def session_of(
    context: SignInContext, request: IRequest, proved: ProvedSignIn
) -> tuple[Session, Refuse | StartState | DeviceNeeded | None]:
    """The session that the user would get if this sign-in were a new one, and why they may not have it; or how the sign-in
    goes on, where policies ask for more. Raises IdentityError.
    """
    claims, application, record, start = proved.claims, proved.application, proved.record, proved.start
    now = context.wall_clock()
    hours = min(application.session_hours, record.session_hours)
    session = build_session(
        claims, provider=record.id, session_id=context.random_bytes(16).hex(), now=now,
        expires=not_after(record, claims, now + hours * 3600.0), groups_claim=record.groups_claim, named_groups=proved.named,
        named_claims=[rule.claim for rule in application.headers],
        refresh_at=refresh_at(claims, proved.answer, now) if context.refreshes else 0.0,
    )
    risk = UNKNOWN if proved.judged is None else proved.judged.judgement.level
    session = replace(context.bound(request, application, session), sign_in_risk=risk)
    asked = context.context(request, application, session, start.target)
    verdict = step_up.decided(
        context.authorizer.authorize(asked), start, session, context.snapshot.policies, now, shown=not context.device_origin)
    if isinstance(verdict, Refuse):
        context.refused(session, asked, verdict, context.snapshot)
    if isinstance(verdict, Refuse | StartState | DeviceNeeded):
        return session, verdict
    if not isinstance(verdict, Pass):
        raise IdentityError(Code.TOKEN_REFUSED, verdict.reason)
    # Too large a cookie is known here, before the browser goes on.
    seal_session(session, context.key, context.place(context.route(application, start.host)), context.nonce())
    return session, None


def kept_of(request: IRequest, proved: ProvedSignIn, session: Session, application: str) -> SignInResult:
    """What the store keeps of it. `application`: its id, "" where the user may not use it."""
    claims, record, answer = proved.claims, proved.record, proved.answer
    sid = claims.raw.get("sid")
    return SignInResult(
        id=session.id, provider=record.id, subject=claims.subject, issuer=claims.issuer, name=session.name,
        sid=sid if isinstance(sid, str) and len(sid) <= MAX_SUBJECT and sid.isprintable() else "", application=application,
        expires=not_after(record, claims, session.issued + record.session_hours * 3600.0), address=address_of(request),
        client=client_of(request),
        auth_time=claims.auth_time, amr=claims.amr, acr=claims.acr,
        claims=with_few_groups(claims.raw, record.groups_claim, proved.named), id_token=answer.id_token,
        refresh_token=answer.refresh_token, refresh_at=session.refresh_at,
    )


def refresh_at(claims: Claims, answer: TokenAnswer, now: float) -> float:
    """When the provider is to be asked again, as its tokens are over then; 0.0 where it gave none to ask with."""
    if not answer.refresh_token:
        return 0.0
    return now + max(answer.lifetime or claims.expires - now, LEAST_LIFETIME)


def not_after(record: ProviderRecord, claims: Claims, end: float) -> float:
    """Of the built-in provider no session outlasts that provider's own, which began with a password."""
    return min(end, claims.expires) if record.id == BUILTIN else end
