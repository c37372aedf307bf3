"""The table of operations as a whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from appproxy.admin.operations import OPERATIONS, Command, Operation, Query

PAGE = Path(__file__).parents[2] / "docs" / "admin-api.md"


def test_no_two_operations_have_one_route() -> None:
    """Also not by a name in braces that could be anything."""
    shapes = [(one.method, re.sub(r"\{[a-z]+\}", "*", one.path)) for one in OPERATIONS]
    assert len(set(shapes)) == len(shapes)
    assert not [one.path for one in OPERATIONS if re.search(r"\{(?![a-z]+\})", one.path)]


def row_of(one: Operation) -> str:
    """What docs/admin-api.md says of an operation."""
    fields = ", ".join(f"`{name}`" for name in one.known)
    etag = "yes" if isinstance(one, Query) and one.live is not None else ""
    return f"| `{one.method} {one.path}` | `{one.permission.value}` | {etag} | {fields} | {one.explanation} |"


def test_what_changes_something_is_no_get() -> None:
    """And is known to the audit by a name of its own."""
    commands = [one for one in OPERATIONS if isinstance(one, Command)]
    assert {one.method for one in commands} == {"POST", "PUT", "PATCH", "DELETE"}
    assert len({one.action for one in commands}) == len(commands)
    assert {one.path for one in OPERATIONS if one not in commands and one.method != "GET"} == {
        "/configuration/difference", "/policy-replay/report"}


def test_every_operation_is_documented() -> None:
    """The table in docs/admin-api.md is that of the operations, in the same order."""
    rows = re.findall(r"^\| `[A-Z]+ /.*$", PAGE.read_text(), re.M)
    assert rows == [row_of(one) for one in OPERATIONS]


def test_every_change_is_in_the_audit(desk: Any) -> None:
    """One row a command, by whoever called it."""
    done = [
        ("POST", "/users", {"name": "ann", "password": "long enough"}),
        ("POST", "/groups", {"name": "staff"}),
        ("PUT", "/users/ann/groups/staff", None),
        ("PATCH", "/users/ann", {"email": "ann@example.com"}),
        ("PUT", "/users/ann/password", {"password": "another one"}),
        ("POST", "/connector-groups", {"name": "lab"}),
        ("PATCH", "/connector-groups/lab", {"needs_approval": True}),
        ("POST", "/connector-tokens", {"group": "lab"}),
        ("POST", "/applications", {"name": "w", "internal": "http://w/", "external": "https://w.example.com"}),
        ("PATCH", "/applications/w", {"settings": {"strict": "yes"}}),
        ("POST", "/applications/w/assignments", {"user": "ann"}),
        ("DELETE", "/applications/w/assignments", {"user": "ann"}),
        ("POST", "/providers", {"name": "c", "issuer": "https://c", "client_id": "c", "client_secret": "c"}),
        ("POST", "/sessions/revoke", {"user": "ann"}),
        ("DELETE", "/providers/c", None),
        ("DELETE", "/applications/w", None),
        ("DELETE", "/connector-groups/lab", None),
        ("DELETE", "/users/ann/groups/staff", None),
        ("DELETE", "/groups/staff", None),
        ("DELETE", "/users/ann", None),
    ]
    for number, (method, path, body) in enumerate(done, 1):
        desk.call(method, path, body)
        assert len(desk.audit()) == number
    assert {row.actor for row in desk.audit()} == {"local:0"}
    assert all(row.target for row in desk.audit())
