"""What an action of the audit is in the words of others: the Elastic Common Schema (ECS) and the Open Cybersecurity Schema
Framework (OCSF). One row an action; changes of an administrator follow from their verb, unless they have a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Class(IntEnum):
    """Classes of OCSF's category 3, identity and access management."""

    ACCOUNT_CHANGE = 3001
    AUTHENTICATION = 3002
    ENTITY_MANAGEMENT = 3004
    USER_ACCESS = 3005
    GROUP_MANAGEMENT = 3006


#: What OCSF calls the activities that are used here, by class; 99 is whatever has none, and then the action's own name counts.
ACTIVITIES: Mapping[Class, Mapping[int, str]] = {
    Class.ACCOUNT_CHANGE: {1: "Create", 2: "Enable", 3: "Password Change", 4: "Password Reset", 5: "Disable", 6: "Delete",
                           10: "MFA Factor Enable", 11: "MFA Factor Disable"},
    Class.AUTHENTICATION: {1: "Logon", 2: "Logoff"},
    Class.ENTITY_MANAGEMENT: {1: "Create", 2: "Read", 3: "Update", 4: "Delete"},
    Class.USER_ACCESS: {1: "Assign Privileges", 2: "Revoke Privileges"},
    Class.GROUP_MANAGEMENT: {3: "Add User", 4: "Remove User", 5: "Delete", 6: "Create"},
}  # fmt: skip
OTHER = 99


@dataclass(frozen=True, slots=True)
class Meaning:
    """ECS' `event.category` and `event.type`; OCSF's class and activity. `failed`: somebody was refused something."""

    categories: tuple[str, ...]
    types: tuple[str, ...]
    ocsf_class: Class
    activity: int
    failed: bool = False


def _row(categories: str, types: str, ocsf_class: Class, activity: int, failed: bool = False) -> Meaning:
    return Meaning(tuple(categories.split()), tuple(types.split()), ocsf_class, activity, failed)


_LOGON = _row("authentication", "start", Class.AUTHENTICATION, 1)
_LOGON_REFUSED = _row("authentication", "start", Class.AUTHENTICATION, 1, failed=True)
_STEP = _row("authentication", "info", Class.AUTHENTICATION, OTHER)
_STEP_REFUSED = _row("authentication", "info", Class.AUTHENTICATION, OTHER, failed=True)
_LOGOFF = _row("authentication session", "end", Class.AUTHENTICATION, 2)
_PASSWORD = _row("iam", "user change", Class.ACCOUNT_CHANGE, 3)
_RESET = _row("iam", "user change", Class.ACCOUNT_CHANGE, 4)
_FACTOR_ON = _row("iam", "user change", Class.ACCOUNT_CHANGE, 10)
_FACTOR_OFF = _row("iam", "user change", Class.ACCOUNT_CHANGE, 11)
_GRANT = _row("iam", "user admin change", Class.USER_ACCESS, 1)
_TAKE_AWAY = _row("iam", "user admin change", Class.USER_ACCESS, 2)
_MADE = _row("configuration", "creation", Class.ENTITY_MANAGEMENT, 1)
_CHANGED = _row("configuration", "change", Class.ENTITY_MANAGEMENT, 3)
_GONE = _row("configuration", "deletion", Class.ENTITY_MANAGEMENT, 4)
_TOLD = _row("configuration", "info", Class.ENTITY_MANAGEMENT, OTHER)

#: By the name of the action.
MEANINGS: Mapping[str, Meaning] = {
    "user.sign_in": _LOGON,
    "user.password_accepted": _STEP,
    "user.sign_in_failed": _LOGON_REFUSED,
    "user.factor_used": _STEP,
    "user.factor_refused": _STEP_REFUSED,
    "user.factor_enrolled": _FACTOR_ON,
    "user.factor_removed": _FACTOR_OFF,
    "user.recovery_codes_made": _FACTOR_ON,
    "user.password_changed": _PASSWORD,
    "user.password_set_by_link": _RESET,
    "user.directory_refused": _row("iam session", "user end", Class.ACCOUNT_CHANGE, 5),
    "user.sign_out": _LOGOFF,
    "node_token.add": _MADE,
    "node.join": _MADE,
    "sign-in": _LOGON,
    "sign-in.refused": _LOGON_REFUSED,
    "sign-out": _LOGOFF,
    "session.ended": _LOGOFF,
    "session.end_refused": _STEP_REFUSED,
    "program.sign_in": _LOGON,
    "program.refused": _LOGON_REFUSED,
    "device.proved": _STEP,
    "device.issued": _MADE,
    "device_authority.fetched": _CHANGED,
    "client.sign_in": _LOGON,
    "client.refused": _LOGON_REFUSED,
    "client.sign_in_refused": _LOGON_REFUSED,
    "client.break_glass": _LOGON,
    "client.signed_out": _STEP,
    "client.sign_out_failed": _STEP_REFUSED,
    "certificate.issue": _MADE,
    "connector.remove": _GONE,
    "connector.join": _MADE,
    "connector.allowed": _GRANT,
    "command_line.allowed": _GRANT,
    "machine.denied": _STEP_REFUSED,
    "connector.inactive": _TOLD,
    "connector.active": _TOLD,
    "connector.update": _TOLD,
    "connector.updated": _CHANGED,
    "master.change": _CHANGED,
    "audit.left_out": _TOLD,
    "audit.export_lost": _row("configuration", "info", Class.ENTITY_MANAGEMENT, OTHER, failed=True),
    "audit.export_test": _TOLD,
    "user.add": _row("iam", "user creation", Class.ACCOUNT_CHANGE, 1),
    "user.invite": _row("iam", "user creation", Class.ACCOUNT_CHANGE, 1),
    "user.set": _row("iam", "user change", Class.ACCOUNT_CHANGE, OTHER),
    "user.remove": _row("iam", "user deletion", Class.ACCOUNT_CHANGE, 6),
    "user.set_password": _RESET,
    "user.password_link": _RESET,
    "user.reset_factors": _FACTOR_OFF,
    "user.add_to_group": _row("iam", "group change", Class.GROUP_MANAGEMENT, 3),
    "user.remove_from_group": _row("iam", "group change", Class.GROUP_MANAGEMENT, 4),
    "group.add": _row("iam", "group creation", Class.GROUP_MANAGEMENT, 6),
    "group.remove": _row("iam", "group deletion", Class.GROUP_MANAGEMENT, 5),
    "directory.add_group": _row("iam", "group creation", Class.GROUP_MANAGEMENT, 6),
    "application.assign": _GRANT,
    "application.unassign": _TAKE_AWAY,
    "access.request": _TOLD,
    "access.approve": _GRANT,
    "access.deny": _row("iam", "user admin change", Class.USER_ACCESS, OTHER, failed=True),
    "access.ended": _TAKE_AWAY,
    "role.entitle": _GRANT,
    "role.withdraw": _TAKE_AWAY,
    "role.request": _GRANT,
    "role.approve": _GRANT,
    "role.deny": _row("iam", "user admin change", Class.USER_ACCESS, OTHER, failed=True),
    "role.end": _TAKE_AWAY,
    "role.assign": _GRANT,
    "role.unassign": _TAKE_AWAY,
    "break_glass.add": _GRANT,
    "break_glass.remove": _TAKE_AWAY,
    "session.revoke": _LOGOFF,
}
#: Of all other changes, by the last word of their name.
_VERBS: Mapping[str, Meaning] = {
    "add": _MADE, "publish": _MADE, "order": _MADE, "order_uncovered": _MADE, "token": _MADE, "new_key": _MADE,
    "require": _MADE, "remove": _GONE, "revoke": _GONE, "reset": _GONE, "waive": _GONE,
}  # fmt: skip


def meaning_of(action: str) -> Meaning:
    """What an action is; one that nobody has put into words is a change of the configuration."""
    return MEANINGS.get(action) or _VERBS.get(action.rpartition(".")[2], _CHANGED)
