"""The one place that decides who may use an application: on values, for every request and for what is under way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, Protocol, TypeVar

from appproxy.device import ProvedDevice
from appproxy.errors import Code
from appproxy.policy.conditional.compiled import PolicySet, Program
from appproxy.policy.conditional.facts import Facts
from appproxy.policy.conditional.model import Policy
from appproxy.policy.networks import network_of
from appproxy.policy.risk.user_risk import NO_RISK, UserRisk
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict

#: What a session's `credential` is called that came with a service token.
SERVICE_TOKEN = "service-token"
#: The same for an access token of the application's provider.
PROVIDER_TOKEN = "provider"
#: The same for a certificate that a program has proved in TLS.
CERTIFICATE = "certificate"
#: The setting `bearer` of an application that takes every kind of credentials.
BOTH = "both"


class Visitor(Protocol):
    """What a decision needs of a session: `appproxy.identity.session.H2Session` has it."""

    @property
    def id(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def issued(self) -> float: ...
    @property
    def expires(self) -> float: ...
    @property
    def seen(self) -> float: ...
    @property
    def groups(self) -> Sequence[str]: ...
    @property
    def auth_time(self) -> float: ...
    @property
    def amr(self) -> Sequence[str]: ...
    @property
    def acr(self) -> str: ...
    @property
    def network(self) -> str:
        """Where it began, as `policy.networks.network_of` says it; "" where that is not kept."""
        ...

    @property
    def sign_in_risk(self) -> str:
        """The level that was judged when it began; "" for unknown."""
        ...

    @property
    def device(self) -> ProvedDevice | None:
        """That was proved in it by a certificate."""
        ...

    @property
    def credential(self) -> str:
        """"" for an access cookie; else what was shown in its place, as the setting `bearer` calls it."""
        ...


class AccessRule(Protocol):
    """Whom an application lets in of those that one identity provider vouches for, by that provider's ids."""

    @property
    def assigned_users(self) -> frozenset[str]: ...
    @property
    def assigned_groups(self) -> frozenset[str]: ...
    @property
    def maintaining_users(self) -> frozenset[str]: ...
    @property
    def maintaining_groups(self) -> frozenset[str]: ...
    @property
    def ending_users(self) -> Sequence[tuple[str, float]]:
        """Those who are assigned for a time, and until when (seconds since 1970)."""
        ...

    @property
    def ending_groups(self) -> Sequence[tuple[str, float]]:
        """The same of groups."""
        ...


class Assigned(Protocol):
    """What a decision needs of an application: `appproxy.publish.application.Application` has it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def bearer(self) -> str: ...
    @property
    def machine_terms(self) -> str:
        """By what certificates of programs are judged; "" where none count."""
        ...
    @property
    def passthrough(self) -> bool: ...
    @property
    def idle_minutes(self) -> float: ...
    @property
    def assignment_required(self) -> bool: ...
    def access_of(self, provider: str) -> AccessRule | None:
        """Whom it lets in of this provider's; None where it is no provider of the application."""
        ...


class Issuing(Protocol):
    """What a decision needs of a provider: `appproxy.store.snapshot.ProviderRecord` has it."""

    @property
    def issuer(self) -> str: ...
    @property
    def idle(self) -> float:
        """Seconds without a request after which a session counts no longer."""
        ...


class ProgramToken(Protocol):
    """What a decision needs of a service token: `appproxy.store.snapshot.ServiceToken` has it."""

    @property
    def name(self) -> str: ...

    @property
    def applications(self) -> Collection[str]:
        """Ids of those that it opens."""
        ...

    @property
    def secrets(self) -> Mapping[str, float]:
        """Hashes of its secrets, each with its end."""
        ...

    def takes(self, client: str) -> bool:
        """May it be used from this address?"""
        ...


class SnapshotFacts(Protocol):
    """What a decision needs of the moment: `appproxy.store.snapshot.Snapshot` has it."""

    @property
    def providers(self) -> Mapping[str, Issuing]:
        """By id."""
        ...

    @property
    def revoked_sessions(self) -> Collection[str]:
        """Their ids."""
        ...

    @property
    def not_before(self) -> Mapping[tuple[str, str], float]:
        """By provider and subject, the time before which sessions do not count."""
        ...

    @property
    def service_tokens(self) -> Mapping[str, ProgramToken]:
        """By id, which is their sessions' subject."""
        ...

    @property
    def policies(self) -> PolicySet:
        """Conditional access."""
        ...

    @property
    def user_risks(self) -> Mapping[tuple[str, str], UserRisk]:
        """By provider and subject, what is held against users; nothing against others."""
        ...


V = TypeVar("V", bound=Visitor)
_OTHER_PROVIDER = "the session is from another identity provider"


@dataclass(frozen=True, slots=True)
class RequestContext(Generic[V]):
    """What a decision is about. `session` is None for who has none; `now` in seconds since 1970.

    `client`: the user's address without port; `path`: of the external URL, without the query; `device`: the certificate (DER)
    that the user's connection has proved, None for none; `begun`: it was let pass before, and goes on; `user_agent`: the
    field's value; `upgrade`: the connection is to change to another protocol; `elsewhere`: it is a sign-in to a relying party.
    """

    application: Assigned
    session: V | None
    now: float
    client: str = ""
    method: bytes = b""
    path: bytes = b""
    device: bytes | None = None
    begun: bool = False
    user_agent: bytes = b""
    upgrade: bool = False
    elsewhere: bool = False


def is_assigned(access: AccessRule, subject: str, groups: Iterable[str]) -> bool:
    """Is the application assigned to this user of the provider for good, directly or by a group? Ids are compared exactly."""
    return subject in access.assigned_users or not access.assigned_groups.isdisjoint(groups)


def assigned_until(application: Assigned, access: AccessRule, subject: str, groups: Sequence[str]) -> float:
    """Until when a user of the provider may use it, as far as assignments go (seconds since 1970): infinity for good, also
    where nobody need be assigned, and -infinity for not at all.
    """
    if not application.assignment_required or subject in access.assigned_users:
        return inf
    if not access.assigned_groups.isdisjoint(groups):
        return inf
    until = -inf
    for value, ends in access.ending_users:
        if value == subject:
            until = max(until, ends)
    for value, ends in access.ending_groups:
        if value in groups:
            until = max(until, ends)
    return until


def maintains(application: Assigned, verdict: Verdict[V]) -> bool:
    """May who got this verdict use the application while it is being maintained?"""
    session = verdict.session if isinstance(verdict, Pass) else None
    # A program's subject is no user's.
    if session is None or session.credential in (SERVICE_TOKEN, CERTIFICATE):
        return False
    access = application.access_of(session.provider)
    return access is not None and (
        session.subject in access.maintaining_users or not access.maintaining_groups.isdisjoint(session.groups)
    )


class Authorizer:
    """Decides with the facts of one moment, such as a snapshot. One is as good as another with the same facts."""

    __slots__ = ("_facts",)

    def __init__(self, facts: SnapshotFacts) -> None:
        self._facts = facts

    def authorize(self, context: RequestContext[V], *, under_way: bool = False) -> Verdict[V]:
        """The verdict on a request.

        `under_way`: it was let pass before. That its session has grown old meanwhile decides about new requests, not about
        this one; everything else does.

        A subject or a group means something only together with who named it: a session counts for a very provider, and
        issuer, that the application has now, and only that provider's users and groups are looked at.
        """
        application, session = context.application, context.session
        if application.passthrough:
            return Pass(None)
        if session is None:
            return SignInRequired("no session")
        if session.expires <= context.now and not under_way:
            return SignInRequired("the session has expired")
        if session.credential in (SERVICE_TOKEN, CERTIFICATE):
            return self._authorize_program(context, session, under_way)
        if session.credential and application.bearer not in (session.credential, BOTH):
            return SignInRequired(f"{application.name} takes no {session.credential}")
        access = application.access_of(session.provider)
        if access is None:
            return SignInRequired(_OTHER_PROVIDER, session.expires)
        if reason := self.why_not(session):
            return SignInRequired(reason, session.expires)
        # What goes on is in use, however old the cookie is that it began with; and an access token cannot be made again.
        is_in_use = context.begun or bool(session.credential)
        ends = session.expires if is_in_use else min(session.expires, self._idle_end(application, session))
        if ends <= context.now and not under_way:
            return SignInRequired("the session was not used for too long")
        until = assigned_until(application, access, session.subject, session.groups)
        if until <= context.now:
            return Refuse(Code.NOT_ASSIGNED, f"{session.subject} is not assigned to {application.name}", ends)
        return self._by_policies(context, session, min(ends, until), under_way)

    def _by_policies(self, context: RequestContext[V], session: V, ends: float, under_way: bool) -> Verdict[V]:
        """The verdict on who may use the application, as far as policies let them. A service token is no user: they are not
        about it.
        """
        policies = self._facts.policies
        program = policies.program(context.application.id)
        if program is None or (session.provider, session.subject) in policies.exempt:
            return Pass(session, ends)
        risk = self._facts.user_risks.get((session.provider, session.subject), NO_RISK)
        return _conditional(program.facts(session, context.now, context, risk), program, context, session, ends, under_way)

    def _authorize_program(self, context: RequestContext[V], session: V, under_way: bool) -> Verdict[V]:
        """The verdict on who has shown a service token, or a certificate of its own.

        The id of a service token's session is the hash of its secret. A certificate was judged by what the application said
        then: another word of that ends what is under way, and the next request is judged by it.
        """
        application = context.application
        if session.credential == CERTIFICATE:
            if session.acr != application.machine_terms:
                return SignInRequired("the application has changed which certificates it takes")
            return Pass(session, session.expires)
        if application.bearer not in (SERVICE_TOKEN, BOTH):
            return SignInRequired(f"{application.name} takes no {session.credential}")
        token = self._facts.service_tokens.get(session.subject)
        ends = None if token is None else token.secrets.get(session.id)
        if token is None or ends is None:
            return SignInRequired("there is no such service token, or not any more")
        if ends <= context.now and not under_way:
            return SignInRequired("the service token has expired")
        if application.id not in token.applications:
            return Refuse(Code.NOT_ASSIGNED, f"the service token {token.name} is not for {application.name}", ends)
        if not token.takes(context.client):
            return Refuse(Code.NOT_ASSIGNED, f"the service token {token.name} is not for use from {context.client}", ends)
        return Pass(session, ends)

    def _idle_end(self, application: Assigned, session: Visitor) -> float:
        idle = min(application.idle_minutes * 60.0, self._facts.providers[session.provider].idle)
        return (session.seen or session.issued) + idle

    def why_not(self, session: Visitor) -> str:
        """Why a session counts nowhere, whatever policies say and however old it is; empty where it does."""
        facts = self._facts
        provider = facts.providers.get(session.provider)
        if provider is None or session.issuer != provider.issuer:
            return _OTHER_PROVIDER
        if session.id in facts.revoked_sessions:
            return "the session was revoked"
        # A session of the very second of a revocation does not count either: times may be whole seconds.
        if facts.not_before and session.issued <= facts.not_before.get((session.provider, session.subject), -1.0):
            return "the user's sessions were revoked"
        return ""


def _conditional(
    facts: Facts, program: Program, context: RequestContext[V], session: V, ends: float, under_way: bool
) -> Verdict[V]:
    """What policies make of a session that may else pass until `ends`."""
    # For a relying party all groups of the user were looked up just now.
    if not context.elsewhere and session.issued <= program.groups_since(session.provider):
        return SignInRequired("a policy asks about groups that the session does not hold", ends)
    decision = program.decide(facts, aged=not under_way)
    until = min(ends, decision.holds_until)
    if decision.blocked:
        names = ", ".join(repr(policy.name) for policy in decision.blocked)
        message = _message(decision.blocked)
        return Refuse(Code.POLICY_BLOCKED, f"{session.subject} is blocked by {names}", until, message)
    if decision.demand:
        names = ", ".join(repr(policy.name) for policy in decision.lacking)
        return SignInRequired(f"{names} asks for {decision.demand}", until, decision.demand, _message(decision.lacking))
    controls = decision.controls
    if controls.bound and session.network != network_of(context.client):
        return SignInRequired("the session is bound to the network in which it began", until)
    idle_end = (session.seen or session.issued) + controls.idle
    if not context.begun:
        if idle_end <= context.now and not under_way:
            return SignInRequired("the session was not used for longer than a policy allows", until)
        until = min(until, idle_end)
    return Pass(session, until, controls)


def _message(policies: Iterable[Policy]) -> str:
    """What the first of them that has something to say tells users."""
    return next((policy.message for policy in policies if policy.message), "")


def judge_upgrade(origins: Sequence[bytes], own: Collection[bytes]) -> Refuse | None:
    """May an upgrade request with these Origin fields pass? `own`: the application's origins.

    Browsers always send one (RFC 6455 section 10.2).

    A WebSocket is not bound by the same-origin policy, and cookies go with it: without this check any site could use
    the user's session. No Origin at all: not a browser, so nobody else's cookie.
    """
    if not origins or (len(origins) == 1 and origins[0] in own):
        return None
    return Refuse(Code.CROSS_SITE, "an upgrade from another origin")
