"""Two workers of one connector: the service sees one connector, and users notice nothing of what becomes of either."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from appproxy.config import ConnectorPaths
from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.load import Load
from tests.end_to_end.ports import free_port
from tests.end_to_end.system import CONNECTORS, DRAIN_SECONDS, System, ports_of
from tests.end_to_end.test_fault_changes import AHEAD, serial
from tests.end_to_end.test_reload import is_there
from tests.end_to_end.wire import Wire
from tests.end_to_end.world import PATIENCE, appproxy, environment, until

WORKERS = 2
#: The connector that has them; the other one of the system is one process.
SEVERAL = CONNECTORS[0]


class WithWorkers(System):
    """A system whose first connector has several workers."""

    metrics_port: int

    def start_connector(self, name: str) -> None:
        """Say so in its settings before."""
        path = ConnectorPaths(self.directory / name).settings
        if name == SEVERAL and "\nworkers = " not in path.read_text():
            self.metrics_port = free_port()
            path.write_text(f'metrics_listen = "127.0.0.1:{self.metrics_port}"\nworkers = {WORKERS}\n' + path.read_text())
        System.start_connector(self, name)

    @property
    def parent(self) -> int:
        """The process that a service manager watches."""
        return self.supervisor.find(SEVERAL).process.pid

    def processes(self) -> set[int]:
        """Those of the workers."""
        return set(map(int, Path(f"/proc/{self.parent}/task/{self.parent}/children").read_text().split()))

    def shown(self) -> dict[str, object]:
        """What the service says of it."""
        found: dict[str, object] = self.call("GET", f"/connectors/{self.ids[SEVERAL]}")
        return found

    def whole(self) -> bool:
        """Are all workers at the service, and none of before?"""
        shown = self.shown()
        return bool(shown["online"]) and (shown["workers"], shown["signal_connections"]) == (WORKERS, 2 * WORKERS)

    def page(self, path: str) -> str:
        """What the parent's page says."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    def metric(self, name: str) -> dict[str, float]:
        """Its values by worker, "" for those without that label."""
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(self.page("/metrics")):
            for sample in (one for one in family.samples if one.name == name):
                worker = sample.labels.get("worker", "")
                found[worker] = found.get(worker, 0.0) + sample.value
        return found


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithWorkers]:
    """One of its own."""
    directory = tmp_path_factory.mktemp("connector-workers")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        system = WithWorkers(directory, supervisor)
        system.build()
        yield system
        system.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def there(system: WithWorkers) -> None:
    """Before each test everything is."""
    for name in CONNECTORS:
        if not system.running(name):
            system.start_connector(name)
    until(system.whole, "not all workers are at the service", 60)


def ask_many(system: WithWorkers, count: int, case: str) -> None:
    """So many requests at a time, each on a connection of its own, so that every process gets some."""
    wires = [Wire(system, "raw") for _ in range(count)]
    try:
        for number, wire in enumerate(wires):
            wire.request("GET", "/", f"{case} {number}")
        assert [wire.reply().status for wire in wires] == [200] * count
    finally:
        for wire in wires:
            wire.__exit__(None, None, None)


def test_it_is_one_connector_and_all_workers_serve(system: WithWorkers) -> None:
    """The list has it once; each of its processes has connections to the application."""
    listed = [one for one in system.call("GET", "/connectors") if one["name"] in CONNECTORS]
    assert len(listed) == len(CONNECTORS) and [one["workers"] for one in listed if one["name"] == SEVERAL] == [WORKERS]

    def all_serve() -> bool:
        ask_many(system, 12, "spread")
        counted = system.metric("appproxy_connector_node_up")
        return len(counted) == WORKERS and all(
            len(ports_of(process)) > 2 for process in system.processes())

    until(all_serve, "a worker carries nothing", 30)
    assert system.metric("appproxy_connector_requests_total")[""] > 0
    assert (system.page("/live"), system.page("/ready")) == ("ok\n", "ok\n")


def test_a_worker_that_is_killed(system: WithWorkers) -> None:
    """It is started again, and takes its place at the service; nobody else is disturbed."""
    before, total = system.processes(), system.metric("appproxy_connector_requests_total")[""]
    other = max(before)
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(system.processes()) == WORKERS and system.processes() != before, "it is not started again", PATIENCE)
    until(system.whole, "the service does not take it", PATIENCE)
    ask_many(system, 8, "after the kill")
    assert other in system.processes() and system.metric("appproxy_connector_requests_total")[""] >= total
    assert system.metric("appproxy_worker_restarts_total")[""] >= 1


def test_nobody_notices_a_reload(system: WithWorkers) -> None:
    """Not one request fails; the workers are others, and the parent is the same."""
    parent, before = system.parent, system.processes()
    with Load(system, streams=4) as load:
        load.more(20)
        os.kill(parent, signal.SIGHUP)
        until(lambda: not system.processes() & before, "the former workers do not end", DRAIN_SECONDS + 60)
        load.more(20)
    assert load.faults == []
    assert system.parent == parent and len(system.processes()) == WORKERS


def test_one_worker_renews_the_certificate_for_all(system: WithWorkers) -> None:
    """Their clocks are 200 days ahead, so that it is time for both at once; no request fails on the way."""
    system.supervisor.end(SEVERAL, PATIENCE)
    before = serial(system, SEVERAL)
    command = [sys.executable, "-c", AHEAD, *twistd("appproxy-connector", "--state", str(system.directory / SEVERAL))[3:]]
    with Load(system) as load:
        system.supervisor.start(SEVERAL, command, "appproxy-connector ready and connected", PATIENCE)
        system.supervisor.wait_for(system.supervisor.find(SEVERAL), "another worker has renewed the certificate", PATIENCE)
        load.more(30)
    assert load.faults == [] and serial(system, SEVERAL) != before
    said = system.supervisor.find(SEVERAL).output()
    # By their clock the new certificate is due at once: whoever has renewed or taken it waits for an hour. A worker that
    # starts only after that reads the new one, finds it due, and is the second to renew; it is never more.
    assert "cannot be renewed" not in said
    assert said.count("another worker has renewed the certificate") == 1
    assert said.count("the certificate has been renewed") <= WORKERS
    system.supervisor.end(SEVERAL, PATIENCE)


def test_a_copy_of_its_certificate_is_turned_away(system: WithWorkers) -> None:
    """Elsewhere it is another parent's, whatever number of workers it has."""
    copy = system.directory / "copy"
    shutil.copytree(system.directory / SEVERAL, copy)
    settings = ConnectorPaths(copy).settings
    settings.write_text(re.sub(r"metrics_listen = .*\n", "", settings.read_text(), count=1))
    system.supervisor.start("copy", twistd("appproxy-connector", "--state", str(copy)), "another process uses", PATIENCE)
    system.supervisor.end("copy")
    assert system.whole()


def test_another_connector_joins_from_its_directory(system: WithWorkers) -> None:
    """As its log says to do it, while it still runs: it goes on as it is, loses nothing, and is the new one when restarted."""
    before = serial(system, SEVERAL)
    with Load(system, streams=2) as load:
        token = system.admin("connector", "token").strip()
        joined = appproxy("connector", "join", token, "--state", str(system.directory / SEVERAL), "--name", SEVERAL, "--again")
        assert joined.code == 0 and "restart the one that runs" in joined.out, joined.err
        system.supervisor.wait_for(
            system.supervisor.find(SEVERAL), "another connector has joined from this state directory", PATIENCE)
        load.more(20)
    assert load.faults == [] and system.whole() and serial(system, SEVERAL) == before
    system.supervisor.end(SEVERAL, PATIENCE)
    found = re.search(r"connector ([0-9a-f]{16})", joined.out)
    assert found is not None
    system.ids[SEVERAL] = found[1]
    system.start_connector(SEVERAL)
    until(system.whole, "the new one is not at the service", PATIENCE)
    ask_many(system, 8, "the new one")


def test_a_stop_ends_all(system: WithWorkers) -> None:
    """Users go on at the other connector."""
    processes = system.processes()
    with Load(system, streams=2) as load:
        load.more(10)
        system.supervisor.end(SEVERAL, PATIENCE)
        load.more(10)
    assert load.faults == [] and not any(map(is_there, processes))
