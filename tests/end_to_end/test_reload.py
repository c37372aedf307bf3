"""SIGHUP: a new process of the service or of a connector beside the old one, which drains. Users notice nothing of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.errors import StoreError
from appproxy.twistd.process.succession import END_SECONDS
from tests.end_to_end.behaviours import LARGE, pour, talk
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.origins import Call
from tests.end_to_end.ports import free_port
from tests.end_to_end.system import DRAIN_SECONDS, System
from tests.end_to_end.wire import Cut, Wire, ask
from tests.end_to_end.world import DOMAIN, environment, in_process, until

#: More than the idle data connections of two connectors.
LATE = 24


#: Seconds for which a service may be mute on a busy machine; a start beside it takes some of them.
MUTE_AT_MOST = 15.0
#: Seconds: the question whether the former process lives, and the start of one on a busy machine. Without that it was 24.
BACK = 12.0


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One of its own: the service's process changes."""
    directory = tmp_path_factory.mktemp("reload")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        system = System(directory, supervisor)
        system.build()
        system.origin.on("/talk", talk)
        system.origin.on("/pour", pour)
        yield system
        system.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


def process_of(system: System) -> int:
    """Which process serves. One that is mute for a moment, as on a busy machine, is asked again; one that stays so is not."""

    def told() -> int:
        try:
            return int(system.call("GET", "/alive")["process"])
        except StoreError:
            return 0

    return until(told, "the service is mute", MUTE_AT_MOST)


def new_process(system: System) -> int:
    """Ask for a new process; gives its number once it serves."""
    old = process_of(system)
    os.kill(old, signal.SIGHUP)
    until(lambda: process_of(system) != old, "no new process serves")
    return process_of(system)


def is_there(process: int) -> bool:
    """Does it run? One that has ended and was not asked for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def to_the_end(stream: Wire) -> None:
    """Read it to its end, whichever that is."""
    with suppress(Cut):
        while stream.read():
            pass


def test_nobody_notices_a_reload(system: System) -> None:
    """Neither users who come, nor those who have a request, a download or a stream under way, nor those who sign in."""
    old = process_of(system)
    alice = system.alice()
    with Wire(system, "raw") as stream, Load(system, streams=6) as load:
        stream.request("GET", "/talk", "stream", fields={"Connection": "Upgrade", "Upgrade": "websocket"})
        assert stream.head().status == 101
        load.more(60)
        new = new_process(system)
        assert is_there(old)
        load.more(100)
        until(lambda: not is_there(old), "the old process does not end", DRAIN_SECONDS + 30)
        to_the_end(stream)
        load.more(60)
    assert load.faults == []
    assert process_of(system) == new
    assert alice.get(system.url("held", "/after")).status == 200


def test_answers_that_begin_after_the_reload(system: System) -> None:
    """More of them than there are idle data connections: those that are dialled now reach the old process, too."""
    held = threading.Event()

    def late(call: Call) -> bool:
        call.body()
        held.wait(60)
        call.answer(LARGE)
        return True

    system.origin.on("/late", late)
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(system, "raw")) for _ in range(LATE)]
        for number, wire in enumerate(wires):
            wire.request("GET", "/late", f"late {number}")
        until(lambda: all(system.origin.about(f"late {number}") for number in range(LATE)), "not all have arrived")
        new_process(system)
        until(lambda: system.online() == 2, "the connectors do not come")
        held.set()
        assert [wire.reply().body == LARGE for wire in wires] == [True] * LATE


def test_a_reload_that_cannot_be(system: System) -> None:
    """The command says why; who serves goes on, and the next reload is as good as any."""
    old = process_of(system)
    settings = system.state / "service.toml"
    written = settings.read_text()
    settings.write_text(written.replace(f"127.0.0.1:{system.tunnel_port}", "127.0.0.1:1", 1))
    key = system.state / "master.key"
    key.rename(system.state / "elsewhere")
    failed = in_process("--state", str(system.state), "reload")
    (system.state / "elsewhere").rename(key)
    settings.write_text(written)
    assert failed.code == 1 and "the service goes on as it was: it could not start" in failed.err
    assert process_of(system) == old and ask(system).status == 200
    assert int(system.admin("reload").split()[1]) == process_of(system) != old
    assert ask(system).status == 200


def test_a_next_process_that_hangs(system: System) -> None:
    """It is waited for as long as is said; then it is ended, though it hears no SIGTERM, and takes no connection with it."""
    old = process_of(system)
    settings, pipe = system.state / "service.toml", system.state / "pipe"
    written = settings.read_text()
    os.mkfifo(pipe)  # whoever opens it waits for ever
    settings.write_text('certificate = "pipe"\nkey = "pipe"\n' + written)
    try:
        os.kill(old, signal.SIGHUP)
        log = system.supervisor.find("service")
        until(lambda: "it was not ready within 60 s" in log.output(), "it is waited for longer", 90)
        assert len(children(old)) == 1
        until(lambda: not children(old), "it is still there", END_SECONDS + 10)
    finally:
        settings.write_text(written)
        pipe.unlink()
    assert process_of(system) == old
    for _ in range(20):
        assert ask(system).status == 200
    system.admin("reload")
    assert process_of(system) != old and ask(system).status == 200


def children(process: int) -> list[str]:
    """Of its main thread (proc(5))."""
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def test_new_settings_come_with_a_reload(system: System) -> None:
    """The listener that they add is opened, and one that they take away is closed with the old process."""
    settings, port = system.state / "service.toml", free_port()
    written = settings.read_text()
    settings.write_text(f'metrics_listen = "127.0.0.1:{port}"\n' + written)
    system.admin("reload")
    assert b"appproxy_connectors_online" in metrics(port)
    settings.write_text(written)
    system.admin("reload")
    until(lambda: not answers(port), "the old listener stays", DRAIN_SECONDS + 30)
    until(lambda: system.online() == 2, "the connectors do not come")
    assert ask(system).status == 200


def metrics(port: int) -> bytes:
    """The page for Prometheus."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        return bytes(answer.read())


def answers(port: int) -> bool:
    """Does anybody listen there?"""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


#: What systemd does between fork and exec (sd_listen_fds(3)).
_AS_SYSTEMD = """
import os, sys
found = [os.dup(int(one)) for one in sys.argv[1].split(",")]
for at, one in enumerate(found):
    os.dup2(one, 3 + at)
    os.set_inheritable(3 + at, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(found)))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_sockets_of_systemd_are_there_before_and_after_the_service(tmp_path: Path, workers: int) -> None:
    """Who comes while it is started again waits, and is refused by nobody, also with a parent of workers."""
    sockets = [listening(), listening()]
    port, tunnel_port = (one.getsockname()[1] for one in sockets)
    made = in_process("init", "--state", str(tmp_path / "state"), "--domain", DOMAIN, "--listen", f"127.0.0.1:{port}",
                      "--tunnel-listen", f"127.0.0.1:{tunnel_port}")
    assert made.code == 0, made.err
    settings = tmp_path / "state" / "service.toml"
    settings.write_text(f"workers = {workers}\n{settings.read_text()}")
    numbers = [one.fileno() for one in sockets]
    command = [sys.executable, "-c", _AS_SYSTEMD, ",".join(map(str, numbers)),
               *twistd("appproxy-service", "--state", str(tmp_path / "state"))]
    context = ssl.create_default_context(cafile=str(tmp_path / "state" / "trust-anchor.pem"))
    for _ in range(2):
        waiting = socket.create_connection(("127.0.0.1", port), 60)
        with (tmp_path / "log").open("wb") as log:
            service = subprocess.Popen(command, stdout=log, stderr=log, env=environment(), pass_fds=numbers)
        try:
            with context.wrap_socket(waiting, server_hostname=f"apps.{DOMAIN}") as user:
                user.sendall(f"GET / HTTP/1.1\r\nHost: apps.{DOMAIN}:{port}\r\nConnection: close\r\n\r\n".encode())
                assert user.recv(4096).startswith(b"HTTP/1.1 ")
            service.send_signal(signal.SIGTERM)
            assert service.wait(60) in (0, -signal.SIGTERM), (tmp_path / "log").read_text()
        finally:
            service.kill()
            service.wait()
    for one in sockets:
        one.close()


def listening() -> socket.socket:
    """A socket of systemd's."""
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.listen()
    return one


@pytest.fixture
def only_one(system: System) -> Iterator[System]:
    """The first connector alone, before and after which both are there."""
    system.supervisor.end("second", 60)
    yield system
    system.start_connector("second")
    until(lambda: system.online() == 2, "the connectors do not come")


def child_of(process: int) -> int:
    """The process that it has started."""
    found = until(lambda: Path(f"/proc/{process}/task/{process}/children").read_text().split(), "no new process")
    return int(found[0])


def test_nobody_notices_the_reload_of_the_only_connector(only_one: System) -> None:
    """The new process takes what comes; the old one ends what it has, and a download lives as long as the drain."""
    system = only_one
    old = system.supervisor.find("first").process
    with Wire(system, "raw") as stream, Load(system, streams=6) as load:
        stream.request("GET", "/pour", "stream")
        assert stream.head().status == 200
        load.more(60)
        old.send_signal(signal.SIGHUP)
        new = child_of(old.pid)
        load.more(150)
        assert old.poll() is None
        until(lambda: old.poll() is not None, "the old process does not end", DRAIN_SECONDS + 30)
        to_the_end(stream)
        load.more(60)
    assert load.faults == []
    assert is_there(new)
    os.kill(new, signal.SIGTERM)
    until(lambda: not is_there(new), "the new process does not end", DRAIN_SECONDS + 30)
    system.start_connector("first")


def test_the_next_process_of_a_connector_beside_one_that_drains(only_one: System) -> None:
    """However it is started: SIGTERM for the one, a start of the other."""
    system = only_one
    old = system.supervisor.find("first").process
    with Wire(system, "raw") as stream:
        stream.request("GET", "/pour", "another stream")
        assert stream.head().status == 200
        old.send_signal(signal.SIGTERM)
        system.start_connector("first")
        assert ask(system, case="while the other drains").status == 200
        assert old.poll() is None
        old.wait(DRAIN_SECONDS + 30)


def test_a_connector_whose_machine_was_lost(only_one: System) -> None:
    """Frozen, it looks alive to the kernel of the service, as one does whose packets are lost; its next process is let in."""
    system = only_one
    old = system.supervisor.find("first").process
    old.send_signal(signal.SIGSTOP)
    try:
        began = usual_seconds()
        system.start_connector("first")
        assert ask(system, case="after the loss").status == 200
        assert usual_seconds() - began < BACK
    finally:
        old.send_signal(signal.SIGCONT)
        old.terminate()
        old.wait(DRAIN_SECONDS + 30)
