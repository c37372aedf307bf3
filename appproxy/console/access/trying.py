"""What the policies make of a user's request: asked for at the side of an application, and of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.console.forms.fields import FormField, form_of, read
from appproxy.console.records.kinds import query
from appproxy.console.visit import Visit
from appproxy.errors import AppProxyError

_QUESTION = query("/policy-explanation")


#: Fields of the question that stand by themselves; `proof` is a choice of two usual values of `amr`.
_PLAIN = ("user", "application", "address", "path")


def more(visit: Visit) -> list[FormField]:
    """What else can be said about the request, filled with what was asked."""
    asked = {name: visit.asked(name) for name in _QUESTION.fields}
    return form_of(_QUESTION, asked, without=_PLAIN)


def _said_more(visit: Visit) -> dict[str, object]:
    given = {name: text for name in _QUESTION.fields if name not in _PLAIN and (text := visit.asked(name).strip())}
    return {name: read(name, text.replace("\r\n", "\n")) for name, text in given.items()}


async def tried(visit: Visit, application: str) -> Mapping[str, Any] | None:
    """The answer to the fields of the query (user, address, path, proof, and those of `more`), or why there is none.

    None where nobody asks.
    """
    user = visit.asked("user").strip()
    if not user or not application or not visit.may(Permission.READ_USERS):
        return None
    asked = {
        "user": user, "application": application, "address": visit.asked("address").strip(),
        "path": visit.asked("path").strip(), "amr": ["pwd", "otp"] if visit.asked("proof") == "two" else ["pwd"],
        **_said_more(visit),
    }
    try:
        found: Mapping[str, Any] = await visit.get("/policy-explanation", **asked)
    except AppProxyError as error:
        return {"verdict": "unknown", "reason": str(error), "policies": []}
    return found
