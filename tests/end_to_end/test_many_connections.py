"""Very many users come at once, and more connections than there may be open files."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.surroundings import Surrounded, surrounded_system
from tests.end_to_end.system import CONNECTORS
from tests.end_to_end.wire import Wire, ask
from tests.end_to_end.world import PASSWORD, until

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surrounded]:
    """A system of this file's own, since its service has few open files."""
    with surrounded_system(tmp_path_factory.mktemp("s")) as found:
        yield found


@pytest.fixture(autouse=True)
def ordinary_again(system: Surrounded) -> Iterator[None]:
    """After each test the service is an ordinary one again."""
    yield
    system.be_ordinary()


def test_a_thousand_connections_at_once(system: Surrounded) -> None:
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


def test_who_only_connects_keeps_nobody_out(system: Surrounded) -> None:
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


def test_more_users_than_there_is_room_for(system: Surrounded) -> None:
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


def _answers(system: Surrounded) -> bool:
    try:
        return ask(system, "raw").status == 200
    except OSError:
        return False
