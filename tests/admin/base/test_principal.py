"""Callers of the admin API, and what they may do."""

from __future__ import annotations

import re

import pytest

from appproxy.admin.base.principal import FULL, Forbidden, Permission, Principal


def test_who_may_do_everything() -> None:
    """Nothing is left out, whatever permission comes next."""
    everybody = Principal.full("local:0")
    for permission in Permission:
        everybody.require(permission)
    assert everybody.permissions == FULL == frozenset(Permission)


@pytest.mark.parametrize("permission", Permission)
def test_one_permission_is_that_one_alone(permission: Permission) -> None:
    """To change does not mean to read, nor the other way round; the error names caller and permission."""
    caller = Principal("ann", frozenset({permission}))
    caller.require(permission)
    for other in FULL - {permission}:
        with pytest.raises(Forbidden, match=f"^ann lacks the permission {re.escape(other.value)}$"):
            caller.require(other)


def test_who_may_do_nothing() -> None:
    """No permission is given by default."""
    for permission in Permission:
        with pytest.raises(Forbidden):
            Principal("ann", frozenset()).require(permission)


def test_permissions_are_named_alike() -> None:
    """A kind of things and a verb, which is what tokens and roles write down; no two have the same."""
    values = [permission.value for permission in Permission]
    assert all(re.fullmatch(r"[a-z]+\.(read|change|end|publish|reset)", value) for value in values)
    assert len(set(values)) == len(values)


def test_people_are_told_by_what_they_are_called() -> None:
    """And not by an id, which nobody knows as theirs."""
    ann = Principal("user:5c2c16d722f0eaed", frozenset(), noted={"caller": "Ann"})
    with pytest.raises(Forbidden, match=r"^Ann lacks the permission users\.read$"):
        ann.require(Permission.READ_USERS)
