"""5,000 entries of the audit a second: are all of them written, and what does a small request notice of it?

    python -m bench.audit [--rate 5000] [--rounds 5] [--seconds 10]
    tests/with-postgresql python -m bench.audit      # the same on PostgreSQL, behind the file

A service in which so many people sign in as far as the audit goes (`bench.noting`), in rounds beside such without; users ask
for a small page fifty times a second over ten connections, in a process of their own. Afterwards the entries are counted, and
the chain is verified.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from appproxy.admin.transport.client import read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.config import StatePaths
from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.errors import AppProxyError
from appproxy.store.service.actions import AUDIT_LEFT_OUT, SIGN_IN
from appproxy.store.tables.core import audit
from bench.h2_client import Browser, Latencies
from bench.measure import Void, cpu_seconds, family
from bench.others import Others
from bench.report import Row, Series, table
from tests.end_to_end.postgresql import empty_database
from tests.end_to_end.world import DOMAIN, PATIENCE, World, environment

#: How much longer a small request may take beside it (99th percentile).
MOST_RATIO = 2.0
_OTHERS = 10
#: Seconds in which everything that was noted is to be in the database.
_WRITTEN = 30.0


@dataclass(slots=True)
class NotedWorld(World):
    """A service at which very many sign in while the file says so."""

    @property
    def noted(self) -> Path:
        """How many a second."""
        return self.directory / "noted"

    def start_service(self) -> None:
        """Start the service; it is ready when this returns."""
        options = ["-n", "--pidfile=", "appproxy-service", "--state", str(self.state)]
        command = [twistd()[0], "-m", "bench.noting", *options]
        self.supervisor.start("service", command, "appproxy-service ready on https://", PATIENCE)

    def counted(self) -> tuple[int, int]:
        """Entries of sign-ins in the database, and how many were left out."""
        paths = StatePaths(self.state)
        store = open_store(paths, read_settings(paths), os.environ, lambda text: None)
        try:
            with store.reading() as reading:
                kept = reading.connection.scalar(
                    sa.select(sa.func.count()).select_from(audit).where(audit.c.action == SIGN_IN)) or 0
                left = [json.loads(row["detail"])["count"] for row in reading.rows(
                    sa.select(audit.c.detail).where(audit.c.action == AUDIT_LEFT_OUT))]
                return kept, sum(left)
        finally:
            store.close()


@dataclass(slots=True)
class Found:
    """By round: seconds of the 99th and the 50th percentile, and CPU of the service in seconds a second, without and with."""

    p99: tuple[Series, Series] = field(default_factory=lambda: (Series(), Series()))
    p50: tuple[Series, Series] = field(default_factory=lambda: (Series(), Series()))
    cpu: tuple[Series, Series] = field(default_factory=lambda: (Series(), Series()))
    #: Of each round: entries a second that were noted, and seconds until all of them were in the database.
    rates: Series = field(default_factory=Series)
    waits: Series = field(default_factory=Series)
    left_out: int = 0
    refused: int = 0

    def rows(self) -> list[Row]:
        """Of a report."""
        return [
            Row("a small request, p99", "s", self.p99[1], self.p99[0], most_ratio=MOST_RATIO),
            Row("the same, p50", "s", self.p50[1], self.p50[0], most_ratio=MOST_RATIO),
            Row("CPU of the service", "s a second", self.cpu[1], self.cpu[0]),
            Row("entries written", "a second", self.rates),
            Row("until the last one was written", "s", self.waits, most=_WRITTEN),
            Row("entries left out", "", Series([float(self.left_out)]), most=0.0),
            Row("requests refused", "", Series([float(self.refused)]), most=0.0),
        ]


async def _ask(world: World, seconds: float, do: Callable[[], None], over: Callable[[], None]) -> tuple[Latencies, float]:
    """What users saw for so long, and CPU of the service a second."""
    browsers = [Browser(f"open.{DOMAIN}", "") for _ in range(_OTHERS)]
    others = await Others.begin(world.anchor, world.port, f"open.{DOMAIN}", "/", browsers)
    do()
    pids, began = family(world.supervisor.find("service").process.pid), time.monotonic()
    before = cpu_seconds(pids)
    await asyncio.sleep(seconds)
    spent = (cpu_seconds(pids) - before) / (time.monotonic() - began)
    over()
    return await others.end(), spent


def percentile(seen: Latencies, share: float) -> float:
    """Of all answers, in seconds. Raises Void for none."""
    found = sorted(seconds for _, seconds, _ in seen.answers)
    if not found:
        raise Void("nobody has asked anything")
    return found[min(int(len(found) * share), len(found) - 1)]


def run(world: NotedWorld, rate: float, rounds: int, seconds: float, say: Callable[[str], None]) -> Found:
    """Rounds with and without, in turn."""
    found, nothing = Found(), lambda: None
    for number in range(rounds):
        for busy in (0, 1) if number % 2 == 0 else (1, 0):
            kept, left = world.counted() if busy else (0, 0)
            do, over = (lambda: _write(world.noted, rate), world.noted.unlink) if busy else (nothing, nothing)
            seen, spent = asyncio.run(_ask(world, seconds, do, over))
            found.p99[busy].values.append(percentile(seen, 0.99))
            found.p50[busy].values.append(percentile(seen, 0.5))
            found.cpu[busy].values.append(spent)
            found.refused += seen.refused()
            if busy:
                found.left_out += _counted(world, kept, left, seconds, found)
        say(f"round {number + 1} of {rounds}: done")
    return found


def _write(file: Path, rate: float) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(str(rate))
    fresh.rename(file)


def _counted(world: NotedWorld, kept: int, left: int, seconds: float, found: Found) -> int:
    """Wait until all that was noted is written, or counted as left out; gives how many were. Raises Void for others."""
    began, told = time.monotonic(), world.noted.with_suffix(".told")
    while True:
        now_kept, now_left = world.counted()
        noted = int(told.read_text() or "0") if told.exists() else -1
        if now_kept - kept + now_left - left == noted:
            break
        if time.monotonic() > began + _WRITTEN:
            raise Void(f"{noted} entries were noted, {now_kept - kept} written and {now_left - left} left out")
        time.sleep(0.1)
    found.waits.values.append(time.monotonic() - began)
    found.rates.values.append((now_kept - kept) / seconds)
    told.unlink()
    return now_left - left


def _on(database: str, rate: float, rounds: int, seconds: float, say: Callable[[str], None]) -> Found:
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        directory = Path(name)
        (directory / "logs").mkdir()
        with Supervisor(directory / "logs", {**environment(), "NOTED": str(directory / "noted")}) as supervisor:
            world = NotedWorld(directory, supervisor, database_url=database)
            world.build()
            found = run(world, rate, rounds, seconds, say)
            said = world.admin("audit", "verify")
            if "audit could not be written" in (directory / "logs" / "service.log").read_text():
                raise Void("the database did not answer in time")
            say(said.strip())
            return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code is 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=5000.0, help="entries a second")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args(arguments)

    def say(text: str) -> None:
        print(f"{text} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)

    good = True
    with ExitStack() as there:
        databases = {"SQLite": ""}
        if "APPPROXY_TEST_POSTGRESQL" in os.environ:
            databases["PostgreSQL"] = there.enter_context(empty_database())
        for name, database in databases.items():
            try:
                rows = _on(database, given.rate, given.rounds, given.seconds, say).rows()
            except (AppProxyError, AssertionError) as error:
                print(f"the run is void: {error}", file=sys.stderr)
                return 1
            print(f"{name}, {given.rate:g} entries a second; load of the machine: {os.getloadavg()[0]:.1f}")
            print(table(rows, ("with", "without")))
            good = good and not any(row.verdict().startswith("beyond") for row in rows)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
