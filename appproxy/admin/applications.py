"""Operations on published applications and on who may use them."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.admin.body import Body
from appproxy.admin.cors import cors_record
from appproxy.admin.operation import Call, Change, Command, Operation, Query
from appproxy.admin.problems import problems_of
from appproxy.admin.segments import segment_record
from appproxy.errors import ConfigError
from appproxy.publish.application import Application, Preauthentication
from appproxy.store.applications import applications, assignments
from appproxy.store.applications.assignments import Assignment
from appproxy.store.applications.request_settings import HEADER, HEADER_HELP, REQUEST, REQUEST_HELP
from appproxy.store.applications.response_settings import RESPONSE, RESPONSE_HELP
from appproxy.store.applications.settings import COLUMNS, SETTINGS
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.people import providers
from appproxy.store.transaction import Reading, Transaction

#: Long texts (certificates) are not repeated in the audit.
_LONGEST = 200


def _list(reading: Reading, call: Call) -> object:
    groups = {one.id: one.name for one in connector_groups.list_all(reading)}
    named = {one.id: one.name for one in providers.list_all(reading)}
    return [_summary(one, groups, named) for one in applications.list_all(reading)]


def _show(reading: Reading, call: Call) -> object:
    found = applications.find(reading, call.path["application"])
    return {**_full(reading, found), "problems": problems_of(reading, found, call.context)}


def _publish(tx: Transaction, call: Call) -> Change:
    body = call.body
    made = applications.publish(
        tx,
        body.text("name"),
        body.text("internal"),
        body.text("external"),
        body.text("preauth", "oidc"),
        body.text("connector_group", connector_groups.DEFAULT),
        body.text("provider", providers.BUILTIN),
        settings=body.mapping("settings"),
    )
    _assign_at_once(tx, made, body)
    answer = _full(tx, made)
    return Change(answer, made.id, _noted(answer))


def _assign_at_once(tx: Transaction, made: Application, body: Body) -> None:
    users, groups = body.texts("users", ()), body.texts("groups", ())
    if (users or groups) and made.preauthentication is Preauthentication.PASSTHROUGH:
        raise ConfigError(f"users, groups: nobody signs in to {made.name} (preauth=passthrough), so everybody may use it; "
                          "leave them out, or leave preauth out")  # fmt: skip
    for user in users:
        assignments.assign(tx, made.id, user=user)
    for group in groups:
        assignments.assign(tx, made.id, group=group)


def _set(tx: Transaction, call: Call) -> Change:
    values = call.body.mapping("settings")
    if not values:
        raise ConfigError("settings: give at least one KEY=VALUE")
    found = applications.set_values(tx, call.path["application"], values)
    return Change(_full(tx, found), found.id, {"name": found.name, "settings": _noted(values)})


def _remove(tx: Transaction, call: Call) -> Change:
    gone = applications.remove(tx, call.path["application"])
    return Change({"id": gone.id, "name": gone.name}, gone.id, {"name": gone.name, "external": str(gone.external)})


def _assign(tx: Transaction, call: Call) -> Change:
    found = applications.find(tx, call.path["application"])
    maintainer = call.body.flag("maintainer") if "maintainer" in call.body else None
    made = assignments.assign(tx, found.id, **_who(call), maintainer=maintainer)
    return Change(_assignment(made), found.id, {"name": found.name, **_assignment(made)})


def _unassign(tx: Transaction, call: Call) -> Change:
    found = applications.find(tx, call.path["application"])
    gone = assignments.unassign(tx, found.id, **_who(call))
    return Change(_assignment(gone), found.id, {"name": found.name, **_assignment(gone)})


def _keys(reading: Reading, call: Call) -> object:
    table = [{"key": key, "explanation": text} for key, text in COLUMNS.items()]
    table += [{"key": key, "explanation": setting.explanation} for key, setting in SETTINGS.items()]
    families = {HEADER: HEADER_HELP, REQUEST: REQUEST_HELP, RESPONSE: RESPONSE_HELP}
    return [*table, *({"key": start + "NAME", "explanation": text} for start, text in families.items())]


def _who(call: Call) -> dict[str, str | None]:
    return {key: call.body.optional(key) for key in ("user", "group", "provider")}


def _summary(one: Application, groups: Mapping[str, str], named: Mapping[str, str]) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "external": str(one.external),
        "internal": str(one.internal),
        "preauth": one.preauthentication.value,
        "connector_group": groups[one.connector_group],
        "provider": named[one.provider],
        "assignment_required": one.assignment_required,
        "assigned": len(one.assigned_users) + len(one.assigned_groups),
    }


def _full(reading: Reading, one: Application) -> dict[str, object]:
    groups = {one.connector_group: connector_groups.find(reading, one.connector_group).name}
    named = {one.provider: providers.find(reading, one.provider).name}
    return {
        **_summary(one, groups, named),
        "settings": applications.set_texts(reading, one.id),
        "segments": [segment_record(each) for each in one.segments],
        "cors": [cors_record(each) for each in one.cors],
        "assignments": [_assignment(each) for each in assignments.list_for(reading, one.id)],
    }


def _assignment(one: Assignment) -> dict[str, object]:
    return {"provider": one.provider, one.kind: one.label, "value": one.value, "maintainer": one.maintainer}


def _noted(values: Mapping[str, object]) -> dict[str, object]:
    return {
        key: value if not isinstance(value, str) or len(value) <= _LONGEST else value[:_LONGEST] + "..."
        for key, value in values.items()
    }


_ONE = "/applications/{application}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/applications", "All applications.", _list),
    Command("POST", "/applications", "application.publish", "Publish an application; `users` and `groups` are let in.",
            _publish,
            ("name", "internal", "external", "preauth", "connector_group", "provider", "settings", "users", "groups")),
    Query(_ONE, "One application with its settings and assignments.", _show),
    Command("PATCH", _ONE, "application.set", "Change columns and settings; an empty text puts the default back.", _set,
            ("settings",)),
    Command("DELETE", _ONE, "application.remove", "Publish it no longer.", _remove),
    Command("POST", _ONE + "/assignments", "application.assign",
            "Let a user or a group in; as `maintainer` also while it is being maintained.", _assign,
            ("user", "group", "provider", "maintainer")),
    Command("DELETE", _ONE + "/assignments", "application.unassign", "Let a user or a group in no longer.", _unassign,
            ("user", "group", "provider")),
    Query("/application-settings", "The keys that an application can be set by.", _keys),
)  # fmt: skip
