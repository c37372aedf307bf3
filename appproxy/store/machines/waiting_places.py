"""Places for machines that wait until somebody allows them: anybody can make some wait, and so nobody may take them all."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.policy.yielding import yielding
from appproxy.store.transaction import Transaction

#: Machines that wait, of each kind.
MOST = 10_000
#: So many give way at once where all places are taken: who gives way is found out with all rows in hand (50 ms), and a flood
#: has others wait for that once in a hundred times.
_AT_ONCE = 100


def make_room(tx: Transaction, table: sa.Table) -> bool:
    """Have there be a place for one more; False: all are taken by machines that somebody has allowed, who do not give way.

    `table` has `id`, `address`, `session` ("" until somebody has allowed it) and `expires` of each. The oldest of the
    greediest network give way: they find that their code has expired.
    """
    tx.change(sa.delete(table).where(table.c.expires < tx.now))
    if (tx.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) < MOST:
        return True
    undecided = sa.select(table.c.id, table.c.address).where(table.c.session == "").order_by(table.c.expires, table.c.id)
    gone = yielding(((row["id"], row["address"]) for row in tx.rows(undecided)), _AT_ONCE)
    if gone:
        tx.change(sa.delete(table).where(table.c.id.in_(gone)))
    return bool(gone)
