"""How many of those that are to go are to go now: evenly over a window of time, whoever comes or leaves meanwhile."""

from __future__ import annotations


class Spread:
    """Between two times, in seconds. At the end of the window nobody is left.

    `chance`: from 0 to 1, drawn for each window, so that a single one goes at any time of it, and those of several nodes not
    at the same.
    """

    __slots__ = ("_at", "_owed", "end")

    def __init__(self, begin: float, end: float, chance: float) -> None:
        self._at = begin
        self.end = max(begin, end)
        #: Of the next one, the part whose time has come.
        self._owed = chance

    def has_begun(self, now: float) -> bool:
        """Is anybody to go?"""
        return now >= self._at

    def take(self, now: float, left: int) -> int:
        """How many of so many have to go since the last look. After a pause it is as many as the pause was long."""
        if now < self._at:
            return 0
        if now >= self.end:
            return left
        self._owed += left * (now - self._at) / (self.end - self._at)
        self._at = now
        count = min(left, int(self._owed))
        self._owed -= count
        return count
