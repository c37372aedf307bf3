"""A system whose service can be started with other surroundings: a small disk, another clock, few open files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.system import System
from tests.end_to_end.visitor import Answer
from tests.end_to_end.world import PATIENCE, environment


@dataclass(slots=True)
class Surrounded(System):
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

    def be_ordinary(self) -> None:
        """With no other surroundings, and both connectors."""
        if self.before or not self.running("service"):
            self.restart()
        self.repair()


@contextmanager
def surrounded_system(directory: Path) -> Iterator[Surrounded]:
    """The system, in this directory."""
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        found = Surrounded(directory, supervisor)
        try:
            found.build()
            yield found
        finally:
            supervisor.stop()
            found.origin.stop()
