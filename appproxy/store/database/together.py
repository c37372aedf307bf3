"""Work for the database's thread, and how it is done: what waits is committed together, so that the disk is waited for once.

A commit to a file takes as long as the disk needs, some 9 ms, and a write itself one. What comes meanwhile joins what was
handed to the thread and is not begun yet. Each piece of work is its own transaction all the same: it sees what those before
it have done, and one that fails undoes nothing of theirs. Nobody is told of anything before the commit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from appproxy.errors import StoreError
from appproxy.store.database.away import AwayStore
from appproxy.store.database.store import GroupLostError, Store

TOO_LATE = "the database does not answer in time"
#: Seconds after which nothing more is written or read before a group is committed and those are told who have written: who has
#: written little waits for nobody's 10,000 applications, but for one piece of work that is under way.
LONGEST_GROUP = 0.05


@dataclass(slots=True)
class Work:
    """What waits for the thread; `do` gets a Transaction where it `writes`, else a Reading, of tables that are `kept`."""

    do: Callable[[Any], Any]
    writes: bool = False
    kept: bool = False
    #: It is known to take its time, as a whole configuration does.
    long: bool = False
    #: Fires with what comes of `do`.
    done: Deferred[Any] = field(default_factory=Deferred)
    #: It does not wait any more.
    begun: bool = False
    #: Tells whoever asked that it takes too long; None once they have been told, or have their answer.
    late: IDelayedCall | None = None
    #: What has come of it: a result, or a Failure.
    outcome: Any = None

    @property
    def is_left(self) -> bool:
        """Was there no time for it?"""
        return not self.begun and self.outcome is None


class Together:
    """Work that is handed to the thread at once, at most `most` pieces: more joins it until the thread begins."""

    def __init__(self, works: list[Work], most: int) -> None:
        self.works = works
        self._most = most
        self._begun = False
        self._lock = threading.Lock()

    @property
    def has_room(self) -> bool:
        """Would something join it, if it came now?"""
        return not self._begun and len(self.works) < self._most

    def join(self, work: Work) -> bool:
        """Do this, too; False: it is too late for that, or too much."""
        with self._lock:
            fits = self.has_room
            if fits:
                self.works.append(work)
        return fits

    def begin(self) -> list[Work]:
        """In the thread: from now on nothing joins. Gives all there is."""
        with self._lock:
            self._begun = True
        return self.works

    def take_left(self) -> list[Work]:
        """When it has been carried out: what it had no time for, and has no more from now on."""
        left = [work for work in self.works if work.is_left]
        if left:
            self.works = [work for work in self.works if not work.is_left]
        return left


def carry_out(
    works: Sequence[Work], store: Store | AwayStore, wall_clock: Callable[[], float], seconds: Callable[[], float]
) -> int | None:
    """Do what writes, in its order and with as few commits as can be, then what reads; `outcome` says what came of each.

    Reads beyond the time of a group are left for another call, but for one where nothing is written: `is_left` says so.

    Gives the revision of the snapshot's tables after the last commit, None where nothing was committed. `wall_clock` gives
    the time of transactions in seconds since 1970, `seconds` is a monotonic clock. In the database's thread.
    """
    revision, ends = None, seconds() + LONGEST_GROUP
    waiting = deque(work for work in works if work.writes)
    reading = [work for work in works if not work.writes]
    has_done = bool(waiting)
    while waiting:
        if len(waiting) == 1:
            committed = _alone(waiting.popleft(), store, wall_clock)
        else:
            assert store.real is not None
            committed = _committed(waiting, store.real, wall_clock, seconds)
        revision = revision if committed is None else committed
    for work in reading:
        if has_done and seconds() >= ends:
            break
        _read(work, store)
        has_done = True
    return revision


def _read(work: Work, store: Store | AwayStore) -> None:
    try:
        _start(work)
        with store.reading_kept() if work.kept else store.reading() as reading:
            work.outcome = work.do(reading)
    except Exception:
        work.outcome = Failure()


def _alone(work: Work, store: Store | AwayStore, wall_clock: Callable[[], float]) -> int | None:
    try:
        _start(work)
        with store.transaction(wall_clock()) as transaction:
            outcome = work.do(transaction)
    except Exception:
        work.outcome = Failure()
        return None
    work.outcome = outcome
    return transaction.revision


def _committed(
    waiting: deque[Work], store: Store, wall_clock: Callable[[], float], seconds: Callable[[], float]
) -> int | None:
    """Take the first of what waits, do it, and commit it; gives the revision then. If that fails all of it has failed; and all
    that waits, where no transaction can be begun.
    """
    done: list[Work] = []
    try:
        with store.group() as group:
            ends = seconds() + LONGEST_GROUP
            while waiting and (not done or seconds() < ends):
                work = waiting.popleft()
                done.append(work)
                try:
                    _start(work)
                    with group.transaction(wall_clock()) as transaction:
                        work.outcome = work.do(transaction)
                except GroupLostError:
                    raise
                except Exception:
                    work.outcome = Failure()
    except Exception:
        failure = Failure()
        if not done:
            done.extend(waiting)
            waiting.clear()
        for work in done:
            work.outcome = work.outcome if isinstance(work.outcome, Failure) else failure
        return None
    return group.revision


def _start(work: Work) -> None:
    """What was refused while it waited in the thread is not done: nobody hears of it any more. Raises StoreError."""
    if work.late is None:
        raise StoreError(TOO_LATE)
    work.begun = True
