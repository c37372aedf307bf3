"""The parent of several workers, whatever they do: starts them, puts others in their place, and lets them end.

A reload starts other workers beside those that are there. Once they serve, they go on in the place of the former, which end
what is under way. The parent itself stays, and so does its process number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from appproxy.errors import AppProxyError, ConfigError
from appproxy.twistd.process.notify import READY, notify, reloading
from appproxy.twistd.process.program import TwistdProgram, reason_of
from appproxy.twistd.process.succession import own_command
from appproxy.twistd.workers.crew import Crew, Delays
from appproxy.twistd.workers.process import Parcel, WorkerProcess

#: Seconds for which a worker may live beyond `drain_seconds` when it was told to end.
BEYOND_DRAIN = 15.0


class Workable(Protocol):
    """Settings of a program with workers."""

    @property
    def workers(self) -> int:
        """How many."""

    @property
    def drain_seconds(self) -> float:
        """How long each may take to end what is under way."""


S = TypeVar("S", bound=Workable)


class Generation(Generic[S]):
    """Workers that are being started together. `ready` fires when all serve, and fails with a ConfigError."""

    def __init__(self, number: int, settings: S) -> None:
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


class Workforce(TwistdProgram, Generic[S]):
    """Subclasses say where connections come from, if any: `prepare`, `take_up`, `give_again`, `has_room`, `worker_ended`.

    `read` gives the settings as they are by now; it raises ConfigError. `start` is in the place that each worker is told.
    """

    #: Seconds from all new workers being ready until they go on in the place of the former.
    settle_seconds = 0.0

    def __init__(
        self, name: str, reactor: Any, environment: Mapping[str, str], settings: S, log_format: str, read: Callable[[], S],
        start: str = "",
    ) -> None:
        super().__init__(name, reactor, environment, log_format)
        self.settings = settings
        self._read = read
        self._parent_start = start
        self._crew = Crew()
        self._workers: dict[int, WorkerProcess] = {}
        self._delays = Delays()
        self._restarts = 0
        #: Workers that somebody else has told to end, and that wait for others.
        self._parting: list[WorkerProcess] = []
        self._starting: Generation[S] | None = None
        #: The latest generation, also one that came to nothing.
        self._newest = 0
        self._later: set[IDelayedCall] = set()
        self._all_ended: Deferred[None] | None = None

    # For subclasses.

    def prepare(self, settings: S) -> None:
        """Open what these need beside what is open. Raises ConfigError; nothing new is left open then."""

    def take_up(self, settings: S) -> None:
        """Go by these from now on, and by nothing else any more."""

    def has_room(self) -> None:
        """A worker has taken something, or has come."""

    def give_again(self, parcel: Parcel) -> None:
        """A worker has gone, and had not taken this."""
        parcel[0].close()

    def worker_ended(self, worker: WorkerProcess) -> None:
        """The process of one has ended."""

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
        """Why nobody is served, or ""."""
        return ("" if self._crew.is_ready() else "no worker is ready") if self.running else "draining"

    # Workers.

    async def start_workers(self) -> None:
        """The first ones. Raises ConfigError when one of them does not come up."""
        await self._generation(self.settings, 0).ready
        self._starting = None

    async def end_workers(self) -> None:
        """Let all end what is under way."""
        for call in list(self._later):
            call.cancel()
        for worker in list(self._workers.values()):
            worker.leave(False, self.settings.drain_seconds + BEYOND_DRAIN)
        if self._workers:
            self._all_ended = Deferred()
            await self._all_ended

    def _generation(self, settings: S, number: int) -> Generation[S]:
        """Begin to start all workers of one."""
        self._starting = one = Generation(number, settings)
        for _ in range(settings.workers):
            self._start_worker(number)
        return one

    def _start_worker(self, generation: int) -> None:
        member = self._crew.join(generation)
        worker = self._workers[member.number] = WorkerProcess(self._reactor, self, member, self._parent_start)
        environment = {name: value for name, value in self._environment.items() if name != "NOTIFY_SOCKET"}
        try:
            worker.start(own_command(), environment)
        except OSError as error:
            self.log.error("worker {number} cannot be started: {reason}", number=member.number, reason=reason_of(error))
            self._reactor.callLater(0, self.ended, worker)

    def parts(self, worker: WorkerProcess) -> None:
        """One was told to end, and not by this process: once another one serves in its place it may."""
        member = worker.member
        if self.running and not worker.is_dismissed and worker not in self._parting:
            self._parting.append(worker)
            if member.generation == self._crew.generation and self._starting is None:
                self.log.info("worker {number} (process {process}) was told to end; another one is started in its place",
                              number=member.number, process=worker.pid)
                self._start_worker(member.generation)

    def _let_go(self) -> None:
        """Another one serves: who has waited longest for that ends what it has."""
        if self._parting:
            self._parting.pop(0).leave(True, self.settings.drain_seconds + BEYOND_DRAIN)

    def serves(self, worker: WorkerProcess) -> None:
        """One is ready."""
        starting, member = self._starting, worker.member
        self.log.info("worker {number} serves (process {process})", number=member.number, process=worker.pid)
        if starting is not None and member.generation == starting.number:
            if self._crew.are_ready(starting.number, starting.settings.workers):
                starting.succeed()
        else:
            self.has_room()
            self._later_still(self.settle_seconds, self._let_go)

    def ended(self, worker: WorkerProcess) -> None:
        """The process of one has ended."""
        member, starting = worker.member, self._starting
        self._crew.members.remove(member)
        del self._workers[member.number]
        if worker in self._parting:
            self._parting.remove(worker)
        self.worker_ended(worker)
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
            if generation == self._crew.generation:
                self._start_worker(generation)

        self._later_still(seconds, now)

    def _later_still(self, seconds: float, do: Callable[[], None]) -> None:
        """Do it then, unless this process ends before."""
        def now() -> None:
            self._later.discard(call)
            do()

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
            settings = self._read()
            self.prepare(settings)
            self._newest += 1
            number = self._newest
            await self._generation(settings, number).ready
            await self._settled()
        except AppProxyError as error:
            self._starting = None
            for worker in [one for one in self._workers.values() if one.member.generation > self._crew.generation]:
                worker.leave(False, 0.0)
            self.take_up(self.settings)
            self._no_new_workers(str(error))
            return
        self._starting = None
        self._switch(settings, number)

    async def _settled(self) -> None:
        """Those who are to find the new workers do so meanwhile. Raises ConfigError when one of them ends."""
        starting = self._starting
        if starting is not None and self.settle_seconds:
            starting.ready = Deferred()
            waits = self._reactor.callLater(self.settle_seconds, starting.succeed)
            try:
                await starting.ready
            finally:
                if waits.active():
                    waits.cancel()

    def _switch(self, settings: S, number: int) -> None:
        former = [one for one in self._workers.values() if one.member.generation != number]
        self.settings, self._crew.generation = settings, number
        self.take_up(settings)
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
