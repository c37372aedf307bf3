"""Who hears of which entry of the audit while it is made, and what: the stream of events of the API.

Whoever may read the audit has each entry whole. Others have those about what they may read, and of them what happened and to
what, not who did it and how: enough to look again. What they may not read they do not hear of at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qsl

from appproxy.admin.base.operation import Command
from appproxy.admin.base.principal import Permission, Principal
from appproxy.admin.operations import OPERATIONS
from appproxy.errors import ConfigError
from appproxy.store.service.audit import AuditRow

#: Of changes whose own listing tells everybody of theirs alone.
_OTHERS: Mapping[str, Permission] = {"role-requests": Permission.READ_ROLES}
#: Of what no command does, by how the action begins; of all else only the audit's readers hear.
_BEGINNINGS: Mapping[str, Permission] = {
    "connector.": Permission.READ_CONNECTORS, "certificate.": Permission.READ_CERTIFICATES, "node.": Permission.READ_SERVICE}
#: Of the number of an entry: beyond what any database counts to.
_DIGITS = 15
#: Whose targets are applications, so that those hear of them who have a role for these alone.
_OF_APPLICATIONS = frozenset({"applications", "access-requests"})


@cache
def _needed() -> Mapping[str, tuple[Permission, bool]]:
    """By action of a command: the permission that reads what it changes, and whether its target is an application."""
    reading = {one.path: one.permission for one in OPERATIONS if one.method == "GET"}
    found: dict[str, tuple[Permission, bool]] = {}
    for one in OPERATIONS:
        if isinstance(one, Command):
            first = one.path.split("/")[1]
            permission = _OTHERS.get(first) or reading.get(f"/{first}") or one.permission
            found[one.action] = permission, first in _OF_APPLICATIONS
    return found


def heard(row: AuditRow, principal: Principal) -> dict[str, object] | None:
    """What somebody hears of an entry; None for nothing."""
    event = {"number": row.number, "time": row.time, "action": row.action, "target": row.target}
    if principal.covers({Permission.READ_AUDIT}):
        return {**event, "actor": row.actor, "detail": dict(row.detail)}
    permission, of_application = _needed().get(row.action) or (_by_beginning(row.action), False)
    if permission is None or not principal.covers({permission}, row.target if of_application else ""):
        return None
    return event


def may_hear(principal: Principal) -> bool:
    """May they do anything at all?"""
    return bool(principal.permissions or principal.scoped)


def last_event(target: str, fields: Mapping[str, str]) -> int | None:
    """Behind which entry a stream is to begin: the field `Last-Event-ID`, by its lower-case name, or `after` of the query;
    None: from now on. Raises ConfigError.
    """
    try:
        query = dict(parse_qsl(target.partition("?")[2], keep_blank_values=True, strict_parsing=False, max_num_fields=4))
    except ValueError as error:
        raise ConfigError(f"the query cannot be read: {error}") from error
    text = fields.get("last-event-id", query.pop("after", ""))
    if query:
        raise ConfigError(f"{min(query)}: no such field in the query", hint="after is the only one")
    if text and not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise ConfigError("Last-Event-ID: the number of an entry is needed", hint="leave it out: from now on")
    return int(text) if text else None


def _by_beginning(action: str) -> Permission | None:
    return next((permission for start, permission in _BEGINNINGS.items() if action.startswith(start)), None)
