"""The audit as administrators read it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store.service import audit
from appproxy.store.tables.core import audit as table
from tests.admin.conftest import NOW


def fill(desk: Any) -> None:
    """Six entries, of three actions."""
    for name in ("ann", "bob", "100% mia"):
        desk.call("POST", "/groups", {"name": name})
    desk.call("DELETE", "/groups/bob")
    desk.call("POST", "/users", {"name": "zoe", "password": "long enough"})
    desk.call("PATCH", "/users/zoe", {"email": "zoe@example.com"})


def actions(desk: Any, **fields: object) -> list[str]:
    """Of the entries that these fields ask for."""
    return [row["action"] for row in desk.call("GET", "/audit", fields)]


def test_search(desk: Any) -> None:
    """Each field narrows; what looks like a pattern is none."""
    fill(desk)
    everything = ["user.set", "user.add", "group.remove", "group.add", "group.add", "group.add"]
    assert actions(desk) == everything
    assert actions(desk, action="group.") == ["group.remove", "group.add", "group.add", "group.add"]
    assert actions(desk, action="group.add", limit=2) == ["group.add", "group.add"]
    assert actions(desk, action="group_") == actions(desk, action="%.") == actions(desk, action="group") == []
    assert actions(desk, text="ZOE@example") == ["user.set"]
    assert actions(desk, text="100%") == actions(desk, text="% m") == ["group.add"]
    assert actions(desk, text="1_0%") == []
    assert actions(desk, actor="local:0") == everything
    assert actions(desk, actor="local:1") == []
    first = desk.call("GET", "/audit", {"limit": 1})[0]
    assert actions(desk, target=first["target"]) == ["user.set", "user.add"]
    assert actions(desk, since=first["time"]) == everything
    assert actions(desk, until=first["time"]) == actions(desk, since=first["time"] + 1) == []
    assert actions(desk, before=first["number"], action="user.") == ["user.add"]


@pytest.mark.parametrize("limit", [0, 1001, -1])
def test_a_limit_that_cannot_be(desk: Any, limit: int) -> None:
    """Says what can."""
    with pytest.raises(ConfigError, match="1 to 1000"):
        desk.call("GET", "/audit", {"limit": limit})


def test_verification(desk: Any) -> None:
    """Good, until somebody changes an entry in the database."""
    fill(desk)
    found = desk.call("GET", "/audit-verification")
    assert (found["checked"], found["fault"], found["done"]) == (6, "", True)
    assert desk.call("GET", "/audit-verification", {"chain": "anonymous"})["checked"] == 0
    again = desk.call("GET", "/audit-verification", {name: found[name] for name in ("after", "link", "checked")})
    assert again == found
    with pytest.raises(ConfigError, match="known or anonymous"):
        desk.call("GET", "/audit-verification", {"chain": "other"})
    with desk.store.transaction(NOW) as tx:
        tx.change(sa.update(table).where(table.c.action == "group.remove").values(action="group.keep"))
    found = desk.call("GET", "/audit-verification")
    assert found["checked"] == 3 and "was changed" in found["fault"] and not found["done"]


def test_a_long_audit_is_searched_in_parts(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that has found nothing in its part says where to go on, instead of that there is nothing."""
    fill(desk)
    monkeypatch.setattr(audit.search, "__defaults__", (*audit.search.__defaults__[:-1], 2))  # type: ignore[index]
    assert actions(desk, action="user.") == ["user.set", "user.add"]
    with pytest.raises(ConfigError, match=r"go on with before=(\d+)"):
        desk.call("GET", "/audit", {"text": "bob"})
    found: list[str] = []
    before = None
    while before is not None or not found:
        part = desk.call("GET", "/audit-search", {"text": "bob", **({"before": before} if before is not None else {})})
        found += [row["action"] for row in part["entries"]]
        before = part["before"]
    assert found == ["group.remove", "group.add"]
