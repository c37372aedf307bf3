"""Turns for work of which only so much may be done at the same time, in a fair order."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from appproxy.errors import Code, RequestError
from appproxy.policy.fair_queue import LaneQueue


class FairTurns:
    """So many `places`; who finds none waits in `queue`. `full`: what is said to whom there is no room for, there either."""

    def __init__(self, places: int, queue: LaneQueue[Deferred[None]], full: str) -> None:
        self._free = places
        self._queue = queue
        self._full = full

    def take(self, lane: int, sender: str) -> Deferred[None]:
        """Fires when a place is there; then `give_back` must follow. Cancelled, it takes none.

        Fails with RequestError(OVERLOADED) when too much waits. `lane` and `sender`: as in `LaneQueue`.
        """
        mine: Deferred[None] = Deferred()
        for dropped in self._queue.put(lane, sender, mine):
            if not dropped.called:
                dropped.errback(RequestError(Code.OVERLOADED, self._full))
        self._next()
        return mine

    def give_back(self) -> None:
        """The work is done."""
        self._free += 1
        self._next()

    def _next(self) -> None:
        """Begin as many as there are places for; who has been cancelled meanwhile needs none."""
        while self._free > 0 and (turn := self._queue.take()) is not None:
            if not turn.called:
                self._free -= 1
                turn.callback(None)
