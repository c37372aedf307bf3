"""Operations on the service as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa

from appproxy.admin.base.operation import Call, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.net.loop.exhaustion import usage
from appproxy.pki import not_after
from appproxy.store.connectors import connectors, sightings
from appproxy.store.names import NotFound
from appproxy.store.service import keys
from appproxy.store.service import settings as service_settings
from appproxy.store.snapshot import Snapshot
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, current_revision

#: The path of the operation that can be asked while the database is away.
STATUS = "/status"
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
        "database": {"reachable": True, "kept_at": None, "age": None},
        "open_files": usage() if call.context.running else None,
        "revision": current_revision(reading),
        "applications": _count(reading, schema.applications),
        "users": _count(reading, schema.users),
        "connectors": _count(reading, schema.connectors),
        "connectors_online": online,
        "connectors_by_status": _statuses(reading, call),
        "limits_met": call.context.limits_shown(),
        "tunnel_certificate_expires": keys.leaf_expires(reading, keys.CONNECTOR),
        "user_certificate_expires": keys.leaf_expires(reading, keys.USER) if given is None else not_after(given),
        "symptoms": [
            {"application": name, "hint": hint, "count": count}
            for name, hint, count in call.context.symptoms[:_MOST_SYMPTOMS]
        ],
    }


def status_without_database(snapshot: Snapshot, call: Call, kept_at: float | None) -> dict[str, object]:
    """What can be said while the database is away. `kept_at`: when that which is known was kept, after a start without it."""
    now = call.context.now
    live = call.context.live()
    return {
        "instance": snapshot.settings.get(service_settings.INSTANCE, ""),
        "domain": call.context.settings.domain,
        "running": True,
        "database": {"reachable": False, "kept_at": kept_at, "age": None if kept_at is None else round(now - kept_at, 1)},
        "open_files": usage(),
        "revision": snapshot.revision,
        "applications": len(snapshot.applications),
        "users": None,
        "connectors": len(snapshot.connectors),
        "connectors_online": sum(1 for one in live.values() if isinstance(one, Mapping) and one.get("online")),
        "connectors_by_status": {},
        "limits_met": call.context.limits_shown(),
        "tunnel_certificate_expires": None,
        "user_certificate_expires": None,
        "symptoms": [],
    }


def _statuses(reading: Reading, call: Call) -> dict[str, int]:
    """How many connectors are active, away, inactive and so on, wherever they are connected."""
    live, now, there = call.context.live(), call.context.now, sightings.places(reading, call.context.now)
    here = {id_ for id_, one in live.items() if isinstance(one, Mapping) and one.get("online")}
    return dict(Counter(
        sightings.status(one, one.id in here or one.id in there, now) for one in connectors.list_all(reading)))


def _count(reading: Reading, table: sa.Table) -> int:
    return int(reading.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def _probes(reading: Reading, call: Call) -> object:
    if not call.context.running:
        raise ConfigError("no service runs on this state directory, so no application can be asked", hint="start it first")
    return [
        {"application": name, "status": one.status, "failure": one.failure, "detail": one.detail}
        for name, one in call.context.probes.items()
    ]


def _anchor(reading: Reading, call: Call) -> object:
    found = keys.user_authority(reading)
    if found is None:
        raise NotFound("this service has a certificate of the admin's", hint="there is no trust anchor of its own")
    return {"certificate": found.certificate}


OPERATIONS: tuple[Operation, ...] = (
    Query(STATUS, "What the service has and does.", _status,
          permission=Permission.READ_SERVICE),
    Query("/probes", "Which applications answer: each is sent a HEAD through a connector.", _probes, probes=True,
          permission=Permission.READ_SERVICE),
    Query("/trust-anchor", "The authority that browsers must import, when the service made its own.", _anchor,
          permission=Permission.READ_SERVICE),
)  # fmt: skip
