"""Who must have a second factor, and from when on."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError, NotFound
from appproxy.store.database.store import Store
from appproxy.store.people import user_groups, users
from appproxy.store.people.factors import second_factor_rules

DAY = 86400.0


def test_who_must_and_when(store: Store, now: float) -> None:
    """All, or a group's members; the grace begins with the rule, for later users with themselves; the earliest counts."""
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash", groups=["admins"]).id
        assert second_factor_rules.due(tx, ann, now) is None
        second_factor_rules.put(tx, "", 7 * DAY)
        assert second_factor_rules.due(tx, ann, now) == now + 7 * DAY
        assert second_factor_rules.due(tx, ann, now + DAY) == now + 8 * DAY
        second_factor_rules.put(tx, "admins", 0)
        assert second_factor_rules.due(tx, ann, now) == now
        bob = users.add(tx, "bob", "hash").id
        assert second_factor_rules.due(tx, bob, now) == now + 7 * DAY
        assert [rule.group for rule in second_factor_rules.list_all(tx)] == ["", "admins"]


def test_a_changed_grace_counts_from_the_same_day(store: Store, now: float) -> None:
    """Asking twice does not begin the grace once more."""
    with store.transaction(now) as tx:
        second_factor_rules.put(tx, "", 7 * DAY)
    with store.transaction(now + DAY) as tx:
        assert second_factor_rules.put(tx, "", DAY).since == now


def test_taken_back(store: Store, now: float) -> None:
    """By hand, or with its group."""
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash", groups=["admins", "staff"]).id
        for group in ("admins", "staff"):
            second_factor_rules.put(tx, group, 0)
        second_factor_rules.remove(tx, "admins")
        with pytest.raises(NotFound, match="no rule for 'admins'"):
            second_factor_rules.remove(tx, "admins")
        user_groups.remove(tx, "staff")
        assert second_factor_rules.due(tx, ann, now) is None and second_factor_rules.list_all(tx) == []


@pytest.mark.parametrize("grace", [-1.0, 91 * DAY])
def test_impossible_graces(store: Store, now: float, grace: float) -> None:
    """The error says what is possible."""
    with pytest.raises(ConfigError, match="grace: must be at most 90 days"), store.transaction(now) as tx:
        second_factor_rules.put(tx, "", grace)
