"""What a replay needs of the store: policies before and after, by ids, and what those are called."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.names import NotFound
from appproxy.store.people import user_groups, users
from appproxy.store.policies import policies
from appproxy.store.policies.trial import material
from tests.store.policies.test_policies import BLOCK, filled

__all__ = ["filled"]


def test_before_and_after(filled: Store, now: float) -> None:
    """A changed one in its place, whatever capitals its name has; a new one, and one that is gone; nothing is kept."""
    with filled.transaction(now) as tx:
        for name in ("Stays", "Changes", "Goes"):
            policies.put(tx, name, BLOCK)
    with filled.reading() as reading:
        changed = {**BLOCK, "name": "changes", "state": "report-only"}
        found = material(reading, [changed, {**BLOCK, "name": "New"}], ["goes"])
        wiki = applications.find(reading, "wiki").id
        assert [one["name"] for one in found["before"]] == ["Changes", "Goes", "Stays"]  # type: ignore[attr-defined]
        after = {one["name"]: one for one in found["after"]}  # type: ignore[attr-defined]
        assert set(after) == {"changes", "New", "Stays"}
        assert after["New"]["applications"] == {"include": [wiki]}
        assert found["applications"] == {wiki: "wiki", "administration": "service/administration"}
        assert found["users"] == {one.id: one.name for one in users.list_all(reading)}
        assert found["new_groups"] == []
        assert [one["name"] for one in material(reading, [], [])["after"]] == [  # type: ignore[attr-defined]
            "Changes", "Goes", "Stays"]


def test_what_cannot_be_is_said(filled: Store, now: float) -> None:
    """As when it is set; and groups that no session can hold yet are named."""
    with filled.transaction(now) as tx:
        user_groups.add(tx, "staff")
    with filled.reading() as reading:
        with pytest.raises(ConfigError, match="^sate: there is no such field"):
            material(reading, [{**BLOCK, "name": "p", "sate": "on"}], [])
        with pytest.raises(NotFound, match="there is no application 'wikki'"):
            material(reading, [{**BLOCK, "name": "p", "applications": {"include": ["wikki"]}}], [])
        with pytest.raises(NotFound, match="there is no policy 'p'"):
            material(reading, [], ["p"])
        found = material(reading, [{**BLOCK, "name": "p", "users": {"include": ["group:staff"]}}], [])
        assert found["new_groups"] == ["builtin/group:staff"]
