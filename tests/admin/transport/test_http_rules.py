"""What of a request of the admin API is read, and what of it is answered, as values."""

from __future__ import annotations

from typing import Any, cast

import pytest

from appproxy.admin.base.operation import NOT_THERE
from appproxy.admin.base.problem import Changed, NotJson, NotSaidToBeJson, TooLarge, Unreadable
from appproxy.admin.transport.http_rules import (
    etag_field,
    is_among,
    json_body,
    methods_at,
    next_page,
    of_body,
    of_query,
    precondition,
    query_fields,
)
from appproxy.errors import AppProxyError, ConfigError

JSON = {"content-type": "application/json"}


def refused(error: type[AppProxyError], function: Any, *arguments: Any) -> str:
    """What is said against it."""
    with pytest.raises(error) as caught:
        function(*arguments)
    assert type(caught.value) is error
    return caught.value.message


@pytest.mark.parametrize("kind", [
    "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
    "application/json ;"])
def test_json_that_says_so(kind: str) -> None:
    """Is read; nothing is nothing."""
    assert json_body(b'{"a": 1}', {"content-type": kind}) == {"a": 1}
    assert json_body(b"", {}) is None is json_body(b"", {"content-type": "text/plain"})


@pytest.mark.parametrize("kind", [
    "", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "text/plain; application/json",
    "application/jsonx", "application/json, text/plain"])
def test_what_other_pages_can_send_is_not_read(kind: str) -> None:
    """Forms and plain texts need nobody's leave; JSON of another origin does."""
    assert "must be application/json" in refused(NotSaidToBeJson, json_body, b"{}", {"content-type": kind})


@pytest.mark.parametrize(("body", "error"), [
    (b"{", NotJson), (b'{"a": 1, "a": 2}', NotJson), (b"\xff", NotJson), (b'{"a": NaN}', NotJson), (b"[]", ConfigError),
    (b"1", ConfigError),
    (b"null", ConfigError), (b"[" * 300_001, TooLarge), (b"{" * 150_000 + b"[" * 150_001, TooLarge), (b'"' * 2_000_001,
    TooLarge)],
    ids=lambda one: repr(one)[:20])
def test_bodies_that_are_none(body: bytes, error: type[AppProxyError]) -> None:
    """One that would take long to read is not begun."""
    refused(error, json_body, body, JSON)


def test_as_many_parts_as_may_be() -> None:
    """Are read."""
    body = b'{"a": [' + b"[],".join([b""] * 299_998) + b"[]" + b"]}"
    found = cast("dict[str, list[object]]", json_body(body, JSON))
    assert body.count(b"[") + body.count(b"{") == 300_000 and len(found["a"]) == 299_998


def test_where_a_body_belongs() -> None:
    """A question has its fields in the query, and one that is too long for that in its body; never in both."""
    assert of_query(b"", {"a": 1}) == {"a": 1}
    assert "GET takes no body" in refused(Unreadable, of_query, b"{}", {})
    assert of_body(b'{"a": 1}', JSON, {}) == {"a": 1} and of_body(b"", {}, {}) == {}
    assert refused(Unreadable, of_body, b"", {}, {"b": 1, "a": 2}) == "a: no such field in the query"


@pytest.mark.parametrize(("query", "error"), [
    ("limit", Unreadable), ("limit=1&&", Unreadable), ("limit=%ff", Unreadable), ("&".join(f"a{n}=1" for n in range(101)),
    Unreadable)])
def test_queries_that_cannot_be_read(query: str, error: type[AppProxyError]) -> None:
    """Say how to write them."""
    assert "the query cannot be read" in refused(error, query_fields, query)
    assert query_fields("") == {}


@pytest.mark.parametrize(("fields", "condition"), [
    ({}, ""), ({"if-match": '"e1"'}, "e1"), ({"if-match": ' "e1" '}, "e1"), ({"if-match": "*"}, ""), ({"if-match": 'W/"e1"'},
    'W/"e1'),
    ({"if-match": '"e1", "e2"'}, 'e1", "e2'), ({"if-match": '""'}, '""'), ({"if-none-match": "*"}, NOT_THERE),
    ({"if-none-match": " * "}, NOT_THERE)])
def test_what_a_change_is_made_under(fields: dict[str, str], condition: str) -> None:
    """A list, or a weak tag, is none of ours, and so nothing meets it (RFC 9110 section 13.1.1)."""
    assert precondition(fields) == condition


@pytest.mark.parametrize(("fields", "error"), [
    ({"if-none-match": '"e1"'}, Unreadable), ({"if-none-match": ""}, Unreadable), ({"if-none-match": "*", "if-match": '"e1"'},
    Changed),
    ({"if-none-match": "*", "if-match": "*"}, Changed)])
def test_what_no_change_can_be_made_under(fields: dict[str, str], error: type[AppProxyError]) -> None:
    """Nothing can be there and not be there (RFC 9110 section 13.2.2)."""
    refused(error, precondition, fields)


@pytest.mark.parametrize(("value", "named"), [
    ('"e1"', True), ('W/"e1"', True), ('"x", W/"e1"', True), ("*", True), (" * ", True), ("e1", False), ('"e2"', False), ("",
    False),
    ('"e1', False)])
def test_what_somebody_has_already(value: str, named: bool) -> None:
    """Compared weakly (RFC 9110 section 13.1.2)."""
    assert is_among("e1", value) is named
    assert etag_field("e1") == (("etag", '"e1"'),) and etag_field("") == ()


@pytest.mark.parametrize(("page", "data", "limit", "link"), [
    ("name", [{"name": "a b"}, {"name": "c&d"}], 2, '</api/v1/x?limit=2&search=%C3%A4&after=c%26d>; rel="next"'),
    ("name", [{"name": "a"}], 2, ""), ("name", [], 0, ""), ("", [{"name": "a"}], 1, ""), ("name", {"name": "a"}, 1, "")])
def test_where_the_next_page_is(page: str, data: object, limit: int, link: str) -> None:
    """Only behind one that is full (RFC 8288)."""
    operation: Any = type("Listing", (), {"page": page})()
    found = next_page(operation, "/api/v1/x", {"limit": limit, "search": "ä"}, data)
    assert found == ((("link", link),) if link else ())


def test_what_is_possible_at_a_path() -> None:
    """For whoever used another method."""
    assert methods_at("/api/v1/me?x") == ["GET"] == methods_at("/api/v1/openapi.json")
    of_users = methods_at("/api/v1/users")
    assert "POST" in of_users and methods_at("/api/v1/users?limit=1") == of_users
