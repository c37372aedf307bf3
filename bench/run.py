"""python -m bench.run: the product beside the reference, in turn, in one run; prints a table, writes bench/results/*.json.

    --check     a short run that shows that everything works; its figures are not worth comparing
    --long GIB  instead: the memory of service and connector while one stream of so many GiB goes down, and one up, every
                byte checked, and while a reader stops for a minute
    --applications N  instead: a system with N published applications beside one with a handful
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from appproxy.demo.start import free_port
from appproxy.demo.supervisor import Supervisor
from appproxy.errors import AppProxyError
from bench.applications import run_applications
from bench.echo import run_echo
from bench.http2 import SIDES, run_http2
from bench.idle import run_idle
from bench.long import run_long
from bench.measure import Load, Target, cpu_seconds, download, family, first_byte, memory, requests, upload
from bench.reference import HOST, Reference
from bench.report import MOST_HANDSHAKES, Row, Series, table, write
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, environment

RESULTS = Path(__file__).parent / "results"
#: Bars for ratios to the reference: small requests with everything on, pages of 32 KiB, small uploads, and bulk.
SMALL_GOAL, PAGE_GOAL, POST_GOAL, BULK_GOAL = 0.45, 0.35, 0.25, 0.8
#: At most so many times the reference's latency at one connection.
MOST_LATENCY = 4.0
#: Milliseconds until an event's first byte, and KiB of an idle WebSocket at service and connector.
MOST_FIRST_BYTE = 50.0
MOST_IDLE = {"service": 75.0, "connector": 55.0}
#: Seconds that a reader stops.
_STOPPED = 60.0
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of everything; the full run takes some six minutes."""

    rounds: int = 5
    seconds: float = 4.0
    bulk: int = GIB // 2
    sockets: int = 2000
    events: int = 10


CHECK = Effort(rounds=1, seconds=1.0, bulk=32 << 20, sockets=50, events=2)


@dataclass(slots=True)
class Case:
    """Small requests of one kind, asked of both sides."""

    name: str
    product: Target
    reference: Target
    connections: int = 32
    post: bool = False
    goal: float | None = None
    rates: tuple[Series, Series] = field(default_factory=lambda: (Series(), Series()))
    medians: tuple[Series, Series] = field(default_factory=lambda: (Series(), Series()))
    p99s: tuple[Series, Series] = field(default_factory=lambda: (Series(), Series()))
    cpu: tuple[Series, Series] = field(default_factory=lambda: (Series(), Series()))
    service_cpu: Series = field(default_factory=Series)
    connector_cpu: Series = field(default_factory=Series)
    handshakes: float = 0.0


@dataclass(slots=True)
class Stage:
    """Everything that a run needs, started."""

    world: World
    reference: Reference
    cookie: str
    effort: Effort
    directory: Path

    def product(self, name: str, path: str, cookie: str = "") -> Target:
        """An address of the product."""
        return Target(f"https://127.0.0.1:{self.world.port}{path}", f"{name}.{DOMAIN}:{self.world.port}", cookie)

    def hops(self, path: str) -> Target:
        """An address of the reference."""
        return Target(f"https://127.0.0.1:{self.reference.port}{path}", f"{HOST}:{self.reference.port}")

    def pids(self, *names: str) -> list[int]:
        """The processes of these programs, with their children."""
        return [pid for name in names for pid in family(self.world.supervisor.find(name).process.pid)]


@contextmanager
def stage(effort: Effort) -> Iterator[Stage]:
    """Start both sides; all ends with the block."""
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        directory = Path(name)
        logs, nginx = directory / "logs", directory / "nginx"
        logs.mkdir()
        nginx.mkdir()
        with Supervisor(logs, environment()) as supervisor:
            world = World(directory, supervisor)
            world.build()
            reference = Reference(nginx, supervisor)
            url = reference.start_application(effort.bulk)
            sink = f"127.0.0.1:{free_port()}"
            supervisor.start("sink", [sys.executable, "-m", "bench.sink", sink], "sink ready")
            reference.start_hops(sink, world.internal.partition("//")[2])
            world.publish("small", url, "--preauth", "passthrough")
            world.publish("guard", url)
            world.publish("sinks", f"http://{sink}", "--preauth", "passthrough")
            world.admin("assign", "guard", "--user", "alice")
            visitor = Visitor(world.port, world.anchor)
            visitor.sign_in(world.url("guard", "/small"), "alice")
            cookie = visitor.cookie_field(f"guard.{DOMAIN}")["Cookie"]
            yield Stage(world, reference, cookie, effort, directory)


def small_cases(there: Stage) -> list[Case]:
    """The kinds of small requests."""
    small = there.hops("/small")
    guard = there.product("guard", "/small", there.cookie)
    return [
        Case("GET 1 KiB, signed in", guard, small, goal=SMALL_GOAL),
        Case("GET 1 KiB, passthrough", there.product("small", "/small"), small, goal=SMALL_GOAL),
        Case("GET 32 KiB, signed in", there.product("guard", "/page", there.cookie), there.hops("/page"), goal=PAGE_GOAL),
        Case("POST 1 KiB, signed in", there.product("guard", "/post", there.cookie), there.hops("/post"), post=True,
             goal=POST_GOAL),
        Case("GET 1 KiB, signed in, 1 connection", guard, small, connections=1),
    ]


def run_small(there: Stage, say: Callable[[str], None]) -> list[Row]:
    """All small cases in interleaved rounds: the side that goes first changes each time."""
    cases = small_cases(there)
    # The first requests pay for what is made only once.
    for case in cases:
        _ask(there, case, 0)
        _ask(there, case, 1)
    before = there.reference.counters()
    for case in cases:
        for series in (*case.rates, *case.medians, *case.p99s, *case.cpu, case.service_cpu, case.connector_cpu):
            series.values.clear()
    for number in range(there.effort.rounds):
        for case in cases:
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                _ask(there, case, side)
        say(f"round {number + 1} of {there.effort.rounds}: small requests done")
    share = there.reference.connections_per_request(before)
    void = f"{share:.1%} of the reference's requests made a connection" if share > MOST_HANDSHAKES else ""
    return [row for case in cases for row in _rows(case, void)]


def _ask(there: Stage, case: Case, side: int) -> None:
    """One measurement of one side: 0 the product, 1 the reference."""
    service, connector = there.pids("service"), there.pids("connector")
    pids = there.pids("outer-nginx", "inner-nginx") if side else service + connector
    before = cpu_seconds(pids), cpu_seconds(service), cpu_seconds(connector)
    target = case.reference if side else case.product
    load: Load = requests(target, case.connections, there.effort.seconds, there.directory, case.post)
    case.rates[side].values.append(load.rate)
    case.medians[side].values.append(load.median * 1e3)
    case.p99s[side].values.append(load.p99 * 1e3)
    case.cpu[side].values.append((cpu_seconds(pids) - before[0]) / load.requests * 1e6)
    if not side:
        case.service_cpu.values.append((cpu_seconds(service) - before[1]) / load.requests * 1e6)
        case.connector_cpu.values.append((cpu_seconds(connector) - before[2]) / load.requests * 1e6)


def _rows(case: Case, void: str) -> list[Row]:
    name = case.name
    return [
        Row(name, "requests/s", *case.rates, goal=case.goal, void=void),
        Row(f"{name}: p50", "ms", *case.medians, void=void, most_ratio=MOST_LATENCY if case.connections == 1 else None),
        Row(f"{name}: p99", "ms", *case.p99s, void=void),
        Row(f"{name}: CPU, all hops", "us a request", *case.cpu, void=void),
        Row(f"{name}: CPU, service", "us a request", case.service_cpu),
        Row(f"{name}: CPU, connector", "us a request", case.connector_cpu),
    ]


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
    """The rows of `_run`, or those of many applications beside few."""
    if given.applications:
        with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
            return [], [], run_applications(Path(name), given.applications, effort.rounds, effort.seconds, say)
    with stage(effort) as there:
        return *_run(there, given, say), []


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
