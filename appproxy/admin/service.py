"""Operations on the service as a whole: its state, sessions, audit."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.admin.operation import Call, Change, Command, Operation, Query
from appproxy.errors import ConfigError
from appproxy.pki import not_after
from appproxy.store import schema
from appproxy.store.names import NotFound
from appproxy.store.people import providers, sessions, users
from appproxy.store.service import audit, keys
from appproxy.store.service import settings as service_settings
from appproxy.store.transaction import Reading, Transaction, current_revision

_MOST_AUDIT_ROWS = 1000
_LONGEST_ID = 64
#: More would hide the ones that matter; the most frequent come first.
_MOST_SYMPTOMS = 20


def _status(reading: Reading, call: Call) -> object:
    live = call.context.live()
    online = sum(1 for one in live.values() if isinstance(one, dict) and one.get("online"))
    found = service_settings.get_all(reading)
    given = call.context.given_certificate()
    return {
        "instance": found.get(service_settings.INSTANCE, ""),
        "domain": call.context.settings.domain,
        "running": call.context.running,
        "revision": current_revision(reading),
        "applications": _count(reading, schema.applications),
        "users": _count(reading, schema.users),
        "connectors": _count(reading, schema.connectors),
        "connectors_online": online,
        "limits_met": [dict(one) for one in call.context.limits_met],
        "tunnel_certificate_expires": keys.leaf_expires(reading, keys.CONNECTOR),
        "user_certificate_expires": keys.leaf_expires(reading, keys.USER) if given is None else not_after(given),
        "symptoms": [
            {"application": name, "hint": hint, "count": count}
            for name, hint, count in call.context.symptoms[:_MOST_SYMPTOMS]
        ],
    }


def _count(reading: Reading, table: sa.Table) -> int:
    return int(reading.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def _revoke_session(tx: Transaction, call: Call) -> Change:
    """One session by its id, or all of a user: of the built-in provider by name, of others by provider and subject."""
    body = call.body
    given = [key for key in ("session", "user", "subject") if key in body]
    if len(given) != 1:
        raise ConfigError("give one of session, user and subject")
    if "provider" in body and given[0] != "subject":
        raise ConfigError("provider: goes with subject only")
    text = body.text(given[0])
    if not text or len(text) > 255 or (given[0] == "session" and len(text) > _LONGEST_ID):
        raise ConfigError(f"{given[0]}: 1 to {_LONGEST_ID if given[0] == 'session' else 255} characters are needed")
    if given[0] == "session":
        sessions.revoke_session(tx, text)
        return Change({"session": text}, text, {"by": "session"})
    if given[0] == "user":
        provider, subject = providers.BUILTIN, users.find(tx, text).id
    else:
        provider, subject = _provider(tx, body.text("provider", "")), text
    sessions.revoke_subject(tx, provider, subject)
    return Change({given[0]: text, "provider": provider}, subject, {"by": given[0], "provider": provider})


def _provider(reading: Reading, given: str) -> str:
    """The id of the provider whose subject is meant. Raises ConfigError where it is not clear."""
    if given:
        return providers.find(reading, given).id
    there = providers.list_all(reading)
    if len(there) > 1:
        names = ", ".join(one.name for one in there)
        raise ConfigError(f"provider: say whose subject it is, since two may call different people so; there are {names}")
    return providers.BUILTIN


def _audit(reading: Reading, call: Call) -> object:
    limit = call.body.whole("limit", 100)
    if not 1 <= limit <= _MOST_AUDIT_ROWS:
        raise ConfigError(f"limit: 1 to {_MOST_AUDIT_ROWS} is needed")
    return [
        {
            "number": row.number, "time": row.time, "actor": row.actor, "action": row.action, "target": row.target,
            "detail": dict(row.detail),
        }
        for row in audit.list_recent(reading, limit)
    ]  # fmt: skip


def _probes(reading: Reading, call: Call) -> object:
    if not call.context.running:
        raise ConfigError("no service runs on this state directory, so no application can be asked; start it first")
    return [
        {"application": name, "status": one.status, "failure": one.failure, "detail": one.detail}
        for name, one in call.context.probes.items()
    ]


def _anchor(reading: Reading, call: Call) -> object:
    found = keys.user_authority(reading)
    if found is None:
        raise NotFound("this service has a certificate of the admin's; there is no trust anchor of its own")
    return {"certificate": found.certificate}


OPERATIONS: tuple[Operation, ...] = (
    Query("/status", "What the service has and does.", _status),
    Query("/probes", "Which applications answer: each is sent a HEAD through a connector.", _probes, probes=True),
    Query("/trust-anchor", "The authority that browsers must import, when the service made its own.", _anchor),
    Command("POST", "/sessions/revoke", "session.revoke", "End a session, or all of a user.", _revoke_session,
            ("session", "user", "subject", "provider")),
    Query("/audit", "The latest changes, the newest first.", _audit, ("limit",)),
)  # fmt: skip
