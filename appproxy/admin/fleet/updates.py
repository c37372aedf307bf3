"""The plan by which connectors are updated, one of a group at a time."""

from __future__ import annotations

import appproxy
from appproxy.admin.base.operation import Call, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.store.connectors import connectors, sightings, updates
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.connectors.versions import skew
from appproxy.store.transaction import Reading


def _plan(reading: Reading, call: Call) -> object:
    now, own = call.context.now, appproxy.__version__
    known, there, held = connectors.list_all(reading), sightings.places(reading, now), updates.leases(reading)
    live = call.context.live()
    here = {id_ for id_, one in live.items() if isinstance(one, dict) and one.get("online")}
    connected = {**dict.fromkeys(here, ()), **there}
    return [
        {
            "id": one.connector.id, "name": one.connector.name, "group": group.name, "status": one.status,
            "version": one.connector.version, "service_version": own, "releases_apart": skew(one.connector.version, own),
            "turn": one.turn, "until": one.until,
        }
        for group in connector_groups.list_all(reading)
        for one in updates.plan(
            [each for each in known if each.group == group.id], connected, held.get(group.id), own, now)
    ]  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Query("/connector-updates", "In which order connectors should be updated to the service's version, and whose turn it is.",
          _plan, permission=Permission.READ_CONNECTORS),
)  # fmt: skip
