"""Twisted programs that no port leads to: sites that are served through a service, as real processes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.visitor import Socket, Visitor
from tests.end_to_end.world import DOMAIN, PATIENCE, ROOT, World, appproxy, environment, until

#: More than all buffers on the way hold.
LARGE = 64 * 1024 * 1024
ECHO = '''
from twisted.web.websocket import WebSocketResource


class Echo:
    def negotiationStarted(self, transport):
        self.transport = transport

    def negotiationFinished(self):
        pass

    def textMessageReceived(self, message):
        self.transport.sendTextMessage(message[::-1])

    def bytesMessageReceived(self, data):
        self.transport.sendBytesMessage(data)

    def connectionLost(self, reason):
        pass


class Echoes:
    def buildProtocol(self, request):
        return Echo()


resource = WebSocketResource(Echoes())
'''

WSGI = '''
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = ("REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT")
    return [" ".join(repr(environ[name]) for name in names).encode()]
'''


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service with an application that is nowhere yet, and a directory that somebody has joined from."""
    directory = tmp_path_factory.mktemp("published")
    logs = directory / "logs"
    logs.mkdir()
    with Supervisor(logs, environment()) as supervisor:
        world = World(directory, supervisor)
        listen, tunnel = f"127.0.0.1:{world.port}", f"127.0.0.1:{world.tunnel_port}"
        made = appproxy("init", "--state", str(world.state), "--domain", DOMAIN, "--listen", listen,
                        "--tunnel-listen", tunnel, "--tunnel-address", tunnel)
        assert made.code == 0, made.err
        world.start_service()
        for name in ("wiki", "hello"):
            world.publish(name, f"http://{name}.internal/", "--preauth", "passthrough")
        world.join("program")
        files = directory / "files"
        files.mkdir()
        (files / "page.txt").write_text("a page")
        (files / "large").write_bytes(os.urandom(1024) * (LARGE // 1024))
        (files / "echo.rpy").write_text(ECHO)
        (files / "served.py").write_text(WSGI)
        yield world


def twist_web(world: World, state: str = "program", application: str = "wiki") -> list[str]:
    """The command of the documentation."""
    listen = f"appproxy:{world.directory / state}:application={application}"
    return [str(Path(sys.executable).parent / "twist"), "web", "--path", str(world.directory / "files"), "--listen", listen]


@pytest.fixture
def site(world: World) -> Iterator[int]:
    """`twist web` with the directory of files; gives its process id."""
    world.supervisor.start("site", twist_web(world), "is served here", PATIENCE)
    yield world.supervisor.find("site").process.pid
    world.supervisor.end("site")


def curl(world: World, path: str, *options: str, name: str = "wiki") -> subprocess.Popen[bytes]:
    """curl, as anybody outside runs it."""
    command = ["curl", "--silent", "--show-error", "--fail", "--cacert", str(world.anchor), "--max-time", "60", *options,
               "--resolve", f"{name}.{DOMAIN}:{world.port}:127.0.0.1", world.url(name, path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def sockets_of(pid: int) -> list[str]:
    """The state of each TCP socket of a process, as the kernel has it: `0A` is one that listens."""
    own = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return [row[3] for row in rows if f"socket:[{row[9]}]" in own]


def test_a_site_of_files_is_served_without_a_port(world: World, site: int) -> None:
    """`twist web` needs nothing but another endpoint string: pages, large files, and no socket that listens."""
    assert curl(world, "/page.txt").communicate(timeout=PATIENCE)[0] == b"a page"
    large, _ = curl(world, "/large").communicate(timeout=PATIENCE)
    expected = hashlib.sha256((world.directory / "files" / "large").read_bytes()).digest()
    assert hashlib.sha256(large).digest() == expected
    states = sockets_of(site)
    assert states and "0A" not in states


def test_memory_does_not_grow_with_what_a_slow_reader_has_not_read(world: World, site: int) -> None:
    """Back-pressure goes from the user to the file, through the connection in memory."""
    assert curl(world, "/page.txt").communicate(timeout=PATIENCE)[0] == b"a page"
    before = resident(site)
    with Visitor(world.port, world.anchor).opened("GET", world.url("wiki", "/large")) as answer:
        assert len(answer.read(1024 * 1024)) == 1024 * 1024
        until(lambda: sleeping(site), "the site goes on reading the file")
        assert resident(site) - before < LARGE // 4
        assert len(answer.read()) == LARGE - 1024 * 1024


def test_a_websocket_passes(world: World, site: int) -> None:
    """The connection in memory becomes a pipe, both ways."""
    socket = Socket(Visitor(world.port, world.anchor), world.url("wiki", "/echo.rpy"))
    for message in ("abc", "x" * 300_000):
        socket.send(message)
        assert socket.receive() == message[::-1]
    socket.close()


def test_a_wsgi_application_is_served(world: World) -> None:
    """It finds addresses where Twisted's own would have them: that of nobody is empty, and not made up."""
    twist, *_, listen = twist_web(world)
    path = f"PYTHONPATH={world.directory / 'files'}:{ROOT}"
    command = ["env", path, twist, "web", "--wsgi", "served.application", "--listen", listen]
    world.supervisor.start("wsgi", command, "is served here", PATIENCE)
    assert curl(world, "/").communicate(timeout=PATIENCE)[0] == b"'' '0' 'wiki.internal' '80'"
    world.supervisor.end("wsgi")


def test_a_stop_lets_a_download_finish(world: World) -> None:
    """SIGTERM ends the program once it has; afterwards there is nobody behind the address."""
    world.supervisor.start("leaving", twist_web(world), "is served here", PATIENCE)
    download = curl(world, "/large", "--limit-rate", "16M")
    assert download.stdout is not None
    first = download.stdout.read(65_536)
    program = world.supervisor.find("leaving")
    program.process.send_signal(signal.SIGTERM)
    rest, _ = download.communicate(timeout=PATIENCE)
    assert len(first + rest) == LARGE and download.returncode == 0
    # twist ends by the signal that it was sent.
    assert program.process.wait(PATIENCE) in (0, -signal.SIGTERM)
    assert Visitor(world.port, world.anchor).get(world.url("wiki")).status == 503


def test_a_wrong_application_is_told(world: World) -> None:
    """With the names that there are. twist goes on without its site, as after every endpoint that fails later."""
    world.supervisor.start("wrong", twist_web(world, application="wkii"), "'wkii' is not published", PATIENCE)
    assert "there: hello, wiki" in world.supervisor.find("wrong").output()
    world.supervisor.end("wrong")


def test_a_directory_that_nobody_has_joined_from_ends_the_program(world: World) -> None:
    """At once, with the command that helps."""
    ended = subprocess.run(twist_web(world, "nowhere"), capture_output=True, text=True, env=environment(), timeout=PATIENCE)
    assert ended.returncode != 0
    assert "appproxy connector join" in ended.stdout + ended.stderr


def test_the_example_of_the_library(world: World) -> None:
    """It joins by itself, serves its page and its WebSocket, and ends well."""
    token = world.admin("connector", "token").strip()
    example = [sys.executable, str(ROOT / "docs" / "library" / "published.py")]
    command = [*example, "--state", str(world.directory / "example"), "--application", "hello"]
    said = world.supervisor.start("example", [*command, "--token", token], "is served through", PATIENCE)
    assert said == f"hello is served through 127.0.0.1:{world.tunnel_port}"
    visitor = Visitor(world.port, world.anchor)
    assert visitor.get(world.url("hello")).text == "hello from nowhere\n"
    socket = Socket(visitor, world.url("hello", "/echo"))
    socket.send("abc")
    assert socket.receive() == "abc"
    socket.close()
    assert world.supervisor.end("example") == 0
    ended = subprocess.run([*example, "--state", str(world.directory / "none")], capture_output=True, text=True,
                           env=environment(), timeout=PATIENCE)
    assert (ended.returncode, "appproxy connector join" in ended.stderr) == (1, True)


def resident(pid: int) -> int:
    """Bytes of memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sleeping(pid: int) -> bool:
    """Has it used no processor for half a second?"""
    before = used(pid)
    deadline = subprocess.run(["sleep", "0.5"], check=True)
    return deadline.returncode == 0 and used(pid) == before


def used(pid: int) -> int:
    """Ticks of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
