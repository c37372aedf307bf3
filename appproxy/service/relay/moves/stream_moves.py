"""WebSockets and event streams that have to go somewhere else, because this node or their connector ends: one after the other.

All at once they would come back in one second to the processes that are left, each with a TLS handshake, a request and all
that its program loads again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nsmallest
from random import random

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from appproxy.service.relay.answers.movable import MESSAGE_SECONDS
from appproxy.service.relay.moves.spread import Spread
from appproxy.service.relay.revocation import Revocable
from appproxy.service.relay.under_way import UnderWay

#: Seconds between two looks: of a thousand streams in the usual window of 12 s, 21 at a time.
LOOK_SECONDS = 0.25
#: Before what is left is cut, for whom a message does not end: there may be a place within it.
_LAST_LOOKS = 2 * LOOK_SECONDS
#: What is left of the time behind the window's end, for those who are told last to answer.
_FOR_ANSWERS = 0.2


@dataclass(frozen=True, slots=True)
class MoveTimes:
    """`seconds`: how long what is under way may go on at a stop; from the share `after` of it on streams are ended."""

    seconds: float = 30.0
    after: float = 0.5

    def spread(self, now: float, chance: float) -> Spread:
        """The window of what begins to stop now; `chance` as in `Spread`."""
        rest = self.seconds * (1 - self.after)
        return Spread(now + self.seconds * self.after, now + self.seconds - rest * _FOR_ANSWERS, chance)


@dataclass(slots=True)
class Move:
    """Of some streams: whom it concerns, and when."""

    concerns: Callable[[Revocable], bool]
    spread: Spread
    until: float


class StreamMoves:
    """Of one node. `chance`: gives numbers from 0 to 1."""

    def __init__(
        self, clock: IReactorTime, under_way: UnderWay, times: MoveTimes, chance: Callable[[], float] = random,
    ) -> None:
        self._clock = clock
        self._under_way = under_way
        self._times = times
        self._chance = chance
        self._moves: list[Move] = []
        self._closing: set[Revocable] = set()
        self._next: IDelayedCall | None = None
        #: By kind, and how they ended: `closed`, `refused` or `cut`.
        self.ends: Counter[tuple[str, str]] = Counter()

    def begin(self, concerns: Callable[[Revocable], bool]) -> None:
        """From now on the time runs for those that this concerns, also for such as begin later."""
        if self._times.after >= 1:
            return
        now = self._clock.seconds()
        self._moves.append(Move(concerns, self._times.spread(now, self._chance()), now + self._times.seconds))
        if self._next is None:
            self._next = self._clock.callLater(LOOK_SECONDS, self._look)

    def stop(self) -> None:
        """What is left is about to be cut: count it."""
        self._moves.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        for request in self._under_way.endless:
            if request.exchange is not None:
                self.ends["other" if request.movable is None else request.movable.kind, "cut"] += 1

    def _look(self) -> None:
        now = self._clock.seconds()
        for request in list(self._closing):
            if request.movable is not None and request.exchange is not None:
                request.movable.look(now)
            if request.exchange is None:
                self._closing.discard(request)
        self._moves = [move for move in self._moves if now < move.until]
        for move in self._moves:
            if move.spread.has_begun(now):
                self._take(move, now)
        again = self._moves or self._closing
        self._next = self._clock.callLater(LOOK_SECONDS, self._look) if again else None

    def _take(self, move: Move, now: float) -> None:
        left = [one for one in self._under_way.endless if _is_open(one) and move.concerns(one)]
        count = move.spread.take(now, len(left))
        # Those first that have been silent for longest: least likely in the middle of something.
        for request in nsmallest(count, left, key=_heard):
            assert request.movable is not None  # it is open
            self._closing.add(request)
            request.movable.close(min(now + MESSAGE_SECONDS, move.until - _LAST_LOOKS))


def _is_open(request: Revocable) -> bool:
    return request.movable is not None and request.exchange is not None and request.movable.is_open


def _heard(request: Revocable) -> float:
    """When something went through it last, in an order of its own."""
    answer = request.answer
    return request.deadline - (0.0 if answer is None else answer.silence)
