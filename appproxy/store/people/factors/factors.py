"""What a user can sign in with beside the password, in one look; and all of it forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.store.people.factors import authenticator_apps, passkeys, recovery_codes, refused_codes, second_factor_rules
from appproxy.store.people.session import sessions
from appproxy.store.people.users import User
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import users
from appproxy.store.tables.factors import authenticator_apps as app_table
from appproxy.store.tables.factors import passkeys as passkey_table
from appproxy.store.transaction import Reading, Transaction

_OF_USER = sa.select(
    *(sa.select(sa.func.count()).where(table.c.user_id == sa.bindparam("user")).scalar_subquery()
      for table in (app_table, passkey_table)),
    sa.select(users.c.created).where(users.c.id == sa.bindparam("user")).scalar_subquery())


@dataclass(frozen=True, slots=True)
class FactorsOfUser:
    """How many apps and passkeys a user has; `due`: from when on they must have one, in seconds since 1970 (None: never)."""

    apps: int = 0
    passkeys: int = 0
    due: float | None = None

    @property
    def any(self) -> bool:
        """Is there one that can be asked for? Recovery codes alone are none."""
        return self.apps + self.passkeys > 0


def of_user(reading: Reading, user_id: str) -> FactorsOfUser:
    """The same look for whoever is asked about, also for nobody ("")."""
    row = reading.connection.execute(_OF_USER, {"user": user_id}).one()
    return FactorsOfUser(row[0], row[1], second_factor_rules.due(reading, user_id, row[2] or 0.0))


def listed(reading: Reading, user_id: str) -> list[dict[str, object]]:
    """Each factor of a user, as administrators see it; no secret is in it."""
    found: list[dict[str, object]] = [
        {"kind": "passkey", "id": one.id, "label": one.label, "created": one.created, "used": one.used}
        for one in passkeys.of_user(reading, user_id)
    ]
    found += [
        {"kind": "totp", "id": one.id, "label": one.label, "created": one.created, "used": one.used}
        for one in authenticator_apps.of_user(reading, user_id)
    ]
    if left := recovery_codes.left(reading, user_id):
        found.append({"kind": "recovery-codes", "left": left})
    return found


def reset(tx: Transaction, user: User) -> list[dict[str, object]]:
    """Forget all factors of a user, and end the sessions; gives what there was."""
    gone = listed(tx, user.id)
    for table in (app_table, passkey_table):
        tx.change(sa.delete(table).where(table.c.user_id == user.id))
    recovery_codes.remove(tx, user.id)
    refused_codes.forget(tx, user.id)
    sessions.revoke_subject(tx, BUILTIN, user.id)
    return gone
