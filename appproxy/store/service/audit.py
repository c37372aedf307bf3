"""Who changed what, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.store.schema import audit
from appproxy.store.service.note import ANONYMOUS as ANONYMOUS
from appproxy.store.transaction import Reading, Transaction

_LONGEST_ACTOR = 255
#: Anybody can cause entries about nobody: they go after 90 days, and beyond so many at once.
_ANONYMOUS_DAYS = 90
_MOST_ANONYMOUS = 100_000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry; `actor` is such as `local:0` (a system user by the admin socket) or `connector:ID`."""

    number: int
    time: float
    actor: str
    action: str
    target: str
    detail: Mapping[str, object]


def record(
    tx: Transaction, actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None,
    time: float | None = None,
) -> None:
    """Note what `actor` did to `target`, in the same transaction as the deed. `detail` must hold no secret.

    `time`: when, in seconds since 1970, if not now.
    """
    text = json.dumps(dict(detail or {}), sort_keys=True)
    values = {
        "time": tx.now if time is None else time, "actor": actor[:_LONGEST_ACTOR], "action": action, "target": target,
        "detail": text,
    }
    tx.change(sa.insert(audit).values(values))


def list_recent(reading: Reading, limit: int = 100) -> list[AuditRow]:
    """The latest entries, the newest first."""
    rows = reading.rows(sa.select(audit).order_by(audit.c.number.desc()).limit(limit))
    return [
        AuditRow(row["number"], row["time"], row["actor"], row["action"], row["target"], json.loads(row["detail"]))
        for row in rows
    ]


def purge(tx: Transaction, most: int = _MOST_ANONYMOUS) -> None:
    """Forget old entries about nobody, and all but the latest `most` of them. What is known of anybody stays."""
    nobodys = audit.c.actor == ANONYMOUS
    tx.change(sa.delete(audit).where(nobodys & (audit.c.time < tx.now - _ANONYMOUS_DAYS * 86400.0)))
    numbers = sa.select(audit.c.number).where(nobodys).order_by(audit.c.number.desc()).offset(most).limit(1)
    first_gone = tx.connection.scalar(numbers)
    if first_gone is not None:
        tx.change(sa.delete(audit).where(nobodys & (audit.c.number <= first_gone)))
