"""A soak: users without a pause, and one fault after the other, drawn from a table; then all is to be as it was.

    make soak                       half an hour
    make soak SOAK_SECONDS=300      less
    make soak SOAK_SEED=7           the same faults in the same order
    tests/with-postgresql make soak the database is a server's, which goes away and freezes

It ends with code 1 when a request failed that no fault excuses, when an answer was not what its request should bring, or when
memory, files or tables are not back. Each fault says what it may cost: nothing, or requests in the hands of what was killed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end import load, network, soak_faults
from tests.end_to_end.behaviours import large, slow
from tests.end_to_end.cable import Cable
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.lossy_link import why_not
from tests.end_to_end.postgresql import cable_to_server, empty_database
from tests.end_to_end.soak_faults import Soaked
from tests.end_to_end.system import CONNECTORS, System
from tests.end_to_end.test_fault_changes import AHEAD, serial
from tests.end_to_end.wire import Cut, Wire
from tests.end_to_end.world import PATIENCE, environment, until

SECONDS = 1800.0
#: Users of each application; two applications, one with a sign-in.
USERS = 3
#: What memory may have grown by: the first uses of things that are imported and cached late, and what malloc keeps.
MEMORY_MIB = 40.0
#: Rounds without a fault at the end, and what memory may differ by from one to another.
QUIET, QUIET_MIB = 4, 2.0
#: Files more than before: idle data connections and kept ones to the application come and go.
FILES = 40


@dataclass(slots=True)
class Fault:
    """What is done to the system. `excuses`: may requests fail that were under way meanwhile?"""

    name: str
    do: Callable[[Any, random.Random], None]
    excuses: bool = False


@dataclass(slots=True)
class Report:
    """What came of it. Failures are by user and application; those of faults that excuse them are apart."""

    seconds: float
    faults: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    #: After each quiet round.
    quiet: list[dict[str, float]] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All that should not be."""
        found = [f"{count} requests of {user} failed" for user, count in sorted(self.failed.items())]
        for name, value in self.after.items():
            before = self.before.get(name, 0.0)
            if value > before + (MEMORY_MIB if name.endswith("MiB") else FILES if name.endswith("files") else 0.0):
                found.append(f"{name}: {value:g}, and {before:g} at the start")
        for name in (name for name in self.after if name.endswith("MiB") and self.quiet):
            each = [one[name] for one in self.quiet]
            if max(each) - min(each) > QUIET_MIB:
                found.append(f"{name}: {', '.join(f'{one:g}' for one in each)} in quiet rounds, more than {QUIET_MIB:g} apart")
        return found

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.seconds:.0f} s; {sum(self.done.values())} requests answered right, each body compared"
        yield "faults: " + ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        for user in sorted({*self.done, *self.failed, *self.excused}):
            yield f"  {user}: {self.done[user]} right, {self.failed[user]} failed, {self.excused[user]} failed and excused"
        yield "before: " + json.dumps(self.before)
        yield "after:  " + json.dumps(self.after)
        yield from ("quiet:  " + json.dumps(one) for one in self.quiet)
        yield from (f"  {reason}" for reason in self.reasons[:20])
        yield from (f"WRONG: {one}" for one in self.wrong)


class Users:
    """A context: within it users ask two applications, each on a connection of their own, and compare what they get."""

    def __init__(self, system: System, report: Report) -> None:
        self._system = system
        self.report = report
        self._over = threading.Event()
        self._lock = threading.Lock()
        #: Set while a fault is made that excuses failures; each request is excused that was under way at any time of it.
        self.excuse = Excuse()
        visitor = system.alice()
        named = [(f"{name}/{number}", name, None if name == "raw" else visitor)
                 for name in ("raw", "held") for number in range(USERS)]
        self._threads = [threading.Thread(target=self._use, args=one, daemon=True) for one in named]

    def __enter__(self) -> Users:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(90)

    def _use(self, user: str, name: str, visitor: object) -> None:
        wire: Wire | None = None
        turn = 0
        while not self._over.is_set():
            turn += 1
            habit, case = load.HABITS[turn % len(load.HABITS)], f"soak-{user}-{turn}"
            began = usual_seconds()
            try:
                wire = wire or Wire(self._system, name, visitor=visitor)  # type: ignore[arg-type]
                habit(wire, case)
                fault = ""
            except (OSError, Cut, AssertionError) as error:
                fault = f"{case} {habit.__name__}: {error!r}"[:300]
            if wire is not None and (fault or wire.is_last):
                wire.close()
                wire = None
            self._note(user, fault, began)
        if wire is not None:
            wire.close()

    def _note(self, user: str, fault: str, began: float) -> None:
        report = self.report
        with self._lock:
            if not fault:
                report.done[user] += 1
                return
            excused = self.excuse.covers(began)
            (report.excused if excused else report.failed)[user] += 1
            if not excused:
                report.reasons.append(fault)
        time.sleep(0.1)


class Excuse:
    """From when to when a fault excused failures last; it goes on for a while, in which what was lost is noticed."""

    #: A request that was lost with a killed connector is given up after 5 s in limbo.
    AFTER = 8.0

    def __init__(self) -> None:
        self._until = 0.0
        self._holds = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Failures are excused meanwhile."""
        self._holds = True
        try:
            yield
        finally:
            self._until, self._holds = usual_seconds() + self.AFTER, False

    def covers(self, began: float) -> bool:
        """Is a request excused that began then, and has failed now?"""
        return self._holds or began < self._until


# The faults.


def stop_connector(system: System, chance: random.Random) -> None:
    """SIGTERM, and a new start; the other one goes on."""
    name = chance.choice(CONNECTORS)
    system.supervisor.end(name, 60)
    system.start_connector(name)


def kill_connector(system: System, chance: random.Random) -> None:
    """SIGKILL, and a new start."""
    name = chance.choice(CONNECTORS)
    system.kill(name)
    system.start_connector(name)


def reload_service(system: System, chance: random.Random) -> None:
    """The next process takes over."""
    old = process_of(system)
    os.kill(old, signal.SIGHUP)
    until(lambda: process_of(system) not in (0, old), "no new process serves", 90)


def change_settings(system: System, chance: random.Random) -> None:
    """An application's, several times, and one that comes and goes."""
    for _ in range(5):
        system.set("raw", connect_timeout=f"{chance.randint(5, 20)}")
    system.application("passing", system.origin.url, preauth="passthrough")
    system.call("DELETE", "/applications/passing")
    system.set("raw", connect_timeout="")


def renew_connector(system: System, chance: random.Random) -> None:
    """One is started with a clock that is 200 days ahead, gets another certificate, and is started again by the true clock."""
    name = chance.choice(CONNECTORS)
    before = serial(system, name)
    system.supervisor.end(name, 60)
    command = [sys.executable, "-c", AHEAD, *twistd("appproxy-connector", "--state", str(system.directory / name))[3:]]
    if isinstance(system, Soaked):
        command = system.as_connector(command)
    system.supervisor.start(name, command, "appproxy-connector ready and connected", PATIENCE)
    until(lambda: serial(system, name) != before, "the certificate is not renewed", 60)
    system.supervisor.end(name, 60)
    system.start_connector(name)


def move_connector(system: System, chance: random.Random) -> None:
    """One leaves the group of the applications for a moment; what it has it ends."""
    id_ = system.ids[chance.choice(CONNECTORS)]
    system.call("POST", f"/connectors/{id_}/move", group="elsewhere")
    time.sleep(1.0)
    system.call("POST", f"/connectors/{id_}/move", group="default")


FAULTS: Sequence[Fault] = (
    Fault("connector stopped", stop_connector), Fault("connector killed", kill_connector, excuses=True),
    Fault("connector frozen", soak_faults.freeze_connector), Fault("service reloaded", reload_service),
    Fault("settings changed", change_settings), Fault("connector moved", move_connector),
    Fault("certificate renewed", renew_connector), Fault("service stopped", soak_faults.stop_service, excuses=True),
    Fault("service killed", soak_faults.kill_service, excuses=True), Fault("service frozen", soak_faults.freeze_service),
    Fault("files used up", soak_faults.use_up_files, excuses=True), Fault("clock set", soak_faults.set_clock),
)
#: What befalls a database that is a file.
OF_FILE: Sequence[Fault] = (Fault("database locked", soak_faults.lock_database),)
#: What befalls a `Soaked` system alone.
SURROUNDINGS: Sequence[Fault] = (
    Fault("tunnel cut", soak_faults.cut_tunnel, excuses=True), Fault("packets lost", soak_faults.lose_packets),
    Fault("name moved", soak_faults.move_name), Fault("disk full", soak_faults.fill_disk),
)


def of_server(cable: Cable) -> Sequence[Fault]:
    """What befalls a database that is a server's."""
    return (Fault("database away", lambda system, chance: soak_faults.stop_server(system, cable)),
            Fault("database frozen", lambda system, chance: soak_faults.freeze_server(system, cable)))


def process_of(system: System) -> int:
    """Which process serves; 0: none answers at the moment."""
    try:
        return int(system.call("GET", "/alive")["process"])
    except Exception:
        return 0


def measured(system: System) -> dict[str, float]:
    """Memory and files of each program, and what tables hold that users have come to."""
    pids = {"service": until(lambda: process_of(system), "the service is mute", 60)}
    pids.update({name: system.supervisor.find(name).process.pid for name in CONNECTORS})
    found: dict[str, float] = {}
    for name, pid in pids.items():
        status = Path(f"/proc/{pid}/status").read_text()
        found[f"{name} MiB"] = round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)
        found[f"{name} files"] = len(os.listdir(f"/proc/{pid}/fd"))
    found["requests in flight"] = system.in_flight()
    found["connectors not online"] = len(CONNECTORS) - system.online()
    found.update({f"rows of {table}": count for table, count in soak_faults.rows(system).items()})
    return found


def soak(
    system: System, seconds: float, seed: int, faults: Sequence[Fault] = FAULTS, say: Callable[[str], None] = print,
    quiet: float = 0.0,
) -> Report:
    """Run it on a system that has been built; then so many seconds for each quiet round, 0 for none."""
    chance, report = random.Random(seed), Report(seconds)
    system.origin.on("/large", large)
    system.origin.on("/slow", slow)
    if not any(one["name"] == "elsewhere" for one in system.call("GET", "/connector-groups")):
        system.call("POST", "/connector-groups", name="elsewhere")
    with Users(system, report) as users:
        time.sleep(min(5.0, seconds / 5))  # what is imported and cached at first use is there by then
        report.before = measured(system)
        report.before["requests in flight"] = 0
        _befall(system, users, chance, faults, say)
        for _ in range(QUIET if quiet else 0):
            time.sleep(quiet)
            report.quiet.append({name: each for name, each in measured(system).items() if name.endswith("MiB")})
    until(lambda: system.in_flight() == 0, "requests are still under way", 30)
    report.after = measured(system)
    return report


def _befall(
    system: System, users: Users, chance: random.Random, faults: Sequence[Fault], say: Callable[[str], None]
) -> None:
    """Each once, in an order of chance, then whatever comes, until the time is over."""
    report = users.report
    end, turn, rest = time.monotonic() + report.seconds, 0, chance.sample(list(faults), len(faults))
    while time.monotonic() < end:
        fault = rest.pop() if rest else chance.choice(list(faults))
        turn += 1
        say(f"{turn}: {fault.name}")
        if fault.excuses:
            with users.excuse.hold():
                fault.do(system, chance)
        else:
            fault.do(system, chance)
        report.faults[fault.name] += 1
        until(lambda: system.online() == len(CONNECTORS), f"not all connectors are back after: {fault.name}", 60)
        time.sleep(min(chance.uniform(0.5, 8.0), max(0.0, end - time.monotonic())))


def main() -> int:
    """`make soak`."""
    seconds, seed = float(os.environ.get("SOAK_SECONDS") or SECONDS), int(os.environ.get("SOAK_SEED") or time.time())  # noqa: TID251
    network.enter_own()
    kind: type[System] = System
    if why := why_not():
        print(f"without lost packets, moved names and a full disk: {why}", flush=True)
    else:
        soak_faults.enter_mounts()
        kind = Soaked
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        (directory / "logs").mkdir()
        faults, database = [*FAULTS, *OF_FILE], None
        if "APPPROXY_TEST_POSTGRESQL" in os.environ:
            cable = stack.enter_context(cable_to_server())
            faults, database = [*FAULTS, *of_server(cable)], stack.enter_context(empty_database(cable))
        supervisor = stack.enter_context(Supervisor(directory / "logs", environment()))
        system = kind(directory, supervisor, database=database)
        system.build()
        print(f"soaking for {seconds:g} s, SOAK_SEED={seed}", flush=True)
        faults += SURROUNDINGS if isinstance(system, Soaked) else []
        report = soak(system, seconds, seed, faults, lambda text: print(text, flush=True), min(30.0, seconds / 30))
        supervisor.stop()
        if isinstance(system, Soaked):
            system.stop()
        else:
            system.origin.stop()
    print("\n".join(report.lines()))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
