"""The description of the API says what the operations do: whoever adds one has it described, or sees it here."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appproxy.admin.fields import REQUIRED, JsonKind, kind_of, read_query, required
from appproxy.admin.openapi import description, name_of
from appproxy.admin.operations import OPERATIONS, Command, Operation, Query
from appproxy.errors import AppProxyError, ConfigError
from tests.admin.conftest import Desk

FOUND = description("https://admin.example.com", "/api/v1")
PLAIN = [one for one in OPERATIONS if "{" not in one.path]
#: One of these is needed beside what always is.
ONE_OF = {"POST /service-tokens": ("applications", "role")}
each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")


def described(operation: Operation) -> dict[str, Any]:
    """What the description says of an operation."""
    found: dict[str, Any] = FOUND["paths"][operation.path][operation.method.lower()]
    return found


def test_every_operation_is_there_once() -> None:
    """Under a name of its own, which generated clients make functions of."""
    assert sum(len(methods) for methods in FOUND["paths"].values()) == len(OPERATIONS) + 2
    names = [name_of(one) for one in OPERATIONS]
    assert len(set(names)) == len(names) and all(re.fullmatch("[a-z][a-z_]*", name) for name in names)
    assert {"application_publish", "list_applications", "get_application", "list_segments_of_application",
            "get_policy_replay_report", "get_configuration_difference", "get_risk_sign_ins"} <= set(names)
    assert FOUND["openapi"] == "3.1.0" and FOUND["servers"] == [{"url": "https://admin.example.com/api/v1"}]


@each
def test_its_fields_are_described(operation: Operation) -> None:
    """In the path, the query or the body, each in one place; and those it cannot do without as such."""
    found = described(operation)
    places = {(one["in"], one["name"]) for one in found["parameters"]}
    assert {name for place, name in places if place == "path"} == set(re.findall(r"\{([a-z]+)\}", operation.path))
    asked = {name for place, name in places if place == "query"} - {"dry_run"}
    schema = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {"properties": {}})
    assert asked | set(schema["properties"]) == set(operation.known) and not asked & set(schema["properties"])
    assert (("query", "dry_run") in places) is isinstance(operation, Command)
    assert (("header", "Idempotency-Key") in places) is (
        operation.method == "POST" and isinstance(operation, Command))
    assert set(required(operation)) <= set(operation.known)
    assert {"401", "403", "404", "422", "429"} < set(found["responses"])


def test_no_more_is_promised_of_preconditions_than_is_checked() -> None:
    """Any text may come as an ETag: one that is none of ours meets nothing. A key has bounds."""
    fields = {one["name"]: one["schema"] for operation in OPERATIONS for one in described(operation)["parameters"]
              if one["in"] == "header"}
    assert fields["If-Match"] == {"type": "string"}
    assert fields["Idempotency-Key"] == {"type": "string", "minLength": 1, "maxLength": 255}


def test_preconditions_are_described_where_they_can_be_met() -> None:
    """Elsewhere all that sends one is refused: nothing there has an ETag, or what is there is not to be new."""
    def fields(name: str, method: str, path: str) -> list[object]:
        return [one["schema"] for one in FOUND["paths"][path][method]["parameters"] if one["name"] == name]

    assert fields("If-Match", "patch", "/users/{user}") and fields("If-Match", "post", "/connectors/{connector}/move")
    assert not fields("If-Match", "post", "/groups") and not fields("If-Match", "post", "/sessions/revoke")
    assert fields("If-None-Match", "put", "/policies/{policy}") == [{"type": "string", "enum": ["*"]}]
    assert fields("If-None-Match", "get", "/policies/{policy}") == [{"type": "string"}]
    for method, path in (("delete", "/policies/{policy}"), ("patch", "/users/{user}"), ("put", "/users/{user}/password")):
        assert not fields("If-None-Match", method, path)


@each
def test_null_is_described_as_left_out(operation: Operation) -> None:
    """In a body, of each field that may be left out, and of no other."""
    schema = described(operation).get("requestBody", {"content": {"application/json": {"schema": {}}}})
    for name, field in schema["content"]["application/json"]["schema"].get("properties", {}).items():
        kinds = [one.get("type") for one in field["oneOf"]] if "oneOf" in field else field["type"]
        assert ("null" in kinds) is (name not in required(operation))
        assert (None in field.get("enum", ())) is ("enum" in field and name not in required(operation))


def test_a_key_has_bounds() -> None:
    """Of an operation that may be repeated."""
    fields = {one["name"]: one["schema"] for one in described(next(
        one for one in OPERATIONS if one.method == "POST" and isinstance(one, Command)))["parameters"]}
    assert fields["Idempotency-Key"] == {"type": "string", "minLength": 1, "maxLength": 255}


def test_nothing_is_needed_of_what_is_not_there() -> None:
    """An operation that is gone needs nothing."""
    assert set(REQUIRED) <= {f"{one.method} {one.path}" for one in OPERATIONS}


@pytest.mark.parametrize("operation", PLAIN, ids=lambda one: f"{one.method} {one.path}")
def test_what_is_needed_is_said(desk: Desk, operation: Operation) -> None:
    """Without any field an operation misses one that the description says it needs, or none."""
    try:
        desk.call(operation.method, operation.path)
        missed = ""
    except AppProxyError as error:
        found = re.match(r"([a-z_]+): (?:is needed|give at least one)", str(error))
        missed = found[1] if found else ""
    needed = {*required(operation), *ONE_OF.get(f"{operation.method} {operation.path}", ())}
    assert missed in needed if missed else not needed


def list_hint(path: str, kind: str) -> str:
    """What whoever has added an operation is to do."""
    if kind == "array":
        return f'GET {path} answers a list: add "{path}" to _LISTS in appproxy/admin/openapi.py'
    return f'GET {path} answers an object: take "{path}" out of _LISTS in appproxy/admin/openapi.py, or `page` from its Query'


def test_what_is_to_be_added_is_named() -> None:
    """With the file, for those who have never seen it."""
    assert list_hint("/x", "array").endswith('add "/x" to _LISTS in appproxy/admin/openapi.py')
    assert 'take "/x" out of _LISTS' in list_hint("/x", "object")


@pytest.mark.parametrize("query", [one for one in PLAIN if isinstance(one, Query)], ids=lambda one: one.path)
def test_lists_are_lists(desk: Desk, query: Query) -> None:
    """And objects objects."""
    try:
        answer = desk.call("GET", query.path)
    except AppProxyError:
        pytest.skip("needs more than a new database")
    schema = described(query)["responses"]["200"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = FOUND["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    kind = "array" if isinstance(answer, list) else "object"
    assert schema["type"] == kind, list_hint(query.path, kind)


def test_fields_of_a_query() -> None:
    """By their kinds; what is not of its kind is named."""
    assert read_query([("limit", "20"), ("groups", "a"), ("groups", "b"), ("force", "true"), ("name", "7")]) == {
        "limit": 20, "groups": ["a", "b"], "force": True, "name": "7"}
    for pairs in ([("limit", "x")], [("limit", "-1")], [("limit", "1"), ("limit", "2")], [("force", "yes")],
                  [("settings", "{}")], [("limit", "²")], [("limit", "1" * 10)], [("since", "1" * 11)]):
        with pytest.raises(ConfigError, match=f"^{pairs[0][0]}: "):
            read_query(pairs)
    assert read_query([("since", "1796057340")]) == {"since": 1796057340}
    assert kind_of("expires") is JsonKind.DURATION and kind_of("whatever") is JsonKind.TEXT
