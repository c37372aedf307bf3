"""The one place that decides who may use an application: on values, for every request and for what is under way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from appproxy.errors import Code
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict


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
    def groups(self) -> Sequence[str]: ...


class Assigned(Protocol):
    """What a decision needs of an application: `appproxy.publish.application.Application` has it."""

    @property
    def name(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def passthrough(self) -> bool: ...
    @property
    def assignment_required(self) -> bool: ...
    @property
    def assigned_users(self) -> frozenset[str]: ...
    @property
    def assigned_groups(self) -> frozenset[str]: ...


class Issuing(Protocol):
    """What a decision needs of a provider: `appproxy.store.snapshot.ProviderRecord` has it."""

    @property
    def issuer(self) -> str: ...


class Facts(Protocol):
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


V = TypeVar("V", bound=Visitor)


@dataclass(frozen=True, slots=True)
class RequestContext(Generic[V]):
    """What a decision is about. `session` is None for who has none; `now` in seconds since 1970.

    `client`: the user's address without port; `path`: of the external URL, without the query; `device`: the certificate (DER)
    that the user's connection has proved, None for none.
    """

    application: Assigned
    session: V | None
    now: float
    client: str = ""
    method: bytes = b""
    path: bytes = b""
    device: bytes | None = None


def is_assigned(application: Assigned, subject: str, groups: Iterable[str]) -> bool:
    """Is the application assigned to this user, directly or by a group? Ids are compared exactly."""
    return (
        not application.assignment_required
        or subject in application.assigned_users
        or not application.assigned_groups.isdisjoint(groups)
    )


class Maintained(Protocol):
    """What a decision needs of an application that may be closed for maintenance."""

    @property
    def maintaining_users(self) -> frozenset[str]: ...
    @property
    def maintaining_groups(self) -> frozenset[str]: ...


def maintains(application: Maintained, verdict: Verdict[V]) -> bool:
    """May who got this verdict use the application while it is being maintained?"""
    session = verdict.session if isinstance(verdict, Pass) else None
    return session is not None and (
        session.subject in application.maintaining_users
        or not application.maintaining_groups.isdisjoint(session.groups)
    )


class Authorizer:
    """Decides with the facts of one moment, such as a snapshot. One is as good as another with the same facts."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def authorize(self, context: RequestContext[V], *, under_way: bool = False) -> Verdict[V]:
        """The verdict on a request.

        `under_way`: it was let pass before. That its session has grown old meanwhile decides about new requests, not about
        this one; everything else does.

        A subject or a group means something only together with who named it: a session counts for the very provider, and
        issuer, that the application has now.
        """
        application, session = context.application, context.session
        if application.passthrough:
            return Pass(None)
        if session is None:
            return SignInRequired("no session")
        if session.expires <= context.now and not under_way:
            return SignInRequired("the session has expired")
        if reason := self._why_not(application, session):
            return SignInRequired(reason, session.expires)
        if not is_assigned(application, session.subject, session.groups):
            return Refuse(Code.NOT_ASSIGNED, f"{session.subject} is not assigned to {application.name}", session.expires)
        return Pass(session, session.expires)

    def _why_not(self, application: Assigned, session: Visitor) -> str:
        """Why a session does not count for an application, whoever may use it; empty where it does."""
        facts = self._facts
        provider = facts.providers.get(application.provider)
        if provider is None or session.provider != application.provider or session.issuer != provider.issuer:
            return "the session is from another identity provider"
        if session.id in facts.revoked_sessions:
            return "the session was revoked"
        # A session of the very second of a revocation does not count either: times may be whole seconds.
        if facts.not_before and session.issued <= facts.not_before.get((session.provider, session.subject), -1.0):
            return "the user's sessions were revoked"
        return ""


def judge_upgrade(origins: Sequence[bytes], own: Collection[bytes]) -> Refuse | None:
    """May an upgrade request with these Origin fields pass? `own`: the application's origins.

    Browsers always send one (RFC 6455 section 10.2).

    A WebSocket is not bound by the same-origin policy, and cookies go with it: without this check any site could use
    the user's session. No Origin at all: not a browser, so nobody else's cookie.
    """
    if not origins or (len(origins) == 1 and origins[0] in own):
        return None
    return Refuse(Code.CROSS_SITE, "an upgrade from another origin")
