"""Who administers what, where the audit goes, and in which order connectors are updated."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.console.records.kinds import LISTED, Act, Cell, OptionsOf, Record, RecordKind

_EXPORT = "/audit-exports/{export}"


def _holder(record: Record) -> Mapping[str, object]:
    """Whose role it is, as the operation that takes it away asks."""
    kind = str(record["kind"])
    own = kind == "token" or record["provider"] == "builtin"
    has = {"role": record["role"], kind: record["name"] if own else record["value"]}
    has |= {} if kind == "token" else {"provider": record["provider"]}
    return {**has, "application": record["application"]} if record["application"] else has


ROLES = RecordKind(
    "/roles", "role", "What roles may do", "Roles are built in; who has which is a list of its own.",
    (Cell("name", "Role", False), Cell("explanation", "What its holders may do", False)), one="/roles/{role}")
ASSIGNMENTS = RecordKind(
    "/role-assignments", "role assignment", "Who has which role",
    "Roles of users, of the members of groups, and of service tokens: for everything or for one application, for good or for "
    "a time. Nobody can give more than they have themselves.",
    (Cell("name", "Who", False), Cell("kind", "Kind"), Cell("role", "Role", False), Cell("application", "For"),
     Cell("expires", "Ends")),
    key="id", title="name", add="POST /role-assignments", options={"role": OptionsOf("/roles")}, hidden=("id", "value"),
    acts=(
        Act("DELETE /role-assignments", "remove", "Take the role away", "From the next request on.", "unassigned", closes=True,
            is_danger=True, leaves=True, body=_holder),
    ))
ENTITLEMENTS = RecordKind(
    "/role-entitlements", "role entitlement", "Who may ask for which role",
    "They have the role when they ask for it, with a reason and for a time; where approval is needed, once another person who "
    "may give the role has approved.",
    (Cell("name", "Who", False), Cell("kind", "Kind"), Cell("role", "Role", False), Cell("application", "For"),
     Cell("longest", "Seconds at most"), Cell("approval", "Approval"), Cell("expires", "Ends")),
    key="id", title="name", add="POST /role-entitlements", options={"role": OptionsOf("/roles")}, hidden=("id", "value"),
    acts=(
        Act("DELETE /role-entitlements", "remove", "Let them ask no more", "What they have by it ends.", "unassigned",
            closes=True, is_danger=True, leaves=True, body=_holder),
    ))


def _waits(record: Record) -> bool:
    return bool(record["state"] == "pending")


def _goes_on(record: Record) -> bool:
    return bool(record["state"] in ("pending", "active"))


REQUESTS = RecordKind(
    "/role-requests", "role request", "Roles that were asked for",
    "Ask for a role that you are entitled to, with a reason: it ends by itself. Nobody approves their own request.",
    (Cell("name", "Who", False), Cell("user", "User", False), Cell("email", "Address"), Cell("provider", "From"),
     Cell("role", "Role", False), Cell("application", "For"), Cell("reason", "Reason"), Cell("state", "State", False),
     Cell("ends", "Ends")),
    key="id", title="name", add="POST /role-requests", hidden=("id",), order="created",
    options={"role": OptionsOf("/role-entitlements/mine", "role")},
    acts=(
        Act("POST /role-requests/{request}/approve", "approve", "Approve", "They have the role from now on, for as long as "
            "they have asked.", where=_waits, closes=True),
        Act("POST /role-requests/{request}/deny", "deny", "Deny", "They do not get it.", where=_waits, closes=True),
        Act("POST /role-requests/{request}/end", "end", "End it now", "A role that is had ends at once, and a request that "
            "waits is taken back.", where=_goes_on, closes=True),
    ))
EXPORTS = RecordKind(
    "/audit-exports", "audit export", "Audit exports",
    "Where entries of the audit are sent to as they are made: a syslog server, or a webhook. What waits is sent in order.",
    (Cell("name", "Export", False), Cell("url", "To"), Cell("waiting", "Waiting", False),
     Cell("delivered", "Delivered"), Cell("problem", "Problem", False)),
    one=_EXPORT, add="POST /audit-exports", tells=True,
    acts=(
        Act(f"POST {_EXPORT}/test", "test", "Send a test", "One entry that says it is a test, now.", closes=True, tells=True),
        Act(f"DELETE {_EXPORT}", "remove", "Remove", "Nothing is sent there any more, and what waits is forgotten for it.",
            "removed", closes=True, is_danger=True, leaves=True),
    ))
UPDATES = RecordKind(
    "/connector-updates", "connector update", "Connector updates",
    "In which order connectors should be brought to the service's version: one of a group at a time, so that its applications "
    "stay reachable. Each takes its turn by itself when its package is updated.",
    (Cell("name", "Connector", False), Cell("group", "Group"), Cell("version", "Version", False),
     Cell("service_version", "Service's"), Cell("turn", "Turn", False)),
    key="id", title="name", order=LISTED)

ACCESS = RecordKind(
    "/access-requests", "access request", "Access that was asked for",
    "Users ask in their list of applications for those that are set to requestable=yes, and are let in for a time. Nobody "
    "decides about themselves.",
    (Cell("user", "Who", False), Cell("application", "For", False), Cell("reason", "Reason"), Cell("state", "State", False),
     Cell("ends", "Ends")),
    key="id", title="user", one="/access-requests/{request}", hidden=("id", "key", "subject"), asked=("state", "search"),
    usual={"state": "pending"},
    acts=(
        Act("POST /access-requests/{request}/approve", "approve", "Approve", "They are let in from now on. The reason is for "
            "them.", where=_waits, closes=True),
        Act("POST /access-requests/{request}/deny", "deny", "Deny", "They are not let in, and read the reason.", where=_waits,
            closes=True),
    ))

KINDS = (ACCESS, ROLES, ASSIGNMENTS, ENTITLEMENTS, REQUESTS, EXPORTS, UPDATES)
