"""The one thread of a node's database: what is done there, one after the other, and what is given up because it hangs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

#: The connections to a server on which work has been under way for so many seconds are given up: a server that is frozen
#: answers no more, but its machine acknowledges every byte, and TCP has nothing to complain of.
GIVEN_UP = 10.0


def _given_up() -> float:
    return GIVEN_UP


class WorkerThreads(Protocol):
    """What is needed of `twisted.python.threadpool.ThreadPool`."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def callInThreadWithCallback(
        self, onResult: Callable[[bool, Any], object] | None, func: Callable[..., object], *args: Any, **kwargs: Any
    ) -> object: ...


class DatabaseThread:
    """`reactor` has timers and `callFromThread`; `interrupt` ends what hangs in the thread, and is called outside of it.

    One thread: transactions of one node wait here, not inside the database.
    """

    def __init__(self, reactor: Any, interrupt: Callable[[], object], pool: WorkerThreads | None = None) -> None:
        self._reactor = reactor
        self._interrupt = interrupt
        self._pool: WorkerThreads = pool if pool is not None else ThreadPool(1, 1, name="store")

    def start(self) -> None:
        """Take work from now on."""
        self._pool.start()

    def stop(self) -> None:
        """End it once what it has to do is done."""
        self._pool.stop()

    def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Have the thread do this, after what it has to do already."""
        return self.do_for(_given_up, work, *args, **kwargs)

    def do_for(
        self, longest: Callable[[], float], work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """The same; it may take `longest()` seconds, as far as is known by then: more may have joined it."""
        watch = _Watch(self._reactor, self._interrupt, longest)

        def run() -> T:
            watch.begun = self._reactor.seconds()
            return work(*args, **kwargs)

        deferred: Deferred[T] = deferToThreadPool(self._reactor, cast("ThreadPool", self._pool), run)
        return deferred.addBoth(watch.over)


class _Watch:
    """Calls `interrupt` when what was handed to the thread has been under way there for too long."""

    def __init__(self, reactor: Any, interrupt: Callable[[], object], longest: Callable[[], float]) -> None:
        self._reactor = reactor
        self._interrupt = interrupt
        self._longest = longest
        #: When the thread has begun with it; None while it waits there.
        self.begun: float | None = None
        self._later: IDelayedCall = reactor.callLater(GIVEN_UP, self._look)

    def _look(self) -> None:
        left = GIVEN_UP if self.begun is None else self.begun + self._longest() - self._reactor.seconds()
        if left <= 0:
            self._interrupt()
        else:
            self._later = self._reactor.callLater(left, self._look)

    def over(self, result: R) -> R:
        """It is done."""
        if self._later.active():
            self._later.cancel()
        return result
