"""Connector groups."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.applications import applications
from appproxy.store.connectors import connectors
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound


def test_the_default_group_is_there_and_stays(store: Store, now: float) -> None:
    """New connectors and applications need one."""
    with store.transaction(now) as tx:
        assert connector_groups.find(tx, "default").id == "default"
        with pytest.raises(AlreadyThere, match="default connector group stays"):
            connector_groups.remove(tx, "default")


def test_groups_are_made_and_found(store: Store, now: float) -> None:
    """By name in any capitals, and by id."""
    with store.transaction(now) as tx:
        made = connector_groups.add(tx, "Lab", needs_approval=True)
        assert connector_groups.find(tx, "lab") == connector_groups.find(tx, made.id) == made
        assert [one.name for one in connector_groups.list_all(tx)] == ["default", "Lab"]
        assert not connector_groups.set_approval(tx, "lab", False).needs_approval
        for name, error in (("LAB", AlreadyThere), ("a/b", ConfigError), (made.id, AlreadyThere)):
            with pytest.raises(error):
                connector_groups.add(tx, name)
        with pytest.raises(NotFound, match="did you mean Lab"):
            connector_groups.find(tx, "Lba")
    assert store.build_snapshot().connector_groups == {"default": "default", made.id: "Lab"}


def test_a_group_in_use_is_not_removed(store: Store, now: float) -> None:
    """What is in it is named, so that it can be moved first."""
    with store.transaction(now) as tx:
        connector_groups.add(tx, "lab")
        made = connectors.enrol(tx, tx.new_id(), "host1", "lab", connectors.Shown("abc", now, now))
        with pytest.raises(AlreadyThere, match="connector 'host1'; move it first"):
            connector_groups.remove(tx, "lab")
        connectors.remove(tx, made.id)
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/", connector_group="lab")
        with pytest.raises(AlreadyThere, match="application 'wiki'; move it first"):
            connector_groups.remove(tx, "lab")
        applications.remove(tx, "wiki")
        connectors.new_token(tx, "lab", 1, now + 60)
        connector_groups.remove(tx, "lab")
        assert [one.id for one in connector_groups.list_all(tx)] == ["default"]
