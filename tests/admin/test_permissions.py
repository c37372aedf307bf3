"""What each operation needs of its caller: made from the table, so that none is left out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appproxy.admin.base.principal import FULL, Forbidden, Permission, Principal
from appproxy.admin.base.problem import problem
from appproxy.admin.operations import OPERATIONS, ROUTES, AdminContext, Operation, Query
from appproxy.config.service import ServiceSettings
from appproxy.errors import AppProxyError

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")


def prepare(operation: Operation, permissions: frozenset[Permission]) -> None:
    """As far as an operation gets without a store; any names in its path."""
    context = AdminContext(Principal("ann", permissions), 0.0, ServiceSettings(domain="example.com"), lambda *_: "hash")
    ROUTES.prepare(operation.method, re.sub(r"\{[a-z]+\}", "x", operation.path), None, context)


@every_operation
def test_who_lacks_its_permission_is_refused(operation: Operation) -> None:
    """Whatever else they may; the error names the permission, and is 403."""
    with pytest.raises(Forbidden, match=f"^ann lacks the permission {operation.permission.value}$") as caught:
        prepare(operation, FULL - {operation.permission})
    status, body = problem(caught.value)
    assert status == 403 and body["detail"] == str(caught.value)


@every_operation
def test_its_permission_is_enough(operation: Operation) -> None:
    """Nothing else is asked for before it runs."""
    prepare(operation, frozenset({operation.permission}))


@every_operation
def test_who_may_only_read_changes_nothing(operation: Operation) -> None:
    """A query needs a permission to read, a command one to change."""
    assert operation.permission.value.endswith(".read") is isinstance(operation, Query)


def test_every_permission_is_for_something() -> None:
    """And those of the local administrator are all."""
    assert {one.permission for one in OPERATIONS} == set(Permission) == Principal.full("local:0").permissions


def test_refusals_change_nothing(desk: Any) -> None:
    """They come before the transaction; and whoever may publish may not therefore let people in."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    desk.principal = Principal("bob", frozenset({Permission.PUBLISH}))
    wiki = {"name": "w", "internal": "http://w/", "external": "https://w.example.com"}
    for method, path, body in (
        ("POST", "/groups", {"name": "staff"}), ("GET", "/applications", None),
        ("POST", "/applications", {**wiki, "users": ["ann"]}),
    ):  # fmt: skip
        with pytest.raises(AppProxyError, match="bob lacks"):
            desk.call(method, path, body)
    desk.call("POST", "/applications", wiki)
    desk.principal = Principal.full("local:0")
    assert [one["name"] for one in desk.rows("/applications")] == ["w"] and desk.rows("/groups") == []
    assert [row.actor for row in desk.audit()] == ["bob", "local:0"]
