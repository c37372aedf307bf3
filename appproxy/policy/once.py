"""What may happen once in a while, for so many things that not all can be remembered for ever. Times are seconds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Once:
    """Each key is the first for `lifetime` seconds; of more than `most` keys the oldest is forgotten."""

    def __init__(self, lifetime: float, most: int) -> None:
        self._lifetime = lifetime
        self._most = most
        self._since: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._since)

    def first(self, key: Hashable, now: float) -> bool:
        """Is it the first time? From now on it was."""
        while self._since and now - next(iter(self._since.values())) >= self._lifetime:
            self._since.popitem(last=False)
        if key in self._since:
            return False
        self._since[key] = now
        if len(self._since) > self._most:
            self._since.popitem(last=False)
        return True
