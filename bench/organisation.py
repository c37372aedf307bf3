"""A large organisation: 5,000 applications, 10,000 users and 1,000 groups; what a change costs, and whom it keeps waiting.

    python -m bench.organisation [--applications 5000] [--users 10000] [--groups 1000] [--rounds 5]

Commands are timed without the start of their interpreter. Beside them somebody asks for a small page fifty times a second.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from appproxy.admin.transport.client import read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.config import StatePaths
from appproxy.demo.supervisor import Supervisor
from appproxy.store.applications import applications
from appproxy.store.tables import core
from appproxy.store.transaction import Transaction
from bench.applications import publish_many, writing
from bench.measure import Void, cpu_seconds, family
from bench.report import Row, Series, table
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, environment

#: Bars, in seconds: a command, a new snapshot, until a change is live, a start, and what a request may take beside all that.
COMMAND, SNAPSHOT, LIVE, START, BESIDE = 0.5, 1.0, 1.0, 5.0, 0.1
#: Starts that are timed, and seconds without a change.
_STARTS, _QUIET = 3, 10.0
_SHARES = (("p50", 0.5), ("p99", 0.99), ("the slowest", 1.0))
#: Groups of a user.
_OF_USER = 5
#: Groups that an application is assigned to.
_OF_APPLICATION = 3


@dataclass(frozen=True, slots=True)
class Organisation:
    """How large it is."""

    applications: int = 5000
    users: int = 10_000
    groups: int = 1000

    def fill(self, world: World) -> None:
        """All its rows at once, since one operation for each would take minutes. Nothing runs on the store meanwhile."""
        publish_many(world, world.internal, self.applications)
        with writing(world) as tx:
            groups, users = ([tx.new_id() for _ in range(count)] for count in (self.groups, self.users))
            tx.connection.execute(sa.insert(core.user_groups), [
                {"id": id_, "name": f"group {number}", "name_key": f"group {number}"} for number, id_ in enumerate(groups)])
            tx.connection.execute(sa.insert(core.users), [
                {"id": id_, "name": f"u{number}", "display_name": f"User {number}", "email": f"u{number}@example.com",
                 "password_hash": "", "disabled": False, "created": tx.now, "credentials_changed": tx.now}
                for number, id_ in enumerate(users)])
            self._join(tx, groups, users)

    def _join(self, tx: Transaction, groups: list[str], users: list[str]) -> None:
        chance = random.Random(1)
        tx.connection.execute(sa.insert(core.memberships), [
            {"user_id": user, "group_id": group}
            for user in users for group in chance.sample(groups, min(_OF_USER, len(groups)))])
        tx.connection.execute(sa.insert(core.assignments), [
            {"application": one.id, "kind": "group", "provider": "builtin", "value": group}
            for one in applications.list_all(tx) for group in chance.sample(groups, min(_OF_APPLICATION, len(groups)))])


#: What it is compared with.
SMALL = Organisation(20, 20, 5)


class Beside:
    """A context: within it a process of its own asks for a page, over one connection, fifty times a second.

    In this process it would wait for the commands, which compute here.
    """

    def __init__(self, world: World) -> None:
        self._command = [sys.executable, "-m", "bench.organisation", "beside", str(world.port), str(world.anchor)]
        self._process: subprocess.Popen[str] | None = None
        self.seconds: list[float] = []
        self.failed = 0

    def __enter__(self) -> Beside:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise Void("nobody asks beside")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None
        told, _ = self._process.communicate("", 60)
        if kind is None:
            self.seconds, self.failed = json.loads(told)

    def worst(self, share: float) -> float:
        """What this share of the requests did not exceed, in seconds."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * share))]


def ask_beside(port: int, anchor: Path) -> None:
    """`python -m bench.organisation beside PORT ANCHOR`: ask until the standard input ends, then say what came of it."""
    seconds: list[float] = []
    failed, host = 0, f"open.{DOMAIN}"
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.sock = Visitor(port, anchor).connect(host)
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        began = time.monotonic()
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.monotonic() - began)
        failed += answer.status != 200
    connection.close()
    print(json.dumps([seconds, failed]))


@dataclass(slots=True)
class Figures:
    """Seconds, by what they were spent on."""

    commands: dict[str, list[float]] = field(default_factory=dict)
    live: list[float] = field(default_factory=list)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """One command."""
        began = time.monotonic()
        yield
        self.commands.setdefault(name, []).append(time.monotonic() - began)


def change(world: World, figures: Figures, number: int) -> None:
    """Everything that an administrator does, once; and until what was published answers."""
    name, admin = f"fresh{number}", world.admin
    steps = {
        "app publish": lambda: world.publish(name, world.internal, "--preauth", "passthrough"),
        "app set": lambda: admin("app", "set", f"app{number}", "connect_timeout=9"),
        "app show": lambda: admin("app", "show", f"app{number}"),
        "app list": lambda: admin("app", "list"),
        "user add": lambda: admin("user", "add", name, "--password-stdin", stdin="correct horse battery staple\n"),
        "user show": lambda: admin("user", "show", name),
        "user list": lambda: admin("user", "list"),
        "group add": lambda: admin("group", "add", name),
        "group join": lambda: admin("group", "join", name, name),
        "group list": lambda: admin("group", "list"),
        "assign": lambda: admin("assign", f"app{number}", "--group", name),
        "app remove": lambda: admin("app", "remove", name),
    }
    for step, do in steps.items():
        with figures.timed(step):
            do()
        if step == "app publish":
            figures.live.append(_until_live(world, name))


def _until_live(world: World, name: str) -> float:
    visitor, began = Visitor(world.port, world.anchor), time.monotonic()
    while visitor.get(world.url(name)).status != 200:
        if time.monotonic() - began > 60:
            raise Void(f"{name} is not live after a minute")
        time.sleep(0.01)
    return time.monotonic() - began


def snapshots(world: World, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds for a whole snapshot, and for one after a change of an application."""
    paths, whole, next_ = StatePaths(world.state), [], []
    store = open_store(paths, read_settings(paths), os.environ, lambda text: None)
    try:
        for number in range(rounds):
            began = time.monotonic()
            snapshot = store.build_snapshot()
            whole.append(time.monotonic() - began)
            with store.transaction(datetime.now(UTC).timestamp()) as tx:
                applications.publish(tx, f"built{number}", world.internal, world.url(f"built{number}"), "passthrough")
            began = time.monotonic()
            store.build_snapshot(snapshot)
            next_.append(time.monotonic() - began)
    finally:
        store.close()
    return whole, next_


@dataclass(slots=True)
class Measured:
    """All figures of one organisation, in seconds: `start` by the clock, `cpu` of the service until it was there."""

    whole: list[float]
    after_change: list[float]
    start: list[float]
    cpu: list[float]
    changes: Figures
    beside: Beside
    quiet: Beside


def measure(directory: Path, organisation: Organisation, rounds: int) -> Measured:
    """A system of its own. Raises Void where anybody was refused."""
    (directory / "logs").mkdir(parents=True)
    with Supervisor(directory / "logs", environment()) as supervisor:
        world = World(directory, supervisor)
        world.build()
        supervisor.end("service")
        organisation.fill(world)
        whole, next_ = snapshots(world, rounds)
        starts, cpu = [], []
        for turn in range(_STARTS):
            began = time.monotonic()
            world.start_service()
            starts.append(time.monotonic() - began)
            cpu.append(cpu_seconds(family(supervisor.find("service").process.pid)))
            if turn + 1 < _STARTS:
                supervisor.end("service")
        _until_live(world, "open")
        with Beside(world) as quiet:
            time.sleep(_QUIET)
        figures = Figures()
        with Beside(world) as beside:
            for number in range(rounds):
                change(world, figures, number)
        if beside.failed or quiet.failed:
            raise Void(f"{beside.failed + quiet.failed} requests beside failed")
        return Measured(whole, next_, starts, cpu, figures, beside, quiet)


def run(directory: Path, organisation: Organisation, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """Rows of a report: this one beside a small one, which says what of it is the machine's other work."""
    say("a small organisation first")
    small = measure(directory / "small", SMALL, rounds)
    say("now the large one")
    large = measure(directory / "large", organisation, rounds)

    def row(name: str, of: Callable[[Measured], list[float]], most: float | None) -> Row:
        return Row(name, "s", Series(of(large)), Series(of(small)), most=most)

    commands = [row(f"appproxy {name}", partial(_command, name), COMMAND) for name in large.changes.commands]
    return [
        *commands, row("whole snapshot", lambda one: one.whole, SNAPSHOT),
        row("snapshot after a change", lambda one: one.after_change, SNAPSHOT),
        row("until an application is live", lambda one: one.changes.live, LIVE),
        row("start of the service", lambda one: one.start, START), row("the same, its CPU", lambda one: one.cpu, START),
        *(row(f"request beside, {name}", partial(_beside, share), BESIDE) for name, share in _SHARES),
        *(row(f"request with no change, {name}", partial(_quiet, share), None) for name, share in _SHARES)]


def _command(name: str, one: Measured) -> list[float]:
    return one.changes.commands[name]


def _beside(share: float, one: Measured) -> list[float]:
    return [one.beside.worst(share)]


def _quiet(share: float, one: Measured) -> list[float]:
    return [one.quiet.worst(share)]


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code is 1 where a bar is missed."""
    if argv is None and sys.argv[1:2] == ["beside"]:
        ask_beside(int(sys.argv[2]), Path(sys.argv[3]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("applications", "users", "groups"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Organisation(), name))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        rows = run(Path(name), Organisation(given.applications, given.users, given.groups), given.rounds,
                   lambda text: print(text, file=sys.stderr))
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print(table(rows, ("large", "small")))
    return 0 if all(row.verdict().split(" ")[0] != "beyond" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
