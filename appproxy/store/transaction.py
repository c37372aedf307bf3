"""What store functions get: a look at the database, or a write transaction that knows what it changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

from appproxy.store.sealing import Sealer
from appproxy.store.tables.core import IN_SNAPSHOT, revisions

#: The row of `revisions` that counts all changes.
ALL = "all"
#: What other processes are told of at once, where the database can: of a new revision, of nodes that come and go, and of
#: entries of the audit.
SNAPSHOT, NODES, AUDIT = "snapshot", "nodes", "audit"

Row = sa.RowMapping
#: The values of a statement's `bindparam`s. Where a statement is asked often it is made once, as a constant with such: making
#: it costs three times as much as what SQLAlchemy does to execute it, and SQLite itself hardly anything.
Values = Mapping[str, object] | None
#: Locks out all other writers, and tells the revision. SQLite is locked by BEGIN IMMEDIATE, and leaves FOR UPDATE out.
_LOCK = sa.select(revisions.c.revision).where(revisions.c.part == ALL).with_for_update()
_REVISIONS = sa.select(revisions)


@dataclass(slots=True)
class Reading:
    """One consistent look at the database."""

    connection: sa.Connection
    sealer: Sealer = field(repr=False)

    def rows(self, statement: sa.Select[Any], values: Values = None) -> Sequence[Row]:
        """All rows that `statement` finds."""
        return self.connection.execute(statement, values).mappings().all()

    def row(self, statement: sa.Select[Any], values: Values = None) -> Row | None:
        """The first row that `statement` finds."""
        return self.connection.execute(statement, values).mappings().first()


@dataclass(slots=True)
class Transaction(Reading):
    """A write transaction: all or nothing, one at a time. `now` is its moment, in seconds since 1970.

    `touched` collects the names of the tables of the snapshot that it changed, `notices` of what others hear besides.
    `revision`: that of the snapshot's tables, at the beginning, and once it is over at the end.
    """

    now: float
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    touched: set[str] = field(default_factory=set)
    notices: set[str] = field(default_factory=set)
    revision: int = 0

    def change(self, statement: UpdateBase, values: Values | Sequence[Mapping[str, object]] = None) -> int:
        """Insert, update or delete; gives the number of rows (-1 where the database does not tell)."""
        rows = self.connection.execute(statement, values).rowcount
        # An INSERT with RETURNING counts no rows, so that only UPDATE and DELETE can be told to have changed nothing.
        if rows != 0 or statement.is_insert:
            table = cast("sa.Table", statement.entity_description["table"])
            if table.info == IN_SNAPSHOT:
                self.touched.add(table.name)
        return rows

    def tell(self, what: str) -> None:
        """Other processes hear of this when it is committed."""
        self.notices.add(what)

    def new_id(self) -> str:
        """A random id of 16 hex digits."""
        return self.random_bytes(8).hex()


def lock(connection: sa.Connection) -> int:
    """Lock out all other writers until the transaction ends; gives the revision."""
    return connection.scalar(_LOCK) or 0


def bump(transaction: Transaction) -> bool:
    """Give this transaction's changes a revision of their own; False when no part of the snapshot changed."""
    if not transaction.touched:
        return False
    revision = transaction.revision + 1
    for part in [*sorted(transaction.touched), ALL]:
        statement = sa.update(revisions).where(revisions.c.part == part).values(revision=revision)
        if transaction.change(statement) == 0:
            transaction.change(sa.insert(revisions).values(part=part, revision=revision))
    transaction.revision = revision
    return True


def current_revision(reading: Reading) -> int:
    """The revision of the last change that a snapshot shows."""
    return reading.connection.scalar(sa.select(revisions.c.revision).where(revisions.c.part == ALL)) or 0


def part_revisions(reading: Reading) -> dict[str, int]:
    """For each table of the snapshot, the revision at which it changed last; and `all`."""
    return {row["part"]: row["revision"] for row in reading.rows(_REVISIONS)}
