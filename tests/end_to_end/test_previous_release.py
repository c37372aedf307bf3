"""Service and connector may be a release apart: the previous release's programs are run with those of this one, both ways."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.behaviours import accept_websocket
from tests.end_to_end.origins import Call, Origin
from tests.end_to_end.ports import free_port
from tests.end_to_end.previous_release import Release, around, history, unpacked
from tests.end_to_end.visitor import Socket, Visitor
from tests.end_to_end.world import DOMAIN, PATIENCE, ROOT

CONNECTED = "appproxy-connector ready and connected"
pytestmark = pytest.mark.skipif(bool(history()), reason=history())
#: More than travels in line; a body that takes a data connection for a while.
SMALL, LARGE = secrets.token_bytes(2_000), secrets.token_bytes(3_000_000)


@dataclass(slots=True)
class Mixed:
    """A service of one release, and a connector of the other."""

    directory: Path
    service: Release
    connector: Release
    origin: Origin
    port: int

    def url(self, path: str) -> str:
        """An address as users type it."""
        return f"https://raw.{DOMAIN}:{self.port}{path}"

    def visitor(self) -> Visitor:
        """A browser's stand-in."""
        return Visitor(self.port, self.directory / "service" / "trust-anchor.pem")


@pytest.fixture(scope="module", params=["old connector", "old service"])
def mixed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    """One end is of the previous release; each is set up by its own commands."""
    directory = tmp_path_factory.mktemp("mixed")
    old = unpacked(tmp_path_factory.mktemp("old"))
    (directory / "logs").mkdir()
    origin = Origin()
    origin.on("/socket", speak)
    with Supervisor(directory / "logs", around(ROOT)) as ours, Supervisor(directory / "logs", around(old)) as theirs:
        releases = [Release(ROOT, ours), Release(old, theirs)]
        service, connector = releases if request.param == "old connector" else releases[::-1]
        port, tunnel = free_port(), free_port()
        state, joined = directory / "service", directory / "connector"
        listen, tunnel_listen = f"127.0.0.1:{port}", f"127.0.0.1:{tunnel}"
        service.command("init", "--state", str(state), "--domain", DOMAIN, "--listen", listen,
                        "--tunnel-listen", tunnel_listen, "--tunnel-address", tunnel_listen)
        service.command("--state", str(state), "app", "publish", "raw", "--internal", origin.url,
                        "--external", f"https://raw.{DOMAIN}:{port}/", "--preauth", "passthrough")
        service.start("service", twistd("appproxy-service", "--state", str(state)), "appproxy-service ready on https://")
        token = service.command("--state", str(state), "connector", "token").strip()
        connector.command("connector", "join", token, "--state", str(joined), "--name", "other-release")
        connector.start("connector", twistd("appproxy-connector", "--state", str(joined)), CONNECTED)
        yield Mixed(directory, service, connector, origin, port)
    origin.stop()


def speak(call: Call) -> bool:
    """A WebSocket on which the application speaks first."""
    accept_websocket(call, then=b"\x81\x05hello")
    call.wait_until_left()
    return False


def test_requests_and_uploads(mixed: Mixed) -> None:
    """Small ones in line and large ones over data connections, each whole."""
    visitor = mixed.visitor()
    assert visitor.get(mixed.url("/page")).status == 200
    for body in (b"", SMALL, LARGE):
        for method in ("POST", "PUT"):
            answer = visitor.request(method, mixed.url("/echo"), {"Content-Type": "application/octet-stream"}, body)
            assert (answer.status, sha256(answer.body).hexdigest()) == (200, sha256(body).hexdigest())


def test_a_websocket(mixed: Mixed) -> None:
    """Is opened, and carries what the application says."""
    stream = Socket(mixed.visitor(), mixed.url("/socket"))
    assert stream.receive() == "hello"
    stream.close()


def test_the_connector_is_restarted(mixed: Mixed) -> None:
    """A request that comes meanwhile waits, whichever end is older."""
    mixed.connector.supervisor.end("connector")
    command = twistd("appproxy-connector", "--state", str(mixed.directory / "connector"))
    mixed.connector.start("connector", command, CONNECTED)
    assert mixed.visitor().get(mixed.url("/page")).status == 200


def test_a_connector_with_workers_at_an_old_service(mixed: Mixed) -> None:
    """That takes one of them, and the others wait; nobody loses anything."""
    if mixed.connector.source != ROOT:
        pytest.skip("an old connector has no workers")
    mixed.connector.supervisor.end("connector")
    command = [*twistd("appproxy-connector", "--state", str(mixed.directory / "connector")), "--workers", "2"]
    mixed.connector.start("connector", command, CONNECTED)
    program = mixed.connector.supervisor.find("connector")
    mixed.connector.supervisor.wait_for(program, "a service of an earlier release takes one worker", PATIENCE)
    for _ in range(20):
        assert mixed.visitor().get(mixed.url("/page")).status == 200
    mixed.connector.supervisor.end("connector")
    mixed.connector.start("connector", twistd("appproxy-connector", "--state", str(mixed.directory / "connector")), CONNECTED)


def test_what_only_one_of_them_knows(mixed: Mixed) -> None:
    """A connector that asks an old service for its turn hears what to do; an old one is not asked, and loses nothing."""
    state = str(mixed.directory / "connector")
    if mixed.service.source == ROOT:
        examined = mixed.service.run("doctor", "--state", str(mixed.directory / "service"), "--connector", "other-release")
        assert "cannot be asked: not supported" in examined.out, examined
    asked = mixed.connector.run("connector", "update-lease", "--state", state)
    if mixed.connector.source == ROOT:
        assert asked.code == 1 and "upgrade the service first" in asked.err, asked
    else:
        assert asked.code == 2  # there is no such command
    assert mixed.visitor().get(mixed.url("/page")).status == 200
