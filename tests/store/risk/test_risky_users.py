"""Users against whom something is held."""

from __future__ import annotations

from appproxy.policy.risk.features import Seen, networks_of
from appproxy.policy.risk.levels import HIGH, LOW, MEDIUM, Thresholds
from appproxy.policy.risk.outcome import RiskState, SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.risk import risky_users, sign_ins
from appproxy.store.snapshot import BUILTIN

LEVELS = Thresholds()


def ann(store: Store, now: float) -> str:
    """A user."""
    with store.transaction(now) as tx:
        return users.add(tx, "ann", "hash").id


def held(store: Store, now: float, subject: str, score: float, session: str = "s1") -> None:
    """A sign-in that speaks against a user."""
    seen = Seen(now, networks_of("192.0.2.7"), "DE", None, "Firefox on Linux", "linux", "laptop")
    with store.transaction(now) as tx:
        sign_ins.add(tx, Judgement(seen, MEDIUM, score, ()), provider=BUILTIN, subject=subject, name="ann", session=session,
                     application="", outcome=SignInOutcome.PASSED, state=RiskState.OPEN)
        risky_users.refresh(tx, BUILTIN, subject, "ann", LEVELS)


def level(store: Store, now: float, subject: str) -> str:
    """As policies see it."""
    return store.build_snapshot().user_risk(BUILTIN, subject, now)


def test_what_is_held_against_somebody_is_in_the_snapshot(store: Store, now: float) -> None:
    """And in the list, until it has faded."""
    subject = ann(store, now)
    held(store, now, subject, 30.0)
    assert level(store, now, subject) in (MEDIUM, HIGH)
    with store.reading() as reading:
        [listed] = risky_users.list_all(reading, now)
        assert (listed.subject, listed.name, listed.confirmed, listed.changed) == (subject, "ann", False, now)
        assert risky_users.list_all(reading, listed.risk.medium_until) == []
        assert not risky_users.is_confirmed(reading, BUILTIN, subject)
    assert level(store, listed.risk.medium_until, subject) == LOW


def test_what_says_nothing_new_changes_no_snapshot(store: Store, now: float) -> None:
    """All nodes would read it again otherwise, at each sign-in of somebody at risk."""
    subject = ann(store, now)
    held(store, now, subject, 30.0)
    before = store.revision()
    with store.transaction(now + 1) as tx:
        risky_users.refresh(tx, BUILTIN, subject, "ann", LEVELS)
    assert store.revision() == before


def test_what_is_settled_is_held_no_more(store: Store, now: float) -> None:
    """The user has proved that it was them."""
    subject = ann(store, now)
    held(store, now, subject, 30.0)
    with store.transaction(now + 1) as tx:
        sign_ins.mark(tx, sign_ins.is_open(BUILTIN, subject), RiskState.PROVED)
        risky_users.refresh(tx, BUILTIN, subject, "ann", LEVELS)
    assert level(store, now + 1, subject) == LOW


def test_what_an_admin_has_said_stays(store: Store, now: float) -> None:
    """Neither time nor a sign-in that looks usual takes it back, only another word of an admin."""
    subject = ann(store, now)
    with store.transaction(now) as tx:
        risky_users.confirm(tx, BUILTIN, subject, "ann")
    years = now + 3 * 365 * 86400
    with store.transaction(years) as tx:
        risky_users.refresh(tx, BUILTIN, subject, "ann", LEVELS)
        risky_users.purge(tx)
        assert risky_users.is_confirmed(tx, BUILTIN, subject)
    assert level(store, years, subject) == HIGH
    with store.transaction(years) as tx:
        risky_users.refresh(tx, BUILTIN, subject, "ann", LEVELS, cleared=True)
    assert level(store, years, subject) == LOW


def test_who_is_called_so_elsewhere_is_somebody_else(store: Store, now: float) -> None:
    """A subject is its provider's alone."""
    subject = ann(store, now)
    with store.transaction(now) as tx:
        risky_users.confirm(tx, "corp", subject, "ann")
    assert level(store, now, subject) == LOW
    with store.reading() as reading:
        assert not risky_users.is_confirmed(reading, BUILTIN, subject)


def test_who_is_gone_is_forgotten(store: Store, now: float) -> None:
    """Users of our own who were removed, and those of providers that were; who is there stays."""
    subject = ann(store, now)
    with store.transaction(now) as tx:
        for provider, other in ((BUILTIN, subject), (BUILTIN, "gone"), ("gone", "bob")):
            risky_users.confirm(tx, provider, other, "somebody")
        risky_users.purge(tx)
        assert [key for key in risky_users.all_of(tx)] == [(BUILTIN, subject)]
