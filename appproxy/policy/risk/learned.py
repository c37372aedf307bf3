"""The learned part: how much likelier a sign-in is of anybody than of this user.

After Freeman, Jain, Dürmuth, Biggio and Giacinto, "Who Are You? A Statistical Approach to Measuring User Authenticity" (NDSS
2016): for each feature x the likelihood ratio p(x) / p(x | user), the features taken for independent. An address that was not
seen of the user before is looked at by what is around it: p(x | user) is interpolated from the user's addresses, blocks,
ranges and countries, and from all users. How much each of these counts is estimated, too: by how often it was the closest
thing that was known when this user signed in before (deleted interpolation), and at first by how often it was so of all users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10

from appproxy.policy.risk.features import ALL, KNOWN_DEVICE, NEW_DEVICE, PLACES, AddressStep, Key, Seen
from appproxy.policy.risk.levels import Part

#: So many sign-ins of all users, and of this one, must have taught before the learned part counts.
BASELINE, BASELINE_OF_USER = 100, 3
#: Former sign-ins of one user that are looked at, the newest.
MOST_FORMER = 40
#: What all users do counts for one user as so many sign-ins of theirs.
_WEIGHT = 5.0
#: What is assumed of all users counts as so many sign-ins of the organisation.
_ASSUMED_WEIGHT = 50.0
_ASSUMED: Mapping[AddressStep, float] = {
    AddressStep.ADDRESS: 0.6, AddressStep.BLOCK: 0.1, AddressStep.RANGE: 0.12, AddressStep.COUNTRY: 0.12,
    AddressStep.NONE: 0.06,
}
_ASSUMED_NEW_DEVICE = 0.05
#: An attacker has the user's device as seldom as that, or another one.
_STOLEN_DEVICE = 0.05
#: Points that one part has at least and at most, so that no single one decides alone for ever.
LEAST, MOST = -10.0, 25.0
#: Of the same browser, of another on the same system, and of another system.
_SAME_CLIENT, _SAME_SYSTEM, _OTHER_SYSTEM = 0.85, 0.10, 0.05
#: A sign-in tells so much of the hours around it, by their distance.
_AROUND = (0.4, 0.2, 0.1)
#: All users' hours count for one user as so many sign-ins of theirs.
_HOURS_WEIGHT = 10.0


def learned(seen: Seen, history: Sequence[Seen], counts: Mapping[Key, float]) -> list[Part]:
    """The parts of a sign-in. `history`: what teaches of this user's former ones; `counts`: of all users."""
    parts = [_network(seen, history, counts), _client(seen, history, counts), _hour(seen, history, counts)]
    if seen.new_device is not None:
        parts.append(_device(seen.new_device, history, counts))
    return parts


def has_baseline(history: Sequence[Seen], counts: Mapping[Key, float]) -> bool:
    """Is there enough to compare with?"""
    return counts.get(ALL, 0.0) >= BASELINE and len(history) >= BASELINE_OF_USER


def points_of(ratio: float) -> float:
    """The points of a likelihood ratio, within bounds."""
    return min(max(10.0 * log10(ratio), LEAST), MOST) if ratio > 0.0 else LEAST


def _share(counts: Mapping[Key, float], key: Key) -> float:
    """Of all sign-ins those that have a feature; never none and never all."""
    return (counts.get(key, 0.0) + 0.5) / (counts.get(ALL, 0.0) + 1.0)


def step_weights(history: Sequence[Seen], counts: Mapping[Key, float]) -> dict[AddressStep, float]:
    """How likely each step is the closest that is known of the next sign-in of this user; they add up to 1."""
    known = [one.step for one in history if one.step is not AddressStep.FIRST]
    total = sum(counts.get(("step", step.value), 0.0) for step in _ASSUMED)
    usual = {
        step: (counts.get(("step", step.value), 0.0) + _ASSUMED_WEIGHT * share) / (total + _ASSUMED_WEIGHT)
        for step, share in _ASSUMED.items()}
    own = {step: sum(one is step for one in known) for step in usual}
    return {step: (own[step] + _WEIGHT * share) / (len(known) + _WEIGHT) for step, share in usual.items()}


def _network(seen: Seen, history: Sequence[Seen], counts: Mapping[Key, float]) -> Part:
    weights = step_weights(history, counts)
    # p(x | user) / p(x), where p(x | block of x) is p(x) / p(block of x), and so on.
    against = weights[AddressStep.NONE]
    for step in PLACES:
        value = seen.at(step)
        if not value:
            against += weights[step]
            continue
        own = sum(one.at(step) == value for one in history) / len(history)
        against += weights[step] * own / _share(counts, (step.value, value))
    return Part("network", points_of(1.0 / against), _NETWORK[seen.step])


_NETWORK = {
    AddressStep.ADDRESS: "an address of this user", AddressStep.BLOCK: "near an address of this user",
    AddressStep.RANGE: "in a range of addresses of this user", AddressStep.COUNTRY: "a new network in a country of this user",
    AddressStep.NONE: "a new network, in no country of this user", AddressStep.FIRST: "the first network of this user",
}


def _client(seen: Seen, history: Sequence[Seen], counts: Mapping[Key, float]) -> Part:
    same = sum(one.browser == seen.browser for one in history) / len(history)
    system = sum(one.system == seen.system for one in history) / len(history)
    against = (
        _SAME_CLIENT * same / _share(counts, ("client", seen.browser))
        + _SAME_SYSTEM * system / _share(counts, ("system", seen.system)) + _OTHER_SYSTEM)
    fact = "a browser of this user" if same else "another browser on a system of this user" if system else (
        "a browser and a system that are new for this user")
    return Part("client", points_of(1.0 / against), fact)


def _hour(seen: Seen, history: Sequence[Seen], counts: Mapping[Key, float]) -> Part:
    total = sum(counts.get(("hour", str(hour)), 0.0) for hour in range(24))
    usual = (counts.get(("hour", str(seen.hour)), 0.0) + 1.0) / (total + 24.0)
    own = 0.0
    for one in history:
        apart = abs(one.hour - seen.hour)
        apart = min(apart, 24 - apart)
        own += _AROUND[apart] if apart < len(_AROUND) else 0.0
    of_user = (own + _HOURS_WEIGHT * usual) / (len(history) + _HOURS_WEIGHT)
    return Part("hour", points_of(usual / of_user), f"{seen.hour}:00 UTC, {'as' if own else 'unlike'} before")


def _device(new: bool, history: Sequence[Seen], counts: Mapping[Key, float]) -> Part:
    known = [one.new_device for one in history if one.new_device is not None and one.step is not AddressStep.FIRST]
    total = counts.get(NEW_DEVICE, 0.0) + counts.get(KNOWN_DEVICE, 0.0)
    usual = (counts.get(NEW_DEVICE, 0.0) + _ASSUMED_WEIGHT * _ASSUMED_NEW_DEVICE) / (total + _ASSUMED_WEIGHT)
    likely = (known.count(True) + _WEIGHT * usual) / (len(known) + _WEIGHT)
    if new:
        return Part("device", points_of((1.0 - _STOLEN_DEVICE) / likely), "no device of this user")
    return Part("device", points_of(_STOLEN_DEVICE / (1.0 - likely)), "a device of this user")
