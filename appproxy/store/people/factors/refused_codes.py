"""Wrong codes of second factors in the last day: kept in the store, so that all nodes count together, also after a restart.

Only whoever knows a user's password can cause one, and there are few of them: see `provider.factors.guessing`.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.factors import refused_codes
from appproxy.store.transaction import Reading, Transaction

#: As long as anything depends on one, in seconds.
KEPT = 86400.0


def times(reading: Reading, user_id: str, origin: str, now: float) -> list[float]:
    """When wrong codes came for a user from `origin` (a known device, or "") in the last day, the oldest first."""
    table = refused_codes
    is_it = (table.c.user_id == user_id) & (table.c.origin == origin) & (table.c.time > now - KEPT)
    return list(reading.connection.scalars(sa.select(table.c.time).where(is_it).order_by(table.c.time)))


def add(tx: Transaction, user_id: str, origin: str) -> None:
    """One more."""
    tx.change(sa.insert(refused_codes).values(id=tx.new_id(), user_id=user_id, origin=origin, time=tx.now))


def forget(tx: Transaction, user_id: str, origin: str | None = None) -> None:
    """A known device has come with the right one; or, without `origin`, an administrator wants them all forgotten."""
    is_it = refused_codes.c.user_id == user_id
    if origin is not None:
        is_it &= refused_codes.c.origin == origin
    tx.change(sa.delete(refused_codes).where(is_it))


def purge(tx: Transaction) -> None:
    """Forget those that count no longer."""
    tx.change(sa.delete(refused_codes).where(refused_codes.c.time <= tx.now - KEPT))
