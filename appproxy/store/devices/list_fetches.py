"""Lists of revoked certificates that the service fetches itself: when, by which node, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.pki.revocation.crl import Revocations
from appproxy.store.devices import authorities
from appproxy.store.devices.authorities import AuthorityRecord
from appproxy.store.tables.devices import device_list_fetches as table
from appproxy.store.transaction import Reading, Transaction

#: In seconds: for so long a node has an authority for itself. More than all of its lists may take.
OWNED = 300.0
#: In seconds: lists are fetched again in a quarter of what is left of them, in between these.
SOONEST, LATEST = 60.0, 3600.0
_LONGEST_PROBLEM = 300


@dataclass(frozen=True, slots=True)
class ListFetch:
    """How it stands. `due`, `fetched` (when it went well last, 0.0 for never): seconds since 1970; `problem`: "" for none."""

    due: float
    fetched: float
    failures: int
    problem: str


def is_due(reading: Reading, now: float) -> bool:
    """Is there anything to fetch?"""
    return reading.row(sa.select(table.c.id).where(_free(now)).limit(1)) is not None


def claim(tx: Transaction, owner: str) -> AuthorityRecord | None:
    """Take the authority that has waited longest, for this node alone and for `OWNED` seconds; None when none is due."""
    for row in tx.rows(sa.select(table.c.id).where(_free(tx.now)).order_by(table.c.due)):
        mine = sa.update(table).where(table.c.id == row["id"], _free(tx.now))
        if tx.change(mine.values(owner=owner, owned_until=tx.now + OWNED)) == 1:
            return authorities.find(tx, row["id"])
    return None


def fetched(tx: Transaction, id_: str, owner: str, found: Revocations) -> AuthorityRecord | None:
    """Put lists there that have come. Gives the authority where they are others than before, else None.

    Nothing is done where the authority is no longer this node's. Raises ConfigError, also for lists that are older.
    """
    if tx.row(sa.select(table.c.id).where(table.c.id == id_, table.c.owner == owner)) is None:
        return None
    record = authorities.find(tx, id_)
    # One that was fetched later than now was heard before the clock was set back: what it says is said again.
    since = tx.row(sa.select(table.c.fetched).where(table.c.id == id_))
    is_new = (since is not None and since["fetched"] > tx.now) or found.until != record.authority.lists or any(
        record.editions.get(issuer) != edition for issuer, edition in found.editions.items())
    if is_new:
        # What nodes work from is left alone where it is the same: they would judge everything under way again.
        record = authorities.put_lists(tx, record, found)
    tx.change(sa.update(table).where(table.c.id == id_).values(
        due=tx.now + pause(min(found.until.values()) - tx.now), owner="", owned_until=0.0, fetched=tx.now, failures=0,
        problem=""))
    return record if is_new else None


def failed(tx: Transaction, id_: str, owner: str, problem: str, due: float) -> None:
    """Note what went wrong, and try again at `due`; the lists that are there count until they end."""
    mine = sa.update(table).where(table.c.id == id_, table.c.owner == owner)
    tx.change(mine.values(
        due=due, owner="", owned_until=0.0, failures=table.c.failures + 1, problem=problem[:_LONGEST_PROBLEM]))


def release(tx: Transaction, owner: str) -> None:
    """This node is at nothing any more."""
    tx.change(sa.update(table).where(table.c.owner == owner).values(owner="", owned_until=0.0))


def all_of(reading: Reading) -> Mapping[str, ListFetch]:
    """How it stands with each authority whose lists are fetched, by id."""
    rows = reading.rows(sa.select(table))
    return {row["id"]: ListFetch(row["due"], row["fetched"], row["failures"], row["problem"]) for row in rows}


def pause(left: float) -> float:
    """Seconds until lists are fetched again that count for so many more."""
    return min(max(left / 4.0, SOONEST), LATEST)


def retry_pause(failures: int, left: float, chance: float) -> float:
    """Seconds until the next try after so many failures in a row: twice as long each time, and sooner where the end is near.
    `chance`: 0.0 to 1.0, so that not all nodes and authorities come at once.
    """
    longest = pause(left) if left > 0.0 else LATEST / 4.0
    return min(SOONEST * 2.0 ** min(failures - 1, 10), longest) * (1.0 + chance / 4.0)


def _free(now: float) -> sa.ColumnElement[bool]:
    """What lies further ahead than anything is put off is of a clock that was set back since."""
    due = (table.c.due <= now) | (table.c.due > now + 2.0 * LATEST)
    return due & ((table.c.owned_until <= now) | (table.c.owned_until > now + OWNED))
