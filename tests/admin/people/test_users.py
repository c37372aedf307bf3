"""Operations on users and groups."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import users

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


def test_removing(desk: Any) -> None:
    """By name; the audit keeps it."""
    desk.call("DELETE", "/users/ANN")
    assert desk.rows("/users") == [] and desk.audit()[0].detail == {"name": "ann"}
    with pytest.raises(NotFound, match="no user 'ann'"):
        desk.call("GET", "/users/ann")
