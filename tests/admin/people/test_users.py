"""Operations on users and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from appproxy.admin.base.principal import Principal
from appproxy.admin.operations import ROUTES, AdminContext, Query
from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import users
from appproxy.store.sealing import Sealer
from appproxy.store.transaction import Reading, Row, Values

CONTEXT = AdminContext(Principal.full("local:0"), 0.0, ServiceSettings(domain="example.com"), lambda name, password: "hash")


class CountedReading(Reading):
    """Keeps how many rows each look at the database has read."""

    def __init__(self, connection: sa.Connection, sealer: Sealer) -> None:
        super().__init__(connection, sealer)
        self.read: list[int] = []

    def rows(self, statement: sa.Select[Any], values: Values = None) -> Sequence[Row]:
        """The same, counted."""
        found = super().rows(statement, values)
        self.read.append(len(found))
        return found


ANN = {"name": "Ann", "password": "long enough", "groups": ["staff"], "email": "ann@example.com"}


@pytest.fixture
def desk(desk: Any) -> Any:
    """A desk with the user ann."""
    desk.call("POST", "/users", ANN)
    return desk


def test_a_user_is_added(desk: Any) -> None:
    """With a hash of the password, which neither answer nor audit shows."""
    shown = desk.record("GET", "/users/ann")
    assert (shown["name"], shown["groups"], shown["disabled"]) == ("ann", ["staff"], False)
    assert (shown["has_password"], shown["second_factors"], shown["link"]) == (True, [], None)
    [listed] = desk.rows("/users")
    assert listed.items() <= shown.items()
    with desk.store.reading() as reading:
        assert users.find(reading, "ann").password_hash == "hash of 11"
    assert "long enough" not in repr(desk.audit()) and "hash of" not in repr((desk.audit(), shown))


def test_a_weak_password_adds_nobody(desk: Any) -> None:
    """The rules are those of the provider."""
    with pytest.raises(ConfigError, match="password: at least 8"):
        desk.call("POST", "/users", {"name": "bob", "password": "short"})
    with pytest.raises(ConfigError, match="password: at least 8"):
        desk.call("PUT", "/users/ann/password", {"password": "short"})
    assert len(desk.rows("/users")) == 1


def test_the_rules_get_the_name_in_small_letters(desk: Any) -> None:
    """So that they can refuse a password that is the name."""
    with pytest.raises(AlreadyThere):
        desk.call("POST", "/users", ANN)


def test_changing(desk: Any) -> None:
    """One value or several; nothing to change is an error."""
    shown = desk.record("PATCH", "/users/ann", {"disabled": True, "display_name": "Ann E."})
    assert (shown["disabled"], shown["display_name"], shown["email"]) == (True, "Ann E.", "ann@example.com")
    assert desk.audit()[0].detail == {"name": "ann", "disabled": True, "display_name": "Ann E."}
    with pytest.raises(ConfigError, match="give display_name, email or disabled"):
        desk.call("PATCH", "/users/ann", {})
    with pytest.raises(ConfigError, match="disabled: true or false"):
        desk.call("PATCH", "/users/ann", {"disabled": "no"})


def test_a_new_password(desk: Any) -> None:
    """Is hashed too."""
    desk.call("PUT", "/users/ann/password", {"password": "another one"})
    with desk.store.reading() as reading:
        assert users.find(reading, "ann").password_hash == "hash of 11"
    assert (desk.audit()[0].action, desk.audit()[0].detail) == ("user.set_password", {"name": "ann"})


def test_groups(desk: Any) -> None:
    """Made, filled, emptied and removed."""
    desk.call("POST", "/groups", {"name": "lab"})
    assert desk.record("PUT", "/users/ann/groups/lab")["groups"] == ["lab", "staff"]
    assert {row["name"]: row["members"] for row in desk.rows("/groups")} == {"lab": ["ann"], "staff": ["ann"]}
    assert desk.record("DELETE", "/users/ann/groups/lab")["groups"] == ["staff"]
    desk.call("DELETE", "/groups/lab")
    assert [row["name"] for row in desk.rows("/groups")] == ["staff"]
    with pytest.raises(NotFound):
        desk.call("PUT", "/users/ann/groups/lab")


def test_who_is_in_a_group(desk: Any) -> None:
    """A group says how many, its members go in pages, and a short listing of groups names none of them."""
    assert desk.record("GET", "/groups/staff")["count"] == 1
    desk.call("POST", "/users", {"name": "bob", "password": "something long", "groups": ["staff"]})
    (row,) = desk.call("GET", "/groups", {"brief": True})
    assert row["count"] == 2 and "members" not in row
    assert [one["name"] for one in desk.rows("/groups/staff/members")] == ["ann", "bob"]
    assert [one["name"] for one in desk.call("GET", "/groups/staff/members", {"limit": 1, "after": "ann"})] == ["bob"]
    assert [one["name"] for one in desk.call("GET", "/groups/staff/members", {"search": "BO"})] == ["bob"]
    with pytest.raises(NotFound, match="no group 'lab'"):
        desk.call("GET", "/groups/lab/members")


def test_groups_of_many_cost_what_groups_of_few_do(desk: Any) -> None:
    """A page of short rows reads a row for each group and no more, however many are in them."""
    for number in range(20):
        desk.call("POST", "/users", {"name": f"u{number}", "password": "something long", "groups": ["staff", "lab", "dig"]})
    with desk.store.reading() as reading:
        counted = CountedReading(reading.connection, reading.sealer)
        operation, call = ROUTES.prepare("GET", "/groups", {"brief": True, "limit": 50}, CONTEXT)
        assert isinstance(operation, Query)
        rows: Any = operation.perform(counted, call)
    assert [one["count"] for one in rows] == [20, 20, 21]
    assert counted.read == [3, 3]


def test_removing(desk: Any) -> None:
    """By name; the audit keeps it."""
    desk.call("DELETE", "/users/ANN")
    assert desk.rows("/users") == [] and desk.audit()[0].detail == {"name": "ann"}
    with pytest.raises(NotFound, match="no user 'ann'"):
        desk.call("GET", "/users/ann")
