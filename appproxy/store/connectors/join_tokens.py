"""Rights to join as a connector: one use or several, with an end, into one group. Only a hash of the secret is kept."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import Code, ConfigError, IdentityError
from appproxy.pki.tokens import SECRET_BYTES, hash_secret
from appproxy.store import names
from appproxy.store.connectors import groups
from appproxy.store.paging import ListPage, paged
from appproxy.store.tables.core import join_tokens
from appproxy.store.transaction import Reading, Transaction

#: A token for more machines than this is a password for everybody.
_MOST_USES = 1000
#: The longest life in seconds, 90 days: long enough for an image that is rolled out over a quarter.
_LONGEST_LIFE = 90 * 86400.0


@dataclass(frozen=True, slots=True)
class JoinTokenRecord:
    """What is known of a token that was given out. Times are seconds since 1970."""

    id: str
    group: str
    uses: int
    uses_left: int
    created: float
    expires: float


def new_token(tx: Transaction, group: str, uses: int, expires: float, allowed_by: str = "") -> tuple[str, bytes]:
    """Make a token for the group of this name or id: its id, and the secret, which is shown this once. `allowed_by`: who lets
    the one machine in that it is for, as the audit names them.

    Raises ConfigError or NotFound.
    """
    if not 1 <= uses <= _MOST_USES:
        raise ConfigError(f"uses: must be 1 to {_MOST_USES}")
    if not 0 < expires - tx.now <= _LONGEST_LIFE:
        raise ConfigError(f"expires: must be in the next {_LONGEST_LIFE / 86400:g} days, such as 1h or 7d")
    found = groups.find(tx, group)
    id_, secret = tx.new_id(), tx.random_bytes(SECRET_BYTES)
    tx.change(
        sa.insert(join_tokens).values(
            id=id_, secret_hash=hash_secret(secret), connector_group=found.id, uses=uses, uses_left=uses,
            created=tx.now, expires=expires, allowed_by=allowed_by,
        )  # fmt: skip
    )
    return id_, secret


def use_token(tx: Transaction, token_id: str, secret_hash: str) -> str:
    """Use a token up by one; gives the id of its connector group.

    Raises IdentityError(TOKEN_REFUSED) with the reason for the log. It is one UPDATE with its condition, so that of
    many at once no more than `uses` succeed. What is compared is the hash of a random secret: its timing tells nothing.
    """
    table = join_tokens
    fits = sa.and_(
        table.c.id == token_id, table.c.secret_hash == secret_hash, table.c.uses_left > 0, table.c.expires > tx.now
    )
    if tx.change(sa.update(table).where(fits).values(uses_left=table.c.uses_left - 1)) != 1:
        raise IdentityError(Code.TOKEN_REFUSED, _why(tx, token_id, secret_hash))
    group = tx.connection.scalar(sa.select(table.c.connector_group).where(table.c.id == token_id))
    return str(group)


def allowed_by(reading: Reading, token_id: str) -> str:
    """Who has let the machine in that a token is for, as the audit names them; "" for a token that was handed out."""
    return str(reading.connection.scalar(sa.select(join_tokens.c.allowed_by).where(join_tokens.c.id == token_id)) or "")


def _why(tx: Transaction, token_id: str, secret_hash: str) -> str:
    row = tx.row(sa.select(join_tokens).where(join_tokens.c.id == token_id))
    if row is None or row["secret_hash"] != secret_hash:
        return "no such join token; make a new one with `appproxy connector token`"
    if row["uses_left"] < 1:
        return "the join token is used up; make a new one with `appproxy connector token`"
    return "the join token has expired; make a new one with `appproxy connector token`"


def remove(tx: Transaction, token_id: str) -> None:
    """Take a token back. Raises NotFound."""
    if tx.change(sa.delete(join_tokens).where(join_tokens.c.id == token_id)) == 0:
        raise names.not_found("join token", token_id, [one.id for one in list_all(tx)])


def list_all(reading: Reading, page: ListPage | None = None) -> list[JoinTokenRecord]:
    """All tokens, the newest first, also those used up, until they expire; or a page of them, by id."""
    newest = sa.select(join_tokens).order_by(join_tokens.c.created.desc(), join_tokens.c.id)
    rows = reading.rows(newest if page is None else paged(sa.select(join_tokens), join_tokens.c.id, page))
    return [
        JoinTokenRecord(row["id"], row["connector_group"], row["uses"], row["uses_left"], row["created"], row["expires"])
        for row in rows
    ]


def purge(tx: Transaction) -> None:
    """Forget tokens that have expired."""
    tx.change(sa.delete(join_tokens).where(join_tokens.c.expires < tx.now))
