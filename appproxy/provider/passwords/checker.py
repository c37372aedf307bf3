"""Where passwords are checked: threads of their own, so that no sign-in stops the traffic, and a fair queue."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from argon2 import PasswordHasher
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from appproxy.errors import Code, RequestError
from appproxy.net.loop.turns import FairTurns
from appproxy.policy.fair_queue import Lane, LaneQueue
from appproxy.provider.passwords.rules import HASHER, hash_password, outdated, verify

T = TypeVar("T")

#: Runs a function elsewhere and fires with its result.
Runner = Callable[[Callable[[], Any]], Deferred[Any]]

#: At most: a check takes about 50 ms of a core, and 46 MiB.
THREADS = 2
#: How much these threads give way to those that carry traffic, where a thread can be told so: argon2 waits for no lock of
#: Python's while it counts, so that nobody waits for a thread that waits for a core.
NICE = 10
#: Checks that wait in one lane: the last of them waits for some seconds, beside as many in the other lanes.
MOST_WAITING = 128
#: Of one sender: the people of one office who come at the same second.
MOST_OF_ONE = 32


def usable_cores() -> int:
    """Of the machine, as many as this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def threads_for(cores: int) -> int:
    """One core is left to the traffic. Where all of them check passwords, a thread that gives way may be put off while it
    holds Python's lock, and the traffic waits for both: of two cores, others' slowest requests took three times as long with
    two threads as with one, for a tenth more sign-ins.
    """
    return max(1, min(THREADS, cores - 1))


class PasswordThreads:
    """The threads. Call it with a function to run it there; `start` before, `stop` after."""

    def __init__(self, reactor: IReactorFromThreads, threads: int = THREADS) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, threads, "passwords")
        self._thread = threading.local()
        self._running = False

    def start(self) -> None:
        """Begin to take work."""
        self._pool.start()
        self._running = True

    def stop(self) -> None:
        """Finish what waits, which takes two seconds at most; nothing to do when it was not started."""
        if self._running:
            self._running = False
            self._pool.stop()

    def __call__(self, work: Callable[[], T]) -> Deferred[T]:
        """Run the function in one of the threads. Raises RequestError(SHUTTING_DOWN) when they are not running."""
        if not self._running:
            # The pool itself would take the work, and never do it.
            raise RequestError(Code.SHUTTING_DOWN, "the password threads do not run")
        return deferToThreadPool(self._reactor, self._pool, self._give_way, work)

    def _give_way(self, work: Callable[[], T]) -> T:
        """In the thread: at its first work it is told to be nice."""
        if not getattr(self._thread, "so", False):
            self._thread.so = True
            give_way()
        return work()


def give_way() -> None:
    """Let this thread run only where others of the same priority do not. On Linux each thread has a niceness of its own (see
    setpriority(2), section "C library/kernel differences"); elsewhere it would be the process's, and stays.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        # A container may forbid it; passwords are checked all the same.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + NICE, 19))


@dataclass(frozen=True, slots=True)
class PasswordWork:
    """How new passwords are hashed, and what checks typed ones beside the reactor; `run` None: threads of its own."""

    hasher: PasswordHasher = HASHER
    run: Runner | None = None


#: As in every service.
USUAL_WORK = PasswordWork()


class PasswordChecker:
    """Checks typed passwords against kept hashes, one user as slowly as another, and in a fair order."""

    def __init__(
        self,
        run: Runner,
        hasher: PasswordHasher = HASHER,
        queue: LaneQueue[Deferred[None]] | None = None,
        verify: Callable[[str, str], bool] = verify,
        threads: int = THREADS,
    ) -> None:
        self._run = run
        self._verify = verify
        self._hasher = hasher
        queue = LaneQueue(MOST_WAITING, MOST_OF_ONE) if queue is None else queue
        self._turns = FairTurns(threads, queue, "too many passwords wait to be checked")
        self._decoy: str | None = None

    async def check(self, kept: str | None, password: str, lane: Lane, sender: str) -> tuple[bool, str | None]:
        """Is it the password, and the hash to keep from now on if the parameters have changed, else None.

        `kept` is None when there is no such user: the same work is done and the answer is no, so that the time taken
        does not tell which names exist. `lane` and `sender`: as in `LaneQueue`. Raises RequestError(OVERLOADED) when too
        many checks wait.
        """
        await self._turns.take(lane, sender)
        try:
            result: tuple[bool, str | None] = await self._run(lambda: self._work(kept, password))
            return result
        finally:
            self._turns.give_back()

    async def hash(self, password: str, lane: Lane, sender: str) -> str:
        """The hash to keep of a new password. Raises RequestError(OVERLOADED), as `check` does."""
        await self._turns.take(lane, sender)
        try:
            result: str = await self._run(lambda: hash_password(password, self._hasher))
            return result
        finally:
            self._turns.give_back()

    def _work(self, kept: str | None, password: str) -> tuple[bool, str | None]:
        if self._decoy is None:
            self._decoy = hash_password("nobody's password", self._hasher)
        if kept is None:
            self._verify(self._decoy, password)
            return False, None
        right = self._verify(kept, password)
        return right, hash_password(password, self._hasher) if right and outdated(kept, self._hasher) else None
