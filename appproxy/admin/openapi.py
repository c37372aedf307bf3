"""The description of the API that programs read: OpenAPI 3.1, made of the table of operations."""

from __future__ import annotations

import re
from typing import Any

import appproxy
from appproxy.admin.base.answers import answer_of, records
from appproxy.admin.base.operation import Command, Operation, Query
from appproxy.admin.base.pages import MOST_ROWS
from appproxy.admin.bounds import BODY, bounds_of
from appproxy.admin.fields import JsonKind, kind_of, required
from appproxy.admin.operations import OPERATIONS, ROUTES

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
#: `Body.duration` reads them so.
_DURATION: Schema = {
    "description": "A time from now: seconds, or a text such as 90s, 30m, 1h, 7d.",
    "oneOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,3})? ?[smhdw]?$"}],
}
_SCHEMAS: dict[JsonKind, Schema] = {
    JsonKind.TEXT: _TEXT,
    JsonKind.TEXTS: {"type": "array", "items": _TEXT},
    JsonKind.FLAG: {"type": "boolean"},
    JsonKind.WHOLE: {"type": "integer"},
    JsonKind.NUMBER: {"type": "number"},
    JsonKind.DURATION: _DURATION,
    JsonKind.MAPPING: {"type": "object", "additionalProperties": _TEXT},
    JsonKind.DOCUMENT: {"type": "object"},
    JsonKind.DOCUMENTS: {"type": "array", "items": {"type": "object"}},
}
#: The same in a query.
_IN_QUERY: dict[JsonKind, Schema] = {
    **_SCHEMAS,
    JsonKind.WHOLE: {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    JsonKind.NUMBER: {"type": "integer", "minimum": 0, "maximum": 9_999_999_999},
    JsonKind.DURATION: _DURATION["oneOf"][1],
    JsonKind.MAPPING: {"type": "array", "items": {"type": "string", "pattern": "^[^=]*="},
                       "description": "KEY=VALUE, by the name again and again."},
}
#: Queries without pages whose answer is a list.
_LISTS = frozenset({
    "/application-settings", "/second-factor-rules", "/provider-settings", "/policy-check", "/branding-settings", "/probes",
    "/audit", "/sessions", "/concerns", "/applications/{application}/failures", "/applications/{application}/check",
    "/risk/sign-ins", "/risk/users", "/providers/{provider}/report", "/connector-updates",
})
_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS}
#: Listings that need no pages.
_MORE: Schema = {**_LIMIT, "maximum": 10_000}
_MORE_ROWS = frozenset({"/sessions", "/risk/sign-ins"})
_PROBLEMS = {
    "400": "The request cannot be read", "401": "Nobody is signed in", "403": "Not allowed", "404": "Not found",
    "405": "Not possible here", "409": "Already there, or still in use", "412": "Changed meanwhile", "413": "Too large",
    "415": "Not JSON", "422": "A wrong value", "429": "Too many requests", "500": "A fault of the service",
    "503": "The store, or a directory, does not answer, or the node is at such a question of somebody else",
}  # fmt: skip
_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT, "title": _TEXT, "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One line for people, which names the field and what to do."},
        "name": {"type": "string", "description": "Which error it is, for programs."},
        "hint": {"type": "string", "description": "The part of `detail` that says what to do."},
        "code": _TEXT, "source": _TEXT, "request_id": _TEXT,
    },
}  # fmt: skip


def description(origin: str, prefix: str) -> Schema:
    """The document of an API at `origin`, below the path `prefix`."""
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    paths["/me"] = {"get": _me()}
    paths["/events"] = {"get": _events()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "appproxy admin API", "version": appproxy.__version__,
            "description": "Everything that an administrator does. What a caller may do follows from their roles. "
                           "No text may have a NUL.",
        },
        "servers": [{"url": origin + prefix}],
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Problem": _PROBLEM, **records()},
            "securitySchemes": {"bearer": {
                "type": "http", "scheme": "bearer", "description": "A service token with a role, or an access token."}},
        },
    }  # fmt: skip


def name_of(operation: Operation) -> str:
    """A name for programs: a command's action, and what a query gets: all words of a path that names nothing, else the last
    and what it is of.
    """
    if isinstance(operation, Command):
        return operation.action.replace(".", "_").replace("-", "_")
    parts = operation.path.strip("/").split("/")
    verb = "list_" if operation.page else "get_"
    if not any(part.startswith("{") for part in parts):
        return verb + "_".join(parts).replace("-", "_")
    words = [f"of_{part[1:-1]}" if part.startswith("{") and number < len(parts) - 1 else part.strip("{}")
             for number, part in enumerate(parts)]
    if parts[-1].startswith("{"):
        return "get_" + "_".join(words[-1:]).replace("-", "_")
    return verb + "_".join([words[-1], *words[1:-1]]).replace("-", "_")


def _operation(operation: Operation) -> Schema:
    made: Schema = {
        "operationId": name_of(operation), "summary": operation.explanation, "tags": [operation.path.split("/")[1]],
        "description": f"Needs the permission `{operation.permission.value}`.",
        "parameters": [_in_path(name) for name in re.findall(r"\{([a-z]+)\}", operation.path)],
        "responses": _responses(operation),
    }  # fmt: skip
    if isinstance(operation, Query) and operation.method == "GET":
        made["parameters"] += [_in_query(operation, name) for name in operation.known]
        if operation.live is not None:
            made["parameters"].append(_field("If-None-Match", "An ETag: nothing is sent if it is still that."))
        return made
    if isinstance(operation, Query):
        made["requestBody"] = _request_body(operation)
        return made
    made["parameters"].append({
        "name": "dry_run", "in": "query", "schema": {"type": "boolean"},
        "description": "true: check and answer as if it was done, and change nothing."})
    if ROUTES.has_etag(operation.path):
        made["parameters"].append(_field("If-Match", "An ETag: nothing is done unless it is still that."))
    if operation.method == "PUT" and ROUTES.has_etag(operation.path, alone=True):
        new = _field("If-None-Match", "Nothing is done if something is there already.")
        made["parameters"].append({**new, "schema": {"type": "string", "enum": ["*"]}})
    if operation.method == "POST":
        made["parameters"].append(_field("Idempotency-Key", "The same change with the same key happens once; for a day.", 255))
    if operation.method == "DELETE":
        made["parameters"] += [_in_query(operation, name) for name in operation.known]
    elif operation.known:
        made["requestBody"] = _request_body(operation)
    return made


def _request_body(operation: Operation) -> Schema:
    needed = bool(required(operation) or bounds_of(operation.method, operation.path, BODY))
    return {"required": needed, "content": {"application/json": {"schema": _body(operation)}}}


def _body(operation: Operation) -> Schema:
    needed, properties = required(operation), {}
    for name in operation.known:
        one = _bounded(operation, name, _SCHEMAS[kind_of(name)])
        properties[name] = one if name in needed else _or_null(one)
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    if needed:
        schema["required"] = list(needed)
    return _bounded(operation, BODY, schema)


def _or_null(schema: Schema) -> Schema:
    """The same for a field that may be left out: null is as good as that."""
    if "oneOf" in schema:
        return {**schema, "oneOf": [*schema["oneOf"], {"type": "null"}]}
    listed = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **listed}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
            "description": "A name or an id."}


def _in_query(operation: Operation, name: str) -> Schema:
    schema = _IN_QUERY[kind_of(name)]
    if name == "limit":
        schema = _MORE if operation.path in _MORE_ROWS else _LIMIT
    schema = _bounded(operation, name, schema)
    return {"name": name, "in": "query", "required": name in required(operation), "schema": schema}


def _bounded(operation: Operation, name: str, schema: Schema) -> Schema:
    return {**schema, **bounds_of(operation.method, operation.path, name)}


def _field(name: str, description: str, longest: int = 0) -> Schema:
    schema: Schema = {"type": "string", **({"minLength": 1, "maxLength": longest} if longest else {})}
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


def _responses(operation: Operation) -> Schema:
    schema: Schema = {"type": "object"}
    headers: Schema = {}
    if isinstance(operation, Query) and (operation.page or operation.path in _LISTS):
        schema = {"type": "array", "items": {"type": "object"}}
    schema = answer_of(operation.method, operation.path) or schema
    if isinstance(operation, Query) and operation.page:
        headers["Link"] = {"schema": _TEXT, "description": 'The next page, rel="next", if there is one (RFC 8288).'}
    if isinstance(operation, Query) and operation.live is not None:
        headers["ETag"] = {"schema": _TEXT}
    made: Schema = {"200": {"description": "Done.", "content": {"application/json": {"schema": schema}}}}
    if headers:
        made["200"]["headers"] = headers
    if "ETag" in headers:
        made["304"] = {"description": "It is still what the caller has."}
    return {**made, **_problems()}


def _problems() -> Schema:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": f"{text}.", "content": content} for status, text in _PROBLEMS.items()}


def _events() -> Schema:
    after: Schema = {"type": "string", "pattern": "^[0-9]{0,15}$"}
    explained = "Goes on behind this entry; left out: from now on."
    return {
        "operationId": "follow_events", "tags": ["events"],
        "summary": "What happens, as it happens: server-sent events, without end.",
        "description": "`id` is an entry's number, `data` a JSON object of it: `number`, `time`, `action` and `target`, and "
                       "with the permission `audit.read` `actor` and `detail`. Nobody hears of what they may not read.",
        "parameters": [
            {"name": "after", "in": "query", "description": explained, "schema": after},
            {"name": "Last-Event-ID", "in": "header", "description": explained, "schema": after},
        ],
        "responses": {
            "200": {"description": "Goes on.", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
            **_problems()},
    }  # fmt: skip


def _me() -> Schema:
    texts: Schema = {"type": "array", "items": _TEXT}
    schema: Schema = {
        "type": "object", "required": ["name", "provider", "subject", "permissions", "roles"],
        "properties": {
            "name": _TEXT, "provider": _TEXT, "subject": _TEXT, "permissions": texts, "roles": texts,
            "for_one_application": {"type": "object", "additionalProperties": texts},
        },
    }  # fmt: skip
    return {
        "operationId": "get_me", "summary": "Who calls, and what they may do.", "tags": ["me"],
        "responses": {"200": {"description": "Done.", "content": {"application/json": {"schema": schema}}}, **_problems()},
    }
