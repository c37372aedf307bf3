"""How many requests somebody may send: so many at once, and so many a second on average.

A token bucket is one number, the time at which it is full again (the generic cell rate algorithm): all buckets of a node are
entries of one table, whatever their rates. Times are monotonic seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import islice

#: Buckets that are kept, some 200 bytes each. Who floods from more networks than this is forgotten as fast as they come; the
#: limits of applications, users and of all hold then, too, because they are used most.
_MOST = 50_000
#: Among so many of those that were used longest ago the fullest bucket is forgotten.
_COMPARED = 8
#: Less than this is what rounding leaves: nobody is to wait for it.
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Rate:
    """`a_second` on average, `burst` at once."""

    a_second: float
    burst: int

    @property
    def window(self) -> float:
        """Seconds in which an empty bucket fills."""
        return self.burst / self.a_second


class RateTable:
    """The buckets. Each use costs the same, however many there are; memory is bounded."""

    __slots__ = ("_full_at", "_most", "owing")

    def __init__(self, most: int = _MOST) -> None:
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()
        self._most = most
        #: Seconds for which a bucket may be emptier than empty, because of what others have let pass (`charge`).
        self.owing = 0.0

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: Hashable, rate: Rate, now: float) -> float:
        """Use one of the bucket of `key`. 0.0: it was there; otherwise the seconds until one is, and none is used."""
        full_at = self._full_at.get(key, 0.0)
        if full_at < now:
            full_at = now
        elif full_at > (emptiest := now + rate.window + self.owing):
            # A higher rate than before, or a clock that went back: nobody waits for what an empty bucket of today need not.
            full_at = self._full_at[key] = emptiest
        every = 1.0 / rate.a_second
        wait = full_at - now - (rate.burst - 1) * every
        if wait > _NOTHING:
            return wait
        self._put(key, full_at + every)
        return 0.0

    def charge(self, key: Hashable, seconds: float, now: float) -> None:
        """Others have let pass what takes this bucket so many seconds to fill again."""
        self._put(key, max(self._full_at.get(key, 0.0), now) + seconds)

    def used(self, key: Hashable, now: float) -> float:
        """Seconds until the bucket is full."""
        return max(0.0, self._full_at.get(key, 0.0) - now)

    def _put(self, key: Hashable, full_at: float) -> None:
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            del self._full_at[min(islice(self._full_at, _COMPARED), key=self._full_at.__getitem__)]
