"""What goes with a user or a group that is removed: their roles, those that they may ask for, and what was had by these."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.roles import role_assignments, role_entitlements, role_requests
from appproxy.store.transaction import Transaction


def forget_holder(tx: Transaction, provider: str, kind: str, value: str) -> None:
    """Somebody is gone, or a group, of a provider; ids are never given twice, but nobody should see what nobody has."""
    for table in (role_assignments, role_entitlements):
        own = (table.c.provider == provider) & (table.c.kind == kind) & (table.c.value == value)
        if table is role_entitlements:
            ids = tx.connection.scalars(sa.select(table.c.id).where(own)).all()
            for id_ in ids:
                tx.change(sa.delete(role_assignments).where(role_assignments.c.entitlement == id_))
                tx.change(sa.delete(role_requests).where(role_requests.c.entitlement == id_))
        tx.change(sa.delete(table).where(own))
    tx.change(sa.delete(role_requests).where((role_requests.c.provider == provider) & (role_requests.c.subject == value)))
