"""The admin API over HTTPS: from the request of somebody who has signed in to its answer. What carries both is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.admin.base import roles
from appproxy.admin.base.dry_run import dry as dry_run
from appproxy.admin.base.pages import MOST_ROWS
from appproxy.admin.base.principal import Principal
from appproxy.admin.base.problem import Busy, Unreadable, WrongMethod, problem
from appproxy.admin.openapi import description
from appproxy.admin.operations import ROUTES, Command, Query
from appproxy.admin.transport.api import AdminApi, Around, dried, straight
from appproxy.admin.transport.http_rules import (
    EVENTS,
    PREFIX,
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
from appproxy.errors import AppProxyError, ConfigError, NotFound
from appproxy.store.roles.idempotency import IdempotencyKey, once
from appproxy.store.snapshot import TOKEN, RoleAssignment, Snapshot
from appproxy.store.tables.core import GROUP, USER

_LONGEST_KEY = 255
#: Seconds after which to ask again where the node is at such a question of somebody else.
_LATER = "5"
#: Of who calls with a service token, in the place of a provider.
_PROGRAM = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who has signed in. `provider`: its id, "" for a service token, whose id is the `subject`; `address`: where from."""

    provider: str
    subject: str
    name: str
    groups: Sequence[str]
    address: str

    @property
    def audited(self) -> str:
        """What the audit calls them."""
        return f"{'user' if self.provider else 'token'}:{self.subject}"

    def holders(self) -> list[tuple[str, str, str]]:
        """Whose roles they have."""
        if not self.provider:
            return [(_PROGRAM, TOKEN, self.subject)]
        return [(self.provider, USER, self.subject), *((self.provider, GROUP, group) for group in self.groups)]


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """A request. `target`: path and query, `fields`: by lower-case names, each once; what came twice is joined by commas."""

    method: str
    target: str
    fields: Mapping[str, str]
    body: bytes
    caller: Caller


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: JSON, or a problem of RFC 9457. `fields`: beside its type."""

    status: int
    data: object
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """Its media type."""
        return "application/json" if self.status < 400 else "application/problem+json"


class HttpsApi:
    """Made once a node. `origin`: where it is; `wall_clock`: seconds since 1970."""

    log = Logger()

    def __init__(
        self, api: AdminApi, snapshot: Callable[[], Snapshot], wall_clock: Callable[[], float], origin: str
    ) -> None:
        self._api = api
        self._snapshot = snapshot
        self._wall_clock = wall_clock
        self._description = description(origin, PREFIX)

    def answer(self, asked: AdminRequest) -> Deferred[Answered]:
        """Do what is asked, as far as the caller may. Never fails."""
        try:
            answering = self._answer(asked)
        except AppProxyError as error:
            answering = fail(error)
        return answering.addErrback(self._failed, asked)

    def roles_of(self, caller: Caller) -> list[RoleAssignment]:
        """The roles that somebody has now."""
        return roles.held(self._snapshot().roles, set(caller.holders()), self._wall_clock())

    def principal(self, caller: Caller) -> Principal:
        """What somebody may do now."""
        provider = self._snapshot().providers.get(caller.provider)
        # A subject, and a name all the more, is somebody else's at another provider.
        vouched = {} if provider is None else {"caller_provider": provider.name}
        noted = {"from": caller.address, "caller": caller.name, **vouched}
        holders = caller.holders()
        entitled = roles.may_ask(self._snapshot().entitlements, holders, self._wall_clock())
        return roles.principal(caller.audited, self.roles_of(caller), noted, holders=holders, entitled=entitled)

    def _answer(self, asked: AdminRequest) -> Deferred[Answered]:
        path, _, query = asked.target.partition("?")
        if not path.startswith(PREFIX + "/") or "//" in path or path.endswith("/"):
            raise NotFound(f"there is no {path}", hint=f"the API is below {PREFIX}/, see docs/admin-api.md")
        path = path.removeprefix(PREFIX)
        if path in ("/me", "/openapi.json"):
            if asked.method != "GET":
                raise WrongMethod(f"{asked.method} is not possible on {path}")
            return succeed(Answered(200, self._me(asked.caller) if path == "/me" else self._description))
        if path == EVENTS:
            raise WrongMethod(f"{asked.method} is not possible on {path}, whose answer does not end")
        operation, _ = ROUTES.find(asked.method, path)
        caller = self.principal(asked.caller)
        # Who may not learns that first, whatever else is wrong.
        caller.reach(operation.permission)
        self._api.check_free(operation)
        said = query_fields(query)
        if isinstance(operation, Query):
            fields = of_query(asked.body, said) if operation.method == "GET" else of_body(asked.body, asked.fields, said)
            return self._look(asked, operation, path, fields, caller)
        return self._change(asked, operation, path, said, caller)

    def _look(
        self, asked: AdminRequest, operation: Query, path: str, fields: dict[str, object], caller: Principal
    ) -> Deferred[Answered]:
        if operation.page and operation.live is None:
            fields.setdefault("limit", MOST_ROWS)

        def found(data: object) -> Answered:
            etag = operation.etag(data)
            more = (*etag_field(etag), *next_page(operation, asked.target.partition("?")[0], fields, data))
            if etag and is_among(etag, asked.fields.get("if-none-match", "")):
                return Answered(304, None, more)
            return Answered(200, data, more)

        return self._api.call(asked.method, path, fields, caller).addCallback(found)

    def _change(
        self, asked: AdminRequest, operation: Command, path: str, said: dict[str, object], caller: Principal
    ) -> Deferred[Answered]:
        dry = said.pop("dry_run", False) is True
        body = json_body(asked.body, asked.fields)
        if said and (operation.method != "DELETE" or body is not None):
            raise ConfigError(f"{min(said)}: no such field in the query", hint="send it as JSON")
        around = dry_run if dry else self._once(asked, caller)
        fields = (("appproxy-dry-run", "true"),) if dry else ()
        if_match = precondition(asked.fields)

        doing = self._api.call(asked.method, path, body if body is not None else said or None, caller, if_match, around)
        return doing.addErrback(dried).addCallback(lambda data: Answered(200, data, fields))

    def _once(self, asked: AdminRequest, caller: Principal) -> Around:
        """Does a change with an Idempotency-Key only the first time."""
        text = asked.fields.get("idempotency-key")
        if text is None:
            return straight
        if asked.method != "POST":
            raise Unreadable("Idempotency-Key: is for POST only", hint="the other methods may be repeated anyhow")
        if not 0 < len(text) <= _LONGEST_KEY or not text.isascii() or not text.isprintable():
            raise Unreadable(f"Idempotency-Key: 1 to {_LONGEST_KEY} printable ASCII characters are needed")
        key = IdempotencyKey(f"{caller.name} {asked.caller.provider}", text, f"{asked.target}\n{asked.body.hex()}")
        return lambda tx, change: once(tx, key, change)

    def _me(self, caller: Caller) -> object:
        may = self.principal(caller)
        snapshot = self._snapshot()
        provider = snapshot.providers.get(caller.provider)
        return {
            "name": caller.name, "provider": "service token" if provider is None else provider.name, "subject": caller.subject,
            "permissions": sorted(one.value for one in may.permissions),
            "roles": sorted({one.role for one in self.roles_of(caller)}),
            "for_one_application": {one.value: sorted(ids) for one, ids in may.scoped.items()},
        }

    def _failed(self, failure: Failure, asked: AdminRequest) -> Answered:
        error = failure.value
        if not isinstance(error, AppProxyError):
            self.log.failure("an operation of the admin API failed", failure)
        status, data = problem(error)
        if isinstance(error, Busy):
            return Answered(status, data, (("retry-after", _LATER),))
        fields = (("allow", ", ".join(methods_at(asked.target))),) if status == 405 else ()
        return Answered(status, data, fields)
