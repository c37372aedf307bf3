"""The built-in roles: the matrix of docs/administration.md is that of the code, operation by operation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appproxy.admin.base import roles
from appproxy.admin.base.principal import FULL, Forbidden, Permission, Principal
from appproxy.admin.base.roles import ADMINISTRATOR, ROLES, AdminRole
from appproxy.admin.operations import OPERATIONS, ROUTES, AdminContext, Command, Operation
from appproxy.config.service import ServiceSettings
from appproxy.errors import NotFound
from appproxy.store.snapshot import RoleAssignment
from tests.admin.conftest import Desk
from tests.branding.pictures import in_base64, png

PAGE = (Path(__file__).parents[3] / "docs" / "administration.md").read_text()
#: Of the page: which roles may call an operation, and which of those also with the role for one application alone.
ROWS = {
    row[1]: set(row[2].split(", ")) for row in re.findall(r"^\| (`([A-Z]+ /\S*)`) \| (.*) \|$", PAGE, re.MULTILINE)
}


def assigned(role: str, application: str = "", expires: float = 0.0) -> RoleAssignment:
    """To a user."""
    return RoleAssignment("1", role, "builtin", "user", "ann", application, 0.0, expires)


def may(operation: Operation, caller: Principal) -> bool:
    """Is the caller let through to the operation? Whether it is then refused for what it names is not asked."""
    context = AdminContext(caller, 0.0, ServiceSettings(domain="example.com"), lambda *_: "hash")
    try:
        ROUTES.prepare(operation.method, re.sub(r"\{[a-z]+\}", "x", operation.path), None, context)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_the_matrix(operation: Operation) -> None:
    """Each operation has a row; each role in it may call the operation, and every other is refused."""
    row = ROWS[f"{operation.method} {operation.path}"]
    found = {f"{one.name}" for one in ROLES.values() if may(operation, roles.principal("ann", [assigned(one.name)]))}
    found |= {
        f"{one.name} of one" for one in ROLES.values() if one.of_one
        and may(operation, roles.principal("ann", [assigned(one.name, "wiki")]))
    }
    assert found == row


#: Of operations about one application: a body that else would do.
BODIES: dict[str, dict[str, object]] = {
    "PATCH /applications/{application}": {"settings": {"maintenance": "yes"}},
    "POST /applications/{application}/assignments": {"user": "eve"},
    "DELETE /applications/{application}/assignments": {"user": "eve"},
    "PUT /applications/{application}/logo": {"picture": in_base64(png())},
    "POST /applications/{application}/cors": {"resource": "/", "origins": ["https://a.example"]},
    "PATCH /applications/{application}/cors": {"resource": "/", "origins": ["https://a.example"]},
    "DELETE /applications/{application}/cors": {"resource": "/"},
}


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if "{application}" in one.path and isinstance(one, Command)],
    ids=lambda one: f"{one.method} {one.path}")
def test_a_role_for_one_application_changes_no_other(desk: Desk, operation: Operation) -> None:
    """Neither by its name, in whatever letters, nor by its id (IDOR): each operation is refused there, and leaves no trace.

    How applications are set up is read by everybody with a role.
    """
    ids = {}
    for name in ("wiki", "other"):
        ids[name] = desk.record("POST", "/applications", {
            "name": name, "internal": "http://w/", "external": f"https://{name}.example.com"})["id"]
    desk.call("POST", "/users", {"name": "eve", "password": "long enough"})
    before, entries = desk.record("GET", "/applications/other"), len(desk.audit())
    held = [assigned(one.name, str(ids["wiki"])) for one in ROLES.values() if one.of_one]
    assert held
    desk.principal = roles.principal("builtin:bob", held)
    for name in ("other", "OTHER", str(ids["other"])):
        path = operation.path.replace("{application}", name).replace("{segment}", "https%3A%2F%2Fs.example.com%2F")
        with pytest.raises(Forbidden):
            desk.call(operation.method, path, BODIES.get(f"{operation.method} {operation.path}"))
    desk.principal = Principal.full("local:0")
    assert desk.record("GET", "/applications/other") == before and len(desk.audit()) == entries


def test_the_matrix_has_no_other_rows() -> None:
    """An operation that is gone is gone there, too."""
    assert set(ROWS) == {f"{one.method} {one.path}" for one in OPERATIONS}


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda one: one.name)
def test_every_role_is_explained(role: AdminRole) -> None:
    """On the page, in the words of the code; what it may for one application is no more than for all."""
    assert f"| `{role.name}` | {role.explanation} |" in PAGE
    assert role.of_one | role.beside <= role.permissions
    assert role.of_one.isdisjoint(role.beside)


def test_who_may_do_everything() -> None:
    """One role, and no other may give roles, name providers, change certificates or send the audit elsewhere."""
    assert ROLES[ADMINISTRATOR].permissions == FULL
    others = frozenset[Permission]().union(*(one.permissions for one in ROLES.values() if one.name != ADMINISTRATOR))
    assert FULL - others == {
        Permission.CHANGE_ROLES, Permission.CHANGE_PROVIDERS, Permission.CHANGE_DIRECTORIES, Permission.CHANGE_CERTIFICATES,
        Permission.CHANGE_BRANDING, Permission.CHANGE_EXPORTS, Permission.CHANGE_CONFIGURATION, Permission.MAKE_REQUESTS,
    }


def test_a_reader_learns_nothing_of_people() -> None:
    """Unlike an auditor."""
    assert ROLES["auditor"].permissions - ROLES["reader"].permissions == {
        Permission.READ_USERS, Permission.READ_SESSIONS, Permission.READ_TOKENS, Permission.READ_AUDIT, Permission.READ_ROLES,
        Permission.READ_CONFIGURATION, Permission.READ_RISK, Permission.READ_REQUESTS, Permission.READ_ACCESS}


@pytest.mark.parametrize("path", [
    "/break-glass", "/policy-explanation", "/second-factor-rules", "/users", "/groups", "/user-check"])
def test_what_is_about_users(path: str) -> None:
    """Is not for who may not read users: also where policies are what is asked about."""
    (operation,) = (one for one in OPERATIONS if one.path == path and one.method == "GET")
    for role in ROLES.values():
        assert may(operation, roles.principal("ann", [assigned(role.name)])) == (Permission.READ_USERS in role.permissions)


def test_roles_add_up() -> None:
    """Two roles are both; one of another version of the service gives nothing."""
    found = roles.principal("ann", [assigned("help-desk"), assigned("reader"), assigned("emperor")])
    assert found.permissions == ROLES["help-desk"].permissions | ROLES["reader"].permissions
    assert roles.principal("ann", [assigned("emperor")]).permissions == frozenset() and not found.system
    one = roles.principal("ann", [assigned("application-administrator", "a"), assigned("application-administrator", "b")])
    assert one.scoped[Permission.CHANGE_ACCESS] == {"a", "b"} and Permission.CHANGE_ACCESS not in one.permissions


def test_a_role_that_there_is_not() -> None:
    """Names the nearest."""
    with pytest.raises(NotFound, match="did you mean auditor"):
        roles.find("auditer")
