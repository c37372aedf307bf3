"""One of several workers: a node that listens nowhere, and gets its connections from its parent."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import gethostname
from typing import Any

from appproxy.config import ServiceSettings
from appproxy.twistd.process.program import TwistdProgram
from appproxy.twistd.proxy_service import ProxyService
from appproxy.twistd.workers.handed import HandedConnections
from appproxy.twistd.workers.place import WorkerPlace, worker_settings


class WorkerProgram(TwistdProgram):
    """It ends when its parent says so, and when that is gone; a reload is the parent's business."""

    def __init__(
        self, directory: Path, settings: ServiceSettings, reactor: Any, environment: Mapping[str, str],
        wall_clock: Callable[[], float], place: WorkerPlace,
    ) -> None:
        # A service manager is told by the parent.
        super().__init__(f"appproxy-service worker {place.number}", reactor, {}, settings.log_format)
        self._handed = HandedConnections(reactor, place.pipe, place.parent, place.reloads)
        settings = worker_settings(settings, place.number, gethostname())
        self.proxy = ProxyService(settings, directory, reactor, environment, wall_clock, parent=self._handed)
        self._handed.failed = self.proxy.no_successor
        self._handed.over = self._over
        self._serves = False

    async def begin(self) -> str:
        """Open the store, then take what is handed over."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.proxy.startService()
        self.proxy.over.addErrback(self.give_up)
        await self.proxy.ready
        self._handed.serves()
        self._serves = True
        return ""

    async def end(self) -> None:
        """Drain, then close; where this process alone was told to end, once another one is there."""
        if self._serves:
            await self._handed.part()
        await self.proxy.stopService()
        self._handed.close()

    def _over(self, replaced: bool) -> None:
        if replaced:
            self.proxy.be_replaced()
        if self.running:
            self._reactor.stop()
