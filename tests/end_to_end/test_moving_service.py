"""The service's name leads to another address while connectors are connected."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator

import pytest

from appproxy.config import ConnectorPaths
from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.cable import Cable
from tests.end_to_end.load import Load
from tests.end_to_end.names import Names, asking
from tests.end_to_end.system import System
from tests.end_to_end.wire import ask
from tests.end_to_end.world import PATIENCE, environment, until

pytestmark = pytest.mark.skipif(bool(os.geteuid()), reason="only root can make mount namespaces and listen on port 53")

NAME = "tunnel.example.com"
BEFORE, AFTER = "127.0.0.12", "127.0.0.13"
#: Seconds between two look-ups in this test.
LOOK = 1.0


@pytest.fixture(scope="module")
def names() -> Iterator[Names]:
    """A name server."""
    names = Names()
    yield names
    names.stop()


@pytest.fixture(scope="module")
def system(names: Names, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One whose connectors are reached by the tests alone."""
    directory = tmp_path_factory.mktemp("moving")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        system = System(directory, supervisor)
        system.build()
        for name in ("first", "second"):
            supervisor.end(name, 30)
        yield system
        system.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


def test_connections_follow(system: System, names: Names) -> None:
    """Signal connections first, one after the other, with no request lost; then nothing is left at the old address."""
    old = Cable(system.tunnel_port, (BEFORE, 0))
    new = Cable(system.tunnel_port, (AFTER, old.port))
    names.known[NAME] = BEFORE
    path = ConnectorPaths(system.directory / "first").settings
    kept = [line for line in path.read_text().splitlines() if not line.startswith("address")]
    path.write_text("\n".join([f'address = "{NAME}:{old.port}"', f"lookup_seconds = {LOOK}", *kept]) + "\n")
    command = asking(system.directory, twistd("appproxy-connector", "--state", str(path.parent)))
    system.supervisor.start("first", command, "appproxy-connector ready and connected", PATIENCE)
    assert old.open > 0 and new.open == 0
    with Load(system, users=4, streams=8) as load:
        load.more(100)
        time.sleep(3 * LOOK)
        assert new.open == 0, "it moves without a reason"
        names.known[NAME] = AFTER
        until(lambda: old.open == 0, "connections to the old address stay", 30)
        load.more(100)
        old.stop()
        load.more(100)
    assert load.faults == []
    assert new.open > 0 and ask(system).status == 200
    log = system.supervisor.find("first").output()
    assert log.count("has moved to") == 1 and "signal connection lost" not in log, log
    # A name that nobody can tell for a while moves nobody.
    del names.known[NAME]
    time.sleep(4 * LOOK)
    assert ask(system).status == 200 and new.open > 0
    new.stop()
