"""What the policies make of a user's request: asked for at the side of an application, and of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.console.visit import Visit
from appproxy.errors import AppProxyError


async def tried(visit: Visit, application: str) -> Mapping[str, Any] | None:
    """The answer to the fields of the query (user, address, path, proof), or why there is none; None where nobody asks."""
    user = visit.asked("user").strip()
    if not user or not application or not visit.may(Permission.READ_USERS):
        return None
    asked = {
        "user": user, "application": application, "address": visit.asked("address").strip(),
        "path": visit.asked("path").strip(), "amr": ["pwd", "otp"] if visit.asked("proof") == "two" else ["pwd"],
    }
    try:
        found: Mapping[str, Any] = await visit.get("/policy-explanation", **asked)
    except AppProxyError as error:
        return {"verdict": "unknown", "reason": str(error), "policies": []}
    return found
