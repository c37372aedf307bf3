"""Guessing passwords, simulated: what honest users wait, and what attackers get, in the situations that throttles fail in.

    python -m bench.guessing

No password is checked: the throttle and the queue of the built-in provider run on a made-up clock, with a made-up 50 ms for
each check in two threads. The seed is fixed, so that the figures are the same each time.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from appproxy.policy.fair_queue import LaneQueue
from appproxy.policy.networks import block_of
from appproxy.provider.passwords.authenticator import lane_of
from appproxy.provider.passwords.checker import MOST_OF_ONE, MOST_WAITING, THREADS
from appproxy.provider.passwords.throttle import CountedAttempt, MemoryThrottle, RepeatedPassword, ThrottleGo, ThrottleWait

CHECK = 0.05
DAY = 86400.0
#: An honest user needs so long to type once more, in seconds.
RETYPE = (5.0, 15.0)
ERRORS = 0.1

#: An actor yields either seconds to pass, or an attempt, and gets its outcome.
Actor = Iterator["float | Attempt"]


@dataclass(slots=True)
class Attempt:
    """One post of the form. `outcome` is "right", "wrong", "busy", or a Wait."""

    name: str
    password: str
    network: str
    device: str | None = None
    outcome: object = None
    checked: bool = False


@dataclass
class Site:
    """A provider with a made-up clock."""

    passwords: dict[str, str]
    throttle: MemoryThrottle = field(default_factory=MemoryThrottle)
    now: float = 0.0
    #: When a stranger's wrong password of a user was checked.
    guesses: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._queue: LaneQueue[tuple[Attempt, ThrottleGo, Actor]] = LaneQueue(MOST_WAITING, MOST_OF_ONE)
        self._idle = THREADS
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Do something at a time."""
        heapq.heappush(self._events, (when, next(self._numbers), do))

    def send_in(self, when: float, actor: Actor) -> None:
        """Somebody comes."""
        self.at(when, lambda: self._go_on(actor))

    def run(self, until: float) -> None:
        """Let the time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()

    def _go_on(self, actor: Actor) -> None:
        step = next(actor, None)
        if isinstance(step, Attempt):
            self._begin(step, actor)
        elif step is not None:
            self.at(self.now + step, lambda: self._go_on(actor))

    def _begin(self, attempt: Attempt, actor: Actor) -> None:
        guess = f"{attempt.name} {attempt.password}".encode()
        who = CountedAttempt(attempt.name, attempt.network, block_of(attempt.network), attempt.device, guess)
        decided = self.throttle.begin(who, self.now)
        if isinstance(decided, ThrottleGo):
            sender = attempt.device or attempt.network
            for dropped, go, its_actor in self._queue.put(lane_of(decided), sender, (attempt, decided, actor)):
                self.throttle.abandoned(go, self.now)
                self._settle(dropped, "busy", its_actor)
            self._next()
        else:
            self._settle(attempt, "wrong" if isinstance(decided, RepeatedPassword) else decided, actor)

    def _settle(self, attempt: Attempt, outcome: object, actor: Actor) -> None:
        attempt.outcome = outcome
        self.at(self.now, lambda: self._go_on(actor))

    def _next(self) -> None:
        while self._idle and (work := self._queue.take()) is not None:
            self._idle -= 1
            attempt, go, actor = work
            self.at(self.now + CHECK, lambda a=attempt, g=go, b=actor: self._checked(a, g, b))  # type: ignore[misc]

    def _checked(self, attempt: Attempt, go: ThrottleGo, actor: Actor) -> None:
        self._idle += 1
        attempt.checked = True
        if self.passwords.get(attempt.name) == attempt.password:
            self.throttle.succeeded(go, self.now)
            self._settle(attempt, "right", actor)
        else:
            self.throttle.failed(go, self.now)
            self._settle(attempt, "wrong", actor)
            if attempt.device is None:
                self.guesses[attempt.name].append(self.now)
        self._next()


@dataclass
class Figures:
    """`held`: seconds that each honest sign-in was held back; `given_up`: those that did not come in within a day."""

    held: list[float] = field(default_factory=list)
    given_up: int = 0

    def percentile(self, share: float) -> float:
        """Of the time that honest sign-ins were held back; who gave up counts as a day."""
        every = sorted(self.held + [DAY] * self.given_up)
        return every[min(len(every) - 1, int(len(every) * share))] if every else 0.0


def honest(site: Site, chance: Random, name: str, network: str, device: str | None, figures: Figures) -> Actor:
    """Somebody signs in: one typing error in ten, and when told to wait, they wait."""
    held = 0.0
    for number in itertools.count():
        mistyped = chance.random() < ERRORS
        password = f"{name}'s typing error {number} {site.now}" if mistyped else site.passwords[name]
        attempt = Attempt(name, password, network, device)
        sent = site.now
        yield attempt
        held += site.now - sent
        if attempt.outcome == "right":
            figures.held.append(held)
            return
        if isinstance(attempt.outcome, ThrottleWait):
            seconds = math.ceil(attempt.outcome.seconds)
            held += seconds
            yield float(seconds)
        elif attempt.outcome == "busy":
            held += 5.0
            yield 5.0
        else:
            yield chance.uniform(*RETYPE)
        if held > DAY:
            figures.given_up += 1
            return


def guesser(site: Site, networks: list[str], names: list[str], words: Callable[[int], str], pause: float) -> Actor:
    """Somebody who tries each word on all names, from one address after the other, and never waits when told to."""
    networks_in_turn = itertools.cycle(networks)
    for number in itertools.count():
        for name in names:
            attempt = Attempt(name, words(number), next(networks_in_turn))
            yield attempt
            yield pause


def addresses(count: int, start: int = 0) -> list[str]:
    """So many IPv4 addresses."""
    return [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in range(start, start + count)]


def most_a_day(times: list[float]) -> int:
    """The most of them in any 24 hours."""
    most = first = 0
    for last, time in enumerate(times):
        while times[first] <= time - DAY:
            first += 1
        most = max(most, last - first + 1)
    return most


def users(count: int) -> dict[str, str]:
    """Names and passwords."""
    return {f"user{number}": f"the password of {number}" for number in range(count)}


@dataclass
class Result:
    """One row of the table. `groups`: honest sign-ins, by how the service knows them."""

    title: str
    groups: dict[str, Figures]
    guesses: int


def office(chance: Random) -> Result:
    """300 people behind one address, none of them known, in half an hour; six have forgotten their passwords."""
    site, figures = Site(users(300)), Figures()
    for number, name in enumerate(site.passwords):
        when = chance.uniform(0, 1800)
        if number < 6:
            site.send_in(when, guesser(site, ["192.0.2.1"], [name], lambda n, who=name: f"{who}? {n}", 20.0))  # type: ignore[misc]
        else:
            site.send_in(when, honest(site, chance, name, "192.0.2.1", None, figures))
    site.run(3600 * 4)
    return Result("office of 300 behind one address, all new, 10 % typing errors", {"new": figures}, 0)


def stale_client(chance: Random, changing: bool) -> Result:
    """One program tries for one user each minute, for a day; 60 colleagues and its own user are behind the same address."""
    site = Site(users(61))
    site.send_in(0, guesser(site, ["192.0.2.1"], ["user0"], lambda n: f"old {n if changing else ''}", 60.0))
    groups = {"colleagues": Figures(), "own user": Figures()}
    for name in site.passwords:
        group = groups["own user" if name == "user0" else "colleagues"]
        device = "own device" if name == "user0" and changing else None
        site.send_in(chance.uniform(7200, 8 * 3600), honest(site, chance, name, "192.0.2.1", device, group))
    site.run(DAY)
    what = "other wrong passwords" if changing else "the same old password"
    title = f"a program that tries {what} each minute, behind the same address"
    return Result(title, groups, most_a_day(site.guesses["user0"]))


def visits(site: Site, chance: Random, names: list[str], days: int, each_day: int) -> dict[str, Figures]:
    """Honest sign-ins in known browsers, from known networks, and from places where nobody was before."""
    groups = {"known device": Figures(), "known network": Figures(), "new device, new network": Figures()}
    fresh = iter(addresses(len(names) * days * each_day, 200 << 16))
    for name in names:
        site.send_in(0.0, honest(site, Random(1), name, f"home of {name}", None, Figures()))
        for day in range(days):
            for _ in range(each_day):
                when = day * DAY + chance.uniform(3600, DAY)
                site.send_in(when, honest(site, chance, name, f"home of {name}", f"device of {name}", groups["known device"]))
                site.send_in(when + 60, honest(site, chance, name, f"home of {name}", None, groups["known network"]))
                site.send_in(when + 120, honest(site, chance, name, next(fresh), None, groups["new device, new network"]))
    return groups


def targeted(chance: Random, count: int) -> Result:
    """An attacker with some addresses tries one user's password all the time, for a week."""
    site = Site(users(1))
    groups = visits(site, chance, ["user0"], 7, 20)
    pause = 20.0
    site.send_in(600, guesser(site, addresses(count), ["user0"], lambda n: f"guess {n}", pause))
    site.run(8 * DAY)
    return Result(f"one user attacked from {count} addresses, for a week", groups, most_a_day(site.guesses["user0"]))


def spraying(chance: Random, count: int, pause: float) -> Result:
    """An attacker tries one password on all of 200 users, then the next one, for three days."""
    site = Site(users(200))
    groups = visits(site, chance, list(site.passwords), 3, 1)
    site.send_in(600, guesser(site, addresses(count), list(site.passwords), lambda n: f"Summer{n}!", pause))
    site.run(4 * DAY)
    a_round = pause * len(site.passwords) / 60
    title = f"spraying: one password on 200 users each {a_round:g} min from {count} addresses, 3 days"
    return Result(title, groups, max(map(most_a_day, site.guesses.values())))


def stuffing(chance: Random, count: int, pause: float = 0.5) -> Result:
    """An attacker tries stolen pairs, two a second for a day: each name once or twice, few of them exist."""
    site = Site(users(200))
    groups = visits(site, chance, list(site.passwords), 1, 1)

    def pairs() -> Actor:
        networks = itertools.cycle(addresses(count))
        for number in itertools.count():
            name = f"user{chance.randrange(200)}" if number % 50 == 0 else f"nobody{number}"
            yield Attempt(name, f"stolen {number}", next(networks))
            yield pause

    site.send_in(600, pairs())
    site.run(DAY)
    return Result(f"stuffing: {1 / pause:g} stolen pairs a second from {count} addresses, a day", groups,
                  max(map(most_a_day, site.guesses.values())))


def flood(chance: Random) -> Result:
    """500 addresses send new names, six times as many as the threads can check, for two minutes."""
    site = Site(users(50))
    groups = visits(site, chance, [], 1, 1)
    for name in site.passwords:
        site.send_in(0.0, honest(site, Random(1), name, f"home of {name}", None, Figures()))
        when = chance.uniform(60, 150)
        site.send_in(when, honest(site, chance, name, f"home of {name}", f"device of {name}", groups["known device"]))
        site.send_in(when, honest(site, chance, name, f"home of {name}", None, groups["known network"]))
        site.send_in(when, honest(site, chance, name, f"elsewhere {name}", None, groups["new device, new network"]))

    def pours(address: str) -> Actor:
        for number in itertools.count():
            yield Attempt(f"{address} {number}", "x", address)
            yield 2.0

    for address in addresses(500):
        site.send_in(50 + 2 * chance.random(), pours(address))
    site.run(170)
    return Result("500 addresses flood the checks for two minutes", groups,
                  max(map(most_a_day, site.guesses.values()), default=0))


def results(seed: int = 1) -> list[Result]:
    """All situations."""
    situations: list[Callable[[Random], Result]] = [
        office, lambda c: stale_client(c, False), lambda c: stale_client(c, True),
        lambda c: targeted(c, 5), lambda c: targeted(c, 20), lambda c: targeted(c, 1000),
        lambda c: spraying(c, 5, 3.0), lambda c: spraying(c, 500, 3.0), lambda c: spraying(c, 500, 18.0),
        lambda c: stuffing(c, 20), lambda c: stuffing(c, 2000), flood,
    ]
    return [situation(Random(seed)) for situation in situations]


def main() -> None:
    """Print the table of docs/sign-in.md."""
    print("| situation | honest sign-ins held back: 99th percentile (longest) | guesses a user and day |")
    print("|---|---|---|")
    for result in results():
        held = "; ".join(
            f"{name}: {seconds_in_words(figures.percentile(0.99))} ({seconds_in_words(figures.percentile(1.0))})"
            for name, figures in result.groups.items()
        )
        print(f"| {result.title} | {held} | {result.guesses} |")


def seconds_in_words(seconds: float) -> str:
    if seconds >= DAY:
        return "a day or more"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    main()
