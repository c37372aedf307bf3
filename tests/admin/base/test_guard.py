"""Nobody gets more than they were given, and somebody who may do everything is always left."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from appproxy.admin.base import roles
from appproxy.admin.base.guard import PEOPLE, TOKENS
from appproxy.admin.base.principal import FULL, Forbidden, LastAdministrator, Permission, Principal
from appproxy.admin.operations import OPERATIONS, Command
from appproxy.errors import AppProxyError, ConfigError
from appproxy.policy.risk.features import AddressStep, Seen, networks_of
from appproxy.policy.risk.levels import HIGH, Thresholds
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.store.people import user_groups, users
from appproxy.store.risk import judging
from appproxy.store.risk.judging import SigningIn
from appproxy.store.snapshot import RoleAssignment
from appproxy.store.tables.directories import directory_groups, directory_users
from tests.admin.conftest import NOW, Desk
from tests.pki.chains import ROOT, crl

WIKI = {"name": "wiki", "internal": "http://w/", "external": "https://wiki.example.com"}
LONG = "long enough"


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Ann administers; bob is on the help desk; chiefs administer, with dora among them; `robot` is a token that does."""
    for name in ("ann", "bob", "dora", "eve"):
        desk.call("POST", "/users", {"name": name, "password": LONG})
    for name in ("chiefs", "staff"):
        desk.call("POST", "/groups", {"name": name})
    desk.call("PUT", "/users/dora/groups/chiefs")
    desk.call("POST", "/applications", WIKI)
    desk.call("POST", "/service-tokens", {"name": "robot", "applications": ["wiki"]})
    for who in ({"user": "ann"}, {"group": "chiefs"}, {"token": "robot"}):
        desk.call("POST", "/role-assignments", {"role": "administrator", **who})
    desk.call("POST", "/role-assignments", {"role": "help-desk", "user": "bob"})
    return desk


def a_sign_in(desk: Desk, user: str) -> str:
    """One of theirs of high risk."""
    seen = Seen(NOW, networks_of("203.0.113.1"), "US", None, "Chrome on Windows", "windows", "e", AddressStep.NONE, True)
    who = SigningIn("builtin", str(desk.record("GET", f"/users/{user}")["id"]), user, "", f"s{user}", False)
    with desk.store.transaction(NOW) as tx:
        return judging.concluded(tx, Judgement(seen, HIGH, 30.0, ()), who, SignInOutcome.PASSED, Thresholds())


def caller(*names: str, application: str = "") -> Principal:
    """Somebody with these roles."""
    return roles.principal(
        "builtin:x", [RoleAssignment("1", one, "builtin", "user", "x", application, 0.0, 0.0) for one in names])


def ending(role: str, expires: float, *more: str) -> Principal:
    """Somebody who has a role until `expires`, and these for good."""
    held = [(role, expires), *((one, 0.0) for one in more)]
    return roles.principal(
        "builtin:x", [RoleAssignment("1", one, "builtin", "user", "x", "", 0.0, end) for one, end in held])


def filled(path: str, user: str, group: str, token: str) -> str:
    """A path with names in it."""
    return path.replace("{user}", user).replace("{group}", group).replace("{token}", token)


#: What would make the caller into somebody else, with a body that else would do.
BODIES: Mapping[str, Mapping[str, object]] = {
    "PUT /users/{user}/password": {"password": LONG},
    "PATCH /users/{user}": {"display_name": "x"},
    "POST /users": {"name": "new", "password": LONG, "groups": ["chiefs"]},
    "POST /invitations": {"name": "new", "groups": ["chiefs"]},
}
GUARDED = [one for one in OPERATIONS if isinstance(one, Command) and one.permission in PEOPLE | TOKENS]
#: Who is named in their path or body; the others make what has no role yet.
TOWARDS = [one for one in GUARDED if re.search(r"\{(user|group|token)\}", one.path) or "groups" in one.known]


def test_there_is_no_other_way_to_name_somebody() -> None:
    """A field or a part of a path of another name would have to be looked at, too."""
    named = {name for one in GUARDED for name in (*re.findall(r"\{([a-z]+)\}", one.path), *one.known)}
    assert named & {"user", "users", "group", "groups", "token", "tokens", "member", "members", "client", "subject"} == {
        "user", "group", "groups", "token", "client"}
    assert not any({"user", "group", "token", "client"} & set(one.known) for one in GUARDED)


@pytest.mark.parametrize("operation", TOWARDS, ids=lambda one: f"{one.method} {one.path}")
@pytest.mark.parametrize("user", ["ann", "dora", "eve"])
def test_nobody_takes_over_who_may_more(staffed: Desk, operation: Command, user: str) -> None:
    """Administrators, by themselves or by a group, and a group or a token that is one: whatever operation it is."""
    group = "chiefs" if user == "eve" else "staff"
    if user == "eve" and not ("group" in operation.path or "groups" in operation.known or "token" in operation.path):
        pytest.skip("eve has no role")
    if user != "eve" and "{user}" not in operation.path:
        pytest.skip("no user is named")
    before = len(staffed.audit())
    staffed.principal = Principal("builtin:x", FULL - {Permission.CHANGE_ROLES})
    body = BODIES.get(f"{operation.method} {operation.path}")
    with pytest.raises(Forbidden, match="may do less than"):
        staffed.call(operation.method, filled(operation.path, user, group, "robot"), body)
    assert len(staffed.audit()) == before


@pytest.mark.parametrize("user", ["ann", "dora", "eve"])
def test_nobody_ends_the_devices_of_who_may_more(staffed: Desk, user: str) -> None:
    """Whose device it is counts, as when it was added; eve has no role."""
    staffed.call("POST", "/device-authorities", {"builtin": True})
    device = staffed.record("POST", f"/users/{user}/devices", {"name": "laptop"})["id"]
    staffed.principal = caller("help-desk")
    if user == "eve":
        assert staffed.record("DELETE", f"/devices/{device}")["state"] == "revoked"
        return
    with pytest.raises(Forbidden, match=f"may do less than {user}"):
        staffed.call("DELETE", f"/devices/{device}")


@pytest.mark.parametrize("verb", ["confirm", "dismiss"])
@pytest.mark.parametrize("user", ["ann", "dora", "eve"])
def test_nobody_says_what_is_at_risk_of_who_may_more(staffed: Desk, user: str, verb: str) -> None:
    """By name, by subject, or by a sign-in: it would shut an administrator out, or spare somebody in their place."""
    signin, id_ = a_sign_in(staffed, user), staffed.record("GET", f"/users/{user}")["id"]
    staffed.principal = caller("user-administrator")
    for path, body in (
        (f"/risk/sign-ins/{signin}/{verb}", None), (f"/risk/users/{verb}", {"user": user}),
        (f"/risk/users/{verb}", {"provider": "builtin", "subject": id_}),
    ):
        if user == "eve":
            staffed.call("POST", path, body)
            continue
        with pytest.raises(Forbidden, match=f"may do less than {user}"):
            staffed.call("POST", path, body)


def test_an_administrator_of_another_provider_is_not_at_risk_by_the_word_of_less(staffed: Desk) -> None:
    """Their role is given to the subject."""
    staffed.call("POST", "/providers", {"name": "c", "issuer": "https://c", "client_id": "c", "client_secret": "c"})
    staffed.call("POST", "/role-assignments", {"role": "administrator", "user": "s-1", "provider": "c"})
    staffed.principal = caller("user-administrator")
    with pytest.raises(Forbidden, match="may do less than s-1"):
        staffed.call("POST", "/risk/users/confirm", {"provider": "c", "subject": "s-1"})
    staffed.call("POST", "/risk/users/confirm", {"provider": "c", "subject": "s-2"})


def test_help_desk_helps_its_like(staffed: Desk) -> None:
    """And everybody without a role, but nobody who may more."""
    staffed.principal = caller("help-desk")
    for user in ("eve", "bob"):
        staffed.call("PUT", f"/users/{user}/password", {"password": LONG})
        staffed.call("DELETE", f"/users/{user}/factors")
    with pytest.raises(Forbidden, match="ann"):
        staffed.call("POST", "/users/ann/password-link")
    with pytest.raises(Forbidden, match=r"users\.change"):
        staffed.call("DELETE", "/users/eve")


@pytest.mark.parametrize(
    "operation", [one for one in GUARDED if "{user}" in one.path], ids=lambda one: f"{one.method} {one.path}")
def test_nobody_becomes_one_whom_no_policy_concerns(staffed: Desk, operation: Command) -> None:
    """Not even with all about users: policies are others' business."""
    staffed.call("PUT", "/break-glass/eve")
    staffed.principal = caller("user-administrator", "help-desk")
    with pytest.raises(Forbidden, match="eve is a break-glass user"):
        staffed.call(
            operation.method, filled(operation.path, "eve", "staff", ""), BODIES.get(f"{operation.method} {operation.path}"))
    staffed.principal = caller("user-administrator", "policy-administrator")
    staffed.call("PUT", "/users/eve/password", {"password": LONG})


def test_a_role_that_has_ended_protects_nobody(staffed: Desk) -> None:
    """As it gives nothing."""
    staffed.call("POST", "/role-assignments", {"role": "auditor", "user": "eve", "expires": "1s"})
    staffed.principal = caller("help-desk")
    with pytest.raises(Forbidden):
        staffed.call("PUT", "/users/eve/password", {"password": LONG})
    with staffed.store.transaction(1.0) as tx:
        from appproxy.store.tables.roles import role_assignments

        tx.change(role_assignments.update().where(role_assignments.c.role == "auditor").values(expires=1.0))
    staffed.call("PUT", "/users/eve/password", {"password": LONG})


@pytest.mark.parametrize("role", [one for one in roles.ROLES if one != "help-desk"])
def test_nobody_gives_more_than_they_have(staffed: Desk, role: str) -> None:
    """Neither to themselves nor to others; nor do they take it from who has it."""
    staffed.principal = Principal("builtin:x", roles.ROLES["help-desk"].permissions | {Permission.CHANGE_ROLES})
    for method in ("POST", "DELETE"):
        with pytest.raises(Forbidden, match=f"less than the role {role}"):
            staffed.call(method, "/role-assignments", {"role": role, "user": "bob"})
    staffed.call("POST", "/role-assignments", {"role": "help-desk", "user": "eve"})


def test_who_has_a_role_for_one_application(staffed: Desk) -> None:
    """Does there what concerns that alone; elsewhere nothing, whatever name or id is given."""
    staffed.call("POST", "/applications", {**WIKI, "name": "other", "external": "https://other.example.com"})
    id_ = staffed.record("GET", "/applications/wiki")["id"]
    other = staffed.record("GET", "/applications/other")["id"]
    staffed.principal = caller("application-administrator", application=str(id_))
    staffed.call("POST", "/applications/wiki/assignments", {"user": "eve"})
    staffed.call("PATCH", f"/applications/{id_}", {"settings": {"maintenance": "yes", "header.x-user": "sub"}})
    staffed.call("DELETE", "/applications/wiki/assignments", {"user": "eve"})
    for name in ("other", "OTHER", str(other), "other%20".removesuffix("%20")):
        with pytest.raises(Forbidden):
            staffed.call("POST", f"/applications/{name}/assignments", {"user": "eve"})
    for method, path, body in (
        ("DELETE", "/applications/wiki", None),
        ("POST", "/applications", {**WIKI, "name": "new", "external": "https://new.example.com"}),
        ("POST", "/applications/wiki/segments", {"external": "https://other.example.com/login/", "internal": "http://w/"}),
        ("PATCH", "/applications/wiki", {"settings": {"external": "https://other.example.com/login/"}}),
        ("PATCH", "/applications/wiki", {"settings": {"Connector-Group": "default"}}),
        ("PATCH", "/applications/wiki", {"settings": {"origins": "http://10.0.0.1/"}}),
        ("PATCH", "/applications/wiki", {"settings": {"client_certificate": "others"}}),
        ("PATCH", "/applications/wiki", {"settings": {"hsts_subdomains": "yes"}}),
        ("PATCH", "/applications/wiki", {"settings": {"preauth": "passthrough"}}),
        ("PATCH", "/applications/wiki", {"settings": {"tags": "harmless"}}),
        ("POST", "/service-tokens", {"name": "t", "applications": ["wiki"]}),
        ("GET", "/users", None),
    ):
        with pytest.raises(Forbidden):
            staffed.call(method, path, body)
    assert {row["name"] for row in staffed.rows("/applications")} == {"wiki", "other"}


@pytest.mark.parametrize("key", ["machine_authority", "Machine-Subjects", "machine_crl"])
def test_who_makes_no_tokens_says_no_certificate_is_one(staffed: Desk, key: str) -> None:
    """An authority of one's own would give credentials that no policy looks at: it needs what service tokens need."""
    values = {"machine_authority": ROOT.pem, "Machine-Subjects": "CN=press-*", "machine_crl": crl(ROOT)}
    staffed.principal = caller("application-administrator", application=str(staffed.record("GET", "/applications/wiki")["id"]))
    for value in (values[key], "none"):
        with pytest.raises(Forbidden, match=r"tokens\.change"):
            staffed.call("PATCH", "/applications/wiki", {"settings": {key: value}})
    staffed.principal = Principal("builtin:x", FULL - {Permission.CHANGE_TOKENS})
    other = {**WIKI, "name": "other", "external": "https://other.example.com"}
    with pytest.raises(Forbidden, match=r"tokens\.change"):
        staffed.call("POST", "/applications", {**other, "settings": {key: values[key]}})
    staffed.principal = caller("application-administrator")
    staffed.call("PATCH", "/applications/wiki", {"settings": {key: values[key]}})


def test_roles_are_given_for_an_application_where_that_has_a_meaning(staffed: Desk) -> None:
    """And go with it."""
    staffed.call("POST", "/role-assignments", {"role": "application-administrator", "user": "eve", "application": "wiki"})
    with pytest.raises(ConfigError, match="for all or for none"):
        staffed.call("POST", "/role-assignments", {"role": "help-desk", "user": "eve", "application": "wiki"})
    assert [one["application"] for one in staffed.rows("/role-assignments")].count("wiki") == 1
    staffed.call("DELETE", "/applications/wiki")
    assert not any(one["application"] for one in staffed.rows("/role-assignments"))


LOSSES = [
    ("DELETE", "/role-assignments", {"role": "administrator", "user": "ann"}),
    ("POST", "/role-assignments", {"role": "administrator", "user": "ann", "expires": "1d"}),
    ("PATCH", "/users/ann", {"disabled": True}),
    ("DELETE", "/users/ann", None),
]


@pytest.mark.parametrize(("method", "path", "body"), LOSSES)
def test_the_last_administrator_stays(desk: Desk, method: str, path: str, body: Mapping[str, object] | None) -> None:
    """Whichever way they would go; a token, a role for a time or somebody disabled is no substitute."""
    for name in ("ann", "eve", "gone"):
        desk.call("POST", "/users", {"name": name, "password": LONG})
    desk.call("POST", "/applications", WIKI)
    desk.call("POST", "/service-tokens", {"name": "robot", "applications": ["wiki"]})
    desk.call("PATCH", "/users/gone", {"disabled": True})
    for who in ({"user": "ann"}, {"token": "robot"}, {"user": "eve", "expires": "1d"}, {"user": "gone"}):
        desk.call("POST", "/role-assignments", {"role": "administrator", **who})
    desk.principal = Principal("builtin:x", FULL)
    before = desk.rows("/role-assignments")
    with pytest.raises(LastAdministrator, match="somebody else"):
        desk.call(method, path, body)
    assert desk.rows("/role-assignments") == before and desk.record("GET", "/users/ann")["disabled"] is False
    desk.call("PATCH", "/users/gone", {"disabled": False})
    desk.call(method, path, body)


def test_the_last_member_of_the_administrators(desk: Desk) -> None:
    """Is an administrator like any other: neither leaves the group, nor goes the group."""
    desk.call("POST", "/users", {"name": "ann", "password": LONG, "groups": ["chiefs"]})
    desk.call("POST", "/role-assignments", {"role": "administrator", "group": "chiefs"})
    desk.principal = Principal("builtin:x", FULL)
    for path in ("/users/ann/groups/chiefs", "/groups/chiefs", "/users/ann"):
        with pytest.raises(LastAdministrator):
            desk.call("DELETE", path)


def test_the_system_administrator_may_shut_out_anybody(desk: Desk) -> None:
    """An account that is in wrong hands is disabled at once; the role itself waits until somebody else has it."""
    desk.call("POST", "/users", {"name": "ann", "password": LONG})
    desk.call("POST", "/role-assignments", {"role": "administrator", "user": "ann"})
    with pytest.raises(LastAdministrator):
        desk.call("DELETE", "/role-assignments", {"role": "administrator", "user": "ann"})
    desk.call("PATCH", "/users/ann", {"disabled": True})
    desk.call("DELETE", "/users/ann")
    assert desk.rows("/role-assignments") == []


@pytest.mark.parametrize("about", ["service/administration", "all"])
def test_no_policy_keeps_all_administrators_out(staffed: Desk, about: str) -> None:
    """Also by force or as configuration; while one gets in it may be, and that one then stays. Root may do it by force."""
    document = {"state": "on", "users": {"include": ["all"]}, "applications": {"include": [about]}, "grant": {"block": True}}
    staffed.principal = caller("policy-administrator")
    with pytest.raises(ConfigError, match="nobody could use service/administration"):
        staffed.call("PUT", "/policies/p", {"document": document})
    with pytest.raises(LastAdministrator):
        staffed.call("PUT", "/policies/p", {"document": document, "force": True})
    staffed.call("PUT", "/policies/p", {"document": {**document, "users": {"include": ["all"], "exclude": ["user:ann"]}}})
    for loss in ({"disabled": True}, {"document": document, "force": True}):
        staffed.principal = Principal("builtin:x", FULL)
        with pytest.raises(LastAdministrator, match="whom no policy blocks"):
            staffed.call(*(("PUT", "/policies/q") if "document" in loss else ("PATCH", "/users/ann")), loss)
    whole = staffed.record("GET", "/configuration")
    wanted = {**whole, "policies": [{"name": "p", **document}]}
    with pytest.raises(LastAdministrator):
        staffed.call("PUT", "/configuration", {"document": wanted, "force": True})
    staffed.principal = Principal.full("local:0")
    with pytest.raises(ConfigError, match="nobody could use service/administration"):
        staffed.call("PUT", "/configuration", {"document": wanted})
    staffed.call("PUT", "/policies/p", {"document": document, "force": True})
    assert {"policy": "", "problem": "nobody can use service/administration"} in staffed.rows("/policy-check")


def test_what_is_gone_has_no_role(staffed: Desk) -> None:
    """Users, groups and tokens: their assignments go with them."""
    for path in ("/users/ann", "/users/bob", "/groups/chiefs", "/service-tokens/robot"):
        staffed.call("DELETE", path)
    assert staffed.rows("/role-assignments") == []


def test_who_is_meant_is_said_once(staffed: Desk) -> None:
    """And is somebody who is there; of another provider nobody here knows who is."""
    for body in ({}, {"user": "ann", "group": "chiefs"}, {"token": "robot", "provider": "builtin"}, {"user": "nobody"},
                 {"user": "ann", "expires": "0s"}, {"user": "ann", "rights": "all"}):
        with pytest.raises(AppProxyError):
            staffed.call("POST", "/role-assignments", {"role": "reader", **body})
    staffed.call("POST", "/providers", {"name": "c", "issuer": "https://c", "client_id": "c", "client_secret": "c"})
    made = staffed.record("POST", "/role-assignments", {"role": "reader", "group": "g-1", "provider": "c"})
    assert (made["name"], made["provider"], made["expires"]) == ("g-1", "c", 0.0)
    staffed.call("DELETE", "/providers/c")
    assert "c" not in {one["provider"] for one in staffed.rows("/role-assignments")}


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ({}, False),
        ({"expires": "2h"}, False),
        ({"expires": "1h"}, True),
        ({"expires": "30m"}, True),
    ],
)
def test_a_role_for_a_time_is_not_given_for_longer(staffed: Desk, more: Mapping[str, object], good: bool) -> None:
    """Nor, given again, made longer; the same of a service token that administers."""
    staffed.principal = ending("administrator", NOW + 3600.0)
    role, token = {"role": "administrator", "user": "eve", **more}, {"name": "mine", "role": "reader", **more}
    for path, body in (("/role-assignments", role), ("/role-assignments", role), ("/service-tokens", token)):
        if good:
            staffed.call("POST", path, body)
            continue
        with pytest.raises(Forbidden, match="for a time only"):
            staffed.call("POST", path, body)


def test_a_lesser_role_for_good_is_given_for_good(staffed: Desk) -> None:
    """What counts is the longest that they have each permission for. A role is taken away whoever has it for a time."""
    lasting = ending("administrator", NOW + 3600.0, "administrator")
    staffed.principal = lasting
    staffed.call("POST", "/role-assignments", {"role": "administrator", "user": "eve"})
    staffed.principal = ending("administrator", NOW + 3600.0)
    staffed.call("DELETE", "/role-assignments", {"role": "administrator", "user": "eve"})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/users/ann/password", {"password": LONG}),
        ("POST", "/service-tokens/robot/rotate", {"expires": "30d"}),
        ("PUT", "/users/eve/groups/chiefs", {}),
    ],
)
def test_nobody_becomes_for_good_what_they_are_for_a_time(
    staffed: Desk, method: str, path: str, body: Mapping[str, object]
) -> None:
    """An administrator until tonight would have another one's password tomorrow."""
    lasting, staffed.principal = staffed.principal, ending("administrator", NOW + 3600.0)
    with pytest.raises(Forbidden, match="shorter time"):
        staffed.call(method, path, dict(body))
    staffed.principal = lasting
    staffed.call(method, path, dict(body))


ENTRA = {"name": "entra", "issuer": "https://login.example.net", "client_id": "c", "client_secret": "s"}
CORP = {"name": "corp", "kind": "ad", "servers": ["ldaps://dc1"], "bind_name": "us@corp", "bind_password": "p",
        "user_base": "dc=corp"}  # fmt: skip


@pytest.mark.parametrize("who", ["user", "group", "entitled"])
def test_nobody_has_a_provider_vouch_for_them_as_who_may_longer(staffed: Desk, who: str) -> None:
    """An administrator until tonight would say where its keys are, and be its administrator tomorrow."""
    staffed.call("POST", "/providers", ENTRA)
    path = "/role-entitlements" if who == "entitled" else "/role-assignments"
    kind = "group" if who == "group" else "user"
    elsewhere = {"settings": {"jwks_uri": "https://evil.example/keys"}}
    lasting, staffed.principal = staffed.principal, ending("administrator", NOW + 3600.0)
    staffed.call("PATCH", "/providers/entra", {"client_id": "d"})
    staffed.call("PATCH", "/providers/builtin", {"session_hours": 9})
    staffed.principal = lasting
    staffed.call("POST", path, {"role": "administrator", kind: "x", "provider": "entra"})
    staffed.principal = ending("administrator", NOW + 3600.0)
    with pytest.raises(Forbidden, match="shorter time"):
        staffed.call("PATCH", "/providers/entra", elsewhere)
    document = {"format": 1, "providers": [{**ENTRA, **elsewhere}]}
    with pytest.raises(Forbidden, match="shorter time"):
        staffed.call("PUT", "/configuration", {"document": document})
    staffed.principal = ending("administrator", NOW + 3600.0, "administrator")
    staffed.call("PATCH", "/providers/entra", elsewhere)


@pytest.mark.parametrize("who", ["user", "member", "group"])
def test_nobody_has_a_directory_vouch_for_them_as_who_may_longer(staffed: Desk, who: str) -> None:
    """The same of servers that check passwords: of who came from there, and of groups that are there."""
    directory = staffed.record("POST", "/directories", CORP)["id"]
    staffed.principal = ending("administrator", NOW + 3600.0)
    staffed.call("PATCH", "/directories/corp", {"servers": ["ldaps://dc2"]})
    with staffed.store.transaction(NOW) as tx:
        if who == "group":
            chiefs = user_groups.find(tx, "chiefs").id
            tx.change(directory_groups.insert().values(group_id=chiefs, directory=directory, subject="s"))
        else:
            user = users.find(tx, "ann" if who == "user" else "dora").id
            tx.change(directory_users.insert().values(
                user_id=user, directory=directory, subject="s", password_mark="", checked=0.0))
    for method, body in (("PATCH", {"servers": ["ldaps://evil"]}), ("DELETE", None)):
        with pytest.raises(Forbidden, match="shorter time"):
            staffed.call(method, "/directories/corp", body)
    staffed.principal = ending("administrator", NOW + 3600.0, "administrator")
    staffed.call("PATCH", "/directories/corp", {"servers": ["ldaps://dc3"]})
