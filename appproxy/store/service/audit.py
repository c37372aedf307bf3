"""Who changed what, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from appproxy.store.schema import audit
from appproxy.store.service import audit_chain
from appproxy.store.service.note import ANONYMOUS as ANONYMOUS
from appproxy.store.service.note import Action
from appproxy.store.transaction import Reading, Transaction

_LONGEST_ACTOR = 255
#: Anybody can cause entries about nobody: they go after 90 days, and beyond so many at once.
_ANONYMOUS_DAYS = 90
_MOST_ANONYMOUS = 100_000


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
            columns = (audit.c.actor, audit.c.target, audit.c.detail)
            found = found.where(sa.or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
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
            "detail": json.dumps(dict(one.detail), sort_keys=True),
        }
        for one in entries
    ]  # fmt: skip
    audit_chain.append(tx, rows)
    tx.connection.execute(sa.insert(audit), rows)


def list_recent(
    reading: Reading, limit: int = 100, before: int | None = None, search: Search = EVERYTHING
) -> list[AuditRow]:
    """The latest entries that are wanted, the newest first; `before`: of those with lower numbers."""
    found = search.narrow(sa.select(audit))
    if before is not None:
        found = found.where(audit.c.number < before)
    rows = reading.rows(found.order_by(audit.c.number.desc()).limit(limit))
    return [
        AuditRow(row["number"], row["time"], row["actor"], row["action"], row["target"], json.loads(row["detail"]))
        for row in rows
    ]


def purge(tx: Transaction, days: int = 0, most: int = _MOST_ANONYMOUS) -> None:
    """Forget old entries about nobody, and all but the latest `most` of them; of others those older than `days`, 0 for none.

    A chain is cut at its beginning only: an entry is kept while an older one is.
    """
    nobodys = audit.c.actor == ANONYMOUS
    numbers = sa.select(audit.c.number).where(nobodys).order_by(audit.c.number.desc()).offset(most).limit(1)
    last_gone = tx.connection.scalar(numbers)
    if last_gone is not None:
        audit_chain.cut(tx, audit_chain.NOBODYS, last_gone + 1)
    _forget(tx, audit_chain.NOBODYS, nobodys, _ANONYMOUS_DAYS)
    if days:
        _forget(tx, audit_chain.KNOWN, ~nobodys, days)


def _forget(tx: Transaction, chain: str, mine: sa.ColumnElement[bool], days: int) -> None:
    """Those older than so many days, up to the first that is not."""
    is_young = audit.c.time >= tx.now - days * 86400.0
    first = tx.connection.scalar(sa.select(sa.func.min(audit.c.number)).where(mine, is_young))
    newest = tx.connection.scalar(sa.select(sa.func.max(audit.c.number)).where(mine))
    if newest is not None:
        audit_chain.cut(tx, chain, newest + 1 if first is None else first)
