"""What policies would have done that are only reported: kept by day, user and application, for a month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from appproxy.store import names
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.tables.core import policy_documents
from appproxy.store.tables.results import policy_results as table
from appproxy.store.transaction import Reading, Row, Transaction

#: What a policy does to whoever it would not touch.
PASSES = "passes"
DAY = 86400.0
#: Days that are kept: a month has all that comes once a month, such as closing the books.
KEPT = 31
#: Rows of one policy, and of all: 200 bytes each. Of more users and applications only the number is counted.
MOST_OF_POLICY, MOST = 5_000, 100_000
_KEY = ("day", "policy", "provider", "subject", "application", "does")


@dataclass(frozen=True, slots=True)
class ReportedOf:
    """Whom a policy (its name) would touch, and how. "" as the subject: nobody who is told apart."""

    policy: str
    does: str
    provider: str = ""
    subject: str = ""
    application: str = ""


@dataclass(slots=True)
class CountedHits:
    """How often, and of the last time when (seconds since 1970), from where and because of what."""

    amount: int
    last: float
    address: str = ""
    because: str = ""


def add(tx: Transaction, found: Mapping[ReportedOf, CountedHits]) -> None:
    """So many more. Of policies that are gone or were changed since nothing is kept: it says nothing of what they are now."""
    known = _known(tx, {one.policy for one in found})
    left = MOST - _count(tx)
    rooms: dict[str, int] = {}
    for of, counted in found.items():
        policy, changed = known.get(names.key(of.policy), ("", 0.0))
        if not policy or changed > counted.last:
            continue
        if policy not in rooms:
            rooms[policy] = min(left, MOST_OF_POLICY - _count(tx, policy))
        key = {"day": int(counted.last // DAY), "policy": policy, "provider": of.provider, "subject": of.subject,
               "application": of.application, "does": of.does}
        if of.subject and not _is_there(tx, key):
            if rooms[policy] <= 0:
                key |= {"provider": "", "subject": "", "application": ""}
            rooms[policy] -= 1
        _upsert(tx, key, counted)


def _upsert(tx: Transaction, key: Mapping[str, object], counted: CountedHits) -> None:
    """Nodes may add the same row at the same moment."""
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    values = {"last": counted.last, "address": counted.address, "because": counted.because}
    statement = dialect.insert(table).values(**key, amount=counted.amount, **values)
    tx.change(statement.on_conflict_do_update(
        index_elements=list(_KEY), set_={**values, "amount": table.c.amount + counted.amount}))


def of_policy(reading: Reading, policy: str, since: float) -> list[Row]:
    """The rows of a policy (its id) from the day of this moment on, the last first."""
    wanted = (table.c.policy == policy) & (table.c.day >= int(since // DAY))
    return list(reading.rows(sa.select(table).where(wanted).order_by(table.c.last.desc())))


def forget(tx: Transaction, policy: str) -> None:
    """The policy (its id) is another one now: what it would have done says nothing any more."""
    tx.change(sa.delete(table).where(table.c.policy == policy))


def purge(tx: Transaction) -> None:
    """Forget what is older than a month."""
    tx.change(sa.delete(table).where(table.c.day <= int(tx.now // DAY) - KEPT))


def _known(reading: Reading, policies: Iterable[str]) -> dict[str, tuple[str, float]]:
    """By the key of the name: id, and when it was changed."""
    documents = policy_documents.c
    wanted = (documents.kind == DocumentKind.POLICY.value) & documents.name_key.in_([names.key(one) for one in policies])
    columns = (documents.name_key, documents.id, documents.changed)
    return {row["name_key"]: (row["id"], row["changed"]) for row in reading.rows(sa.select(*columns).where(wanted))}


def _count(reading: Reading, policy: str = "") -> int:
    rows = sa.select(sa.func.count()).select_from(table)
    return reading.connection.scalar(rows.where(table.c.policy == policy) if policy else rows) or 0


def _is_there(reading: Reading, key: Mapping[str, object]) -> bool:
    is_it = sa.and_(*(table.c[name] == value for name, value in key.items()))
    return reading.row(sa.select(table.c.day).where(is_it)) is not None
