"""Connectors that are revoked or strange: what the service ends is gone soon, whatever the other side does."""

from __future__ import annotations

import signal
import socket
import ssl
import time
from pathlib import Path

import pytest

from appproxy.config import ConnectorPaths
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.system import PROMPT, System, ports_of, shared_system
from tests.end_to_end.world import PATIENCE, until

HELLO_SECONDS = 10.0


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is visited."""
    return shared_system(request, tmp_path_factory)


def peers(system: System) -> set[int]:
    """Ports of all who are connected to the connectors' listener, as its machine sees them (proc(5), /proc/net/tcp)."""
    local = f"0100007F:{system.tunnel_port:04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[2][9:], 16) for row in rows if row[1] == local and row[3] == "01"}


def dial(system: System, name: str, alpn: str) -> ssl.SSLSocket:
    """A connection to the connectors' listener with the certificate of this connector."""
    paths = ConnectorPaths(system.directory / name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(paths.certificate, paths.key)
    context.set_alpn_protocols([alpn])
    plain = socket.create_connection(("127.0.0.1", system.tunnel_port), 10)
    return context.wrap_socket(plain, server_hostname=f"connect.{system.host('x').partition('.')[2].partition(':')[0]}")


def test_a_connection_without_hello_is_gone(system: System) -> None:
    """One that says nothing and reads nothing: closed 10 s after it came, and not when the other side likes."""
    dialled = time.monotonic()
    with dial(system, "first", "appproxy-signal/1") as silent:
        port = silent.getsockname()[1]
        time.sleep(max(0.0, dialled + HELLO_SECONDS - 2 - time.monotonic()))
        assert port in peers(system)
        until(lambda: port not in peers(system), "it is still there", 2 + PROMPT)


def settled(system: System, pid: int) -> set[int]:
    """The connections of a new connector, once no more have come for a second: one that has not shown its certificate yet
    when the connector is frozen is nobody's, and is closed when the time of its handshake is over.
    """
    its, began = set[int](), usual_seconds()
    since = began
    while len(its) < 4 or usual_seconds() - since < 1:
        time.sleep(0.05)
        if (found := ports_of(pid) & peers(system)) != its:
            its, since = found, usual_seconds()
        assert usual_seconds() - began < PATIENCE, "it has no connections"
    return its


def test_a_revoked_connector_that_is_frozen_keeps_nothing(system: System) -> None:
    """Its process does not run, so it neither reads nor closes: all its connections are gone at once."""
    system.enrol("frozen")
    try:
        frozen = system.supervisor.find("frozen").process
        its = settled(system, frozen.pid)
        frozen.send_signal(signal.SIGSTOP)
        try:
            system.call("POST", f"/connectors/{system.ids['frozen']}/revoke")
            until(lambda: not its & peers(system), "some of its connections are still there", PROMPT)
        finally:
            frozen.send_signal(signal.SIGCONT)
    finally:
        system.supervisor.end("frozen")
