"""Wrong passwords of the last day, by network and user: what guessing and stuffing leave behind, for all nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.policy.risk.signals import WINDOW
from appproxy.store.tables.risk import risk_failures as table
from appproxy.store.transaction import Reading, Transaction

#: Network, and who it was tried for: a user (an id), `UNTRIED` and a user, or `NOBODY` and a number of names.
Failing = tuple[str, str]
#: What a subject begins with that is no user's: names that nobody has, and users whose password was not tried, because there
#: were too many attempts. Neither costs anybody anything, and neither is held against others behind the same address.
NOBODY, UNTRIED = "?", "!"
#: Rows that are kept, the newest.
_MOST = 100_000


_HERE = table.c.network == sa.bindparam("network")
_OWN = (table.c.subject == sa.bindparam("subject")) | (table.c.subject == sa.bindparam("untried"))
_RECENT = table.c.hour > sa.bindparam("hour")
_IDLE = sa.or_(*(table.c.subject.startswith(sign) for sign in (NOBODY, UNTRIED)))
_NAMES = sa.select(sa.func.count(sa.distinct(table.c.subject))).where(_RECENT, _HERE, ~_OWN)
#: Of the network: other users, and names that nobody has or whose passwords were not tried.
_OF_NETWORK = _NAMES.where(~_IDLE).scalar_subquery(), _NAMES.where(_IDLE).scalar_subquery()
_THERE = sa.select(*_OF_NETWORK)
_AROUND = sa.select(
    *_OF_NETWORK,
    sa.select(sa.func.sum(table.c.amount)).where(_RECENT, _HERE, _OWN).scalar_subquery(),
    sa.select(sa.func.count(sa.distinct(table.c.network))).where(_RECENT, _OWN, ~_HERE).scalar_subquery())


@dataclass(frozen=True, slots=True)
class Failures:
    """Of the last day: of the user from the network, other networks for the user, other users there; and of names there that
    nobody has, or whose passwords were not tried (`idle`).
    """

    own: int
    elsewhere: int
    others: int
    idle: int = 0


def add(tx: Transaction, failed: Mapping[Failing, int]) -> None:
    """So many more, of this hour."""
    hour = int(tx.now // 3600.0)
    for (network, subject), count in failed.items():
        is_it = (table.c.network == network) & (table.c.subject == subject) & (table.c.hour == hour)
        if tx.change(sa.update(table).where(is_it).values(amount=table.c.amount + count)) == 0:
            tx.change(sa.insert(table).values(network=network, subject=subject, hour=hour, amount=count))


def around(reading: Reading, network: str, subject: str, now: float) -> Failures:
    """What there was. `subject`: "" for a user of another provider, of whose passwords nothing is known here."""
    values = {"network": network, "subject": subject, "untried": UNTRIED + subject, "hour": int((now - WINDOW) // 3600.0)}
    if not subject:
        return Failures(0, 0, *reading.connection.execute(_THERE, values).one())
    others, not_tried, amount, elsewhere = reading.connection.execute(_AROUND, values).one()
    return Failures(int(amount or 0), elsewhere, others, not_tried)


def purge(tx: Transaction) -> None:
    """Forget what is older than a day, and more than there is room for."""
    tx.change(sa.delete(table).where(table.c.hour < int((tx.now - WINDOW) // 3600.0)))
    edge = tx.row(sa.select(table.c.hour).order_by(table.c.hour.desc()).offset(_MOST).limit(1))
    if edge is not None:
        tx.change(sa.delete(table).where(table.c.hour <= edge["hour"]))
