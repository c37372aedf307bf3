"""The parent of a connector's workers: it carries nothing and dials nobody, and so has nothing to break on.

Its workers are one connector: they have one certificate, and each greets the service with what the parent has drawn when it
was started, which a copy of the certificate elsewhere does not have.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from typing import Any

from appproxy.config import ConnectorSettings
from appproxy.errors import ConfigError
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.open_files import raise_limit
from appproxy.twistd.connector_workers.page import ConnectorPage
from appproxy.twistd.welcome import said_when_ready
from appproxy.twistd.workers.process import WorkerProcess
from appproxy.twistd.workers.workforce import Workforce

#: Bytes that tell this start of the parent from all others (`tunnel.json_heads.handshake.Hello`).
START_SIZE = 16


class ConnectorParent(Workforce[ConnectorSettings]):
    """A connector whose settings want several workers. `read`: gives the settings at a reload.

    `why_none_beside`: what keeps other processes with this command line from running, or "".
    """

    def __init__(
        self, settings: ConnectorSettings, reactor: Any, environment: Mapping[str, str], given: Inherited,
        random_bytes: Callable[[int], bytes], read: Callable[[], ConnectorSettings], why_none_beside: str = "",
    ) -> None:
        super().__init__("appproxy-connector", reactor, environment, settings, settings.log_format, read,
                         random_bytes(START_SIZE).hex())
        self._given = given
        self._why_none_beside = why_none_beside
        self._page = ConnectorPage(reactor, self)

    async def begin(self) -> str:
        """Start all workers. Raises ConfigError, and CannotListenError for the metrics."""
        settings = self.settings
        if self._why_none_beside:
            raise ConfigError(f"workers: {self._why_none_beside}")
        if self._given.succeeds:
            raise ConfigError("workers: the connector that runs has none beside it",
                              hint="stop it and start it again; from then on a reload takes up another number")
        raise_limit()
        self._page.listen(settings, self._given)
        self._given.close_rest()
        await self.start_workers()
        signal.signal(signal.SIGHUP, lambda number, frame: self._reactor.callFromThread(self.reload))
        welcomed = any(one.said for one in self.workers)
        return f"{said_when_ready(settings.address, welcomed)}, {settings.workers} workers"

    async def end(self) -> None:
        """Let all workers end what is under way."""
        await self.end_workers()
        await self._page.close()

    def worker_ended(self, worker: WorkerProcess) -> None:
        """What it has counted stays."""
        self._page.ended(worker)
