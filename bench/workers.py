"""Several workers beside one: what a request costs, how much each is worth, and how evenly connections are spread.

    python -m bench.workers requests [--workers 4] [--quota 10] [--rounds 3]   # wrk; CPU time a request, rates under a quota
    python -m bench.workers requests --connector-workers 2 --workers 2         # the connector has several, too
    python -m bench.workers connections [--workers 4]                          # CPU time of a connection with its handshake
    python -m bench.workers spread [--workers 4]                              # three ways to share a listener

A quota is a percentage of one core for each worker (cgroup v1, root): where all have the same, rates say what each is worth
although the machine has fewer cores, or other work.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import ssl
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from appproxy.config import StatePaths, dump_service, load_service
from appproxy.demo.supervisor import Supervisor, twistd
from bench.measure import Target, cpu_seconds, family, memory, requests
from bench.reference import Reference
from tests.end_to_end.world import DOMAIN, PATIENCE, World, environment

_CGROUP = Path("/sys/fs/cgroup/cpu")
_SECONDS = 4.0
#: For each worker: what is done at once costs less, so all must have as much to do.
_CONNECTIONS = 32


@dataclass(slots=True)
class Several(World):
    """One whose service has so many workers; 1 is a single process."""

    workers: int = 1
    connector_workers: int = 1

    def start_connector(self, name: str) -> None:
        command = twistd("appproxy-connector", "--state", str(self.directory / name))
        self.supervisor.start(name, [*command, "--workers", str(self.connector_workers)],
                              "appproxy-connector ready and connected", PATIENCE)

    def start_service(self) -> None:
        path = StatePaths(self.state).settings
        path.write_text(dump_service(replace(load_service(path.read_text(), "service.toml"), workers=self.workers)))
        World.start_service(self)

    def processes(self) -> list[int]:
        """All of the service, the parent first."""
        return family(self.supervisor.find("service").process.pid)

    def of_connector(self) -> list[int]:
        """All of the connector."""
        return family(self.supervisor.find("connector").process.pid)


@contextmanager
def system(workers: int, connector_workers: int = 1) -> Iterator[Several]:
    """One connector, an nginx as application; ends with the block."""
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        directory = Path(name)
        for one in ("logs", "nginx"):
            (directory / one).mkdir()
        with Supervisor(directory / "logs", environment()) as supervisor:
            world = Several(directory, supervisor, workers=workers, connector_workers=connector_workers)
            world.build()
            world.publish("small", Reference(directory / "nginx", supervisor).start_application(1), "--preauth", "passthrough")
            time.sleep(4.0)  # connectors find all workers
            yield world


@contextmanager
def quota(world: Several, percent: float) -> Iterator[None]:
    """Hold each process that serves to so much of a core; 0: to nothing."""
    groups = []
    for number, pid in enumerate((world.processes()[1:] or world.processes()) if percent else ()):
        group = _CGROUP / f"appproxy-bench-{os.getpid()}-{number}"
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text("20000")
        (group / "cpu.cfs_quota_us").write_text(str(round(200 * percent)))
        (group / "cgroup.procs").write_text(str(pid))
        groups.append(group)
    try:
        yield
    finally:
        for group in groups:
            for held in (group / "cgroup.procs").read_text().split():
                (_CGROUP / "cgroup.procs").write_text(held)
            group.rmdir()


def measure_requests(counts: tuple[int, ...], percent: float, rounds: int, connector_workers: int = 1) -> None:
    """Small requests on kept connections. One process of the service is measured with one of the connector."""
    figures: dict[int, tuple[list[float], list[float]]] = {}
    for _ in range(rounds):
        for workers in counts:
            with system(workers, connector_workers if workers > 1 else 1) as world:
                target = Target(f"https://127.0.0.1:{world.port}/small", f"small.{DOMAIN}:{world.port}")
                requests(target, _CONNECTIONS * workers, 2.0)
                cost, rate = figures.setdefault(workers, ([], []))
                with quota(world, percent):
                    pids, inner = world.processes(), world.of_connector()
                    before, before_inner = cpu_seconds(pids), cpu_seconds(inner)
                    load = requests(target, _CONNECTIONS * workers, _SECONDS)
                    cost.append((cpu_seconds(pids) - before) / load.requests * 1e6)
                    of_connector = (cpu_seconds(inner) - before_inner) / load.requests * 1e6
                rate.append(load.rate)
                print(f"  {workers} workers: {cost[-1]:.0f} us of CPU a request, {of_connector:.0f} at the connector, "
                      f"{load.rate:.0f} requests/s, "
                      f"{memory(pids) / 1e6:.0f} MB of all", flush=True)
    one, many = (figures[count] for count in counts)
    print(f"CPU time a request: {median(many[0]) / median(one[0]):.3f} of one process's; rate: "
          f"{median(many[1]) / median(one[1]):.2f} times one's" + (f", each with {percent:g} % of a core" if percent else ""))


def measure_connections(counts: tuple[int, ...], count: int = 1000) -> None:
    """TLS connections of users, one after the other, each with one request."""
    figures = []
    for workers in counts:
        with system(workers) as world:
            context = ssl.create_default_context(cafile=str(world.anchor))
            request = f"GET /small HTTP/1.1\r\nHost: small.{DOMAIN}:{world.port}\r\nConnection: close\r\n\r\n".encode()
            pids = world.processes()
            before = cpu_seconds(pids), cpu_seconds(pids[:1])
            for _ in range(count):
                plain = socket.create_connection(("127.0.0.1", world.port), 60)
                with context.wrap_socket(plain, server_hostname=f"small.{DOMAIN}") as user:
                    user.sendall(request)
                    assert user.recv(4096).startswith(b"HTTP/1.1 200 ")
            all_, first = 1e6 * (cpu_seconds(pids) - before[0]) / count, 1e6 * (cpu_seconds(pids[:1]) - before[1]) / count
            figures.append(all_)
            print(f"  {workers} workers: {all_:.0f} us of CPU a connection, {first:.0f} of the first process", flush=True)
    print(f"CPU time a connection: {figures[1] / figures[0]:.3f} of one process's")


# How connections are spread.

#: Seconds of work for each connection, as a TLS handshake is.
_WORK = 0.001


def _accepting(listening: socket.socket, done: int) -> None:
    """A child that accepts as Twisted does, as many as there are, and works a moment for each; tells each by its byte."""
    listening.setblocking(False)
    poll = select.epoll()
    poll.register(listening, select.EPOLLIN)
    while True:
        poll.poll()
        accepted = []
        with suppress(BlockingIOError):
            while True:
                accepted.append(listening.accept()[0])
        for one in accepted:
            until = time.process_time() + _WORK
            while time.process_time() < until:
                pass
            one.send(bytes((done,)))


def _shared(count: int) -> list[socket.socket]:
    """One socket that all have inherited."""
    found = socket.create_server(("127.0.0.1", 0), backlog=4096)
    return [found] * count


def _apart(count: int) -> list[socket.socket]:
    """One for each, on the same port (SO_REUSEPORT): the kernel chooses by a hash of both addresses."""
    first = socket.create_server(("127.0.0.1", 0), backlog=4096, reuse_port=True)
    return [first, *(socket.create_server(first.getsockname(), backlog=4096, reuse_port=True) for _ in range(count - 1))]


def measure_spread(workers: int, at_once: int = 64, rounds: int = 5) -> None:
    """The most that one of the workers has, as a multiple of an equal share."""
    for name, make in (("one socket, inherited", _shared), ("SO_REUSEPORT", _apart)):
        for pause in (0.0, 0.02):
            worst = [_most(make, workers, at_once, pause) for _ in range(rounds)]
            how = "one after the other" if pause else "at once"
            print(f"  {name}, {at_once} connections {how}: the busiest of {workers} has {median(worst):.2f} times its share")
    print(f"  given away by a parent in turn: 1.00 ({at_once} connections, {workers} workers)")


def _most(make: Callable[[int], list[socket.socket]], workers: int, count: int, pause: float) -> float:
    sockets = make(workers)
    children = []
    for number, listening in enumerate(sockets):
        child = os.fork()
        if not child:
            try:
                _accepting(listening, number)
            finally:
                os._exit(0)
        children.append(child)
    time.sleep(0.2)
    users = []
    for _ in range(count):
        users.append(socket.create_connection(sockets[0].getsockname()))
        time.sleep(pause)
    try:
        got = Counter(user.recv(1)[0] for user in users)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        for one in (*users, *sockets):
            one.close()
    return max(got.values()) * workers / count


def main() -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("requests", "connections", "spread"))
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--connector-workers", type=int, default=1)
    parser.add_argument("--quota", type=float, default=0.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    if chosen.what == "spread":
        measure_spread(chosen.workers)
    elif chosen.what == "connections":
        measure_connections((1, chosen.workers))
    else:
        measure_requests((1, chosen.workers), chosen.quota, chosen.rounds, chosen.connector_workers)


if __name__ == "__main__":
    main()
