"""What users have let native clients do, each a session of its own, with refresh tokens that are used once each.

A refresh token that comes back after it was used is in two hands (RFC 9700 section 4.14.2): then the whole grant ends. All
tokens of a grant begin with the same secret, its family: what does not was made up by somebody who knows no more than the
grant's id, as every application does that its access tokens are for, and ends nothing.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import compare_digest

import sqlalchemy as sa

from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session import sessions
from appproxy.store.tables.machines import native_grants as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Seconds that a grant lasts, 30 days, however often it is refreshed: the longest session that there is.
LIFETIME = 30 * 86400.0
#: Seconds for which the last refresh token may come once more: the answer may have been lost on its way.
_AGAIN = 10.0
_PREFIX = "aprt_"
_ID, _SECRET = 32, 43
#: Signs of a secret that are the family's: 132 of 258 bits.
_FAMILY = 22


@dataclass(frozen=True, slots=True)
class NativeGrant:
    """One of them. `methods`: what the user had proved, as the provider's session has it; times in seconds since 1970."""

    id: str
    client: str
    user: str
    scope: str
    audience: str
    auth_time: float
    methods: tuple[str, ...]
    expires: float
    #: What its tokens have in common, of one that was used just now.
    family: str = field(default="", repr=False, compare=False)


def begin(tx: Transaction, grant: NativeGrant) -> str:
    """Write one down; gives its first refresh token."""
    family = _new_secret(tx, _FAMILY)
    text, hashed = _new_token(tx, grant.id, family)
    tx.change(sa.insert(table).values(
        id=grant.id, client=grant.client, user=grant.user, scope=grant.scope, audience=grant.audience,
        auth_time=grant.auth_time, methods=json.dumps(grant.methods), secret_hash=hashed, former_hash="", rotated=tx.now,
        family_hash=_hash(family), expires=grant.expires))
    return text


def is_refresh_token(text: str) -> bool:
    """Does it look like one? Nobody need ask the database otherwise."""
    parts = text.removeprefix(_PREFIX).partition("_")
    return text.startswith(_PREFIX) and len(parts[0]) == _ID and len(parts[2]) == _SECRET and text.isascii()


def use(tx: Transaction, text: str, client: str) -> NativeGrant | None:
    """The grant whose token this is, for its very client; the token counts no longer then. None: it counts for nothing.

    One that was used before ends the grant, and what is under way with it; one that was made up ends nothing.
    """
    row = _row(tx, text)
    if row is None or row["client"] != client or row["expires"] <= tx.now:
        return None
    hashed = _hash(text)
    if compare_digest(row["secret_hash"], hashed):
        tx.change(sa.update(table).where(table.c.id == row["id"]).values(former_hash=hashed, rotated=tx.now))
    elif not (compare_digest(row["former_hash"], hashed) and tx.now - row["rotated"] < _AGAIN):
        if not row["family_hash"] or compare_digest(row["family_hash"], _hash(_family(text))):
            end(tx, row["id"])
        return None
    session_rows.seen(tx, {row["id"]: tx.now})
    return replace(_grant(row), family=_family(text))


def rotate(tx: Transaction, grant: NativeGrant) -> str:
    """The next refresh token of a grant whose last one was used just now."""
    text, hashed = _new_token(tx, grant.id, grant.family)
    values = {"secret_hash": hashed, "family_hash": _hash(grant.family)}
    tx.change(sa.update(table).where(table.c.id == grant.id).values(**values))
    return text


def give_back(tx: Transaction, text: str, client: str) -> bool:
    """Its program is done with it (RFC 7009): the grant ends. Whether there was one.

    It must be the last one, or the one before: the grant's id alone is known to every application that its tokens are for.
    """
    row = _row(tx, text)
    if row is None or row["client"] != client:
        return False
    hashed = _hash(text)
    if not (compare_digest(row["secret_hash"], hashed) or compare_digest(row["former_hash"], hashed)):
        return False
    end(tx, row["id"])
    return True


def end(tx: Transaction, id_: str) -> None:
    """End a grant, on all nodes: its session, its access tokens and what is under way with them."""
    row = tx.row(sa.select(table).where(table.c.id == id_))
    if row is not None:
        sessions.revoke_session(tx, id_, row["expires"])
        tx.change(sa.delete(table).where(table.c.id == id_))


def of_client(reading: Reading, client: str) -> Sequence[str]:
    """The ids of all grants of a client."""
    return reading.connection.scalars(sa.select(table.c.id).where(table.c.client == client)).all()


def purge(tx: Transaction) -> None:
    """Forget those that are over."""
    tx.change(sa.delete(table).where(table.c.expires < tx.now))


def _row(reading: Reading, text: str) -> Row | None:
    if not is_refresh_token(text):
        return None
    id_ = text.removeprefix(_PREFIX).partition("_")[0]
    return reading.row(sa.select(table).where(table.c.id == id_))


def _grant(row: Row) -> NativeGrant:
    return NativeGrant(row["id"], row["client"], row["user"], row["scope"], row["audience"], row["auth_time"],
                       tuple(json.loads(row["methods"])), row["expires"])


def _new_token(tx: Transaction, id_: str, family: str) -> tuple[str, str]:
    text = f"{_PREFIX}{id_}_{family}{_new_secret(tx, _SECRET - _FAMILY)}"
    return text, _hash(text)


def _new_secret(tx: Transaction, length: int) -> str:
    return urlsafe_b64encode(tx.random_bytes(18)).decode("ascii")[:length]


def _family(text: str) -> str:
    return text.removeprefix(_PREFIX)[_ID + 1:][:_FAMILY]


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
