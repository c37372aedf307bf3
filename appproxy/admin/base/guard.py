"""What keeps administrators from getting more than they were given, and from leaving nobody who may do everything.

Whoever can set the password of a user, put themselves into a group or rotate a token gets the roles of that user, group or
token, and whoever can say where a provider or a directory is those of everybody of it: it is refused to those who may not do
as much already, for as long. A break-glass user, whom no policy concerns, may do what only
those may give who change policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import inf

from appproxy.admin.base import roles
from appproxy.admin.base.body import Body
from appproxy.admin.base.principal import Forbidden, LastAdministrator, Permission, Principal
from appproxy.errors import ConfigError, NotFound
from appproxy.store.devices import devices
from appproxy.store.machines import service_tokens
from appproxy.store.people import directories, directory_users, providers, user_groups, users
from appproxy.store.policies import policies
from appproxy.store.risk import sign_ins
from appproxy.store.roles import assignments, entitlements
from appproxy.store.snapshot import BUILTIN, TOKEN
from appproxy.store.tables.core import GROUP, USER
from appproxy.store.transaction import Reading, Transaction

#: A provider, a kind and what tokens carry: whom roles are given to.
Holder = tuple[str, str, str]

#: Operations that need one of these make a user, a member of a group, or a token, into whoever calls.
PEOPLE = frozenset({Permission.CHANGE_USERS, Permission.RESET_CREDENTIALS})
TOKENS = frozenset({Permission.CHANGE_TOKENS})
#: By these somebody is shut out, or spared what policies ask at risk.
RISK = frozenset({Permission.CHANGE_RISK})
#: By these a provider or a directory can be made to vouch for whoever calls as anybody of it.
VOUCHING = frozenset({Permission.CHANGE_PROVIDERS, Permission.CHANGE_DIRECTORIES})
#: By these, administrators can go, or be kept out.
_COSTLY = PEOPLE | TOKENS | {
    Permission.CHANGE_DIRECTORIES, Permission.CHANGE_PROVIDERS, Permission.CHANGE_ROLES, Permission.CHANGE_POLICIES}


def check_targets(
    reading: Reading, caller: Principal, permission: Permission, path: Mapping[str, str], body: Body, now: float
) -> None:
    """Raises Forbidden when what the path and the body name has roles that may do more than the caller may, or is a user whom
    no policy concerns.
    """
    if caller.system:
        return
    if permission in PEOPLE:
        _check_exempt(reading, caller, path)
        named = [*_users(reading, path), *_groups(reading, path, body)]
    elif permission in RISK:
        named = _at_risk(reading, path, body)
    elif permission in TOKENS and "token" in path:
        named = _tokens(reading, path["token"])
    elif permission in VOUCHING:
        named = _vouched_for(reading, path)
    else:
        return
    for label, holders in named:
        may_ask = entitlements.of(reading, set(holders), now)
        held = [*assignments.of(reading, holders, now), *entitlements.as_assignments(may_ask)]
        if not roles.covers(caller, held):
            names = ", ".join(sorted({one.role for one in held}))
            raise Forbidden(f"{caller.name} may do less than {label} (role {names}), or for a shorter time, and so may not "
                            "change that",
                            hint="somebody with as much must do it")


def _check_exempt(reading: Reading, caller: Principal, path: Mapping[str, str]) -> None:
    if caller.covers({Permission.CHANGE_POLICIES}):
        return
    exempt = policies.exempt(reading)
    for label, holders in _users(reading, path):
        if any((provider, value) in exempt for provider, kind, value in holders if kind == USER):
            raise Forbidden(f"{label} is a break-glass user, whom no policy concerns: {caller.name} may not change policies, "
                            "and so may not change that", hint="somebody with as much must do it")


def _users(reading: Reading, path: Mapping[str, str]) -> list[tuple[str, list[Holder]]]:
    """The user whom the path names, or whose device it does, with all groups. What is not there is told of by the operation
    itself.
    """
    if "user" not in path and "device" not in path:
        return []
    try:
        found = users.find(reading, path["user"] if "user" in path else devices.find(reading, path["device"]).user)
    except NotFound:
        return []
    groups = [(BUILTIN, GROUP, group.id) for group in found.groups]
    return [(found.name, [(BUILTIN, USER, found.id), *groups])]


def _at_risk(reading: Reading, path: Mapping[str, str], body: Body) -> list[tuple[str, list[Holder]]]:
    """The user whose sign-in the path names, or whom the body does. Groups of other providers are not known here."""
    try:
        if "signin" in path:
            signin = sign_ins.find(reading, path["signin"])
            provider, subject = signin.provider, signin.subject
        elif "user" in body:
            return _users(reading, {"user": body.text("user")})
        else:
            provider, subject = providers.find(reading, body.text("provider")).id, body.text("subject")
    except (ConfigError, NotFound):
        return []
    found = _users(reading, {"user": subject}) if provider == BUILTIN else []
    return [*found, (subject, [(provider, USER, subject)])]


def _groups(reading: Reading, path: Mapping[str, str], body: Body) -> list[tuple[str, list[Holder]]]:
    texts = [path["group"]] if "group" in path else []
    if "groups" in body:
        texts += body.texts("groups")
    found: list[tuple[str, list[Holder]]] = []
    for text in texts:
        try:
            group = user_groups.find(reading, text)
        except NotFound:
            continue
        found.append((group.name, [(BUILTIN, GROUP, group.id)]))
    return found


def _vouched_for(reading: Reading, path: Mapping[str, str]) -> list[tuple[str, list[Holder]]]:
    """All who have a role, or may ask for one, of the provider or the directory that the path names. For the built-in provider
    nobody else vouches, whatever is changed of it.
    """
    try:
        if "provider" in path:
            provider = providers.find(reading, path["provider"])
            given = [(one.provider, one.kind, one.value) for one in assignments.list_all(reading)]
            all_ = [*given, *(one.holder for one in entitlements.list_all(reading))]
            return [] if provider.id == BUILTIN else [(provider.name, [one for one in all_ if one[0] == provider.id])]
        if "directory" in path:
            directory = directories.find(reading, path["directory"])
            own, groups = directory_users.all_of(reading, directory.id)
            return [(directory.name, [*((BUILTIN, USER, id_) for id_ in own), *((BUILTIN, GROUP, id_) for id_ in groups)])]
    except NotFound:
        pass
    return []


def _tokens(reading: Reading, text: str) -> list[tuple[str, list[Holder]]]:
    try:
        found = service_tokens.find(reading, text)
    except NotFound:
        return []
    return [(found.name, [("", TOKEN, found.id)])]


@contextmanager
def keeping_an_administrator(tx: Transaction, caller: Principal, permission: Permission) -> Iterator[None]:
    """Raises LastAdministrator when nobody is left who may do everything for good and whom no policy keeps out for certain,
    where somebody was.

    The system's administrator can always give the role to somebody again, and may have to shut out a user at once; taking
    the role away is refused to them too, since it is never urgent.
    """
    concerned = permission in _COSTLY and (not caller.system or permission is Permission.CHANGE_ROLES)
    there = concerned and _is_administered(tx, caller)
    yield
    if there and not _is_administered(tx, caller):
        raise LastAdministrator("nobody would be left who may administer the service",
                                hint=f"first give the role {roles.ADMINISTRATOR} for good to somebody else whom no policy "
                                     "blocks")


def _is_administered(reading: Reading, caller: Principal) -> bool:
    """By somebody who gets in, as far as the caller is concerned: no policy keeps the system's administrator out."""
    return assignments.has_person(reading, roles.ADMINISTRATOR) and (
        caller.system or not policies.locks_administrators_out(reading))


def check_grant(caller: Principal, role: roles.AdminRole, application: str, until: float = -inf) -> None:
    """Raises Forbidden when a role may do more than the caller, or is to be given for longer than the caller has as much, and
    ConfigError when it cannot be given for one application.

    `application`: its id, "" for all; `until`: when it is to end (seconds since 1970), infinity for good, and -infinity where
    it is taken away.
    """
    if application and not role.of_one:
        raise ConfigError(f"application: the role {role.name} is for all or for none", hint="leave it out")
    wanted = [(role.of_one, application), (role.beside, "")] if application else [(role.permissions, "")]
    if not all(caller.covers(permissions, id_) for permissions, id_ in wanted):
        raise Forbidden(f"{caller.name} may do less than the role {role.name}, and so may neither give nor take it")
    if min(caller.holds_until(permissions, id_) for permissions, id_ in wanted) < until:
        raise Forbidden(f"{caller.name} may do as much as the role {role.name} for a time only, and so may give it for no "
                        "longer", hint="give an `expires` that is before your own end")
