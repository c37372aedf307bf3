"""Operations on what users have asked for: those who may say who uses an application decide, and not about themselves."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Forbidden, Permission
from appproxy.admin.publishing.applications import end_of
from appproxy.store import names
from appproxy.store.applications import requests
from appproxy.store.applications.asked import AccessRequest, check_text
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction

_NOTED = ("application", "user", "provider", "reason", "state", "answer", "ends")


def _list(reading: Reading, call: Call) -> object:
    found = requests.list_all(reading, applications=call.scope)
    wanted = call.body.text("state", "")
    shown = [_shown(reading, one, call.context.now) for one in found]
    return [one for one in shown if not wanted or one["state"] == wanted]


def _approve(tx: Transaction, call: Call) -> Change:
    request, answer = _decided(tx, call), check_text("reason", call.body.text("reason", ""))
    return _change(tx, requests.approve(tx, request, end_of(tx, call), call.context.principal.name, answer))


def _deny(tx: Transaction, call: Call) -> Change:
    request, answer = _decided(tx, call), check_text("reason", call.body.text("reason"), 1)
    return _change(tx, requests.deny(tx, request, call.context.principal.name, answer))


def _decided(tx: Transaction, call: Call) -> AccessRequest:
    """A request that the caller may decide. Raises Forbidden."""
    request, me = requests.find(tx, call.path["request"]), call.context.principal
    if call.scope is not None and request.application not in call.scope:
        raise Forbidden(f"{me.name} may not do this to that application")
    if me.person == (request.provider, request.subject):
        raise Forbidden(f"{me.name} has asked for it", hint="another person must decide it")
    return request


def _change(tx: Transaction, one: AccessRequest) -> Change:
    shown = _shown(tx, one, tx.now)
    return Change(shown, one.application, {key: shown[key] for key in _NOTED})


def _shown(reading: Reading, one: AccessRequest, now: float) -> dict[str, object]:
    called = names.by_id(reading, schema.applications, [one.application])
    providers = names.by_id(reading, schema.providers, [one.provider])
    return {
        "id": one.id, "application": called[one.application], "user": one.name, "subject": one.subject,
        "provider": providers[one.provider], "reason": one.reason, "state": one.state_at(now), "decider": one.decider,
        "answer": one.answer, "created": one.created, "decided": one.decided, "ends": one.ends,
    }


_ONE = "/access-requests/{request}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/access-requests",
          "Who has asked to use an application, the newest first; `state` (pending, approved, denied, ended) narrows it.",
          _list, ("state",), page="id", scoped=True, permission=Permission.READ_ACCESS),
    Command("POST", _ONE + "/approve", "access.approve",
            "Assign what was asked for, for a time (`expires`); the user reads the `reason`.", _approve,
            ("expires", "reason"), scoped=True, permission=Permission.CHANGE_ACCESS),
    Command("POST", _ONE + "/deny", "access.deny", "Do not assign it; the user reads the `reason`.", _deny, ("reason",),
            scoped=True, permission=Permission.CHANGE_ACCESS),
)
