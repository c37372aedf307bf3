"""What HTTP says of a request of the admin API, and of its answer: queries, bodies, preconditions, pages. Values alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from appproxy.admin.base.operation import NOT_THERE
from appproxy.admin.base.problem import Changed, NotJson, NotSaidToBeJson, TooLarge, Unreadable
from appproxy.admin.fields import read_query
from appproxy.admin.operations import ROUTES, Query
from appproxy.errors import ConfigError
from appproxy.json_input import read_json

#: All of the API is below it; another version of it would be below another.
PREFIX = "/api/v1"
#: The stream of events, which is answered before anybody asks here.
EVENTS = "/events"
_MOST_PAIRS = 100
#: Arrays and objects of a body, and quotes. A body is read in the reactor's thread, in which nothing else happens then;
#: another thread would be no help, because Python's reader lets no other thread go on.
_MOST_PARTS, _MOST_QUOTES = 300_000, 2_000_000


def query_fields(query: str) -> dict[str, object]:
    """The fields of a query. Raises Unreadable or ConfigError."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_PAIRS)
    except ValueError as error:
        raise Unreadable(f"the query cannot be read: {error}", hint="write NAME=VALUE&NAME=VALUE, percent-encoded") from error
    return read_query(pairs)


def of_query(body: bytes, said: dict[str, object]) -> dict[str, object]:
    """The fields of a question whose query has them. Raises Unreadable."""
    if body:
        raise Unreadable("GET takes no body", hint="put the fields into the query")
    return said


def of_body(body: bytes, fields: Mapping[str, str], said: dict[str, object]) -> dict[str, object]:
    """Those of one that is too long for a query. Raises as `json_body` does."""
    if said:
        raise Unreadable(f"{min(said)}: no such field in the query", hint="send it as JSON")
    return json_body(body, fields) or {}


def json_body(body: bytes, fields: Mapping[str, str]) -> dict[str, object] | None:
    """The object in a body; None for none. Raises NotSaidToBeJson, TooLarge, NotJson or ConfigError.

    Only JSON is taken: pages of other origins can send forms and plain texts without asking, and JSON they cannot.
    """
    if not body:
        return None
    kind, _, parameters = fields.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json" or parameters.strip().lower() not in ("", "charset=utf-8"):
        raise NotSaidToBeJson("the Content-Type must be application/json")
    if body.count(b"[") + body.count(b"{") > _MOST_PARTS or body.count(b'"') > _MOST_QUOTES:
        raise TooLarge(f"the body has more than {_MOST_PARTS} arrays and objects, or {_MOST_QUOTES} quotes")
    try:
        found = read_json(body, unique=True)
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError("the body must be a JSON object")
    return found


def etag_field(etag: str) -> tuple[tuple[str, str], ...]:
    """The field of an answer's ETag, if it has one."""
    return (("etag", f'"{etag}"'),) if etag else ()


def precondition(fields: Mapping[str, str]) -> str:
    """What a change is made under: an ETag without its quotes, `NOT_THERE`, or "" for nothing.

    Raises Unreadable or Changed.
    """
    none_match = fields.get("if-none-match")
    if none_match is None:
        return _strong(fields.get("if-match", ""))
    hint = "to change what you have read, send its ETag in If-Match alone"
    if none_match.strip() != "*":
        raise Unreadable("If-None-Match: with a change it can be * alone", hint=hint)
    if "if-match" in fields:
        # Both are evaluated (RFC 9110 section 13.2.2), and nothing can be there and not be there.
        raise Changed("If-Match wants something to be there, and If-None-Match: * nothing", hint=hint)
    return NOT_THERE


def _strong(value: str) -> str:
    """The ETag of a precondition, without its quotes; "" for none, and for what any state meets.

    A list, or a weak one, is no strong ETag of ours, and so meets nothing (RFC 9110 section 13.1.1).
    """
    text = value.strip()
    return "" if text == "*" else text.strip('"') or text


def is_among(etag: str, value: str) -> bool:
    """Does If-None-Match name this ETag? Compared weakly (RFC 9110 section 13.1.2)."""
    tags = [one.strip().removeprefix("W/") for one in value.split(",")]
    return f'"{etag}"' in tags or value.strip() == "*"


def next_page(operation: Query, path: str, fields: Mapping[str, object], data: object) -> tuple[tuple[str, str], ...]:
    """Where the next page is (RFC 8288), if this one is full."""
    limit = fields.get("limit")
    if not operation.page or not isinstance(data, list) or not data or len(data) != limit:
        return ()
    last: Any = data[-1]
    query = urlencode({**fields, "after": str(last[operation.page])}, doseq=True, quote_via=quote)
    return (("link", f'<{path}?{query}>; rel="next"'),)


def methods_at(target: str) -> list[str]:
    """What is possible at a path."""
    path = target.partition("?")[0].removeprefix(PREFIX)
    if path in ("/me", "/openapi.json", EVENTS):
        return ["GET"]
    return ROUTES.methods(path)
