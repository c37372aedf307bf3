"""Who may use an application."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.publish.application import Application, ProviderAccess
from appproxy.store.applications import applications, assignments
from appproxy.store.database.store import Store
from appproxy.store.names import NotFound
from appproxy.store.people import providers, user_groups, users


@pytest.fixture
def wiki(store: Store, now: float) -> Application:
    """An application, a user ann in the group staff, and another provider."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash", groups=["Staff"])
        providers.add(tx, "corp", "https://idp.example.org", "id", "secret")
        return applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")


def test_users_and_groups_go_by_name(store: Store, wiki: Application, now: float) -> None:
    """Tokens carry ids; admins never see them."""
    with store.transaction(now) as tx:
        user = assignments.assign(tx, "wiki", user="Ann")
        group = assignments.assign(tx, "wiki", group="staff")
        assert assignments.assign(tx, "wiki", group="staff") == group
        assert assignments.list_for(tx, "wiki") == [group, user]
        assert (user.value, user.label) == (users.find(tx, "ann").id, "ann")
        assert (group.value, group.label) == (user_groups.find(tx, "staff").id, "Staff")
        found = applications.find(tx, "wiki")
    assert found.assigned_users == {user.value} and found.assigned_groups == {group.value}


def test_other_providers_go_by_what_tokens_carry(store: Store, wiki: Application, now: float) -> None:
    """The subject and the group claim are taken exactly as they are."""
    with store.transaction(now) as tx:
        applications.set_values(tx, "wiki", {"provider": "corp"})
        assert assignments.assign(tx, "wiki", group="CN=Staff,DC=x").value == "CN=Staff,DC=x"
        assert assignments.assign(tx, "wiki", user="ann").value == "ann"
        found = applications.find(tx, "wiki")
    assert found.assigned_users == {"ann"} and found.assigned_groups == {"CN=Staff,DC=x"}


def test_only_the_own_provider_counts(store: Store, wiki: Application, now: float) -> None:
    """A subject of another provider that happens to be the same lets nobody in."""
    with store.transaction(now) as tx:
        assignments.assign(tx, "wiki", user="ann")
        assignments.assign(tx, "wiki", user="someone", provider="corp")
        assert applications.find(tx, "wiki").assigned_users == {users.find(tx, "ann").id}
        applications.set_values(tx, "wiki", {"provider": "corp"})
        assert applications.find(tx, "wiki").assigned_users == {"someone"}


def test_a_provider_that_leaves_takes_its_people_along(store: Store, wiki: Application, now: float) -> None:
    """Whoever adds it again lets nobody in by that; those of providers that stay, or had yet to come, are kept."""
    with store.transaction(now) as tx:
        other = applications.publish(tx, "other", "http://other/", "https://other.example.com/")
        applications.set_values(tx, "wiki", {"provider": "builtin,corp"})
        assignments.assign(tx, "wiki", user="ann")
        assignments.assign(tx, "wiki", user="x1", provider="corp")
        assignments.assign(tx, "wiki", group="g1", provider="corp")
        assignments.assign(tx, other.id, user="x1", provider="corp")
        applications.set_values(tx, "wiki", {"provider": "corp,builtin"})
        assert [one.value for one in assignments.list_for(tx, "wiki")] == ["g1", users.find(tx, "ann").id, "x1"]
        applications.set_values(tx, "wiki", {"provider": "builtin"})
        assert [one.label for one in assignments.list_for(tx, "wiki")] == ["ann"]
        applications.set_values(tx, "wiki", {"provider": "corp"})
        assert assignments.list_for(tx, "wiki") == []
        assert [one.value for one in assignments.list_for(tx, "other")] == ["x1"]


def test_what_was_assigned_can_be_taken_back(store: Store, wiki: Application, now: float) -> None:
    """Once; the second time there is nothing to take."""
    with store.transaction(now) as tx:
        assignments.assign(tx, "wiki", user="ann")
        assignments.unassign(tx, "wiki", user="ann")
        assert applications.find(tx, "wiki").assigned_users == frozenset()
        with pytest.raises(NotFound, match="user assigned to wiki"):
            assignments.unassign(tx, "wiki", user="ann")


def test_a_removed_user_leaves_nothing(store: Store, wiki: Application, now: float) -> None:
    """Neither a removed group."""
    with store.transaction(now) as tx:
        assignments.assign(tx, "wiki", user="ann")
        assignments.assign(tx, "wiki", group="staff")
        users.remove(tx, "ann")
        user_groups.remove(tx, "staff")
        assert assignments.list_for(tx, "wiki") == []


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ({}, ConfigError),
        ({"user": "ann", "group": "staff"}, ConfigError),
        ({"user": "anm"}, NotFound),
        ({"group": "stuff"}, NotFound),
        ({"user": "ann", "provider": "crop"}, NotFound),
        ({"user": "", "provider": "corp"}, ConfigError),
        ({"user": "x" * 256, "provider": "corp"}, ConfigError),
        ({"group": "a\nb", "provider": "corp"}, ConfigError),
        ({"user": "anm", "maintainer": True}, NotFound),
    ],
)
def test_refusals(store: Store, wiki: Application, now: float, who: dict[str, Any], error: type[Exception]) -> None:
    """A name that is not there, or not exactly one."""
    with pytest.raises(error), store.transaction(now) as tx:
        assignments.assign(tx, wiki.id, **who)


def test_maintainers(store: Store, wiki: Application, now: float) -> None:
    """Said once it stays, until the opposite is said; only the own provider's count; in the snapshot as in the store."""
    with store.transaction(now) as tx:
        assert not assignments.assign(tx, "wiki", user="ann").maintainer
        assert assignments.assign(tx, "wiki", user="ann", maintainer=True).maintainer
        assert assignments.assign(tx, "wiki", user="ann").maintainer
        assignments.assign(tx, "wiki", group="staff", maintainer=True)
        assignments.assign(tx, "wiki", user="someone", provider="corp", maintainer=True)
        assert all(one.maintainer for one in assignments.list_for(tx, "wiki"))
        found = applications.find(tx, "wiki")
        [listed] = applications.list_all(tx)
    assert found.maintaining_users == found.assigned_users and found.maintaining_groups == found.assigned_groups
    assert len(found.maintaining_users) == 1 and listed.maintaining_users == found.maintaining_users
    assert store.build_snapshot().applications[wiki.id].maintaining_groups == found.maintaining_groups
    with store.transaction(now) as tx:
        assert not assignments.assign(tx, "wiki", user="ann", maintainer=False).maintainer
    changed = store.build_snapshot().applications[wiki.id]
    assert changed.maintaining_users == frozenset() and changed.assigned_users == found.assigned_users


def test_no_maintainers_where_nobody_signs_in(store: Store, wiki: Application, now: float) -> None:
    """Nobody could tell them from others, and the refusal says so."""
    with store.transaction(now) as tx:
        applications.set_values(tx, "wiki", {"preauth": "passthrough"})
        with pytest.raises(ConfigError, match="preauth=passthrough"):
            assignments.assign(tx, "wiki", user="ann", maintainer=True)
        assert assignments.list_for(tx, "wiki") == []


def test_of_several_providers_each_has_its_own(store: Store, wiki: Application, now: float) -> None:
    """What is assigned names a provider; without one it is the application's first. All count, each for itself."""
    with store.transaction(now) as tx:
        applications.set_values(tx, "wiki", {"provider": "builtin, corp"})
        corp = providers.find(tx, "corp").id
        assignments.assign(tx, "wiki", user="ann")
        assignments.assign(tx, "wiki", user="ann", provider="corp", maintainer=True)
        assignments.assign(tx, "wiki", group="staff", provider="corp")
        found, listed = applications.find(tx, "wiki"), applications.list_all(tx)[0]
        ann = users.find(tx, "ann").id
    assert found == listed == store.build_snapshot().applications[wiki.id]
    assert found.assigned_users == {ann} and found.assigned_groups == frozenset()
    assert found.other_providers == (
        ProviderAccess(corp, frozenset({"ann"}), frozenset({"staff"}), frozenset({"ann"}), frozenset()),)
    assert found.has_maintainers
