"""The parent of a service's workers: it takes connections and gives them away, and reads nothing that a user has sent.

Its sockets and the lock stay when a reload puts other workers in the place of those that are there.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.task import deferLater

from appproxy.admin.transport.lock import ServiceLock
from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import ConfigError
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.open_files import raise_limit
from appproxy.twistd.assembly.assemble import ADMIN
from appproxy.twistd.state import read_settings
from appproxy.twistd.workers.crew import SETTLE_SECONDS
from appproxy.twistd.workers.doors import Doors
from appproxy.twistd.workers.entrance import Introductions
from appproxy.twistd.workers.page import PageListener
from appproxy.twistd.workers.process import Parcel, WorkerProcess
from appproxy.twistd.workers.workforce import Workforce


class ParentProgram(Workforce[ServiceSettings]):
    """The service on a state directory whose settings want several workers.

    `why_none_beside`: what keeps other processes with this command line from running, or "". `read`: gives the settings at a
    reload, those of the directory where it is None.
    """

    settle_seconds = SETTLE_SECONDS

    def __init__(
        self, directory: Path, settings: ServiceSettings, reactor: Any, environment: Mapping[str, str], given: Inherited,
        why_none_beside: str = "", read: Callable[[], ServiceSettings] | None = None,
    ) -> None:
        super().__init__("appproxy-service", reactor, environment, settings, settings.log_format,
                         read or (lambda: read_settings(directory)))
        self._paths = StatePaths(directory.absolute())
        self._given = given
        self._why_none_beside = why_none_beside
        self._lock = ServiceLock(self._paths.lock)
        self._doors = Doors(reactor, self._give, given)
        self._introductions = Introductions(reactor, self._introduced)
        self._page = PageListener(reactor, self)

    # The program.

    async def begin(self) -> str:
        """Take the lock, listen, start all workers."""
        settings = self.settings
        if self._why_none_beside:
            raise ConfigError(f"workers: {self._why_none_beside}")
        if self._given.succeeds:
            raise ConfigError("workers: the service that runs has none beside it",
                              hint="stop it and start it again; from then on a reload takes up another number")
        self._lock.acquire()
        raise_limit()
        self._doors.open(settings)
        self._doors.open_commands(self._paths.admin_socket)
        self._page.listen(settings, self._given)
        self._given.close_rest()
        await self.start_workers()
        self._doors.begin(settings)
        signal.signal(signal.SIGHUP, lambda number, frame: self._reactor.callFromThread(self.reload))
        return f"on {settings.signin_origin}, connectors on port {settings.tunnel_listen.port}, {settings.workers} workers"

    async def end(self) -> None:
        """Let all workers end what is under way."""
        if self.settings.unready_seconds and self._workers:
            await deferLater(self._reactor, self.settings.unready_seconds)  # /ready says so, and all go on as ever
        await self._doors.empty()
        self._doors.close()
        await self.end_workers()
        self._introductions.close()
        await self._page.close()
        self._lock.release()

    # Connections.

    def prepare(self, settings: ServiceSettings) -> None:
        """Listen where these say, too."""
        self._doors.open(settings)

    def take_up(self, settings: ServiceSettings) -> None:
        """Listen there and nowhere else."""
        self._doors.begin(settings)

    def _give(self, setting: str, found: socket.socket) -> bool:
        if setting == "tunnel_listen":
            self._introductions.begin(found)
            return True
        if setting == ADMIN:
            member = self._crew.for_commands(self._reactor.seconds())
        else:
            member = self._crew.next_for_user(self._reactor.seconds())
        if member is None:
            return False
        self._workers[member.number].give((found, setting))
        return True

    def _introduced(self, found: socket.socket, node: str) -> None:
        member = self._crew.next_for_connector(node)
        if member is None:
            found.close()  # a connector dials again
        else:
            self._workers[member.number].give((found, "tunnel_listen"))

    def give_again(self, parcel: Parcel) -> None:
        """A worker has gone, and had not taken this."""
        found, setting = parcel
        if setting == "metrics_listen" or not self._give(setting, found):
            found.close()

    def has_room(self) -> None:
        """A worker has taken something, or has come."""
        self._doors.resume()

    def worker_ended(self, worker: WorkerProcess) -> None:
        """What it has counted stays."""
        self._page.ended(worker)
