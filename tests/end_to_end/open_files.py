"""A program that has no file descriptor left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def none_left(pid: int, some: bool = False) -> Iterator[None]:
    """Within it, this program may open no further file; with `some` only those whose number is below its highest."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    soft, hard = next(one.split()[3:5] for one in limits if "open files" in one)
    taken = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    # The kernel gives the lowest number that is free: a limit of that leaves none.
    limit = max(taken) + 1 if some else next(number for number in range(1 << 20) if number not in taken)
    subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={limit}:{hard}"], check=True)
    try:
        yield
    finally:
        subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={soft}:{hard}"], check=True)
