"""Whose turn it is to be updated: one connector of a group at a time, and only while another one of it carries the traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.store.connectors import groups, sightings
from appproxy.store.connectors.connectors import Connector, find, list_all
from appproxy.store.connectors.versions import is_tolerated
from appproxy.store.service import audit
from appproxy.store.service.actions import CONNECTOR_UPDATE, CONNECTOR_UPDATED
from appproxy.store.snapshot import ConnectorState
from appproxy.store.tables.fleet import update_leases as table
from appproxy.store.transaction import Reading, Transaction

#: Seconds that a turn lasts where nobody says that it is over: an installation over a slow link, and a restart that drains.
TURN = 1800.0


@dataclass(frozen=True, slots=True)
class UpdateLease:
    """A connector's turn; times are seconds since 1970."""

    connector: str
    begun: float
    until: float


@dataclass(frozen=True, slots=True)
class Planned:
    """A connector in the plan. `turn`: `now`, `next`, `later`, `done`, or why it cannot have one."""

    connector: Connector
    status: str
    turn: str
    until: float = 0.0


def ask(tx: Transaction, connector: str) -> tuple[UpdateLease | None, str]:
    """May this connector (its id) be updated now? Its turn, or why not. Asking again within a turn makes it no longer."""
    one = find(tx, connector)
    held = leases(tx).get(one.group)
    if held is not None and held.connector == one.id and tx.now < held.until:
        return held, ""
    members = [each for each in list_all(tx) if each.group == one.group and each.state is ConnectorState.APPROVED]
    why = why_not(one, members, sightings.places(tx, tx.now), held, tx.now)
    if why:
        return None, why
    made = UpdateLease(one.id, tx.now, tx.now + TURN)
    tx.change(sa.delete(table).where(table.c.connector_group == one.group))
    tx.change(sa.insert(table).values(
        connector_group=one.group, connector=one.id, begun=made.begun, until=made.until))
    audit.record(tx, f"connector:{one.id}", CONNECTOR_UPDATE, one.id, {
        "name": one.name, "group": groups.find(tx, one.group).name, "version": one.version})
    return made, ""


def finish(tx: Transaction, connector: str) -> bool:
    """Its turn is over; False where it had none."""
    one = find(tx, connector)
    if not tx.change(sa.delete(table).where((table.c.connector_group == one.group) & (table.c.connector == one.id))):
        return False
    audit.record(tx, f"connector:{one.id}", CONNECTOR_UPDATED, one.id, {
        "name": one.name, "group": groups.find(tx, one.group).name, "version": one.version})
    return True


def leases(reading: Reading) -> Mapping[str, UpdateLease]:
    """The latest turn of each group, by the group's id; it may be over."""
    return {
        row["connector_group"]: UpdateLease(row["connector"], row["begun"], row["until"])
        for row in reading.rows(sa.select(table))
    }


def why_not(
    one: Connector, members: Sequence[Connector], places: Mapping[str, object], held: UpdateLease | None, now: float
) -> str:
    """What speaks against updating this one of a group now, "" for nothing. `members`: the approved ones; `places`: has those
    that are connected; `held`: the latest turn of the group.
    """
    if one not in members:
        return "it is not approved"
    others = [each for each in members if each.id != one.id]
    if held is not None and held.connector != one.id:
        holder = next((each for each in others if each.id == held.connector), None)
        if holder is not None and now < held.until:
            return f"{holder.name} is updated now"
        if holder is not None and holder.id not in places:
            return f"{holder.name} had its turn, and is not back: look at its log; appproxy connector remove forgets it"
    if others and not any(each.id in places for each in others):
        return "no other connector of its group is connected"
    return ""


def plan(
    members: Sequence[Connector], places: Mapping[str, object], held: UpdateLease | None, version: str, now: float
) -> list[Planned]:
    """The connectors of a group in the order in which they should be updated to `version`: those that are furthest behind
    first, those that run it last.
    """
    approved = [one for one in members if one.state is ConnectorState.APPROVED]
    planned: list[Planned] = []
    is_first = True
    def order(each: Connector) -> tuple[bool, bool, str, str]:
        return each.version == version, is_tolerated(each.version, version), each.name, each.id

    for one in sorted(members, key=order):
        status = sightings.status(one, one.id in places, now)
        if held is not None and held.connector == one.id and now < held.until:
            planned.append(Planned(one, status, "now", held.until))
        elif one.version == version:
            planned.append(Planned(one, status, "done"))
        elif one not in approved or one.id not in places:
            planned.append(Planned(one, status, "when it is connected"))
        elif why := why_not(one, approved, places, held, now):
            planned.append(Planned(one, status, f"later: {why}"))
        else:
            planned.append(Planned(one, status, "next" if is_first else "later"))
            is_first = False
    return planned
