"""Recovery codes of users, for the day when the other factors are lost: each works once, and only hashes are kept."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import sqlalchemy as sa

from appproxy.store.tables.factors import recovery_codes
from appproxy.store.transaction import Reading, Transaction


def replace(tx: Transaction, user_id: str, codes: Iterable[str]) -> None:
    """Keep these codes of a user; those from before count no longer."""
    remove(tx, user_id)
    for code in codes:
        tx.change(sa.insert(recovery_codes).values(user_id=user_id, code_hash=_hash(user_id, code)))


def use(tx: Transaction, user_id: str, code: str) -> bool:
    """Use a code up; False when it is none of this user's. Of two requests with the same one exactly one succeeds."""
    table = recovery_codes
    is_it = (table.c.user_id == user_id) & (table.c.code_hash == _hash(user_id, code))
    return tx.change(sa.delete(table).where(is_it)) == 1


def left(reading: Reading, user_id: str) -> int:
    """How many codes a user still has."""
    table = recovery_codes
    return int(reading.connection.scalar(sa.select(sa.func.count()).where(table.c.user_id == user_id)) or 0)


def remove(tx: Transaction, user_id: str) -> None:
    """Forget all codes of a user."""
    tx.change(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


def _hash(user_id: str, code: str) -> str:
    """A code has 80 random bits, so that a fast hash tells nothing; the user's id keeps equal ones apart."""
    return sha256(f"{user_id} {code}".encode("utf-8", "surrogatepass")).hexdigest()
