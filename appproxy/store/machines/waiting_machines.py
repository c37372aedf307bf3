"""Machines that wait until somebody allows them at the administration: command lines, and connectors (RFC 8628).

Each is allowed once, and what it was allowed it gets once: both are one statement with its condition, so that of many at once
one succeeds, on whichever nodes they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import sqlalchemy as sa

from appproxy.errors import Code, RequestError
from appproxy.store.machines import device_codes, waiting_places
from appproxy.store.machines.device_codes import INTERVAL, LIFETIME
from appproxy.store.tables.roles import waiting_machines as table
from appproxy.store.transaction import Reading, Row, Transaction

__all__ = ["INTERVAL", "LIFETIME"]
_LONGEST_NAME = 100


class MachinePurpose(Enum):
    """What a machine waits for."""

    #: A command line that is to administer as who allows it.
    ADMINISTER = "administer"
    #: A connector that is to join.
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class NewWaitingMachine:
    """A machine that is to wait. `name` is what it calls itself; `group`: of a connector, "" to be chosen; `address`: its."""

    purpose: MachinePurpose
    name: str
    group: str
    address: str


@dataclass(frozen=True, slots=True)
class WaitingMachine:
    """One that waits. `session`: that of who has allowed it, as JSON has it; None: nobody has. Seconds since 1970."""

    id: str
    user_code: str
    purpose: MachinePurpose
    name: str
    group: str
    address: str
    session: Mapping[str, Any] | None = field(repr=False)
    denied: bool
    polled: float
    created: float
    expires: float

    @property
    def shown(self) -> str:
        """The user code as people read it."""
        return device_codes.shown(self.user_code)

    def asks_too_often(self, now: float) -> bool:
        """Has it asked a moment ago? A second less than was said: timers of machines are not exact."""
        return now - self.polled < INTERVAL - 1.0


def new(tx: Transaction, wanted: NewWaitingMachine) -> tuple[str, WaitingMachine]:
    """Have one wait; gives the device code, and the rest. The oldest of the greediest network give way to it where too many
    wait. Raises RequestError(OVERLOADED) where none can.
    """
    if not waiting_places.make_room(tx, table):
        raise RequestError(Code.OVERLOADED, "too many machines wait for somebody to allow them")
    secret, user_code = device_codes.new_codes(tx, table.c.user_code)
    id_ = device_codes.hash_of(secret)
    tx.change(sa.insert(table).values(
        id=id_, user_code=user_code, purpose=wanted.purpose.value, name=_clean(wanted.name),
        connector_group=_clean(wanted.group), address=wanted.address[:64], session="", denied=False, polled=0.0,
        created=tx.now, expires=tx.now + LIFETIME))
    made = _of(tx, id_)
    assert made is not None
    return secret, made


def of_device(tx: Transaction, secret: str) -> WaitingMachine | None:
    """The one of this device code, which asks now: `polled` is when it has asked before. None: it waits no longer."""
    found = _of(tx, device_codes.hash_of(secret))
    if found is None or found.expires <= tx.now:
        return None
    tx.change(sa.update(table).where(table.c.id == found.id).values(polled=tx.now))
    return found


def id_of_device(reading: Reading, secret: str, now: float) -> str | None:
    """The id of the one of this device code, if there is one; it was not asked for then."""
    found = _of(reading, device_codes.hash_of(secret))
    return None if found is None or found.expires <= now else found.id


def of_user(reading: Reading, text: str, now: float) -> WaitingMachine | None:
    """The one of what somebody has typed as its user code, if it still waits for somebody."""
    row = reading.row(sa.select(table).where((table.c.user_code == device_codes.typed(text)) & _waits(now)))
    return None if row is None else _made(row)


def decide(tx: Transaction, id_: str, session: Mapping[str, Any] | None, group: str = "") -> bool:
    """Somebody allows it, as `session`, or does not (None). `group`: which a connector is to join. False: it waits no more."""
    values: dict[str, object] = {"denied": True}
    if session is not None:
        values = {"session": json.dumps(session), "connector_group": group}
    return tx.change(sa.update(table).where((table.c.id == id_) & _waits(tx.now)).values(values)) == 1


def take(tx: Transaction, id_: str) -> bool:
    """It gets what it was allowed, once. False: it has already."""
    return tx.change(sa.delete(table).where((table.c.id == id_) & (table.c.session != ""))) == 1


def _waits(now: float) -> sa.ColumnElement[bool]:
    return (table.c.expires > now) & (table.c.session == "") & ~table.c.denied


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable()).strip()[:_LONGEST_NAME]


def _of(reading: Reading, id_: str) -> WaitingMachine | None:
    row = reading.row(sa.select(table).where(table.c.id == id_))
    return None if row is None else _made(row)


def _made(row: Row) -> WaitingMachine:
    session = json.loads(row["session"]) if row["session"] else None
    return WaitingMachine(
        row["id"], row["user_code"], MachinePurpose(row["purpose"]), row["name"], row["connector_group"], row["address"],
        session, bool(row["denied"]), row["polled"], row["created"], row["expires"])
