"""Who changed what, and when."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from appproxy.store.searching import has_text_in_json
from appproxy.store.service import audit_chain, audit_exports
from appproxy.store.service.actions import AUDIT_EXPORT_LOST
from appproxy.store.service.note import ANONYMOUS as ANONYMOUS
from appproxy.store.service.note import Action
from appproxy.store.tables.core import audit
from appproxy.store.transaction import AUDIT, Reading, Row, Transaction

_LONGEST_ACTOR = 255
#: Anybody can cause entries about nobody: they go after 90 days, and beyond so many at once.
_ANONYMOUS_DAYS = 90
_MOST_ANONYMOUS = 100_000
#: Entries that one search looks at: some 0.1 s, which others of the database's thread can wait.
SCANNED = 50_000
#: What was not exported yet is kept for so many days longer, and of entries about nobody so many times as many.
_HELD_DAYS, _HELD_TIMES = 30, 2
_ADD = sa.insert(audit)
_write = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be noted; the fields are those of `record`, `time` in seconds since 1970."""

    time: float
    actor: str
    action: Action
    target: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry; `actor` is such as `local:0` (a system user by the admin socket) or `connector:ID`."""

    number: int
    time: float
    actor: str
    action: str
    target: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Search:
    """Which entries are wanted; empty fields ask for nothing. Times in seconds since 1970.

    `action`: one, or with a last dot all that begin so, as `user.`. `text`: is in the actor, the target or the detail, in any
    case of letters.
    """

    actor: str = ""
    action: str = ""
    target: str = ""
    text: str = ""
    since: float | None = None
    until: float | None = None

    def narrow(self, found: sa.Select[Any]) -> sa.Select[Any]:
        """The statement, for these entries alone."""
        for column, wanted in ((audit.c.actor, self.actor), (audit.c.target, self.target)):
            if wanted:
                found = found.where(column == wanted)
        if self.action.endswith("."):
            found = found.where(audit.c.action.startswith(self.action, autoescape=True))
        elif self.action:
            found = found.where(audit.c.action == self.action)
        if self.text:
            found = found.where(sa.or_(
                *(column.icontains(self.text, autoescape=True) for column in (audit.c.actor, audit.c.target)),
                has_text_in_json(audit.c.detail, self.text)))
        if self.since is not None:
            found = found.where(audit.c.time >= self.since)
        if self.until is not None:
            found = found.where(audit.c.time < self.until)
        return found


#: All entries.
EVERYTHING = Search()


def record(
    tx: Transaction, actor: str, action: Action, target: str = "", detail: Mapping[str, object] | None = None,
    time: float | None = None,
) -> None:
    """Note what `actor` did to `target`, in the same transaction as the deed. `detail` must hold no secret.

    `time`: when, in seconds since 1970, if not now.
    """
    record_all(tx, [AuditEntry(tx.now if time is None else time, actor, action, target, detail or {})])


def record_all(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
    """Note several at once, in this order; see `record`."""
    rows: list[dict[str, object]] = [
        {
            "time": float(one.time), "actor": one.actor[:_LONGEST_ACTOR], "action": one.action, "target": one.target,
            "detail": _write(dict(one.detail)),
        }
        for one in entries
    ]  # fmt: skip
    audit_chain.append(tx, rows)
    tx.change(_ADD, rows)
    tx.tell(AUDIT)


def list_recent(
    reading: Reading, limit: int = 100, before: int | None = None, search: Search = EVERYTHING
) -> list[AuditRow]:
    """The latest entries that are wanted, the newest first; `before`: of those with lower numbers."""
    found = search.narrow(sa.select(audit))
    if before is not None:
        found = found.where(audit.c.number < before)
    return [_row(row) for row in reading.rows(found.order_by(audit.c.number.desc()).limit(limit))]


def list_after(reading: Reading, number: int, limit: int) -> list[AuditRow]:
    """The entries behind this one, in the order in which they were written."""
    found = sa.select(audit).where(audit.c.number > number).order_by(audit.c.number).limit(limit)
    return [_row(row) for row in reading.rows(found)]


def newest(reading: Reading) -> int:
    """The number of the last entry; 0 where there is none."""
    return int(reading.connection.scalar(sa.select(sa.func.max(audit.c.number))) or 0)


def search(
    reading: Reading, wanted: Search, limit: int = 100, before: int | None = None, most: int = SCANNED
) -> tuple[list[AuditRow], int | None]:
    """The latest entries that are wanted, of those with numbers below `before`, looking at no more than `most`.

    Gives also the number to go on with as `before`; None: there are no more entries. Nothing but the number has an index, so
    that a search for what is seldom would otherwise read the whole audit, and everybody else would wait for the database.
    """
    found = sa.select(audit.c.number).order_by(audit.c.number.desc())
    if before is not None:
        found = found.where(audit.c.number < before)
    end = reading.connection.scalar(found.offset(most).limit(1))
    above = wanted.narrow(sa.select(audit)).where(audit.c.number > (0 if end is None else end))
    if before is not None:
        above = above.where(audit.c.number < before)
    rows = [_row(one) for one in reading.rows(above.order_by(audit.c.number.desc()).limit(limit))]
    if len(rows) == limit:
        return rows, rows[-1].number
    return rows, None if end is None else end + 1


def _row(row: Row) -> AuditRow:
    return AuditRow(row["number"], row["time"], row["actor"], row["action"], row["target"], json.loads(row["detail"]))


def purge(tx: Transaction, days: int = 0, most: int = _MOST_ANONYMOUS) -> dict[str, int]:
    """Forget old entries about nobody, and all but the latest `most` of them; of others those older than `days`, 0 for none.

    What some destination of an export does not have yet is kept for longer, to a bound. Beyond it, it is forgotten all the
    same, and noted; gives how many entries each destination will not have, by name.

    A chain is cut at its beginning only: an entry is kept while an older one is.
    """
    nobodys = audit.c.actor == ANONYMOUS
    unsent = audit_exports.first_unsent(tx)

    def beyond(count: int) -> int:
        numbers = sa.select(audit.c.number).where(nobodys).order_by(audit.c.number.desc()).offset(count).limit(1)
        return (tx.connection.scalar(numbers) or 0) + 1

    missed = Counter[str]()
    usual = max(beyond(most), _first_young(tx, nobodys, _ANONYMOUS_DAYS))
    bound = max(beyond(most * _HELD_TIMES), _first_young(tx, nobodys, _ANONYMOUS_DAYS + _HELD_DAYS))
    missed.update(_forget(tx, audit_chain.NOBODYS, nobodys, usual, bound, unsent))
    if days:
        usual, bound = (_first_young(tx, ~nobodys, some) for some in (days, days + _HELD_DAYS))
        missed.update(_forget(tx, audit_chain.KNOWN, ~nobodys, usual, bound, unsent))
    for name, count in missed.items():
        record(tx, "service", AUDIT_EXPORT_LOST, "", {"name": name, "count": count})
    return missed


def _first_young(tx: Transaction, mine: sa.ColumnElement[bool], days: int) -> int:
    """The number of the first of these entries that is not so old; behind all where every one is."""
    is_young = audit.c.time >= tx.now - days * 86400.0
    first = tx.connection.scalar(sa.select(sa.func.min(audit.c.number)).where(mine, is_young))
    if first is not None:
        return int(first)
    return int(tx.connection.scalar(sa.select(sa.func.max(audit.c.number)).where(mine)) or 0) + 1


def _forget(
    tx: Transaction, chain: str, mine: sa.ColumnElement[bool], usual: int, bound: int, unsent: int | None
) -> dict[str, int]:
    """Those with numbers below `usual`; where from `unsent` on some were not exported, of these only those below `bound`."""
    before = usual if unsent is None else min(usual, max(unsent, bound))
    missed = {} if unsent is None or before <= unsent else audit_exports.missed(tx, mine & (audit.c.number < before))
    audit_chain.cut(tx, chain, before)
    return missed
