"""Two workers of one service: users and connectors notice nothing of it, whatever becomes of either."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from appproxy.config import Address, StatePaths, dump_service, load_service
from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.behaviours import LARGE, accept_websocket
from tests.end_to_end.load import Load
from tests.end_to_end.origins import Call
from tests.end_to_end.ports import free_port
from tests.end_to_end.postgresql import empty_database
from tests.end_to_end.system import CONNECTORS, DRAIN_SECONDS, PROMPT, System
from tests.end_to_end.test_reload import is_there, process_of
from tests.end_to_end.visitor import Socket
from tests.end_to_end.wire import Wire
from tests.end_to_end.world import PATIENCE, environment, in_process, until

WORKERS = 2
#: What has nothing to do with the kind of database.
ON_FILE = pytest.mark.parametrize("system", ["file"], indirect=True, scope="module")
#: More than the idle data connections of two connectors.
LATE = 12
#: So many requests at a time, and hardly one more in the time of a test.
BURST = 200


@dataclass(slots=True)
class Workers(System):
    """A system whose service has several workers."""

    metrics_port: int = field(default_factory=free_port)

    def start_service(self) -> None:
        path = StatePaths(self.state).settings
        settings = load_service(path.read_text(), "service.toml")
        path.write_text(dump_service(replace(
            settings, workers=WORKERS, metrics_listen=Address("127.0.0.1", self.metrics_port))))
        System.start_service(self)

    def processes(self) -> set[int]:
        """Those of the workers."""
        parent = process_of(self)
        return set(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))

    def metric(self, name: str) -> dict[str, float]:
        """Its values by worker, "" for those without that label."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=60) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        found: dict[str, float] = {}
        for sample in (one for family in families for one in family.samples if one.name == name):
            worker = sample.labels.get("worker", "")
            found[worker] = found.get(worker, 0.0) + sample.value
        return found

    def connected(self) -> bool:
        """Is each connector at each worker?"""
        return list(self.metric("appproxy_connectors_online").values()) == [len(CONNECTORS)] * WORKERS


@pytest.fixture(scope="module", params=["file", "server"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """On either kind of database."""
    with ExitStack() as stack:
        database = stack.enter_context(empty_database()) if request.param == "server" else None
        directory = tmp_path_factory.mktemp("workers")
        (directory / "logs").mkdir()
        supervisor = stack.enter_context(Supervisor(directory / "logs", environment()))
        system = Workers(directory, supervisor, database=database)
        system.build()
        yield system
        system.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def whole(system: Workers) -> None:
    """Before each test everything is there."""
    if not system.running("service"):
        system.start_service()
    until(system.connected, "not every connector is at every worker", 60)


def served_by(wire: Wire, case: str, path: str = "/") -> str:
    """Which worker answers on this connection: ids of requests begin with what each process has for itself."""
    wire.request("GET", path, case)
    reply = wire.reply()
    assert (reply.status, reply.answers) == (200, case), f"{reply.status} {reply.body[:300]!r}"
    return reply.values("x-request-id")[0][:16]


def of_both(system: Workers, stack: ExitStack, name: str = "raw") -> dict[str, Wire]:
    """A connection to each worker, by what it calls itself; one that was just started gets users after a moment."""
    found: dict[str, Wire] = {}

    def both() -> bool:
        wire = stack.enter_context(Wire(system, name))
        found.setdefault(served_by(wire, f"of both {id(wire)}"), wire)
        return len(found) == WORKERS

    until(both, "one of the workers gets nobody", 20)
    return found


def test_users_are_spread_and_signed_in_at_all_workers(system: Workers) -> None:
    """Each connection goes to the next one; a sign-in may change the worker at each step. One log has all lines, whole."""
    with ExitStack() as stack:
        of_both(system, stack)
    alice = system.alice()
    workers: Counter[str] = Counter()
    for number in range(3 * WORKERS):
        with Wire(system, "held", visitor=alice) as wire:
            workers[served_by(wire, f"spread {number}")] += 1
    assert list(workers.values()) == [3] * WORKERS
    log = system.state / "access.log"
    until(lambda: all(f'"{worker}' in log.read_text() for worker in workers), "the lines are not there", 10)
    assert {json.loads(line)["request_id"][:16] for line in log.read_text().splitlines()} >= set(workers)


@ON_FILE
def test_a_change_is_live_at_all_workers(system: Workers) -> None:
    """Commands go to one of them; a moment later whoever comes out at another sees what was done."""
    name = f"new-{os.path.basename(system.directory)}"
    system.application(name, system.origin.url, preauth="passthrough")

    def live() -> bool:
        return [system.visitor().get(system.url(name)).status for _ in range(WORKERS)] == [200] * WORKERS

    until(live, "not every worker knows it", PROMPT)
    listed = [one for one in system.call("GET", "/nodes") if one["status"] == "active"]
    assert len(listed) == WORKERS and len({one["name"].partition(":")[0] for one in listed}) == 1
    system.call("DELETE", f"/applications/{name}")


def test_a_limit_of_an_address_holds_at_all_workers(system: Workers) -> None:
    """What one of them has let pass the other one hears of; what all together may send is divided."""
    # What passed before they knew each other nobody is told of.
    until(lambda: system.supervisor.find("service").output().count(" is here") >= WORKERS, "they do not know each other", 30)
    system.set("raw", address_rate=f"0.02/{BURST}")
    try:
        with ExitStack() as stack:
            one, two = of_both(system, stack).values()

            def statuses(wire: Wire, count: int) -> list[int]:
                found = []
                for number in range(count):
                    wire.request("GET", "/", f"limit {id(wire)} {number}")
                    found.append(wire.reply().status)
                return found

            until(lambda: 429 in statuses(one, BURST), "the first worker has no limit", 30)
            passed: list[int] = []

            def is_refused() -> bool:
                passed.extend(statuses(two, 1))
                return passed[-1] == 429

            until(is_refused, "the second worker has no limit", 60)
            assert len(passed) < BURST // 2, f"{len(passed)} of a limit of {BURST} that was used up elsewhere"
    finally:
        system.set("raw", address_rate="none")
        until(lambda: [system.visitor().get(system.url("raw")).status for _ in range(WORKERS)] == [200] * WORKERS,
              "a worker still has the limit", PROMPT)


@ON_FILE
def test_metrics_are_of_all_workers(system: Workers) -> None:
    """Requests are added up; what is there now is told apart."""
    before = system.metric("appproxy_requests_total").get("", 0.0)
    with ExitStack() as stack:
        of_both(system, stack)
        assert system.metric("appproxy_requests_total")[""] >= before + WORKERS
        connections = system.metric("appproxy_user_connections")
        assert len(connections) == WORKERS and min(connections.values()) >= 1
    for path in ("/live", "/ready"):
        with urlopen(f"http://127.0.0.1:{system.metrics_port}{path}", timeout=60) as answer:
            assert answer.read() == b"ok\n"


@ON_FILE
def test_a_worker_that_is_killed(system: Workers) -> None:
    """Only what was in its hands is lost; whoever comes next is served by the other one, and soon by both again."""
    before = system.processes()
    with ExitStack() as stack:
        wires = of_both(system, stack)
        total = system.metric("appproxy_requests_total")[""]
        os.kill(min(before), signal.SIGKILL)
        alive = []
        for worker, wire in wires.items():
            try:
                alive.append(served_by(wire, f"after {worker}") == worker)
            except Exception:  # whatever an end looks like
                continue
        assert alive == [True]
        for number in range(2 * WORKERS):
            with Wire(system, "raw") as wire:
                served_by(wire, f"meanwhile {number}")
    until(lambda: len(system.processes()) == WORKERS and system.processes() != before, "it is not started again", PATIENCE)
    until(system.connected, "connectors do not find the new one", PATIENCE)
    assert system.metric("appproxy_requests_total")[""] >= total, "what the one that is gone had counted is lost"
    assert system.metric("appproxy_worker_restarts_total")[""] >= 1
    with ExitStack() as stack:
        of_both(system, stack)


def test_nobody_notices_a_reload(system: Workers) -> None:
    """Not one request fails; the workers are others, the process that a service manager watches is the same."""
    held = threading.Event()

    def late(call: Call) -> bool:
        call.body()
        held.wait(60)
        call.answer(LARGE)
        return True

    system.origin.on("/late", late)
    parent, before = process_of(system), system.processes()
    with Load(system, streams=4) as load, ExitStack() as stack:
        wires = [stack.enter_context(Wire(system, "raw")) for _ in range(LATE)]
        for number, wire in enumerate(wires):
            wire.request("GET", "/late", f"late {number}")
        until(lambda: all(system.origin.about(f"late {number}") for number in range(LATE)), "not all have arrived")
        load.more(20)
        assert system.admin("reload") == f"process {parent} serves now\n"
        load.more(40)
        # These need data connections that are dialled now, for a worker that has been told to end.
        held.set()
        assert [wire.reply().body == LARGE for wire in wires] == [True] * LATE
        until(lambda: not any(map(is_there, before)), "the former workers do not end", DRAIN_SECONDS + 60)
        load.more(20)
    assert load.faults == []
    assert process_of(system) == parent and len(system.processes()) == WORKERS and not system.processes() & before


@ON_FILE
def test_websockets_over_workers(system: Workers) -> None:
    """They are spread, say what they hear, and end with their worker alone; who comes back is served at once."""
    system.origin.on("/words", say_again)
    with ExitStack() as stack:
        of_both(system, stack)
    visitor = system.visitor()
    streams = [Socket(visitor, system.url("raw", "/words")) for _ in range(2 * WORKERS)]
    for number, stream in enumerate(streams):
        stream.send(f"word {number}")
        assert stream.receive() == f"word {number}"
    os.kill(min(system.processes()), signal.SIGKILL)
    ended = [stream for stream in streams if stream.ends(2.0)]
    assert len(ended) == WORKERS, "those of one worker end, and no others"
    for stream in streams:
        if stream not in ended:
            stream.send("still there")
            assert stream.receive() == "still there"
            stream.close()
    again = Socket(visitor, system.url("raw", "/words"))
    again.send("back")
    assert again.receive() == "back"
    again.close()


def say_again(call: Call) -> None:
    """A WebSocket that says each small message that it hears."""
    accept_websocket(call)
    read = call.connection.read_exactly
    while True:
        kind, size = read(2)
        mask, said = read(4), read(size & 0x7F)
        call.send(bytes([kind, len(said)]) + bytes(one ^ mask[at % 4] for at, one in enumerate(said)))


@ON_FILE
def test_a_parent_that_is_killed(system: Workers) -> None:
    """Its workers answer what they have, and end; nothing of them is in the way of the next start."""
    arrived, held = threading.Event(), threading.Event()

    def late(call: Call) -> bool:
        call.body()
        arrived.set()
        held.wait(60)
        call.answer(b"all the same")
        return True

    system.origin.on("/late-answer", late)
    processes = system.processes()
    with Wire(system, "raw") as wire:
        wire.request("GET", "/late-answer", "late answer")
        assert arrived.wait(60)
        os.kill(process_of(system), signal.SIGKILL)
        held.set()
        assert wire.reply().body == b"all the same"
    until(lambda: not any(map(is_there, processes)), "workers without a parent go on", DRAIN_SECONDS + 60)
    system.supervisor.end("service")
    system.start_service()
    until(system.connected, "not every connector is at every worker", 60)


@ON_FILE
def test_a_worker_that_is_told_to_end(system: Workers) -> None:
    """Another one serves before it goes: not one request fails, and nobody is without a worker."""
    before = system.processes()
    with Load(system) as load:
        load.more(20)
        os.kill(min(before), signal.SIGTERM)
        until(lambda: not is_there(min(before)), "it does not end", DRAIN_SECONDS + 60)
        load.more(20)
    assert load.faults == []
    until(lambda: len(system.processes()) == WORKERS, "nobody is in its place", PATIENCE)
    until(system.connected, "connectors do not find the new one", PATIENCE)


@ON_FILE
def test_a_reload_that_cannot_be(system: Workers) -> None:
    """The command says why, and who serves goes on."""
    before = system.processes()
    key = system.state / "master.key"
    key.rename(system.state / "elsewhere")
    failed = in_process("--state", str(system.state), "reload")
    (system.state / "elsewhere").rename(key)
    assert failed.code == 1 and "the service goes on as it was: worker" in failed.err, failed.err
    assert system.processes() >= before
    with ExitStack() as stack:
        of_both(system, stack)


@ON_FILE
def test_a_stop_lets_all_workers_finish(system: Workers) -> None:
    """What is under way at each is answered, and nothing of it is left."""
    arrived, held = threading.Semaphore(0), threading.Event()

    def late(call: Call) -> bool:
        call.body()
        arrived.release()
        held.wait(60)
        call.answer(b"at last")
        return True

    system.origin.on("/at-last", late)
    processes = system.processes()
    with ExitStack() as stack:
        wires = of_both(system, stack)
        for number, wire in enumerate(wires.values()):
            wire.request("GET", "/at-last", f"at last {number}")
        for _ in wires:
            assert arrived.acquire(timeout=60)
        ending = threading.Thread(target=system.supervisor.end, args=("service", PATIENCE))
        ending.start()
        held.set()
        assert [wire.reply().body for wire in wires.values()] == [b"at last"] * WORKERS
        ending.join()
    assert not any(map(is_there, processes)) and not (system.state / "admin.sock").exists()
