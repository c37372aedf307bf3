"""twistd appproxy-service: the options, and the service that twistd runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import IService

from appproxy.config import ServiceSettings
from appproxy.config.service import MOST_WORKERS
from appproxy.net.descriptors.inherited import Inherited, inherited, initial_environment
from appproxy.twistd.process.program import WORKERS, StateOptions
from appproxy.twistd.process.successive import SuccessiveProgram, why_no_successor, why_none_beside
from appproxy.twistd.proxy_service import ProxyService
from appproxy.twistd.state import read_settings
from appproxy.twistd.workers.parent import ParentProgram
from appproxy.twistd.workers.place import place_from
from appproxy.twistd.workers.worker import WorkerProgram


class Options(StateOptions):
    """The command line of `twistd appproxy-service`."""

    longdesc = (
        "The public side of appproxy: listens for users (HTTPS) and for connectors (mutual TLS). "
        "Make its state directory with `appproxy init`. SIGTERM lets requests under way finish. "
        "SIGHUP starts a new process beside this one, which then drains."
    )
    made_by = "appproxy init"
    read_settings = staticmethod(read_settings)
    optParameters = [["state", "s", None, f"The state directory that `{made_by}` has made."], WORKERS]
    most_workers = MOST_WORKERS


class ServiceProgram(SuccessiveProgram):
    """One node of the service on a state directory."""

    def __init__(
        self,
        directory: Path,
        settings: ServiceSettings,
        reactor: Any,
        environment: Mapping[str, str],
        wall_clock: Callable[[], float],
        given: Inherited | None = None,
        why_no_successor: str = "",
    ) -> None:
        super().__init__("appproxy-service", reactor, environment, settings.log_format, given, why_no_successor)
        self.proxy = ProxyService(settings, directory, reactor, environment, wall_clock, given)

    async def begin(self) -> str:
        """Take the lock, open the store, then listen."""
        self.proxy.startService()
        self.proxy.over.addErrback(self.give_up)
        await self.proxy.ready
        self.may_be_succeeded()
        return f"on {self.proxy.settings.signin_origin}, connectors on port {self.proxy.tunnel_port}"

    async def end(self) -> None:
        """Drain, then close."""
        await self.proxy.stopService()

    def hand_over(self) -> Mapping[str, int]:
        """Sockets and lock."""
        return self.proxy.hand_over()

    def enter(self) -> None:
        """Take commands."""
        self.proxy.enter()

    def leave(self) -> None:
        """Accept nothing more."""
        self.proxy.leave()

    def no_successor(self, reason: str) -> None:
        """Whoever asks at the admin socket hears why."""
        self.proxy.no_successor(reason)


def makeService(options: Options, reactor: Any = None) -> IService:
    """Called by twistd, which wants this name. Builds only."""
    if reactor is None:
        from twisted.internet import reactor  # noqa: TID251 -- twistd calls us without one
    settings, directory, environment = options["settings"], Path(options["state"]), os.environ
    wall_clock = time.time  # noqa: TID251 -- the program's edge
    place = place_from(environment)
    if place is not None:
        return WorkerProgram(directory, settings, reactor, environment, wall_clock, place)
    given = inherited(environment, initial_environment(), os.getpid())
    if settings.workers > 1:
        return ParentProgram(
            directory, settings, reactor, environment, given, why_none_beside(options), options.settings_now)
    return ServiceProgram(
        directory, settings, reactor, environment, wall_clock, given, why_no_successor(options, environment, os.getpid()))
