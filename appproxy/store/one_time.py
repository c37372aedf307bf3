"""Ids that may be used once, on whichever node: codes, and the last step of a sign-in."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.schema import one_time
from appproxy.store.transaction import Transaction


def use_once(tx: Transaction, id_: str, expires: float) -> bool:
    """Use `id_` up; False when it was used before. Remembered until `expires`, when the caller refuses it anyway.

    Write transactions run one at a time, so that of two at once only one finds it unused.
    """
    if tx.row(sa.select(one_time.c.id).where(one_time.c.id == id_)) is not None:
        return False
    tx.change(sa.insert(one_time).values(id=id_, expires=expires))
    return True


def purge(tx: Transaction) -> None:
    """Forget ids that have expired."""
    tx.change(sa.delete(one_time).where(one_time.c.expires < tx.now))
