"""Changes that happen once, however often a client asks (Idempotency-Key, draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from appproxy.errors import KeyReused
from appproxy.store.tables.roles import idempotent_answers as table
from appproxy.store.transaction import Reading, Transaction

#: Seconds for which an answer is given again.
KEPT = 86400.0
#: Purpose of sealing (associated data: never change it).
IDEMPOTENT_ANSWER = "idempotent answer"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's key for one change. `caller`: whose; `asked`: all that the change depends on."""

    caller: str
    text: str
    asked: str

    @property
    def id(self) -> str:
        """Of one caller alone: nobody gets what somebody else was answered."""
        return _hash(self.caller, self.text)


def once(tx: Transaction, key: IdempotencyKey, change: Callable[[], object]) -> object:
    """Do the change, or give the answer of the time when it was done. Raises KeyReused."""
    row = tx.row(sa.select(table).where((table.c.id == key.id) & (table.c.expires > tx.now)))
    fingerprint = _hash(key.asked)
    if row is not None:
        if row["fingerprint"] != fingerprint:
            raise KeyReused("Idempotency-Key: was used for another change", hint="make up a new one for each change")
        return json.loads(tx.sealer.open(IDEMPOTENT_ANSWER, key.id, row["answer"]))
    answer = change()
    tx.change(sa.delete(table).where(table.c.id == key.id))
    sealed = tx.sealer.seal(IDEMPOTENT_ANSWER, key.id, json.dumps(answer).encode())
    tx.change(sa.insert(table).values(id=key.id, fingerprint=fingerprint, answer=sealed, expires=tx.now + KEPT))
    return answer


def count(reading: Reading) -> int:
    """How many answers are kept."""
    return int(reading.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def purge(tx: Transaction) -> None:
    """Forget answers that are given no more."""
    tx.change(sa.delete(table).where(table.c.expires <= tx.now))


def _hash(*texts: str) -> str:
    return sha256(json.dumps(texts).encode()).hexdigest()
