"""Operations on relying parties: applications elsewhere that sign people in at the built-in provider."""

from __future__ import annotations

from collections.abc import Sequence

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.pki.pem import split_chain
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges, ClientRecord
from appproxy.store.transaction import Reading, Transaction

#: In seconds: how long the secret before a rotation counts, a day.
_OVERLAP = 86400.0


def _list(reading: Reading, call: Call) -> object:
    return [_shown(one, call.context.now) for one in clients.list_all(reading, call.page)]


def _show(reading: Reading, call: Call) -> object:
    return _shown(clients.find(reading, call.path["client"]), call.context.now)


def _add(tx: Transaction, call: Call) -> Change:
    made, text = clients.add(tx, call.body.text("name"), _wanted(call), call.body.optional("secret"))
    return _change(call, made, {"secret": text})


def _set(tx: Transaction, call: Call) -> Change:
    return _change(call, clients.change(tx, call.path["client"], _wanted(call)), {})


def _rotate(tx: Transaction, call: Call) -> Change:
    made, text = clients.rotate(tx, call.path["client"], call.body.duration("overlap", _OVERLAP))
    return _change(call, made, {"secret": text})


def _remove(tx: Transaction, call: Call) -> Change:
    return _change(call, clients.remove(tx, call.path["client"]), {})


def _wanted(call: Call) -> ClientChanges:
    """Raises Forbidden where the service is to post to its own machine: what listens there alone is not for everybody who may
    register applications.
    """
    body = call.body
    if body.text("backchannel_logout_uri", "").lower().startswith("http:"):
        call.context.principal.require(Permission.CHANGE_PROVIDERS)
    return ClientChanges(
        redirect_uris=_texts(body, "redirect_uris"), post_logout_redirect_uris=_texts(body, "post_logout_redirect_uris"),
        backchannel_logout_uri=body.optional("backchannel_logout_uri"),
        backchannel_logout_session_required=_flag(body, "backchannel_logout_session_required"),
        ca_bundle=body.optional("ca_bundle"), frontchannel_logout_uri=body.optional("frontchannel_logout_uri"))


def _texts(body: Body, name: str) -> Sequence[str] | None:
    return body.texts(name) if name in body else None


def _flag(body: Body, name: str) -> bool | None:
    return body.flag(name) if name in body else None


def _change(call: Call, one: ClientRecord, secret: dict[str, object]) -> Change:
    """The audit has all but the secret and what changes by itself, and of certificates their number."""
    shown = _shown(one, call.context.now)
    noted = {**shown, "ca_bundle": len(split_chain(one.ca_bundle))}
    issuer = call.context.settings.signin_origin
    return Change({**shown, **secret, "issuer": issuer}, one.id, {key: noted[key] for key in ("name", *_FIELDS)})


def _shown(one: ClientRecord, now: float) -> dict[str, object]:
    since = {"created": one.created, "rotated": one.rotated}
    return {**client_record(one), **since, "former_until": one.former_until if one.former_until > now else 0.0}


def client_record(one: ClientRecord) -> dict[str, object]:
    """What an admin has said of it."""
    return {
        "id": one.id, "name": one.name, "redirect_uris": list(one.redirect_uris),
        "post_logout_redirect_uris": list(one.post_logout_redirect_uris),
        "backchannel_logout_uri": one.backchannel_logout_uri,
        "backchannel_logout_session_required": one.backchannel_logout_session_required, "ca_bundle": one.ca_bundle,
        "frontchannel_logout_uri": one.frontchannel_logout_uri,
    }  # fmt: skip


_FIELDS = (
    "redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri", "backchannel_logout_session_required", "ca_bundle",
    "frontchannel_logout_uri",
)  # fmt: skip
_ONE = "/clients/{client}"
OPERATIONS: tuple[Operation, ...] = (
    Query("/clients", "Applications elsewhere that sign people in at the built-in provider.", _list,
          page="name", reads_pages=True, permission=Permission.READ_TOKENS),
    Query(_ONE, "One of them; its secret is nowhere.", _show, live=("former_until",), permission=Permission.READ_TOKENS),
    Command("POST", "/clients", "client.add",
            "Register one; the answer alone has its secret, a new one if none is given.", _add,
            ("name", "secret", *_FIELDS), permission=Permission.CHANGE_TOKENS),
    Command("PATCH", _ONE, "client.set", "Change one.", _set, _FIELDS, permission=Permission.CHANGE_TOKENS),
    Command("POST", _ONE + "/rotate", "client.rotate",
            "Give it another secret; the one before counts for `overlap` more.", _rotate,
            ("overlap",), permission=Permission.CHANGE_TOKENS),
    Command("DELETE", _ONE, "client.remove", "Forget one: nobody signs in to it any more.", _remove,
            permission=Permission.CHANGE_TOKENS),
)
