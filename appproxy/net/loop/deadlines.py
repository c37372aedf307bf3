"""Coarse deadlines for very many objects: setting one is storing a number.

A `callLater` for each request costs more than all else that is done for a small one, and a timer wheel keeps a cell for
each timer that was cancelled. Here an object carries its own `deadline`, and one sweep a tick looks at all of them:
10,000 objects cost about a millisecond a tick.

What waits for hours, and is there by the ten thousand, such as an idle WebSocket, comes to rest: it is in one of
`PARTS`, of which each tick looks at one.
"""

from __future__ import annotations

import math
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

#: `deadline` of an object that waits for nothing.
NEVER = math.inf
#: Those at rest are in so many parts, of which each tick looks at one: with one, none is later than others.
#: Seven made a signal connection on a full link give up.
PARTS = 1


class HasDeadline(Protocol):
    """Something with a deadline, in monotonic seconds; `NEVER` for none."""

    deadline: float

    def deadline_passed(self, now: float) -> None:
        """The deadline is over. Set a new one, or leave the sweep; else it comes again at the next tick."""


class Deadlines:
    """One sweep over all that wait. Objects must be hashable by identity; a deadline is noticed up to `tick` s late, and up to
    `PARTS` times that of one at rest.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, tick: float = 0.25) -> None:
        #: A quarter of a second: the shortest deadline of the product is a second.
        self._tick = tick
        self._clock = clock
        self._waiting: set[HasDeadline] = set()
        self._resting: tuple[set[HasDeadline], ...] = tuple(set() for _ in range(PARTS))
        self._turn = 0
        self._call: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._waiting) + sum(map(len, self._resting))

    def add(self, item: HasDeadline) -> None:
        """Look at this object's deadline from now on, at each tick."""
        self._resting[id(item) // 16 % PARTS].discard(item)
        self._waiting.add(item)
        if self._call is None:
            self._call = self._clock.callLater(self._tick, self._sweep)

    def rest(self, item: HasDeadline) -> None:
        """Look at it seldom, until it is added again. Does nothing for one that is not there, or not any more."""
        if item in self._waiting:
            self._waiting.discard(item)
            self._resting[id(item) // 16 % PARTS].add(item)

    def discard(self, item: HasDeadline) -> None:
        """No longer. The sweep ends by itself when nothing is left."""
        self._waiting.discard(item)
        self._resting[id(item) // 16 % PARTS].discard(item)

    def stop(self) -> None:
        """Forget all, at once."""
        for those in (self._waiting, *self._resting):
            those.clear()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _tell(self, item: HasDeadline, now: float) -> None:
        """One that fails leaves the sweep: the others must not wait for it for ever."""
        try:
            item.deadline_passed(now)
        except Exception:
            self.discard(item)
            self.log.failure("a deadline of {item} could not be kept", item=type(item).__name__)

    def _sweep(self) -> None:
        self._call = None
        now = self._clock.seconds()
        self._turn = (self._turn + 1) % PARTS
        for those in (self._waiting, self._resting[self._turn]):
            for item in [item for item in those if item.deadline <= now]:
                # One that fell to an earlier one of this sweep is not to be told any more.
                if item in those and item.deadline <= now:
                    self._tell(item, now)
        if (self._waiting or any(self._resting)) and self._call is None:
            self._call = self._clock.callLater(self._tick, self._sweep)
