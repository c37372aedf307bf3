"""Operations on the logos of applications, which users see in their list."""

from __future__ import annotations

from base64 import b64encode

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.branding.picture import Picture, read_picture
from appproxy.errors import ConfigError
from appproxy.store.applications import logos
from appproxy.store.transaction import Reading, Transaction


def _show(reading: Reading, call: Call) -> object:
    _, found = logos.find(reading, call.path["application"])
    return {**_record(found), "picture": b64encode(found.data).decode("ascii")}


def _put(tx: Transaction, call: Call) -> Change:
    try:
        picture = read_picture(call.body.text("picture"))
    except ValueError as error:
        raise ConfigError(f"picture: it {error}") from error
    found = logos.put(tx, call.path["application"], picture)
    shown = _record(picture)
    return Change(shown, found.id, {"name": found.name, **shown})


def _remove(tx: Transaction, call: Call) -> Change:
    found = logos.remove(tx, call.path["application"])
    return Change({"id": found.id, "name": found.name}, found.id, {"name": found.name})


def _record(picture: Picture) -> dict[str, object]:
    return {
        "kind": picture.kind, "width": picture.width, "height": picture.height, "size": len(picture.data),
        "digest": picture.digest,
    }


_PATH = "/applications/{application}/logo"
OPERATIONS: tuple[Operation, ...] = (
    Query(_PATH, "The logo of an application, in base64.", _show, live=(), permission=Permission.READ_APPLICATIONS),
    Command("PUT", _PATH, "application.set_logo",
            "Give an application a logo: a PNG, JPEG or WebP `picture` in base64, of at most 64 KiB and 1024 pixels a side.",
            _put, ("picture",), permission=Permission.CHANGE_APPLICATIONS),
    Command("DELETE", _PATH, "application.remove_logo", "Take its logo away.", _remove,
            permission=Permission.CHANGE_APPLICATIONS),
)
