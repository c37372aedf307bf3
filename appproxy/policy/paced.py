"""Something that is done as often as it is asked for, but not more often than is good for whoever bears it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol


class Timers(Protocol):
    """What is needed of a reactor."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kw: object) -> Any: ...


class Paced:
    """Does `do` once for all that ask within `every` seconds: for the first of them at once, or in the next turn."""

    def __init__(self, clock: Timers, every: float, do: Callable[[], object]) -> None:
        self._clock = clock
        self._every = every
        self._do = do
        self._last = -math.inf
        self._call: Any = None

    def ask(self, *, at_once: bool = False) -> None:
        """Do it soon; `at_once`: before this returns, where it may be done now."""
        if self._call is not None:
            return
        wait = self._last + self._every - self._clock.seconds()
        if wait <= 0 and at_once:
            self._due()
        else:
            self._call = self._clock.callLater(max(0.0, wait), self._due)

    def stop(self) -> None:
        """Whoever has asked gets nothing more."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _due(self) -> None:
        self._call = None
        self._last = self._clock.seconds()
        self._do()
