"""The operations over the store of a running node: each call is one of them, for somebody, in a transaction of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from appproxy.admin.base.body import Body
from appproxy.admin.base.dry_run import NothingDone
from appproxy.admin.base.operation import Ask, Operation
from appproxy.admin.base.principal import Principal
from appproxy.admin.operations import ROUTES, AdminContext, Query
from appproxy.admin.running.service import STATUS, status_without_database
from appproxy.admin.transport.alone import Alone
from appproxy.config.service import ServiceSettings
from appproxy.policy.conditional.locations import CountryOf, no_country
from appproxy.store.database.live import LiveStore
from appproxy.store.transaction import Transaction

#: Makes a change, or does something else in its place, in one transaction; gives the answer.
Around = Callable[[Transaction, Callable[[], object]], object]


def straight(tx: Transaction, change: Callable[[], object]) -> object:
    """Nothing but the change."""
    return change()


def dried(failure: Failure) -> object:
    """For an errback: what a dry run has answered."""
    if isinstance(failure.value, NothingDone):
        return failure.value.answer
    return failure


class RunningNode(Protocol):
    """What a node knows that the database does not."""

    @property
    def given_certificate(self) -> str | None:
        """The certificate that an administrator has given it in files; None: there is none."""
        ...

    def live(self) -> Mapping[str, object]:
        """The connectors that are online there, by id."""
        ...

    def limits_met(self) -> Sequence[Mapping[str, object]]:
        """Who met a limit that all share, lately."""
        ...

    def symptoms(self) -> Sequence[tuple[str, str, int]]:
        """By application: what its answers show to be set wrongly, and how often."""
        ...

    def probe(self) -> Deferred[Mapping[str, Any]]:
        """Ask each application whether it answers; fires with what came of it, by name."""
        ...


class AdminApi:
    """The table of operations over the store of a running node."""

    def __init__(
        self,
        store: LiveStore,
        settings: ServiceSettings,
        hash_password: Callable[[str, str], str],
        node: RunningNode,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
        country_of: CountryOf = no_country,
        asked: Callable[[Ask, Mapping[str, str], Body, str], Deferred[Any]] = lambda ask, path, body, caller: succeed(None),
    ) -> None:
        """`asked` asks the node, or a directory, for an operation with this path and body, of this caller."""
        self._asked = asked
        self._alone = Alone()
        self._country_of = country_of
        self._store = store
        self._settings = settings
        self._hash_password = hash_password
        self._node = node
        self._wall_clock = wall_clock

    def check_free(self, operation: Operation) -> None:
        """Before its body is read: raises Busy where the node is at another one, and it takes long."""
        if isinstance(operation, Query) and operation.alone:
            self._alone.check()

    def call(
        self, method: str, path: str, body: object, principal: Principal, if_match: str = "", around: Around = straight,
    ) -> Deferred[object]:
        """Perform one operation for somebody; the answer is what JSON can say. Fails with an AppProxyError.

        `if_match`: the ETag (without its quotes) that what is changed must have; `around`: makes a change in its transaction.
        """
        operation, _ = ROUTES.find(method, path)
        here = copy_context()  # what goes on later is still for who has asked (`policy.sender`)
        if operation.asks is not None:
            # Who may not, or asks for nonsense, has nothing asked.
            call = ROUTES.prepare(method, path, body, self._context(principal, {}), if_match)[1]
            return self._asked(operation.asks, call.path, call.body, principal.name).addCallback(
                lambda answer: here.run(self._perform, method, path, body, principal, if_match, {}, answer, around))
        if isinstance(operation, Query) and operation.probes:
            ROUTES.prepare(method, path, body, self._context(principal, {}), if_match)
            return self._node.probe().addCallback(
                lambda probes: here.run(self._perform, method, path, body, principal, if_match, probes))
        return self._perform(method, path, body, principal, if_match, {}, around=around)

    def _perform(
        self, method: str, path: str, body: object, principal: Principal, if_match: str, probes: Mapping[str, Any],
        service_answer: object = None, around: Around = straight,
    ) -> Deferred[object]:
        operation, call = ROUTES.prepare(method, path, body, self._context(principal, probes, service_answer), if_match)
        if isinstance(operation, Query):
            if operation.path == STATUS and not self._store.reachable:
                return succeed(status_without_database(self._store.snapshot, call, self._store.kept_at))
            if operation.alone:
                return self._alone.read(self._store.read, operation.perform, call)
            return self._store.read(operation.perform, call)
        command = operation
        write = self._store.write_long if command.long else self._store.write
        return write(lambda tx: around(tx, lambda: command.perform(tx, call)))

    def _context(self, principal: Principal, probes: Mapping[str, Any], service_answer: object = None) -> AdminContext:
        node = self._node
        # What is online belongs to the reactor's thread; operations run in the database's.
        live = {id_: dict(one) if isinstance(one, Mapping) else one for id_, one in node.live().items()}
        given = node.given_certificate
        return AdminContext(
            principal, self._wall_clock(), self._settings, self._hash_password, lambda: live, tuple(node.limits_met()),
            running=True,
            given_certificate=lambda: given, symptoms=node.symptoms(), probes=probes, country_of=self._country_of,
            service_answer=service_answer,
        )  # fmt: skip
