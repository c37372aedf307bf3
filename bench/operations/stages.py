"""Where rows are run: whole systems of real processes, each with an application of bare sockets behind two connectors."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from appproxy.demo.supervisor import Supervisor, twistd
from bench.operations.users import Visitor, prepare
from tests.end_to_end.cable import Cable
from tests.end_to_end.postgresql import cable_to_server, empty_database
from tests.end_to_end.previous_release import Release, around, unpacked
from tests.end_to_end.replication import Replicated, replicated
from tests.end_to_end.system import System
from tests.end_to_end.test_mesh import NODES, Mesh
from tests.end_to_end.test_workers import Workers
from tests.end_to_end.world import DOMAIN, ROOT, environment, until
from tests.pki.chains import DAY, NOW, Made, make

#: The first version that goes over to the next one by a reload, with an older schema than this one's.
RELOADS = "6c23365"


@cache
def authority() -> Made:
    """Issues certificates for users."""
    return make("Own Root", authority=True, ends=NOW + 900 * DAY)


@dataclass(slots=True)
class Stage:
    """A system with what users need of it. `cable`: the way to its database; `servers`: both of that. `renewals`: how often a
    certificate is renewed where it is renewed again and again.
    """

    system: System
    cable: Cable | None = None
    servers: Replicated | None = None
    renewals: int = 200

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where users are let in."""
        hosts = NODES.values() if isinstance(self.system, Mesh) else ["127.0.0.1"]
        return [(host, self.system.port) for host in hosts]

    @property
    def context(self) -> ssl.SSLContext:
        """Trusts it, and the authority of the row that changes certificates."""
        context = self.system.context()
        context.load_verify_locations(cadata=authority().pem)
        return context

    def visitors(self) -> list[Visitor]:
        """Half of them are signed in."""
        system = self.system
        host = system.host("held").partition(":")[0]
        cookie = system.alice().cookie_field(host)["Cookie"]
        return [Visitor("raw", system.host("raw"), ""), Visitor("held", system.host("held"), cookie)]


@contextmanager
def alone() -> Iterator[Stage]:
    """One process of the service, on a file."""
    with directory_of_its_own() as directory, Supervisor(directory / "logs", environment()) as supervisor:
        yield from built(Stage(System(directory, supervisor)))


@contextmanager
def workers() -> Iterator[Stage]:
    """A parent and two workers, on a file."""
    with directory_of_its_own() as directory, Supervisor(directory / "logs", environment()) as supervisor:
        system = Workers(directory, supervisor)
        for stage in built(Stage(system)):
            until(system.connected, "not every connector is at every worker", 60)
            yield stage


@contextmanager
def pair() -> Iterator[Stage]:
    """Two nodes on one database."""
    with ExitStack() as stack:
        directory = stack.enter_context(directory_of_its_own())
        url = stack.enter_context(empty_database())
        supervisor = stack.enter_context(Supervisor(directory / "logs", environment()))
        system = Mesh(directory, supervisor, database=url)
        for stage in built(Stage(system)):
            until(lambda: system.connected(*NODES), "not every connector is at every node", 60)
            yield stage


@contextmanager
def on_server() -> Iterator[Stage]:
    """One process, whose database is a server behind a cable."""
    with ExitStack() as stack:
        directory = stack.enter_context(directory_of_its_own())
        cable = stack.enter_context(cable_to_server())
        url = stack.enter_context(empty_database(cable))
        supervisor = stack.enter_context(Supervisor(directory / "logs", environment()))
        yield from built(Stage(System(directory, supervisor, database=url), cable))


@contextmanager
def on_two_servers() -> Iterator[Stage]:
    """One process, whose database has a standby."""
    with ExitStack() as stack:
        directory = stack.enter_context(directory_of_its_own())
        servers = stack.enter_context(replicated())
        supervisor = stack.enter_context(Supervisor(directory / "logs", environment()))
        yield from built(Stage(System(directory, supervisor, database=servers.url), servers=servers))


class OldRelease(System):
    """What an earlier release has set up and runs. `raw` alone is published: its users need no sign-in."""

    @property
    def current(self) -> Path:
        """Where the installed version lies."""
        return self.directory / "current"

    def build(self) -> None:
        """As its manual says."""
        (self.directory / "old").mkdir()
        self.current.symlink_to(unpacked(self.directory / "old", RELOADS))
        release = Release(self.current, self.supervisor)
        listen, tunnel = f"127.0.0.1:{self.port}", f"127.0.0.1:{self.tunnel_port}"
        release.command("init", "--state", str(self.state), "--domain", DOMAIN, "--listen", listen,
                        "--tunnel-listen", tunnel, "--tunnel-address", tunnel)
        release.command("--state", str(self.state), "app", "publish", "raw", "--internal", self.origin.url,
                        "--external", self.url("raw"), "--preauth", "passthrough")
        release.start("service", twistd("appproxy-service", "--state", str(self.state)), "appproxy-service ready on https://")
        for name in ("first", "second"):
            token = release.command("--state", str(self.state), "connector", "token").strip()
            release.command("connector", "join", token, "--state", str(self.directory / name), "--name", name)
            release.start(name, twistd("appproxy-connector", "--state", str(self.directory / name)),
                          "appproxy-connector ready and connected")

    def upgrade(self) -> None:
        """This version is installed in its place, and the service reloaded: it brings the database to its schema."""
        self.current.unlink()
        self.current.symlink_to(ROOT)
        log = self.directory / "logs" / "service.log"
        os.kill(self.supervisor.find("service").process.pid, signal.SIGHUP)
        until(lambda: "goes on from here" in log.read_text(), "the new version does not serve", 120)


class OldStage(Stage):
    """Of that."""

    def visitors(self) -> list[Visitor]:
        """Nobody signs in."""
        return [Visitor("raw", self.system.host("raw"), "")]


@contextmanager
def previous() -> Iterator[Stage]:
    """An earlier release."""
    with directory_of_its_own() as directory, Supervisor(directory / "logs", around(directory / "current")) as supervisor:
        yield from built(OldStage(OldRelease(directory, supervisor)))


def built(stage: Stage) -> Iterator[Stage]:
    """With the system set up and running, until the end."""
    system = stage.system
    prepare(system.origin)
    try:
        system.build()
        yield stage
    finally:
        system.origin.stop()


@contextmanager
def directory_of_its_own() -> Iterator[Path]:
    """A new one, with a place for logs; it is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="appproxy-operations-"))
    (made / "logs").mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
