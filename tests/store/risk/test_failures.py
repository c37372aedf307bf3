"""Wrong passwords by network and user: what is counted, for whom, and for how long."""

from __future__ import annotations

import pytest

from appproxy.policy.risk.signals import WINDOW
from appproxy.store.database.store import Store
from appproxy.store.risk import failures
from appproxy.store.risk.failures import NOBODY, UNTRIED, Failures

HOME, AWAY = "192.0.2.0/24", "198.51.100.0/24"


def add(store: Store, now: float, network: str, subject: str, count: int = 1) -> None:
    """So many wrong passwords."""
    with store.transaction(now) as tx:
        failures.add(tx, {(network, subject): count})


def around(store: Store, now: float, network: str, subject: str) -> Failures:
    """What is known when somebody signs in."""
    with store.reading() as reading:
        return failures.around(reading, network, subject, now)


def test_whose_they_were(store: Store, now: float) -> None:
    """The user's own from here, other networks that have tried the user, and other users who were tried from here."""
    for network, subject, count in ((HOME, "ann", 2), (HOME, "ann", 3), (AWAY, "ann", 1), (HOME, "bob", 9), (AWAY, "eva", 9)):
        add(store, now, network, subject, count)
    assert around(store, now, HOME, "ann") == Failures(5, 1, 1)
    assert around(store, now, AWAY, "ann") == Failures(1, 1, 1)
    assert around(store, now, AWAY, "bob") == Failures(0, 1, 2)
    assert around(store, now, "203.0.113.0/24", "zoe") == Failures(0, 0, 0)


def test_what_costs_nothing_counts_apart(store: Store, now: float) -> None:
    """Names that nobody has, and passwords that were not tried, say little about others at the same address."""
    for subject in (f"{NOBODY}1", f"{NOBODY}2", f"{UNTRIED}bob"):
        add(store, now, HOME, subject)
    assert around(store, now, HOME, "ann") == Failures(0, 0, 0, 3)


def test_a_user_whose_password_was_not_tried_is_still_the_user(store: Store, now: float) -> None:
    """Too many attempts for somebody are attempts for them."""
    add(store, now, HOME, f"{UNTRIED}ann", 4)
    add(store, now, AWAY, f"{UNTRIED}ann")
    assert around(store, now, HOME, "ann") == Failures(4, 1, 0)


def test_of_users_of_other_providers_only_the_network_is_known(store: Store, now: float) -> None:
    """Their passwords are typed elsewhere."""
    add(store, now, HOME, "ann", 5)
    add(store, now, HOME, f"{NOBODY}1")
    assert around(store, now, HOME, "") == Failures(0, 0, 1, 1)


@pytest.mark.parametrize(("later", "own"), [(0.0, 1), (WINDOW - 3600.0, 1), (WINDOW + 3600.0, 0)])
def test_they_count_for_a_day(store: Store, now: float, later: float, own: int) -> None:
    """By the hour: what is a day old is no sign of what goes on now."""
    add(store, now, HOME, "ann")
    assert around(store, now + later, HOME, "ann").own == own


def test_what_is_older_is_forgotten(store: Store, now: float) -> None:
    """What still counts stays."""
    add(store, now, HOME, "ann")
    add(store, now + WINDOW, HOME, "bob")
    with store.transaction(now + WINDOW + 3600) as tx:
        failures.purge(tx)
    assert around(store, now, HOME, "ann") == Failures(0, 0, 1)


def test_there_is_room_for_so_many(store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attack with a great many names fills no disk: the oldest hours go."""
    monkeypatch.setattr(failures, "_MOST", 3)
    for hour in range(5):
        add(store, now + hour * 3600, HOME, f"user{hour}")
    with store.transaction(now + 4 * 3600) as tx:
        failures.purge(tx)
    assert around(store, now, HOME, "ann").others == 3
    assert around(store, now, HOME, "user4").own == 1 and around(store, now, HOME, "user1").own == 0
