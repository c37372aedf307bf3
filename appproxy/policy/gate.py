"""The decision at the gate, on values: may this session use this application now?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from appproxy.errors import Code
from appproxy.policy.verdict import Pass, Refuse, SignIn, Verdict


class Visitor(Protocol):
    """What a decision needs of a session: `appproxy.identity.session.Session` has it."""

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


def judge(
    application: Assigned, session: V | None, now: float, facts: Facts, *, passthrough: bool = False,
) -> Verdict[V]:
    """The verdict on a request to `application` with `session` (None: no cookie that opens) at `now`.

    A subject or a group means something only together with who named it: a session counts for the very provider, and
    issuer, that the application has now.
    """
    if passthrough:
        return Pass(None)
    if session is None:
        return SignIn("no session")
    if session.expires <= now:
        return SignIn("the session has expired")
    provider = facts.providers.get(application.provider)
    if provider is None or session.provider != application.provider or session.issuer != provider.issuer:
        return SignIn("the session is from another identity provider")
    if session.id in facts.revoked_sessions:
        return SignIn("the session was revoked")
    # A session of the very second of a revocation does not count either: times may be whole seconds.
    if facts.not_before and session.issued <= facts.not_before.get((session.provider, session.subject), -1.0):
        return SignIn("the user's sessions were revoked")
    if not is_assigned(application, session.subject, session.groups):
        return Refuse(Code.NOT_ASSIGNED, f"{session.subject} is not assigned to {application.name}")
    return Pass(session)


def judge_upgrade(origins: Sequence[bytes], own: Collection[bytes]) -> Refuse | None:
    """May an upgrade request with these Origin fields pass? `own`: the application's origins.

    Browsers always send one (RFC 6455 section 10.2).

    A WebSocket is not bound by the same-origin policy, and cookies go with it: without this check any site could use
    the user's session. No Origin at all: not a browser, so nobody else's cookie.
    """
    if not origins or (len(origins) == 1 and origins[0] in own):
        return None
    return Refuse(Code.CROSS_SITE, "an upgrade from another origin")
