"""The parent of several workers: it takes connections and gives them away, and reads nothing that a user has sent.

A reload starts other workers beside those that are there. Once they serve, connections go to them, and the former end what is
under way. The parent itself stays, and so do its process number, its sockets and the lock.
"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from appproxy.admin.transport.lock import ServiceLock
from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import AppProxyError, ConfigError
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.open_files import raise_limit
from appproxy.twistd.assembly import ADMIN
from appproxy.twistd.process.notify import READY, notify, reloading
from appproxy.twistd.process.program import TwistdProgram, reason_of
from appproxy.twistd.process.succession import own_command
from appproxy.twistd.state import read_settings
from appproxy.twistd.workers.crew import SETTLE_SECONDS, Crew, Delays
from appproxy.twistd.workers.doors import Doors
from appproxy.twistd.workers.entrance import Introductions
from appproxy.twistd.workers.page import PageListener
from appproxy.twistd.workers.process import Parcel, WorkerProcess

#: Seconds for which a worker may live beyond `drain_seconds` when it was told to end.
BEYOND_DRAIN = 15.0


class ParentProgram(TwistdProgram):
    """The service on a state directory whose settings want several workers.

    `why_none_beside`: what keeps other processes with this command line from running, or "".
    """

    def __init__(
        self, directory: Path, settings: ServiceSettings, reactor: Any, environment: Mapping[str, str], given: Inherited,
        why_none_beside: str = "",
    ) -> None:
        super().__init__("appproxy-service", reactor, environment, settings.log_format)
        self.settings = settings
        self._directory = directory
        self._paths = StatePaths(directory.absolute())
        self._given = given
        self._why_none_beside = why_none_beside
        self._lock = ServiceLock(self._paths.lock)
        self._doors = Doors(reactor, self._give, given)
        self._introductions = Introductions(reactor, self._introduced)
        self._crew = Crew()
        self._workers: dict[int, WorkerProcess] = {}
        self._delays = Delays()
        self._restarts = 0
        self._starting: _Generation | None = None
        #: The latest generation, also one that came to nothing.
        self._newest = 0
        self._later: set[IDelayedCall] = set()
        self._all_ended: Deferred[None] | None = None
        self._page = PageListener(reactor, self)

    # The program.

    async def begin(self) -> str:
        """Take the lock, listen, start all workers."""
        settings = self.settings
        if self._why_none_beside:
            raise ConfigError(f"workers: {self._why_none_beside}")
        if self._given.succeeds:
            raise ConfigError("workers: the service that runs has none beside it",
                              hint="stop it and start it again; from then on a reload takes up another number")
        self._lock.acquire()
        raise_limit()
        self._doors.open(settings)
        self._doors.open_commands(self._paths.admin_socket)
        self._page.listen(settings, self._given)
        self._given.close_rest()
        await self._generation(settings, 0).ready
        self._starting = None
        self._doors.begin(settings)
        signal.signal(signal.SIGHUP, lambda number, frame: self._reactor.callFromThread(self.reload))
        return f"on {settings.signin_origin}, connectors on port {settings.tunnel_listen.port}, {settings.workers} workers"

    async def end(self) -> None:
        """Let all workers end what is under way."""
        for call in list(self._later):
            call.cancel()
        self._doors.close()
        for worker in list(self._workers.values()):
            worker.leave(False, self.settings.drain_seconds + BEYOND_DRAIN)
        if self._workers:
            self._all_ended = Deferred()
            await self._all_ended
        self._introductions.close()
        await self._page.close()
        self._lock.release()

    # What is asked of it.

    @property
    def workers(self) -> dict[WorkerProcess, str]:
        """Those that are there, with the names that they have in metrics."""
        return {one: str(number) for number, one in self._workers.items()}

    @property
    def restarts(self) -> int:
        """How often a worker has ended by itself."""
        return self._restarts

    def why_not_ready(self) -> str:
        """Why users are not served, or ""."""
        return ("" if self._crew.is_ready() else "no worker is ready") if self.running else "draining"

    # Connections.

    def _give(self, setting: str, found: socket.socket) -> bool:
        if setting == "tunnel_listen":
            self._introductions.begin(found)
            return True
        if setting == ADMIN:
            member = self._crew.for_commands(self._reactor.seconds())
        else:
            member = self._crew.next_for_user(self._reactor.seconds())
        if member is None:
            return False
        self._workers[member.number].give((found, setting))
        return True

    def _introduced(self, found: socket.socket, node: str) -> None:
        member = self._crew.next_for_connector(node)
        if member is None:
            found.close()  # a connector dials again
        else:
            self._workers[member.number].give((found, "tunnel_listen"))

    def give_again(self, parcel: Parcel) -> None:
        """A worker has gone, and had not taken this."""
        found, setting = parcel
        if setting == "metrics_listen" or not self._give(setting, found):
            found.close()

    def has_room(self) -> None:
        """A worker has taken something."""
        self._doors.resume()

    # Workers.

    def _generation(self, settings: ServiceSettings, number: int) -> _Generation:
        """Begin to start all workers of one."""
        self._starting = one = _Generation(number, settings)
        for _ in range(settings.workers):
            self._start_worker(number)
        return one

    def _start_worker(self, generation: int) -> None:
        member = self._crew.join(generation)
        worker = self._workers[member.number] = WorkerProcess(self._reactor, self, member)
        environment = {name: value for name, value in self._environment.items() if name != "NOTIFY_SOCKET"}
        try:
            worker.start(own_command(), environment)
        except OSError as error:
            self.log.error("worker {number} cannot be started: {reason}", number=member.number, reason=reason_of(error))
            self._reactor.callLater(0, self.ended, worker)

    def serves(self, worker: WorkerProcess) -> None:
        """One is ready."""
        starting, member = self._starting, worker.member
        self.log.info("worker {number} serves (process {process})", number=member.number, process=worker.pid)
        if starting is not None and member.generation == starting.number:
            if self._crew.are_ready(starting.number, starting.settings.workers):
                starting.succeed()
        else:
            self._doors.resume()

    def ended(self, worker: WorkerProcess) -> None:
        """The process of one has ended."""
        member, starting = worker.member, self._starting
        self._crew.members.remove(member)
        del self._workers[member.number]
        self._page.ended(worker)
        if self._all_ended is not None:
            if not self._workers:
                self._all_ended.callback(None)
        elif starting is not None and member.generation == starting.number:
            starting.fail(f"worker {member.number} could not start; the lines before this one say why")
        elif member.generation == self._crew.generation and not worker.is_dismissed and self.running:
            self._restarts += 1
            delay = self._delays.next(self._reactor.seconds() - worker.began)
            self.log.error("worker {number} (process {process}) has ended; another one is started in {delay} s",
                           number=member.number, process=worker.pid, delay=delay)
            self._start_again(delay, member.generation)

    def _start_again(self, seconds: float, generation: int) -> None:
        def now() -> None:
            self._later.discard(call)
            if generation == self._crew.generation:
                self._start_worker(generation)

        call: IDelayedCall = self._reactor.callLater(seconds, now)
        self._later.add(call)

    # Reload.

    def reload(self) -> None:
        """Start other workers, with the installed version and the settings as they are now, in place of those that serve."""
        if self._starting is not None or not self.running:
            return
        self.log.info("reload: new workers are started beside the present ones")
        notify(self._environment, reloading(int(time.monotonic() * 1e6)))
        Deferred.fromCoroutine(self._reload()).addErrback(lambda failure: self.log.failure("a reload failed", failure))

    async def _reload(self) -> None:
        try:
            settings = read_settings(self._directory)
            self._doors.open(settings)
            self._newest += 1
            number = self._newest
            await self._generation(settings, number).ready
            await self._settled()
        except AppProxyError as error:
            self._starting = None
            for worker in [one for one in self._workers.values() if one.member.generation > self._crew.generation]:
                worker.leave(False, 0.0)
            self._doors.begin(self.settings)
            self._no_new_workers(str(error))
            return
        self._starting = None
        self._switch(settings, number)

    async def _settled(self) -> None:
        """Connectors dial the new workers meanwhile. Raises ConfigError when one of them ends."""
        starting = self._starting
        if starting is not None:
            starting.ready = Deferred()
            waits = self._reactor.callLater(SETTLE_SECONDS, starting.succeed)
            try:
                await starting.ready
            finally:
                if waits.active():
                    waits.cancel()

    def _switch(self, settings: ServiceSettings, number: int) -> None:
        former = [one for one in self._workers.values() if one.member.generation != number]
        self.settings, self._crew.generation = settings, number
        self._doors.begin(settings)
        for worker in former:
            worker.leave(True, settings.drain_seconds + BEYOND_DRAIN)
        self.log.info("the new workers go on from here; the former finish what is under way")
        notify(self._environment, READY)

    def _no_new_workers(self, reason: str) -> None:
        self.log.error("there are no new workers, and the present ones go on: {reason}", reason=reason)
        for worker in self._workers.values():
            if worker.member.generation == self._crew.generation:
                worker.tell_failed(reason)
        notify(self._environment, READY)


class _Generation:
    """Workers that are being started together. `ready` fires when all serve, and fails with a ConfigError."""

    def __init__(self, number: int, settings: ServiceSettings) -> None:
        self.number = number
        self.settings = settings
        self.ready: Deferred[None] = Deferred()

    def succeed(self) -> None:
        """All serve, or have done so for a moment."""
        if not self.ready.called:
            self.ready.callback(None)

    def fail(self, reason: str) -> None:
        """One does not."""
        if not self.ready.called:
            self.ready.errback(ConfigError(reason))


