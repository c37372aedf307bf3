"""Many connectors at several nodes over one PostgreSQL: how long until all links are up, and what each costs.

    tests/with-postgresql python -m bench.links [--connectors 200] [--nodes 4] [--processes 4]

Nodes and connectors are started at the same moment; the connectors are light ones (`bench.light_connectors`), many in a
process.
Links are TLS connections: two signal connections and the idle data connections of each connector at each node.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from appproxy.config import Address, ConnectorPaths, StatePaths, dump_service, load_service
from appproxy.config.connector import ConnectorSettings, dump_connector
from appproxy.config.service import ServiceSettings
from appproxy.connector.enrol.identity import Identity, IdentityFiles
from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.pki import Credential, certificate_request, new_key, public_key_from_request
from appproxy.pki.issuing.authority import issue_connector
from appproxy.service.own.control import shown
from appproxy.store.connectors import connectors
from appproxy.store.service import keys
from appproxy.store.transaction import Transaction
from appproxy.twistd.state import create_state
from bench.applications import writing
from bench.light_connectors import LEAST_AT_A_NODE, name_of
from bench.measure import Void, cpu_seconds, memory
from tests.end_to_end.postgresql import empty_database
from tests.end_to_end.world import DOMAIN, PATIENCE, World, environment

#: Bars: seconds until all links are up after everything was started, and KiB of a node for an idle link.
MOST_SECONDS, MOST_KIB = 30.0, 60.0
#: Seconds in which what was busy settles before memory is looked at.
_SETTLES = 5.0
_DAYS = 30


@dataclass(frozen=True, slots=True)
class Links:
    """What came of it. Times in seconds since the start of everything, memory in KiB a link, by node."""

    links: int
    ready: float
    all_up: float
    kib: tuple[float, ...]
    handshake_ms: float

    @property
    def wrong(self) -> list[str]:
        """Bars that are not met."""
        late = [f"all links after {self.all_up:.1f} s, and {MOST_SECONDS:g} are allowed"] * (self.all_up > MOST_SECONDS)
        return late + [f"{each:.1f} KiB a link, and {MOST_KIB:g} are allowed" for each in self.kib if each > MOST_KIB]


@dataclass(slots=True)
class Fleet(World):
    """Several nodes of this machine, each on an address of its own, and connectors that were made by the rows they have."""

    database: str = ""
    nodes: int = 2
    connectors: int = 0
    processes: list[str] = field(default_factory=list)

    def build(self) -> None:
        """The nodes' directories; nothing runs yet."""
        settings = ServiceSettings(
            domain=DOMAIN, listen=Address("127.0.0.1", self.port), tunnel_listen=Address("127.0.0.1", self.tunnel_port),
            tunnel_address=f"127.0.0.1:{self.tunnel_port}", database_url=self.database)
        create_state(self.state, settings, datetime.now(UTC).timestamp(), os.environ)
        for number in range(self.nodes):
            self._make(number)

    def directory_of(self, number: int) -> Path:
        """A node's state directory; the first one's is the service's."""
        return self.state if number == 0 else self.directory / f"node-{number}"

    def _make(self, number: int) -> None:
        first, paths, address = StatePaths(self.state), StatePaths(self.directory_of(number)), f"127.0.0.{number + 1}"
        if number:
            paths.directory.mkdir(mode=0o700)
            shutil.copy(first.master_key, paths.master_key)
        settings = load_service(first.settings.read_text(), "service.toml")
        paths.settings.write_text(dump_service(replace(
            settings, listen=Address(address, self.port), tunnel_listen=Address(address, self.tunnel_port),
            tunnel_advertise=f"{address}:{self.tunnel_port}", node_name=f"n{number}")))

    def enrol(self, count: int) -> None:
        """So many connectors, in one transaction, each with its state directory."""
        with writing(self) as tx:
            for number in range(count):
                self._enrol(tx, name_of(number))
        self.connectors = count

    def _enrol(self, tx: Transaction, name: str) -> None:
        key, id_ = new_key(), tx.new_id()
        public = public_key_from_request(certificate_request(key))
        certificate = issue_connector(keys.authority(tx), public, id_, tx.now, _DAYS, tx.random_bytes(16))
        connectors.enrol(tx, id_, name, "default", shown(certificate))
        settings = ConnectorSettings(address=f"127.0.0.1:{self.tunnel_port}", name=f"connect.{DOMAIN}", id=id_)
        IdentityFiles(ConnectorPaths(self.directory / name)).create(
            Identity(Credential(certificate, key), keys.trust_bundle(tx)), dump_connector(settings))

    def start_nodes(self, wait: bool = True) -> None:
        """All of them at once."""
        for number in range(self.nodes):
            command = twistd("appproxy-service", "--state", str(self.directory_of(number)))
            self.supervisor.start(f"node {number}", command)
        if wait:
            self.wait_for_nodes()

    def wait_for_nodes(self) -> None:
        """All serve."""
        for number in range(self.nodes):
            self.supervisor.wait_for(self.supervisor.find(f"node {number}"), "appproxy-service ready on https://", PATIENCE)

    def pids(self) -> list[int]:
        """Of the nodes."""
        return [self.supervisor.find(f"node {number}").process.pid for number in range(self.nodes)]

    def start_light(self, processes: int) -> None:
        """All connectors, in so many processes."""
        each = -(-self.connectors // processes)
        for first in range(0, self.connectors, each):
            name = f"light from {first}"
            arguments = [str(self.directory), str(self.nodes), str(first), str(min(each, self.connectors - first))]
            self.supervisor.start(name, [sys.executable, "-m", "bench.light_connectors", *arguments])
            self.processes.append(name)

    def whole_at(self) -> float | None:
        """When the last process had all its links, by the monotonic clock; None: not yet."""
        found = [_last(self.supervisor.find(name).log)["whole_at"] for name in self.processes]
        return None if None in found else max(one for one in found if one is not None)


def _last(log: Path) -> dict[str, float | None]:
    lines = [line for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
    found: dict[str, float | None] = json.loads(lines[-1]) if lines else {"whole_at": None}
    return found


def run(directory: Path, database: str, count: int, nodes: int, processes: int, say: Callable[[str], None]) -> Links:
    """Raises Void where it takes ten times as long as it may."""
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        fleet = Fleet(directory, supervisor, database=database, nodes=nodes)
        fleet.build()
        fleet.enrol(count)
        fleet.start_nodes()
        time.sleep(_SETTLES)
        empty = [memory([pid]) for pid in fleet.pids()]
        for number in range(nodes):
            supervisor.end(f"node {number}", 30)
        say(f"{nodes} nodes without connectors: {', '.join(f'{each / 2**20:.0f}' for each in empty)} MiB")
        began = time.monotonic()
        fleet.start_nodes(wait=False)
        fleet.start_light(processes)
        fleet.wait_for_nodes()
        ready, before = time.monotonic() - began, cpu_seconds(fleet.pids())
        while (whole := fleet.whole_at()) is None:
            if time.monotonic() - began > 10 * MOST_SECONDS:
                raise Void(f"not all links are up: {[_last(supervisor.find(name).log) for name in fleet.processes]}")
            time.sleep(0.1)
        at_a_node = count * sum(LEAST_AT_A_NODE)
        cost = (cpu_seconds(fleet.pids()) - before) / at_a_node / nodes
        time.sleep(_SETTLES)
        full = [memory([pid]) for pid in fleet.pids()]
        kib = tuple((after - before) / 1024 / at_a_node for after, before in zip(full, empty, strict=True))
        return Links(at_a_node * nodes, ready, whole - began, kib, cost * 1000)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code is 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connectors", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--processes", type=int, default=4)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name, empty_database() as database:
        found = run(Path(name), database, given.connectors, given.nodes, given.processes, print)
    kib = ", ".join(f"{each:.1f}" for each in found.kib)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}; {found.links:,} links; nodes ready after {found.ready:.1f} s, "
          f"all links up after {found.all_up:.1f} s; {kib} KiB a link; {found.handshake_ms:.2f} ms of a node's CPU time "
          "for each, once it was ready")
    for one in found.wrong:
        print(f"missed: {one}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
