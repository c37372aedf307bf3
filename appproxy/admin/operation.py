"""What an operation of the admin API is: a route, the fields of its body, and a function on the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from appproxy.admin.body import Body
from appproxy.admin.problem import WrongMethod
from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError, NotFound
from appproxy.store.service import audit
from appproxy.store.transaction import Reading, Transaction


def _none_given() -> str | None:
    return None


def _nobody_online() -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class AdminContext:
    """What operations need beside the store.

    `actor` is who acts, such as `local:0`; `now` seconds since 1970. `hash_password(name, password)` refuses a weak
    password with ConfigError. `live` gives by connector id what a running node knows of it: `online`, `address`,
    `version`, `in_flight`; `limits_met` says which users met a shared limit lately. `given_certificate` gives the PEM of the
    default certificate that the settings' files have, None when the service made its own. `probes` has, for an operation
    that wants them, what applications have answered just now, by name: each has `status`, `failure` and `detail`.
    `running` is False when a command works on the database without a service. `symptoms` are what answers of applications
    look like: application, hint and how often.
    """

    actor: str
    now: float
    settings: ServiceSettings
    hash_password: Callable[[str, str], str] = field(repr=False)
    live: Callable[[], Mapping[str, object]] = _nobody_online
    limits_met: Sequence[Mapping[str, object]] = ()
    running: bool = False
    given_certificate: Callable[[], str | None] = _none_given
    symptoms: Sequence[tuple[str, str, int]] = ()
    probes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: the names in its path, its body, and who calls."""

    path: Mapping[str, str]
    body: Body
    context: AdminContext


@dataclass(frozen=True, slots=True)
class Change:
    """What a changing operation did: its answer, and what the audit says about it; `detail` holds no secret."""

    answer: object
    target: str
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """An operation that only looks: `GET`. `path` has names in braces; `run` gives what JSON can say.

    `probes`: applications are asked before, whether they answer; needs a running service.
    """

    path: str
    explanation: str
    run: Callable[[Reading, Call], object]
    fields: tuple[str, ...] = ()
    method: str = "GET"
    probes: bool = False

    def perform(self, reading: Reading, call: Call) -> object:
        """Run it."""
        return self.run(reading, call)


@dataclass(frozen=True, slots=True)
class Command:
    """An operation that changes the store; each leaves a row in the audit, named `action`."""

    method: str
    path: str
    action: str
    explanation: str
    run: Callable[[Transaction, Call], Change]
    fields: tuple[str, ...] = ()

    def perform(self, tx: Transaction, call: Call) -> object:
        """Run it, and note in the same transaction who did what."""
        change = self.run(tx, call)
        audit.record(tx, call.context.actor, self.action, change.target, change.detail)
        return change.answer


Operation = Query | Command


class Routes:
    """Finds the operation for a method and a path."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self.operations = operations
        self._routes = [(tuple(operation.path.strip("/").split("/")), operation) for operation in operations]

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation, and the names in the path (`%2F` and the like decoded). Raises NotFound."""
        parts = path.strip("/").split("/")
        there = False
        for route, operation in self._routes:
            names = _match(route, parts)
            if names is None:
                continue
            if operation.method == method:
                return operation, names
            there = True
        if there:
            raise WrongMethod(f"{method} is not possible on {path}")
        raise NotFound(f"the admin API has no {path}; see docs/admin-api.md")

    def prepare(self, method: str, path: str, body: object, context: AdminContext) -> tuple[Operation, Call]:
        """Find the operation and check the form of its body. Raises NotFound or ConfigError."""
        operation, names = self.find(method, path)
        if body is not None and not isinstance(body, dict):
            raise ConfigError("the body must be a JSON object")
        if not _storable([names, body]):
            raise ConfigError("no text may have a NUL or half a surrogate pair: no database takes it")
        return operation, Call(names, Body(body or {}, operation.fields), context)


def _storable(data: object) -> bool:
    """Could every text in there be kept by a database?"""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text.replace("\\\\", "")


def _match(route: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    if len(route) != len(parts):
        return None
    names: dict[str, str] = {}
    for expected, part in zip(route, parts, strict=True):
        if expected.startswith("{"):
            if not part:
                return None
            names[expected[1:-1]] = unquote(part)
        elif expected != part:
            return None
    return names
