"""Slows down guessing: after some failures, a user name or an address has to wait, each time twice as long.

Counted are attempts, before their outcome is known, so that a hundred guesses sent at once do not all get through; a
success takes its own back. In memory and bounded: each node of the service counts on its own.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """After `free` failures the next attempt waits `first` seconds, then twice as long each time, up to `longest`.

    A key that had no attempt for `forget` seconds starts anew. At most `keys` are counted; the least recent goes.
    """

    free: int
    first: float
    longest: float
    forget: float
    keys: int


#: Few, as a user knows their own password. At most a minute, so that guessing cannot lock a user out for long.
NAME_RULE = Rule(free=5, first=2.0, longest=60.0, forget=900.0, keys=10_000)
#: More, as a whole office may share one address; and longer, as one address tries many names.
ADDRESS_RULE = Rule(free=20, first=2.0, longest=900.0, forget=3600.0, keys=10_000)


@dataclass(slots=True)
class _Count:
    attempts: int
    last: float
    until: float


class Counter:
    """Attempts by key under one rule. Times are monotonic seconds."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next attempt of this key is taken; 0.0: now."""
        count = self._counts.get(key)
        return 0.0 if count is None else max(0.0, count.until - now)

    def add(self, key: str, now: float) -> None:
        """An attempt begins; it counts as a failure until `take_back` or `clear`."""
        rule = self._rule
        count = self._counts.get(key)
        if count is None or now - count.last > rule.forget:
            count = self._counts[key] = _Count(0, now, now)
        count.attempts += 1
        count.last = now
        # The exponent is capped because 2.0 ** 1024 is an OverflowError.
        over = min(count.attempts - rule.free, 64)
        if over >= 0:
            count.until = now + min(rule.longest, rule.first * 2.0**over)
        self._counts.move_to_end(key)
        if len(self._counts) > rule.keys:
            self._counts.popitem(last=False)

    def take_back(self, key: str) -> None:
        """An attempt did not fail; earlier ones still count."""
        count = self._counts.get(key)
        if count is not None:
            count.attempts -= 1
            if count.attempts < self._rule.free:
                count.until = count.last
            if count.attempts <= 0:
                del self._counts[key]

    def clear(self, key: str) -> None:
        """The key has proved itself."""
        self._counts.pop(key, None)


class Throttle:
    """Sign-in attempts, by user name and by client address."""

    def __init__(self, names: Rule = NAME_RULE, addresses: Rule = ADDRESS_RULE) -> None:
        self._names = Counter(names)
        self._addresses = Counter(addresses)

    def begin(self, name: str, address: str, now: float) -> float:
        """Ask to try a password. 0.0: go on, it is counted; otherwise the seconds to wait, and nothing is counted."""
        network = _network(address)
        wait = max(self._names.wait(name, now), self._addresses.wait(network, now))
        if wait <= 0.0:
            self._names.add(name, now)
            self._addresses.add(network, now)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """The password was right: the name starts anew, the address gets only this attempt back.

        Otherwise someone with an account of their own could guess others' for ever.
        """
        self._names.clear(name)
        self._addresses.take_back(_network(address))

    def abandoned(self, name: str, address: str) -> None:
        """The password could not be checked, which is nobody's failure."""
        self._names.take_back(name)
        self._addresses.take_back(_network(address))


def _network(address: str) -> str:
    """The address, and for IPv6 its /64, which is what one user gets from a provider."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
