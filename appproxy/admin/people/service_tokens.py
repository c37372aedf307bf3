"""Operations on service tokens, which programs sign in with."""

from __future__ import annotations

from collections.abc import Iterable

from appproxy.admin.base import guard, roles
from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.machines import service_tokens
from appproxy.store.machines.service_tokens import NewToken, TokenRecord
from appproxy.store.roles import assignments
from appproxy.store.roles.assignments import Holder
from appproxy.store.snapshot import TOKEN
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction

#: In seconds: how long a token lasts when nobody says otherwise, 90 days, and the secret before a rotation, a day.
_LIFE, _OVERLAP = 90 * 86400.0, 86400.0


def _list(reading: Reading, call: Call) -> object:
    found = service_tokens.list_all(reading, call.page)
    called = _names(reading, found)
    return [_shown(one, called, call.context.now) for one in found]


def _show(reading: Reading, call: Call) -> object:
    found = service_tokens.find(reading, call.path["token"])
    return _shown(found, _names(reading, [found]), call.context.now)


def _add(tx: Transaction, call: Call) -> Change:
    body = call.body
    role = body.optional("role")
    named = [applications.find(tx, name).id for name in body.texts("applications", () if role else None)]
    made, text = service_tokens.add(tx, NewToken(
        body.text("name"), named, tx.now + body.duration("expires", _LIFE), body.texts("networks", ()),
        body.mapping("claims"), administers=role is not None))
    if role is not None:
        call.context.principal.require(Permission.CHANGE_ROLES)
        guard.check_grant(call.context.principal, roles.find(role), "", made.expires)
        assignments.assign(tx, role, Holder("", TOKEN, made.id, made.name))
    return _change(tx, call, made, {"token": text})


def _rotate(tx: Transaction, call: Call) -> Change:
    body = call.body
    expires = tx.now + body.duration("expires") if "expires" in body else None
    made, text = service_tokens.rotate(tx, call.path["token"], body.duration("overlap", _OVERLAP), expires)
    return _change(tx, call, made, {"token": text})


def _revoke(tx: Transaction, call: Call) -> Change:
    return _change(tx, call, service_tokens.revoke(tx, call.path["token"]), {})


def _change(tx: Transaction, call: Call, one: TokenRecord, secret: dict[str, object]) -> Change:
    """The audit has all but the secret, and what changes by itself."""
    shown = _shown(one, _names(tx, [one]), call.context.now)
    return Change({**shown, **secret}, one.id, {key: shown[key] for key in ("name", "applications", "networks", "expires")})


def _names(reading: Reading, found: Iterable[TokenRecord]) -> dict[str, str]:
    """What the applications of these are called, by id."""
    return names.by_id(reading, schema.applications, {id_ for one in found for id_ in one.applications})


def _shown(one: TokenRecord, called: dict[str, str], now: float) -> dict[str, object]:
    return {
        "id": one.id, "name": one.name, "applications": sorted(called[id] for id in one.applications if id in called),
        "networks": list(one.networks), "claims": dict(one.claims), "created": one.created, "rotated": one.rotated,
        "expires": one.expires, "expired": one.expires <= now,
        "former_until": one.former_until if one.former_until > now else 0.0, "used": one.used, "address": one.address,
    }  # fmt: skip


_ONE = "/service-tokens/{token}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/service-tokens", "Service tokens, those that have expired lately too.", _list,
          page="name", reads_pages=True, permission=Permission.READ_TOKENS),
    Query(_ONE, "One service token; its secret is nowhere.", _show,
          live=("address", "expired", "former_until", "used"), permission=Permission.READ_TOKENS),
    Command("POST", "/service-tokens", "service_token.add",
            "Make a service token, with `role` one that administers; the answer alone has its text.", _add,
            ("name", "applications", "expires", "networks", "claims", "role"), permission=Permission.CHANGE_TOKENS),
    Command("POST", _ONE + "/rotate", "service_token.rotate",
            "Give it another secret; the one before counts for `overlap` more.", _rotate,
            ("overlap", "expires"), permission=Permission.CHANGE_TOKENS),
    Command("DELETE", _ONE, "service_token.revoke", "Let nobody in with it any more; what is under way ends.", _revoke,
            permission=Permission.CHANGE_TOKENS),
)
