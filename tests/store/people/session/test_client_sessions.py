"""Who is to be told that a session has ended."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from appproxy.store.database.store import Store
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.people.session import client_sessions, sessions
from appproxy.store.people.session.client_sessions import LEASE, MOST, Notice
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction

URI = "https://a.example/"
HEARS = ClientChanges([URI], backchannel_logout_uri=URI)
EACH = ClientChanges([URI], backchannel_logout_uri=URI, backchannel_logout_session_required=True)


def register(tx: Transaction, **wanted: ClientChanges) -> dict[str, str]:
    """Clients by name; their ids."""
    return {name: clients.add(tx, name, one)[0].id for name, one in wanted.items()}


def said(notices: Iterable[Notice]) -> set[tuple[str, str, str]]:
    """What they say."""
    return {(one.client, one.user, one.sid) for one in notices}


def test_a_session_ends(store: Store, now: float) -> None:
    """Those that it has signed in to are told, once; those without an address, and other sessions' are not."""
    with store.transaction(now) as tx:
        ids = register(tx, hears=HEARS, deaf=ClientChanges([URI]), other=HEARS)
        for name in ("hears", "deaf"):
            client_sessions.begin(tx, ids[name], "s1", "ann")
        client_sessions.begin(tx, ids["hears"], "s1", "ann")
        client_sessions.begin(tx, ids["hears"], "s2", "ann")
        assert client_sessions.next_due(tx) is None
        for _ in range(2):
            sessions.revoke_session(tx, "s1")
        sessions.revoke_session(tx, "unknown")
        assert client_sessions.next_due(tx) == now
        assert said(client_sessions.take(tx, {}, 9)) == {(ids["hears"], "ann", "s1")}
        assert sorted(client_sessions.clients_of(tx, "s1")) == sorted([ids["hears"], ids["deaf"]])


@pytest.mark.parametrize("end", [
    lambda tx: sessions.revoke_subject(tx, BUILTIN, "ann"), lambda tx: sessions.bar_subject(tx, BUILTIN, "ann"),
    lambda tx: sessions.forget_subject(tx, BUILTIN, "ann"),
])
def test_a_user_is_out(store: Store, now: float, end: object) -> None:
    """Disabled, removed, or ended everywhere: one notice for all, and one each to who must have their names; nobody else's."""
    with store.transaction(now) as tx:
        ids = register(tx, hears=HEARS, each=EACH)
        for sid in ("s1", "s2"):
            for one in ids.values():
                client_sessions.begin(tx, one, sid, "ann")
        client_sessions.begin(tx, ids["hears"], "s3", "bob")
        assert callable(end)
        end(tx)
        sessions.revoke_subject(tx, "other provider", "bob")
        told = said(client_sessions.take(tx, {}, 9))
    assert told == {(ids["hears"], "ann", ""), (ids["each"], "ann", "s1"), (ids["each"], "ann", "s2")}


def test_the_user_is_back_before_it_is_told(store: Store, now: float) -> None:
    """A notice of all a user's sessions, sent again after the user has signed in anew, names those that have ended."""
    with store.transaction(now) as tx:
        ids = register(tx, hears=HEARS, other=HEARS)
        for one in ids.values():
            for sid in ("s1", "s2"):
                client_sessions.begin(tx, one, sid, "ann")
        sessions.revoke_subject(tx, BUILTIN, "ann")
        first = client_sessions.take(tx, {}, 9)
        assert said(first) == {(ids["hears"], "ann", ""), (ids["other"], "ann", "")}
        for notice in first:
            client_sessions.again(tx, notice.id, now + 3 * 3600)
    with store.transaction(now + 3 * 3600) as tx:
        client_sessions.begin(tx, ids["hears"], "s3", "ann")
        client_sessions.purge(tx)
        later = client_sessions.take(tx, {}, 9)
        assert said(later) == {(ids["other"], "ann", ""), (ids["hears"], "ann", "s1"), (ids["hears"], "ann", "s2")}
        assert {one.tries for one in later} == {2}


def test_taken_and_given(store: Store, now: float) -> None:
    """What is taken is nobody else's for a while, then another's, until it is done; each client has only so many at a time."""
    with store.transaction(now) as tx:
        ids = register(tx, one=HEARS, two=HEARS)
        for number in range(5):
            client_sessions.begin(tx, ids["one"], f"s{number}", "ann")
        client_sessions.begin(tx, ids["two"], "s4", "ann")
        for number in range(5):
            sessions.revoke_session(tx, f"s{number}")
        first = client_sessions.take(tx, {ids["one"]: 1}, 2)
        assert sorted(one.client for one in first) == sorted(ids.values())
        assert client_sessions.take(tx, {ids["one"]: 2, ids["two"]: 1}, 2) == []
        assert len(client_sessions.take(tx, {}, 9)) == 4
        assert client_sessions.next_due(tx) == now + LEASE
    with store.transaction(now + LEASE) as tx:
        again = client_sessions.take(tx, {}, 9)
        assert len(again) == 6 and {one.tries for one in again} == {2}
        assert client_sessions.done(tx, again[0].id) and not client_sessions.done(tx, again[0].id)
        client_sessions.again(tx, again[1].id, now + 3600.0)
        assert len(client_sessions.take(tx, {}, 9)) == 0
        clients.remove(tx, "one")
        clients.remove(tx, "two")
        assert client_sessions.next_due(tx) is None


def test_no_more_than_so_many(store: Store, now: float) -> None:
    """The oldest session of a user at a client ends there, which is told so; it may begin there again, and end again."""
    with store.transaction(now) as tx:
        ids = register(tx, hears=HEARS)
    for number in range(MOST + 2):
        with store.transaction(now + number) as tx:
            client_sessions.begin(tx, ids["hears"], f"s{number}", "ann")
    with store.transaction(now + MOST + 2) as tx:
        assert {sid for _, _, sid in said(client_sessions.take(tx, {}, 9))} == {"s0", "s1"}
        client_sessions.begin(tx, ids["hears"], "s0", "ann")
    with store.transaction(now + MOST + 100) as tx:
        client_sessions.take(tx, {}, 9)
        sessions.revoke_session(tx, "s0")
        assert said(client_sessions.take(tx, {}, 9)) == {(ids["hears"], "ann", "s0")}


def test_forgotten_in_the_end(store: Store, now: float) -> None:
    """A month after it began, or five hours after its end, when nobody is told of it any more."""
    with store.transaction(now) as tx:
        ids = register(tx, hears=HEARS)
        client_sessions.begin(tx, ids["hears"], "s1", "ann")
        client_sessions.begin(tx, ids["hears"], "s2", "ann")
        sessions.revoke_session(tx, "s1")
    for later, known in ((17000.0, {"s1", "s2"}), (18001.0, {"s2"}), (29 * 86400.0, {"s2"}), (31 * 86400.0, set())):
        with store.transaction(now + later) as tx:
            client_sessions.purge(tx)
            assert {sid for sid in ("s1", "s2") if client_sessions.clients_of(tx, sid)} == known
