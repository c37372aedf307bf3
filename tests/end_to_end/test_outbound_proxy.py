"""A connector that reaches its service only through Debian's tinyproxy, with a user and a password."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appproxy.config import ConnectorPaths
from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.ports import free_port
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PATIENCE, World, appproxy, environment, until

SECRET = "Secret8ofTheProxy"
BIG = 3_000_000


@dataclass(slots=True)
class Proxy:
    """A tinyproxy that opens tunnels to one port."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        """For the setting."""
        return f"http://127.0.0.1:{self.port}"

    def tunnels(self) -> int:
        """How many it has opened."""
        return len(re.findall(r"Established connection to host", self.log.read_text()))

    def asked(self) -> int:
        """How many requests for one it has heard."""
        return len(re.findall(r"CONNECT 127\.0\.0\.1:", self.log.read_text()))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service that names itself by an address beyond the proxy; its one connector is made by the tests."""
    directory = tmp_path_factory.mktemp("proxied")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        world = World(directory, supervisor)
        world.build()
        supervisor.end("connector")
        yield world


@pytest.fixture(scope="module")
def proxy(world: World, tmp_path_factory: pytest.TempPathFactory) -> Proxy:
    """The way to it."""
    if shutil.which("tinyproxy") is None:
        pytest.skip("no tinyproxy is installed (tests/system-packages)")
    return tinyproxy(world, "proxy", world.tunnel_port, tmp_path_factory.mktemp("tinyproxy") / "proxy")


def tinyproxy(world: World, name: str, to: int, log: Path) -> Proxy:
    """One that opens tunnels to this port alone."""
    found = Proxy(free_port(), log)
    configuration = log.with_suffix(".conf")
    configuration.write_text(
        f'Port {found.port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 200\nAllow 127.0.0.1\nBasicAuth alice {SECRET}\n'
        f'ConnectPort {to}\nLogFile "{log}"\nLogLevel Info\n')
    world.supervisor.start(name, ["tinyproxy", "-d", "-c", str(configuration)])
    until(lambda: log.exists() and "Accepting connections" in log.read_text(), "tinyproxy does not start", 20)
    return found


def join(world: World, name: str, *options: str) -> tuple[int, str]:
    """What the command says; its code."""
    token = world.admin("connector", "token").strip()
    outcome = appproxy("connector", "join", token, "--state", str(world.directory / name), "--name", name, *options)
    return outcome.code, outcome.out + outcome.err


def credentials(world: World, text: str) -> str:
    """A file of them."""
    path = world.directory / "login"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def test_all_goes_through_it(world: World, proxy: Proxy) -> None:
    """Enrolment, signals, configuration and bodies, with no connection past it; and no password is told."""
    code, told = join(world, "behind", "--proxy", proxy.url, "--proxy-credentials", credentials(world, f"alice:{SECRET}"))
    assert code == 0, told
    assert proxy.tunnels() == 2  # the first look, and the enrolment
    world.start_connector("behind")
    user = Visitor(world.port, world.anchor)
    body = os.urandom(BIG)
    answer = user.request("POST", world.url("open", "/upload"), None, body)
    assert answer.status == 200 and hashlib.sha256(body).hexdigest() in answer.text, answer.text
    download = user.get(world.url("open", "/download/3"))
    assert (download.status, len(download.body)) == (200, 3 << 20)
    assert proxy.tunnels() >= 5 and proxy.tunnels() == proxy.asked()
    pid = world.supervisor.find("behind").process.pid
    assert tunnel_peers(pid, world.tunnel_port) == 0 and tunnel_peers(pid, proxy.port) >= 3
    written = told + "".join(log.read_text(errors="replace") for log in (world.directory / "logs").iterdir())
    assert "through the proxy 127.0.0.1" in written and SECRET not in written
    assert SECRET not in ConnectorPaths(world.directory / "behind").settings.read_text()


def test_the_doctor_goes_through_it(world: World, proxy: Proxy) -> None:
    """Step by step; and names the step that is broken."""
    state = str(world.directory / "behind")
    good = appproxy("doctor", "--state", state)
    assert "way through the proxy" in good.out and "knows this connector" in good.out, good.out + good.err
    credentials(world, "alice:wrong")
    bad = appproxy("doctor", "--state", state)
    credentials(world, f"alice:{SECRET}")
    assert bad.code == 1 and "does not take the user and password" in bad.out and "outbound_proxy_credentials" in bad.out


def test_a_proxy_that_is_started_again(world: World, proxy: Proxy) -> None:
    """The connector comes back through it by itself."""
    command = world.supervisor.find("proxy").process.args
    world.supervisor.end("proxy")
    user = Visitor(world.port, world.anchor)
    until(lambda: user.get(world.url("open", "/")).status == 503, "the connector is still there", 60)
    assert isinstance(command, list)
    world.supervisor.start("proxy", [str(one) for one in command])
    until(lambda: user.get(world.url("open", "/")).status == 200, "the connector does not come back", 60)
    assert "the proxy 127.0.0.1" in world.supervisor.find("behind").output()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("no password", "wants a user and a password (407"),
        ("wrong password", "does not take the user and password (40"),
        ("another port", "opens no way to 127.0.0.1:"),
        ("nobody there", "cannot be reached: Connection was refused"),
        ("no proxy", "does not answer as an HTTP proxy does"),
        ("an endless answer", "its answer has more than 16384 bytes"),
    ],
)
def test_what_goes_wrong_is_said(world: World, proxy: Proxy, how: str, expected: str) -> None:
    """In one line, with the hint; nothing is left of the attempt, and the token is still good."""
    url, login = proxy.url, f"alice:{SECRET}"
    token = world.admin("connector", "token").strip()
    match how:
        case "no password":
            login = ""
        case "wrong password":
            login = "alice:other"
        case "another port":
            url = tinyproxy(world, "strict", 443, proxy.log.with_name("strict")).url
        case "nobody there":
            url = f"http://127.0.0.1:{free_port()}"
        case "no proxy":
            url = rubbish(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        case "an endless answer":
            url = rubbish(b"HTTP/1.1 200 OK\r\n" + b"x-more: and more\r\n" * 100_000)
    options = ["--proxy-credentials", credentials(world, login)] if login else []
    state = world.directory / "never"
    failed = appproxy("connector", "join", token, "--state", str(state), "--proxy", url, *options)
    credentials(world, f"alice:{SECRET}")
    assert (failed.code, expected in failed.err, "; " in failed.err, state.exists()) == (1, True, True, False), failed.err
    assert SECRET not in failed.err and "Traceback" not in failed.err


def test_the_environment(world: World, proxy: Proxy) -> None:
    """A setting of `none` is heard whatever HTTPS_PROXY says, and a password in the setting is refused."""
    world.supervisor.end("behind")
    before = proxy.asked()
    variables = {**environment(), "HTTPS_PROXY": f"http://alice:{SECRET}@127.0.0.1:{proxy.port}"}
    with Supervisor(world.directory / "logs", variables) as supervisor:
        code, told = join(world, "direct", "--proxy", "none")
        assert code == 0, told
        command = twistd("appproxy-connector", "--state", str(world.directory / "direct"))
        supervisor.start("direct", command, "appproxy-connector ready and connected", PATIENCE)
    assert proxy.asked() == before
    code, told = join(world, "wrong", "--proxy", "http://alice:secret@p:1")
    assert code == 2 and "outbound_proxy_credentials" in told and "secret" not in told


def rubbish(data: bytes) -> str:
    """The URL of a server that says this to whoever comes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        near, _ = listener.accept()
        with near, listener:
            try:
                near.sendall(data)
                near.recv(65536)
                near.recv(1)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def tunnel_peers(pid: int, port: int) -> int:
    """How many TCP connections of a process lead to this port of this machine (proc(5), /proc/net/tcp)."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    there = {f"socket:[{row[9]}]" for row in rows if row[2] == f"0100007F:{port:04X}"}
    return sum(1 for link in Path(f"/proc/{pid}/fd").iterdir() if os.readlink(link) in there)


