"""What anybody can cause any number of times is written down one by one a few times, and then only as a number.

Times are monotonic seconds.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass

#: Of whom nothing particular is known any more.
OTHERS = ""


@dataclass(slots=True)
class _Window:
    began: float
    written: int = 0
    withheld: int = 0


class Thinning:
    """In each `window` (seconds) `each` events of a key are written, and `most` of all keys together.

    At most `keys` are told apart; what was withheld of more is counted for `OTHERS`.
    """

    def __init__(self, each: int, most: int, window: float, keys: int = 10_000) -> None:
        self._each = each
        self._most = most
        self._window = window
        self._keys = keys
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._all = _Window(0.0)
        self._owed: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._windows)

    def note(self, key: str, now: float) -> bool:
        """Something has happened: is it to be written down by itself?"""
        self._close(now)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(now)
            if len(self._windows) > self._keys:
                _, oldest = self._windows.popitem(last=False)
                self._owed[OTHERS] += oldest.withheld
        if now - self._all.began >= self._window:
            self._all = _Window(now)
        if window.written >= self._each or self._all.written >= self._most:
            window.withheld += 1
            return False
        window.written += 1
        self._all.written += 1
        return True

    def due(self, now: float) -> dict[str, int]:
        """How many were withheld of each key whose window is over; each is told once."""
        self._close(now)
        owed = {key: count for key, count in self._owed.items() if count}
        self._owed.clear()
        return owed

    def _close(self, now: float) -> None:
        """Windows are in the order of their beginning."""
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if now - window.began < self._window:
                return
            del self._windows[key]
            # Keys that are owed something are bounded too: they were told apart once, in this or the last window.
            self._owed[key if len(self._owed) < self._keys else OTHERS] += window.withheld
