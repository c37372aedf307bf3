"""What is to happen once at the end of a reactor's turn, for as many as asked for it."""

from __future__ import annotations

from typing import Protocol
from weakref import WeakKeyDictionary, ref

from twisted.internet.interfaces import IReactorTime


class Flushed(Protocol):
    """What can be asked to flush."""

    def flush_turn(self) -> None:
        """Called once, after everything that this turn of the reactor had to do. Must not raise."""


class TurnEnd:
    """One delayed call for all connections of a reactor that wrote in its turn; a delayed call each would cost as much
    as encrypting a small message.
    """

    __slots__ = ("_clock", "_waiting")

    def __init__(self, clock: IReactorTime) -> None:
        # Not the clock itself: the table below would keep both for ever.
        self._clock = ref(clock)
        self._waiting: list[Flushed] = []

    def add(self, one: Flushed) -> None:
        """Flush it at the end of this turn; it adds itself once a turn at most."""
        if not self._waiting and (clock := self._clock()) is not None:
            clock.callLater(0, self._flush)
        self._waiting.append(one)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.flush_turn()


_ends: WeakKeyDictionary[IReactorTime, TurnEnd] = WeakKeyDictionary()


def turn_end(clock: IReactorTime) -> TurnEnd:
    """The one that belongs to this reactor."""
    found = _ends.get(clock)
    if found is None:
        found = _ends[clock] = TurnEnd(clock)
    return found
