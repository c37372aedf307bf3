"""How many sign-ins of all users have a feature: old ones fade, and what nobody has had for long is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sqlalchemy as sa

from appproxy.policy.risk.features import Key
from appproxy.store.tables.risk import risk_counts
from appproxy.store.transaction import Reading, Transaction

#: In how many days a sign-in counts half.
_HALF_LIFE = 90.0
_DAY = 86400.0
#: Less than this of a sign-in is forgotten.
_LEAST = 0.1
#: Features that are kept, the last seen: 200 bytes each.
_MOST = 100_000
_TABLE = risk_counts.c
_MORE = sa.update(risk_counts).where(
    _TABLE.kind == sa.bindparam("of_kind"), _TABLE.value == sa.bindparam("of_value")).values(
    amount=_TABLE.amount + 1.0, seen=sa.bindparam("now"))
_NEW = sa.insert(risk_counts)
#: Under which it is kept when the counts faded last.
_FADED: Key = ("faded", "")


def of(reading: Reading, keys: Iterable[Key]) -> dict[Key, float]:
    """The counts of these, where there are any."""
    wanted = list(keys)
    if not wanted:
        return {}
    values = {f"{name}{at}": text for at, key in enumerate(wanted) for name, text in zip(("kind", "value"), key, strict=True)}
    return {(row["kind"], row["value"]): row["amount"] for row in reading.rows(_find(len(wanted)), values)}


@lru_cache(maxsize=64)
def _find(count: int) -> sa.Select[tuple[object, ...]]:
    """Looks for so many keys. Made once: a list of any length, as of `IN`, is put into the statement's text at each look."""
    return sa.select(risk_counts).where(sa.or_(*(
        (_TABLE.kind == sa.bindparam(f"kind{at}")) & (_TABLE.value == sa.bindparam(f"value{at}")) for at in range(count))))


def add(tx: Transaction, keys: Iterable[Key]) -> None:
    """One more sign-in with these."""
    wanted = list(keys)
    there = of(tx, wanted)
    if more := [{"of_kind": kind, "of_value": value, "now": tx.now} for kind, value in wanted if (kind, value) in there]:
        tx.change(_MORE, more)
    new = [key for key in dict.fromkeys(wanted) if key not in there]
    if new:
        tx.change(_NEW, [{"kind": kind, "value": value, "amount": 1.0, "seen": tx.now} for kind, value in new])


def fade(tx: Transaction) -> None:
    """Once a day; and what is too little, or too much, goes."""
    table = risk_counts
    row = tx.row(sa.select(table.c.amount).where(_is(_FADED)))
    if row is None:
        tx.change(sa.insert(table).values(kind=_FADED[0], value=_FADED[1], amount=tx.now, seen=tx.now))
        return
    days = (tx.now - row["amount"]) / _DAY
    if days < 1.0:
        return
    others = table.c.kind != _FADED[0]
    tx.change(sa.update(table).where(others).values(amount=table.c.amount * 0.5 ** (days / _HALF_LIFE)))
    tx.change(sa.delete(table).where(others & (table.c.amount < _LEAST)))
    tx.change(sa.update(table).where(_is(_FADED)).values(amount=tx.now, seen=tx.now))
    edge = tx.row(sa.select(table.c.seen).where(others).order_by(table.c.seen.desc()).offset(_MOST).limit(1))
    if edge is not None:
        tx.change(sa.delete(table).where(others & (table.c.seen <= edge["seen"])))


def _is(key: Key) -> sa.ColumnElement[bool]:
    return (risk_counts.c.kind == key[0]) & (risk_counts.c.value == key[1])

