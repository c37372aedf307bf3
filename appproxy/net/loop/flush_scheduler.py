"""What is to happen once at the end of a reactor's turn, for as many as asked for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol
from weakref import WeakKeyDictionary, ref

from twisted.internet.interfaces import IReactorTime

from appproxy.net.loop.reactor import RelayReactor


class Flushed(Protocol):
    """What can be asked to do a piece of long work."""

    def flush_turn(self) -> None:
        """Called once. Must not raise."""


class FlushScheduler:
    """The end of a turn of a reactor that knows nothing better than a delayed call (`net.reactor` does): one for all that
    asked. One for each connection that wrote would cost as much as encrypting a small message.
    """

    __slots__ = ("_clock", "_waiting")

    def __init__(self, clock: IReactorTime) -> None:
        # Not the clock itself: the table below would keep both for ever.
        self._clock = ref(clock)
        self._waiting: list[Callable[[], object]] = []

    def add(self, call: Callable[[], object]) -> None:
        """Call this once at the end of this turn."""
        if not self._waiting and (clock := self._clock()) is not None:
            clock.callLater(0, self._flush)
        self._waiting.append(call)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()


class SharedFlushScheduler:
    """Long work that several do in pieces, side by side: so many `seconds` of it in each turn of a reactor, for all together.

    Otherwise a hundred of them, each of which takes five milliseconds of a turn, would make turns of half a second.
    """

    __slots__ = ("_clock", "_due", "_seconds", "_until", "_waiting")

    def __init__(self, clock: IReactorTime, seconds: float) -> None:
        self._clock = ref(clock)  # as above
        self._seconds = seconds
        self._waiting: deque[Flushed] = deque()
        self._until = 0.0
        #: Is the time of this turn running, and will its end be heard of?
        self._due = False

    def until(self) -> float:
        """When it is enough for this turn, by the reactor's clock."""
        if not self._due and (clock := self._clock()) is not None:
            self._begin(clock)
            clock.callLater(0, self._next)
        return self._until

    def add(self, one: Flushed) -> None:
        """Flush it once, in the next turn, or in the first one after that in which all before it have had theirs."""
        self._waiting.append(one)
        self.until()

    def _begin(self, clock: IReactorTime) -> None:
        self._due = True
        self._until = clock.seconds() + self._seconds

    def _next(self) -> None:
        clock, waiting = self._clock(), self._waiting
        self._due = False
        if clock is None or not waiting:
            return
        self._begin(clock)
        try:
            for _ in range(len(waiting)):
                if clock.seconds() > self._until:
                    break
                waiting.popleft().flush_turn()
        finally:  # a fault in one of them holds up no other
            self._due = bool(waiting)
            if waiting:
                clock.callLater(0, self._next)


_ends: WeakKeyDictionary[IReactorTime, FlushScheduler] = WeakKeyDictionary()


def at_turn_end(clock: IReactorTime) -> Callable[[Callable[[], object]], None]:
    """What has something called once at the end of this turn of a reactor, after everything else. It must not raise."""
    if isinstance(clock, RelayReactor):
        return clock.at_turn_end
    found = _ends.get(clock)
    if found is None:
        found = _ends[clock] = FlushScheduler(clock)
    return found.add


#: Seconds of long work in one turn: others notice no more than that of it.
LONG_WORK = 0.005
_shared: WeakKeyDictionary[IReactorTime, SharedFlushScheduler] = WeakKeyDictionary()


def shared_turn(clock: IReactorTime) -> SharedFlushScheduler:
    """The one that belongs to this reactor."""
    found = _shared.get(clock)
    if found is None:
        found = _shared[clock] = SharedFlushScheduler(clock, LONG_WORK)
    return found
