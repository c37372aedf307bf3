"""twistd appproxy-connector: the options, and the service that twistd runs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import IService
from twisted.internet.defer import maybeDeferred

from appproxy.config import ConnectorSettings
from appproxy.config.connector import MOST_WORKERS
from appproxy.connector.config.files import read_settings
from appproxy.connector.node import ConnectorNode
from appproxy.connector.process import ProcessStart
from appproxy.net.descriptors.inherited import Inherited, inherited, initial_environment
from appproxy.twistd.connector_workers.parent import ConnectorParent
from appproxy.twistd.connector_workers.worker import ConnectorWorkerProgram
from appproxy.twistd.examination import Examination
from appproxy.twistd.process.program import WORKERS, StateOptions
from appproxy.twistd.process.successive import SuccessiveProgram, why_no_successor, why_none_beside
from appproxy.twistd.welcome import is_welcomed, said_when_ready
from appproxy.twistd.workers.place import place_from


class Options(StateOptions):
    """The command line of `twistd appproxy-connector`."""

    longdesc = (
        "The inner side of appproxy: runs beside the applications, listens on nothing and only dials the service. "
        "Make its state directory with `appproxy connector join`. SIGTERM lets requests under way finish. "
        "SIGHUP starts a new process beside this one, which then drains."
    )
    made_by = "appproxy connector join"
    read_settings = staticmethod(read_settings)
    optParameters = [
        ["state", "s", None, f"The state directory that `{made_by}` has made."],
        ["access-log", "a", None, "The access log, one JSON object a line; `-` for none. [default: access.log there]"],
        WORKERS,
    ]
    most_workers = MOST_WORKERS


class ConnectorProgram(SuccessiveProgram):
    """One connector on its state directory."""

    def __init__(
        self,
        directory: Path,
        settings: ConnectorSettings,
        reactor: Any,
        environment: Mapping[str, str],
        access_log: Path | None,
        given: Inherited | None = None,
        why_no_successor: str = "",
    ) -> None:
        super().__init__("appproxy-connector", reactor, environment, settings.log_format, given, why_no_successor)
        self._directory = directory
        self._settings = settings
        self._access_log = access_log
        self._inherited = given or Inherited()
        #: The connector, once it is there.
        self.node: ConnectorNode | None = None

    async def begin(self) -> str:
        """Dial; ready at the first WELCOME. Raises TurnedAway when the service does not want this connector."""
        self.node = ConnectorNode(
            self._settings, self._directory, self._reactor, ProcessStart(
                self._environment, self._inherited,
                examine=Examination(self._reactor, self._directory, self._environment)), access_log=self._access_log)
        self.node.startService()
        self._inherited.close_rest()
        # Now, and not at WELCOME: the service has a place for a second process of ours once the first one drains.
        self.may_be_succeeded()
        return said_when_ready(self._settings.address, await is_welcomed(self.node, self._reactor))

    def hand_over(self) -> Mapping[str, int]:
        """The listening socket, where there is one."""
        return {} if self.node is None else self.node.hand_over()

    def leave(self) -> None:
        """Accept nothing more."""
        if self.node is not None:
            self.node.leave()

    async def end(self) -> None:
        """Drain, then close."""
        if self.node is not None and self.node.running:
            await maybeDeferred(self.node.stopService)


def makeService(options: Options, reactor: Any = None) -> IService:
    """Called by twistd, which wants this name. Builds only."""
    if reactor is None:
        from twisted.internet import reactor  # noqa: TID251 -- twistd calls us without one
    settings, directory = options["settings"], Path(options["state"]).absolute()
    name = options["access-log"] or "access.log"
    access_log = None if name == "-" else directory / name
    place = place_from(os.environ)
    if place is not None:
        return ConnectorWorkerProgram(directory, settings, reactor, os.environ, access_log, place)
    given = inherited(os.environ, initial_environment(), os.getpid())
    if settings.workers > 1:
        return ConnectorParent(
            settings, reactor, os.environ, given, secrets.token_bytes, options.settings_now, why_none_beside(options))
    return ConnectorProgram(
        directory, settings, reactor, os.environ, access_log, given,
        why_no_successor(options, os.environ, os.getpid()))
