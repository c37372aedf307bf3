"""The examples in docs/library, run as the programs that they are: what they print, answer, and how they end."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.ports import free_port
from tests.end_to_end.world import PATIENCE, ROOT, appproxy, environment

LIBRARY = ROOT / "docs" / "library"


def example(name: str, *arguments: str) -> list[str]:
    """The command that its first lines name."""
    return [sys.executable, str(LIBRARY / name), *arguments]


def test_each_has_a_test() -> None:
    """A new example is not forgotten: programs are started here, what plugs into one has unit tests."""
    here = "".join((Path(__file__).parent / name).read_text() for name in ("test_library.py", "test_published_sites.py"))
    units = {path.name for path in (LIBRARY.parents[1] / "tests" / "library").glob("test_*.py")}
    assert [path.name for path in LIBRARY.glob("*.py")
            if f'"{path.name}"' not in here and f"test_{path.name}" not in units] == []


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory for the service in another program, made as that program's text says."""
    path = tmp_path / "state"
    listen, tunnel = (f"127.0.0.1:{free_port()}" for _ in range(2))
    made = appproxy("init", "--state", str(path), "--domain", "appproxy.localhost", "--listen", listen,
                    "--tunnel-listen", tunnel, "--tunnel-address", tunnel)
    assert made.code == 0, made.err
    return path


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_service_in_another_program(tmp_path: Path, state: Path, sign: signal.Signals) -> None:
    """It serves users and shows what it does; a signal drains it, and it ends and frees its directory."""
    with Supervisor(tmp_path, environment()) as supervisor:
        command = example("embedded.py", "--state", str(state), "--status-port", "0")
        said = supervisor.start("embedded", command, "users at ", PATIENCE)
        found = re.fullmatch(r"users at (https://signin\.\S+), status at (http://\S+)", said)
        assert found is not None
        assert json.loads(get(found[2])) == {"connectors": {}, "requests": 0}
        socket.create_connection(("127.0.0.1", urlsplit(found[1]).port or 0), PATIENCE).close()
        assert json.loads(appproxy("--state", str(state), "status", "--json").out)["running"] is True
        program = supervisor.find("embedded")
        program.process.send_signal(sign)
        assert program.process.wait(PATIENCE) == 0
        assert program.output().splitlines() == [said]
        assert json.loads(appproxy("--state", str(state), "status", "--json").out)["running"] is False


def test_a_service_that_cannot_start_says_why(tmp_path: Path) -> None:
    """One line that names the remedy, and an exit code, as from the programs of twistd."""
    command = example("embedded.py", "--state", str(tmp_path))
    ended = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        f"{tmp_path}/service.toml: not found; make a state directory with `appproxy init --state {tmp_path}`"
    ]


def test_a_site_with_sign_in(tmp_path: Path) -> None:
    """The stand-in signs Ann in: three redirects lead a browser back to the page, which knows her."""
    port = free_port()
    with Supervisor(tmp_path, environment()) as supervisor:
        said = supervisor.start("site", example("cookie_auth.py", "--port", str(port)), "http://", PATIENCE)
        assert said == f"http://localhost:{port}/"
        assert Browser().open(said) == "Welcome, Ann. Sign out at /.appproxy/sign-out\n"
        supervisor.end("site")


def test_a_relay(tmp_path: Path) -> None:
    """What a user sends at one side arrives at the target behind the other, and the answer comes back."""
    target = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=echo_once, args=(target,), daemon=True).start()
    users, tunnel = free_port(), pair_of_ports()
    with Supervisor(tmp_path, environment()) as supervisor:
        supervisor.start("near", example("tcp_relay.py", "near", "--users", str(users), "--tunnel", str(tunnel)),
                         f"users at port {users}, the far side at ports {tunnel} and {tunnel + 1}", PATIENCE)
        to = f"127.0.0.1:{target.getsockname()[1]}"
        supervisor.start("far", example("tcp_relay.py", "far", "--tunnel", f"localhost:{tunnel}", "--target", to),
                         f"connected to localhost:{tunnel}, users go to {to}", PATIENCE)
        with socket.create_connection(("127.0.0.1", users), PATIENCE) as user:
            user.sendall(b"hello " * 20_000)
            user.shutdown(socket.SHUT_WR)
            with user.makefile("rb") as answer:
                assert answer.read() == b"HELLO " * 20_000
    target.close()


def test_a_test_of_an_application() -> None:
    """pytest runs it as it is."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(LIBRARY / "test_wiki.py")]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE)
    assert "1 passed" in ended.stdout, ended.stdout


def get(url: str) -> str:
    """The body of an answer with status 200."""
    status, _, body = ask(url, {})
    assert status == 200
    return body


def ask(url: str, fields: dict[str, str]) -> tuple[int, list[tuple[str, str]], str]:
    """Status, fields and body."""
    parts = urlsplit(url)
    connection = HTTPConnection("127.0.0.1", parts.port, timeout=PATIENCE)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"Host": parts.netloc, **fields})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.getheaders(), body


class Browser:
    """One that keeps `Secure` cookies of localhost, as browsers do and Python's cookie jar does not."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def open(self, url: str) -> str:
        """Follow redirects to a page; gives its text."""
        for _ in range(6):
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            status, fields, body = ask(url, {"Accept": "text/html", "Cookie": cookies})
            for name, value in fields:
                if name.lower() == "set-cookie":
                    key, _, kept = value.partition(";")[0].partition("=")
                    self._cookies[key] = kept
            if status == 200:
                return body
            assert status in (302, 303), body
            url = dict(fields)["Location"] if "Location" in dict(fields) else dict(fields)["location"]
            url = url if url.startswith("http") else f"http://localhost:{urlsplit(url).port or ''}{url}"
        raise AssertionError("too many redirects")


def echo_once(server: socket.socket) -> None:
    """Answer one connection in capitals, once it has said everything."""
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as said:
        connection.sendall(said.read().upper())


def pair_of_ports() -> int:
    """A free port whose successor is free too."""
    while True:
        port = free_port()
        try:
            socket.create_server(("127.0.0.1", port + 1)).close()
        except OSError:
            continue
        return port
