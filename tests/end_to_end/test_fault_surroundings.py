"""What the service stands on fails: disk, database, clock, permissions."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.config import StatePaths
from appproxy.demo.supervisor import twistd
from appproxy.errors import AppProxyError
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.surroundings import Surrounded, surrounded_system
from tests.end_to_end.system import CONNECTORS, PROMPT
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.wire import ask
from tests.end_to_end.world import PATIENCE, environment, until

_FULL = 24 << 20


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surrounded]:
    """A system of this file's own, since its database suffers."""
    with surrounded_system(tmp_path_factory.mktemp("s")) as found:
        yield found


@pytest.fixture(autouse=True)
def ordinary_again(system: Surrounded) -> Iterator[None]:
    """After each test the service is an ordinary one again."""
    yield
    system.be_ordinary()


def works(system: Surrounded, alice: Visitor) -> None:
    """Whoever needs nothing of the database is served as ever."""
    assert ask(system, "raw").status == 200
    assert ask(system, "raw", "/", "body", "POST", b"hello").body == b"hello"
    assert alice.get(system.url("held", "/")).status == 200


def again(system: Surrounded) -> None:
    """Sign-in and admin work, without a new start of the service.

    Each change has a name of its own: one that was begun when whoever asked was told that it takes too long may be done later.
    """
    began = system.supervisor.find("service").process.pid
    until(lambda: system.sign_in().status == 200, "nobody can sign in", 20)
    system.call("POST", "/connector-groups", name="restored")
    system.call("DELETE", "/connector-groups/restored")
    assert system.supervisor.find("service").process.pid == began


def test_a_database_that_is_locked(system: Surrounded) -> None:
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
            system.call("POST", "/connector-groups", name="locked")
        works(system, alice)
    finally:
        other.close()
    again(system)


def test_a_database_that_has_gone(system: Surrounded) -> None:
    """The same when its file is removed; nothing is written to where nobody finds it."""
    alice = system.alice()
    path = StatePaths(system.state).database
    aside = path.with_name("aside")
    path.rename(aside)
    try:
        works(system, alice)
        assert system.sign_in().status == 503
        with pytest.raises(AppProxyError, match="has gone"):
            system.call("POST", "/connector-groups", name="gone")
        assert not path.exists()
        works(system, alice)
    finally:
        aside.rename(path)
    again(system)


@pytest.mark.skipif(bool(os.geteuid()), reason="only root can make mount namespaces")
def test_a_full_disk(system: Surrounded) -> None:
    """The same when nothing more can be written to the state directory."""
    alice = system.alice()
    copy = system.directory / "copy"
    system.supervisor.end("service", 30)
    shutil.copytree(system.state, copy, ignore=shutil.ignore_patterns("*.sock", "*.lock"), dirs_exist_ok=True)
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
            call(name="full")
        works(system, alice)
    finally:
        filler.unlink()
    until(lambda: system.sign_in().status == 200, "nobody can sign in", 20)
    call(name="restored")


FAKETIME = shutil.which("faketime")


@pytest.mark.skipif(FAKETIME is None, reason="Debian's faketime is not installed")
@pytest.mark.parametrize("days", [1, -1])
def test_the_service_has_another_day(system: Surrounded, days: int) -> None:
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
def test_a_connector_has_another_day(system: Surrounded, days: int) -> None:
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
def test_a_state_directory_of_another_user(system: Surrounded) -> None:
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
