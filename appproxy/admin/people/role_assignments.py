"""Operations on roles: what they may do, and who has them."""

from __future__ import annotations

from math import inf

from appproxy.admin.base import guard, roles
from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.store.applications import applications
from appproxy.store.roles import assignments
from appproxy.store.roles.assignments import Labels, NamedHolder
from appproxy.store.snapshot import RoleAssignment
from appproxy.store.transaction import Reading, Transaction

#: The longest time in seconds for which a role is given; without an end it is given for good.
LONGEST_ROLE = 3650 * 86400.0


def _list_roles(reading: Reading, call: Call) -> object:
    return [_role(one) for one in roles.ROLES.values()]


def _show_role(reading: Reading, call: Call) -> object:
    return _role(roles.find(call.path["role"]))


def _list(reading: Reading, call: Call) -> object:
    labels = Labels.now(reading)
    return [_shown(one, labels) for one in assignments.list_all(reading)]


def _assign(tx: Transaction, call: Call) -> Change:
    expires = 0.0
    if "expires" in call.body:
        seconds = call.body.duration("expires")
        if not 0 < seconds <= LONGEST_ROLE:
            raise ConfigError(f"expires: must be in the next {LONGEST_ROLE / 86400:g} days, such as 8h",
                              hint="leave it out: for good")
        expires = tx.now + seconds
    role, application = _wanted(tx, call, expires or inf)
    return _change(tx, call, assignments.assign(tx, role.name, assignments.resolve(tx, _who(call)), application, expires))


def _unassign(tx: Transaction, call: Call) -> Change:
    role, application = _wanted(tx, call)
    return _change(tx, call, assignments.unassign(tx, role.name, assignments.resolve(tx, _who(call)), application))


def _wanted(tx: Transaction, call: Call, until: float = -inf) -> tuple[roles.AdminRole, str]:
    """The role, and the id of the application for which alone it is. `until`: when it shall end, if it is to be given."""
    role = roles.find(call.body.text("role"))
    application = applications.find(tx, call.body.text("application")).id if "application" in call.body else ""
    guard.check_grant(call.context.principal, role, application, until)
    return role, application


def _who(call: Call) -> NamedHolder:
    return NamedHolder(*(call.body.text(key, "") for key in ("user", "group", "token", "provider")))


def _change(tx: Transaction, call: Call, one: RoleAssignment) -> Change:
    shown = _shown(one, Labels.now(tx))
    return Change(shown, one.value, {key: value for key, value in shown.items() if key not in ("id", "created")})


def _role(one: roles.AdminRole) -> dict[str, object]:
    return {
        "name": one.name, "explanation": one.explanation, "permissions": sorted(each.value for each in one.permissions),
        "for_one_application": sorted(each.value for each in one.of_one | one.beside),
    }


def _shown(one: RoleAssignment, labels: Labels) -> dict[str, object]:
    return {
        "id": one.id, "role": one.role, "kind": one.kind, "name": labels.of(one), "value": one.value,
        "provider": labels.providers.get(one.provider, one.provider),
        "application": labels.applications.get(one.application, one.application),
        "created": one.created, "expires": one.expires,
    }


_FIELDS = ("role", "user", "group", "token", "provider", "application")
OPERATIONS: tuple[Operation, ...] = (
    Query("/roles", "All roles, and what they may do.", _list_roles, page="name", permission=Permission.READ_ROLES),
    Query("/roles/{role}", "One role.", _show_role, permission=Permission.READ_ROLES),
    Query("/role-assignments", "Who has which role.", _list, page="id", live=(), permission=Permission.READ_ROLES),
    Command("POST", "/role-assignments", "role.assign",
            "Give a role to a user, a group or a service token; `expires`: for a time.", _assign, (*_FIELDS, "expires"),
            permission=Permission.CHANGE_ROLES),
    Command("DELETE", "/role-assignments", "role.unassign", "Take a role away.", _unassign, _FIELDS,
            permission=Permission.CHANGE_ROLES),
)
