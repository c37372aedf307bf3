"""An entry as JSON: in our own words, in those of the Elastic Common Schema, or of the Open Cybersecurity Schema Framework."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import appproxy
from appproxy.export.entry import ExportedEntry
from appproxy.export.meaning import ACTIVITIES, Class, Meaning, meaning_of

Document = dict[str, object]

#: The versions of both schemas whose words are used.
ECS, OCSF = "8.11.0", "1.3.0"
#: OCSF: informational, and low for what was refused.
_INFORMATIONAL, _LOW = 1, 2
_SUCCESS, _FAILURE = 1, 2
_CLASS_NAMES = {
    Class.ACCOUNT_CHANGE: "Account Change", Class.AUTHENTICATION: "Authentication",
    Class.ENTITY_MANAGEMENT: "Entity Management", Class.USER_ACCESS: "User Access Management",
    Class.GROUP_MANAGEMENT: "Group Management",
}  # fmt: skip


def _plain(entry: ExportedEntry) -> Document:
    """As `appproxy audit --json` has it, and the id by which doubles are dropped."""
    return {
        "id": entry.id, "service": entry.service, "number": entry.number, "time": entry.moment, "actor": entry.actor,
        "action": entry.action, "target": entry.target, "detail": dict(entry.detail), "link": entry.link,
    }  # fmt: skip


def _ecs(entry: ExportedEntry) -> Document:
    meaning = meaning_of(entry.action)
    event = _filled({
        "id": entry.id, "kind": "event", "category": list(meaning.categories), "type": list(meaning.types),
        "outcome": "failure" if meaning.failed else "success", "action": entry.action, "dataset": "appproxy.audit",
        "module": "appproxy", "provider": "appproxy", "sequence": entry.number, "reason": entry.text("reason"),
    })  # fmt: skip
    address = entry.address
    user = _filled({"id": entry.subject, "name": _person(entry)})
    people = sorted({str(name) for name in user.values()})
    return _filled({
        "@timestamp": entry.moment, "ecs": {"version": ECS}, "event": event, "message": _message(entry),
        "service": {"name": entry.service, "type": "appproxy"}, "user": user, "source": _filled({"ip": address}),
        "user_agent": _filled({"original": entry.text("client")}),
        "related": _filled({"user": people, "ip": [address] if address else []}),
        "appproxy": {"actor": entry.actor, "target": entry.target, "link": entry.link, "detail": dict(entry.detail)},
    })  # fmt: skip


def _ocsf(entry: ExportedEntry) -> Document:
    meaning = meaning_of(entry.action)
    names = ACTIVITIES[meaning.ocsf_class]
    actor = _filled({"uid": entry.subject or entry.actor, "name": _person(entry) or entry.actor})
    return _filled({
        "class_uid": int(meaning.ocsf_class), "class_name": _CLASS_NAMES[meaning.ocsf_class],
        "category_uid": 3, "category_name": "Identity & Access Management",
        "activity_id": meaning.activity, "activity_name": names.get(meaning.activity, entry.action),
        "type_uid": meaning.ocsf_class * 100 + meaning.activity,
        "severity_id": _LOW if meaning.failed else _INFORMATIONAL,
        "status_id": _FAILURE if meaning.failed else _SUCCESS, "status": "Failure" if meaning.failed else "Success",
        "status_detail": entry.text("reason"), "time": round(entry.time * 1000), "message": _message(entry),
        "metadata": {
            "version": OCSF, "uid": entry.id, "sequence": entry.number, "event_code": entry.action, "log_name": "audit",
            "log_provider": entry.service,
            "product": {"name": "appproxy", "vendor_name": "appproxy", "version": appproxy.__version__},
        },
        "actor": {"user": actor}, "src_endpoint": _filled({"ip": entry.address}),
        "http_request": _filled({"user_agent": entry.text("client")}), **_object(entry, meaning, actor),
        "unmapped": {"actor": entry.actor, "target": entry.target, "link": entry.link, "detail": dict(entry.detail)},
    })  # fmt: skip


def _object(entry: ExportedEntry, meaning: Meaning, actor: Document) -> Document:
    """What it was done to: each class has its own field for that, which it needs."""
    named = _filled({"uid": entry.target, "name": entry.text("name")}) or {"name": entry.action}
    kind = entry.action.partition(".")[0]
    if meaning.ocsf_class is Class.AUTHENTICATION:
        application = entry.text("application")
        return {"user": actor, "service": _filled({"name": application})}
    if meaning.ocsf_class is Class.ACCOUNT_CHANGE:
        return {"user": named}
    if meaning.ocsf_class is Class.USER_ACCESS:
        return {"user": {"name": entry.text("value") or entry.text("user") or entry.text("name") or entry.target},
                "privileges": [entry.text("role") or entry.text("name") or entry.action]}
    if meaning.ocsf_class is Class.GROUP_MANAGEMENT:
        group = entry.text("group")
        return {"group": {"name": group}, "user": named} if group else {"group": named}
    return {"entity": {**named, "type": kind}}


def _person(entry: ExportedEntry) -> str:
    """What the actor is called."""
    if "caller" in entry.detail:
        return entry.text("caller")
    # Where somebody acts for themselves, the detail has their name.
    acts_alone = meaning_of(entry.action).ocsf_class is Class.AUTHENTICATION and entry.actor.startswith("user:")
    return (entry.text("name") if acts_alone else "") or entry.subject


def _message(entry: ExportedEntry) -> str:
    return " ".join(filter(None, (entry.actor, entry.action, entry.text("name") or entry.target)))


def _filled(fields: Document) -> Document:
    """Without what is empty."""
    return {key: value for key, value in fields.items() if value not in ("", {}, [], None)}


#: By the name that a destination has for it.
FORMATS: Mapping[str, Callable[[ExportedEntry], Document]] = {"json": _plain, "ecs": _ecs, "ocsf": _ocsf}


def written(entry: ExportedEntry, format_name: str) -> bytes:
    """One line of JSON, in ASCII: nothing on the way can read it in another encoding, or break it in two."""
    return json.dumps(FORMATS[format_name](entry), separators=(",", ":")).encode("ascii")

