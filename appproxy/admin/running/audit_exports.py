"""Operations on where the audit is exported to."""

from __future__ import annotations

from appproxy.admin.base.operation import Ask, Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Forbidden, Permission
from appproxy.errors import ConfigError
from appproxy.export.destination import Way, read_destination
from appproxy.export.webhook import key_text
from appproxy.http.shown_url import shown_url
from appproxy.store.service import audit_exports
from appproxy.store.service.audit_exports import AuditExport, Backlog, NewExport
from appproxy.store.transaction import Reading, Transaction

_NOW, _BEGINNING = "now", "beginning"


def _list(reading: Reading, call: Call) -> object:
    return [_shown(one) for one in audit_exports.backlogs(reading, call.context.now)]


def _show(reading: Reading, call: Call) -> object:
    found = audit_exports.find(reading, call.path["export"])
    return next(_shown(one) for one in audit_exports.backlogs(reading, call.context.now) if one.export.id == found.id)


def _add(tx: Transaction, call: Call) -> Change:
    body, start = call.body, call.body.text("start", _NOW)
    new = NewExport(*(body.text(name, default) for name, default in (
        ("url", None), ("format", "json"), ("ca_bundle", ""), ("certificate", ""), ("key", ""))))
    if read_destination(new.url).way is Way.FILE and not call.context.principal.system:
        # Whoever may administer the service must not get to write to any file of its machine.
        raise Forbidden("url: a file of the service's machine can be named there alone, by `appproxy --state DIR`")
    made = audit_exports.add(tx, body.text("name"), new, _position(start))
    shown = _shown(Backlog(made, 0, 0.0, is_free=True))
    secret = {"secret": key_text(made.secret)} if made.secret else {}
    return Change({**shown, **secret}, made.id, {**_noted(made), "format": made.format, "start": start})


def _position(start: str) -> int | None:
    """The number behind which it begins; None: the last one there is."""
    if start == _NOW:
        return None
    if start == _BEGINNING:
        return 0
    if not (start.isascii() and start.isdigit() and 0 < len(start) < 16 and int(start)):
        raise ConfigError(f"start: {start!r} is no entry", hint=f"give {_NOW}, {_BEGINNING}, or the number of the first entry")
    return int(start) - 1


def _remove(tx: Transaction, call: Call) -> Change:
    gone = audit_exports.find(tx, call.path["export"])
    audit_exports.remove(tx, gone.id)
    return Change(_shown(Backlog(gone, 0, 0.0, is_free=True)), gone.id, {**_noted(gone), "position": gone.position})


def _test(tx: Transaction, call: Call) -> Change:
    found, problem = audit_exports.find(tx, call.path["export"]), call.context.service_answer
    if not isinstance(problem, str):
        raise ConfigError("no service runs on this state directory, so nothing can be sent", hint="start it first")
    return Change({"name": found.name, "problem": problem}, found.id, {"name": found.name, "problem": problem})


def _noted(one: AuditExport) -> dict[str, object]:
    """For the audit. The rest of a webhook's URL may be what lets us in there."""
    place = one.destination
    where = place.path if place.way is Way.FILE else f"{place.host}:{place.port}"
    return {"name": one.name, "destination": f"{place.way.value}://{where}"}


def _shown(one: Backlog) -> dict[str, object]:
    """All but what is secret; the query of a webhook may be."""
    export = one.export
    is_webhook = export.destination.way is Way.WEBHOOK
    return {
        "id": export.id, "name": export.name, "url": shown_url(export.url) if is_webhook else export.url,
        "format": export.format, "ca_bundle": export.ca_bundle, "certificate": export.certificate, "created": export.created,
        "position": export.position, "waiting": one.waiting, "waiting_since": one.since, "delivered": export.delivered,
        "sent": export.sent, "refused": export.refused, "lost": export.lost, "failures": export.failures,
        "problem": export.problem, "next_try": export.due if export.failures else 0.0,
    }  # fmt: skip


_ONE = "/audit-exports/{export}"
#: What changes by itself.
_LIVE = ("position", "waiting", "waiting_since", "delivered", "sent", "refused", "lost", "failures", "problem", "next_try")
OPERATIONS: tuple[Operation, ...] = (
    Query("/audit-exports", "Where the audit is exported to, what waits for each destination, and what went wrong there last.",
          _list, page="name", permission=Permission.READ_AUDIT),
    Query(_ONE, "One destination of the audit; its key is nowhere.", _show, live=_LIVE, permission=Permission.READ_AUDIT),
    Command("POST", "/audit-exports", "audit_export.add",
            "Export the audit to `url`, in a `format` (json, ecs, ocsf), from `start` on (now, beginning, or a number); the "
            "answer alone has a webhook's key.", _add,
            ("name", "url", "format", "ca_bundle", "certificate", "key", "start"), permission=Permission.CHANGE_EXPORTS),
    Command("DELETE", _ONE, "audit_export.remove", "Export the audit there no more.", _remove,
            permission=Permission.CHANGE_EXPORTS),
    Command("POST", _ONE + "/test", "audit_export.test", "Send one entry there that is in no audit, and say what came of it.",
            _test, asks=Ask.EXPORT, permission=Permission.CHANGE_EXPORTS),
)  # fmt: skip
