"""Operations on CORS rules: which pages of other origins may call an application."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.publish.application import Application
from appproxy.publish.cors import CorsRule
from appproxy.store.applications import applications, cors_rules
from appproxy.store.transaction import Reading, Transaction


def _list(reading: Reading, call: Call) -> object:
    return [cors_record(one) for one in applications.find(reading, call.path["application"]).cors]


def _add(tx: Transaction, call: Call) -> Change:
    application = applications.find(tx, call.path["application"])
    body = call.body
    rule = cors_rules.checked(
        body.text("resource", "/"), origins=body.texts("origins"), methods=body.texts("methods", ()),
        headers=body.texts("headers", ()), exposed=body.texts("exposed", ()),
        credentials=body.flag("credentials", False), max_age=body.whole("max_age", 5),
    )  # fmt: skip
    cors_rules.put(tx, application, rule, new=True)
    return _change(application, rule)


def _set(tx: Transaction, call: Call) -> Change:
    application = applications.find(tx, call.path["application"])
    body = call.body
    old = cors_rules.find(tx, application.id, body.text("resource", "/"))
    if not any(key in body for key in _LISTS + _REST):
        raise ConfigError(f"say what is to change: {', '.join(_LISTS + _REST)}")
    rule = cors_rules.checked(
        old.resource, origins=body.texts("origins", tuple(old.origins)), methods=body.texts("methods", tuple(old.methods)),
        headers=body.texts("headers", tuple(old.headers)), exposed=body.texts("exposed", old.exposed),
        credentials=body.flag("credentials", old.credentials), max_age=body.whole("max_age", old.max_age),
    )  # fmt: skip
    cors_rules.put(tx, application, rule, new=False)
    return _change(application, rule)


def _remove(tx: Transaction, call: Call) -> Change:
    application = applications.find(tx, call.path["application"])
    return _change(application, cors_rules.remove(tx, application.id, call.body.text("resource", "/")))


def _change(application: Application, rule: CorsRule) -> Change:
    return Change(cors_record(rule), application.id, {"name": application.name, **cors_record(rule)})


def cors_record(rule: CorsRule) -> dict[str, object]:
    """A rule as JSON says it."""
    return {
        "resource": rule.resource,
        "origins": sorted(rule.origins),
        "methods": sorted(rule.methods),
        "headers": sorted(rule.headers),
        "exposed": list(rule.exposed),
        "credentials": rule.credentials,
        "max_age": rule.max_age,
    }


_ALL = "/applications/{application}/cors"
_LISTS = ("origins", "methods", "headers", "exposed")
_REST = ("credentials", "max_age")
OPERATIONS: tuple[Operation, ...] = (
    Query(_ALL, "Which pages of other origins may call the application.", _list,
          page="resource", live=(), permission=Permission.READ_APPLICATIONS),
    Command("POST", _ALL, "cors.add", "Let pages of other origins call a path of the application.", _add,
            ("resource", *_LISTS, *_REST),
            permission=Permission.CHANGE_APPLICATIONS),
    Command("PATCH", _ALL, "cors.set", "Change the rule of a path; what is left out stays.", _set,
            ("resource", *_LISTS, *_REST),
            permission=Permission.CHANGE_APPLICATIONS),
    Command("DELETE", _ALL, "cors.remove", "Let the application speak for itself there again.", _remove, ("resource",),
            permission=Permission.CHANGE_APPLICATIONS),
)  # fmt: skip
