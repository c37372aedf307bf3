"""Roles that are had when they are needed: who may ask, who may approve, and what attackers try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from appproxy.admin.base import roles
from appproxy.admin.base.principal import Forbidden, LastAdministrator, Permission, Principal
from appproxy.errors import AlreadyThere, AppProxyError, ConfigError, NotFound
from appproxy.store.roles import assignments, entitlements
from appproxy.store.snapshot import RoleAssignment
from appproxy.store.tables.core import GROUP, USER
from tests.admin.conftest import NOW, Desk

LONG = "long enough"
ASK = {"role": "administrator", "reason": "a broken policy", "duration": "1h"}


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Ann administers for good; bob may ask to, with approval; operators, with olga, may ask to look after connectors."""
    for name in ("ann", "bob", "olga", "eve"):
        desk.call("POST", "/users", {"name": name, "password": LONG})
    desk.call("POST", "/groups", {"name": "operators"})
    desk.call("PUT", "/users/olga/groups/operators")
    desk.call("POST", "/role-assignments", {"role": "administrator", "user": "ann"})
    desk.call("POST", "/role-entitlements", {"role": "administrator", "user": "bob", "longest": "2h", "approval": True})
    desk.call("POST", "/role-entitlements", {"role": "connector-administrator", "group": "operators"})
    return desk


def person(desk: Desk, name: str, now: float = NOW, groups: tuple[str, ...] = ()) -> Principal:
    """Somebody who has signed in, with what they may do at this moment."""
    id_ = str(desk.record("GET", f"/users/{name}")["id"])
    named = {str(one["name"]): str(one["id"]) for one in desk.rows("/groups")}
    holders = [("builtin", USER, id_), *(("builtin", GROUP, named[group]) for group in groups)]
    with desk.store.reading() as reading:
        held = roles.held(assignments.list_all(reading), holders, now)
        entitled = roles.may_ask(entitlements.list_all(reading), holders, now)
    return roles.principal(f"user:{id_}", held, {"caller": name}, holders=holders, entitled=entitled)


def acting(desk: Desk, principal: Principal, method: str, path: str, body: Mapping[str, object] | None = None) -> object:
    """An operation by somebody else."""
    before, desk.principal = desk.principal, principal
    try:
        return desk.call(method, path, body)
    finally:
        desk.principal = before


def asked(desk: Desk, name: str, **more: object) -> dict[str, object]:
    """A request of theirs."""
    made = acting(desk, person(desk, name), "POST", "/role-requests", {**ASK, **more})
    assert isinstance(made, dict)
    return made


def test_a_role_that_another_person_approves(staffed: Desk) -> None:
    """It is had from then on, and ends by itself; the audit says who, why and for how long."""
    request = asked(staffed, "bob")
    assert request["state"] == "pending" and not person(staffed, "bob").covers(roles.ROLES["reader"].permissions)
    path = f"/role-requests/{request['id']}"
    approved = acting(staffed, person(staffed, "ann"), "POST", f"{path}/approve")
    assert isinstance(approved, dict) and approved["state"] == "active" and approved["ends"] == NOW + 3600.0
    assert person(staffed, "bob").covers(roles.ROLES["administrator"].permissions)
    assert not person(staffed, "bob", NOW + 3601.0).covers(roles.ROLES["reader"].permissions)
    entry = staffed.audit()[0]
    assert entry.action == "role.approve" and entry.detail["reason"] == "a broken policy"
    assert entry.actor == person(staffed, "ann").name


def test_nobody_approves_their_own(staffed: Desk) -> None:
    """Not even an administrator; nor a program, whoever has made it. The machine's own administrator may."""
    staffed.call("POST", "/role-entitlements", {"role": "administrator", "user": "ann", "approval": True})
    request = asked(staffed, "ann")
    for word in ("approve", "deny"):
        path = f"/role-requests/{request['id']}/{word}"
        with pytest.raises(Forbidden, match="another person"):
            acting(staffed, person(staffed, "ann"), "POST", path)
        robot = roles.principal("token:r", person_held(staffed), holders=[("", "token", "r")])
        with pytest.raises(Forbidden, match="no person"):
            acting(staffed, robot, "POST", path)
    staffed.call("POST", f"/role-requests/{request['id']}/approve")


def person_held(desk: Desk) -> list[RoleAssignment]:
    """What ann has."""
    with desk.store.reading() as reading:
        return assignments.list_all(reading)


def test_asking_again_makes_it_no_longer(staffed: Desk) -> None:
    """While it waits, and while it is had; nor for longer than one may."""
    for wrong in ({"duration": "3h"}, {"duration": "0s"}, {"reason": " "}, {"reason": "x" * 501}, {"reason": "a\nb"}):
        with pytest.raises(ConfigError):
            asked(staffed, "bob", **wrong)
    request = asked(staffed, "bob")
    with pytest.raises(AlreadyThere, match="asked already"):
        asked(staffed, "bob")
    staffed.call("POST", f"/role-requests/{request['id']}/approve")
    with pytest.raises(AlreadyThere, match="have it already"):
        asked(staffed, "bob")
    with pytest.raises(AlreadyThere, match="waits no longer"):
        staffed.call("POST", f"/role-requests/{request['id']}/approve")


def test_who_is_entitled_to_nothing_asks_for_nothing(staffed: Desk) -> None:
    """Nor for another role, nor as a program."""
    with pytest.raises(Forbidden, match="lacks the permission requests.change"):
        asked(staffed, "eve")
    with pytest.raises(NotFound, match="not entitled"):
        asked(staffed, "bob", role="policy-administrator")
    with pytest.raises(NotFound, match="not entitled"):
        acting(staffed, person(staffed, "ann"), "POST", "/role-requests", ASK)
    with pytest.raises(Forbidden, match="cannot be entitled to a role"):
        staffed.call("POST", "/role-requests", ASK)
    assert person(staffed, "bob").permissions == {Permission.READ_REQUESTS, Permission.MAKE_REQUESTS}


def test_a_group_may_ask(staffed: Desk) -> None:
    """Without approval it is had at once, and only while its holder is in the group."""
    olga = person(staffed, "olga", groups=("operators",))
    made = acting(staffed, olga, "POST", "/role-requests", {"role": "connector-administrator", "reason": "new rack"})
    assert isinstance(made, dict) and made["state"] == "active"
    may = roles.ROLES["connector-administrator"].permissions
    assert person(staffed, "olga", groups=("operators",)).covers(may) and not person(staffed, "olga").covers(may)
    staffed.call("DELETE", "/groups/operators")
    assert [one["role"] for one in staffed.rows("/role-assignments")] == ["administrator"]
    assert staffed.rows("/role-requests") == []


def test_an_entitlement_that_is_taken_away_ends_what_is_had(staffed: Desk) -> None:
    """At once, and requests that wait; what was given otherwise stays."""
    staffed.call("POST", "/role-assignments", {"role": "administrator", "user": "bob", "expires": "1d"})
    request = asked(staffed, "bob")
    staffed.call("POST", f"/role-requests/{request['id']}/approve")
    given = [one for one in staffed.rows("/role-assignments") if one["name"] == "bob"]
    assert sorted(str(one["expires"]) for one in given) == sorted([str(NOW + 3600.0), str(NOW + 86400.0)])
    staffed.call("DELETE", "/role-entitlements", {"role": "administrator", "user": "bob"})
    assert [one["expires"] for one in staffed.rows("/role-assignments") if one["name"] == "bob"] == [NOW + 86400.0]
    with pytest.raises(NotFound):
        staffed.call("POST", f"/role-requests/{request['id']}/approve")


def test_who_has_it_for_a_time_passes_it_on_for_no_longer(staffed: Desk) -> None:
    """Neither the role, nor that somebody may ask for it; nor approves for longer; and it is no administrator for good."""
    request = asked(staffed, "bob")
    staffed.call("POST", f"/role-requests/{request['id']}/approve")
    bob = person(staffed, "bob")
    for path, body in (
        ("/role-assignments", {"role": "administrator", "user": "eve"}),
        ("/role-entitlements", {"role": "administrator", "user": "eve"}),
        ("/role-entitlements", {"role": "administrator", "user": "bob", "longest": "1d"}),
        ("/service-tokens", {"name": "t", "role": "administrator"}),
    ):
        with pytest.raises(Forbidden, match="for a time only"):
            acting(staffed, bob, "POST", path, body)
    staffed.call("POST", "/role-entitlements", {"role": "administrator", "user": "eve", "longest": "2h", "approval": True})
    other = asked(staffed, "eve", duration="2h")
    with pytest.raises(Forbidden, match="for a time only"):
        acting(staffed, bob, "POST", f"/role-requests/{other['id']}/approve")
    with pytest.raises(LastAdministrator):
        acting(staffed, bob, "DELETE", "/role-assignments", {"role": "administrator", "user": "ann"})


def test_nobody_becomes_one_who_may_ask_for_more(staffed: Desk) -> None:
    """A user administrator who set bob's password would ask for his role; so with a group."""
    staffed.principal = roles.principal(
        "user:x", [RoleAssignment("1", "user-administrator", "builtin", USER, "x", "", 0.0, 0.0)])
    for method, path, body in (
        ("PUT", "/users/bob/password", {"password": LONG}), ("PUT", "/users/eve/groups/operators", {}),
    ):
        with pytest.raises(Forbidden, match="may do less"):
            staffed.call(method, path, dict(body))


def test_requests_of_others_are_not_shown(staffed: Desk) -> None:
    """But to who may read roles."""
    asked(staffed, "bob")
    assert acting(staffed, person(staffed, "olga", groups=("operators",)), "GET", "/role-requests") == []
    for name in ("bob", "ann"):
        found = acting(staffed, person(staffed, name), "GET", "/role-requests")
        assert isinstance(found, list) and [one["reason"] for one in found] == ["a broken policy"]
    mine = acting(staffed, person(staffed, "bob"), "GET", "/role-entitlements/mine")
    assert isinstance(mine, list) and [(one["role"], one["longest"]) for one in mine] == [("administrator", 7200.0)]


def test_denied_is_denied(staffed: Desk) -> None:
    """It can be asked again; nobody is given anything."""
    request = asked(staffed, "bob")
    denied = acting(staffed, person(staffed, "ann"), "POST", f"/role-requests/{request['id']}/deny")
    assert isinstance(denied, dict) and denied["state"] == "denied" and denied["decider"] == person(staffed, "ann").name
    with pytest.raises(AppProxyError):
        acting(staffed, person(staffed, "ann"), "POST", f"/role-requests/{request['id']}/approve")
    assert asked(staffed, "bob")["state"] == "pending"


@pytest.mark.parametrize("body", [
    {"token": "x"}, {"user": "bob", "longest": "25h"}, {"user": "bob", "longest": "10s"}, {"user": "bob", "expires": "0s"},
    {"user": "nobody"}, {"user": "bob", "state": "active"},
])
def test_what_is_no_entitlement(staffed: Desk, body: Mapping[str, object]) -> None:
    """Programs ask for no roles; no role is had for longer than a day."""
    with pytest.raises(AppProxyError):
        staffed.call("POST", "/role-entitlements", {"role": "reader", **body})


def test_of_several_one_that_fits(staffed: Desk) -> None:
    """Which allows so long, then without approval, then the longest; and one that is over sooner gives no more than that."""
    for body in ({"role": "reader", "user": "eve", "longest": "4h", "approval": True},
                 {"role": "reader", "group": "operators", "longest": "1h"}):
        staffed.call("POST", "/role-entitlements", body)
    eve = person(staffed, "eve", groups=("operators",))
    for duration, state in (("30m", "active"), ("1h", "active"), ("2h", "pending"), ("4h", "pending"), (None, "active")):
        body = {"role": "reader", "reason": "a look", **({} if duration is None else {"duration": duration})}
        made = acting(staffed, eve, "POST", "/role-requests", body)
        assert isinstance(made, dict) and made["state"] == state, duration
        acting(staffed, eve, "POST", f"/role-requests/{made['id']}/end")
    with pytest.raises(ConfigError, match="to 4 hours"):
        acting(staffed, eve, "POST", "/role-requests", {"role": "reader", "reason": "a look", "duration": "5h"})
    staffed.call("POST", "/role-entitlements", {"role": "reader", "group": "operators", "longest": "8h", "expires": "90m"})
    made = acting(staffed, eve, "POST", "/role-requests", {"role": "reader", "reason": "a look", "duration": "3h"})
    assert isinstance(made, dict) and made["state"] == "pending"


def test_a_role_ends_before_its_time(staffed: Desk) -> None:
    """By its holder, or by who may give it: it is gone at once, the audit says so, and it can be asked for again."""
    for who in ("bob", "ann"):
        request = asked(staffed, "bob")
        acting(staffed, person(staffed, "ann"), "POST", f"/role-requests/{request['id']}/approve")
        assert person(staffed, "bob").covers(roles.ROLES["administrator"].permissions)
        ended = acting(staffed, person(staffed, who), "POST", f"/role-requests/{request['id']}/end")
        assert isinstance(ended, dict) and (ended["state"], ended["ends"]) == ("ended", NOW)
        assert person(staffed, "bob").permissions == {Permission.READ_REQUESTS, Permission.MAKE_REQUESTS}
        entry = staffed.audit()[0]
        assert (entry.action, entry.actor, entry.target) == (
            "role.end", person(staffed, who).name, person(staffed, "bob").person[1])  # type: ignore[index]
        with pytest.raises(AlreadyThere, match="is over"):
            acting(staffed, person(staffed, who), "POST", f"/role-requests/{request['id']}/end")


def test_what_ends_a_role_ends_no_other(staffed: Desk) -> None:
    """Neither one that was given for good, nor that of another member of the group; and a request is taken back."""
    staffed.call("PUT", "/users/eve/groups/operators")
    staffed.call("POST", "/role-assignments", {"role": "connector-administrator", "user": "olga", "expires": "1d"})
    body = {"role": "connector-administrator", "reason": "new rack"}
    made = [acting(staffed, person(staffed, name, groups=("operators",)), "POST", "/role-requests", body)
            for name in ("olga", "eve")]
    acting(staffed, person(staffed, "olga", groups=("operators",)), "POST", f"/role-requests/{made[0]['id']}/end")  # type: ignore[index]
    left = [(one["name"], one["expires"]) for one in staffed.rows("/role-assignments") if one["role"] != "administrator"]
    assert sorted(left) == [("eve", NOW + 8 * 3600.0), ("olga", NOW + 86400.0)]
    waiting = asked(staffed, "bob")
    taken = acting(staffed, person(staffed, "bob"), "POST", f"/role-requests/{waiting['id']}/end")
    assert isinstance(taken, dict) and taken["state"] == "ended"
    with pytest.raises(AlreadyThere, match="waits no longer"):
        staffed.call("POST", f"/role-requests/{waiting['id']}/approve")


def test_who_ends_no_role_of_others(staffed: Desk) -> None:
    """Who may only ask, or may do less than the role."""
    request = asked(staffed, "bob")
    staffed.call("POST", f"/role-requests/{request['id']}/approve")
    path = f"/role-requests/{request['id']}/end"
    with pytest.raises(Forbidden, match="roles.change"):
        acting(staffed, person(staffed, "olga", groups=("operators",)), "POST", path)
    with pytest.raises(Forbidden, match="requests.change"):
        acting(staffed, person(staffed, "eve"), "POST", path)
    lesser = Principal("user:x", frozenset({Permission.MAKE_REQUESTS, Permission.CHANGE_ROLES}), person=("builtin", "x"))
    with pytest.raises(Forbidden, match="may do less"):
        acting(staffed, lesser, "POST", path)
    staffed.call("POST", path)


def test_who_asks_is_told_apart(staffed: Desk) -> None:
    """Two who call themselves alike are two users, with addresses of their own; of other providers it is the subject."""
    staffed.call("PATCH", "/users/bob", {"display_name": "Ann", "email": "bob@example.com"})
    staffed.call("POST", "/role-entitlements", {"role": "reader", "user": "ann", "approval": True})
    for name in ("bob", "ann"):
        me = replace(person(staffed, name), noted={"caller": "Ann"})
        acting(staffed, me, "POST", "/role-requests", {**ASK, "role": "administrator" if name == "bob" else "reader"})
    found = {(one["name"], one["user"], one["email"], one["provider"]) for one in staffed.rows("/role-requests")}
    assert found == {("Ann", "bob", "bob@example.com", "builtin"), ("Ann", "ann", "", "builtin")}
    assert staffed.audit()[0].detail["user"] == "ann"
