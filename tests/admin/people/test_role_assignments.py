"""Roles: what they may do, who has them and for how long, and what the audit tells of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from appproxy.admin.base import roles
from appproxy.admin.base.principal import Forbidden, LastAdministrator, Permission
from appproxy.admin.people.role_assignments import LONGEST_ROLE
from appproxy.errors import AppProxyError, ConfigError, NotFound
from appproxy.store.snapshot import RoleAssignment
from tests.admin.conftest import NOW, Desk

ASSIGNMENTS = "/role-assignments"


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Ann, a group, another provider, an application and a token; nobody has a role."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    desk.call("POST", "/groups", {"name": "crew"})
    desk.call("POST", "/providers", {
        "name": "corp", "issuer": "https://corp.example/", "client_id": "c", "client_secret": "s"})
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://w/", "external": "https://wiki.example.com"})
    desk.call("POST", "/service-tokens", {"name": "robot", "applications": ["wiki"]})
    return desk


def test_each_role_says_what_it_may(desk: Desk) -> None:
    """The list and each one alone say the same; what one for an application alone may is part of it."""
    listed = desk.rows("/roles")
    assert [one["name"] for one in listed] == list(roles.ROLES)
    for one in listed:
        assert desk.call("GET", f"/roles/{one['name']}") == one
        permissions, for_one = one["permissions"], one["for_one_application"]
        assert isinstance(permissions, list) and isinstance(for_one, list)
        assert permissions == sorted(permissions) and set(for_one) <= set(permissions)
    assert [one["name"] for one in listed if one["for_one_application"]] == ["application-administrator"]
    with pytest.raises(NotFound, match=r"no role 'readers'.*reader"):
        desk.call("GET", "/roles/readers")


@pytest.mark.parametrize(("who", "kind", "name", "provider"), [
    ({"user": "ann"}, "user", "ann", "builtin"), ({"group": "crew"}, "group", "crew", "builtin"),
    ({"token": "robot"}, "token", "robot", ""), ({"user": "x-1", "provider": "corp"}, "user", "x-1", "corp"),
    ({"group": "ops", "provider": "corp"}, "group", "ops", "corp"),
])  # fmt: skip
def test_who_has_one_is_shown_by_name(staffed: Desk, who: dict[str, str], kind: str, name: str, provider: str) -> None:
    """Whoever it is; and until it is taken away, which tells the same of what was there."""
    made = staffed.record("POST", ASSIGNMENTS, {"role": "reader", **who})
    assert {key: made[key] for key in ("role", "kind", "name", "provider", "application", "created", "expires")} == {
        "role": "reader", "kind": kind, "name": name, "provider": provider, "application": "", "created": NOW, "expires": 0.0}
    assert staffed.rows(ASSIGNMENTS) == [made]
    assert staffed.record("DELETE", ASSIGNMENTS, {"role": "reader", **who}) == made
    assert staffed.rows(ASSIGNMENTS) == []


@pytest.mark.parametrize(("given", "seconds"), [("1s", 1.0), ("8h", 28800.0), (0.5, 0.5), ("3650d", LONGEST_ROLE)])
def test_for_a_time(staffed: Desk, given: object, seconds: float) -> None:
    """Until then, and at most for ten years."""
    made = staffed.record("POST", ASSIGNMENTS, {"role": "reader", "user": "ann", "expires": given})
    assert made["expires"] == NOW + seconds


@pytest.mark.parametrize("given", ["0s", 0, LONGEST_ROLE + 1, "3651d"])
def test_no_time_at_all_and_too_long_a_one(staffed: Desk, given: object) -> None:
    """For good is said by leaving it out, and by nothing else."""
    with pytest.raises(ConfigError, match=r"expires: must be in the next 3650 days, such as 8h; leave it out: for good"):
        staffed.call("POST", ASSIGNMENTS, {"role": "reader", "user": "ann", "expires": given})
    assert staffed.rows(ASSIGNMENTS) == []


def test_who_has_it_already_gets_another_end(staffed: Desk) -> None:
    """It is one assignment, longer or shorter than before; for an application alone it is another one."""
    first = staffed.record("POST", ASSIGNMENTS, {"role": "application-administrator", "user": "ann", "expires": "1h"})
    again = staffed.record("POST", ASSIGNMENTS, {"role": "application-administrator", "user": "ann"})
    assert (again["id"], again["expires"]) == (first["id"], 0.0)
    one = staffed.record("POST", ASSIGNMENTS, {"role": "application-administrator", "user": "ann", "application": "wiki"})
    assert (one["application"], len(staffed.rows(ASSIGNMENTS))) == ("wiki", 2)
    staffed.call("DELETE", ASSIGNMENTS, {"role": "application-administrator", "user": "ann"})
    assert staffed.rows(ASSIGNMENTS) == [one]


@pytest.mark.parametrize(("body", "error", "words"), [
    ({"role": "king", "user": "ann"}, NotFound, "no role 'king'"),
    ({"user": "ann"}, ConfigError, "role: "),
    ({"role": "reader"}, ConfigError, "give one of user, group and token"),
    ({"role": "reader", "user": "ann", "group": "crew"}, ConfigError, "give one of user, group and token"),
    ({"role": "reader", "user": "eve"}, NotFound, "no user 'eve'"),
    ({"role": "reader", "user": "ann", "provider": "other"}, NotFound, "no identity provider 'other'|no provider 'other'"),
    ({"role": "reader", "token": "robot", "provider": "corp"}, ConfigError, "provider: goes with user and group only"),
    ({"role": "reader", "user": "ann", "application": "wiki"}, ConfigError, "the role reader is for all or for none"),
    ({"role": "application-administrator", "user": "ann", "application": "x"}, NotFound, "no application 'x'"),
])  # fmt: skip
def test_what_is_refused(staffed: Desk, body: dict[str, str], error: type[AppProxyError], words: str) -> None:
    """With words that say which part of it; giving and taking say the same."""
    for method in ("POST", "DELETE"):
        with pytest.raises(error, match=words):
            staffed.call(method, ASSIGNMENTS, body)
    assert staffed.rows(ASSIGNMENTS) == []


def test_what_nobody_has_is_not_taken_away(staffed: Desk) -> None:
    """Whoever mistypes hears who has the role."""
    staffed.call("POST", ASSIGNMENTS, {"role": "reader", "group": "crew"})
    with pytest.raises(NotFound, match="user with the role reader: 'ann'"):
        staffed.call("DELETE", ASSIGNMENTS, {"role": "reader", "user": "ann"})


def test_the_audit_tells_all_but_what_is_no_fact_of_it(staffed: Desk) -> None:
    """Its id means nothing later, and when it was made is the entry's own time."""
    staffed.call("POST", ASSIGNMENTS, {"role": "reader", "group": "crew", "expires": "1h"})
    staffed.call("DELETE", ASSIGNMENTS, {"role": "reader", "group": "crew"})
    taken, given = staffed.audit()[:2]
    value = str(next(one for one in staffed.rows("/groups") if one["name"] == "crew")["id"])
    detail: Mapping[str, object] = {
        "role": "reader", "kind": "group", "name": "crew", "value": value, "provider": "builtin", "application": "",
        "expires": NOW + 3600.0}
    assert [(one.action, one.target, one.detail) for one in (given, taken)] == [
        ("role.assign", value, detail), ("role.unassign", value, detail)]


@pytest.mark.parametrize(("asked", "refused"), [
    ("1h", ""), ("59m", ""), ("61m", "for a time only"), (None, "for a time only"),
])  # fmt: skip
def test_nobody_gives_a_role_for_longer_than_they_have_it(staffed: Desk, asked: str | None, refused: str) -> None:
    """Nor one that may do more; to take one away needs no time."""
    held = RoleAssignment("1", "administrator", "builtin", "user", "x", "", NOW, NOW + 3600.0)
    staffed.principal = roles.principal("user:x", [held])
    body = {"role": "reader", "group": "crew", **({} if asked is None else {"expires": asked})}
    if refused:
        with pytest.raises(Forbidden, match=refused):
            staffed.call("POST", ASSIGNMENTS, body)
    else:
        staffed.call("POST", ASSIGNMENTS, body)
        staffed.call("DELETE", ASSIGNMENTS, {"role": "reader", "group": "crew"})
    assert staffed.rows(ASSIGNMENTS) == []


def test_who_may_do_less_gives_and_takes_nothing(staffed: Desk) -> None:
    """Also where they may change roles as such."""
    staffed.call("POST", ASSIGNMENTS, {"role": "auditor", "user": "ann"})
    held = RoleAssignment("1", "reader", "builtin", "user", "x", "", NOW, 0.0)
    less = roles.principal("user:x", [held])
    staffed.principal = type(less)("user:x", less.permissions | {Permission.CHANGE_ROLES})
    for method in ("POST", "DELETE"):
        with pytest.raises(Forbidden, match="user:x may do less than the role auditor"):
            staffed.call(method, ASSIGNMENTS, {"role": "auditor", "user": "ann"})


def test_the_last_administrator_stays(staffed: Desk) -> None:
    """A role for a time, and one of a token, is nobody who could go on."""
    staffed.call("POST", ASSIGNMENTS, {"role": "administrator", "user": "ann"})
    staffed.call("POST", ASSIGNMENTS, {"role": "administrator", "token": "robot"})
    for method, body in (("DELETE", {}), ("POST", {"expires": "8h"})):
        with pytest.raises(LastAdministrator):
            staffed.call(method, ASSIGNMENTS, {"role": "administrator", "user": "ann", **body})
