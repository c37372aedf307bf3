"""What an operation of the admin API is: a route, the fields of its body, and a function on the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any
from urllib.parse import unquote

from appproxy.admin.base import guard
from appproxy.admin.base.body import Body
from appproxy.admin.base.pages import PAGING, etag_of, page_of, page_wanted
from appproxy.admin.base.principal import Forbidden, Permission, Principal
from appproxy.admin.base.problem import Changed, WrongMethod
from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError, NotFound
from appproxy.policy.conditional.locations import CountryOf, no_country
from appproxy.store.applications import applications
from appproxy.store.database.snapshot_builder import uncollected
from appproxy.store.paging import ListPage
from appproxy.store.service import audit
from appproxy.store.service.audit import AuditEntry
from appproxy.store.service.note import Action
from appproxy.store.transaction import Reading, Transaction

#: In place of an ETag: nothing may be there yet (`If-None-Match: *`, RFC 9110 section 13.1.2). No field can hold it.
NOT_THERE = "\0"


class Ask(Enum):
    """What an operation wants to know before it runs, and only a running service can say."""

    #: What works of a directory.
    REPORT = "report"
    #: What works of an identity provider.
    PROVIDER = "provider"
    #: What other policies would have made of the decision log.
    REPLAY = "replay"
    #: Which group of a directory has the name that the body has as `group`.
    GROUP = "group"
    #: What users have asked for in the last hour.
    TRAFFIC = "traffic"
    #: How many of those an application has had.
    TRAFFIC_OF = "traffic of"
    #: Which requests to an application have failed.
    FAILURES = "failures"
    #: Where the hosts of an application lead, and whether it answers.
    REACH = "reach"
    #: What comes of an entry that is sent there.
    EXPORT = "export"
    #: What a connector finds with its half of the doctor.
    EXAMINATION = "examination"


def _none_given() -> str | None:
    return None


def _nobody_online() -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class AdminContext:
    """What operations need beside the store.

    `principal` is who acts; `now` seconds since 1970. `hash_password(name, password)` refuses a weak
    password with ConfigError. `live` gives by connector id what a running node knows of it: `online`, `address`,
    `version`, `in_flight`; `limits_met` says which users met a shared limit lately. `given_certificate` gives the PEM of the
    default certificate that the settings' files have, None when the service made its own. `probes` has, for an operation
    that wants them, what applications have answered just now, by name: each has `status`, `failure` and `detail`.
    `running` is False when a command works on the database without a service. `symptoms` are what answers of applications
    look like: application, hint and how often. `country_of` gives the country of an address. `service_answer` is what the
    service, or a directory, has said to an operation that `asks`, None without a service.
    """

    principal: Principal
    now: float
    settings: ServiceSettings
    hash_password: Callable[[str, str], str] = field(repr=False)
    live: Callable[[], Mapping[str, object]] = _nobody_online
    limits_met: Sequence[Mapping[str, object]] = ()
    running: bool = False
    given_certificate: Callable[[], str | None] = _none_given
    symptoms: Sequence[tuple[str, str, int]] = ()
    probes: Mapping[str, Any] = field(default_factory=dict)
    country_of: CountryOf = no_country
    service_answer: Any = None

    def limits_shown(self) -> list[dict[str, object]]:
        """`limits_met` as far as the caller may know: who met one is for those who may read users, "" for others."""
        hidden = {} if self.principal.covers({Permission.READ_USERS}) else {"who": ""}
        return [{**one, **hidden} for one in self.limits_met]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: the names in its path, its body, and who calls.

    `scope`: ids of the applications that it may be done to, None for no such limit; then the path names an application.
    `unchanged`: the ETag (without quotes) that what is to be changed must have, or `NOT_THERE`, and the queries that may tell
    it, that of the path itself first; None: whatever it is now. `page`: which part of a listing is wanted; None: all of it.
    """

    path: Mapping[str, str]
    body: Body
    context: AdminContext
    unchanged: tuple[str, tuple[Query, ...]] | None = None
    scope: frozenset[str] | None = None
    page: ListPage | None = None

    def check_scope(self, reading: Reading) -> None:
        """Raises Forbidden where the caller may do it to some applications alone, and not to the one that the path names."""
        named = self.path.get("application")
        if self.scope is not None and named is not None and applications.find_id(reading, named) not in self.scope:
            raise Forbidden(f"{self.context.principal.name} may not do this to {named}")


@dataclass(frozen=True, slots=True)
class Change:
    """What a changing operation did: its answer, and what the audit says about it; `detail` holds no secret."""

    answer: object
    target: str
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """An operation that only looks: `GET`, or `POST` where a question is too long for a query. `path` has names in braces;
    `run` gives what JSON can say.

    `probes`: applications are asked before, whether they answer; needs a running service. `page`: of a listing, the field by
    which it goes in pages; no two rows have the same. `reads_pages`: the listing may be long, and `run` reads the rows of
    `call.page` alone. `live`: fields of the answer that change by themselves, which its ETag
    leaves out; None: it has no ETag. `asks`: as in `Ask`, of the directory or application that the path names.
    `alone`: it takes long, so that a node answers one at a time.
    """

    path: str
    explanation: str
    run: Callable[[Reading, Call], object]
    fields: tuple[str, ...] = ()
    method: str = "GET"
    probes: bool = False
    page: str = ""
    reads_pages: bool = False
    live: tuple[str, ...] | None = None
    asks: Ask | None = None
    alone: bool = False
    #: `run` looks at `call.scope` by itself: the path names no application.
    scoped: bool = False
    permission: Permission = field(kw_only=True)

    @property
    def known(self) -> tuple[str, ...]:
        """All fields that a body may have."""
        return (*self.fields, *PAGING) if self.page else self.fields

    def perform(self, reading: Reading, call: Call) -> object:
        """Run it. Raises ConfigError for a page that cannot be."""
        call.check_scope(reading)
        if not self.page:
            return self.run(reading, call)
        page = page_wanted(call.body)
        if self.reads_pages:
            # All rows may be ten thousand, with fifty thousand of what belongs to them.
            with uncollected() if page is None else nullcontext():
                return self.run(reading, replace(call, page=page))
        return page_of(self.run(reading, call), self.page, page)

    def etag(self, answer: object) -> str:
        """The ETag of an answer, without its quotes; "" where there is none."""
        return "" if self.live is None else etag_of(answer, self.live)


@dataclass(frozen=True, slots=True)
class Command:
    """An operation that changes the store; each leaves a row in the audit, named `action`. `asks` as in `Query`."""

    method: str
    path: str
    action: str
    explanation: str
    run: Callable[[Transaction, Call], Change]
    fields: tuple[str, ...] = ()
    asks: Ask | None = None
    #: As in `Query`.
    scoped: bool = False
    #: It may take many seconds, of which the database is known to be at work.
    long: bool = False
    permission: Permission = field(kw_only=True)

    @property
    def known(self) -> tuple[str, ...]:
        """All fields that a body may have."""
        return self.fields

    def perform(self, tx: Transaction, call: Call) -> object:
        """Run it, and note in the same transaction who did what. Raises as `change` does."""
        change = self.change(tx, call)
        audit.record_all(tx, [self.entry(tx, call, change)])
        return change.answer

    def entry(self, tx: Transaction, call: Call, change: Change) -> AuditEntry:
        """What the audit is to say of it."""
        principal = call.context.principal
        return AuditEntry(tx.now, principal.name, Action(self.action), change.target, {**change.detail, **principal.noted})

    def change(self, tx: Transaction, call: Call) -> Change:
        """Run it without a note.

        Raises Changed when it is not what the caller saw, Forbidden when it would give the caller more than they may, and
        LastAdministrator.
        """
        call.check_scope(tx)
        if call.unchanged is not None:
            _check_unchanged(tx, call, *call.unchanged)
        principal = call.context.principal
        guard.check_targets(tx, principal, self.permission, call.path, call.body, call.context.now)
        with guard.keeping_an_administrator(tx, principal, self.permission):
            return self.run(tx, call)


Operation = Query | Command


class Routes:
    """Finds the operation for a method and a path."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self.operations = operations
        self._routes = [(tuple(operation.path.strip("/").split("/")), operation) for operation in operations]

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation, and the names in the path (`%2F` and the like decoded). Raises NotFound."""
        found = self._at(path)
        for operation, names in found:
            if operation.method == method:
                return operation, names
        if found:
            raise WrongMethod(f"{method} is not possible on {path}")
        raise NotFound(f"the admin API has no {path}", hint="see docs/admin-api.md")

    def methods(self, path: str) -> list[str]:
        """What is possible at a path, in order; none where nothing is."""
        return sorted({operation.method for operation, _ in self._at(path)})

    def _at(self, path: str) -> list[tuple[Operation, dict[str, str]]]:
        """The operations of a path, with the names in it. A word of our own is nobody's name: `/sessions/revoke`."""
        parts = path.strip("/").split("/")
        matching = [(operation, names) for route, operation in self._routes if (names := names_in(route, parts)) is not None]
        fewest = min((len(names) for _, names in matching), default=0)
        return [(operation, names) for operation, names in matching if len(names) == fewest]

    def prepare(
        self, method: str, path: str, body: object, context: AdminContext, if_match: str = ""
    ) -> tuple[Operation, Call]:
        """Find the operation, and check who calls and the form of the body. `if_match`: an ETag (no quotes) or `NOT_THERE`.

        Raises NotFound, Forbidden, Changed or ConfigError.
        """
        operation, names = self.find(method, path)
        scope = context.principal.reach(operation.permission)
        if scope is not None and "application" not in names and not operation.scoped:
            context.principal.require(operation.permission)
        if body is not None and not isinstance(body, dict):
            raise ConfigError("the body must be a JSON object")
        if not _storable([names, body]):
            raise ConfigError("no text may have a NUL or half a surrogate pair: no database takes it")
        unchanged = (if_match, self._queries_with_etag(path, if_match)) if if_match and operation.method != "GET" else None
        return operation, Call(names, Body(body or {}, operation.known), context, unchanged, scope)

    def has_etag(self, path: str, alone: bool = False) -> bool:
        """Can a change of `path` (names in braces will do) have a precondition? `alone`: on the path itself, not on what it
        is a part of.
        """
        try:
            return bool(self._queries_with_etag(path, NOT_THERE if alone else "any"))
        except Changed:
            return False

    def _queries_with_etag(self, path: str, if_match: str) -> tuple[Query, ...]:
        """The queries that tell what is at a path, or what that is a part of: an ETag of `/connectors/C` holds for
        `/connectors/C/move`, too.

        Raises Changed where none has an ETag: then nobody knows what it was.
        """
        parts = path.strip("/").split("/")
        paths = ["/" + "/".join(parts[:end]) for end in range(len(parts), 0 if if_match != NOT_THERE else len(parts) - 1, -1)]
        found = tuple(
            query for one in paths for query, _ in self._at(one)
            if query.method == "GET" and isinstance(query, Query) and query.live is not None)
        if not found:
            raise Changed(f"If-Match: nothing at {path} has an ETag", hint="leave it out")
        return found


def _check_unchanged(reading: Reading, call: Call, expected: str, queries: tuple[Query, ...]) -> None:
    """Raises Changed when what is there is not what the caller saw."""
    def now(query: Query) -> str:
        return query.etag(query.run(reading, replace(call, body=Body({}, ()))))

    if expected == NOT_THERE:
        with suppress(NotFound):
            now(queries[0])
            raise Changed("there is one of this name already", hint="take another name, or read that one and change it")
    else:
        tags, missing = [], None
        for query in queries:
            try:
                tags.append(now(query))
            except NotFound as error:  # a part that is not there yet, such as a logo, of what is
                missing = error
        if missing is not None and not tags:
            raise missing
        if expected not in tags:
            raise Changed("it has been changed since you read it", hint="read it again, and change what is there now")


def _storable(data: object) -> bool:
    """Could every text in there be kept by a database?"""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text.replace("\\\\", "")


def names_in(route: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    """The names that a path, by its parts, has where the route has braces, decoded; None: it is another route's path."""
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
