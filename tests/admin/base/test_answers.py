"""What is described of answers is what operations answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appproxy.admin.base.answers import answer_of, described, records
from appproxy.admin.operations import OPERATIONS
from tests.admin.configuration.test_operations import doc, everything
from tests.branding.pictures import in_base64, png

RECORDS = records()
_KINDS: dict[str, Any] = {
    "string": str, "boolean": bool, "integer": int, "number": int | float, "object": dict, "array": list, "null": type(None)}


def faults(value: Any, schema: dict[str, Any], path: str = "") -> list[str]:
    """Where a value is not as described; a field that nobody has described is a fault, too."""
    if "$ref" in schema:
        return faults(value, RECORDS[schema["$ref"].rpartition("/")[2]], path)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    # In Python a truth is a number.
    fitting = [kind for kind in kinds if isinstance(value, _KINDS[kind]) and (kind == "boolean") is isinstance(value, bool)]
    if kinds and not fitting:
        return [f"{path}: {value!r} is no {kinds}"]
    if isinstance(value, list):
        return [one for number, each in enumerate(value) for one in faults(each, schema["items"], f"{path}[{number}]")]
    if not isinstance(value, dict) or not ("properties" in schema or "additionalProperties" in schema):
        return []
    known, other = schema.get("properties", {}), schema.get("additionalProperties")
    found = [f"{path}.{name}: is missing" for name in schema.get("required", ()) if name not in value]
    for name, each in value.items():
        form = known.get(name, other)
        found += [f"{path}.{name}: is not described"] if form is None else faults(each, form, f"{path}.{name}")
    return found


#: Calls after which every operation that is described has been called, each with its path as in the table.
CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PUT", "/configuration", {"document": everything()}),
    ("POST", "/configuration/difference", {"document": doc(groups=[{"name": "new"}])}),
    ("POST", "/users", {"name": "ann", "password": "long enough", "groups": ["staff"]}), ("GET", "/users", None),
    ("GET", "/users/ann", None), ("PATCH", "/users/ann", {"email": "a@example.com"}),
    ("PUT", "/users/ann/password", {"password": "another one"}), ("DELETE", "/users/ann/groups/staff", None),
    ("PUT", "/users/ann/groups/staff", None), ("POST", "/groups", {"name": "crew"}), ("GET", "/groups", None),
    ("GET", "/groups/crew", None), ("GET", "/groups/staff/members", None),
    ("DELETE", "/groups/crew", None), ("GET", "/second-factor-rules", None), ("PUT", "/second-factor-rules", {}),
    ("DELETE", "/second-factor-rules", {}),
    ("POST", "/applications", {"name": "a", "internal": "http://a/", "external": "https://a.example.com/"}),
    ("PATCH", "/applications/a", {"settings": {"strict": "yes"}}), ("GET", "/applications", None),
    ("POST", "/applications/a/segments", {"external": "https://b.example.com/", "internal": "http://b/"}),
    ("GET", "/applications/a/segments", None),
    ("PATCH", "/applications/a/segments/https:%2F%2Fb.example.com", {"settings": {"internal": "http://c/"}}),
    ("POST", "/applications/a/cors", {"origins": ["https://o.example"]}), ("GET", "/applications/a/cors", None),
    ("PATCH", "/applications/a/cors", {"max_age": 7}), ("POST", "/applications/a/assignments", {"user": "ann"}),
    ("GET", "/applications/a/assignments", None), ("GET", "/applications/a", None),
    ("PUT", "/applications/a/logo", {"picture": in_base64(png())}), ("GET", "/applications/a/logo", None),
    ("DELETE", "/applications/a/logo", None), ("GET", "/access-requests", None),
    ("DELETE", "/applications/a/assignments", {"user": "ann"}), ("DELETE", "/applications/a/cors", {}),
    ("DELETE", "/applications/a/segments/https:%2F%2Fb.example.com", None), ("DELETE", "/applications/a", None),
    ("GET", "/application-settings", None),
    ("POST", "/connector-groups", {"name": "g"}), ("PATCH", "/connector-groups/g", {"needs_approval": True}),
    ("GET", "/connector-groups", None), ("DELETE", "/connector-groups/g", None), ("POST", "/connector-tokens", {}),
    ("GET", "/connector-tokens", None), ("GET", "/provider-settings", None),
    ("POST", "/providers", {"name": "p", "issuer": "https://p", "client_id": "p", "client_secret": "p",
                            "settings": {"client_authentication": "private_key_jwt"}}),
    ("PATCH", "/providers/p", {"groups_claim": "roles"}), ("GET", "/providers", None), ("GET", "/providers/p", None),
    ("DELETE", "/providers/p", None),
    ("POST", "/directories", {"name": "d", "kind": "ad", "servers": ["ldaps://d"], "bind_name": "b", "bind_password": "p",
                              "user_base": "ou=d"}),
    ("PATCH", "/directories/d", {"refresh_minutes": 10}), ("GET", "/directories", None), ("GET", "/directories/d", None),
    ("DELETE", "/directories/d", None),
    ("PUT", "/locations/l", {"document": {"networks": ["192.0.2.0/24"]}}), ("GET", "/locations", None),
    ("GET", "/locations/l", None), ("DELETE", "/locations/l", None),
    ("PUT", "/strengths/s", {"document": {"any_of": [{"amr": ["mfa"]}]}}), ("GET", "/strengths", None),
    ("GET", "/strengths/s", None), ("DELETE", "/strengths/s", None),
    ("PUT", "/contexts/k", {"document": {"applications": {"include": ["wiki"]}, "paths": ["/b/*"]}}),
    ("GET", "/contexts", None), ("GET", "/contexts/k", None), ("DELETE", "/contexts/k", None),
    ("PUT", "/policies/q", {"document": {"state": "off", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                                         "grant": {"require": ["mfa"]}}}),
    ("GET", "/policies", None), ("GET", "/policies/q", None), ("GET", "/policies/q/results", None),
    ("DELETE", "/policies/q", None), ("GET", "/policy-check", None),
    ("PUT", "/break-glass/ann", None), ("GET", "/break-glass", None), ("DELETE", "/break-glass/ann", None),
    ("PATCH", "/branding", {"settings": {"name": "Ours"}}), ("GET", "/branding", None), ("DELETE", "/branding", {}),
    ("GET", "/branding-settings", None), ("POST", "/service-tokens", {"name": "t", "applications": ["wiki"]}),
    ("GET", "/service-tokens", None), ("GET", "/service-tokens/t", None), ("POST", "/service-tokens/t/rotate", {}),
    ("DELETE", "/service-tokens/t", None),
    ("POST", "/native-clients", {"name": "n", "applications": ["wiki"], "device_codes": True}),
    ("PATCH", "/native-clients/n", {"redirect_uris": ["http://127.0.0.1/"]}), ("GET", "/native-clients", None),
    ("GET", "/native-clients/n", None),
    ("DELETE", "/native-clients/n", None), ("POST", "/clients", {"name": "c", "redirect_uris": ["https://c.example/"]}),
    ("GET", "/clients", None), ("GET", "/clients/c", None), ("PATCH", "/clients/c", {"ca_bundle": ""}),
    ("POST", "/clients/c/rotate", {}), ("DELETE", "/clients/c", None), ("GET", "/roles", None), ("GET", "/roles/reader", None),
    ("POST", "/role-entitlements", {"role": "reader", "user": "ann"}), ("GET", "/role-entitlements", None),
    ("DELETE", "/role-entitlements", {"role": "reader", "user": "ann"}), ("GET", "/role-requests", None),
    ("POST", "/role-assignments", {"role": "reader", "user": "ann"}), ("GET", "/role-assignments", None),
    ("DELETE", "/role-assignments", {"role": "reader", "user": "ann"}), ("GET", "/audit", None),
    ("GET", "/trust-anchor", None),
    ("DELETE", "/users/ann", None),
]  # fmt: skip


#: What only a person may call, about themselves or about another one's request: tests/admin/people/test_role_requests.py does.
#: Users ask for applications by pages alone: tests/admin/publishing/test_access_requests.py decides.
OF_PERSONS = {
    "GET /role-entitlements/mine", "POST /role-requests", "POST /role-requests/{request}/approve",
    "POST /role-requests/{request}/deny", "POST /role-requests/{request}/end", "POST /access-requests/{request}/approve",
    "POST /access-requests/{request}/deny", "GET /access-requests/{request}",
}


def test_answers_are_as_described(desk: Any) -> None:
    """Of every operation whose answer is described, by calling it; a field more or less, or of another kind, is a fault."""
    called: set[str] = set()
    for method, path, body in CALLS:
        (operation,) = (one for one in OPERATIONS if one.method == method
                        and re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", one.path), path))
        schema = answer_of(method, operation.path)
        assert schema is not None, path
        assert faults(desk.call(method, path, body), schema, f"{method} {path}") == []
        called.add(f"{method} {operation.path}")
    assert called == described() - OF_PERSONS


@pytest.mark.parametrize(("value", "fault"), [
    ({"id": "1"}, ".name: is missing"), ({"id": 1, "name": ""}, ".id: 1 is no ['string']"),
    ({"id": "", "name": "", "more": 1}, ".more: is not described"), ([], ": [] is no ['object']"),
])
def test_what_is_not_as_described_is_seen(value: Any, fault: str) -> None:
    """The check itself can fail."""
    assert faults(value, {"$ref": "#/components/schemas/Named"}) == [fault]


def test_every_record_is_used() -> None:
    """And each that is named is there."""
    text = repr([answer_of(*one.split(" ")) for one in described()]) + repr(RECORDS)
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == set(RECORDS)
