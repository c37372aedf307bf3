"""So many published applications beside one: two whole systems, the same requests, in one run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appproxy.admin.transport.client import read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.config import StatePaths
from appproxy.demo.supervisor import Supervisor
from appproxy.store.applications import applications
from appproxy.store.transaction import Transaction
from bench.measure import Target, Void, cpu_seconds, family, memory, requests
from bench.reference import Reference
from bench.report import Row, Series
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, environment

#: The share of the rate with one application that the rate with many must have.
GOAL = 0.9
#: Seconds until service and connector must know what was published.
_LIVE = 60.0


@dataclass(slots=True)
class Side:
    """One system, ready to be asked."""

    world: World
    target: Target
    started: float

    def pids(self, name: str) -> list[int]:
        """The processes of a program, with their children."""
        return family(self.world.supervisor.find(name).process.pid)


@contextmanager
def two_sides(directory: Path, count: int, say: Callable[[str], None]) -> Iterator[tuple[Side, Side]]:
    """A system with `count` applications and one with as few as can be; all ends with the block."""
    many, one = directory / "many", directory / "one"
    for folder in (many, one):
        (folder / "logs").mkdir(parents=True)
    with Supervisor(many / "logs", environment()) as first, Supervisor(one / "logs", environment()) as second:
        # nginx as application: it must not be what is measured.
        nginx = directory / "nginx"
        nginx.mkdir()
        url = Reference(nginx, first).start_application(1 << 20)
        yield ready(many, first, url, count, say), ready(one, second, url, 1, say)


def ready(
    directory: Path, supervisor: Supervisor, url: str, count: int, say: Callable[[str], None],
    fill: Callable[[World], None] = lambda world: None,
) -> Side:
    """A system with so many applications, and with what `fill` puts into its store."""
    world = World(directory, supervisor)
    world.build()
    world.publish("guard", url)
    world.admin("assign", "guard", "--user", "alice")
    if count > 1:
        publish_many(world, url, count)
        fill(world)
        supervisor.end("service")
        world.start_service()
    visitor = Visitor(world.port, world.anchor)
    deadline = time.monotonic() + _LIVE
    while count > 1 and visitor.get(world.url(f"app{count - 1}", "/small")).status != 200:
        if time.monotonic() > deadline:
            raise Void("the last application did not answer in time")
        time.sleep(0.5)
    started = cpu_seconds(family(supervisor.find("service").process.pid))
    visitor.sign_in(world.url("guard", "/small"), "alice")
    cookie = visitor.cookie_field(f"guard.{DOMAIN}")["Cookie"]
    say(f"a system with {count:,} applications: ready")
    target = Target(f"https://127.0.0.1:{world.port}/small", f"guard.{DOMAIN}:{world.port}", cookie)
    return Side(world, target, started)


def publish_many(world: World, url: str, count: int) -> None:
    """Publish so many."""
    with writing(world) as tx:
        for number in range(count):
            applications.publish(tx, f"app{number}", url, world.url(f"app{number}"), "passthrough")


@contextmanager
def writing(world: World) -> Iterator[Transaction]:
    """One transaction, as another node would make it."""
    paths = StatePaths(world.state)
    store = open_store(paths, read_settings(paths), os.environ, lambda text: None)
    try:
        with store.transaction(datetime.now(UTC).timestamp()) as tx:
            yield tx
    finally:
        store.close()


def run_applications(
    directory: Path, count: int, rounds: int, seconds: float, say: Callable[[str], None]
) -> list[Row]:
    """Small requests in interleaved rounds: the side that goes first changes each time."""
    with two_sides(directory, count, say) as sides:
        return [
            *small_requests(sides, rounds, seconds, say, GOAL),
            Row("start of the service: CPU", "s", Series([sides[0].started]), Series([sides[1].started])),
            *(memory_row(program, sides) for program in ("service", "connector")),
        ]


def small_requests(
    sides: tuple[Side, Side], rounds: int, seconds: float, say: Callable[[str], None], goal: float
) -> list[Row]:
    """Of one user, in interleaved rounds: rates, of which the first side must have this share, and CPU."""
    rates, service, connector = ((Series(), Series()) for _ in range(3))
    for side in sides:
        requests(side.target, 32, 1)
    for number in range(rounds):
        for at in (0, 1) if number % 2 == 0 else (1, 0):
            side = sides[at]
            pids = side.pids("service"), side.pids("connector")
            before = cpu_seconds(pids[0]), cpu_seconds(pids[1])
            load = requests(side.target, 32, seconds)
            rates[at].values.append(load.rate)
            for series, one, start in zip((service, connector), pids, before, strict=True):
                series[at].values.append((cpu_seconds(one) - start) / load.requests * 1e6)
        say(f"round {number + 1} of {rounds}: done")
    name = "small GET, signed in"
    return [
        Row(name, "requests/s", *rates, goal=goal, paired=True),
        Row(f"{name}: CPU, service", "us a request", *service, most_ratio=1 / goal, paired=True),
        Row(f"{name}: CPU, connector", "us a request", *connector, paired=True),
    ]


def memory_row(program: str, sides: tuple[Side, Side]) -> Row:
    """What a program of both holds."""
    many, one = (Series([memory(side.pids(program)) / 2**20]) for side in sides)
    return Row(f"memory of the {program}", "MiB", many, one)
