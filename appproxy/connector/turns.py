"""Requests that came together: each turn of the reactor begins some of them, share by share, and the rest waits for the next.

The service sends requests faster than they can be begun here. Those of one user would hold up all that come behind them, as
long as 1,000 of them take; and most of a user's who asks and cancels in a circle (rapid reset) never need to begin.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from twisted.internet.interfaces import IReactorTime

from appproxy.tunnel.shares import FairQueue

#: Requests that begin in a turn: about 4 ms, what the service hears of one user in a turn.
BEGUN = 16
#: So many frames in one read are usual: what one turn of the service brings of a few users. To count costs more than that.
USUAL = 8

T = TypeVar("T", bound=Hashable)


class Turns(Generic[T]):
    """Those of one service node. `begin` begins one that has waited."""

    __slots__ = ("_begin", "_clock", "_left", "_waiting", "counting")

    def __init__(self, clock: IReactorTime, begin: Callable[[T], None]) -> None:
        self._clock = clock
        self._begin = begin
        self._left = BEGUN
        self._waiting: FairQueue[bytes, T] = FairQueue()
        #: Is there more to do than usual, so that `must_wait` is to be asked?
        self.counting = False

    def count(self) -> None:
        """More than usual has come: count what begins in this turn."""
        if not self.counting:
            self.counting = True
            self._clock.callLater(0, self._next)

    def must_wait(self, share: bytes, one: T) -> bool:
        """Must this one wait for a later turn? Then it does; else it counts for this one."""
        if self._left > 0 and not self._waiting:
            self._left -= 1
            return False
        self._waiting.push(share, one)
        return True

    def leave(self, share: bytes, one: T) -> None:
        """This one waits no longer, if it did."""
        self._waiting.discard(share, one)

    def _next(self) -> None:
        self._left = BEGUN
        while self._left > 0 and (one := self._waiting.pop(_anybody)) is not None:
            self._left -= 1
            self._begin(one)
        if self._waiting:
            self._clock.callLater(0, self._next)
        else:
            self.counting = False
            self._left = BEGUN


def _anybody(share: bytes) -> bool:
    return True
