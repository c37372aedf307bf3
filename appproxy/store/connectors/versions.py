"""How far two versions of appproxy are apart. One release either way, service and connectors work together."""

from __future__ import annotations

import re

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})")
#: Releases that service and connectors may be apart.
TOLERATED = 1


def skew(one: str, other: str) -> int | None:
    """How many releases lie between two versions; a different major number counts as more than are tolerated.

    None where one of them is no version: nobody has been seen, or somebody has built it for themselves.
    """
    first, second = _VERSION.match(one), _VERSION.match(other)
    if first is None or second is None:
        return None
    if first[1] != second[1]:
        return TOLERATED + 1
    return abs(int(first[2]) - int(second[2]))


def is_tolerated(one: str, other: str) -> bool:
    """May these two work together, as far as their versions tell?"""
    return (skew(one, other) or 0) <= TOLERATED
