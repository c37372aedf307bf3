"""Two services on one database: an order of a certificate is carried out once; both answer the authority, both serve it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.config import Address, ServiceSettings, StatePaths, dump_service
from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.twistd.assembly.passwords import admit_password
from appproxy.twistd.state import create_state
from tests.end_to_end.authority import authority
from tests.end_to_end.postgresql import empty_database
from tests.end_to_end.world import DOMAIN, PATIENCE, World, environment, until

#: Both listen on the same ports, each on an address of its own.
NODES = {"service": "127.0.0.1", "other": "127.0.0.2"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database of the test's own: a file for two services on one machine, a server for machines of their own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('shared')}/appproxy.db"
        return
    with empty_database() as url:
        yield url


@pytest.fixture(scope="module")
def world(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two nodes that run."""
    directory = tmp_path_factory.mktemp("nodes")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        world = World(directory, supervisor)
        make_nodes(world, database)
        for name in NODES:
            command = twistd("appproxy-service", "--state", str(directory / name))
            supervisor.start(name, command, "appproxy-service ready on https://", PATIENCE)
        yield world


def make_nodes(world: World, database: str) -> None:
    """The second has the first's master key, and settings that differ in the address alone."""
    settings = ServiceSettings(
        domain=DOMAIN, listen=Address("127.0.0.1", world.port), tunnel_listen=Address("127.0.0.1", world.tunnel_port),
        tunnel_address=f"127.0.0.1:{world.tunnel_port}", tunnel_advertise=f"127.0.0.1:{world.tunnel_port}",
        database_url=database)
    create_state(world.state, settings, time.time(), os.environ)  # noqa: TID251 -- certificates are dated
    other = StatePaths(world.directory / "other")
    other.directory.mkdir(mode=0o700)
    shutil.copy(StatePaths(world.state).master_key, other.master_key)
    address = NODES["other"]
    other.settings.write_text(dump_service(replace(
        settings, listen=Address(address, world.port), tunnel_listen=Address(address, world.tunnel_port),
        tunnel_advertise=f"{address}:{world.tunnel_port}")))


def call(world: World, node: str, method: str, path: str, body: dict[str, object] | None = None) -> Any:
    """An operation at one of the nodes."""
    return AdminClient(world.directory / node, admit_password).call(method, path, body)


def serial(world: World, node: str, host: str, root: str) -> int | None:
    """Of the certificate that a browser sees at this node, which trusts this root alone; None when it does not believe it."""
    context = ssl.create_default_context(cadata=root)
    try:
        with (
            socket.create_connection((NODES[node], world.port), 10) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            return int(str((tls.getpeercert() or {})["serialNumber"]), 16)
    except ssl.SSLCertVerificationError:
        return None


def test_an_order_is_carried_out_once(world: World, tmp_path: Path) -> None:
    """The authority looks at both nodes, whichever of them has ordered, and finds its answer at each."""
    with authority(tmp_path, 1, world.port) as pebble:
        call(world, "service", "PUT", "/certificate-authority", {
            "directory": pebble.directory, "contacts": ["ann@example.com"], "agree_terms": True,
            "authority": pebble.root.read_text()})
        hosts = {node: f"{node}-node.{DOMAIN}" for node in NODES}
        for node, host in hosts.items():
            pebble.move(host, NODES[node])
        call(world, "other", "POST", "/certificate-orders", {"hosts": list(hosts.values()), "name": "both"})
        record = until(lambda: issued(world), "the certificate", 60)
        root = pebble.issuing_root()
        wanted = [int(record["serial"], 16)] * 4
        until(lambda: [serial(world, node, host, root) for node in NODES for host in hosts.values()] == wanted,
              "the certificate at both nodes", 3)
        assert orders_at(tmp_path) == 1
    issues = [row for row in call(world, "service", "GET", "/audit") if row["action"] == "certificate.issue"]
    assert len(issues) == 1


def issued(world: World) -> Any:
    """The order's record, once it is issued."""
    record = call(world, "service", "GET", "/certificates/both")
    assert not record["problem"], record["problem"]
    return record if record["not_after"] else None


def orders_at(directory: Path) -> int:
    """How many the authority has carried out, by its own log. (Where a step met two refused nonces, it was begun twice.)"""
    return (directory / "pebble.log").read_text().count("Issued certificate serial")
