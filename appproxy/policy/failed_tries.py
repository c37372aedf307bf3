"""How often one network may fail with credentials before it has to wait. Times are monotonic seconds."""

from __future__ import annotations

from appproxy.policy.levels import LeakyBuckets
from appproxy.policy.networks import network_of

#: Networks that are counted apart.
_NETWORKS = 20_000


class FailedTries:
    """`burst` failures at once, and `rate` a second on average; who succeeds is not counted."""

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = burst
        self._levels = LeakyBuckets(rate, _NETWORKS)

    def __len__(self) -> int:
        return len(self._levels)

    def wait(self, address: str, now: float) -> float:
        """Seconds until this address's network may try again; 0.0: now."""
        return self._levels.wait(network_of(address), self._burst, now)

    def failed(self, address: str, now: float) -> None:
        """It has failed once more. What is beyond the burst is not held against it: it would wait for ever."""
        if self.wait(address, now) <= 0.0:
            self._levels.add(network_of(address), 1.0, now)
