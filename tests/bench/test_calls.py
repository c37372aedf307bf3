"""Counting Python calls."""

from __future__ import annotations

import cProfile
import sys
from pathlib import Path

from bench.calls import calls, counted
from bench.counted import Counter


def _one() -> int:
    return len("x")


def test_functions_of_python_are_counted(tmp_path: Path) -> None:
    """Those written in C are not."""
    file = tmp_path / "x.calls"
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(7):
        _one()
    profile.disable()
    profile.dump_stats(file)
    assert calls(file) == 7


def test_what_came_before_the_first_signal_and_after_the_second_does_not_count(tmp_path: Path) -> None:
    """One signal switches counting on, the next writes it down."""
    file = tmp_path / "x.calls"
    counter = Counter(file)
    _one()
    counter.switch()
    _one()
    counter.switch()
    _one()
    assert calls(file) == 2  # itself, and the switch


def test_a_program_is_run_so_that_it_counts() -> None:
    """By this very Python, with twistd's arguments behind the file."""
    command = counted(Path("x.calls"), "appproxy-service")
    assert (command[0], command[1:3], command[3:]) == (
        sys.executable, ["-m", "bench.counted"], ["x.calls", "-n", "--pidfile=", "appproxy-service"])
