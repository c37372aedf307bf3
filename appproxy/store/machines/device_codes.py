"""Devices that wait until somebody signs in elsewhere for them (RFC 8628)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import sqlalchemy as sa

from appproxy.errors import Code, RequestError
from appproxy.store.machines import waiting_places
from appproxy.store.tables.machines import device_codes as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Seconds: to find a phone and sign in.
LIFETIME = 600.0
#: Seconds between two questions of a device.
INTERVAL = 5.0
#: Without vowels, so that no words come about, and without signs that look alike (RFC 8628 section 6.1): 20 of them, of which
#: eight are 34 bits. With the most that wait, one guess in 2.5 million is one of them, and each network has few guesses.
SIGNS = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """One that waits. `session`: that of who has allowed it, as it is in sealed texts; None: nobody has. `asked`: what the
    sign-in has to prove, as parameters of an authorization request.
    """

    id: str
    user_code: str
    client: str
    scope: str
    audience: str
    session: Mapping[str, object] | None = field(repr=False)
    denied: bool
    polled: float
    expires: float
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The user code as people read it."""
        return shown(self.user_code)


def new(
    tx: Transaction, client: str, scope: str, audience: str, asked: Mapping[str, str] | None = None, address: str = ""
) -> tuple[str, DeviceCode]:
    """Make one for a device at this address; gives the device code, and the rest. The oldest of the greediest network give way
    to it where too many wait. Raises RequestError(OVERLOADED) where none can.
    """
    if not waiting_places.make_room(tx, table):
        raise RequestError(Code.OVERLOADED, "too many devices wait for a sign-in")
    secret, code = new_codes(tx, table.c.user_code)
    tx.change(sa.insert(table).values(
        id=hash_of(secret), user_code=code, client=client, scope=scope, audience=audience, session="", denied=False,
        polled=0.0, expires=tx.now + LIFETIME, asked=json.dumps(asked) if asked else "", address=address[:64]))
    found = tx.row(sa.select(table).where(table.c.id == hash_of(secret)))
    assert found is not None
    return secret, _code(found)


def new_codes(tx: Transaction, taken: sa.ColumnElement[str]) -> tuple[str, str]:
    """A device code, and a user code that is none of those which the column `taken` has."""
    secret = urlsafe_b64encode(tx.random_bytes(32)).decode("ascii").rstrip("=")
    while True:
        # 240 is the largest multiple of 20 that a byte can hold: all signs are as likely.
        signs = [SIGNS[byte % len(SIGNS)] for byte in tx.random_bytes(64) if byte < 240]
        code = "".join(signs[:_LENGTH])
        if len(code) == _LENGTH and tx.row(sa.select(taken).where(taken == code)) is None:
            return secret, code


def shown(user_code: str) -> str:
    """A user code as people read it."""
    return f"{user_code[:4]}-{user_code[4:]}"


def of_device(tx: Transaction, secret: str) -> DeviceCode | None:
    """The one of this device code. Not one that has ended."""
    row = tx.row(sa.select(table).where(table.c.id == hash_of(secret)))
    return None if row is None else _code(row)


def polled(tx: Transaction, id_: str) -> None:
    """The device has asked."""
    tx.change(sa.update(table).where(table.c.id == id_).values(polled=tx.now))


def typed(text: str) -> str:
    """What somebody has typed as a user code: in any capitals, with or without what stands between."""
    return "".join(sign for sign in text.upper() if sign in SIGNS)[:_LENGTH + 1]


def of_user(reading: Reading, user_code: str, now: float) -> DeviceCode | None:
    """The one of this user code, if it still waits."""
    row = reading.row(sa.select(table).where(
        (table.c.user_code == user_code) & (table.c.expires > now) & (table.c.session == "") & ~table.c.denied))
    return None if row is None else _code(row)


def find(reading: Reading, id_: str, now: float) -> DeviceCode | None:
    """The one of this id, if it still waits."""
    row = reading.row(sa.select(table).where(table.c.id == id_))
    return None if row is None else of_user(reading, row["user_code"], now)


def decide(tx: Transaction, id_: str, session: Mapping[str, object] | None) -> bool:
    """Somebody allows it, as `session`, or does not (None). False: it waits no longer."""
    waits = (table.c.id == id_) & (table.c.expires > tx.now) & (table.c.session == "") & ~table.c.denied
    values = {"denied": True} if session is None else {"session": json.dumps(session)}
    return tx.change(sa.update(table).where(waits).values(values)) == 1


def take(tx: Transaction, id_: str) -> None:
    """It is used up."""
    tx.change(sa.delete(table).where(table.c.id == id_))


def _code(row: Row) -> DeviceCode:
    session = json.loads(row["session"]) if row["session"] else None
    return DeviceCode(row["id"], row["user_code"], row["client"], row["scope"], row["audience"], session, bool(row["denied"]),
                      row["polled"], row["expires"], json.loads(row["asked"]) if row["asked"] else {})


def hash_of(secret: str) -> str:
    """What is kept of a device code: it cannot be guessed, so its plain hash may be."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
