"""Grants of relying parties: bounded, and gone with what they belong to."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.machines import client_grants, clients
from appproxy.store.machines.client_grants import MOST, ClientGrant
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.people import users
from appproxy.store.tables.machines import client_grants as table
from appproxy.store.transaction import Transaction


def grant(tx: Transaction, number: int, sid: str = "s", expires: float | None = None) -> ClientGrant:
    """One of ann's at Elsewhere."""
    found = [one for one in clients.list_all(tx) if one.name == "Elsewhere"]
    client = found[0] if found else clients.add(tx, "Elsewhere", ClientChanges(["https://e.example/"]))[0]
    user = users.find_by_name(tx, "ann") or users.add(tx, "ann", "hash")
    return ClientGrant(f"{number:032x}", client.id, user.id, sid, "openid", tx.now, ("pwd",), expires or tx.now + 3600)


def test_a_session_has_so_many(store: Store, now: float) -> None:
    """At one client; with one more the oldest ends, and those of other sessions do not."""
    tokens = []
    for number in range(MOST + 1):
        with store.transaction(now + number) as tx:
            tokens.append(client_grants.begin(tx, grant(tx, number)))
    with store.transaction(now + MOST + 1) as tx:
        other = client_grants.begin(tx, grant(tx, 999, "another"))
        client = grant(tx, 0).client
        assert client_grants.use(tx, tokens[0], client).grant is None
        assert all(client_grants.use(tx, one, client).grant is not None for one in (*tokens[1:], other))


def test_whose_it_is(store: Store, now: float) -> None:
    """Without using it up; nobody else's client is told."""
    with store.transaction(now) as tx:
        made = grant(tx, 1)
        text = client_grants.begin(tx, made)
        assert client_grants.user_of(tx, text, made.client) == made.user
        assert client_grants.user_of(tx, text, "other") is client_grants.user_of(tx, "x", made.client) is None
        assert client_grants.use(tx, text, made.client).grant == made


def test_gone_with_their_user_and_client(store: Store, now: float) -> None:
    """And once they are over."""
    for number, end in enumerate((lambda tx: users.remove(tx, "ann"), lambda tx: clients.remove(tx, "Elsewhere"))):
        with store.transaction(now) as tx:
            client_grants.begin(tx, grant(tx, number))
        with store.transaction(now) as tx:
            end(tx)
            assert tx.row(sa.select(table)) is None
    with store.transaction(now) as tx:
        client_grants.begin(tx, grant(tx, 3, expires=now + 1))
        client_grants.begin(tx, grant(tx, 4))
    with store.transaction(now + 2) as tx:
        client_grants.purge(tx)
        assert [row["id"] for row in tx.rows(sa.select(table))] == [f"{4:032x}"]
