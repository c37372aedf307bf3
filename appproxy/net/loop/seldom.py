"""Saying the same thing seldom: a log line for each of many alike events would hide all others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class LogThinning:
    """Is it time to say this again? Once in `seconds`; of the `most` subjects that were spoken of last."""

    __slots__ = ("_most", "_said", "_seconds")

    def __init__(self, seconds: float = 60.0, most: int = 256) -> None:
        self._seconds = seconds
        self._most = most
        self._said: OrderedDict[Hashable, float] = OrderedDict()

    def is_due(self, subject: Hashable, now: float) -> bool:
        """Has nothing been said of it for so long? If so, it counts as said now."""
        last = self._said.get(subject)
        if last is not None and now - last < self._seconds:
            return False
        self._said[subject] = now
        self._said.move_to_end(subject)
        if len(self._said) > self._most:
            self._said.popitem(last=False)
        return True
