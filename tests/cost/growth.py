"""Does work grow with its input, or with the square of it? Ratios, not times: they mean the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

#: What four times the input may cost: four times as much, and room for what else the machine does.
MOST = 8.0
#: Below so many seconds for the longer input a clock says nothing, and nobody is hurt.
FLOOR = 0.002


def seconds(work: Callable[[], object], rounds: int) -> float:
    """CPU time, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = process_time()
        work()
        best = min(best, process_time() - began)
    return best


def growth(work: Callable[[int], Callable[[], object]], size: int) -> float:
    """How many times as much CPU time `work(4 * size)` takes as `work(size)`; 0 where it takes next to none.

    `work` prepares an input, and what it gives is measured. What looks bad is measured again, more patiently.
    """
    small, large = work(size), work(4 * size)
    ratio = 0.0
    for rounds in (1, 3, 7):
        after = seconds(large, rounds)
        if after < FLOOR:
            return 0.0
        ratio = after / max(seconds(small, rounds), 1e-6)
        if ratio <= MOST:
            return ratio
    return ratio
