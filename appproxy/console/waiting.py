"""What waits for a decision of the visitor: access and roles that were asked for. Each page says how much there is of the
first, the overview what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.console.visit import Visit
from appproxy.errors import AppProxyError

ACCESS, ROLES = "/access-requests", "/role-requests"
#: Beyond so many nobody counts.
MOST = 20
#: Of each kind, on the overview; the rest is a link away.
SHOWN = 5


async def count_access(visit: Visit) -> Mapping[str, str]:
    """How many requests for access wait, as text, by the path of their page; nothing for none, or who may not decide.

    A page is shown without it where it cannot be told.
    """
    if visit.path == ACCESS or not visit.may_somewhere(Permission.CHANGE_ACCESS):
        return {}
    try:
        rows = await _access(visit, MOST + 1)
    except AppProxyError:
        return {}
    return {ACCESS: f"{MOST}+" if len(rows) > MOST else str(len(rows))} if rows else {}


async def decisions(visit: Visit) -> list[dict[str, object]]:
    """The newest of those that the visitor may decide, with their pages."""
    found: list[dict[str, object]] = []
    if visit.may_somewhere(Permission.CHANGE_ACCESS):
        found += ({"who": one["user"], "what": one["application"], "reason": one["reason"], "time": one["created"],
                   "path": f"{ACCESS}/{one['id']}"} for one in await _access(visit, SHOWN))
    if visit.may(Permission.CHANGE_ROLES):
        asked = [one for one in await visit.get(ROLES) if one["state"] == "pending"]
        found += ({"who": one["name"], "what": f"the role {one['role']}", "reason": one["reason"], "time": one["created"],
                   "path": f"{ROLES}/{one['id']}"} for one in asked[:SHOWN])
    return found


async def _access(visit: Visit, most: int) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = await visit.get(ACCESS, state="pending", limit=most)
    return rows
