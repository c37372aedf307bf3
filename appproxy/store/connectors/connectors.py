"""Enrolled connectors: what the admin decided about each, and when it was seen last."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import Code, IdentityError
from appproxy.store import names
from appproxy.store.connectors import groups
from appproxy.store.connectors.join_tokens import new_token, use_token
from appproxy.store.paging import ListPage, paged
from appproxy.store.snapshot import ConnectorState
from appproxy.store.tables.core import connector_sightings, connectors
from appproxy.store.transaction import Reading, Row, Transaction

__all__ = [
    "Connector", "Shown", "approve", "count_by_group", "enrol", "find", "list_all", "move", "new_token", "remove",
    "remove_unseen", "renew", "revoke", "use_token",
]  # fmt: skip

_WHAT = "connector"
_DAY = 86400.0
_LONGEST_NAME = 128
#: Seconds in which a certificate that was replaced may renew once more, because the answer was lost: a connector tries once an
#: hour.
GRACE = 86400.0
#: What a connector is told that is known no more.
AGAIN = "at the service: appproxy connector token; here: appproxy connector join TOKEN --state DIR --again"


@dataclass(frozen=True, slots=True)
class Connector:
    """One connector as the database knows it; `last_seen` is 0 when it never came. Times are seconds since 1970."""

    id: str
    name: str
    group: str
    state: ConnectorState
    certificate_serial: str
    not_after: float
    enrolled: float
    last_seen: float
    version: str
    address: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate of a connector: its serial number, and when it begins and ends in seconds since 1970."""

    serial: str
    begins: float
    ends: float


def enrol(tx: Transaction, connector_id: str, name: str, group: str, certificate: Shown) -> Connector:
    """Keep a new connector, whose certificate was just issued; it waits for approval when its group says so.

    `connector_id` comes from `tx.new_id()`, since the certificate bears it. `name` is what the machine calls itself: it
    is shortened and cleaned, never refused.
    """
    found = groups.find(tx, group)
    clean = "".join(sign for sign in name if sign.isprintable()).strip()[:_LONGEST_NAME]
    tx.change(
        sa.insert(connectors).values(
            id=connector_id,
            name=clean or connector_id,
            connector_group=found.id,
            state=(ConnectorState.PENDING if found.needs_approval else ConnectorState.APPROVED).value,
            certificate_serial=certificate.serial,
            not_after=certificate.ends,
            certificate_begins=certificate.begins,
            enrolled=tx.now,
        )
    )
    return find(tx, connector_id)


def renew(tx: Transaction, connector_id: str, old: Shown, new: Shown) -> None:
    """Note a connector's newer certificate, which it has asked for with `old`.

    Raises IdentityError when the connector is revoked or unknown, and when `old` has been replaced by another one: the answer
    may have been lost, so that for a day it may renew again, but not once that other one was used. Whoever has an old key
    cannot live on it for ever, and cannot displace the connector unnoticed.
    """
    ours = (connectors.c.id == connector_id) & (connectors.c.state != ConnectorState.REVOKED.value)
    row = tx.row(sa.select(connectors).where(ours))
    if row is None:
        raise IdentityError(Code.REVOKED, f"connector {connector_id} is revoked or removed; {AGAIN}")
    until = row["older_until"]
    # One that begins later than what is kept here was issued before this database was restored from a backup.
    if old.serial == row["certificate_serial"] or old.begins > row["certificate_begins"]:
        until = tx.now + GRACE
    elif tx.now >= until:
        raise IdentityError(
            Code.TOKEN_REFUSED, f"connector {connector_id} has a newer certificate than this one; if it did not renew it "
            "itself, somebody else has its key: revoke it, and let it join again with a new token")
    tx.change(sa.update(connectors).where(ours).values(
        certificate_serial=new.serial, not_after=new.ends, certificate_begins=new.begins, older_until=until))


def approve(tx: Transaction, connector: str) -> Connector:
    """Let a connector carry traffic. A revoked one stays revoked: its key may be in wrong hands."""
    found = find(tx, connector)
    if found.state is ConnectorState.REVOKED:
        raise names.AlreadyThere(f"connector {found.name!r} is revoked", hint="let it join again with a new token")
    return _set(tx, found, state=ConnectorState.APPROVED.value)


def revoke(tx: Transaction, connector: str) -> Connector:
    """Trust a connector no longer; every node cuts its connections."""
    return _set(tx, find(tx, connector), state=ConnectorState.REVOKED.value)


def move(tx: Transaction, connector: str, group: str) -> Connector:
    """Put a connector into another group; it needs no restart."""
    return _set(tx, find(tx, connector), connector_group=groups.find(tx, group).id)


def remove(tx: Transaction, connector: str) -> Connector:
    """Forget a connector; its certificate is then unknown, and refused."""
    found = find(tx, connector)
    tx.change(sa.delete(connectors).where(connectors.c.id == found.id))
    return found


def remove_unseen(tx: Transaction, days: int) -> list[Connector]:
    """Forget those that were not seen for so long, 0: none. Not to be called by a node that itself was just started."""
    if not days:
        return []
    gone = [one for one in list_all(tx) if max(one.last_seen, one.enrolled) < tx.now - days * _DAY]
    for one in gone:
        remove(tx, one.id)
    return gone


def find(reading: Reading, connector: str) -> Connector:
    """The connector of this id, or of this name if only one has it. Raises NotFound or AlreadyThere."""
    row = reading.row(_query().where(connectors.c.id == connector))
    if row is not None:
        return _connector(row)
    named = reading.rows(_query().where(connectors.c.name == connector))
    if len(named) > 1:
        ids = ", ".join(row["id"] for row in named)
        raise names.AlreadyThere(f"{len(named)} connectors are called {connector!r}", hint=f"give one of the ids {ids}")
    if not named:
        there = [text for one in list_all(reading) for text in (one.name, one.id)]
        raise names.not_found(_WHAT, connector, there)
    return _connector(named[0])


def list_all(reading: Reading, page: ListPage | None = None) -> list[Connector]:
    """All connectors, by name; or a page of them, by id."""
    if page is None:
        return [_connector(row) for row in reading.rows(_query().order_by(connectors.c.name, connectors.c.id))]
    return [_connector(row) for row in reading.rows(paged(_query(), connectors.c.id, page))]


def count_by_group(reading: Reading) -> dict[str, int]:
    """How many connectors each group (its id) has; groups without any are left out."""
    counted = sa.select(connectors.c.connector_group, sa.func.count().label("count")).group_by(connectors.c.connector_group)
    return {row["connector_group"]: row["count"] for row in reading.rows(counted)}


def _set(tx: Transaction, found: Connector, **values: str) -> Connector:
    tx.change(sa.update(connectors).where(connectors.c.id == found.id).values(**values))
    return find(tx, found.id)


def _query() -> sa.Select[tuple[object, ...]]:
    sightings = connector_sightings
    columns = (*connectors.c, sightings.c.seen, sightings.c.version, sightings.c.address)
    return sa.select(*columns).outerjoin(sightings, sightings.c.connector == connectors.c.id)


def _connector(row: Row) -> Connector:
    return Connector(
        id=row["id"],
        name=row["name"],
        group=row["connector_group"],
        state=ConnectorState(row["state"]),
        certificate_serial=row["certificate_serial"],
        not_after=row["not_after"],
        enrolled=row["enrolled"],
        last_seen=row["seen"] or 0.0,
        version=row["version"] or "",
        address=row["address"] or "",
    )
