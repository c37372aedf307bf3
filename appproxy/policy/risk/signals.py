"""What happens around a sign-in and is seldom seen without an attack. Each adds points, and none takes any away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from appproxy.policy.risk.features import Seen
from appproxy.policy.risk.levels import Part

#: Seconds that are looked back.
WINDOW = 86400.0
#: An airliner's pace, and a distance that databases of addresses are wrong by.
_FASTEST, _NEAR = 1000.0, 500.0
_EARTH = 6371.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What happened in the last day, besides this sign-in.

    `own_failures`: wrong passwords for this user from this address; `failing_networks`: other addresses from which they
    failed for this user; `failed_names`: others of whom a password was tried from this address, and was wrong;
    `idle_names`: names that nobody has, and others whose passwords were not tried because there were too many attempts;
    `signed_in_names`: others who have signed in from it; `newcomers`: those of them who came from it for the first time.
    `lists`: those of the admin's lists that have the address; `compromised`: sign-ins from it of the last 90 days that an
    admin has confirmed as an attack.
    """

    own_failures: int = 0
    failing_networks: int = 0
    failed_names: int = 0
    idle_names: int = 0
    signed_in_names: int = 0
    newcomers: int = 0
    lists: tuple[str, ...] = ()
    compromised: int = 0


#: From so many on, so many points: wrong passwords before the right one.
_OWN_FAILURES = ((20, 12.0), (8, 8.0), (5, 4.0))
_FAILING_NETWORKS = ((10, 8.0), (3, 4.0))
#: Names that failed where (nearly) nobody signs in: many tried from one address.
_FAILED_NAMES = ((10, 20.0), (4, 15.0), (2, 6.0))
#: What idle names add to that at most: whoever shares an address can make up as many as they like, at no cost. Half of what
#: one rung of any other signal has, so that they tip the scales and never fill them.
_MOST_IDLE = 4.0
_NEWCOMERS = ((10, 6.0), (5, 4.0))
_LISTED, _MOST_LISTED = 12.0, 18.0
_COMPROMISED = 15.0
_TRAVEL = 10.0


def signals(seen: Seen, history: Sequence[Seen], around: Circumstances) -> list[Part]:
    """Those that there are, with their points."""
    return list(_found(seen, history, around))


def _found(seen: Seen, history: Sequence[Seen], around: Circumstances) -> Iterator[Part]:
    if points := _points(around.own_failures, _OWN_FAILURES):
        yield Part("failures", points, f"{around.own_failures} wrong passwords before, from the same address")
    if points := _points(around.failing_networks, _FAILING_NETWORKS):
        yield Part("guessed-elsewhere", points, f"wrong passwords from {around.failing_networks} other addresses")
    # People of an office who mistype sign in, too.
    if points := _many_names(around):
        made_up = f" (and {around.idle_names} made-up names, or not tried)" if around.idle_names else ""
        fact = f"{around.failed_names} others failed from this address{made_up}, and {around.signed_in_names} signed in"
        yield Part("many-names", points, fact)
    if points := _points(around.newcomers, _NEWCOMERS):
        yield Part("newcomers", points, f"{around.newcomers} others came from this address for the first time")
    if around.lists:
        points = min(_LISTED * len(around.lists), _MOST_LISTED)
        yield Part("listed", points, f"in {', '.join(around.lists)}")
    if around.compromised:
        yield Part("compromised-network", _COMPROMISED, "an attack came from this address before")
    if journey := _impossible(seen, history):
        yield Part("travel", _TRAVEL, f"{journey[0]:.0f} km from the last sign-in, {journey[1] / 3600.0:.1f} h before")


def _many_names(around: Circumstances) -> float:
    tried = around.failed_names - around.signed_in_names
    points = _points(tried, _FAILED_NAMES)
    return max(points, min(_points(tried + around.idle_names, _FAILED_NAMES), points + _MOST_IDLE))


def _points(count: int, table: Sequence[tuple[int, float]]) -> float:
    return next((points for least, points in table if count >= least), 0.0)


def _impossible(seen: Seen, history: Sequence[Seen]) -> tuple[float, float] | None:
    """Distance (km) and time (seconds) from the last sign-in whose place is known, where nobody could have travelled so."""
    last = max((one for one in history if one.place is not None), key=lambda one: one.time, default=None)
    if seen.place is None or last is None or last.place is None:
        return None
    far, took = distance(seen.place, last.place), abs(seen.time - last.time)
    return (far, took) if far > _NEAR and far > _FASTEST * took / 3600.0 else None


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """On the surface of the earth, in km, from latitudes and longitudes (haversine)."""
    (lat, lon), (lat2, lon2) = ((radians(a), radians(b)) for a, b in (one, other))
    half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * _EARTH * asin(sqrt(min(half, 1.0)))
