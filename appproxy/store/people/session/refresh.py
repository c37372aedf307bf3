"""Whose turn it is to refresh a session, in whichever process, and what came of it.

A refresh token may be good for one use. So whoever asks the provider has the session's row until `lease_until`, and all
others wait for what comes.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

from appproxy.store.people.session import sessions
from appproxy.store.people.session.record import Later, Refreshed, RefreshLease
from appproxy.store.people.session.rows import CLAIMS, ID_TOKEN, REFRESH_TOKEN
from appproxy.store.tables.core import sessions as table
from appproxy.store.transaction import Row, Transaction

#: Seconds that a process has for a refresh: 20 s until it is asked, 45 for its answer, and the rest for what else it says and
#: to write it down, which is tried until then. If the process has ended, others go on after it.
LEASE = 120.0


def take(tx: Transaction, id_: str) -> RefreshLease | Refreshed | Later | None:
    """What is to be done for a session whose tokens are over. None: it has ended, or is not known any more, and so it ends."""
    row = tx.row(sa.select(table).where(table.c.id == id_))
    if row is None or row["ended"] or row["expires"] <= tx.now:
        sessions.revoke_session(tx, id_)
        return None
    if not row["refresh_at"] or row["refresh_at"] > tx.now:
        return _known(tx, row)
    # A lease is never longer than this, whatever the clock was when it was taken.
    if tx.now < row["lease_until"] <= tx.now + LEASE:
        return Later(row["lease_until"])
    until = tx.now + LEASE
    tx.change(sa.update(table).where(table.c.id == id_).values(lease_until=until))
    token = tx.sealer.open(REFRESH_TOKEN, id_, row["refresh_token"]).decode()
    return RefreshLease(row["provider"], row["subject"], row["issuer"], until, row["expires"], _known(tx, row), token)


def _known(tx: Transaction, row: Row) -> Refreshed:
    claims = json.loads(tx.sealer.open(CLAIMS, row["id"], row["claims"]))
    return Refreshed(
        row["id"], row["name"], row["auth_time"], tuple(json.loads(row["amr"])), row["acr"], row["refresh_at"], claims)


def finish(tx: Transaction, lease: RefreshLease, made: Refreshed, refresh_token: str, id_token: str) -> bool:
    """Write down what the provider has said. False: the session has ended meanwhile, and stays so.

    An empty token leaves the one that is there.
    """
    seal = tx.sealer.seal
    values: dict[str, object] = {
        "name": made.name, "auth_time": made.auth_time, "amr": json.dumps(made.amr), "acr": made.acr,
        "claims": seal(CLAIMS, made.id, json.dumps(made.claims).encode()), "refresh_at": made.refresh_at, "lease_until": 0.0,
        "refreshes": table.c.refreshes + 1,
    }
    if refresh_token:
        values["refresh_token"] = seal(REFRESH_TOKEN, made.id, refresh_token.encode())
    if id_token:
        values["id_token"] = seal(ID_TOKEN, made.id, id_token.encode())
    return tx.change(sa.update(table).where(_leased(lease)).values(values)) == 1


def give_back(tx: Transaction, lease: RefreshLease, again: float) -> None:
    """The provider was away: nobody is to ask it before `again`."""
    tx.change(sa.update(table).where(_leased(lease)).values(lease_until=again))


def _leased(lease: RefreshLease) -> sa.ColumnElement[bool]:
    return (table.c.id == lease.before.id) & (table.c.ended == 0.0) & (table.c.lease_until == lease.until)
