"""What users have let native clients do, each a session of its own, with refresh tokens that are used once each.

Every application that its access tokens are for knows a grant's id, and so can make up what looks like a refresh token: that
ends nothing (`refresh_tokens`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from appproxy.store.machines.refresh_tokens import RefreshTokenKind, TokenUse
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session import sessions
from appproxy.store.tables.machines import native_grants as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Seconds that a grant lasts, 30 days, however often it is refreshed: the longest session that there is.
LIFETIME = 30 * 86400.0
_TOKENS = RefreshTokenKind("aprt_")


@dataclass(frozen=True, slots=True)
class NativeGrant:
    """One of them. `methods`: what the user had proved, as the provider's session has it; times in seconds since 1970. `risk`:
    the level of the sign-in, "" for unknown.
    """

    id: str
    client: str
    user: str
    scope: str
    audience: str
    auth_time: float
    methods: tuple[str, ...]
    expires: float
    risk: str = ""
    #: The token of it that was used just now.
    token: str = field(default="", repr=False, compare=False)


def begin(tx: Transaction, grant: NativeGrant) -> str:
    """Write one down; gives its first refresh token."""
    token = _TOKENS.new(tx, grant.id)
    tx.change(sa.insert(table).values(
        id=grant.id, client=grant.client, user=grant.user, scope=grant.scope, audience=grant.audience,
        auth_time=grant.auth_time, methods=json.dumps(grant.methods), former_hash="", rotated=tx.now, expires=grant.expires,
        risk=grant.risk, **token.columns))
    return token.text


def is_refresh_token(text: str) -> bool:
    """Does it look like one? Nobody need ask the database otherwise."""
    return _TOKENS.is_one(text)


def use(tx: Transaction, text: str, client: str) -> NativeGrant | None:
    """The grant whose token this is, for its very client; the token counts no longer then. None: it counts for nothing.

    One that was used before ends the grant, and what is under way with it; one that was made up ends nothing.
    """
    row = _row(tx, text)
    if row is None or row["client"] != client or row["expires"] <= tx.now:
        return None
    use_ = _TOKENS.judge(row, text, tx.now)
    if use_ is not TokenUse.GOOD:
        if use_ is TokenUse.STOLEN:
            end(tx, row["id"])
        return None
    if _TOKENS.is_last(row, text):
        tx.change(sa.update(table).where(table.c.id == row["id"]).values(former_hash=row["secret_hash"], rotated=tx.now))
    session_rows.seen(tx, {row["id"]: tx.now})
    return replace(_grant(row), token=text)


def rotate(tx: Transaction, grant: NativeGrant) -> str:
    """The next refresh token of a grant of which one was used just now."""
    token = _TOKENS.next(tx, grant.token)
    tx.change(sa.update(table).where(table.c.id == grant.id).values(**token.columns))
    return token.text


def give_back(tx: Transaction, text: str, client: str) -> bool:
    """Its program is done with it (RFC 7009): the grant ends. Whether there was one.

    It must be the last one, or the one before: the grant's id alone is known to every application that its tokens are for.
    """
    row = _row(tx, text)
    if row is None or row["client"] != client:
        return False
    if not _TOKENS.is_current(row, text):
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
    return reading.row(sa.select(table).where(table.c.id == _TOKENS.id_of(text))) if is_refresh_token(text) else None


def _grant(row: Row) -> NativeGrant:
    return NativeGrant(row["id"], row["client"], row["user"], row["scope"], row["audience"], row["auth_time"],
                       tuple(json.loads(row["methods"])), row["expires"], row["risk"])
