"""twistd appproxy-service: the options, and the service that twistd runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import IService

from appproxy.admin.direct import open_store
from appproxy.admin.lock import ServiceLock
from appproxy.config import ServiceSettings, StatePaths
from appproxy.store import service_settings
from appproxy.store.application_urls import Place
from appproxy.twistd.assembly import Assembly, assemble
from appproxy.twistd.program import Program, StateOptions
from appproxy.twistd.state import read_settings


class Options(StateOptions):
    """The command line of `twistd appproxy-service`."""

    longdesc = (
        "The public side of appproxy: listens for users (HTTPS) and for connectors (mutual TLS). "
        "Make its state directory with `appproxy init`. SIGTERM lets requests under way finish."
    )
    made_by = "appproxy init"
    read_settings = staticmethod(read_settings)
    optParameters = [["state", "s", None, f"The state directory that `{made_by}` has made."]]



class ServiceProgram(Program):
    """One node of the service on a state directory."""

    def __init__(
        self,
        directory: Path,
        settings: ServiceSettings,
        reactor: Any,
        environment: Mapping[str, str],
        wall: Callable[[], float],
    ) -> None:
        super().__init__("appproxy-service", reactor, environment, settings.log_format)
        self._paths = StatePaths(directory.absolute())
        self._settings = settings
        self._wall = wall
        self._lock = ServiceLock(self._paths.lock)
        #: The parts, once they are there.
        self.assembly: Assembly | None = None

    async def begin(self) -> str:
        """Take the lock, open the store, then listen."""
        self._lock.acquire()
        store = open_store(self._paths, self._settings, self._environment, lambda text: self.log.warn("{text}", text=text))
        try:
            with store.reading() as reading:
                service_settings.check_place(reading, Place(self._settings.domain, self._settings.public_port))
        except BaseException:
            store.close()
            raise
        self.assembly = assemble(self._settings, self._paths.directory, store, self._reactor, self._wall)
        await self.assembly.start()
        return f"on {self._settings.signin_origin}, connectors on port {self.assembly.node.tunnel_port}"

    async def end(self) -> None:
        """Drain, then close."""
        if self.assembly is not None:
            await self.assembly.stop()
        self._lock.release()


def makeService(options: Options, reactor: Any = None) -> IService:
    """Called by twistd, which wants this name. Builds only."""
    if reactor is None:
        from twisted.internet import reactor  # noqa: TID251 -- twistd calls us without one
    settings = options["settings"]
    return ServiceProgram(Path(options["state"]), settings, reactor, os.environ, time.time)  # noqa: TID251 -- the program's edge
