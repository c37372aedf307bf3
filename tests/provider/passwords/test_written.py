"""Which sign-ins the audit has one by one, and of which it has the number."""

from __future__ import annotations

import math
from dataclasses import replace

from appproxy.provider.passwords.written import Count, Written
from appproxy.store.people import users
from appproxy.store.people.users import User
from appproxy.store.service.actions import USER_PASSWORD_ACCEPTED, USER_SIGN_IN, USER_SIGN_IN_FAILED
from tests.provider.house import House


def ann(house: House) -> User:
    """A user."""
    return house.read(users.find, "ann")


def test_a_program_that_signs_in_all_the_time(house: House) -> None:
    """Some an hour by itself, and the number of the rest, by user and place; another place begins for itself."""
    written, user = Written(), ann(house)
    assert [written.succeeded(user, "192.0.2.1", 0.0) for _ in range(1000)] == [True] * 20 + [False] * 980
    assert written.succeeded(user, "192.0.2.2", 0.0)
    assert written.due(3599.0) == []
    assert written.due(3600.0) == [Count("user:ann", USER_SIGN_IN, user.id, "192.0.2.1", 980)]
    assert written.due(3600.0) == []
    assert written.succeeded(user, "192.0.2.1", 3600.0)


def test_from_any_number_of_places(house: House) -> None:
    """Of one user a few hundred an hour, wherever they come from."""
    written, user = Written(), ann(house)
    assert sum(written.succeeded(user, f"192.0.2.{number}", 0.0) for number in range(1000)) == 300
    assert written.due(math.inf) == [Count("user:ann", USER_SIGN_IN, user.id, "", 700)]


def test_many_users(house: House) -> None:
    """What one does leaves the others' first ones where they are."""
    written, user = Written(), ann(house)
    others = [replace(user, id=str(number), name=f"u{number}") for number in range(2000)]
    assert all(written.succeeded(other, "192.0.2.1", 0.0) for other in others)


def test_the_same_wrong_password(house: House) -> None:
    """The first is written as any other; of those after it the number is, by user and place."""
    written, user = Written(), ann(house)
    for _ in range(60):
        written.repeated(user, "192.0.2.1", 0.0)
    written.repeated(None, "192.0.2.1", 0.0)
    again = "the same wrong password again"
    assert written.due(3600.0) == [
        Count("anonymous", USER_SIGN_IN_FAILED, user.id, "192.0.2.1", 60, again),
        Count("anonymous", USER_SIGN_IN_FAILED, "", "192.0.2.1", 1, again),
    ]


def test_entries_are_bounded(house: House) -> None:
    """However many places repeat a wrong password, an hour has a thousand entries of them."""
    written, user = Written(), ann(house)
    for number in range(3000):
        written.repeated(user, f"2001:db8:{number:x}::/48", 0.0)
    counts = written.due(3600.0)
    assert len(counts) <= 1001
    assert sum(count.more for count in counts) == 3000


def test_half_sign_ins(house: House) -> None:
    """A right password without its second factor is no sign-in, also not in the numbers."""
    written, user = Written(), ann(house)
    assert [written.half(user, "192.0.2.1", 0.0) for _ in range(50)] == [True] * 20 + [False] * 30
    assert written.due(3600.0) == [Count("anonymous", USER_PASSWORD_ACCEPTED, user.id, "192.0.2.1", 30)]
