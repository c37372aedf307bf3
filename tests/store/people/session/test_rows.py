"""Rows of sessions."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.people.session import refresh as session_refresh
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session import sessions
from appproxy.store.people.session.record import PROVIDER_SESSION_LIFETIME, Begun, RefreshLease, SignInResult
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import session_applications
from appproxy.store.tables.core import sessions as table


def made(now: float, id_: str = "s1", **changes: object) -> SignInResult:
    """A sign-in of Ann at the provider corp."""
    one = SignInResult(
        id=id_, provider="corp", subject="ann", issuer="https://idp", name="Ann", sid="p1", application="wiki",
        expires=now + 3600, address="192.0.2.1", client="Browser/1", auth_time=now - 5, amr=("pwd", "otp"), acr="high",
        claims={"sub": "ann", "groups": ["staff"]}, id_token="canary-id-token", refresh_token="canary-refresh-token",
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def test_a_session_and_its_applications(store: Store, now: float) -> None:
    """What is known of it; signing in to another application in the same browser adds to it, and moves its end no further."""
    with store.transaction(now) as tx:
        assert session_rows.begin(tx, made(now)) == Begun("s1", now + 3600)
    with store.transaction(now + 60) as tx:
        again = made(now + 60, "s2", application="crm", id_token="newer")
        assert session_rows.begin(tx, again, "s1") == Begun("s1", now + 3600)
        (row,) = session_rows.list_all(tx, now + 60)
        assert (row.id, row.began, row.seen, row.applications) == ("s1", now, now + 60, ("crm", "wiki"))
        assert (row.subject, row.amr, row.address, row.client) == ("ann", ("pwd", "otp"), "192.0.2.1", "Browser/1")
        assert session_rows.tokens(tx, "s1").id_token == "newer"
        assert session_rows.tokens(tx, "s2").id_token == ""


def test_what_does_not_go_on(store: Store, now: float) -> None:
    """A session that is over, somebody else's, another provider's, or another one at the same provider."""
    changes: list[dict[str, object]] = [
        {"subject": "bob"}, {"provider": "other"}, {"issuer": "https://other"}, {"sid": "p2"}, {"sid": ""}]
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now))
        for number, change in enumerate(changes):
            assert session_rows.begin(tx, made(now, f"t{number}", **change), "s1") == Begun(f"t{number}", now + 3600)
        session_rows.end(tx, "s1")
        assert session_rows.begin(tx, made(now, "u1"), "s1") == Begun("u1", now + 3600)
    with store.transaction(now + 3601) as tx:
        assert session_rows.begin(tx, made(now + 3601, "u2"), "u1") == Begun("u2", now + 7201)
        assert session_rows.begin(tx, made(now + 3601, "u3"), "never") == Begun("u3", now + 7201)


def test_tokens_are_sealed(store: Store, now: float) -> None:
    """What the database holds tells nothing of them, nor does a print."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now))
        row = tx.row(sa.select(table))
        assert row is not None and "canary" not in repr(dict(row)) and "staff" not in repr(dict(row))
    assert "canary" not in repr(made(now)) and "staff" not in repr(made(now))


def test_whose_sessions(store: Store, now: float) -> None:
    """Of one provider, subject or application; ended and expired ones are in no list."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, "a"))
        session_rows.begin(tx, made(now, "b", subject="bob", application="crm", sid="p2"))
        session_rows.begin(tx, made(now, "c", provider="other", expires=now + 60, application=""))

        def ids(at: float = now, **chosen: str) -> set[str]:
            return {row.id for row in session_rows.list_all(tx, at, **chosen)}  # type: ignore[arg-type]

        assert ids() == {"a", "b", "c"}
        assert ids(now + 60) == {"a", "b"}
        assert ids(provider="corp", subject="ann") == ids(application="wiki") == {"a"}
        assert ids(subject="ann", application="crm") == set()
        assert session_rows.end(tx, "a") is not None
        assert session_rows.end(tx, "a") is None
        assert ids() == {"b", "c"}
        assert len(session_rows.list_all(tx, now, limit=1)) == 1
    assert store.build_snapshot().revoked_sessions == {"a"}


def test_the_provider_ends_one(store: Store, now: float) -> None:
    """By its own name of the session: that alone ends, with those of the subject that have no such name; and what is about
    to begin does not.
    """
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, "a"))
        session_rows.begin(tx, made(now, "b", sid="p2"))
        session_rows.begin(tx, made(now, "c", sid=""))
        session_rows.begin(tx, made(now, "d", provider="other"))
        session_rows.begin(tx, made(now, "e", subject="bob"))
        assert {row.id for row in session_rows.end_at_provider(tx, "corp", "p1", "ann")} == {"a", "c"}
        assert {row.id for row in session_rows.end_at_provider(tx, "corp", "p1")} == {"e"}
        assert session_rows.end_at_provider(tx, "corp", "p1") == []
        assert session_rows.begin(tx, made(now, "f")) is None
        assert session_rows.begin(tx, made(now, "g", provider="third")) is not None
    assert store.build_snapshot().revoked_sessions == {"a", "c", "e"}


def test_the_provider_says_late_that_all_have_ended(store: Store, now: float) -> None:
    """Those that began since stay, with tokens that came since; where none has, a clock that is a minute off counts."""
    before, after = {"iat": now - 500.0}, {"iat": now - 100.0}
    with store.transaction(now - 400) as tx:
        session_rows.begin(tx, made(now, "old", claims=before))
        session_rows.begin(tx, made(now, "foreign", claims=before, subject="bob"))
    with store.transaction(now - 100) as tx:
        session_rows.begin(tx, made(now, "new", claims=after, sid="p2"))
    with store.transaction(now) as tx:
        assert [row.id for row in session_rows.end_until(tx, "corp", "ann", now - 200)] == ["old"]
        assert {row.id for row in session_rows.list_all(tx, now)} == {"new", "foreign"}
    facts = store.build_snapshot()
    assert facts.revoked_sessions == {"old"} and facts.not_before == {("corp", "ann"): now - 200}
    with store.transaction(now) as tx:
        assert [row.id for row in session_rows.end_until(tx, "corp", "bob", now - 200)] == ["foreign"]
        assert [row.id for row in session_rows.end_until(tx, "corp", "ann", now - 50)] == ["new"]
    assert store.build_snapshot().not_before == {("corp", "bob"): now - 140, ("corp", "ann"): now}


def test_whoever_is_barred_has_none(store: Store, now: float) -> None:
    """A change that ends all sessions of a subject, or a provider that is removed, ends their rows."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, "a"))
        session_rows.begin(tx, made(now, "b", provider="other", sid="p2"))
        sessions.revoke_subject(tx, "corp", "ann")
        assert [row.id for row in session_rows.list_all(tx, now)] == ["b"]
        sessions.forget_provider(tx, "other")
        assert session_rows.list_all(tx, now) == []


def test_when_they_were_seen(store: Store, now: float) -> None:
    """Later moments count, whichever is written last."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, "a"))
        session_rows.seen(tx, {"a": now + 300, "nobody": now})
        session_rows.seen(tx, {"a": now + 200})
        found = session_rows.find(tx, "a")
        assert found is not None and found.seen == now + 300


def test_what_is_over_goes(store: Store, now: float) -> None:
    """An hour after its end, with what it has opened; none of this makes a node look again."""
    before = store.revision()
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, "a"))
        session_rows.begin(tx, made(now, "b", sid="p2", expires=now + 90000))
    assert store.revision() == before
    with store.transaction(now) as tx:
        session_rows.end(tx, "b")
    with store.transaction(now + 3599) as tx:
        session_rows.purge(tx)
        assert session_rows.find(tx, "a") is not None and session_rows.find(tx, "b") is not None
    with store.transaction(now + 3601) as tx:
        session_rows.purge(tx)
        assert session_rows.find(tx, "a") is None and session_rows.find(tx, "b") is None
        assert tx.rows(sa.select(session_applications)) == []


def test_the_built_in_providers_session_ends_for_good(store: Store, now: float) -> None:
    """It lasts longer than a session by its settings may: who is signed out is not back an hour later without a password."""
    with store.transaction(now) as tx:
        session_rows.begin(tx, made(now, provider=BUILTIN, sid="of-the-provider", expires=now + 3600))
        session_rows.end(tx, "s1")
    for later in (3601, PROVIDER_SESSION_LIFETIME - 1):
        with store.transaction(now + later) as tx:
            sessions.purge(tx)
        assert "of-the-provider" in store.build_snapshot().revoked_sessions


def test_no_new_refresh_token(store: Store, now: float) -> None:
    """A provider that gives one at the first sign-in only: the session goes on being refreshed with that."""
    with store.transaction(now) as tx:
        assert session_rows.begin(tx, made(now, refresh_at=now + 300)) == Begun("s1", now + 3600, now + 300)
    with store.transaction(now + 60) as tx:
        again = made(now + 60, "s2", refresh_token="", refresh_at=0.0)
        assert session_rows.begin(tx, again, "s1") == Begun("s1", now + 3600, now + 300)
        again = made(now + 60, "s3", refresh_token="another", refresh_at=now + 900)
        assert session_rows.begin(tx, again, "s1") == Begun("s1", now + 3600, now + 900)
        again = replace(again, id="s4", refresh_token="", refresh_at=0.0)
        assert session_rows.begin(tx, again, "s1") == Begun("s1", now + 3600, now + 900)
    with store.transaction(now + 900) as tx:
        lease = session_refresh.take(tx, "s1")
        assert isinstance(lease, RefreshLease) and lease.refresh_token == "another"
