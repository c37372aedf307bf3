"""Leaky buckets by key: what is counted drains with time, and nothing is kept of whom there is nothing to count.

Each operation costs the same however many keys there are. Times are monotonic seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from itertools import islice

from appproxy.policy.networks import block_of, network_of

#: Less than this is what rounding leaves: nobody is to wait for it.
_NOTHING = 1e-6

#: Keys among which the least level is forgotten when there are too many.
_COMPARED = 8

#: A site of IPv6 counts as so many addresses: more than a home uses, and next to nothing of the 65,536 that it has.
_SITE = 8


class LeakyBuckets:
    """A level for each key; it drains by `drain` a second.

    At most `keys` are kept. Of the least recently used the one with the least level is forgotten: nobody can make a high
    level go by using many other keys once.
    """

    def __init__(self, drain: float, keys: int) -> None:
        self.drain = drain
        self._most = keys
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def at(self, key: Hashable, now: float) -> float:
        """The level of a key now."""
        level, since = self._levels.get(key, (0.0, now))
        return max(0.0, level - max(0.0, now - since) * self.drain)

    def add(self, key: Hashable, amount: float, now: float) -> None:
        """Raise, or with a negative amount lower, the level of a key."""
        level = self.at(key, now) + amount
        if level <= 0.0:
            self._levels.pop(key, None)
            return
        self._levels[key] = (level, now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._most:
            self._forget_one(now)

    def _forget_one(self, now: float) -> None:
        """The least level of some old ones; those that are higher have to be looked at again only after all others."""
        levels = {key: self.at(key, now) for key in islice(self._levels, _COMPARED)}
        least = min(levels, key=levels.__getitem__)
        del self._levels[least]
        for key, level in levels.items():
            if level > levels[least]:
                self._levels.move_to_end(key)

    def clear(self, key: Hashable) -> None:
        """Nothing is to be held against this key."""
        self._levels.pop(key, None)

    def wait(self, key: Hashable, limit: float, now: float) -> float:
        """Seconds until one more fits below `limit`; 0.0: now."""
        over = self.at(key, now) + 1.0 - limit
        return over / self.drain if over > _NOTHING else 0.0


class RateLimit:
    """A token bucket for each key: `burst` at once, and `rate` a second on average."""

    def __init__(self, burst: float, rate: float, keys: int = 20_000) -> None:
        self._burst = burst
        self._levels = LeakyBuckets(rate, keys)

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, key: Hashable, now: float) -> float:
        """Use one. 0.0: it is there; otherwise the seconds until there is one, and none is used."""
        wait = self._levels.wait(key, self._burst, now)
        if wait <= 0.0:
            self._levels.add(key, 1.0, now)
        return wait


class AddressLimit:
    """A token bucket for each network of clients; the networks of one IPv6 site (/48) share one of eight times the size."""

    def __init__(self, burst: float, rate: float) -> None:
        self._networks = RateLimit(burst, rate)
        self._blocks = RateLimit(burst * _SITE, rate * _SITE)

    def take(self, address: str, now: float) -> float:
        """Use one. 0.0: it is there; otherwise the seconds until there is one."""
        network, block = network_of(address), block_of(address)
        wait = self._networks.take(network, now)
        return wait if wait > 0.0 or block == network else self._blocks.take(block, now)
