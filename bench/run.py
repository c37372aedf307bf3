"""python -m bench.run: the product beside the reference, in turn, in one run; prints a table, writes bench/results/*.json.

    --check     a short run that shows that everything works; its figures are not worth comparing
    --long GIB  instead: the memory of service and connector while one stream of so many GiB goes down, and one up, every
                byte checked, and while a reader stops for a minute
    --applications N  instead: a system with N published applications beside one with a handful
    --signed-in instead: CPU of the service for a request of somebody who is signed in, beside one without sign-in
    --calls     instead: Python calls a request, which other load on the machine does not change
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from appproxy.errors import AppProxyError
from bench.applications import run_applications
from bench.calls import run_calls
from bench.echo import run_echo
from bench.http2 import SIDES, run_http2
from bench.idle import run_idle
from bench.long import run_long
from bench.measure import Target, download, first_byte, memory, upload
from bench.report import Row, Series, table, write
from bench.small import run_signed_in, run_small
from bench.stage import CHECK, Effort, Stage, stage

RESULTS = Path(__file__).parent / "results"
#: The bar for bulk: its ratio to the reference's.
BULK_GOAL = 0.8
#: Milliseconds until an event's first byte, and KiB of an idle WebSocket at service and connector.
MOST_FIRST_BYTE = 50.0
MOST_IDLE = {"service": 75.0, "connector": 55.0}
#: Seconds that a reader stops.
_STOPPED = 60.0


def run_bulk(there: Stage, say: Callable[[str], None]) -> list[Row]:
    """One stream down and one up."""
    size = there.effort.bulk
    file = there.reference.directory / "files" / "bulk"
    ways: list[tuple[str, Callable[[Target], float], Target, Target]] = [
        ("one stream down", lambda target: download(target, size), there.product("small", "/bulk"), there.hops("/bulk")),
        ("one stream up", lambda target: upload(target, file, size), there.product("sinks", "/sink"), there.hops("/sink")),
    ]
    rows = []
    for name, move, product, reference in ways:
        speeds = (Series(), Series())
        for number in range(there.effort.rounds):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                speeds[side].values.append(move(reference if side else product) / 1e6)
        rows.append(Row(name, "MB/s", *speeds, goal=BULK_GOAL))
        say(f"{name}: done")
    return rows


def run_streams(there: Stage, say: Callable[[str], None]) -> list[Row]:
    """The first byte of an event stream, and what an idle WebSocket costs."""
    firsts = (Series(), Series())
    for _ in range(there.effort.events):
        firsts[0].values.append(first_byte(there.product("open", "/events")) * 1e3)
        firsts[1].values.append(first_byte(there.hops("/events")) * 1e3)
    say("event streams: done")
    costs = {name: Series() for name in ("service", "connector")}
    target, count = there.product("open", "/echo"), there.effort.sockets
    run_idle(target, min(count, 50), lambda: None)
    before = {name: memory(there.pids(name)) for name in costs}

    def look() -> None:
        for name, series in costs.items():
            series.values.append((memory(there.pids(name)) - before[name]) / count / 1024)

    run_idle(target, count, look)
    say(f"{count} idle WebSockets: done")
    return [
        Row("event stream, first byte", "ms", *firsts, most=MOST_FIRST_BYTE),
        *(Row(f"idle WebSocket, memory of the {name}", "KiB each", series, most=MOST_IDLE[name])
          for name, series in costs.items()),
    ]


def _run(there: Stage, given: argparse.Namespace, say: Callable[[str], None]) -> tuple[list[Row], list[Row]]:
    """What the options ask for: rows beside the reference, and those of HTTP/2 beside HTTP/1.1."""
    if given.signed_in:
        return run_signed_in(there, say), []
    if given.long:
        return run_long(there, given.long * 1024, _STOPPED, say), []
    wanted = [part for part in ("small", "bulk", "streams", "echo", "http2") if getattr(given, part)]
    parts = {"small": run_small, "bulk": run_bulk, "streams": run_streams, "echo": run_echo}
    rows = [row for name, part in parts.items() if not wanted or name in wanted for row in part(there, say)]
    if given.check:
        rows += run_long(there, 64, 1.0, say)
    return rows, run_http2(there, say) if not wanted or "http2" in wanted else []


def _run_all(
    effort: Effort, given: argparse.Namespace, say: Callable[[str], None]
) -> tuple[list[Row], list[Row], list[Row]]:
    """The rows of `_run`, or those of many applications beside few, or calls."""
    if given.calls:
        return run_calls(effort, say), [], []
    if given.applications:
        with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
            return [], [], run_applications(Path(name), given.applications, effort.rounds, effort.seconds, say)
    with stage(effort) as there:
        rows, versions = _run(there, given, say)
    return [*rows, *(run_calls(effort, say) if given.check else [])], versions, []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="The product beside two nginx hops.")
    parser.add_argument("--check", action="store_true", help="a short run that shows that everything works")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (5)")
    parser.add_argument("--small", action="store_true", help="small requests only")
    parser.add_argument("--bulk", action="store_true", help="bulk only")
    parser.add_argument("--streams", action="store_true", help="event streams and idle WebSockets only")
    parser.add_argument("--echo", action="store_true", help="messages on one WebSocket only")
    parser.add_argument("--http2", action="store_true", help="HTTP/2 beside HTTP/1.1 only")
    parser.add_argument("--long", type=int, metavar="GIB", help="memory while streams of so many GiB pass")
    parser.add_argument("--applications", type=int, metavar="N", help="N published applications beside a handful")
    parser.add_argument("--signed-in", action="store_true", help="what the sign-in of a request costs only")
    parser.add_argument("--calls", action="store_true", help="Python calls a request only")
    given = parser.parse_args(arguments)
    effort = CHECK if given.check else Effort(rounds=given.rounds) if given.rounds else Effort()

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        rows, versions, many = _run_all(effort, given, say)
    except AppProxyError as error:
        print(f"the run is void: {error}", file=sys.stderr)
        return 1
    if given.check:
        for row in (*rows, *versions, *many):
            row.goal = row.most = row.most_ratio = None
    if rows:
        print(table(rows))
    if versions:
        print(table(versions, SIDES))
    if many:
        print(table(many, (f"{given.applications:,}", "few")))
    if given.check:
        print("a short run: it shows that everything works, and its figures are not worth comparing")
        return 0
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    for row in versions:
        row.name = f"{SIDES[0]} beside {SIDES[1]}: {row.name}"
    write([*rows, *versions, *many], path, {"rounds": effort.rounds, "seconds": effort.seconds})
    print(f"kept in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
