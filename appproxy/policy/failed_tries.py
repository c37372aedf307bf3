"""How often one network may fail with credentials before it has to wait. Times are monotonic seconds."""

from __future__ import annotations

from appproxy.policy.levels import LeakyBuckets
from appproxy.policy.networks import block_of, network_of

#: Networks that are counted apart.
_NETWORKS = 20_000
#: The networks of one IPv6 site (/48) may fail so many times as often as one, all together (`policy.levels`).
_SITE = 8


class FailedTries:
    """`burst` failures at once, and `rate` a second on average; who succeeds is not counted."""

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = burst
        self._levels = LeakyBuckets(rate, _NETWORKS)
        self._sites = LeakyBuckets(_SITE * rate, _NETWORKS)

    def __len__(self) -> int:
        return max(len(self._levels), len(self._sites))

    def wait(self, address: str, now: float) -> float:
        """Seconds until this address's network may try again; 0.0: now."""
        network, site = network_of(address), block_of(address)
        seconds = self._levels.wait(network, self._burst, now)
        return seconds if site == network else max(seconds, self._sites.wait(site, _SITE * self._burst, now))

    def failed(self, address: str, now: float) -> None:
        """It has failed once more. What is beyond the burst is not held against it: it would wait for ever."""
        if self.wait(address, now) <= 0.0:
            network, site = network_of(address), block_of(address)
            self._levels.add(network, 1.0, now)
            if site != network:
                self._sites.add(site, 1.0, now)
