"""Users against whom something is held: part of the snapshot, so that policies see it at every request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.policy.risk.levels import Thresholds
from appproxy.policy.risk.user_risk import COMPROMISED, UserRisk, user_risk
from appproxy.store.risk import sign_ins
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import providers, users
from appproxy.store.tables.risk import risky_users as table
from appproxy.store.transaction import Reading, Row, Transaction


@dataclass(frozen=True, slots=True)
class RiskyUser:
    """A user. `changed`: since when it is so, in seconds since 1970."""

    provider: str
    subject: str
    name: str
    risk: UserRisk
    confirmed: bool
    changed: float


def all_of(reading: Reading) -> dict[tuple[str, str], UserRisk]:
    """By provider and subject."""
    return {(row["provider"], row["subject"]): _risk(row) for row in reading.rows(sa.select(table))}


def list_all(reading: Reading, now: float) -> list[RiskyUser]:
    """Those who are of medium risk or above, the newest first."""
    rows = reading.rows(sa.select(table).order_by(table.c.changed.desc(), table.c.subject))
    found = [RiskyUser(row["provider"], row["subject"], row["name"], _risk(row), row["confirmed"], row["changed"])
             for row in rows]
    return [one for one in found if one.risk.medium_until > now]


def is_confirmed(reading: Reading, provider: str, subject: str) -> bool:
    """Has an admin said that the account is not its user's alone?"""
    return bool(reading.connection.scalar(sa.select(table.c.confirmed).where(_is(provider, subject))))


def confirm(tx: Transaction, provider: str, subject: str, name: str) -> None:
    """From now on the user is of high risk, until somebody dismisses it."""
    _keep(tx, provider, subject, name, UserRisk(), confirmed=True)


def refresh(tx: Transaction, provider: str, subject: str, name: str, thresholds: Thresholds, *, cleared: bool = False) -> None:
    """Work out again what is held against a user; what an admin has confirmed stays, unless it is `cleared`."""
    if not cleared and is_confirmed(tx, provider, subject):
        return
    risk = user_risk(sign_ins.held(tx, provider, subject), thresholds)
    if risk.medium_until > tx.now:
        _keep(tx, provider, subject, name, risk, confirmed=False)
    else:
        tx.change(sa.delete(table).where(_is(provider, subject)))


def purge(tx: Transaction) -> None:
    """Forget against whom nothing is held any more, and who is gone."""
    over = (table.c.medium_until < tx.now) & ~table.c.confirmed
    gone = (table.c.provider == BUILTIN) & table.c.subject.not_in(sa.select(users.c.id))
    left = table.c.provider.not_in(sa.select(providers.c.id))
    tx.change(sa.delete(table).where(over | gone | left))


def _keep(tx: Transaction, provider: str, subject: str, name: str, risk: UserRisk, *, confirmed: bool) -> None:
    values: Mapping[str, object] = {
        "medium_until": risk.medium_until, "high_until": risk.high_until, "confirmed": confirmed}
    row = tx.row(sa.select(table).where(_is(provider, subject)))
    if row is None:
        tx.change(sa.insert(table).values(provider=provider, subject=subject, name=name[:128], changed=tx.now, **values))
    elif any(row[key] != value for key, value in values.items()):
        tx.change(sa.update(table).where(_is(provider, subject)).values(changed=tx.now, **values))


def _is(provider: str, subject: str) -> sa.ColumnElement[bool]:
    return (table.c.provider == provider) & (table.c.subject == subject)


def _risk(row: Row) -> UserRisk:
    return COMPROMISED if row["confirmed"] else UserRisk(row["medium_until"], row["high_until"])
