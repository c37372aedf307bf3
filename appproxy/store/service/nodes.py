"""The nodes of the service: each process has a row, and renews it for as long as it serves.

A row is a lease: whoever renews it no more is gone, whatever it says. Clocks of machines differ, so other nodes judge by the
count of signs of life and by their own clock (`service.tunnel.nodes.liveness`); `seen` is for people.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.config.values import WORKERS_APART
from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.tables.nodes import nodes as table
from appproxy.store.transaction import NODES, Reading, Row, Transaction

#: Seconds between two signs of life of a node.
BEAT = 5.0
#: A node that has given none for so long, in seconds, is gone: two were lost.
SILENCE = 15.0
#: What is silent for so long, in seconds, is nobody's any more; until then an admin sees it in the list.
KEEP = 86400.0


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One process of the service. `address` is `host:port` for connectors, "" where it tells none; times since 1970."""

    id: str
    name: str
    directory: str
    address: str
    version: str
    started: float = 0.0
    seen: float = 0.0
    beats: int = 0

    @property
    def machine(self) -> str:
        """What all workers of one service have in their names."""
        return self.name.partition(WORKERS_APART)[0]

    def is_beside(self, other: NodeRecord) -> bool:
        """Are both processes of one state directory: one after the other, or workers at the same time?"""
        return (self.machine, self.directory) == (other.machine, other.directory)


def beat(tx: Transaction, own: NodeRecord) -> list[NodeRecord]:
    """A sign of life of this process; gives all nodes. The first one removes what processes of its directory have left."""
    fresh = {"address": own.address, "version": own.version, "seen": tx.now, "beats": table.c.beats + 1}
    if tx.change(sa.update(table).where(table.c.id == own.id).values(fresh)) == 0:
        tx.change(sa.delete(table).where(_before(own)))
        purge(tx)
        tx.change(sa.insert(table).values(
            id=own.id, name=own.name, directory=own.directory, address=own.address, version=own.version,
            started=tx.now, seen=tx.now, beats=1))
        tx.tell(NODES)
    return list_all(tx)


def _before(own: NodeRecord) -> sa.ColumnElement[bool]:
    """What was in this one's place: that of its name, and where there were workers before and are none now, or the other way
    round, those. Other workers of its service live.
    """
    name = table.c.name
    if own.machine == own.name:
        gone = sa.or_(name == own.name, name.startswith(f"{own.name}{WORKERS_APART}", autoescape=True))
    else:
        gone = name.in_([own.name, own.machine])
    return sa.and_(gone, table.c.directory == own.directory)


def leave(tx: Transaction, id_: str) -> None:
    """This process takes nothing more."""
    if tx.change(sa.delete(table).where(table.c.id == id_)):
        tx.tell(NODES)


def list_all(reading: Reading) -> list[NodeRecord]:
    """All that have a row, by name; also those that are silent."""
    return [_record(row) for row in reading.rows(sa.select(table).order_by(table.c.name, table.c.started, table.c.id))]


def find(reading: Reading, text: str) -> NodeRecord:
    """The node of this id, or of this name where only one has it. Raises NotFound or ConfigError."""
    there = list_all(reading)
    named = [one for one in there if one.id == text] or [one for one in there if one.name == text]
    if not named:
        raise names.not_found("node", text, [each for one in there for each in (one.name, one.id)])
    if len(named) > 1:
        raise ConfigError(f"there are {len(named)} nodes {text!r}", hint=f"say which: {', '.join(one.id for one in named)}")
    return named[0]


def remove(tx: Transaction, text: str) -> NodeRecord:
    """Forget a node that is silent. Raises NotFound, and ConfigError for one that is alive: it would be back at once."""
    found = find(tx, text)
    if tx.now - found.seen < SILENCE:
        raise ConfigError(f"node {found.name} is alive; it would be back in {BEAT:g} seconds",
                          hint="stop its service first, then it leaves by itself")
    leave(tx, found.id)
    return found


def purge(tx: Transaction) -> None:
    """Forget what is silent for a day."""
    tx.change(sa.delete(table).where(table.c.seen < tx.now - KEEP))


def _record(row: Row) -> NodeRecord:
    return NodeRecord(row["id"], row["name"], row["directory"], row["address"], row["version"], row["started"], row["seen"],
                      row["beats"])
