"""A connector's certificate that is renewed once a second under load: what happens twice a year, 200 times in some minutes.

All of it is the product's own doing: key, request, certificate, new signal connections beside the old ones, which drain. Only
the two questions are changed in that one process: how often it looks, and whether it is time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from appproxy.demo.supervisor import Supervisor, twistd
from bench.operations.stages import Stage, built, directory_of_its_own
from tests.end_to_end.system import CONNECTORS, System
from tests.end_to_end.test_fault_changes import serial
from tests.end_to_end.world import PATIENCE, environment, until

#: The connector that renews.
NAME = CONNECTORS[0]
#: Runs twistd so that a certificate is due at each look, of which there is one a second, while a file is there.
_OFTEN = """
import os, sys
from appproxy.connector.enrol import renewal
due = sys.argv.pop(1)
renewal.LOOK_SECONDS = 1.0
renewal.is_due = lambda identity, days, now: os.path.exists(due)
from twisted.scripts.twistd import run
run()
"""
_RENEWED, _FAILED = "the certificate has been renewed", "cannot be renewed"


class Renewing(System):
    """One of its connectors renews its certificate again and again while `due` is there."""

    @property
    def due(self) -> Path:
        """A file."""
        return self.directory / "renewal-is-due"

    def start_connector(self, name: str) -> None:
        """It is connected when this returns."""
        if name != NAME:
            super().start_connector(name)
            return
        command = [sys.executable, "-c", _OFTEN, str(self.due), *twistd("appproxy-connector", "--state",
                                                                        str(self.directory / name))[3:]]
        self.supervisor.start(name, command, "appproxy-connector ready and connected", PATIENCE)

    def said(self, text: str) -> int:
        """How often the connector's log has this."""
        return (self.directory / "logs" / f"{NAME}.log").read_text().count(text)


@contextmanager
def renewing() -> Iterator[Stage]:
    """One process, on a file."""
    with directory_of_its_own() as directory, Supervisor(directory / "logs", environment()) as supervisor:
        yield from built(Stage(Renewing(directory, supervisor)))


def renew_often(stage: Stage) -> None:
    """So many times."""
    system = cast(Renewing, stage.system)
    before = serial(system, NAME)
    system.due.touch()
    try:
        until(lambda: system.said(_RENEWED) >= stage.renewals, "the certificate is not renewed so often",
              60 + 3 * stage.renewals)
    finally:
        system.due.unlink()
    assert not system.said(_FAILED), "a renewal has failed"
    assert serial(system, NAME) != before, "the service has no other certificate"
    until(lambda: system.online() == len(CONNECTORS), "not all connectors are back", 60)
