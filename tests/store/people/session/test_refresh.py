"""Whose turn it is to refresh a session: one process at a time, and never one that has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.people.session import refresh
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import Later, Refreshed, RefreshLease, SignInResult
from appproxy.store.tables.core import sessions as table

#: When the provider is to be asked, after the beginning.
DUE = 300.0


@pytest.fixture
def began(store: Store, now: float) -> SignInResult:
    """A session of Ann that is to be refreshed."""
    made = SignInResult(
        id="s1", provider="corp", subject="ann", issuer="https://idp", name="Ann", sid="p1", application="wiki",
        expires=now + 3600, address="192.0.2.1", client="Browser/1", auth_time=now - 5, amr=("pwd", "otp"), acr="high",
        claims={"groups": ["staff"]}, id_token="first id token", refresh_token="first token", refresh_at=now + DUE)
    with store.transaction(now) as tx:
        session_rows.begin(tx, made)
    return made


def take(store: Store, now: float, id_: str = "s1") -> RefreshLease | Refreshed | Later | None:
    """A process asks what is to be done."""
    with store.transaction(now) as tx:
        return refresh.take(tx, id_)


def leased(store: Store, now: float) -> RefreshLease:
    """A process whose turn it is."""
    taken = take(store, now)
    assert isinstance(taken, RefreshLease)
    return taken


def finished(store: Store, now: float, lease: RefreshLease, token: str = "", id_token: str = "", **said: object) -> bool:
    """What the provider has said is written down."""
    with store.transaction(now) as tx:
        made = replace(lease.before, **said)  # type: ignore[arg-type]
        return refresh.finish(tx, lease, made, token, id_token)


def test_it_is_known_until_it_is_due(store: Store, now: float, began: SignInResult) -> None:
    """Nobody asks a provider before; what was said last is told."""
    known = take(store, now + DUE - 1)
    assert known == Refreshed("s1", "Ann", began.auth_time, ("pwd", "otp"), "high", now + DUE, {"groups": ["staff"]})


def test_one_process_asks(store: Store, now: float, began: SignInResult) -> None:
    """A refresh token may be good for one use: all others wait until the lease is over, and then the next one has it."""
    due = now + DUE
    lease = leased(store, due)
    assert (lease.refresh_token, lease.until, lease.ends) == ("first token", due + refresh.LEASE, now + 3600)
    assert (lease.provider, lease.subject, lease.issuer) == ("corp", "ann", "https://idp")
    assert "first token" not in repr(lease)
    assert take(store, due + 1) == take(store, due + refresh.LEASE - 1) == Later(due + refresh.LEASE)
    assert leased(store, due + refresh.LEASE).until == due + 2 * refresh.LEASE


def test_a_clock_that_was_set_back_holds_nobody_up(store: Store, now: float, began: SignInResult) -> None:
    """A lease that ends further off than any can is over."""
    with store.transaction(now) as tx:
        tx.change(sa.update(table).values(lease_until=now + DUE + refresh.LEASE + 1))
    assert leased(store, now + DUE).until == now + DUE + refresh.LEASE


def test_what_the_provider_says_counts(store: Store, now: float, began: SignInResult) -> None:
    """From then on, for all processes; an empty token leaves the one that is there."""
    due = now + DUE
    lease = leased(store, due)
    assert finished(store, due + 1, lease, "second token", name="Ann B.", claims={"groups": []}, refresh_at=due + DUE)
    known = take(store, due + 2)
    assert isinstance(known, Refreshed)
    assert (known.name, known.claims, known.refresh_at) == ("Ann B.", {"groups": []}, due + DUE)
    with store.reading() as reading:
        assert session_rows.tokens(reading, "s1").id_token == "first id token"
    again = leased(store, due + DUE)
    assert again.refresh_token == "second token"
    assert finished(store, due + DUE + 1, again, "", "second id token", refresh_at=due + 2 * DUE)
    with store.reading() as reading:
        assert session_rows.tokens(reading, "s1").id_token == "second id token"
        row = session_rows.find(reading, "s1")
    assert row is not None and row.refreshes == 2
    assert leased(store, due + 2 * DUE).refresh_token == "second token"


def test_who_comes_late_changes_nothing(store: Store, now: float, began: SignInResult) -> None:
    """A process whose lease another one has now has an old answer."""
    due = now + DUE
    late = leased(store, due)
    leased(store, due + refresh.LEASE)
    assert not finished(store, due + refresh.LEASE + 1, late, "old token", name="Old", refresh_at=due + 9 * DUE)
    with store.transaction(due + refresh.LEASE + 2) as tx:
        refresh.give_back(tx, late, 0.0)
    assert isinstance(take(store, due + refresh.LEASE + 3), Later)


def test_a_session_that_ended_meanwhile_stays_so(store: Store, now: float, began: SignInResult) -> None:
    """Who signs out while the provider is asked is signed out, whatever it answers."""
    due = now + DUE
    lease = leased(store, due)
    with store.transaction(due + 1) as tx:
        session_rows.end(tx, "s1")
    assert not finished(store, due + 2, lease, "second token", refresh_at=due + DUE)
    assert take(store, due + 3) is None


def test_a_provider_that_is_away(store: Store, now: float, began: SignInResult) -> None:
    """Nobody asks it before the time that was said; then somebody does, with the same token."""
    due = now + DUE
    lease = leased(store, due)
    with store.transaction(due + 45) as tx:
        refresh.give_back(tx, lease, due + 60)
    assert take(store, due + 50) == Later(due + 60)
    assert leased(store, due + 60).refresh_token == "first token"


@pytest.mark.parametrize(("id_", "later"), [("s1", 3600.0), ("unknown", DUE)])
def test_one_that_is_over_or_unknown_counts_no_more(
    store: Store, now: float, began: SignInResult, id_: str, later: float
) -> None:
    """Its cookie is refused by all nodes from then on."""
    assert take(store, now + later, id_) is None
    assert id_ in store.build_snapshot().revoked_sessions


def test_nothing_is_refreshed_without_a_time(store: Store, now: float, began: SignInResult) -> None:
    """A session without refresh tokens lasts as it began."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, replace(began, id="s2", subject="bob", refresh_token="", refresh_at=0.0))
    known = take(store, now + 3599, "s2")
    assert isinstance(known, Refreshed) and known.refresh_at == 0.0
