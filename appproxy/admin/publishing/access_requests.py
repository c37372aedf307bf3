"""Operations on what users have asked for: those who may say who uses an application decide, and not about themselves."""

from __future__ import annotations

from collections.abc import Sequence

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.pages import SEARCH
from appproxy.admin.base.principal import Forbidden, Permission
from appproxy.admin.publishing.applications import end_of
from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.applications import requests
from appproxy.store.applications.asked import STATES, AccessRequest, check_text
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction

_NOTED = ("application", "user", "provider", "reason", "state", "answer", "ends")


def _list(reading: Reading, call: Call) -> object:
    state, now = call.body.text("state", ""), call.context.now
    if state not in ("", *STATES):
        raise ConfigError(f"state: {state[:50]!r} is none of {', '.join(STATES)}")
    return _shown(reading, requests.list_page(reading, now, call.page, state=state, applications=call.scope), now)


def _show(reading: Reading, call: Call) -> object:
    return _shown(reading, [_found(reading, call)], call.context.now)[0]


def _approve(tx: Transaction, call: Call) -> Change:
    request, answer = _decided(tx, call), check_text("reason", call.body.text("reason", ""))
    return _change(tx, requests.approve(tx, request, end_of(tx, call), call.context.principal.name, answer))


def _deny(tx: Transaction, call: Call) -> Change:
    request, answer = _decided(tx, call), check_text("reason", call.body.text("reason"), 1)
    return _change(tx, requests.deny(tx, request, call.context.principal.name, answer))


def _decided(tx: Transaction, call: Call) -> AccessRequest:
    """A request that the caller may decide: another one's, and as a person, for who has made a token may be who asks.

    Raises Forbidden.
    """
    request, me = _found(tx, call), call.context.principal
    if not me.system and me.person is None:
        raise Forbidden(f"{me.called} is no person", hint="another person must decide it")
    if me.person == (request.provider, request.subject):
        raise Forbidden(f"{me.name} has asked for it", hint="another person must decide it")
    return request


def _found(reading: Reading, call: Call) -> AccessRequest:
    """The request that the path names. Raises NotFound, or Forbidden for one of another application than the caller's."""
    request = requests.find(reading, call.path["request"])
    if call.scope is not None and request.application not in call.scope:
        raise Forbidden(f"{call.context.principal.name} may not do this to that application")
    return request


def _change(tx: Transaction, one: AccessRequest) -> Change:
    (shown,) = _shown(tx, [one], tx.now)
    return Change(shown, one.application, {key: shown[key] for key in _NOTED})


def _shown(reading: Reading, found: Sequence[AccessRequest], now: float) -> list[dict[str, object]]:
    called = names.by_id(reading, schema.applications, {one.application for one in found})
    providers = names.by_id(reading, schema.providers, {one.provider for one in found})
    return [{
        "id": one.id, "key": one.key, "application": called[one.application], "user": one.name, "subject": one.subject,
        "provider": providers[one.provider], "reason": one.reason, "state": one.state_at(now), "decider": one.decider,
        "answer": one.answer, "created": one.created, "decided": one.decided, "ends": one.ends,
    } for one in found]


_ONE = "/access-requests/{request}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/access-requests",
          "Who has asked to use an application, the newest first; `state` (pending, approved, denied, ended) narrows it, and "
          "the text of `search` in a name or the reason.",
          _list, ("state", SEARCH), page="key", reads_pages=True, scoped=True, permission=Permission.READ_ACCESS),
    Query(_ONE, "One of these requests.", _show, scoped=True, permission=Permission.READ_ACCESS),
    Command("POST", _ONE + "/approve", "access.approve",
            "Assign what was asked for, for a time (`expires`); the user reads the `reason`.", _approve,
            ("expires", "reason"), scoped=True, permission=Permission.CHANGE_ACCESS),
    Command("POST", _ONE + "/deny", "access.deny", "Do not assign it; the user reads the `reason`.", _deny, ("reason",),
            scoped=True, permission=Permission.CHANGE_ACCESS),
)
