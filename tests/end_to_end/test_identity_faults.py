"""What befalls a connector while it renews its certificate: it is killed, the disk is full, nothing can be written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appproxy.config import ConnectorPaths
from appproxy.demo.supervisor import twistd
from tests.end_to_end.system import CONNECTORS, System, shared_system
from tests.end_to_end.test_fault_changes import AHEAD
from tests.end_to_end.wire import ask
from tests.end_to_end.world import PATIENCE, appproxy

NAME = CONNECTORS[0]
#: The process ends as by `kill -9`, before or after the new certificate has taken its place.
KILLED = """
import os, signal
replace = os.replace
def cut(source, target):
    if not str(target).endswith("certificate.pem"):
        return replace(source, target)
    if {after}:
        replace(source, target)
    os.kill(os.getpid(), signal.SIGKILL)
os.replace = cut
"""
#: A file whose name begins so cannot be written.
FULL = """
import tempfile
made = tempfile.mkstemp
def full(*arguments, **named):
    if named.get("prefix", "").startswith({begin!r}):
        raise OSError(28, "No space left on device")
    return made(*arguments, **named)
tempfile.mkstemp = full
"""
#: Nothing can be made or changed in the directory.
READ_ONLY = """
import os
opened = os.open
def refuse(path, flags, *others, **named):
    if str(path).endswith("renewal.lock"):
        raise OSError(30, "Read-only file system", str(path))
    return opened(path, flags, *others, **named)
os.open = refuse
"""


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is changed."""
    return shared_system(request, tmp_path_factory)


@pytest.fixture(autouse=True)
def restored(system: System) -> Iterator[None]:
    """Before and after each test everything is there, and the connector under test is stopped at the beginning."""
    system.repair()
    system.supervisor.end(NAME, PATIENCE)
    yield
    if system.running(NAME):
        system.supervisor.end(NAME, PATIENCE)
    system.repair()


def start(system: System, fault: str, ready: str) -> None:
    """The connector, with a clock by which its certificate is due, and a fault."""
    command = [sys.executable, "-c", fault + AHEAD, *twistd("appproxy-connector", "--state", str(system.directory / NAME))[3:]]
    system.supervisor.start(NAME, command, ready, PATIENCE)


def diagnosis(directory: Path) -> str:
    """What the doctor says of the identity."""
    said = appproxy("doctor", "--state", str(directory)).out
    return next(line for line in said.splitlines() if "key and certificate" in line)


@pytest.mark.parametrize("after", [False, True])
def test_killed_in_the_middle(system: System, after: bool) -> None:
    """Whichever certificate is there then has its key, and the service takes it; nothing of it lies about for long."""
    directory = system.directory / NAME
    before = ConnectorPaths(directory).certificate.read_bytes()
    start(system, KILLED.format(after=after), "")
    assert system.supervisor.find(NAME).process.wait(PATIENCE) == -9
    assert (directory / "connector.key.next").exists()
    assert "broken" not in diagnosis(directory).lower()
    system.supervisor.end(NAME)
    system.start_connector(NAME)
    assert (ConnectorPaths(directory).certificate.read_bytes() != before) is after
    system.supervisor.end(NAME, PATIENCE)
    start(system, "", "the certificate has been renewed")
    left = {path.name for path in directory.iterdir()}
    assert not any(name.startswith(".connector.key") or name.endswith(".next") for name in left), left
    assert "Traceback" not in system.supervisor.find(NAME).output()


@pytest.mark.parametrize(("fault", "said"), [
    (FULL.format(begin=".connector.key"), "cannot be written (No space left on device); make room there"),
    (FULL.format(begin=".certificate.pem"), "No space left on device"),
    (READ_ONLY, "cannot be opened (Read-only file system); let the user"),
])
def test_nothing_can_be_kept(system: System, fault: str, said: str) -> None:
    """The log says why, and what to do; the certificate of before stays in use, here and at the service."""
    directory = system.directory / NAME
    kept = {path: path.read_bytes() for path in (
        ConnectorPaths(directory).certificate, ConnectorPaths(directory).key, ConnectorPaths(directory).trust)}
    start(system, fault, "the certificate cannot be renewed")
    program = system.supervisor.find(NAME)
    system.supervisor.wait_for(program, "appproxy-connector ready and connected", PATIENCE)
    assert said in program.output() and "Traceback" not in program.output()
    assert ask(system, "raw").status == 200
    assert {path: path.read_bytes() for path in kept} == kept
    assert not (directory / "connector.key.next").exists()
    system.supervisor.end(NAME, PATIENCE)
    system.start_connector(NAME)
