"""Which relying parties a session of the built-in provider has signed in to, and what they have to be told when it ends.

Both are written in the transaction that ends the session, so that nothing is forgotten whatever happens to the process;
`provider.back_channel` tells them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.store.tables.machines import client_sessions as table
from appproxy.store.tables.machines import clients
from appproxy.store.tables.machines import sign_out_notices as notices
from appproxy.store.transaction import Reading, Row, Transaction

#: Sessions of one user at one client; with one more the oldest ends there.
MOST = 200
#: Seconds for which it is known that a user has signed in to a client, 30 days: its own session may be longer than ours.
_KEPT = 30 * 86400.0
#: Seconds for which it is known that a session has ended: for as long as clients are told of it again and again.
_AFTER_END = 5 * 3600.0
#: Seconds after which what was taken and not done is tried by another node.
LEASE = 60.0
#: What is looked at in one transaction.
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """What a client has to be told: that this session of a user, or with `sid` "" each of them, has ended. `tries`: so far."""

    id: str
    client: str
    user: str
    sid: str
    tries: int


def begin(tx: Transaction, client: str, sid: str, user: str) -> None:
    """A client is given tokens in a session. One that was ended there, for it was the oldest, begins again."""
    same = (table.c.client == client) & (table.c.sid == sid)
    there = tx.row(sa.select(table.c.ended).where(same))
    if there is not None and there["ended"] == 0.0:
        return
    tx.change(sa.delete(table).where(same))
    mine = sa.select(table).where((table.c.client == client) & (table.c.user == user) & (table.c.ended == 0.0))
    _end(tx, tx.rows(mine.order_by(table.c.began.desc()).offset(MOST - 1)))
    tx.change(sa.insert(table).values(client=client, sid=sid, user=user, began=tx.now, ended=0.0))


def goes_on(reading: Reading, client: str, sid: str) -> bool:
    """Has a client tokens of this session, which was not ended there?"""
    on = (table.c.client == client) & (table.c.sid == sid) & (table.c.ended == 0.0)
    return reading.row(sa.select(table.c.sid).where(on)) is not None


def session_ended(tx: Transaction, sid: str) -> None:
    """The session of this id has ended; nothing happens for one that no client was told of."""
    _end(tx, tx.rows(sa.select(table).where((table.c.sid == sid) & (table.c.ended == 0.0))))


def user_ended(tx: Transaction, user: str) -> None:
    """All sessions of a user have ended."""
    _end(tx, tx.rows(sa.select(table).where((table.c.user == user) & (table.c.ended == 0.0))), whole=True)


def clients_of(reading: Reading, sid: str) -> Sequence[str]:
    """The ids of the clients that a session has signed in to; also of one that has just ended."""
    return reading.connection.scalars(sa.select(table.c.client).where(table.c.sid == sid).order_by(table.c.began)).all()


def next_due(reading: Reading) -> float | None:
    """When the next notice is due (seconds since 1970); None: there is none."""
    found: float | None = reading.connection.scalar(sa.select(sa.func.min(notices.c.due)))
    return found


def take(tx: Transaction, busy: Mapping[str, int], each: int) -> list[Notice]:
    """Notices that are due, of each client (id) at most so many together with those that it is `busy` with.

    For `LEASE` seconds they are the caller's, who then says `done` or `again`.
    """
    _name_each(tx)
    taken: list[Notice] = []
    counts = dict(busy)
    full = [client for client, count in busy.items() if count >= each]
    due = sa.select(notices).where((notices.c.due <= tx.now) & notices.c.client.not_in(full))
    for row in tx.rows(due.order_by(notices.c.due, notices.c.id).limit(_BATCH)):
        counts[row["client"]] = counts.get(row["client"], 0) + 1
        if counts[row["client"]] <= each:
            values = {"due": tx.now + LEASE, "tries": row["tries"] + 1}
            tx.change(sa.update(notices).where(notices.c.id == row["id"]).values(values))
            taken.append(Notice(row["id"], row["client"], row["user"], row["sid"], row["tries"] + 1))
    return taken


def _name_each(tx: Transaction) -> None:
    """A notice of all sessions of a user that has to be told after the user has signed in there again becomes one for each
    that has ended: "all" would be the new one, too.
    """
    mine = (table.c.client == notices.c.client) & (table.c.user == notices.c.user)
    again = sa.select(table.c.sid).where(mine & (table.c.ended == 0.0)).exists()
    for row in tx.rows(sa.select(notices).where((notices.c.due <= tx.now) & (notices.c.sid == "") & again).limit(_BATCH)):
        ended = sa.select(table.c.sid).where(
            (table.c.client == row["client"]) & (table.c.user == row["user"]) & (table.c.ended > 0.0))
        done(tx, row["id"])
        for sid in tx.connection.scalars(ended).all():
            tx.change(sa.insert(notices).values({**row, "id": tx.new_id(), "sid": sid}))


def done(tx: Transaction, notice: str) -> bool:
    """A notice (its id) has been given, or is given up. Whether it was still there."""
    return tx.change(sa.delete(notices).where(notices.c.id == notice)) > 0


def again(tx: Transaction, notice: str, due: float) -> None:
    """A notice is to be tried again at this moment (seconds since 1970)."""
    tx.change(sa.update(notices).where(notices.c.id == notice).values(due=due))


def purge(tx: Transaction) -> None:
    """Forget sessions that no client can have any more."""
    over = (table.c.began < tx.now - _KEPT) | ((table.c.ended > 0.0) & (table.c.ended < tx.now - _AFTER_END))
    tx.change(sa.delete(table).where(over))


def _end(tx: Transaction, ended: Sequence[Row], *, whole: bool = False) -> None:
    """`whole`: these are all sessions of their user, which one notice can say, unless the client wants each by its name."""
    if not ended:
        return
    hears = {row["id"]: row["backchannel_logout_session_required"]
             for row in tx.rows(sa.select(clients).where(clients.c.backchannel_logout_uri != ""))}
    said = set()
    for row in ended:
        tx.change(sa.update(table).where((table.c.client == row["client"]) & (table.c.sid == row["sid"])).values(ended=tx.now))
        if row["client"] in hears:
            said.add((row["client"], row["user"], "" if whole and not hears[row["client"]] else row["sid"]))
    for client, user, sid in sorted(said):
        tx.change(sa.insert(notices).values(id=tx.new_id(), client=client, user=user, sid=sid, tries=0, due=tx.now))
