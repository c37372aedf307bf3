"""The store of a running node: one thread for the database, one snapshot for everybody else.

The reactor's thread never waits for the database: it reads `snapshot`, which is replaced in one assignment, and hands
everything else to the thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Concatenate, ParamSpec, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import StoreError
from appproxy.policy.fair_queue import LaneQueue
from appproxy.policy.lifetimes import Lifetimes
from appproxy.policy.paced import Paced
from appproxy.policy.sender import SENDER
from appproxy.store.database.away import AwayStore
from appproxy.store.database.hearing import Hearing
from appproxy.store.database.kept import Keeper
from appproxy.store.database.store import Store
from appproxy.store.database.thread import GIVEN_UP, DatabaseThread, WorkerThreads
from appproxy.store.database.together import TOO_LATE, Together, Work, carry_out
from appproxy.store.snapshot import Snapshot
from appproxy.store.transaction import NODES, SNAPSHOT, Reading, Transaction

P = ParamSpec("P")
T = TypeVar("T")
Subscriber = Callable[[Snapshot, Snapshot], None]

#: How often other processes' commits are looked for, in seconds: a revoked connector or user is cut within it. Where the
#: database tells of them they are looked for at once, as often as `HURRY` allows.
POLL, HURRY = 1.0, 0.1
#: Work that waits for the database's thread, for users and for the service itself; more is refused, so that a database
#: which hangs fills no memory. One network may have all of it while nobody else asks; the networks take turns.
MOST_WAITING = 1000
#: Work that is handed to the thread at the same time: one that it does and one that it can go on with.
HANDED = 2
#: Work on a file that is committed together at most: with a disk that takes 9 ms, waiting for it is then less than what
#: SQLite has to do, and whoever comes next waits no longer than before.
MOST_TOGETHER = 16
#: Work that has waited so long, in seconds, is refused: whoever asked is told that the database does not answer.
PATIENCE = 8.0
#: So are those whose work was begun by then, and is not done so long after they have asked.
LONGEST = 10.0
#: Both this and `GIVEN_UP` for work that is known to take its time, such as a configuration of 1,000 applications: a little
#: less than the command waits that has asked for it.
LONGEST_LONG = 55.0
_STOPPING = "the service is stopping"
_BEGUN = "it was begun and may still be done: look before you ask again"


class _Lane(IntEnum):
    """Whose work it is: of who sends requests, or of the service itself, which is little. The value: how many turns."""

    REQUESTS = 1
    SERVICE = 4


class LiveStore:
    """An open store, served by its own thread, which closes it in the end.

    `reactor` has timers and `callFromThread`; `wall_clock` gives the time of transactions, in seconds since 1970.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        store: Store | AwayStore,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
        pool: WorkerThreads | None = None,
        keeper: Keeper | None = None,
        shared: bool = False,
    ) -> None:
        """`keeper`: writes what the next start needs if the database is away then. `shared`: other processes of this machine
        work on the same database. A file tells nobody of their commits, so it is looked at as often as `HURRY` allows.
        """
        self._polls_for_all = shared and store.real is not None and not store.real.on_server
        self._every = HURRY if self._polls_for_all else POLL
        self._keeper = keeper
        self._reactor = reactor
        self._store = store
        self._wall_clock = wall_clock
        #: Belongs to the database thread.
        self._lifetimes = Lifetimes()
        store.use_lifetimes(self._lifetimes)
        self._thread = DatabaseThread(reactor, lambda: store.interrupt(), pool)
        self._polling = LoopingCall(self._poll)
        self._polling.clock = reactor
        self._subscribers: list[Subscriber] = []
        self._last_words: list[Callable[[], object]] = []
        self._snapshot: Snapshot | None = None
        self._hearing = Hearing(reactor, store, self._thread.do, POLL)
        self._hurry = Paced(reactor, HURRY, self._poll)
        self._hearing.on(SNAPSHOT, self._hurry.ask)
        # Both belong to the database thread.
        self._built: Snapshot | None = None
        self._version: int | None = None
        self._complaint = ""
        self._queue: LaneQueue[Work] = LaneQueue(MOST_WAITING, MOST_WAITING, _Lane)
        self._idle = HANDED
        # A server commits by itself for several at once.
        self._together = MOST_TOGETHER if store.real is not None and not store.real.on_server else 1
        #: What was handed over last; more can join it until it is begun.
        self._next = Together([], 0)
        self._stopping = False
        #: How often a snapshot could not be built; the one before stayed in use.
        self.failed_builds = 0
        #: Does the database answer?
        self.reachable = store.kept_at is None
        self._back: list[Callable[[], object]] = []

    @property
    def clock(self) -> IReactorTime:
        """What tells how long somebody has waited for it."""
        clock: IReactorTime = self._reactor
        return clock

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture of the store. Only after `start`."""
        if self._snapshot is None:
            raise StoreError("the store was not started")
        return self._snapshot

    @property
    def kept_at(self) -> float | None:
        """When that which was kept for a start without the database was known to be so, in seconds since 1970, as long as
        this node works from it; else None.
        """
        return self._store.kept_at

    @property
    def kept_for_next(self) -> float:
        """When what the next start may need was written last, in seconds since 1970; 0.0: never."""
        return self._store.kept_at or (0.0 if self._keeper is None else self._keeper.at)

    def secret(self, purpose: str) -> bytes:
        """As of Store: no look at the database."""
        return self._store.secret(purpose)

    def when_back(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the database answers for the first time, after a start without it."""
        self._back.append(callback)

    def start(self) -> Deferred[None]:
        """Build the first snapshot, then look for others' changes every second. Fails as the build fails."""
        self._thread.start()
        started = self._thread.do(self._first_build)

        def begin(snapshot: Snapshot) -> None:
            self._swap(snapshot)
            self._polling.start(self._every, now=False)
            self._hearing.start()

        def failed(failure: Failure) -> Failure:
            self._thread.stop()
            return failure

        return started.addCallbacks(begin, failed)

    def stop(self) -> Deferred[None]:
        """Finish what the thread has to do, then end it and close the database."""
        if self._polling.running:
            self._polling.stop()
        self._hurry.stop()
        self._hearing.stop()
        for callback in self._last_words:
            callback()
        self._stopping = True
        self._hand_over()
        closed = self._thread.do(self._store.close)
        return closed.addBoth(self._ended)

    def _ended(self, result: None | Failure) -> None | Failure:
        self._thread.stop()
        return result

    def write(
        self, do: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """Run `do(transaction, ...)` in one write transaction; all of it happens, or, if it raises, nothing.

        When the Deferred fires, `snapshot` shows the change already.
        """

        return self._in_turn(Work(lambda transaction: do(transaction, *args, **kwargs), writes=True))

    def write_long(
        self, do: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """The same for what is known to take its time: it has `LONGEST_LONG` seconds once it has begun."""
        return self._in_turn(Work(lambda transaction: do(transaction, *args, **kwargs), writes=True, long=True))

    def read(self, do: Callable[Concatenate[Reading, P], T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Run `do(reading, ...)` on one consistent look at the database."""

        return self._in_turn(Work(lambda reading: do(reading, *args, **kwargs)))

    def read_kept(self, do: Callable[Concatenate[Reading, P], T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """The same of tables that are kept for a start without the database, which then is not asked."""

        return self._in_turn(Work(lambda reading: do(reading, *args, **kwargs), kept=True))

    def look(self) -> Deferred[bool]:
        """Take up now what others have committed; fires with whether the database has answered."""
        return self._poll().addCallback(lambda done: self.reachable)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback(old, new)` in the reactor's thread after each change of the snapshot; gives its end."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def on_notice(self, what: str, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` when another process has told of `what`; gives its end. A hint: it may be lost."""
        return self._hearing.on(what, callback)

    def before_stop(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the store is about to stop: what it writes then is still written."""
        self._last_words.append(callback)

    def _in_turn(self, work: Work) -> Deferred[Any]:
        """Have the thread do what others ask for, in a fair order, unless too much waits there already."""
        if self._stopping:
            return fail(StoreError(_STOPPING))
        work.late = self._reactor.callLater(PATIENCE, self._too_late, work)
        sender = SENDER.get()
        for dropped in self._queue.put(_Lane.REQUESTS if sender else _Lane.SERVICE, sender, work):
            self._tell(dropped, Failure(StoreError("the database has too much to do")))
        self._hand_over()
        return work.done

    def _hand_over(self) -> None:
        """Give the thread what it is free for; all there is once the service stops."""
        while (self._idle > 0 or self._stopping or self._next.has_room) and (work := self._queue.take()) is not None:
            # Whoever asked for something may have been told that it takes too long.
            if work.late is not None and not self._next.join(work):
                self._next = Together([work], self._together if work.writes else 1)
                self._give(self._next)

    def _give(self, together: Together) -> None:
        def longest() -> float:
            return LONGEST_LONG if any(work.long for work in together.works) else GIVEN_UP

        self._idle -= 1
        self._thread.do_for(longest, self._begin, together).addBoth(self._done, together)

    def _begin(self, together: Together) -> Snapshot | None:
        """In the thread. Gives a newer snapshot, None where there is none."""
        revision = carry_out(together.begin(), self._store, self._wall_clock, self._reactor.seconds)
        # Most of what is written is not in the snapshot, and a look whether it is another one costs as much as a write.
        shown = self._built is not None and self._built.revision == revision and not self._complaint
        return None if shown or revision is None else self._rebuild()

    def _done(self, result: Snapshot | None | Failure, together: Together) -> None:
        self._idle += 1
        if not isinstance(result, Failure) and (left := together.take_left()):
            if self._stopping:  # the database is closed before their turn would come
                for work in left:
                    self._tell(work, Failure(StoreError(_STOPPING)))
            else:
                self._give(Together(left, 0))
        self._hand_over()
        if isinstance(result, Snapshot):
            self._swap(result)
        for work in together.works:
            self._tell(work, result if isinstance(result, Failure) else work.outcome)

    def _too_late(self, work: Work) -> None:
        """Refuse it; if it was begun, after some more time. What is under way then may still come to its end."""
        if work.begun:
            longest = LONGEST_LONG if work.long else LONGEST
            work.late = self._reactor.callLater(longest - PATIENCE, self._tell, work,
                                                Failure(StoreError(TOO_LATE, hint=_BEGUN)))
        else:
            self._tell(work, Failure(StoreError(TOO_LATE)))

    def _tell(self, work: Work, result: Any) -> None:
        """What came of it, if that was not said before."""
        late, work.late = work.late, None
        if late is None:
            return
        if late.active():
            late.cancel()
        work.done.callback(result)

    def _first_build(self) -> Snapshot:
        # The number first: a commit in between is then seen by the first poll. Where the database is away each poll asks.
        self._version = None if self._store.kept_at is not None else self._store.data_version()
        self._lifetimes.look(self._wall_clock(), self._reactor.seconds())
        self._built = self._store.build_snapshot()
        return self._built

    def _poll(self) -> Deferred[None]:
        was_away = self._store.kept_at is not None

        def look() -> tuple[Snapshot | None, bool]:
            version = self._store.data_version()
            was_set = self._lifetimes.look(self._wall_clock(), self._reactor.seconds())
            changed = was_set or version != self._version or bool(self._complaint) or self._store.countries_changed()
            self._version = version
            snapshot = self._rebuild() if changed else None
            if self._keeper is not None and self._store.real is not None and not self._complaint:
                self._keeper.look(self._store.real, version)
            return snapshot, changed

        def done(found: tuple[Snapshot | None, bool]) -> None:
            snapshot, changed = found
            self.reachable = True
            if changed and self._polls_for_all:
                self._hearing.heard(NODES)
            if snapshot is not None:
                self._swap(snapshot)
            if was_away:
                self.log.info("the database answers: from now on this service works with it")
                for callback in self._back:
                    callback()

        def failed(failure: Failure) -> None:
            # Once an outage, not once a second; the node goes on with what it knows.
            if self.reachable:
                self.log.error("the database does not answer: {reason}", reason=failure.getErrorMessage())
            self.reachable = False

        return self._thread.do(look).addCallbacks(done, failed)

    def _rebuild(self) -> Snapshot | None:
        """A newer snapshot, None when nothing changed or it cannot be built. Runs in the database thread."""
        try:
            snapshot = self._store.build_snapshot(self._built)
        except Exception as error:
            # Whatever it is, a node with yesterday's picture serves its users better than one with none. It is tried
            # again at each poll, and logged when it changes.
            failure = Failure() if str(error) != self._complaint else None
            self._complaint = str(error) or repr(error)
            self._reactor.callFromThread(self._count_failure, failure)
            return None
        self._complaint = ""
        changed = snapshot is not self._built
        self._built = snapshot
        return snapshot if changed else None

    def _count_failure(self, failure: Failure | None) -> None:
        self.failed_builds += 1
        if failure is not None:
            self.log.failure("the snapshot could not be built; the one before stays in use", failure)

    def _swap(self, snapshot: Snapshot) -> None:
        old, self._snapshot = self._snapshot, snapshot
        for callback in list(self._subscribers):
            if old is None:
                continue
            try:
                callback(old, snapshot)
            except Exception:
                self.log.failure("a subscriber of the store failed")
