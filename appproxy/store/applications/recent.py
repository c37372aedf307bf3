"""Which applications a user has used last: those that they have signed in to, and no single request."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from appproxy.store.tables.core import applications
from appproxy.store.tables.panel import recent_applications as table
from appproxy.store.transaction import Reading, Transaction

#: Of each user: what a page shows of them, and some that it does not.
KEPT = 12
#: Seconds after which nobody would call it recent.
KEPT_SECONDS = 90 * 86400.0


_MINE = (table.c.provider == sa.bindparam("of_provider")) & (table.c.subject == sa.bindparam("of_subject"))
_AGAIN = sa.update(table).where(_MINE & (table.c.application == sa.bindparam("of_application"))).values(
    used=sa.bindparam("now"))
#: One of our own lists is no application.
_FIRST = sa.insert(table).from_select(
    ["provider", "subject", "application", "used"],
    sa.select(sa.bindparam("of_provider", type_=table.c.provider.type), sa.bindparam("of_subject", type_=table.c.subject.type),
              applications.c.id, sa.bindparam("now", type_=sa.Double)).where(
        applications.c.id == sa.bindparam("of_application"))).execution_options(preserve_rowcount=True)


def used(tx: Transaction, provider: str, subject: str, application: str) -> None:
    """A user has signed in to an application. Our own lists are none, and are not kept."""
    values = {"of_provider": provider, "of_subject": subject, "of_application": application, "now": tx.now}
    if tx.change(_AGAIN, values) == 0 and tx.change(_FIRST, values) != 0:
        gone = [row["application"] for row in tx.rows(_newest(provider, subject).offset(KEPT))]
        if gone:
            mine = (table.c.provider == provider) & (table.c.subject == subject)
            tx.change(sa.delete(table).where(mine & table.c.application.in_(gone)))


def of(reading: Reading, provider: str, subject: str) -> Sequence[tuple[str, float]]:
    """Ids of applications and when they were used, the last one first."""
    return [(row["application"], row["used"]) for row in reading.rows(_newest(provider, subject).limit(KEPT))]


def clear(tx: Transaction, provider: str, subject: str) -> None:
    """Forget what a user has used."""
    tx.change(sa.delete(table).where((table.c.provider == provider) & (table.c.subject == subject)))


def purge(tx: Transaction) -> None:
    """Forget what is recent no more."""
    tx.change(sa.delete(table).where(table.c.used < tx.now - KEPT_SECONDS))


def _newest(provider: str, subject: str) -> sa.Select[tuple[str, float]]:
    mine = (table.c.provider == provider) & (table.c.subject == subject)
    return sa.select(table.c.application, table.c.used).where(mine).order_by(table.c.used.desc(), table.c.application)
