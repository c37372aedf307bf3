"""A service, and a connector, that have no file descriptor left."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest

from appproxy.config import StatePaths
from tests.end_to_end import open_files
from tests.end_to_end.ports import free_port
from tests.end_to_end.surroundings import Surrounded, surrounded_system
from tests.end_to_end.system import CONNECTORS
from tests.end_to_end.wire import Wire, ask
from tests.end_to_end.world import appproxy, until


@pytest.fixture(scope="module")
def metrics() -> int:
    """The port of the metrics."""
    return free_port()


@pytest.fixture(scope="module")
def system(metrics: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surrounded]:
    """A system of this file's own."""
    with surrounded_system(tmp_path_factory.mktemp("d")) as found:
        path = StatePaths(found.state).settings
        path.write_text(f'metrics_listen = "127.0.0.1:{metrics}"\n' + path.read_text())
        found.restart()
        found.repair()
        yield found


def none_left(system: Surrounded, name: str, some: bool = False) -> AbstractContextManager[None]:
    """Of a program by its name, see `open_files.none_left`."""
    return open_files.none_left(system.supervisor.find(name).process.pid, some)


def ended(one: socket.socket) -> bool:
    """Has the service closed it?"""
    one.setblocking(False)
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def closed(port: int) -> float:
    """What the metric says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        lines = page.read().decode().splitlines()
    return next(float(one.split()[1]) for one in lines if one.startswith("appproxy_connections_without_descriptor_total "))


def test_a_service_says_so(system: Surrounded, metrics: int) -> None:
    """In its log, in a metric, and to the doctor; who is connected goes on, and afterwards all is well."""
    with Wire(system, "raw") as early:
        early.request("GET", "/", "early")
        assert early.reply().status == 200 and closed(metrics) == 0
        with none_left(system, "service", some=True), ExitStack() as silent:
            left = [silent.enter_context(socket.create_connection(("127.0.0.1", system.port), 10)) for _ in range(60)]
            until(lambda: sum(map(ended, left)) >= 3, "nobody is closed", 10)
            early.request("GET", "/", "still")
            assert early.reply().status == 200
    assert ask(system).status == 200
    log = system.supervisor.find("service").output()
    assert log.count("no file descriptor is free for connections that come in") == 1
    assert closed(metrics) >= 3
    doctor = appproxy("--state", str(system.state), "doctor")
    assert doctor.code == 1 and "connections were closed since the start" in doctor.out and "LimitNOFILE=" in doctor.out


def test_a_connector_gives_requests_back(system: Surrounded) -> None:
    """To the other one of its group, whatever their method; alone, its users get 503 at worst."""
    with none_left(system, CONNECTORS[0]):
        for number in range(12):
            method, body = (("GET", b""), ("POST", b"once"))[number % 2]
            reply = ask(system, "raw", "/", f"busy {number}", method, body)
            assert reply.status == 200, reply
            assert len(system.origin.about(f"busy {number}")) == 1
        system.supervisor.end(CONNECTORS[1], 30)
        # A file that is closed meanwhile serves one more; what is never said is that the application is at fault (502).
        assert {ask(system, "raw", "/", f"alone {number}").status for number in range(3)} <= {200, 503}
    until(lambda: ask(system).status == 200, "it does not recover", 20)
    log = system.supervisor.find(CONNECTORS[0]).output()
    assert log.count("no file descriptor is free for connections to applications") == 1
    system.repair()
