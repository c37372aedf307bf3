"""Does work grow with its input, or with the square of it? Ratios, not times: they mean the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

#: What four times the input may cost: four times as much, and room for what else the machine does.
MOST = 8.0
#: Below so many seconds for the longer input a clock says nothing, and nobody is hurt.
FLOOR = 0.002
#: How often what looks bad is measured once more.
ROUNDS = (1, 3, 7, 20)


def seconds(work: Callable[[], object], rounds: int) -> float:
    """CPU time, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = process_time()
        work()
        best = min(best, process_time() - began)
    return best


def compared(one: Callable[[], object], other: Callable[[], object], most: float) -> float:
    """How many times as much CPU time `other` takes as `one`. What looks like more than `most` is measured more often."""
    first, second = _both(one, other, most)
    return second / max(first, 1e-6)


def growth(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """How many times as much CPU time `work(4 * size)` takes as `work(size)`; 0 where it takes next to none.

    `work` prepares an input, and what it gives is measured. What looks bad is measured again, more patiently.
    """
    small, large = work(size), work(4 * size)
    before, after = float("inf"), seconds(large, 1)
    if after >= FLOOR:
        before = seconds(small, 1)
    if after > MOST * before:
        before, after = _both(small, large, MOST)
    return 0.0 if after < FLOOR else after / max(before, 1e-6)


def _both(one: Callable[[], object], other: Callable[[], object], most: float) -> tuple[float, float]:
    """The best times of both, measured in turn: a machine that is slow for a while is slow for both."""
    first = second = float("inf")
    for rounds in ROUNDS:
        for _ in range(rounds):
            first, second = min(first, seconds(one, 1)), min(second, seconds(other, 1))
        if second <= most * first:
            break
    return first, second
