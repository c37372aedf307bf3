"""Sessions of command lines that administer from elsewhere, each begun by somebody who has allowed it, with refresh tokens.

Such a session is in the list of sessions like every other, and ends with it; its row here goes then, or when it is over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from appproxy.store.machines.refresh_tokens import RefreshTokenKind, TokenUse
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session import sessions
from appproxy.store.tables.roles import command_lines as table
from appproxy.store.transaction import Reading, Row, Transaction

_TOKENS = RefreshTokenKind("apcr_")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One of them. `session` is what its access tokens say, as JSON has it; `expires` in seconds since 1970.

    `refresh_token`: the next one; "" for one that is not to be refreshed. `stolen`: the token was used before, and the session
    has ended.
    """

    id: str
    session: Mapping[str, Any]
    expires: float
    refresh_token: str = field(default="", repr=False)
    stolen: bool = False


@dataclass(frozen=True, slots=True)
class KnownCommandLine:
    """Whose token was shown: `origin` is the session of the browser in which it was let in, "" where nobody is asked by it."""

    session: Mapping[str, Any]
    origin: str


def begin(tx: Transaction, id_: str, session: Mapping[str, Any], expires: float, origin: str = "") -> CommandLine:
    """Write one down, with its first refresh token."""
    token = _TOKENS.new(tx, id_)
    tx.change(sa.insert(table).values(
        id=id_, session=json.dumps(session), former_hash="", rotated=tx.now, expires=expires, origin=origin,
        **token.columns))
    return CommandLine(id_, session, expires, token.text)


def is_refresh_token(text: str) -> bool:
    """Does it look like one? Nobody need ask the database otherwise."""
    return _TOKENS.is_one(text)


def known(reading: Reading, text: str) -> KnownCommandLine | None:
    """The one of a refresh token that is the last one, or the one before; None for none. It stays as it is."""
    row = _row(reading, text)
    if row is None or not _TOKENS.is_current(row, text):
        return None
    return KnownCommandLine(json.loads(row["session"]), row["origin"])


def refresh(tx: Transaction, text: str, session: Mapping[str, Any] | None = None) -> CommandLine | None:
    """The one whose token this is, with the next token. None: it counts for nothing. `session`: what is known of it by now.

    One that was used before ends the session; one that was made up ends nothing.
    """
    row = _row(tx, text)
    if row is None or row["expires"] <= tx.now:
        return None
    found = CommandLine(row["id"], json.loads(row["session"]) if session is None else session, row["expires"])
    use = _TOKENS.judge(row, text, tx.now)
    if use is TokenUse.STOLEN:
        end(tx, row["id"])
        return CommandLine(found.id, found.session, found.expires, stolen=True)
    if use is TokenUse.MADE_UP:
        return None
    token = _TOKENS.next(tx, text)
    former = {"former_hash": row["secret_hash"], "rotated": tx.now} if _TOKENS.is_last(row, text) else {}
    values = {**former, **token.columns, "session": json.dumps(found.session)}
    tx.change(sa.update(table).where(table.c.id == row["id"]).values(values))
    session_rows.seen(tx, {row["id"]: tx.now})
    return CommandLine(found.id, found.session, found.expires, token.text)


def give_back(tx: Transaction, text: str) -> CommandLine | None:
    """Its program is done with it (RFC 7009): the session ends. It must be the last token, or the one before."""
    row = _row(tx, text)
    if row is None or not _TOKENS.is_current(row, text):
        return None
    end(tx, row["id"])
    return CommandLine(row["id"], json.loads(row["session"]), row["expires"])


def end(tx: Transaction, id_: str) -> None:
    """End one, on all nodes."""
    row = tx.row(sa.select(table).where(table.c.id == id_))
    if row is not None:
        sessions.revoke_session(tx, id_, row["expires"])
        tx.change(sa.delete(table).where(table.c.id == id_))


def purge(tx: Transaction) -> None:
    """Forget those that are over."""
    tx.change(sa.delete(table).where(table.c.expires < tx.now))


def _row(reading: Reading, text: str) -> Row | None:
    return reading.row(sa.select(table).where(table.c.id == _TOKENS.id_of(text))) if is_refresh_token(text) else None
