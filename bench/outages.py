"""The receivers of the audit are away for a while: what arrives afterwards, and what anybody notices meanwhile.

    python -m bench.outages                  # 30 seconds
    python -m bench.outages --seconds 600    # the ten minutes that are promised

Debian's rsyslog over TLS, a webhook and a file, all away at the same time: for the first half nobody listens, in the second
half somebody does who says nothing; the directory of the file is gone all the while. Entries are caused at a steady rate, each
by a command at the admin socket, of which the time is taken, and somebody asks for a small page fifty times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appproxy.admin.transport.client import AdminClient, read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.config import StatePaths
from appproxy.demo.supervisor import Supervisor
from appproxy.errors import AppProxyError
from appproxy.export.entry import ExportedEntry
from appproxy.store.tables.core import audit
from appproxy.twistd.assembly.passwords import admit_password
from bench.measure import Void
from bench.organisation import Beside
from bench.report import Row, Series, table
from tests.end_to_end.log_receivers import HOST, Hook, Rsyslog
from tests.end_to_end.world import World, environment

#: Seconds before the outage, with which it is compared, and at most until everything has arrived behind it: a try each 60 to
#: 90 s, and the batches.
QUIET, PATIENCE = 15.0, 240.0
#: How much longer than in the quiet time requests and commands may take during the outage (99th percentile).
MOST_RATIO = 2.0
NAMES = ("syslog", "webhook", "file")


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a receiver has, compared with what there is: entries by number and id, in the order in which they came."""

    wanted: int
    missing: int
    #: Entries that came once more; those that came behind a later one for the first time; ids that nobody has written.
    doubles: int
    out_of_order: int
    strange: int

    @property
    def is_whole(self) -> bool:
        """Everything is there, and in its order."""
        return not (self.missing or self.out_of_order or self.strange)


def compare(wanted: Sequence[tuple[int, str]], found: Sequence[tuple[int, str]]) -> Arrived:
    """Number and id of each entry: of all there are, and of all that came."""
    seen: set[tuple[int, str]] = set()
    latest = doubles = out_of_order = 0
    for one in found:
        if one in seen:
            doubles += 1
            continue
        seen.add(one)
        out_of_order += one[0] < latest
        latest = max(latest, one[0])
    return Arrived(len(wanted), len(set(wanted) - seen), doubles, out_of_order, len(seen - set(wanted)))


@dataclass(slots=True)
class Receivers:
    """All three. `silent` is what nobody answers on in the second half."""

    home: Path
    rsyslog: Rsyslog
    hook: Hook
    running: ExitStack = field(default_factory=ExitStack)
    silent: socket.socket | None = None

    @classmethod
    def make(cls, home: Path) -> Receivers:
        """With certificates; nobody runs yet."""
        home.mkdir()
        rsyslog = Rsyslog(home)
        rsyslog.prepare()
        made = cls(home, rsyslog, Hook(home))
        (home / "share").mkdir()
        return made

    def add(self, world: World) -> None:
        """Export to all of them."""
        ca = str(self.home / "ca.pem")
        world.admin("audit", "export", "add", "syslog", f"syslog+tls://{HOST}:{self.rsyslog.port}", "--ca-bundle", ca,
                    "--certificate", str(self.home / "client.pem"), "--key", str(self.home / "client-key.pem"))
        url = f"https://{HOST}:{self.hook.port}/in"
        self.hook.use(world.admin("audit", "export", "add", "webhook", url, "--ca-bundle", ca))
        world.admin("audit", "export", "add", "file", f"file://{self.home}/share/audit.jsonl")

    def begin(self) -> None:
        """They take what comes."""
        if self.silent is not None:
            self.silent.close()
            self.silent = None
        if self.rsyslog.process is not None:
            self.rsyslog.process.send_signal(signal.SIGCONT)
            self.rsyslog.stop(signal.SIGKILL)
        self.rsyslog.start()
        self.running.enter_context(self.hook.running())
        if (away := self.home / "away").exists():
            away.rename(self.home / "share")

    def leave(self) -> None:
        """Nobody listens, and there is no directory."""
        self.rsyslog.stop(signal.SIGKILL)
        self.running.close()
        (self.home / "share").rename(self.home / "away")

    def fall_silent(self) -> None:
        """Connections are taken by the kernel, and nobody reads."""
        self.rsyslog.start()
        assert self.rsyslog.process is not None
        self.rsyslog.process.send_signal(signal.SIGSTOP)
        self.silent = socket.create_server((HOST, self.hook.port), backlog=128)

    def end(self) -> None:
        """All of them, whatever state they are in."""
        self.running.close()
        if self.silent is not None:
            self.silent.close()
        self.rsyslog.stop(signal.SIGKILL)

    def found(self) -> dict[str, list[tuple[int, str]]]:
        """Number and id of what has come, by the destination's name."""
        lines = (self.home / "share" / "audit.jsonl").read_text().splitlines()
        each: dict[str, list[dict[str, Any]]] = {
            "syslog": self.rsyslog.entries(), "webhook": self.hook.entries, "file": [json.loads(line) for line in lines]}
        return {name: [(one["number"], one["id"]) for one in entries] for name, entries in each.items()}


class Writer:
    """Causes entries: groups that come and go, at a steady rate. Only this thread calls."""

    def __init__(self, world: World, rate: float) -> None:
        self._client = AdminClient(world.state, admit_password)
        self.a_second = rate
        self._pause = 1.0 / rate
        self.written = 0

    def write(self, seconds: float) -> list[float]:
        """For so long; gives what each command took."""
        took = []
        began = next_ = time.monotonic()
        while time.monotonic() < began + seconds:
            before = time.monotonic()
            if self.written % 2:
                self._client.call("DELETE", "/groups/passing")
            else:
                self._client.call("POST", "/groups", {"name": "passing"})
            self.written += 1
            took.append(time.monotonic() - before)
            next_ = max(next_ + self._pause, time.monotonic() - 1.0)
            time.sleep(max(next_ - time.monotonic(), 0.0))
        return took

    def exports(self) -> dict[str, dict[str, Any]]:
        """What the service says of its destinations, by name."""
        found: Any = self._client.call("GET", "/audit-exports")
        return {one["name"]: one for one in found}


def written(world: World, after: int = 0) -> list[tuple[int, str]]:
    """Number and id of all entries behind this one, in their order, from the store itself."""
    paths = StatePaths(world.state)
    store = open_store(paths, read_settings(paths), os.environ, lambda text: None)
    try:
        with store.reading() as reading:
            columns = sa.select(audit.c.number, audit.c.link).where(audit.c.number > after).order_by(audit.c.number)
            return [(row["number"], ExportedEntry("", row["number"], 0.0, "", "", "", {}, row["link"]).id)
                    for row in reading.rows(columns)]
    finally:
        store.close()


def p99(seconds: Sequence[float]) -> float:
    """Of these."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.99))]


@dataclass(slots=True)
class Outcome:
    """`took`, `asked`: seconds of commands and of requests, in the quiet time and during the outage."""

    took: tuple[list[float], list[float]]
    asked: tuple[list[float], list[float]]
    failed: int
    waiting: int
    #: Of each destination: what has come, seconds behind the outage until all was there, tries that have failed, and what the
    #: service says it has left out.
    arrived: Mapping[str, Arrived]
    whole_after: Mapping[str, float]
    tries: Mapping[str, int]
    left_out: int

    def rows(self) -> list[Row]:
        """Of a report: the outage beside the quiet time."""
        quiet, away = ([p99(one[at]) for one in (self.asked, self.took)] for at in (0, 1))
        return [
            Row("a small request, p99", "s", Series([away[0]]), Series([quiet[0]]), most_ratio=MOST_RATIO),
            Row("a command that changes something, p99", "s", Series([away[1]]), Series([quiet[1]]), most_ratio=MOST_RATIO),
            Row("the same, the slowest", "s", Series([max(self.took[1])]), Series([max(self.took[0])])),
            Row("requests that failed", "", Series([float(self.failed)]), most=0.0),
        ]

    def lines(self) -> list[str]:
        """What each receiver has."""
        return [
            f"{name}: {one.wanted:,} entries, {one.missing} missing, {one.doubles} came twice, {one.out_of_order} out of "
            f"order, {one.strange} that nobody has written; {self.tries[name]} tries failed in a row; all there "
            f"{self.whole_after[name]:.1f} s after the outage"
            for name, one in self.arrived.items()]

    @property
    def is_good(self) -> bool:
        """Nothing was lost, and nothing has blocked."""
        return (all(one.is_whole for one in self.arrived.values()) and not self.left_out and not self.failed
                and all(not row.verdict().startswith("beyond") for row in self.rows()))


def run(world: World, receivers: Receivers, seconds: float, rate: float, say: Callable[[str], None]) -> Outcome:
    """One outage of all three, on a system that is ready. Raises Void where a receiver has heard nothing before it."""
    writer = Writer(world, rate)
    receivers.begin()
    receivers.add(world)
    first = written(world)[-1][0]
    with Beside(world) as quiet:
        before = writer.write(QUIET)
    settle(writer, say)
    say(f"all flows; {writer.written} entries")
    with Beside(world) as beside:
        receivers.leave()
        during = writer.write(seconds / 2)
        receivers.fall_silent()
        during += writer.write(seconds / 2)
    exports = writer.exports()
    tries = {name: one["failures"] for name, one in exports.items()}
    waiting = min(one["waiting"] for one in exports.values())
    say(f"{waiting:,} entries wait for each receiver, which are back now")
    receivers.begin()
    after = settle(writer, say)
    wanted = [one for one in written(world) if one[0] > first]
    found = {name: [one for one in entries if one[0] > first] for name, entries in receivers.found().items()}
    return Outcome(
        (before, during), (quiet.seconds, beside.seconds), quiet.failed + beside.failed, waiting,
        {name: compare(wanted, found[name]) for name in NAMES}, after, tries,
        sum(one["refused"] + one["lost"] for one in writer.exports().values()))


def settle(writer: Writer, say: Callable[[str], None]) -> dict[str, float]:
    """Until nothing waits, while entries go on being written; gives after how many seconds each destination had caught up.
    Raises Void where that does not come.
    """
    began, after = time.monotonic(), dict[str, float]()
    while len(after) < len(NAMES):
        if time.monotonic() > began + PATIENCE:
            raise Void(f"{sorted(set(NAMES) - set(after))} are not whole after {PATIENCE:g} s")
        writer.write(0.5)
        # What was written in the last second is on its way.
        for name, one in writer.exports().items():
            if name not in after and not one["failures"] and one["waiting"] <= writer.a_second:
                after[name] = time.monotonic() - began
                say(f"{name} has caught up")
    deadline = time.monotonic() + PATIENCE
    while any(one["waiting"] for one in writer.exports().values()):
        if time.monotonic() > deadline:
            raise Void("entries wait, though nothing more is written")
        time.sleep(0.2)
    return after


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code is 1 where something is missing, or somebody has waited."""
    parser = argparse.ArgumentParser(prog="python -m bench.outages", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the receivers are away")
    parser.add_argument("--rate", type=float, default=20.0, help="entries a second")
    given = parser.parse_args(arguments)

    def say(text: str) -> None:
        print(f"{text} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        (Path(name) / "logs").mkdir()
        receivers = Receivers.make(Path(name) / "receivers")
        try:
            with Supervisor(Path(name) / "logs", environment()) as supervisor:
                world = World(Path(name), supervisor)
                world.build()
                outcome = run(world, receivers, given.seconds, given.rate, say)
        except (AppProxyError, AssertionError) as error:
            print(f"the run is void: {error}", file=sys.stderr)
            return 1
        finally:
            receivers.end()
    print(f"away for {given.seconds:g} s, {given.rate:g} entries a second; load of the machine: {os.getloadavg()[0]:.1f}")
    print("\n".join(outcome.lines()))
    print(table(outcome.rows(), ("away", "before")))
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
