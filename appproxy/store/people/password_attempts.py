"""Passwords that were tried in the last day, each by who tried and what came of it, never by what was typed.

Every node counts attempts in its memory, and reads here what the others have counted, and what was counted before it started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

import sqlalchemy as sa

from appproxy.store.tables.attempts import password_attempts as table
from appproxy.store.transaction import Reading, Transaction

#: What other processes are told of.
PASSWORD_ATTEMPTS = "password attempts"
#: As long as one is kept, in seconds: the bucket of a name has drained then, but for an attack that goes on.
KEPT = 86400.0
#: So many are kept, and read at a start: three times what the longest attack within all limits of a thousand names comes to
#: while somebody looks, and less than a second of reading.
MOST = 20_000
_PURPOSE = "who tried a password"


@dataclass(frozen=True, slots=True)
class KeptAttempt:
    """One whose outcome is known. `time` in seconds since 1970; `name` and `device` are digests, `device` "" for none."""

    time: float
    name: str
    device: str
    network: str
    block: str
    succeeded: bool


class LearnedAttempts(NamedTuple):
    """Attempts at other processes, the oldest first, and the number to go on after."""

    attempts: list[KeptAttempt]
    last: int


_COLUMNS = [field.name for field in fields(KeptAttempt)]
_ADD, _LAST = sa.insert(table), sa.select(sa.func.max(table.c.number))
_FORGET = sa.delete(table).where(table.c.number <= sa.bindparam("last"))


def digest_key(reading: Reading) -> bytes:
    """What digests of names are made with: 32 bytes, the same for all nodes and kept nowhere."""
    return reading.sealer.secret(_PURPOSE)


def keep(tx: Transaction, process: str, attempts: Sequence[KeptAttempt]) -> None:
    """What this process has counted. The others hear of it."""
    last = _last(tx)
    rows = [
        {"number": number, "process": process, **dict(zip(_COLUMNS, astuple(one), strict=True))}
        for number, one in enumerate(attempts, last + 1)
    ]
    tx.change(_ADD, rows)
    tx.change(_FORGET, {"last": last + len(rows) - MOST})
    tx.tell(PASSWORD_ATTEMPTS)


def of_others(reading: Reading, process: str, after: int, since: float) -> LearnedAttempts:
    """What other processes have counted: numbers above `after`, not before `since`, at most the newest `MOST`."""
    columns = [table.c[name] for name in _COLUMNS]
    found = sa.select(*columns).where(table.c.number > after, table.c.process != process, table.c.time > since)
    rows = reading.rows(found.order_by(table.c.number.desc()).limit(MOST))
    return LearnedAttempts([KeptAttempt(**row) for row in reversed(rows)], max(after, _last(reading)))


def purge(tx: Transaction) -> None:
    """Forget those that count no longer. The last one stays: numbers go on from it."""
    tx.change(sa.delete(table).where(table.c.time <= tx.now - KEPT, table.c.number < _last(tx)))


def _last(reading: Reading) -> int:
    return reading.connection.scalar(_LAST) or 0
