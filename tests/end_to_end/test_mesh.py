"""Two nodes over one PostgreSQL, two connectors: any node serves any user, whatever happens to the other."""

from __future__ import annotations

import itertools
import secrets
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.config import Address, StatePaths, dump_service, load_service
from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.behaviours import accept_websocket
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.origins import Call
from tests.end_to_end.postgresql import empty_database
from tests.end_to_end.system import CONNECTORS, PROMPT, System
from tests.end_to_end.visitor import Answer, Socket, Visitor
from tests.end_to_end.world import PATIENCE, appproxy, environment, in_process, until

#: Both listen on the same ports, each on an address of its own, as machines do.
NODES = {"service": "127.0.0.1", "other": "127.0.0.2"}
#: More than travels in line.
LARGE = secrets.token_bytes(200_000)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of an empty database: a schema of its own."""
    with empty_database() as url:
        yield url


class NodeVisitor(Visitor):
    """One whose connections come out at these nodes in turn, as a balancer gives them out."""

    def __init__(self, mesh: Mesh, *nodes: str) -> None:
        super().__init__(mesh.port, mesh.anchor)
        self._turns = itertools.cycle([NODES[node] for node in nodes])

    def connect(self, host: str) -> ssl.SSLSocket:
        plain = socket.create_connection((next(self._turns), self.port), 60.0)
        return self._context.wrap_socket(plain, server_hostname=host)


@dataclass(slots=True)
class Mesh(System):
    """A system with a second service on the same database."""

    made: set[str] = field(default_factory=set)

    def start_service(self) -> None:
        """Both nodes; the second gets the first's master key, and settings that differ in the address alone."""
        for node in NODES:
            self.start_node(node)

    def start_node(self, node: str) -> None:
        """One of them, which is made if it was not before."""
        if node not in self.made:
            self.made.add(node)
            self._make(node)
        command = twistd("appproxy-service", "--state", str(self.directory / node))
        self.supervisor.start(node, command, "appproxy-service ready on https://", PATIENCE)

    def _make(self, node: str) -> None:
        first, paths = StatePaths(self.state), StatePaths(self.directory / node)
        settings = load_service(first.settings.read_text(), "service.toml")
        if not paths.directory.exists():
            paths.directory.mkdir(mode=0o700)
            shutil.copy(first.master_key, paths.master_key)
        address = NODES[node]
        paths.settings.write_text(dump_service(replace(
            settings, listen=Address(address, self.port), tunnel_listen=Address(address, self.tunnel_port),
            tunnel_advertise=f"{address}:{self.tunnel_port}", node_name=node)))

    def at(self, node: str, method: str, path: str, **body: object) -> Any:
        """One admin operation at a node."""
        client = AdminClient(self.directory / node, admit_password)
        return client.call(method, path, body if method in ("POST", "PATCH") else None)

    def connected(self, *nodes: str) -> bool:
        """Are both connectors at each of these nodes, with both connections?"""
        return all(
            sum(one["online"] and one["signal_connections"] == 2 for one in self.at(node, "GET", "/connectors"))
            == len(CONNECTORS) for node in nodes)

    def visit(self, *nodes: str) -> NodeVisitor:
        """A browser's stand-in that comes to these nodes in turn."""
        return NodeVisitor(self, *nodes)


@pytest.fixture(scope="module")
def mesh(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """Both nodes and both connectors, which were told of the first node alone."""
    directory = tmp_path_factory.mktemp("mesh")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        mesh = Mesh(directory, supervisor, database=database)
        mesh.build()
        mesh.origin.on("/socket", hold_socket)
        yield mesh
        mesh.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def whole(mesh: Mesh) -> None:
    """Before each test everything is there."""
    for node in NODES:
        if not mesh.running(node):
            mesh.start_node(node)
    until(lambda: mesh.connected(*NODES), "not every connector is at every node", 40)


def hold_socket(call: Call) -> bool:
    """A WebSocket that stays until its user leaves."""
    accept_websocket(call)
    call.wait_until_left()
    return False


def post(visitor: Visitor, mesh: Mesh, name: str = "raw", body: bytes = LARGE) -> Answer:
    """A body that needs a data connection, echoed."""
    answer = visitor.request("POST", mesh.url(name, "/echo"), {"Content-Type": "application/octet-stream"}, body)
    if answer.status == 200:
        assert sha256(answer.body).digest() == sha256(body).digest()
    return answer


def test_any_node_serves_any_user(mesh: Mesh) -> None:
    """Whatever a balancer does: the connectors were told of the first node alone, and have found the other."""
    for node in NODES:
        assert [post(mesh.visit(node), mesh).status for _ in range(3)] == [200] * 3
    both = mesh.visit(*NODES)
    assert [post(both, mesh).status for _ in range(4)] == [200] * 4


def test_a_sign_in_may_change_the_node_at_each_step(mesh: Mesh) -> None:
    """What one begins the other ends; the session holds at both."""
    visitor = mesh.visit("other", "service")
    page = visitor.sign_in(mesh.url("held", "/signed-in"), "alice")
    assert (page.status, page.url) == (200, mesh.url("held", "/signed-in")), page.text
    assert [post(visitor, mesh, "held").status for _ in range(4)] == [200] * 4


def test_a_change_is_live_at_the_other_node_in_a_second(mesh: Mesh) -> None:
    """Whichever of them made it."""
    for turn, (here, there) in enumerate([("service", "other"), ("other", "service")] * 3):
        name = f"new-{turn}"
        visitor = mesh.visit(there)
        assert visitor.get(mesh.url(name)).status == 404
        began = usual_seconds()
        mesh.at(here, "POST", "/applications", name=name, internal=mesh.origin.url, external=mesh.url(name),
                preauth="passthrough")
        until(lambda visitor=visitor, name=name: visitor.get(mesh.url(name)).status == 200,  # type: ignore[misc]
              f"{name} at {there}", PROMPT)
        assert usual_seconds() - began < PROMPT


def test_guesses_count_at_all_nodes_together(mesh: Mesh) -> None:
    """Who has used up the guesses at a name at one node finds none left at another, nor after a restart."""
    names = [f"somebody{number}" for number in range(8)]
    used: list[str] = []

    def guess(node: str, name: str) -> int:
        return mesh.visit(node).sign_in(mesh.url("held", "/signed-in"), name, secrets.token_hex(4)).status

    def is_known_elsewhere() -> bool:
        """One guess at the other node is refused, as none is there that counts by itself alone."""
        used.append(names.pop())
        assert any(guess("service", used[-1]) == 429 for _ in range(60))
        return guess("other", used[-1]) == 429

    until(is_known_elsewhere, "the other node does not know of it", 60)
    mesh.supervisor.end("other", 30.0)
    mesh.start_node("other")
    assert guess("other", used[-1]) == 429


def test_a_connector_may_enrol_at_any_node(mesh: Mesh) -> None:
    """And is at all of them a moment later: none takes it for one that was removed."""
    token = mesh.at("other", "POST", "/connector-tokens")["token"]
    state = mesh.directory / "third"
    joined = appproxy("connector", "join", token, "--state", str(state), "--name", "third")
    assert joined.code == 0, joined.err
    mesh.start_connector("third")
    until(lambda: all(
        sum(one["online"] for one in mesh.at(node, "GET", "/connectors")) == len(CONNECTORS) + 1 for node in NODES),
        "the third is not at both nodes", 10)
    mesh.supervisor.end("third")
    for one in mesh.at("service", "GET", "/connectors"):
        if one["name"] == "third":
            mesh.at("service", "DELETE", f"/connectors/{one['id']}")


def test_a_connector_waits_for_approval_and_joins_again(mesh: Mesh) -> None:
    """It is approved at another node than it came to; once that is over it says which command brings it back."""
    mesh.at("service", "POST", "/connector-groups", name="watched", needs_approval=True)
    token = mesh.at("other", "POST", "/connector-tokens", group="watched")["token"]
    state = mesh.directory / "watched"
    joined = appproxy("connector", "join", token, "--state", str(state), "--name", "watched")
    assert joined.code == 0 and "appproxy connector approve " in joined.out, joined.out + joined.err
    ready = "appproxy connector approve "
    mesh.supervisor.start("watched", twistd("appproxy-connector", "--state", str(state)), ready, PATIENCE)
    for node in NODES:
        until(lambda node=node: statuses(mesh, node)["watched"] == ("pending approval", "127.0.0.1", ()),  # type: ignore[misc]
              f"{node} shows that it waits", 20)
    mesh.at("other", "POST", "/connectors/watched/approve")
    for node in NODES:
        until(lambda node=node: statuses(mesh, node)["watched"][::2] == ("active", ("other", "service")),  # type: ignore[misc]
              f"{node} shows it at both", 40)
    mesh.at("service", "DELETE", "/connectors/watched")
    log = mesh.directory / "logs" / "watched.log"
    until(lambda: "join TOKEN --state DIR --again" in log.read_text(), "what to do is in its log", 20)
    mesh.supervisor.end("watched")
    token = mesh.at("service", "POST", "/connector-tokens")["token"]
    joined = appproxy("connector", "join", token, "--state", str(state), "--name", "watched", "--again")
    assert joined.code == 0, joined.err
    mesh.start_connector("watched")
    until(lambda: statuses(mesh, "other")["watched"][0] == "active", "it is back", 20)
    mesh.supervisor.end("watched")
    until(lambda: statuses(mesh, "other")["watched"][0] == "away", "it has gone", 20)
    mesh.at("service", "DELETE", "/connectors/watched")


def test_connectors_are_updated_one_after_the_other(mesh: Mesh) -> None:
    """Each asks on its own machine; the second waits until the first one is done, or gives up."""
    first, second = (str(mesh.directory / name) for name in CONNECTORS)
    granted = appproxy("connector", "update-lease", "--state", first)
    assert (granted.code, granted.out.startswith("update it now")) == (0, True), granted.err
    refused = appproxy("connector", "update-lease", "--state", second)
    assert refused.code == 75 and f"{CONNECTORS[0]} is updated now" in refused.err, refused
    plan = {one["name"]: one["turn"] for one in mesh.at("other", "GET", "/connector-updates")}
    assert plan == {CONNECTORS[0]: "now", CONNECTORS[1]: "done"}
    assert appproxy("connector", "update-lease", "--state", first, "--done").code == 0
    assert appproxy("connector", "update-lease", "--state", second).code == 0
    assert appproxy("connector", "update-lease", "--state", second, "--done").code == 0


def statuses(mesh: Mesh, node: str) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """What a node says of each connector: status, address, and the nodes where it is."""
    rows = mesh.at(node, "GET", "/connectors")
    return {one["name"]: (one["status"], one["address"], tuple(one["nodes"])) for one in rows}


def test_a_revocation_cuts_at_every_node(mesh: Mesh) -> None:
    """A WebSocket at the other node ends within a second of a sign-out that this one was told of."""
    visitor = mesh.visit("service", "other")
    visitor.sign_in(mesh.url("held", "/signed-in"), "alice")
    for here, there in (("service", "other"), ("other", "service")):
        user = mesh.visit(there)
        user.cookies = visitor.cookies
        stream = Socket(user, mesh.url("held", "/socket"))
        mesh.at(here, "POST", "/sessions/revoke", user="alice")
        assert stream.ends(PROMPT), f"revoked at {here}, and goes on at {there}"
        assert user.get(mesh.url("held", "/after")).status != 200
        visitor = mesh.visit("service", "other")
        visitor.sign_in(mesh.url("held", "/signed-in"), "alice")


def test_a_node_is_killed(mesh: Mesh) -> None:
    """Who comes out at the other one notices nothing, is signed in as before, and may send what they like."""
    visitor = mesh.visit("other")
    visitor.sign_in(mesh.url("held", "/signed-in"), "alice")
    survivor = mesh.visit("service")
    survivor.cookies = visitor.cookies
    stream = Socket(survivor, mesh.url("held", "/socket"))
    with Posts(mesh, "service") as posts:
        mesh.kill("other")
        posts.more(20)
        assert [post(survivor, mesh, "held").status for _ in range(3)] == [200] * 3
        mesh.start_node("other")
        posts.more(20)
        until(lambda: mesh.connected(*NODES), "the node that was killed is not found again", 30)
    assert posts.faults == [] and not stream.ends(0.2)
    assert post(visitor, mesh, "held").status == 200  # at the node that is back
    stream.close()


def test_a_node_stops(mesh: Mesh) -> None:
    """SIGTERM, and a reload: it says so, ends what it has, and at the other nobody notices."""
    with Posts(mesh, "service") as posts:
        posts.more(5)
        mesh.supervisor.end("other", 30.0)
        assert [one["name"] for one in mesh.at("service", "GET", "/nodes")] == ["service"]
        posts.more(20)
        mesh.start_node("other")
        until(lambda: mesh.connected(*NODES), "the node that is back is not found again", 30)
        posts.more(5)
    assert posts.faults == []


def test_a_node_is_reloaded(mesh: Mesh) -> None:
    """Its next process is a node of its own: users of neither notice."""
    with Posts(mesh, "service") as there, Posts(mesh, "other") as here:
        here.more(5)
        assert in_process("--state", str(mesh.directory / "other"), "reload").code == 0
        for posts in (there, here):
            posts.more(40)
    assert there.faults == [] and here.faults == []
    until(lambda: mesh.connected(*NODES), "the next process is not found", 30)
    assert [one["name"] for one in mesh.at("service", "GET", "/nodes")] == ["other", "service"]


class Posts:
    """A context: within it two users send large bodies to a node, one after the other. `faults`: what was not echoed."""

    def __init__(self, mesh: Mesh, node: str) -> None:
        self._mesh, self._node = mesh, node
        self._over = threading.Event()
        self._users = [threading.Thread(target=self._use) for _ in range(2)]
        self.faults: list[str] = []
        self.done = 0

    def __enter__(self) -> Posts:
        for user in self._users:
            user.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for user in self._users:
            user.join(60)

    def _use(self) -> None:
        visitor = self._mesh.visit(self._node)
        while not self._over.is_set():
            try:
                answer = post(visitor, self._mesh)
                if answer.status != 200:
                    self.faults.append(f"{answer.status}: {answer.text[:200]}")
            except (OSError, AssertionError) as error:
                self.faults.append(repr(error))
            self.done += 1

    def more(self, number: int) -> None:
        """Wait until so many more came back."""
        wanted = self.done + number
        until(lambda: self.done >= wanted, f"{number} more answers", 60)
