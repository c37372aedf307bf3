"""Python calls a request, of service and connector: a figure that other load on the machine does not move.

`cProfile` counts while the load lasts; functions written in C are not among them. What a turn of the reactor costs is shared
by its requests, so at one connection a request has a whole turn to itself.
"""

from __future__ import annotations

import os
import pstats
import signal
import time
from collections.abc import Callable
from pathlib import Path

from appproxy.demo.supervisor import twistd
from bench.measure import Void, requests
from bench.report import Row, Series
from bench.small import MOST_SIGNED_IN, PASSTHROUGH, SIGNED_IN, Case, browsers
from bench.stage import Effort, Stage, stage
from tests.end_to_end.world import PATIENCE, World

#: What switches counting on, and the next time writes it down.
SIGNAL = signal.SIGUSR1
PROGRAMS = ("service", "connector")
#: What cProfile calls the file of functions that have none.
_BUILT_IN = "~"


class CountedWorld(World):
    """A system whose two programs count their calls (`bench.counted`) in files of its directory."""

    def start_service(self) -> None:
        """Start the service; it is ready when this returns."""
        command = counted(self.directory / "service.calls", "appproxy-service", "--state", str(self.state))
        self.supervisor.start("service", command, "appproxy-service ready on https://", PATIENCE)

    def start_connector(self, name: str) -> None:
        """Start a connector that has joined; it is connected when this returns."""
        command = counted(self.directory / f"{name}.calls", "appproxy-connector", "--state", str(self.directory / name))
        self.supervisor.start(name, command, "appproxy-connector ready and connected", PATIENCE)


def counted(file: Path, *arguments: str) -> list[str]:
    """The command that runs twistd so that it counts calls in this file."""
    python = twistd()[0]
    return [python, "-m", "bench.counted", str(file), "-n", "--pidfile=", *arguments]


def calls(file: Path) -> int:
    """The calls of Python functions that a profile has counted."""
    found: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = pstats.Stats(str(file)).stats  # type: ignore[attr-defined]
    return sum(row[1] for (name, _, _), row in found.items() if name != _BUILT_IN)


def run_calls(effort: Effort, say: Callable[[str], None]) -> list[Row]:
    """A system of its own, asked by 32 connections and by one."""
    with stage(effort, CountedWorld) as there:
        guard, reference = there.product("guard", "/small"), there.hops("/small")
        cases = [
            Case(SIGNED_IN, guard, reference), browsers(there),
            Case(PASSTHROUGH, there.product("small", "/small"), reference),
            Case("GET 1 KiB, signed in, 1 connection", guard, reference, connections=1),
        ]
        rows, of_service = [], {}
        for case in cases:
            counts = _count(there, case)
            rows += [Row(f"{case.name}: {program}", "calls a request", Series([count]))
                     for program, count in zip(PROGRAMS, counts, strict=True)]
            of_service[case.name] = Series([counts[0]])
            say(f"{case.name}: calls counted")
        rows.append(Row("GET 1 KiB: calls of the service, signed in beside passthrough", "calls a request",
                        of_service[SIGNED_IN], of_service[PASSTHROUGH], most_ratio=MOST_SIGNED_IN))
        return rows


def _count(there: Stage, case: Case) -> list[float]:
    """Calls a request of each program."""
    files = [there.directory / f"{program}.calls" for program in PROGRAMS]
    requests(case.product, case.connections, 1, case.script)  # what is made only once
    for file in files:
        file.unlink(missing_ok=True)
    _signal(there)
    # The load starts a program first: by then both count.
    load = requests(case.product, case.connections, there.effort.seconds, case.script)
    _signal(there)
    return [_read(file) / load.requests for file in files]


def _signal(there: Stage) -> None:
    for program in PROGRAMS:
        os.kill(there.pids(program)[0], SIGNAL)


def _read(file: Path, seconds: float = 30.0) -> int:
    """What is written there within so long. Raises Void."""
    deadline = time.monotonic() + seconds
    while not file.exists():
        if time.monotonic() > deadline:
            raise Void(f"{file.stem}: no count was written")
        time.sleep(0.05)
    return calls(file)
