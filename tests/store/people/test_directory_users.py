"""Users and groups of directories as they are kept here."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere
from appproxy.store.people import directory_users, user_groups, users
from appproxy.store.people.directory_users import KnownUser, NameTaken, Person
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import users as user_table
from tests.store.people.test_directories import add


def test_names_are_nobody_elses(store: Store, now: float) -> None:
    with store.transaction(now) as tx:
        corp, club = add(tx, realms=("corp.example",)), add(tx, "club")
        ann = users.add(tx, "ann", "hash")
        other = directory_users.admit(tx, corp, Person("1", ("ann", "ann@corp.example")))
        assert (other.name, other.id != ann.id, other.directory) == ("ann@corp.example", True, corp.id)
        with pytest.raises(NameTaken, match="'ann' is somebody else's"):
            directory_users.admit(tx, club, Person("1", ("ann",)))
        # Nobody takes a name that means another directory.
        with pytest.raises(NameTaken):
            directory_users.admit(tx, club, Person("2", ("tom@corp.example",)))
        with pytest.raises(NameTaken, match="no name that a user can have"):
            directory_users.admit(tx, club, Person("3", ()))


def test_a_name_is_taken_only_from_the_same_directory(store: Store, now: float) -> None:
    """And only where it is known that nobody else has it there."""
    with store.transaction(now) as tx:
        corp, club = add(tx), add(tx, "club")
        first = directory_users.admit(tx, corp, Person("1", ("eva",)))
        for directory, only_one in ((club, True), (corp, False)):
            with pytest.raises(NameTaken):
                directory_users.admit(tx, directory, Person("2", ("eva",)), only_one)
        second = directory_users.admit(tx, corp, Person("2", ("eva",)), only_one=True)
        assert (second.name, users.find(tx, first.id).name) == ("eva", f"{first.id}+former")


def test_a_directorys_groups_are_its_own(store: Store, now: float) -> None:
    with store.transaction(now) as tx:
        corp = add(tx)
        user_groups.add(tx, "admins")
        with pytest.raises(AlreadyThere):
            directory_users.add_group(tx, corp, "g", "Admins")
        made = directory_users.add_group(tx, corp, "g", "corp admins")
        with pytest.raises(AlreadyThere, match="is here already"):
            directory_users.add_group(tx, corp, "g", "again")
        eva = directory_users.admit(tx, corp, Person("1", ("eva",), groups=frozenset({"g", "unknown"})))
        assert eva.groups == (made,)
        users.add(tx, "ann", "hash")
        for change in (users.add_to_group, users.remove_from_group):
            with pytest.raises(ConfigError, match="is a group of a directory"):
                change(tx, "ann", "corp admins")
        for refused in (lambda: users.set_password(tx, "eva", "hash"), lambda: users.set_profile(tx, "eva", email="a@b")):
            with pytest.raises(ConfigError, match="is a user of a directory"):
                refused()


def test_somebody_who_comes_again_is_the_same_user(store: Store, now: float) -> None:
    """Known by what the directory knows them by: a new name, address and groups are theirs, and nothing ends by that."""
    with store.transaction(now) as tx:
        corp = add(tx)
        staff, board = (directory_users.add_group(tx, corp, subject, subject) for subject in ("staff", "board"))
        first = directory_users.admit(tx, corp, Person("1", ("eva",), "Eva", "eva@corp", frozenset({"staff"}), "p1"))
        own = user_groups.add(tx, "own")
        user_groups.add_member(tx, own.id, first.id)
    with store.transaction(now + 60) as tx:
        second = directory_users.admit(tx, corp, Person("1", ("eva.b",), "Eva B.", "b@corp", frozenset({"board"}), "p1"))
        assert (second.id, second.name, second.display_name, second.email) == (first.id, "eva.b", "Eva B.", "b@corp")
        assert set(second.groups) == {board, own} and staff in first.groups
        assert directory_users.of_user(tx, first.id) == KnownUser(first.id, corp.id, "1", now + 60)
    assert store.build_snapshot().not_before == {}


def test_another_password_ends_what_began_before(store: Store, now: float) -> None:
    """Sessions, and what counts on a known device, as it is for users of our own; the same password ends nothing."""
    with store.transaction(now) as tx:
        corp = add(tx)
        eva = directory_users.admit(tx, corp, Person("1", ("eva",), password_mark="p1"))
    for later, mark, ended in ((60.0, "p1", {}), (120.0, "p2", {(BUILTIN, eva.id): now + 120.0})):
        with store.transaction(now + later) as tx:
            changed = directory_users.admit(tx, corp, Person("1", ("eva",), password_mark=mark)).credentials_changed
        assert store.build_snapshot().not_before == ended
        assert changed == (now + later if ended else now)


def test_who_takes_a_name_over_takes_no_session(store: Store, now: float) -> None:
    """What the one of before has begun under that name ends."""
    with store.transaction(now) as tx:
        corp = add(tx)
        first = directory_users.admit(tx, corp, Person("1", ("eva",)))
    with store.transaction(now + 60) as tx:
        second = directory_users.admit(tx, corp, Person("2", ("eva",)), only_one=True)
    assert second.id != first.id
    assert store.build_snapshot().not_before == {(BUILTIN, first.id): now + 60}


def test_who_may_sign_in_no_more(store: Store, now: float) -> None:
    """Sessions end, and the groups of the directory are forgotten; those of our own stay. Our own users are left alone."""
    with store.transaction(now) as tx:
        corp = add(tx)
        directory_users.add_group(tx, corp, "g", "staff")
        eva = directory_users.admit(tx, corp, Person("1", ("eva",), groups=frozenset({"g"})))
        ann = users.add(tx, "ann", "hash", groups=["own"])
        own = user_groups.find(tx, "own")
        user_groups.add_member(tx, own.id, eva.id)
    with store.transaction(now + 60) as tx:
        for user in (eva, ann):
            directory_users.end(tx, user.id)
        assert users.find(tx, eva.id).groups == (own,) == users.find(tx, ann.id).groups
    assert store.build_snapshot().not_before == {(BUILTIN, eva.id): now + 60}


def test_a_name_of_another_directorys_realm_is_not_given_away(store: Store, now: float) -> None:
    """Who types it means that other directory: the next of the names is taken, or none."""
    with store.transaction(now) as tx:
        corp = add(tx)
        add(tx, "club", realms=("club.example",))
        named = directory_users.admit(tx, corp, Person("1", ("eva@club.example", "eva@corp.example")))
        assert named.name == "eva@corp.example"
        with pytest.raises(NameTaken):
            directory_users.admit(tx, corp, Person("2", ("bob@club.example",)))
        with pytest.raises(NameTaken, match="no name that a user can have"):
            directory_users.admit(tx, corp, Person("3", ()))
    with store.reading() as reading:
        assert [row["name"] for row in reading.rows(sa.select(user_table.c.name))] == ["eva@corp.example"]


def test_whose_they_all_are(store: Store, now: float) -> None:
    """The users of one directory, with the groups that they, or it, have; not those of another."""
    with store.transaction(now) as tx:
        corp, club = add(tx), add(tx, "club")
        empty, staff = directory_users.add_group(tx, corp, "e", "empty"), directory_users.add_group(tx, corp, "s", "staff")
        directory_users.add_group(tx, club, "s", "others")
        eva = directory_users.admit(tx, corp, Person("1", ("eva",), groups=frozenset({"s"})))
        directory_users.admit(tx, club, Person("1", ("bob",)))
        found, groups = directory_users.all_of(tx, corp.id)
        assert set(found) == {eva.id} and set(groups) == {empty.id, staff.id}
        assert directory_users.groups_of(tx, corp.id) == {"e": empty, "s": staff}
        assert directory_users.of_user(tx, users.add(tx, "ann", "hash").id) is None
