"""Operations on native clients, which sign people in at the built-in provider."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.machines import native_clients, native_grants
from appproxy.store.snapshot import NativeClient
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction


def _list(reading: Reading, call: Call) -> object:
    found = native_clients.list_all(reading, call.page)
    called = names.by_id(reading, schema.applications, {id_ for one in found for id_ in one.applications})
    return [_record(one, called) for one in found]


def _show(reading: Reading, call: Call) -> object:
    return _shown(reading, native_clients.find(reading, call.path["native"]))


def _add(tx: Transaction, call: Call) -> Change:
    body = call.body
    named = [applications.find(tx, name).id for name in body.texts("applications")]
    made = native_clients.add(
        tx, body.text("name"), named, body.texts("redirect_uris", ()), device_codes=body.flag("device_codes", default=False))
    return Change(_shown(tx, made), made.id, _shown(tx, made))


def _set(tx: Transaction, call: Call) -> Change:
    body = call.body
    named = [applications.find(tx, name).id for name in body.texts("applications")] if "applications" in body else None
    uris = body.texts("redirect_uris") if "redirect_uris" in body else None
    device_codes = body.flag("device_codes") if "device_codes" in body else None
    if named is None and uris is None and device_codes is None:
        raise ConfigError("nothing to change", hint="give applications, redirect_uris or device_codes")
    made = native_clients.change(tx, call.path["native"], named, uris, device_codes=device_codes)
    return Change(_shown(tx, made), made.id, _shown(tx, made))


def _remove(tx: Transaction, call: Call) -> Change:
    found = native_clients.find(tx, call.path["native"])
    shown = _shown(tx, found)
    for grant in native_grants.of_client(tx, found.id):
        native_grants.end(tx, grant)
    native_clients.remove(tx, found.id)
    return Change(shown, found.id, {"name": found.name})


def _shown(reading: Reading, one: NativeClient) -> dict[str, object]:
    return _record(one, names.by_id(reading, schema.applications, one.applications))


def _record(one: NativeClient, called: dict[str, str]) -> dict[str, object]:
    """`called`: the names of applications by id."""
    return {
        "id": one.id, "name": one.name, "applications": sorted(called[id] for id in one.applications if id in called),
        "redirect_uris": list(one.redirect_uris), "created": one.created, "device_codes": one.device_codes,
    }  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Query("/native-clients", "Programs that sign people in at the built-in provider.", _list,
          page="name", reads_pages=True, permission=Permission.READ_TOKENS),
    Query("/native-clients/{native}", "One of them.", _show, live=(), permission=Permission.READ_TOKENS),
    Command("POST", "/native-clients", "native_client.add", "Register one; it has no secret.", _add,
            ("name", "applications", "redirect_uris", "device_codes"), permission=Permission.CHANGE_TOKENS),
    Command("PATCH", "/native-clients/{native}", "native_client.set",
            "Change where it takes codes, what its tokens are for, or whether it has device codes.", _set,
            ("applications", "redirect_uris", "device_codes"), permission=Permission.CHANGE_TOKENS),
    Command("DELETE", "/native-clients/{native}", "native_client.remove",
            "Forget one, and end all that users have let it do.", _remove,
            permission=Permission.CHANGE_TOKENS),
)
