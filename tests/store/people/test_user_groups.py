"""Groups of users."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import user_groups, users
from appproxy.store.snapshot import BUILTIN


def test_groups_are_found_by_name_and_id(store: Store, now: float) -> None:
    """Capitals do not matter, and no two groups have one name."""
    with store.transaction(now) as tx:
        made = user_groups.add(tx, "Staff")
        assert user_groups.find(tx, "staff") == user_groups.find(tx, made.id) == user_groups.find_or_add(tx, "STAFF")
        with pytest.raises(AlreadyThere):
            user_groups.add(tx, "STAFF")
        with pytest.raises(ConfigError):
            user_groups.add(tx, "")
        assert user_groups.list_all(tx) == [made]


def test_members(store: Store, now: float) -> None:
    """Who is in, seen from the group and from the user."""
    with store.transaction(now) as tx:
        bob = users.add(tx, "bob", "hash", groups=["staff"])
        ann = users.add(tx, "ann", "hash", groups=["staff", "lab"])
        staff = user_groups.find(tx, "staff")
        assert user_groups.members(tx, staff.id) == [ann.id, bob.id]
        assert user_groups.names_by_user(tx) == {bob.id: ["staff"], ann.id: ["lab", "staff"]}
        assert user_groups.names_by_user(tx, [bob.id]) == {bob.id: ["staff"]}
        assert user_groups.member_names(tx) == {staff.id: ["ann", "bob"], user_groups.find(tx, "lab").id: ["ann"]}
        assert {id_: set(ids) for id_, ids in user_groups.ids_by_user(tx).items()} == {
            one.id: {group.id for group in one.groups} for one in (ann, bob)}


def test_removing_a_group_ends_its_members_sessions(store: Store, now: float) -> None:
    """Their cookies name a group that lets nobody in any more."""
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash", groups=["staff"])
        bob = users.add(tx, "bob", "hash")
    with store.transaction(now + 1) as tx:
        user_groups.remove(tx, "staff")
        assert users.find(tx, "ann").groups == ()
        with pytest.raises(NotFound):
            user_groups.find(tx, "staff")
    found = store.build_snapshot().not_before
    assert found == {(BUILTIN, ann.id): now + 1} and bob.id != ann.id
