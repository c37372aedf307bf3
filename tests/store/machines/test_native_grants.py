"""Refresh tokens: each is used once, and one that comes back ends the grant."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.machines import native_clients, native_grants
from appproxy.store.machines.native_grants import NativeGrant
from appproxy.store.people import users
from appproxy.store.tables import machines as schema_machines
from appproxy.store.transaction import Transaction
from tests.store.machines.test_service_tokens import publish

ID = "a" * 32


def begun(tx: Transaction, now: float, id: str = ID) -> tuple[NativeGrant, str]:
    """A grant, and its first token."""
    client = native_clients.add(tx, f"Tool {id[:1]}", publish(tx), [], device_codes=True)
    user = users.add(tx, f"ann{id[:1]}", password_hash="hash")
    grant = NativeGrant(id, client.id, user.id, "openid", "https://wiki.example.com/", now, ("pwd",), now + 3600, "medium")
    return grant, native_grants.begin(tx, grant)


def renewed(tx: Transaction, text: str, grant: NativeGrant) -> str:
    """The token that follows this one."""
    used = native_grants.use(tx, text, grant.client)
    assert used == grant
    return native_grants.rotate(tx, used)


def test_a_token_is_used_once(store: Store, now: float) -> None:
    """Then the next one counts; what is kept of them is a hash."""
    with store.transaction(now) as tx:
        grant, first = begun(tx, now)
        second = renewed(tx, first, grant)
        row = tx.row(sa.select(schema_machines.native_grants))
        assert row is not None and second[38:] not in str(dict(row))
    with store.transaction(now + 60) as tx:
        assert native_grants.use(tx, second, grant.client) == grant


def test_one_that_comes_back_ends_it(store: Store, now: float) -> None:
    """It is in two hands; its session is revoked, and no token of it counts."""
    with store.transaction(now) as tx:
        grant, first = begun(tx, now)
        second = renewed(tx, first, grant)
    with store.transaction(now + 11) as tx:
        assert native_grants.use(tx, first, grant.client) is None
        assert native_grants.use(tx, second, grant.client) is None
    assert ID in store.build_snapshot().revoked_sessions


def test_only_a_token_that_there_was_ends_it(store: Store, now: float) -> None:
    """However long ago; one that was made up with the grant's id, or with a part of a token, does not."""
    with store.transaction(now) as tx:
        grant, first = begun(tx, now)
        second = renewed(tx, first, grant)
    with store.transaction(now + 60) as tx:
        third = renewed(tx, second, grant)
        for made_up in (first[:38] + "x" * 43, first[:38] + second[60:] + first[38:60], first[:40] + "x" * 41):
            assert native_grants.use(tx, made_up, grant.client) is None
        assert native_grants.use(tx, third, grant.client) == grant
        assert native_grants.use(tx, first, grant.client) is None
        assert native_grants.use(tx, third, grant.client) is None


def test_one_from_before_there_were_families(store: Store, now: float) -> None:
    """Goes on as it was, and has one with its next token."""
    with store.transaction(now) as tx:
        grant, first = begun(tx, now)
        tx.change(sa.update(schema_machines.native_grants).values(family_hash=""))
        second = renewed(tx, first, grant)
    with store.transaction(now + 60) as tx:
        assert native_grants.use(tx, first[:38] + "x" * 43, grant.client) is None
        third = renewed(tx, second, grant)
        assert native_grants.use(tx, third, grant.client) == grant
        assert native_grants.use(tx, first, grant.client) is None and native_grants.use(tx, third, grant.client) is None


def test_a_lost_answer_is_asked_for_again(store: Store, now: float) -> None:
    """Within some seconds: it is the same once more."""
    with store.transaction(now) as tx:
        grant, first = begun(tx, now)
        lost = renewed(tx, first, grant)
    with store.transaction(now + 9) as tx:
        third = renewed(tx, first, grant)
        assert third == lost and native_grants.use(tx, third, grant.client) == grant


def test_what_is_no_token_of_this_client(store: Store, now: float) -> None:
    """It ends nothing, either: somebody else's client cannot."""
    with store.transaction(now) as tx:
        grant, first = begun(tx, now)
        assert native_grants.use(tx, first, "other") is None
        for text in ("", "x", first[:-1], first + "x", "aprt_" + "b" * 32 + first[37:]):
            assert native_grants.use(tx, text, grant.client) is None
        assert not native_grants.give_back(tx, first, "other")
        assert native_grants.use(tx, first, grant.client) == grant


def test_the_id_alone_gives_nothing_back(store: Store, now: float) -> None:
    """Access tokens name it to every application; the last token does, and the one before it."""
    with store.transaction(now) as tx:
        grant, first = begun(tx, now)
        assert not native_grants.give_back(tx, first[:38] + "x" * 43, grant.client)
        renewed(tx, first, grant)
        assert native_grants.of_client(tx, grant.client) == [ID]
        assert native_grants.give_back(tx, first, grant.client)


def test_it_ends(store: Store, now: float) -> None:
    """When its time is over, when it is given back, and with its client."""
    with store.transaction(now + 3600) as tx:
        grant, first = begun(tx, now)
        assert native_grants.use(tx, first, grant.client) is None
        assert native_grants.of_client(tx, grant.client) == [ID]
        assert native_grants.give_back(tx, first, grant.client) and not native_grants.give_back(tx, first, grant.client)
    with store.transaction(now + 3601) as tx:
        native_grants.purge(tx)
        assert tx.rows(sa.select(schema_machines.native_grants)) == []
