"""When connectors were seen, by which nodes, and which are inactive. None of it changes the snapshot."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.store.connectors.connectors import Connector, find, list_all
from appproxy.store.service import audit
from appproxy.store.service.actions import CONNECTOR_ACTIVE, CONNECTOR_INACTIVE
from appproxy.store.service.nodes import SILENCE
from appproxy.store.snapshot import ConnectorState
from appproxy.store.tables.core import connector_sightings, connectors
from appproxy.store.tables.fleet import connector_places
from appproxy.store.tables.nodes import nodes
from appproxy.store.transaction import Reading, Transaction

#: Seconds without a sign of life after which a connector is inactive. Nodes give one a minute, so that two were lost.
INACTIVE = 120.0
#: All that `status` says; the last two are the states of connectors that their service does not take.
STATUSES = ("active", "away", "inactive", ConnectorState.PENDING.value, ConnectorState.REVOKED.value)
#: Entries of the audit that one look makes: the next one goes on.
_MOST_NOTED = 200
_LONGEST = 128
_table = connector_sightings


@dataclass(frozen=True, slots=True)
class Sighting:
    """A connector that is, or was, at a node: its id, version and address."""

    connector: str
    version: str
    address: str


@dataclass(frozen=True, slots=True)
class SightingChange:
    """It has come, with a certificate of this serial number; or it has gone, or has to wait for approval."""

    what: Sighting
    here: bool
    serial: str = ""


def changed(tx: Transaction, node: str, changes: Iterable[SightingChange]) -> None:
    """Some have come, some have gone, in this order."""
    for one in changes:
        if one.here:
            seen(tx, node, one.what, one.serial)
        else:
            left(tx, node, one.what)


def seen(tx: Transaction, node: str, one: Sighting, serial: str = "") -> None:
    """This one is at the node. An unknown connector is ignored: it was removed a moment ago.

    `serial` is the certificate's that it showed: once its newest one is in use, no older one may renew any more.
    """
    newest = (
        (connectors.c.id == one.connector) & (connectors.c.certificate_serial == serial) & (connectors.c.older_until > 0))
    if serial and tx.row(sa.select(connectors.c.id).where(newest)) is not None:
        tx.change(sa.update(connectors).where(newest).values(older_until=0.0))
    _take(tx, node, one, _away(tx, _table.c.connector == one.connector))


def seen_all(tx: Transaction, node: str, here: Iterable[Sighting]) -> None:
    """The same for several."""
    away = _away(tx, sa.true())
    for one in here:
        _take(tx, node, one, away)


def left(tx: Transaction, node: str, one: Sighting) -> None:
    """It was at the node until now; or it came, and has to wait for approval."""
    _note(tx, one)
    at = (connector_places.c.connector == one.connector) & (connector_places.c.node == node)
    tx.change(sa.delete(connector_places).where(at))


def look(tx: Transaction, node: str, here: Iterable[Sighting], watched: bool) -> Mapping[str, int]:
    """All that are at the node now; gives how many connectors there are of each status, wherever they are.

    `watched`: this node has been there, and has heard of the others, for so long that it may say who is inactive.
    """
    seen_all(tx, node, here)
    tx.change(sa.delete(connector_places).where(connector_places.c.seen < tx.now - INACTIVE))
    if watched:
        _note_inactive(tx)
    there = places(tx, tx.now)
    return Counter(status(one, one.id in there, tx.now) for one in list_all(tx))


def places(reading: Reading, now: float, connector: str = "") -> Mapping[str, tuple[str, ...]]:
    """At which nodes (names) connectors are, or this one is, by the connector's id. `now`: seconds since 1970."""
    join = connector_places.join(nodes, nodes.c.id == connector_places.c.node)
    living = (connector_places.c.seen >= now - INACTIVE) & (nodes.c.seen >= now - SILENCE)
    query = sa.select(connector_places.c.connector, nodes.c.name).select_from(join).where(living).order_by(nodes.c.name)
    if connector:
        query = query.where(connector_places.c.connector == connector)
    found: dict[str, tuple[str, ...]] = {}
    for row in reading.rows(query):
        found[row["connector"]] = (*found.get(row["connector"], ()), row["name"])
    return found


def at_nodes(reading: Reading, now: float) -> Mapping[str, frozenset[str]]:
    """Which connectors are at each node, by their ids."""
    found = defaultdict[str, set[str]](set)
    for row in reading.rows(sa.select(connector_places).where(connector_places.c.seen >= now - INACTIVE)):
        found[row["node"]].add(row["connector"])
    return {node: frozenset(ids) for node, ids in found.items()}


def status(one: Connector, is_here: bool, now: float) -> str:
    """What to call it: `active`, `away` (not for long), `inactive`, or what an admin has decided against its service."""
    if one.state is not ConnectorState.APPROVED:
        return str(one.state.value)
    if is_here:
        return "active"
    return "away" if one.last_seen and now - one.last_seen < INACTIVE else "inactive"


def _note(tx: Transaction, one: Sighting) -> bool:
    """Keep the time; False for an unknown connector."""
    values = {"seen": tx.now, "version": one.version[:_LONGEST], "address": one.address[:_LONGEST]}
    if tx.change(sa.update(_table).where(_table.c.connector == one.connector).values(values)):
        return True
    if tx.row(sa.select(connectors.c.id).where(connectors.c.id == one.connector)) is None:
        return False
    tx.change(sa.insert(_table).values(connector=one.connector, **values))
    return True


def _away(tx: Transaction, which: sa.ColumnElement[bool]) -> Mapping[str, float]:
    """When each that is noted as inactive was seen last."""
    return {row["connector"]: row["seen"] for row in tx.rows(sa.select(_table).where(_table.c.inactive > 0, which))}


def _take(tx: Transaction, node: str, one: Sighting, away: Mapping[str, float]) -> None:
    if not _note(tx, one):
        return
    noted = (_table.c.connector == one.connector) & (_table.c.inactive > 0)
    if one.connector in away and tx.change(sa.update(_table).where(noted).values(inactive=0.0)):
        detail = {"name": find(tx, one.connector).name, "address": one.address, "seconds": round(tx.now - away[one.connector])}
        audit.record(tx, "service", CONNECTOR_ACTIVE, one.connector, detail)
    at = (connector_places.c.connector == one.connector) & (connector_places.c.node == node)
    if not tx.change(sa.update(connector_places).where(at).values(seen=tx.now)):
        tx.change(sa.insert(connector_places).values(connector=one.connector, node=node, seen=tx.now))


def _note_inactive(tx: Transaction) -> None:
    """Once for each, whichever node is first."""
    approved = connectors.c.state == ConnectorState.APPROVED.value
    silent = (_table.c.seen < tx.now - INACTIVE) & (_table.c.inactive == 0) & approved
    join = _table.join(connectors, connectors.c.id == _table.c.connector)
    for row in tx.rows(sa.select(_table, connectors.c.name).select_from(join).where(silent).limit(_MOST_NOTED)):
        once = (_table.c.connector == row["connector"]) & (_table.c.inactive == 0)
        if tx.change(sa.update(_table).where(once).values(inactive=tx.now)):
            audit.record(tx, "service", CONNECTOR_INACTIVE, row["connector"],
                         {"name": row["name"], "address": row["address"], "last_seen": row["seen"]})
