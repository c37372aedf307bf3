"""Relying parties that ask again who their users are, by refresh tokens, for as long as a session with the provider lasts.

A grant belongs to that session, and to a sign-in of it at one client: it ends with the session, the client and the user, and
when one of its tokens comes back after it was used (`refresh_tokens`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from appproxy.store.machines.refresh_tokens import RefreshTokenKind, TokenUse
from appproxy.store.tables.machines import client_grants as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Grants of one session at one client; with one more the oldest ends. A browser has one for each sign-in there.
MOST = 20
_TOKENS = RefreshTokenKind("aprp_")


@dataclass(frozen=True, slots=True)
class ClientGrant:
    """One of them. `sid`: the session; `methods`: what the user had proved; times in seconds since 1970."""

    id: str
    client: str
    user: str
    sid: str
    scope: str
    auth_time: float
    methods: tuple[str, ...]
    expires: float
    #: The token of it that was used just now.
    token: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ClientTokenUse:
    """What a refresh token of a client is good for: its grant, None for nothing. `reused`: it was used before, and ended."""

    grant: ClientGrant | None = None
    reused: bool = False


def begin(tx: Transaction, grant: ClientGrant) -> str:
    """Write one down; gives its first refresh token."""
    mine = (table.c.client == grant.client) & (table.c.sid == grant.sid)
    beyond = tx.rows(sa.select(table.c.id).where(mine).order_by(table.c.rotated.desc(), table.c.id).offset(MOST - 1))
    if beyond:
        tx.change(sa.delete(table).where(table.c.id.in_([row["id"] for row in beyond])))
    token = _TOKENS.new(tx, grant.id)
    tx.change(sa.insert(table).values(
        id=grant.id, client=grant.client, user=grant.user, sid=grant.sid, scope=grant.scope, auth_time=grant.auth_time,
        methods=json.dumps(grant.methods), former_hash="", rotated=tx.now, expires=grant.expires, **token.columns))
    return token.text


def is_refresh_token(text: str) -> bool:
    """Does it look like one? Nobody need ask the database otherwise."""
    return _TOKENS.is_one(text)


def use(tx: Transaction, text: str, client: str) -> ClientTokenUse:
    """Use a token up. One that was used before ends the grant; one that was made up ends nothing."""
    row = _row(tx, text)
    if row is None or row["client"] != client or row["expires"] <= tx.now:
        return ClientTokenUse()
    used = _TOKENS.judge(row, text, tx.now)
    if used is not TokenUse.GOOD:
        if used is TokenUse.STOLEN:
            end(tx, row["id"])
        return ClientTokenUse(reused=used is TokenUse.STOLEN)
    if _TOKENS.is_last(row, text):
        tx.change(sa.update(table).where(table.c.id == row["id"]).values(former_hash=row["secret_hash"], rotated=tx.now))
    return ClientTokenUse(replace(_grant(row), token=text))


def rotate(tx: Transaction, grant: ClientGrant) -> str:
    """The next refresh token of a grant of which one was used just now."""
    token = _TOKENS.next(tx, grant.token)
    tx.change(sa.update(table).where(table.c.id == grant.id).values(**token.columns))
    return token.text


def give_back(tx: Transaction, text: str, client: str) -> bool:
    """The client is done with it (RFC 7009): the grant ends. Whether there was one."""
    row = _row(tx, text)
    if row is None or row["client"] != client or not _TOKENS.is_current(row, text):
        return False
    end(tx, row["id"])
    return True


def user_of(reading: Reading, text: str, client: str) -> str | None:
    """Whose grant a token names, for its very client; None for none. The token stays as it is, and need not count."""
    row = _row(reading, text)
    return None if row is None or row["client"] != client else str(row["user"])


def end(tx: Transaction, id_: str) -> None:
    """End a grant. The session goes on."""
    tx.change(sa.delete(table).where(table.c.id == id_))


def purge(tx: Transaction) -> None:
    """Forget those that are over."""
    tx.change(sa.delete(table).where(table.c.expires < tx.now))


def _row(reading: Reading, text: str) -> Row | None:
    return reading.row(sa.select(table).where(table.c.id == _TOKENS.id_of(text))) if is_refresh_token(text) else None


def _grant(row: Row) -> ClientGrant:
    return ClientGrant(row["id"], row["client"], row["user"], row["sid"], row["scope"], row["auth_time"],
                       tuple(json.loads(row["methods"])), row["expires"])
