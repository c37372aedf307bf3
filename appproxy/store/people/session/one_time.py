"""Ids that may be used once, on whichever node: codes, and the last step of a sign-in."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import one_time
from appproxy.store.transaction import Reading, Transaction

_FIND = sa.select(one_time.c.id).where(one_time.c.id == sa.bindparam("id"))
#: Whoever signs in does this three times: one statement, not two.
_ADD = sa.insert(one_time).from_select(
    ["id", "expires"], sa.select(sa.bindparam("id", type_=one_time.c.id.type), sa.bindparam("expires", type_=sa.Double)).where(
        ~sa.exists(_FIND))).execution_options(preserve_rowcount=True)


def use_once(tx: Transaction, id_: str, expires: float) -> bool:
    """Use `id_` up; False when it was used before. Remembered until `expires`, when the caller refuses it anyway.

    Write transactions run one at a time, so that of two at once only one finds it unused.
    """
    return tx.change(_ADD, {"id": id_, "expires": expires}) == 1


def is_used(reading: Reading, id_: str) -> bool:
    """Was it used before, as far as is known now? Of two at once both hear no; `use_once` decides."""
    return reading.row(_FIND, {"id": id_}) is not None


def purge(tx: Transaction) -> None:
    """Forget ids that have expired."""
    tx.change(sa.delete(one_time).where(one_time.c.expires < tx.now))
