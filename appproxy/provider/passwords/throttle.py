"""Which passwords may be tried: guessing comes to nothing, and nobody can use that against those who have the password.

Three kinds of attempts are counted apart:

    device     from a browser in which this user has signed in before (a sealed cookie, `identity.devices`)
    standing   from a network from which this user has signed in before
    stranger   from anywhere else

Attempts of strangers and from networks in standing fill one bucket for each user name, so that guesses from any number of
addresses come to 100 a day at most. How full it may be for an attempt depends on how much its own network has done already, at
this name and at others: whoever tries more finds it full earlier, and a network that comes for the first time finds room that
only newcomers may use. A known device has a bucket of its own, which nobody else can fill.

A network has a bucket too. What fills it is names that failed, each once: a program that tries all day for one user is one
name, and a user who mistypes and then signs in takes theirs back. It concerns only attempts without a device or standing.

The same wrong password for the same name again is no new guess: it is refused without being counted or checked.

Counted is before the outcome is known, so that a hundred guesses sent at once do not all get through. In memory and
bounded; what other processes have counted is learned (`provider.passwords.shared_throttle`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from appproxy.policy.levels import LeakyBuckets

_DAY = 86400.0
#: A bucket of 50 that drains by 50 a day takes at most 100 in any 24 hours, and 50 a day for ever.
NAME_BUCKET = 50.0
#: How full the name's bucket may be after an attempt, by how many tries its network has had before: (fewer than, limit). A few
#: typing errors are nothing; who goes on finds less and less room, and leaves the rest to others. To take away the room of
#: newcomers needs 30 networks or more, all of them new each day.
STRANGER_LIMITS = ((1, 40.0), (3, 30.0), (5, 22.0))
#: The same for networks in standing: the last ten belong to them alone.
STANDING_LIMITS = ((5, 50.0), (10, 40.0))
#: For whoever has had more tries.
LAST_LIMIT = 15.0
#: Tries of one network at one name are forgotten two a day; a success forgets them at once.
_TRIES_DRAIN = 2.0 / _DAY
#: A site with a /48 of IPv6 has 65,536 networks: a quarter of its tries count as those of each.
_BLOCK_SHARE = 0.25
#: Wrong passwords in a browser that its user has used before: ten, and one more each 16 minutes, 100 in any day.
DEVICE_BUCKET = 10.0
_DEVICE_DRAIN = 90.0 / _DAY
#: Names that may fail from one network without ever signing in there: people who have forgotten theirs, in an office that
#: nobody has signed in from before. Ten more an hour; and more where many succeed, one for each five.
NETWORK_BUCKET = 30.0
_NETWORK_DRAIN = 10.0 / 3600.0
_GOOD_SHARE = 0.2
#: Names that failed from a network and did not sign in there since count as so many tries of it at every other name: three
#: are as one try, fifteen leave it with the least room. They are forgotten more slowly than the network's own bucket drains.
_STRIKE_SHARE = 1 / 3
#: From so many on, work for the network comes after that for networks without any; less is what time has left of one.
_DOUBT = 0.5
_STRIKES_DRAIN = 6.0 / _DAY
#: Names that succeeded count for a network as long as a working day; so many at most.
_GOOD_DRAIN = 40.0 / 3600.0
_MOST_GOOD = 300.0
#: A success gives a network standing for as long as browsers remember a device.
STANDING_LIFETIME = 180 * _DAY
#: Wrong passwords of a name that are remembered as such.
_GUESSES = 8
#: Each takes some 200 bytes. Every new name or pair costs an attacker a checked password, of which a network has few.
_NAMES = 20_000
_PAIRS = 50_000


class ThrottleRule(Enum):
    """Which rule holds an attempt back."""

    DEVICE = "device"
    NAME = "name"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class CountedAttempt:
    """An attempt as it is counted. `network` and `block` as in `policy.networks`; `device`: id of a known device of this user.

    `guess`: a keyed hash of name and password, which is the same for the same ones.
    """

    name: str
    network: str
    block: str
    device: str | None
    guess: bytes


@dataclass(frozen=True, slots=True)
class ThrottleGo:
    """Check the password; then say `succeeded`, `failed` or `abandoned`.

    `standing`: this user has signed in from there before; `fresh`: the name is new at its network; `doubtful`: other names
    have failed from there, and did not sign in since.
    """

    who: CountedAttempt
    standing: bool = False
    fresh: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class ThrottleWait:
    """Not now: `seconds` from now, if nothing else is tried meanwhile."""

    rule: ThrottleRule
    seconds: float


@dataclass(frozen=True, slots=True)
class RepeatedPassword:
    """This password was wrong for this name a while ago, and is so still."""


class Throttle(Protocol):
    """What counts attempts: one process alone, or all of the service together."""

    def begin(self, who: CountedAttempt, now: float) -> ThrottleGo | ThrottleWait | RepeatedPassword:
        """May this password be tried? With `ThrottleGo` it is counted."""
        ...

    def succeeded(self, go: ThrottleGo, now: float) -> None:
        """The password was right."""
        ...

    def failed(self, go: ThrottleGo, now: float) -> None:
        """The password was wrong."""
        ...

    def abandoned(self, go: ThrottleGo, now: float) -> None:
        """The password could not be checked, which is nobody's failure."""
        ...


def name_limit(tries: float, standing: bool) -> float:
    """How full the bucket of a name may be after an attempt of a network that has had so many `tries` at it."""
    for fewer, limit in STANDING_LIMITS if standing else STRANGER_LIMITS:
        if tries < fewer:
            return limit
    return LAST_LIMIT


def network_limit(good: float) -> float:
    """How many names may have failed from a network from which so many have succeeded."""
    return NETWORK_BUCKET + _GOOD_SHARE * min(good, _MOST_GOOD)


class MemoryThrottle:
    """Counts in this process's memory."""

    def __init__(self) -> None:
        self._names = LeakyBuckets(NAME_BUCKET / _DAY, _NAMES)
        self._tries = LeakyBuckets(_TRIES_DRAIN, _PAIRS)
        self._devices = LeakyBuckets(_DEVICE_DRAIN, _NAMES)
        self._networks = LeakyBuckets(_NETWORK_DRAIN, _NAMES)
        self._good = LeakyBuckets(_GOOD_DRAIN, _NAMES)
        self._strikes = LeakyBuckets(_STRIKES_DRAIN, _NAMES)
        #: Since when a name has standing at a network.
        self._standing: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._wrong: OrderedDict[str, deque[bytes]] = OrderedDict()

    def __len__(self) -> int:
        levels = (self._names, self._tries, self._devices, self._networks, self._good, self._strikes)
        return max(*map(len, levels), len(self._standing), len(self._wrong))

    def begin(self, who: CountedAttempt, now: float) -> ThrottleGo | ThrottleWait | RepeatedPassword:
        """May this password be tried? With `ThrottleGo` it is counted."""
        if who.guess in self._wrong.get(who.name, ()):
            return RepeatedPassword()
        if who.device is not None:
            seconds = self._devices.wait(who.device, DEVICE_BUCKET, now)
            if seconds > 0.0:
                return ThrottleWait(ThrottleRule.DEVICE, seconds)
            self._devices.add(who.device, 1.0, now)
            return ThrottleGo(who)
        return self._begin_without_device(who, now)

    def _begin_without_device(self, who: CountedAttempt, now: float) -> ThrottleGo | ThrottleWait:
        standing, tries = self._has_standing(who, now), self._tries.at((who.name, who.network), now)
        seconds = self._names.wait(who.name, name_limit(max(tries, self._record(who, now)), standing), now)
        if seconds > 0.0:
            return ThrottleWait(ThrottleRule.NAME, seconds)
        if tries <= 0.0 and not standing:
            seconds = self._wait_of_network(who, now)
            if seconds > 0.0:
                return ThrottleWait(ThrottleRule.NETWORK, seconds)
        return self._count(who, standing, tries, now)

    def _has_standing(self, who: CountedAttempt, now: float) -> bool:
        return now - self._standing.get((who.name, who.network), -STANDING_LIFETIME) < STANDING_LIFETIME

    def _count(self, who: CountedAttempt, standing: bool, tries: float, now: float) -> ThrottleGo:
        fresh = tries <= 0.0 and not standing
        doubtful = self._strikes.at(who.network, now) - (tries > 0.0) >= _DOUBT
        for network in {who.network, who.block}:
            self._tries.add((who.name, network), 1.0, now)
            if fresh:
                self._networks.add(network, 1.0, now)
        if fresh:
            self._strikes.add(who.network, 1.0, now)
        self._names.add(who.name, 1.0, now)
        return ThrottleGo(who, standing, fresh, doubtful)

    def learned(self, who: CountedAttempt, right: bool, now: float) -> None:
        """An attempt that another process has let through at the time `now`, and what came of it."""
        if who.device is not None:
            self._devices.add(who.device, 1.0, now)
            go = ThrottleGo(who)
        else:
            go = self._count(who, self._has_standing(who, now), self._tries.at((who.name, who.network), now), now)
        if right:
            self.succeeded(go, now)

    def _record(self, who: CountedAttempt, now: float) -> float:
        """What else than its own tries speaks against a network: those of its block, and names that failed from it."""
        wider = 0.0 if who.block == who.network else self._tries.at((who.name, who.block), now) * _BLOCK_SHARE
        return max(wider, self._strikes.at(who.network, now) * _STRIKE_SHARE)

    def _wait_of_network(self, who: CountedAttempt, now: float) -> float:
        own = self._networks.wait(who.network, network_limit(self._good.at(who.network, now)), now)
        if who.block == who.network:
            return own
        limit = network_limit(self._good.at(who.block, now)) / _BLOCK_SHARE
        return max(own, self._networks.wait(who.block, limit, now))

    def succeeded(self, go: ThrottleGo, now: float) -> None:
        """The password was right: nothing is held any longer against this device, or against this name at this network.

        What fills the bucket of the name stays, but for this attempt: it may be an attacker's, at the same network.
        """
        who = go.who
        if who.device is not None:
            self._devices.clear(who.device)
        else:
            self._names.add(who.name, -1.0, now)
            for network in {who.network, who.block}:
                self._tries.clear((who.name, network))
                if not go.standing:
                    self._networks.add(network, -1.0, now)
            if not go.standing:
                self._strikes.add(who.network, -1.0, now)
        pair = (who.name, who.network)
        if pair not in self._standing:
            for network in {who.network, who.block}:
                self._good.add(network, 1.0, now)
        self._standing[pair] = now
        self._standing.move_to_end(pair)
        if len(self._standing) > _PAIRS:
            self._standing.popitem(last=False)

    def failed(self, go: ThrottleGo, now: float) -> None:
        """The password was wrong; it is counted already."""
        wrong = self._wrong.setdefault(go.who.name, deque(maxlen=_GUESSES))
        wrong.append(go.who.guess)
        self._wrong.move_to_end(go.who.name)
        if len(self._wrong) > _NAMES:
            self._wrong.popitem(last=False)

    def abandoned(self, go: ThrottleGo, now: float) -> None:
        """The password could not be checked."""
        who = go.who
        if who.device is not None:
            self._devices.add(who.device, -1.0, now)
            return
        self._names.add(who.name, -1.0, now)
        for network in {who.network, who.block}:
            self._tries.add((who.name, network), -1.0, now)
            if go.fresh:
                self._networks.add(network, -1.0, now)
        if go.fresh:
            self._strikes.add(who.network, -1.0, now)
