"""What the nodes have counted of passwords that were tried."""

from __future__ import annotations

import pytest

from appproxy.store.database.store import Store
from appproxy.store.people import password_attempts
from appproxy.store.people.password_attempts import KEPT, PASSWORD_ATTEMPTS, KeptAttempt, LearnedAttempts


def attempt(time: float, name: str = "n") -> KeptAttempt:
    """One that failed."""
    return KeptAttempt(time, name, "", "192.0.2.1", "192.0.2.1", False)


def keep(store: Store, process: str, *attempts: KeptAttempt, now: float) -> None:
    """Write what a process has counted."""
    with store.transaction(now) as tx:
        password_attempts.keep(tx, process, attempts)
        assert tx.notices == {PASSWORD_ATTEMPTS}


def learned(store: Store, process: str, after: int = 0, since: float = 0.0) -> LearnedAttempts:
    """What it learns."""
    with store.reading() as reading:
        return password_attempts.of_others(reading, process, after, since)


def test_each_learns_what_the_others_have_counted(store: Store, now: float) -> None:
    """In the order in which it was written, once, and nothing of its own."""
    first, second, third = (attempt(now + at, f"n{at}") for at in range(3))
    keep(store, "a", first, second, now=now)
    keep(store, "b", third, now=now)
    assert learned(store, "a") == LearnedAttempts([third], 3)
    assert learned(store, "b") == LearnedAttempts([first, second], 3)
    assert learned(store, "c", after=1) == LearnedAttempts([second, third], 3)
    assert learned(store, "c", after=3) == LearnedAttempts([], 3)
    assert learned(store, "c", since=now + 1) == LearnedAttempts([third], 3)


def test_a_day_is_enough(store: Store, now: float) -> None:
    """And numbers go on, however long nobody has tried anything: else nodes would miss what comes next."""
    keep(store, "a", attempt(now), attempt(now), now=now)
    with store.transaction(now + KEPT) as tx:
        password_attempts.purge(tx)
    assert learned(store, "b").last == 2 and len(learned(store, "b").attempts) == 1
    later = attempt(now + KEPT)
    keep(store, "a", later, now=now + KEPT)
    assert learned(store, "b", after=2) == LearnedAttempts([later], 3)


def test_an_attack_fills_no_disk(store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are kept."""
    monkeypatch.setattr(password_attempts, "MOST", 3)
    for at in range(5):
        keep(store, "a", attempt(now + at), now=now)
    assert [one.time for one in learned(store, "b").attempts] == [now + 2, now + 3, now + 4]


def test_digests_are_made_with_a_secret_of_the_master_key(store: Store) -> None:
    """Whoever reads the table cannot try words against it."""
    with store.reading() as reading:
        key = password_attempts.digest_key(reading)
        assert len(key) == 32 and key == password_attempts.digest_key(reading) != reading.sealer.secret("something else")
