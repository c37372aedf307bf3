"""Authenticator apps of users: programs that show a new code each 30 seconds (TOTP, RFC 6238)."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from appproxy.errors import AlreadyThere
from appproxy.store import names
from appproxy.store.tables.factors import authenticator_apps
from appproxy.store.transaction import Reading, Row, Transaction

#: Purpose of sealing (associated data: never change it).
SECRET = "authenticator app secret"
#: Of one user: a phone, its successor, and a spare of each. Each more makes a guess better.
MOST = 4


@dataclass(frozen=True, slots=True)
class AuthenticatorApp:
    """`secret` is in base32; `last_step` the step of the last code that was taken, 0 before. Times: seconds since 1970."""

    id: str
    user: str
    label: str
    secret: str = field(repr=False)
    last_step: int
    created: float
    used: float


def add(tx: Transaction, user_id: str, label: str, secret: str, step: int) -> AuthenticatorApp:
    """Keep an app whose code of `step` has just been shown, so that it cannot be shown again.

    Raises ConfigError (the label) or AlreadyThere (there are too many).
    """
    label = names.title(label, "label")
    if len(of_user(tx, user_id)) >= MOST:
        raise AlreadyThere(f"there are {MOST} authenticator apps already", hint="remove one first")
    id_ = tx.new_id()
    tx.change(sa.insert(authenticator_apps).values(
        id=id_, user_id=user_id, label=label, secret=tx.sealer.seal(SECRET, id_, secret.encode()), last_step=step,
        created=tx.now, used=tx.now))
    return AuthenticatorApp(id_, user_id, label, secret, step, tx.now, tx.now)


def of_user(reading: Reading, user_id: str) -> list[AuthenticatorApp]:
    """The apps of one user, the oldest first."""
    table = authenticator_apps
    rows = reading.rows(sa.select(table).where(table.c.user_id == user_id).order_by(table.c.created, table.c.id))
    return [_app(reading, row) for row in rows]


def use(tx: Transaction, app: AuthenticatorApp, step: int) -> bool:
    """Use up the code of a step, and with it all earlier ones; False when it was used before.

    It is one UPDATE with its condition: of two requests with the same code exactly one succeeds.
    """
    table = authenticator_apps
    fits = (table.c.id == app.id) & (table.c.last_step < step)
    return tx.change(sa.update(table).where(fits).values(last_step=step, used=tx.now)) == 1


def remove(tx: Transaction, user_id: str, app_id: str) -> bool:
    """Forget an app of this user; False when the user has none of this id."""
    table = authenticator_apps
    return tx.change(sa.delete(table).where((table.c.id == app_id) & (table.c.user_id == user_id))) == 1


def _app(reading: Reading, row: Row) -> AuthenticatorApp:
    secret = reading.sealer.open(SECRET, row["id"], row["secret"]).decode()
    return AuthenticatorApp(
        row["id"], row["user_id"], row["label"], secret, row["last_step"], row["created"], row["used"])
