"""Links by which users set their own password: an invitation, or a reset by an administrator. Each works once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.identity.sealing import encode
from appproxy.store.tables.core import password_links
from appproxy.store.transaction import Reading, Transaction

#: Random bytes of a link, which nobody guesses.
_SECRET_SIZE = 32
#: Long enough for a new colleague's first day after a month's notice; in seconds.
LONGEST_LIFE = 31 * 86400.0


class LinkKind(Enum):
    """What a link is for."""

    INVITATION = "invitation"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """`user` is whose password it sets; times are seconds since 1970."""

    user: str
    kind: LinkKind
    created: float
    expires: float


def new(tx: Transaction, user_id: str, kind: LinkKind, expires: float) -> str:
    """Make a link; gives its secret part, which is shown this once. Earlier ones of the user end. Raises ConfigError."""
    if not 0 < expires - tx.now <= LONGEST_LIFE:
        raise ConfigError(f"expires: must be in the next {LONGEST_LIFE / 86400:g} days, such as 1h or 7d")
    remove(tx, user_id)
    secret = encode(tx.random_bytes(_SECRET_SIZE)).decode("ascii")
    tx.change(sa.insert(password_links).values(
        id=_hash(secret), user_id=user_id, kind=kind.value, created=tx.now, expires=expires))
    return secret


def find(reading: Reading, secret: str, now: float) -> PasswordLink | None:
    """What a link is good for; None when it is no link, was used, or has expired."""
    table = password_links
    row = reading.row(sa.select(table).where((table.c.id == _hash(secret)) & (table.c.expires > now)))
    return None if row is None else PasswordLink(row["user_id"], LinkKind(row["kind"]), row["created"], row["expires"])


def use(tx: Transaction, secret: str) -> bool:
    """Use a link up; False when it does not count (any more). Of two requests with the same one exactly one succeeds."""
    table = password_links
    return tx.change(sa.delete(table).where((table.c.id == _hash(secret)) & (table.c.expires > tx.now))) == 1


def of_user(reading: Reading, user_id: str, now: float) -> PasswordLink | None:
    """The link that a user has and that still counts."""
    table = password_links
    row = reading.row(sa.select(table).where((table.c.user_id == user_id) & (table.c.expires > now)))
    return None if row is None else PasswordLink(row["user_id"], LinkKind(row["kind"]), row["created"], row["expires"])


def remove(tx: Transaction, user_id: str) -> None:
    """Take back the links of a user."""
    tx.change(sa.delete(password_links).where(password_links.c.user_id == user_id))


def purge(tx: Transaction) -> None:
    """Forget links that have expired."""
    tx.change(sa.delete(password_links).where(password_links.c.expires <= tx.now))


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
