"""The public side as a service of Twisted: what `twistd appproxy-service` runs, and any other program can."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from appproxy.admin.base.principal import Principal
from appproxy.admin.transport.lock import ServiceLock
from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import ConfigError
from appproxy.net.descriptors.inherited import Inherited
from appproxy.twistd.assembly.assemble import ADMIN, Assembly, WorkerParent, assemble
from appproxy.twistd.assembly.opening import KeptWatch, open_or_kept
from appproxy.twistd.state import read_settings

#: The state directory's lock, among what a successor inherits.
LOCK = "lock"
#: Who did what is done through `ProxyService.perform`, in the audit.
_PRINCIPAL = Principal.full("program")


class ProxyService(Service):
    """One node of the public side, on a state directory that `appproxy init` has made.

    Starting it takes the directory's lock, opens the store and listens where the settings say. `ready` fires with None
    when users and connectors are accepted, and fails with why they are not: AppProxyError or CannotListenError; nothing
    is left behind then. Stopping lets requests under way finish; the Deferred fires when all is closed.
    """

    log = Logger()

    def __init__(
        self, settings: ServiceSettings, directory: Path, reactor: Any, environment: Mapping[str, str],
        wall_clock: Callable[[], float], inherited: Inherited | None = None, parent: WorkerParent | None = None,
    ) -> None:
        """`parent`: whose worker this is; it has the lock, and listens."""
        self.setName("appproxy-service")
        #: As they were read.
        self.settings = settings
        #: One for each start.
        self.ready: Deferred[None] = Deferred()
        self._paths = StatePaths(directory.absolute())
        self._reactor = reactor
        self._environment = environment
        self._wall_clock = wall_clock
        self._inherited = inherited or Inherited(parent=parent)
        self._parent = parent
        self._lock = ServiceLock(self._paths.lock)
        self._assembly: Assembly | None = None
        self._watch: KeptWatch | None = None
        #: Fails with a StoreAway when a service that has started without its database has been so for too long.
        self.over: Deferred[None] = Deferred()
        self._starting = False
        self._wants_to_stop: list[Deferred[None]] = []

    @property
    def tunnel_port(self) -> int:
        """Where connectors are accepted. Once it is ready."""
        return self._parts.node.tunnel_port

    @property
    def connectors(self) -> Mapping[str, Any]:
        """The connectors that are online here, by id, with `address`, `version` and `in_flight` each. Once it is ready."""
        return self._parts.node.status.live()

    @property
    def requests(self) -> int:
        """How many requests were relayed to applications. Once it is ready."""
        return self._parts.node.relay.requests

    def perform(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Deferred[Any]:
        """One operation of the admin API (docs/admin-api.md), without a socket; fires with its answer.

        `perform("POST", "/connector-tokens", {"group": "default"})` gives `{"token": ...}`. Fails with an AppProxyError
        that says what to do, and with ConfigError while the service is not ready.
        """
        if self._assembly is None:
            return fail(ConfigError("the service is not started", hint="wait for its `ready`"))
        return self._assembly.api.call(method, path, None if body is None else dict(body), _PRINCIPAL)

    @property
    def _parts(self) -> Assembly:
        if self._assembly is None:
            raise ConfigError("the service is not started", hint="wait for its `ready`")
        return self._assembly

    def startService(self) -> None:
        """Start; see `ready`."""
        super().startService()
        self._starting = True
        Deferred.fromCoroutine(self._begun()).addBoth(self._started)

    def hand_over(self) -> dict[str, int]:
        """What a successor on the same state directory needs, by name. Once it is ready. Raises CannotListenError."""
        return {**self._parts.hand_over(), LOCK: self._lock.descriptor}

    def enter(self) -> None:
        """The predecessor takes nothing more: commands are for this process."""
        if self._assembly is not None:
            self._assembly.enter()

    def leave(self) -> None:
        """A successor is ready, with our sockets and the lock: take nothing new. Stopping then drains beside it."""
        self._parts.leave()

    def be_replaced(self) -> None:
        """Other workers go on in this one's place. Stop it then."""
        if self._assembly is not None:
            self._assembly.node.succession.is_replaced = True

    def no_successor(self, reason: str) -> None:
        """It could not be started. Whoever has asked for it at the admin socket hears why."""
        self._parts.admin.no_successor(reason)

    async def _start(self) -> None:
        lock = self._inherited.take(LOCK)
        if lock is not None:
            self._lock.adopt(lock)
        elif self._parent is None:
            self._lock.acquire()
        store = open_or_kept(
            self._paths, self.settings, self._environment, self._wall_clock(), self._reactor.seconds)
        self._assembly = assemble(
            self.settings, self._paths.directory, store, self._reactor, self._wall_clock, inherited=self._inherited)
        if self._parent is not None:
            self._parent.is_node(self._assembly.node.membership.own.id)
        await self._assembly.start(self._inherited.take(ADMIN), self._parent)
        self._inherited.close_rest()
        live = self._assembly.live
        self._watch = KeptWatch(live, self.settings.kept_snapshot_hours, self._reactor, self._wall_clock)
        self._watch.over.addErrback(self.over.errback)
        self._watch.start()

    async def _begun(self) -> None:
        try:
            await self._start()
        except BaseException:
            # What was started before it failed is stopped before anybody hears of it.
            await self._close()
            raise

    def _started(self, result: Any) -> None:
        self._starting = False
        self.ready.callback(result)  # a Failure too
        waiting, self._wants_to_stop = self._wants_to_stop, []
        for one in waiting:
            one.callback(None)

    def stopService(self) -> Deferred[None]:
        """Drain, then close. A start that is under way is let come to its end first."""
        super().stopService()
        begun: Deferred[None] = Deferred()
        if self._starting:
            self._wants_to_stop.append(begun)
        else:
            begun.callback(None)
        return begun.addCallback(lambda _: Deferred.fromCoroutine(self._stop()))

    async def _stop(self) -> None:
        await self._close()
        if self.ready.called:
            self.ready = Deferred()

    async def _close(self) -> None:
        assembly, self._assembly = self._assembly, None
        if self._watch is not None:
            self._watch.stop()
        if assembly is not None:
            await assembly.stop()
        self._lock.release()


def proxy_service(state: Path | str, reactor: Any) -> ProxyService:
    """The public side of appproxy as a service of your own program. Nothing is opened before it is started.

    `state`: a directory that `appproxy init` has made; `reactor`: with TCP, time and threads. Raises ConfigError when the
    directory's settings cannot be read or are wrong; `ready` of the result tells of all that fails later.
    """
    directory = Path(state)
    wall_clock = time.time  # noqa: TID251 -- handed on, by the edge of a program
    return ProxyService(read_settings(directory), directory, reactor, os.environ, wall_clock)
