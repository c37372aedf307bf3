"""One of several workers of a connector: it dials the service like any other, under the identity of all of them."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import maybeDeferred

from appproxy.config import ConnectorSettings
from appproxy.connector.node import ConnectorNode
from appproxy.connector.process import ProcessStart, WorkerId
from appproxy.net.descriptors.inherited import Inherited
from appproxy.twistd.examination import Examination
from appproxy.twistd.process.program import TwistdProgram
from appproxy.twistd.welcome import is_welcomed
from appproxy.twistd.workers.handed import HandedConnections
from appproxy.twistd.workers.place import WorkerPlace

#: What a worker that was welcomed says of itself when it is ready.
CONNECTED = "connected"


class ConnectorWorkerProgram(TwistdProgram):
    """It ends when its parent says so, and when that is gone; a reload is the parent's business."""

    def __init__(
        self, directory: Path, settings: ConnectorSettings, reactor: Any, environment: Mapping[str, str],
        access_log: Path | None, place: WorkerPlace,
    ) -> None:
        # A service manager is told by the parent.
        super().__init__(f"appproxy-connector worker {place.number}", reactor, {}, settings.log_format)
        self._settings = settings
        self._directory = directory
        self._surroundings = environment
        self._access_log = access_log
        self._place = place
        self._handed = HandedConnections(reactor, place.pipe, place.parent, place.reloads)
        self._handed.over = self._over
        #: The connector, once it is there.
        self.node: ConnectorNode | None = None

    async def begin(self) -> str:
        """Dial; it serves at the first WELCOME, or when none has come for a while. Raises TurnedAway."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.node = ConnectorNode(
            self._settings, self._directory, self._reactor, ProcessStart(
                self._surroundings, Inherited(parent=self._handed),
                WorkerId(bytes.fromhex(self._place.start), self._place.number),
                Examination(self._reactor, self._directory, self._surroundings)), access_log=self._access_log)
        self.node.startService()
        self._handed.serves(CONNECTED if await is_welcomed(self.node, self._reactor) else "")
        return ""

    async def end(self) -> None:
        """Drain, then close."""
        if self.node is not None and self.node.running:
            await maybeDeferred(self.node.stopService)
        self._handed.close()

    def _over(self, replaced: bool) -> None:
        if self.running:
            self._reactor.stop()
