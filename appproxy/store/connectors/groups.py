"""Connector groups: which connectors can reach which applications."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.store import names
from appproxy.store.tables.core import applications, connector_groups, connectors
from appproxy.store.transaction import Reading, Transaction

#: Id and name of the group that is there from the start.
DEFAULT = "default"
_WHAT = "connector group"


@dataclass(frozen=True, slots=True)
class ConnectorGroup:
    """One group; with `needs_approval`, a new connector carries no traffic until an admin approves it."""

    id: str
    name: str
    needs_approval: bool


def add(tx: Transaction, name: str, *, needs_approval: bool = False, id_: str | None = None) -> ConnectorGroup:
    """Make a group. Raises ConfigError (not a name) or AlreadyThere."""
    name = names.title(name, "connector group")
    table = connector_groups
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _WHAT)
    made = ConnectorGroup(id_ or tx.new_id(), name, needs_approval)
    tx.change(
        sa.insert(table).values(id=made.id, name=name, name_key=names.key(name), needs_approval=needs_approval)
    )
    return made


def set_approval(tx: Transaction, group: str, needs_approval: bool) -> ConnectorGroup:
    """Do new connectors of this group wait for an admin? Those that are there stay as they are."""
    found = find(tx, group)
    table = connector_groups
    tx.change(sa.update(table).where(table.c.id == found.id).values(needs_approval=needs_approval))
    return ConnectorGroup(found.id, found.name, needs_approval)


def remove(tx: Transaction, group: str) -> ConnectorGroup:
    """Remove a group that nothing uses. Raises AlreadyThere when a connector or an application is in it."""
    found = find(tx, group)
    if found.id == DEFAULT:
        raise names.AlreadyThere("the default connector group stays; new connectors and applications need it")
    for table, what in ((connectors, "connector"), (applications, "application")):
        row = tx.row(sa.select(table.c.name).where(table.c.connector_group == found.id))
        if row is not None:
            raise names.AlreadyThere(f"group {found.name!r} still has the {what} {row['name']!r}", hint="move it first")
    tx.change(sa.delete(connector_groups).where(connector_groups.c.id == found.id))
    return found


def find(reading: Reading, group: str) -> ConnectorGroup:
    """The group of this name or id. Raises NotFound, with near names."""
    table = connector_groups
    row = names.find_row(reading, table, table.c.name_key == names.key(group), group, _WHAT)
    return ConnectorGroup(row["id"], row["name"], row["needs_approval"])


def list_all(reading: Reading) -> list[ConnectorGroup]:
    """All groups, by name."""
    table = connector_groups
    rows = reading.rows(sa.select(table).order_by(table.c.name_key))
    return [ConnectorGroup(row["id"], row["name"], row["needs_approval"]) for row in rows]
