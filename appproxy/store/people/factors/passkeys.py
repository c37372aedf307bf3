"""Passkeys of users: public keys of WebAuthn credentials. The private halves never leave the users' devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import AlreadyThere
from appproxy.store import names
from appproxy.store.tables.factors import passkeys
from appproxy.store.transaction import Reading, Row, Transaction

#: Of one user: their devices, and some security keys.
MOST = 16


@dataclass(frozen=True, slots=True)
class Passkey:
    """`credential` and `public_key` (COSE) are base64url; `transports` how browsers reach it, as they say it.

    `sign_count`: what the authenticator counted at its last use, 0 where it does not count. Times: seconds since 1970.
    """

    id: str
    user: str
    label: str
    credential: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...]
    created: float
    used: float


def add(
    tx: Transaction, user_id: str, label: str, credential: str, public_key: str, sign_count: int,
    transports: Sequence[str] = (),
) -> Passkey:  # fmt: skip
    """Keep a passkey that was just made. Raises ConfigError (the label) or AlreadyThere (it, or too many)."""
    label = names.title(label, "label")
    if find(tx, credential) is not None:
        raise AlreadyThere("this passkey is known already")
    if len(of_user(tx, user_id)) >= MOST:
        raise AlreadyThere(f"there are {MOST} passkeys already", hint="remove one first")
    made = Passkey(tx.new_id(), user_id, label, credential, public_key, sign_count, tuple(transports), tx.now, tx.now)
    tx.change(sa.insert(passkeys).values(
        id=made.id, user_id=user_id, label=label, credential=credential, public_key=public_key, sign_count=sign_count,
        transports=" ".join(transports), created=tx.now, used=tx.now))
    return made


def find(reading: Reading, credential: str) -> Passkey | None:
    """The passkey of this credential id (base64url), whoever's it is."""
    row = reading.row(sa.select(passkeys).where(passkeys.c.credential == credential))
    return None if row is None else _passkey(row)


def of_user(reading: Reading, user_id: str) -> list[Passkey]:
    """The passkeys of one user, the oldest first."""
    table = passkeys
    rows = reading.rows(sa.select(table).where(table.c.user_id == user_id).order_by(table.c.created, table.c.id))
    return [_passkey(row) for row in rows]


def use(tx: Transaction, passkey: Passkey, sign_count: int) -> bool:
    """Note a use. False when it is gone, or was used meanwhile so that the count is no progress any more.

    WebAuthn section 6.1.1: a count must grow, unless the authenticator does not count at all.
    """
    table = passkeys
    grows = table.c.sign_count < sign_count if sign_count else table.c.sign_count == 0
    is_it = (table.c.id == passkey.id) & grows
    return tx.change(sa.update(table).where(is_it).values(sign_count=sign_count, used=tx.now)) == 1


def remove(tx: Transaction, user_id: str, passkey_id: str) -> bool:
    """Forget a passkey of this user; False when the user has none of this id."""
    table = passkeys
    return tx.change(sa.delete(table).where((table.c.id == passkey_id) & (table.c.user_id == user_id))) == 1


def _passkey(row: Row) -> Passkey:
    return Passkey(
        row["id"], row["user_id"], row["label"], row["credential"], row["public_key"], row["sign_count"],
        tuple(row["transports"].split()), row["created"], row["used"])
