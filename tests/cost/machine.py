"""Seconds of CPU that mean the same on every machine, whatever else runs beside the tests.

A bound in seconds is for a core of a usual server. What is above it is measured again, between two measurements of a fixed
piece of work: while that takes twice as long as on a usual server, so does everything else.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

#: Seconds of CPU that `_fixed_work` takes on a usual server.
USUAL = 0.002
#: How often what is above its bound is measured. Disturbances by other processes last for some tens of milliseconds.
ROUNDS = 40


def least(measure: Callable[[], tuple[float, ...]], bounds: tuple[float, ...]) -> tuple[float, ...]:
    """The least of each figure that `measure` gives, in a usual server's seconds; at once where all are within `bounds`."""
    gc.disable()  # looking through all objects of the tests is no part of the work
    try:
        best = measure()
        before = 0.0
        for _ in range(ROUNDS):
            if all(seconds <= bound for seconds, bound in zip(best, bounds, strict=True)):
                break
            before = before or slowness()
            taken = measure()
            after = slowness()
            factor, before = min(before, after), after
            best = tuple(min(old, new / factor) for old, new in zip(best, taken, strict=True))
        return best
    finally:
        gc.enable()


def cost(work: Callable[[], object], bound: float) -> float:
    """The least that `work` takes, in a usual server's seconds; once is enough where it is within `bound`."""

    def measure() -> tuple[float]:
        began = process_time()
        work()
        return (process_time() - began,)

    return least(measure, (bound,))[0]


def slowness() -> float:
    """How many times as slow as a usual server this machine is at the moment, at least 1."""
    began = process_time()
    _fixed_work()
    return max(1.0, (process_time() - began) / USUAL)


def _fixed_work() -> None:
    """What reading heads is made of: pieces of bytes, and a dictionary of them."""
    found: dict[bytes, list[bytes]] = {}
    for part in (b"name=%41," * 5000).split(b","):
        name, _, value = part.partition(b"=")
        found.setdefault(name.lower(), []).append(value.strip())
