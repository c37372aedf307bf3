"""Users of the built-in identity provider."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.paging import ListPage
from appproxy.store.people import user_groups, users
from appproxy.store.people.session import sessions
from appproxy.store.snapshot import BUILTIN


def not_before(store: Store, subject: str) -> float:
    """The moment before which the snapshot lets no session of the subject count; 0: all count."""
    return store.build_snapshot().not_before.get((BUILTIN, subject), 0.0)


def test_a_user_is_found_however_the_name_is_typed(store: Store, now: float) -> None:
    """By name in any capitals, and by id."""
    with store.transaction(now) as tx:
        made = users.add(tx, "Ann", "hash", "Ann Example", "ann@example.com", ["Staff", "Lab"])
        assert made.name == "ann" and [group.name for group in made.groups] == ["Lab", "Staff"]
        assert users.find_by_name(tx, "ANN") == users.find(tx, "aNN") == users.find(tx, made.id) == made
        assert users.list_all(tx) == [
            (made.id, "ann", "Ann Example", "ann@example.com", False, ["Lab", "Staff"], now, "")]
        assert users.find_by_name(tx, "bob") is None
        assert users.find_by_name(tx, made.id) is None
    assert "hash" not in repr(made)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "ANN"}, AlreadyThere),
        ({"name": "a b"}, ConfigError),
        ({"email": "nonsense"}, ConfigError),
        ({"email": "a@b@c"}, ConfigError),
        ({"email": "a b@c"}, ConfigError),
        ({"email": "a@" + "b" * 260}, ConfigError),
        ({"display_name": "a\nb"}, ConfigError),
        ({"display_name": "x" * 129}, ConfigError),
        ({"groups": ["a/b"]}, ConfigError),
    ],
)
def test_refusals(store: Store, now: float, arguments: dict[str, object], error: type[Exception]) -> None:
    """A name that is taken, and values that are none."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash")
    with pytest.raises(error), store.transaction(now) as tx:
        users.add(tx, **{"name": "bob", "password_hash": "hash"} | arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["", "ann\0", "\0", "x" * 65, "ann lee", "\udcff"])
def test_a_name_that_nobody_can_have(store: Store, typed: str) -> None:
    """Is nobody's; no database is asked for what it cannot hold."""
    with store.reading() as reading:
        assert users.find_by_name(reading, typed) is None


def test_as_much_is_asked_for_nobody(store: Store, now: float) -> None:
    """A wrong password that is known as such costs no hash: then the look-up alone is what could be measured."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash", groups=["staff"])
    asked: dict[str, list[str]] = {}
    for name in ("ann", "nobody"):
        with store.reading() as reading:
            asked[name] = []

            def note(*arguments: Any, name: str = name) -> None:
                asked[name].append(arguments[2])

            sa.event.listen(reading.connection, "before_cursor_execute", note)
            users.find_by_name(reading, name)
    assert len(asked["ann"]) == 2
    assert asked["nobody"] == asked["ann"]


def test_a_new_password_ends_sessions(store: Store, now: float) -> None:
    """Whoever knew the old one is out."""
    with store.transaction(now) as tx:
        made = users.add(tx, "ann", "old")
    with store.transaction(now + 5) as tx:
        changed = users.set_password(tx, "ann", "new")
    assert (changed.password_hash, changed.credentials_changed) == ("new", now + 5)
    assert not_before(store, made.id) == now + 5


def test_a_stronger_hash_changes_nothing_else(store: Store, now: float) -> None:
    """Sessions live on, and a password that was changed meanwhile stays changed."""
    with store.transaction(now) as tx:
        made = users.add(tx, "ann", "weak")
        users.improve_hash(tx, made.id, "weak", "strong")
        users.improve_hash(tx, made.id, "weak", "late")
        assert users.find(tx, "ann").password_hash == "strong"
    assert not_before(store, made.id) == 0


def test_a_disabled_user_has_no_session_at_all(store: Store, now: float) -> None:
    """Also none that a sign-in under way would begin a second later; and the old ones stay ended when enabled again."""
    with store.transaction(now) as tx:
        made = users.add(tx, "ann", "hash")
        assert users.disable(tx, "ann").disabled
        sessions.revoke_subject(tx, BUILTIN, made.id)
    assert not_before(store, made.id) > now + 1e9
    with store.transaction(now + 40 * 86400) as tx:
        sessions.purge(tx)
    assert not_before(store, made.id) > now + 1e9
    with store.transaction(now + 50 * 86400) as tx:
        assert not users.disable(tx, "ann", False).disabled
    assert not_before(store, made.id) == now + 50 * 86400


def test_enabling_an_enabled_user_ends_nothing(store: Store, now: float) -> None:
    """A script that makes sure of it each hour signs nobody out."""
    with store.transaction(now) as tx:
        made = users.add(tx, "ann", "hash")
        users.disable(tx, "ann", False)
    assert not_before(store, made.id) == 0


def test_a_removed_user_is_gone_with_all_sessions(store: Store, now: float) -> None:
    """Until the longest session has ended by itself; then nothing is remembered."""
    with store.transaction(now) as tx:
        made = users.add(tx, "ann", "hash", groups=["staff"])
        users.remove(tx, "ann")
        with pytest.raises(NotFound):
            users.find(tx, "ann")
    assert not_before(store, made.id) > now + 1e9
    with store.transaction(now + sessions.LONGEST + 1) as tx:
        sessions.purge(tx)
    assert not_before(store, made.id) == 0


def test_groups_come_and_go(store: Store, now: float) -> None:
    """Leaving a group ends sessions, because their cookies name it; joining one does not."""
    with store.transaction(now) as tx:
        made = users.add(tx, "ann", "hash", groups=["staff", "lab"])
        users.add(tx, "bob", "hash", groups=["ops"])
        users.add_to_group(tx, "ann", "ops")
        users.add_to_group(tx, "ann", "ops")
    assert not_before(store, made.id) == 0
    with store.transaction(now + 1) as tx:
        left = users.remove_from_group(tx, "ann", "lab")
        assert [group.name for group in left.groups] == ["ops", "staff"]
        with pytest.raises(NotFound, match="no group 'labb'; did you mean lab"):
            users.add_to_group(tx, "ann", "labb")
        with pytest.raises(NotFound):
            users.remove_from_group(tx, "bob", "lab")
    assert not_before(store, made.id) == now + 1


def test_a_profile_can_be_changed(store: Store, now: float) -> None:
    """One value or both; an empty display name is the user's name again."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash", "Ann", "ann@example.com")
        assert users.set_profile(tx, "ann", email="a@example.org").display_name == "Ann"
        assert users.set_profile(tx, "ann", display_name="").display_name == "ann"
        assert users.find(tx, "ann").email == "a@example.org"
        assert users.set_profile(tx, "ann", email="").email == ""


@pytest.mark.parametrize("page", [None, ListPage(3), ListPage(4, after="u03"), ListPage(500, search="1")])
def test_a_listing_says_what_each_user_says(store: Store, now: float, page: ListPage | None) -> None:
    """Of many users in many groups, with the order of names in both, as asking for each by itself does."""
    chance = random.Random(5)
    with store.transaction(now) as tx:
        for name in ("Zoo", "alpha", "Beta", "beta-2", "ÄÖ", "a, b", "lonely"):
            user_groups.add(tx, name)
        for number in range(25):
            made = users.add(tx, f"u{number:02}", "hash", f"User {number}", groups=chance.sample(
                ["zoo", "alpha", "BETA", "beta-2", "äö", "a, b"], number % 7))
            users.disable(tx, made.id, number % 4 == 0)
    with store.reading() as reading:
        listed = users.list_all(reading, page)
        assert len(listed) > 2
        for one in listed:
            each = users.find(reading, one.id)
            assert one == (
                each.id, each.name, each.display_name, each.email, each.disabled, [group.name for group in each.groups],
                each.credentials_changed, each.directory)
        assert [one.name for one in listed] == sorted(one.name for one in listed)
        ids = None if page is None else [one.id for one in user_groups.list_all(reading, ListPage(2))]
        members = user_groups.member_names(reading, ids)
        for group in user_groups.list_all(reading):
            found = [users.find(reading, id_).name for id_ in user_groups.members(reading, group.id)]
            assert members.get(group.id, []) == (found if ids is None or group.id in ids else [])
        assert users.enabled(reading) == [one.id for one in users.list_all(reading) if not one.disabled]
