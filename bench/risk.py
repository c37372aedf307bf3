"""What the model of risk finds among made-up sign-ins, at which rate of step-ups, beside the rule "a new country".

    python -m bench.risk            # the figures of docs/risk.md
    python -m bench.risk --seed 7
    python -m bench.risk --without-devices

Whoever is asked for a second factor shows it if it is the user, and has none if it is an attacker. Nothing is confirmed or
dismissed by an admin. What nobody is asked about teaches the model, attackers' sign-ins too.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appproxy.policy.risk.features import AddressStep, Key, Seen, networks_of
from appproxy.policy.risk.learned import MOST_FORMER
from appproxy.policy.risk.levels import HIGH, MEDIUM, Thresholds
from appproxy.policy.risk.scoring import Judgement, judge
from appproxy.policy.risk.signals import WINDOW, Circumstances
from bench.sign_ins import BEGINS, DAY, KINDS, Kind, MadeSignIn, SignIns

#: Days that only teach.
WARM_UP = 30
#: Rates of step-ups at which it is told what is found.
RATES = (0.01, 0.02, 0.03, 0.05, 0.08, 0.10)


@dataclass(frozen=True, slots=True)
class Judged:
    """A sign-in, what is said of it, and whether the rule about countries would ask."""

    made: MadeSignIn
    told: Judgement
    new_country: bool
    new_network: bool


class Tenant:
    """The history of an organisation in memory; the service keeps the same in its store."""

    def __init__(self, thresholds: Thresholds, *, devices: bool = True) -> None:
        """`devices`: do browsers keep the cookie by which they are known?"""
        self._thresholds = thresholds
        self._devices = devices
        self._history: dict[int, deque[Seen]] = defaultdict(lambda: deque(maxlen=MOST_FORMER))
        self._counts: dict[Key, float] = defaultdict(float)
        self._countries: dict[int, set[str]] = defaultdict(set)
        self._addresses: dict[int, set[str]] = defaultdict(set)
        #: By address: when, for whom; and of sign-ins, whether the address was new to the user.
        self._failures: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self._failures_of: dict[int, list[tuple[float, str]]] = defaultdict(list)
        self._signed_in: dict[str, list[tuple[float, int, bool]]] = defaultdict(list)

    def add(self, made: MadeSignIn) -> Judged:
        """Judge one, and learn from it as the service does."""
        for user in made.failures:
            self._failures[made.address].append((made.time, user))
            if user >= 0:
                self._failures_of[user].append((made.time, made.address))
        seen = Seen(
            made.time, networks_of(made.address), made.country, made.place, made.browser, made.system,
            made.device if self._devices else "")
        history = list(self._history[made.user])
        told = judge(seen, history, self._counts, self._around(made), self._thresholds)
        countries, addresses = self._countries[made.user], self._addresses[made.user]
        judged = Judged(made, told, made.country not in countries, made.address not in addresses)
        asked = told.level in (MEDIUM, HIGH)
        if not (asked and made.kind is not Kind.OWN):
            self._history[made.user].append(told.seen)
            for key in told.seen.counted():
                self._counts[key] += 1.0
            new = told.seen.step not in (AddressStep.ADDRESS, AddressStep.FIRST)
            self._signed_in[made.address].append((made.time, made.user, new))
        if not (judged.new_country and made.kind is not Kind.OWN):
            countries.add(made.country)
        if made.kind is Kind.OWN:
            addresses.add(made.address)
        return judged

    def _around(self, made: MadeSignIn) -> Circumstances:
        since = made.time - WINDOW
        failed = [user for time, user in self._failures[made.address] if time > since]
        others = {user for user in failed if user not in (made.user, -1)}
        # Of names that nobody has, the service tells 32 kinds apart.
        others_unknown = min(failed.count(-1), 32)
        elsewhere = {where for time, where in self._failures_of[made.user] if time > since} - {made.address}
        there = [(user, new) for time, user, new in self._signed_in[made.address] if time > since and user != made.user]
        return Circumstances(
            failed.count(made.user), len(elsewhere), len(others), others_unknown, len({user for user, _ in there}),
            len({user for user, new in there if new}), ("anonymizers",) if made.listed else ())


def judged(seed: int, users: int = 600, days: int = 120, *, devices: bool = True) -> list[Judged]:
    """Made-up sign-ins with what is said of them, behind the days that only teach."""
    tenant = Tenant(Thresholds(), devices=devices)
    told = [tenant.add(one) for one in SignIns(users, days, seed).all()]
    return [one for one in told if one.made.time >= BEGINS + WARM_UP * DAY]


def is_attack(one: Judged) -> bool:
    """Is it somebody else's?"""
    return one.made.kind is not Kind.OWN


def is_new_network(one: Judged) -> bool:
    """Is it an attack from an address that its user never had?"""
    return is_attack(one) and one.new_network


def threshold_at(scores: Sequence[float], rate: float) -> float:
    """The score that this share of sign-ins reaches."""
    ordered = sorted(scores)
    return ordered[max(len(ordered) - max(round(rate * len(ordered)), 1), 0)]


def found(some: Iterable[Judged], threshold: float) -> float:
    """The share whose score is reached."""
    each = [one.told.score >= threshold for one in some]
    return sum(each) / len(each) if each else 0.0


def report(all: Sequence[Judged]) -> list[str]:
    """The tables of docs/risk.md."""
    scores = [one.told.score for one in all]
    attacks = [one for one in all if is_attack(one)]
    own = [one for one in all if not is_attack(one)]
    fresh = [one for one in attacks if one.new_network]
    lines = [f"{len(all)} sign-ins, {len(attacks)} attacks, {len(fresh)} of them from new networks", "",
             "| step-ups | from points | attacks found | from new networks | users asked | precision |",
             "|---|---|---|---|---|---|"]
    for rate in RATES:
        at = threshold_at(scores, rate)
        asked = [one for one in all if one.told.score >= at]
        lines.append(f"| {len(asked) / len(all):.1%} | {at:.1f} | {found(attacks, at):.1%} | {found(fresh, at):.1%} | "
                     f"{found(own, at):.2%} | {sum(map(is_attack, asked)) / len(asked):.1%} |")
    asked = [one for one in all if one.new_country]
    hit = [one for one in asked if is_attack(one)]
    rule = f"| {len(asked) / len(all):.1%} | rule: new country | {len(hit) / len(attacks):.1%} | "
    lines.append(rule + f"{sum(one.new_network for one in hit) / len(fresh):.1%} | {(len(asked) - len(hit)) / len(own):.2%} | "
                 f"{len(hit) / len(asked):.1%} |")
    at = threshold_at(scores, 0.05)
    lines += ["", "| kind | sign-ins | found at 5 % | new country |", "|---|---|---|---|"]
    for kind, _ in KINDS:
        some = [one for one in attacks if one.made.kind is kind]
        lines.append(f"| {kind.value} | {len(some)} | {found(some, at):.1%} | "
                     f"{sum(one.new_country for one in some) / max(len(some), 1):.1%} |")
    lines += ["", f"area under the curve: {area(all):.4f}"]
    levels = Thresholds()
    for name, least in (("medium", levels.medium), ("high", levels.high)):
        lines.append(f"{name} and above ({least:g} points): {found(own, least):.2%} of the users' own sign-ins, "
                     f"{found(fresh, least):.1%} of attacks from new networks")
    return lines


def area(all: Sequence[Judged]) -> float:
    """Under the receiver operating characteristic: how often an attack has more points than a sign-in of the user."""
    own = sorted(one.told.score for one in all if not is_attack(one))
    attacks = [one.told.score for one in all if is_attack(one)]
    return sum(bisect_left(own, score) for score in attacks) / (len(own) * len(attacks))


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=600)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--without-devices", action="store_true", help="as if no browser kept its cookie")
    given = parser.parse_args()
    print("\n".join(report(judged(given.seed, given.users, given.days, devices=not given.without_devices))))


if __name__ == "__main__":
    main()
