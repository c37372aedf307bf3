"""The built-in roles, and what somebody who has some of them may do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from appproxy.admin.base.principal import FULL, Permission, Principal
from appproxy.errors import NotFound
from appproxy.publish import administration
from appproxy.store.names import not_found
from appproxy.store.snapshot import Entitlement, RoleAssignment
from appproxy.store.tables.core import GROUP, USER

#: The name of the role that may do everything.
ADMINISTRATOR = administration.ADMINISTRATOR

_P = Permission
#: Who uses the service, and what they did.
_PERSONAL = frozenset({
    _P.READ_USERS, _P.READ_SESSIONS, _P.READ_TOKENS, _P.READ_AUDIT, _P.READ_ROLES, _P.READ_CONFIGURATION, _P.READ_ACCESS,
    _P.READ_RISK, _P.READ_REQUESTS})
#: Of who is entitled to a role.
_ASKING = frozenset({_P.READ_REQUESTS, _P.MAKE_REQUESTS})
_READ = frozenset(one for one in Permission if one.value.endswith(".read"))


@dataclass(frozen=True, slots=True)
class AdminRole:
    """What its holders may do. `of_one`: of it, what they may do to one application if they have the role for that alone;
    `beside`: what they may then do besides.
    """

    name: str
    explanation: str
    permissions: frozenset[Permission]
    of_one: frozenset[Permission] = frozenset()
    beside: frozenset[Permission] = frozenset()


ROLES = {one.name: one for one in (
    AdminRole(ADMINISTRATOR, "May do everything (in Entra: global administrator).", FULL),
    AdminRole("application-administrator",
         "Publishes applications and says who may use them; for some applications alone: changes their settings, but not "
         "where they are published and where they lead, nor whether anybody has to sign in, and says who may use them.",
         frozenset({
             _P.READ_APPLICATIONS, _P.CHANGE_APPLICATIONS, _P.PUBLISH, _P.CHANGE_ACCESS, _P.READ_ACCESS, _P.READ_USERS,
             _P.READ_CONNECTORS,
             _P.READ_CERTIFICATES, _P.READ_PROVIDERS, _P.READ_POLICIES, _P.READ_TOKENS, _P.CHANGE_TOKENS, _P.READ_SERVICE,
         }), frozenset({_P.CHANGE_APPLICATIONS, _P.CHANGE_ACCESS, _P.READ_ACCESS}),
         frozenset({_P.READ_APPLICATIONS})),
    AdminRole("connector-administrator", "Lets connectors in, approves, moves and revokes them.",
         frozenset({_P.READ_CONNECTORS, _P.CHANGE_CONNECTORS, _P.READ_APPLICATIONS, _P.READ_SERVICE})),
    AdminRole("user-administrator", "Adds, changes and removes users and groups of the built-in provider, who have no role "
              "that may do more, and says of anybody what is at risk and what is not.",
         frozenset({_P.READ_USERS, _P.CHANGE_USERS, _P.RESET_CREDENTIALS, _P.READ_SESSIONS, _P.END_SESSIONS,
                    _P.READ_RISK, _P.CHANGE_RISK, _P.READ_APPLICATIONS, _P.READ_DIRECTORIES, _P.READ_SERVICE})),
    AdminRole("policy-administrator",
         "Writes policies, named locations, strengths and contexts, and says who must have a second factor.",
         frozenset({_P.READ_POLICIES, _P.CHANGE_POLICIES, _P.READ_APPLICATIONS, _P.READ_USERS, _P.READ_PROVIDERS,
                    _P.READ_SESSIONS, _P.READ_RISK, _P.READ_SERVICE})),
    AdminRole("help-desk", "Sets passwords and forgets second factors of users who have no role that may do more, and ends "
         "anybody's sessions.",
         frozenset({_P.READ_USERS, _P.RESET_CREDENTIALS, _P.READ_SESSIONS, _P.END_SESSIONS, _P.READ_APPLICATIONS,
                    _P.READ_POLICIES, _P.READ_RISK})),
    AdminRole("auditor", "Reads everything, the audit and all about users included.", _READ),
    AdminRole("reader", "Reads how the service is set up, and of users only whom that names.", _READ - _PERSONAL),
)}  # fmt: skip


def find(name: str) -> AdminRole:
    """The role of this name. Raises NotFound."""
    try:
        return ROLES[name]
    except KeyError:
        raise _unknown(name) from None


def _unknown(name: str) -> NotFound:
    return not_found("role", name, ROLES)


def needed(assignments: Iterable[RoleAssignment]) -> list[tuple[frozenset[Permission], str]]:
    """What these come to: permissions, and the application (its id) for which alone they hold, "" for all.

    A role that is no more gives nothing.
    """
    found: list[tuple[frozenset[Permission], str]] = []
    for one in assignments:
        role = ROLES.get(one.role)
        if role is not None and one.application:
            found += [(role.of_one, one.application), (role.beside, "")]
        elif role is not None:
            found.append((role.permissions, ""))
    return found


def principal(
    name: str, assignments: Iterable[RoleAssignment], noted: Mapping[str, object] | None = None, *,
    holders: Collection[tuple[str, str, str]] = (), entitled: bool = False,
) -> Principal:
    """Somebody with these roles. `name`: what the audit calls them; `noted`: what it says of them besides; `holders`: whose
    roles they have, the first of which is their own; `entitled`: they may ask for a role.
    """
    permissions: set[Permission] = set(_ASKING if entitled else ())
    scoped: dict[Permission, set[str]] = {}
    ends: dict[tuple[Permission, str], float] = {}
    for assignment in assignments:
        for given, application in needed([assignment]):
            for one in given:
                ends[one, application] = max(ends.get((one, application), -inf), end_of(assignment))
            if not application:
                permissions |= given
            else:
                for one in given:
                    scoped.setdefault(one, set()).add(application)
    return Principal(
        name, frozenset(permissions), {one: frozenset(ids) for one, ids in scoped.items()}, noted=noted or {},
        ends={which: end for which, end in ends.items() if end < inf and not (entitled and which[0] in _ASKING)},
        person=next(((provider, value) for provider, kind, value in holders if kind == USER), None),
        holders=frozenset(holders))


def held(
    assignments: Iterable[RoleAssignment], holders: Collection[tuple[str, str, str]], now: float
) -> list[RoleAssignment]:
    """Those of them that these holders (provider, kind, value) have `now`. One that was asked for counts for members of the
    group that may ask alone.
    """
    return [
        one for one in assignments
        if one.holds(now) and (one.provider, one.kind, one.value) in holders
        and (not one.through or (one.provider, GROUP, one.through) in holders)
    ]


def may_ask(entitlements: Iterable[Entitlement], holders: Collection[tuple[str, str, str]], now: float) -> bool:
    """Is one of these holders (provider, kind, value) entitled to some role `now`?"""
    return any(one.holds(now) and one.holder in holders for one in entitlements)


def end_of(assignment: RoleAssignment) -> float:
    """When it ends (seconds since 1970), infinity for good."""
    return assignment.expires or inf


def covers(caller: Principal, assignments: Iterable[RoleAssignment]) -> bool:
    """May the caller do all that these allow, and for as long?"""
    return all(
        caller.holds_until(permissions, application) >= end_of(one)
        for one in assignments for permissions, application in needed([one]))
