"""What an application has more of: segments under the same policy, and rules for calls from other origins."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from appproxy.admin.base.principal import Permission
from appproxy.console.answers import PageContent, Redirection
from appproxy.console.forms.fields import body_of, form_of
from appproxy.console.records.kinds import command
from appproxy.console.visit import Visit, one_of

_SEGMENTS, _CORS = "/applications/{application}/segments", "/applications/{application}/cors"
_SEGMENT = f"{_SEGMENTS}/{{segment}}"
ADD_SEGMENT, SET_SEGMENT, REMOVE_SEGMENT = f"POST {_SEGMENTS}", f"PATCH {_SEGMENT}", f"DELETE {_SEGMENT}"
ADD_RULE, SET_RULE, REMOVE_RULE = f"POST {_CORS}", f"PATCH {_CORS}", f"DELETE {_CORS}"


async def show(visit: Visit) -> PageContent:
    """Both lists, each with its forms."""
    found, tag = await visit.get_tagged(one_of("applications", visit.names["application"]))
    sent = visit.said("resource") if visit.error is not None else None
    return PageContent("parts", f"Segments and rules of {found['name']}", {
        "one": found, "path": one_of("applications", found["id"]), "tag": visit.said("tag", tag),
        "may_publish": visit.may(Permission.PUBLISH), "may_change": visit.may(Permission.CHANGE_APPLICATIONS, found["id"]),
        "new_segment": form_of(command(ADD_SEGMENT)), "new_rule": form_of(command(ADD_RULE)),
        "rules": [(rule, form_of(command(SET_RULE), rule, without=("resource",)), rule["resource"] == sent)
                  for rule in found["cors"]],
    })


async def add_segment(visit: Visit) -> Redirection:
    """Publish one more pair of URLs."""
    return await _do(visit, ADD_SEGMENT, body_of(command(ADD_SEGMENT), visit.form), "published-part")


async def set_segment(visit: Visit) -> Redirection:
    """Publish it elsewhere, or lead it elsewhere. Raises Changed."""
    return await _do(visit, SET_SEGMENT, {"settings": {key: visit.said(key) for key in ("external", "internal")}}, "saved")


async def remove_segment(visit: Visit) -> Redirection:
    """Publish it no longer. Raises Changed."""
    return await _do(visit, REMOVE_SEGMENT, None, "removed")


async def add_rule(visit: Visit) -> Redirection:
    """Say which origins may call a path."""
    return await _do(visit, ADD_RULE, body_of(command(ADD_RULE), visit.form), "added")


async def set_rule(visit: Visit) -> Redirection:
    """Change what a rule says. Raises Changed."""
    found = await visit.get(one_of("applications", visit.names["application"]))
    resource = visit.said("resource")
    rule: Any = next((one for one in found["cors"] if one["resource"] == resource), {})
    body = body_of(command(SET_RULE), visit.form, rule, ("resource",))
    return await _do(visit, SET_RULE, {**body, "resource": resource}, "saved")


async def remove_rule(visit: Visit) -> Redirection:
    """Let the application speak for itself there again. Raises Changed."""
    return await _do(visit, REMOVE_RULE, {"resource": visit.said("resource")}, "removed")


async def _do(visit: Visit, called: str, body: dict[str, object] | None, done: str) -> Redirection:
    operation, name = command(called), visit.names["application"]
    path = one_of("applications", name) + operation.path.removeprefix("/applications/{application}")
    path = path.replace("{segment}", quote(visit.said("segment"), safe=""))
    await visit.change_shown(operation.method, path, body)
    return Redirection(one_of("applications", name) + "/parts", done)
