"""The recipe for HAProxy in docs/nodes.md, run: two nodes behind it, users and connectors come through it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from appproxy.config import StatePaths, dump_service, load_service
from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.postgresql import empty_database
from tests.end_to_end.test_mesh import NODES, Mesh, post
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import ROOT, appproxy, environment, until

#: Where the balancer listens, on the nodes' ports, and where it comes from: a service trusts that address alone.
BALANCER, SOURCE = "127.0.0.3", "127.0.0.9"
HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/sbin:/bin")

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")


@dataclass(slots=True)
class Balanced(Mesh):
    """Nodes that believe the balancer who the user is."""

    def _make(self, node: str) -> None:
        Mesh._make(self, node)
        path = StatePaths(self.directory / node).settings
        settings = load_service(path.read_text(), "service.toml")
        path.write_text(dump_service(replace(
            settings, trusted_proxies=(ip_network(SOURCE),), trusted_proxies_say="proxy-protocol")))

    def user(self) -> Visitor:
        """A browser's stand-in that knows the balancer alone."""
        return BalancerVisitor(self.port, self.anchor)

    def recipe(self) -> str:
        """The page's, with the addresses and ports of this test."""
        page = (ROOT / "docs" / "nodes.md").read_text()
        (found,) = re.findall(r"HAProxy[^\n]*:\n\n((?:    .*\n|\n)+)", page)
        text = re.sub(r"^    ", "", found, flags=re.MULTILINE)
        for port, ours in (("443", self.port), ("8443", self.tunnel_port)):
            text = text.replace(f"bind :{port}\n", f"bind {BALANCER}:{ours}\n")
            for address, node in (("192.0.2.1", NODES["service"]), ("192.0.2.2", NODES["other"])):
                text = text.replace(f"{address}:{port} ", f"{node}:{ours} source {SOURCE} ")
        assert "192.0.2" not in text and text.count("source") == 4
        return text


class BalancerVisitor(Visitor):
    """Its connections come out at the balancer."""

    def connect(self, host: str) -> ssl.SSLSocket:
        plain = socket.create_connection((BALANCER, self.port), 60.0)
        return self._context.wrap_socket(plain, server_hostname=host)


@pytest.fixture(scope="module")
def balanced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balanced]:
    """Both nodes, both connectors, and HAProxy."""
    directory = tmp_path_factory.mktemp("balanced")
    (directory / "logs").mkdir()
    with empty_database() as url, Supervisor(directory / "logs", environment()) as supervisor:
        system = Balanced(directory, supervisor, database=url)
        system.build()
        file = directory / "haproxy.cfg"
        file.write_text(system.recipe())
        supervisor.start("haproxy", [str(HAPROXY), "-db", "-f", str(file)])
        until(lambda: answers(system.port) and answers(system.tunnel_port), "HAProxy does not listen")
        yield system
        system.origin.stop()


def answers(port: int) -> bool:
    """Does the balancer listen there?"""
    with socket.socket() as asking:
        return asking.connect_ex((BALANCER, port)) == 0


@pytest.fixture(autouse=True)
def whole(balanced: Balanced) -> None:
    """Before each test everything is there."""
    for node in NODES:
        if not balanced.running(node):
            balanced.start_node(node)
    until(lambda: balanced.connected(*NODES), "not every connector is at every node", 40)


def test_the_nodes_know_who_the_user_is(balanced: Balanced) -> None:
    """Both serve, and each logs the user's address, not the balancer's."""
    user = balanced.user()
    def served(node: str) -> list[str]:
        file = Path(balanced.directory / node / "access.log")
        rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [row["client"] for row in rows if row["path"] == "/echo"]

    for _ in range(6):
        assert post(user, balanced).status == 200
    until(lambda: all(served(node) for node in NODES), "one of the nodes was given nothing", 20)
    assert {client for node in NODES for client in served(node)} == {"127.0.0.1"}


def test_a_node_stops_and_starts(balanced: Balanced) -> None:
    """Connections that it refuses go to the other one, and it is given new ones again. Not one is lost, also of those that
    HAProxy has made in the very moment in which the port is closed.
    """
    faults: list[str] = []
    over, done = threading.Event(), [0]

    def use() -> None:
        user = balanced.user()
        while not over.is_set():
            try:
                answer = post(user, balanced)
                if answer.status != 200:
                    faults.append(f"{answer.status}: {answer.text[:200]}")
            except (OSError, AssertionError) as error:
                faults.append(repr(error))
            done[0] += 1

    users = [threading.Thread(target=use, daemon=True) for _ in range(3)]
    for thread in users:
        thread.start()

    def more() -> None:
        wanted = done[0] + 20
        until(lambda: done[0] >= wanted, "20 more answers", 60)

    more()
    balanced.supervisor.end("other", 60)
    more()
    balanced.start_node("other")
    more()
    over.set()
    for thread in users:
        thread.join(60)
    assert faults == []


def test_a_connector_joins_through_the_balancer(balanced: Balanced) -> None:
    """It is told one address, and finds both nodes."""
    token = balanced.at("service", "POST", "/connector-tokens")["token"]
    state = balanced.directory / "third"
    joined = appproxy("connector", "join", token, "--state", str(state), "--name", "third")
    assert joined.code == 0, joined.err
    settings = state / "connector.toml"
    lines = [f'address = "{BALANCER}:{balanced.tunnel_port}"' if line.startswith("address") else line
             for line in settings.read_text().splitlines()]
    settings.write_text("\n".join(lines) + "\n")
    balanced.start_connector("third")
    for node in NODES:
        until(lambda node=node: any(  # type: ignore[misc]
            one["name"] == "third" and one["online"] for one in balanced.at(node, "GET", "/connectors")),
            f"it is not at {node}", 20)
    balanced.supervisor.end("third")
    balanced.at("service", "DELETE", "/connectors/third")
