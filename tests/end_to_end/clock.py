"""A clock that goes more slowly while the machine has more to do than it has cores for, and while this process cannot run.

A bound on such a time means the same on a busy machine as on one that has nothing else to do. What is bounded from below,
such as a pause that has to be kept, is measured by `time.monotonic`.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

#: Seconds between two looks.
TICK = 0.02
_STATISTICS = Path("/proc/stat")


def load(statistics: str, cores: int) -> float:
    """How many times as long as usual everything takes, from what `/proc/stat` says (proc(5)): 1 while each has a core.

    Who looks is one of those that run.
    """
    running = next(int(line.split()[1]) for line in statistics.splitlines() if line.startswith("procs_running"))
    return max(1.0, (running - 1) / cores)


class Clock:
    """Counts its own ticks, so that a time in which none could be made is not counted."""

    def __init__(self) -> None:
        self._seconds, self._load = 0.0, 1.0
        self._looked = time.monotonic()
        self._cores = len(os.sched_getaffinity(0))
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def __call__(self) -> float:
        """Seconds since some moment."""
        return self._seconds + min(TICK, time.monotonic() - self._looked) / self._load

    def _run(self) -> None:
        while True:
            time.sleep(TICK)
            self._seconds += TICK / self._load
            self._looked, self._load = time.monotonic(), load(_STATISTICS.read_text(), self._cores)


#: There is one for all.
usual_seconds = Clock()


def usual_sleep(seconds: float) -> None:
    """Wait for what takes so long at most on a machine that has nothing else to do, where nobody can be asked."""
    until = usual_seconds() + seconds
    while (left := until - usual_seconds()) > 0:
        time.sleep(left)


class Stopwatch:
    """How long something takes, for what is bounded on both sides: `least` on the wall clock, `most` as on a free machine."""

    def __init__(self) -> None:
        self._wall_clock, self._usual = time.monotonic(), usual_seconds()

    def between(self, least: float, most: float) -> bool:
        """Has it been running for so many seconds?"""
        return time.monotonic() - self._wall_clock > least and usual_seconds() - self._usual < most
