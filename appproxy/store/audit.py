"""Who changed what, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.store.schema import audit
from appproxy.store.transaction import Reading, Transaction

_LONGEST_ACTOR = 255


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
    tx: Transaction, actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None
) -> None:
    """Note what `actor` did to `target`, in the same transaction as the deed. `detail` must hold no secret."""
    text = json.dumps(dict(detail or {}), sort_keys=True)
    values = {"time": tx.now, "actor": actor[:_LONGEST_ACTOR], "action": action, "target": target, "detail": text}
    tx.change(sa.insert(audit).values(values))


def list_recent(reading: Reading, limit: int = 100) -> list[AuditRow]:
    """The latest entries, the newest first."""
    rows = reading.rows(sa.select(audit).order_by(audit.c.number.desc()).limit(limit))
    return [
        AuditRow(row["number"], row["time"], row["actor"], row["action"], row["target"], json.loads(row["detail"]))
        for row in rows
    ]
