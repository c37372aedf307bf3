"""What the service stands on fails: disk, database, clock, permissions, open files; and very many users come at once."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appproxy.admin.client import AdminClient
from appproxy.config import StatePaths
from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.errors import AppProxyError
from appproxy.twistd.passwords import admit_password
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.system import CONNECTORS, PROMPT, System
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.wire import Wire, ask
from tests.end_to_end.world import PASSWORD, PATIENCE, environment, until

pytestmark = pytest.mark.alone

_FULL = 24 << 20
_DAY = 86_400


@dataclass(slots=True)
class Standing(System):
    """Its service can be started in a mount namespace of its own, on a small disk, and with another clock."""

    before: tuple[str, ...] = ()

    def start_service(self) -> None:
        """As `before` says: what goes before the command."""
        command = [*self.before, *twistd("appproxy-service", "--state", str(self.state))]
        self.supervisor.start("service", command, "appproxy-service ready on https://", PATIENCE)

    def restart(self, *before: str) -> None:
        """With other surroundings."""
        if self.running("service"):
            self.supervisor.end("service", 30)
        self.before = before
        self.start_service()

    def sign_in(self) -> Answer:
        """Somebody tries to sign in; gives the page at the end of it."""
        return self.visitor().sign_in(self.url("held", "/"), "alice")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A system of its own, since its database suffers."""
    directory = tmp_path_factory.mktemp("s")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        found = Standing(directory, supervisor)
        try:
            found.build()
            yield found
        finally:
            supervisor.stop()
            found.origin.stop()


@pytest.fixture(autouse=True)
def mended(system: Standing) -> Iterator[None]:
    """After each test the service is an ordinary one again."""
    yield
    if system.before or not system.running("service"):
        system.restart()
    system.repair()


def works(system: Standing, alice: Visitor) -> None:
    """Whoever needs nothing of the database is served as ever."""
    assert ask(system, "raw").status == 200
    assert ask(system, "raw", "/", "body", "POST", b"hello").body == b"hello"
    assert alice.get(system.url("held", "/")).status == 200


def again(system: Standing) -> None:
    """Sign-in and admin work, without a new start of the service."""
    began = system.supervisor.find("service").process.pid
    until(lambda: system.sign_in().status == 200, "nobody can sign in", 20)
    system.call("POST", "/connector-groups", name="mended")
    system.call("DELETE", "/connector-groups/mended")
    assert system.supervisor.find("service").process.pid == began


def test_a_database_that_is_locked(system: Standing) -> None:
    """Traffic goes on; sign-in and admin say so within 10 s; then all goes on."""
    alice = system.alice()
    other = sqlite3.connect(StatePaths(system.state).database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        works(system, alice)
        began = usual_seconds()
        assert system.sign_in().status == 503
        assert usual_seconds() - began < 10 + PROMPT
        with pytest.raises(AppProxyError, match=r"locked|in time"):
            system.call("POST", "/connector-groups", name="mended")
        works(system, alice)
    finally:
        other.close()
    again(system)


def test_a_database_that_has_gone(system: Standing) -> None:
    """The same when its file is removed; nothing is written to where nobody finds it."""
    alice = system.alice()
    path = StatePaths(system.state).database
    aside = path.with_name("aside")
    path.rename(aside)
    try:
        works(system, alice)
        assert system.sign_in().status == 503
        with pytest.raises(AppProxyError, match="has gone"):
            system.call("POST", "/connector-groups", name="mended")
        assert not path.exists()
        works(system, alice)
    finally:
        aside.rename(path)
    again(system)


@pytest.mark.skipif(bool(os.geteuid()), reason="only root can make mount namespaces")
def test_a_full_disk(system: Standing) -> None:
    """The same when nothing more can be written to the state directory."""
    alice = system.alice()
    copy = system.directory / "copy"
    system.supervisor.end("service", 30)
    shutil.copytree(system.state, copy, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    system.restart(
        "unshare", "-m", "--propagation", "private", "sh", "-c",
        'mount -t tmpfs -o size="$1",mode=700 none "$2" && cp -a "$3"/. "$2" && shift 3 && exec "$@"',
        "sh", str(_FULL), str(system.state), str(copy),
    )  # fmt: skip
    inside = Path(f"/proc/{system.supervisor.find('service').process.pid}/root{system.state}")
    until(lambda: system.running(CONNECTORS[0]) and ask(system, "raw").status == 200, "no connector came back", 25)

    def call(**body: object) -> Any:
        return AdminClient(inside, admit_password).call("POST", "/connector-groups", body)

    filler = inside / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    try:
        works(system, alice)
        assert system.sign_in().status == 503
        with pytest.raises(AppProxyError, match="full"):
            call(name="mended")
        works(system, alice)
    finally:
        filler.unlink()
    until(lambda: system.sign_in().status == 200, "nobody can sign in", 20)
    call(name="mended")


FAKETIME = shutil.which("faketime")


@pytest.mark.skipif(FAKETIME is None, reason="Debian's faketime is not installed")
@pytest.mark.parametrize("days", [1, -1])
def test_the_service_has_another_day(system: Standing, days: int) -> None:
    """A session of today is over tomorrow, and not immortal yesterday; connectors are there, and none dials in a storm."""
    alice = system.alice()
    assert FAKETIME is not None
    system.restart(FAKETIME, "-f", f"{days:+d}d")
    until(lambda: ask(system, "raw").status == 200, "no connector came back", 25)
    status = alice.get(system.url("held", "/")).status
    assert status == (401 if days > 0 else 200)
    until(lambda: system.online() == len(CONNECTORS), "not all connectors came back", 25)
    mark = {name: system.supervisor.find(name).output().count("cannot be reached") for name in CONNECTORS}
    # Yesterday, alice's password is one of tomorrow, and what is older than a password does not count.
    assert system.sign_in().status == (200 if days > 0 else 403)
    time.sleep(3)
    for name in CONNECTORS:
        assert system.supervisor.find(name).output().count("cannot be reached") - mark[name] <= 1


@pytest.mark.skipif(FAKETIME is None, reason="Debian's faketime is not installed")
@pytest.mark.parametrize("days", [1, -1])
def test_a_connector_has_another_day(system: Standing, days: int) -> None:
    """One whose clock is a day ahead works; one a day behind its own certificate says what is wrong, and keeps calm."""
    assert FAKETIME is not None
    name = CONNECTORS[0]
    system.supervisor.end(name, 30)
    command = [FAKETIME, "-f", f"{days:+d}d", *twistd("appproxy-connector", "--state", str(system.directory / name))]
    system.supervisor.start(name, command, "appproxy-connector ready", PATIENCE)
    program = system.supervisor.find(name)
    try:
        if days > 0:
            until(lambda: system.online() == 2, "the connector does not come back", 25)
        time.sleep(5)
        assert program.output().count("\n") < 60, "a storm of words"
        assert ask(system, "raw").status == 200
    finally:
        system.supervisor.end(name, 30)
        system.start_connector(name)


@pytest.mark.skipif(bool(os.geteuid()), reason="only root can become another user")
def test_a_state_directory_of_another_user(system: Standing) -> None:
    """Commands and programs without the right to it say so in one line, and leave it as it is."""
    public = system.directory.parent.parent
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*nobody, sys.executable, "-c", "import appproxy"], capture_output=True, env=environment()).returncode:
        pytest.skip(f"user 65534 may not run {sys.executable}")
    before = sorted(path.name for path in system.state.iterdir())
    for command in (
        [sys.executable, "-m", "appproxy.cli", "--state", str(system.state), "app", "list"],
        twistd("appproxy-service", "--state", str(system.state)),
        [sys.executable, "-m", "appproxy.cli", "doctor", "--state", str(system.state)],
        [sys.executable, "-m", "appproxy.cli", "init", "--state", str(public / "no-right"), "--domain", "example.com"],
    ):
        ended = subprocess.run([*nobody, *command], capture_output=True, text=True, timeout=60, env=environment(), cwd="/")
        said = ended.stdout + ended.stderr
        assert ended.returncode != 0
        assert "Traceback" not in said
        assert "ermission denied" in said or "may use it" in said, said
    assert sorted(path.name for path in system.state.iterdir()) == before


def test_a_thousand_connections_at_once(system: Standing) -> None:
    """None is dropped, and each is answered."""
    context = ssl.create_default_context(cafile=str(system.anchor))
    sockets = [socket.socket() for _ in range(1000)]
    outcome: list[bytes] = []
    lock = threading.Lock()
    try:
        for one in sockets:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", system.port))

        def use(mine: list[socket.socket]) -> None:
            host = system.host("raw")
            for one in mine:
                one.settimeout(60)
                with context.wrap_socket(one, server_hostname=host.partition(":")[0]) as user:
                    user.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Case: many\r\nConnection: close\r\n\r\n".encode())
                    head = user.recv(65536)
                with lock:
                    outcome.append(head[:12])

        threads = [threading.Thread(target=use, args=(sockets[number::20],)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    finally:
        for one in sockets:
            one.close()
    assert outcome == [b"HTTP/1.1 200"] * 1000
    assert PASSWORD not in system.supervisor.find("service").output()


def _seconds_of_cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_who_only_connects_keeps_nobody_out(system: Standing) -> None:
    """Ten times as many silent connections as the service may have open files: users and connectors do not notice."""
    system.restart("prlimit", "--nofile=400:400")
    until(lambda: system.online() == len(CONNECTORS), "the connectors did not come back", 30)
    silent = []
    try:
        for number in range(4000):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", (system.port, system.tunnel_port)[number % 2]))
            silent.append(one)
            if number % 400 == 0:
                assert ask(system, "raw").status == 200
        assert system.online() == len(CONNECTORS)
        # One that needs a data connection, too.
        assert ask(system, "raw", method="POST", body=bytes(200_000)).status == 200
        service = system.supervisor.find("service").process.pid
        before = _seconds_of_cpu(service)
        time.sleep(2)
        assert _seconds_of_cpu(service) - before < 1, "the service turns in a circle"
    finally:
        for one in silent:
            one.close()
    assert ask(system, "raw").status == 200


def test_more_users_than_there_is_room_for(system: Standing) -> None:
    """An address with nearly all connections loses its idle ones to its new ones; others, and connectors, go on."""
    system.restart("prlimit", "--nofile=400:400")
    until(lambda: system.online() == len(CONNECTORS), "the connectors did not come back", 30)
    context, opened, refused = system.context(), [], 0
    try:
        with Wire(system, "raw") as early:
            for _ in range(200):
                plain = socket.create_connection(("127.0.0.1", system.port), timeout=30, source_address=("127.0.0.2", 0))
                try:
                    opened.append(context.wrap_socket(plain, server_hostname=system.host("raw").partition(":")[0]))
                except OSError:
                    refused += 1
                    plain.close()
            # 150 for users in all: half of what 400 files leave. Some of these, the reserve, are for other addresses.
            until(lambda: 120 <= sum(map(_is_open, opened)) <= 150, "the address has not lost what is too much", 10)
            assert refused <= 80
            early.request("GET", "/", "early")
            assert early.reply().status == 200
            assert _answers(system)
            assert system.online() == len(CONNECTORS)
    finally:
        for one in opened:
            one.close()
    until(lambda: _answers(system), "no room again", 10)


def _is_open(connection: ssl.SSLSocket) -> bool:
    """Has the service said nothing, and not closed it?"""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except ssl.SSLWantReadError:
        return True
    except OSError:
        return False


def _answers(system: Standing) -> bool:
    try:
        return ask(system, "raw").status == 200
    except OSError:
        return False
