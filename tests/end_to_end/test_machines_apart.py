"""Two machines in networks of their own, on a database with a standby on two more: whichever dies, nobody is signed out."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

import pytest

from appproxy.config import Address, ServiceSettings, StatePaths, dump_service, load_service
from appproxy.config.service import ServiceLimits
from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.errors import AppProxyError
from appproxy.twistd.state import create_state
from bench.operations.tally import Killed, percentile
from bench.operations.users import Load, Users, prepare
from bench.operations.users import Visitor as Asking
from tests.end_to_end.apart import Machines, why_not
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.replication import Replicated, programs, replicated
from tests.end_to_end.system import CONNECTORS, DRAIN_SECONDS, IN_FLIGHT, PROMPT
from tests.end_to_end.test_mesh import NODES, Mesh, hold_socket
from tests.end_to_end.visitor import Socket, Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, PATIENCE, environment, until

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
    pytest.mark.skipif(programs() is None, reason="PostgreSQL's programs are not installed"),
]
#: Changes whose time until they are live elsewhere is taken.
CHANGES = 20


class MachineVisitor(Visitor):
    """One whose connections come out at a machine."""

    def __init__(self, port: int, anchor: object, machine: str) -> None:
        super().__init__(port, anchor)  # type: ignore[arg-type]
        self._machine = machine

    def connect(self, host: str) -> ssl.SSLSocket:
        plain = socket.create_connection((self._machine, self.port), 60.0)
        return self._context.wrap_socket(plain, server_hostname=host)


@dataclass(slots=True)
class Apart(Mesh):
    """A mesh whose nodes are machines 0 and 1; connectors and users are here."""

    machines: Machines | None = None

    def build(self) -> None:
        assert self.machines is not None
        first = self.place("service")
        settings = ServiceSettings(
            domain=DOMAIN, listen=Address("0.0.0.0", self.port), tunnel_listen=Address("0.0.0.0", self.tunnel_port),
            tunnel_address=f"{first}:{self.tunnel_port}", drain_seconds=DRAIN_SECONDS, log_format="json",
            database_url=self.database, limits=ServiceLimits(in_flight=IN_FLIGHT))
        create_state(self.state, settings, time.time(), os.environ)  # noqa: TID251 -- certificates are dated
        self.application("raw", self.origin.url, preauth="passthrough")
        self.application("held", self.origin.url)
        self.call("POST", "/users", name="alice", password=PASSWORD, groups=["staff"])
        self.call("POST", "/applications/held/assignments", group="staff")
        self.start_service()
        for name in CONNECTORS:
            self.enrol(name)

    def place(self, node: str) -> str:
        """Its machine's address."""
        assert self.machines is not None
        return self.machines.address(list(NODES).index(node))

    def start_node(self, node: str) -> None:
        assert self.machines is not None
        if node not in self.made:
            self.made.add(node)
            self._make(node)
        command = twistd("appproxy-service", "--state", str(self.directory / node))
        there = self.machines.on(list(NODES).index(node), *command)
        self.supervisor.start(node, there, "appproxy-service ready on https://", PATIENCE)

    def _make(self, node: str) -> None:
        first, paths = StatePaths(self.state), StatePaths(self.directory / node)
        settings = load_service(first.settings.read_text(), "service.toml")
        if not paths.directory.exists():
            paths.directory.mkdir(mode=0o700)
            shutil.copy(first.master_key, paths.master_key)
        paths.settings.write_text(dump_service(replace(
            settings, tunnel_advertise=f"{self.place(node)}:{self.tunnel_port}", node_name=node)))

    def user(self, node: str) -> Visitor:
        """A browser's stand-in that comes out there."""
        return MachineVisitor(self.port, self.anchor, self.place(node))

    def alice(self) -> Visitor:
        """One who has signed in, at the first."""
        visitor = self.user("service")
        page = visitor.sign_in(self.url("held", "/signed-in"), "alice")
        assert page.status == 200, page.text
        return visitor

    def users(self, alice: Visitor) -> Users:
        """At both machines, without a pause."""
        cookie = alice.cookie_field(self.host("held").partition(":")[0])["Cookie"]
        asking = [Asking("raw", self.host("raw"), ""), Asking("held", self.host("held"), cookie)]
        places = [(self.place(node), self.port) for node in NODES]
        return Users(places, asking, self.context(), Load(rate=30.0, users=8, streams=4, sockets=4))


@pytest.fixture(scope="module")
def servers(machines: Machines) -> Iterator[Replicated]:
    """The database on machine 2, its standby on machine 3."""
    places = [machines.address(number) for number in (2, 3)]
    with replicated((places[0], places[1]), [machines.on(number) for number in (2, 3)]) as found:
        yield found


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    """Four of them."""
    with Machines(4) as found:
        yield found


@pytest.fixture(scope="module")
def apart(machines: Machines, servers: Replicated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """Both nodes, and both connectors at both."""
    directory = tmp_path_factory.mktemp("apart")
    (directory / "logs").mkdir()
    with ExitStack() as stack:
        supervisor = stack.enter_context(Supervisor(directory / "logs", environment()))
        apart = Apart(directory, supervisor, database=servers.url, machines=machines)
        prepare(apart.origin)
        apart.origin.on("/hold", hold_socket)
        apart.build()
        until(lambda: apart.connected(*NODES), "not every connector is at every machine", 60)
        yield apart
        apart.origin.stop()


def asked(users: Users, more: int) -> None:
    """Wait for so many more requests."""
    wanted = users.tally.asked + more
    until(lambda: users.tally.asked >= wanted, f"{more} more requests", 120)


def delays_of_changes(apart: Apart, name: str) -> list[float]:
    """Seconds from the answer to whoever changed something at one machine until users see it at the other."""
    found = []
    for turn in range(CHANGES):
        here, there = list(NODES)[:: 1 if turn % 2 else -1]
        user, published = apart.user(there), f"{name}-{turn}"
        apart.at(here, "POST", "/applications", name=published, internal=apart.origin.url, external=apart.url(published),
                 preauth="passthrough")
        began = usual_seconds()
        until(lambda user=user, published=published: user.get(apart.url(published)).status == 200,  # type: ignore[misc]
              f"{published} at {there}", 30)
        found.append(usual_seconds() - began)
    return found


def revoked_everywhere(apart: Apart) -> list[float]:
    """Seconds until the WebSockets of somebody at both machines have ended who was signed out at one."""
    alice = apart.alice()
    streams = []
    for node in NODES:
        user = apart.user(node)
        user.cookies = alice.cookies
        streams.append(Socket(user, apart.url("held", "/hold")))
    apart.at("other", "POST", "/sessions/revoke", user="alice")
    began = usual_seconds()
    found = []
    for stream in streams:
        assert stream.ends(PROMPT), "a stream of somebody who is signed out goes on"
        found.append(usual_seconds() - began)
    return found


def test_changes_and_sign_outs_are_everywhere_in_a_second(apart: Apart) -> None:
    """Whichever machine is told; the slowest of all counts."""
    delays = delays_of_changes(apart, "before")
    cuts = revoked_everywhere(apart)
    print(f"live elsewhere: p50 {percentile(delays, 0.5):.2f} s, p99 {percentile(delays, 0.99):.2f} s; "
          f"streams of who was signed out ended after {', '.join(f'{one:.2f}' for one in cuts)} s")
    assert percentile(delays, 0.99) < PROMPT and max(cuts) < PROMPT


def test_any_machine_dies(apart: Apart, servers: Replicated) -> None:
    """A node, the other node, then the database: only what was in a node's hands is lost, and nobody is signed out."""
    alice = apart.alice()
    with apart.users(alice) as users:
        until(lambda: users.open == 8, "not all streams are open", 60)
        for node, other in (("other", "service"), ("service", "other")):
            asked(users, 60)
            users.tally.failures.clear()
            apart.kill(node)
            killed = Killed(time.monotonic(), True)
            asked(users, 100)
            assert users.tally.beyond_hands(killed) == [] and len(users.tally.failures) <= 8
            survivor = apart.user(other)
            survivor.cookies = alice.cookies
            assert survivor.get(apart.url("held", "/signed-in")).status == 200
            apart.start_node(node)
            until(lambda: apart.connected(*NODES), "the machine that is back is not found", 60)
        users.tally.failures.clear()
        servers.fail_over()

        def can_change() -> bool:
            with suppress(AppProxyError, OSError):
                apart.at("other", "PATCH", "/applications/raw", settings={"connect_timeout": "9"})
                return True
            return False

        until(can_change, "nothing can be changed on the standby", 60)
        asked(users, 100)
        assert users.tally.failures == [] and users.tally.wrong == []
    for node in NODES:
        user = apart.user(node)
        user.cookies = alice.cookies
        assert user.get(apart.url("held", "/signed-in")).status == 200, "signed out by the fail-over"
    delays = delays_of_changes(apart, "after")
    cuts = revoked_everywhere(apart)
    print(f"on the standby: p50 {percentile(delays, 0.5):.2f} s, p99 {percentile(delays, 0.99):.2f} s; {cuts}")
    assert percentile(delays, 0.99) < PROMPT and max(cuts) < PROMPT
