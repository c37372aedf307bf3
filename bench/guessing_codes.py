"""Guessing codes of second factors, simulated: what the owner waits, and how many codes somebody with the password can try.

    python -m bench.guessing_codes

The rule of the built-in provider (`provider.factors.guessing`) runs on a made-up clock. The seed is fixed, so that the figures
are the same each time.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from appproxy.provider.factors import guessing
from bench.guessing import DAY, ERRORS, RETYPE, Figures, most_a_day, seconds_in_words

#: Sign-ins of the owner a day, of each kind.
_EACH_DAY = 4
_WINDOW = 600.0


@dataclass
class Account:
    """Wrong codes of one user by origin: a known device, or "" for everywhere else; `guesses` are the attackers'."""

    wrong: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    guesses: list[float] = field(default_factory=list)

    def wait(self, origin: str, now: float) -> float:
        """As the provider decides."""
        return guessing.wait([time for time in self.wrong[origin] if time > now - DAY], now)


@dataclass
class Outcome:
    """One row of the table."""

    title: str
    groups: dict[str, Figures]
    in_ten_minutes: int
    in_a_day: int


@dataclass
class _Honest:
    """One sign-in of the owner's, from the first code that they type."""

    group: str
    origin: str
    held: float = 0.0


def owner_and_attackers(chance: Random, attackers: int, days: int, pause: float, known: bool = False) -> Outcome:
    """The owner signs in from a known device, from new ones with an app, and from new ones with a passkey or recovery code.

    `attackers` have the password, and `known` also the owner's device.
    """
    account, order = Account(), 0
    events: list[tuple[float, int, _Honest | str]] = []

    def at(when: float, what: _Honest | str) -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, (when, order, what))

    for number in range(attackers):
        at(chance.uniform(0, pause) + number * pause / attackers, "known device" if known else "")
    kinds = {"known device": "known device", "new device, app": ""}
    groups = {name: Figures() for name in (*kinds, "new device, passkey or recovery code")}
    for day in range(days):
        for _ in range(_EACH_DAY):
            for name, origin in kinds.items():
                at(day * DAY + chance.uniform(3600, DAY), _Honest(name, origin))
            # Never held back: it asks no rule.
            groups["new device, passkey or recovery code"].held.append(0.0)
    end = days * DAY
    while events:
        now, _, what = heapq.heappop(events)
        if isinstance(what, _Honest):
            _sign_in(account, chance, groups, what, now, at)
        elif now < end:
            if account.wait(what, now) <= 0.0:
                account.wrong[what].append(now)
                account.guesses.append(now)
            at(now + pause, what)
    whose = "with the password" + (" and the owner's browser" if known else "")
    who = {0: "nobody else", 1: f"one attacker {whose}"}.get(attackers, f"{attackers} attackers {whose}")
    return Outcome(f"{who}, {days} days", groups, most_in(account.guesses, _WINDOW),
                   most_a_day(account.guesses))


def _sign_in(account: Account, chance: Random, groups: dict[str, Figures], who: _Honest, now: float,
             at: Callable[[float, _Honest], None]) -> None:
    """One try of the owner's; what does not come in within a day is given up."""
    wait = account.wait(who.origin, now)
    if wait > 0.0:
        who.held += math.ceil(wait)
        if who.held > DAY:
            groups[who.group].given_up += 1
        else:
            at(now + math.ceil(wait), who)
    elif chance.random() < ERRORS:
        account.wrong[who.origin].append(now)
        at(now + chance.uniform(*RETYPE), who)
    else:
        if who.origin:
            account.wrong[who.origin].clear()
        groups[who.group].held.append(who.held)


def most_in(times: list[float], window: float) -> int:
    """The most of them in any `window` seconds."""
    most = first = 0
    for last, time in enumerate(times):
        while times[first] <= time - window:
            first += 1
        most = max(most, last - first + 1)
    return most


def results(seed: int = 1) -> list[Outcome]:
    """All situations."""
    return [
        owner_and_attackers(Random(seed), 0, 30, 21.0), owner_and_attackers(Random(seed), 1, 30, 21.0),
        owner_and_attackers(Random(seed), 1000, 7, 2100.0), owner_and_attackers(Random(seed), 1, 7, 21.0, True),
    ]


def main() -> None:
    """Print the table of docs/second-factors.md."""
    print("| situation | honest sign-ins held back: 99th percentile (longest) | guesses in 10 minutes, in a day |")
    print("|---|---|---|")
    for one in results():
        held = "; ".join(
            f"{name}: {seconds_in_words(figures.percentile(0.99))} ({seconds_in_words(figures.percentile(1.0))})"
            for name, figures in one.groups.items()
        )
        print(f"| {one.title} | {held} | {one.in_ten_minutes}, {one.in_a_day} |")


if __name__ == "__main__":
    main()
