"""Where a connector's parent shows the metrics of all its workers, as one of a single process shows its own."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IListeningPort

from appproxy.config import ConnectorSettings
from appproxy.net.descriptors.inherited import Inherited
from appproxy.twistd.workers.process import WorkerProcess
from appproxy.twistd.workers.scrape import Measured, Scrape, own_numbers


class ConnectorPage:
    """`metrics_listen`, where the settings have it. It is opened at the start, and stays where it is until the end."""

    def __init__(self, reactor: Any, parent: Measured) -> None:
        self._reactor = reactor
        self._parent = parent
        self._scrape = Scrape(reactor, lambda: parent.workers, lambda: own_numbers(parent))
        self._port: IListeningPort | None = None

    def listen(self, settings: ConnectorSettings, given: Inherited) -> None:
        """Raises CannotListenError."""
        address = settings.metrics_listen
        if address is None:
            return
        from appproxy.twistd.connector_workers.scraped_site import scraped_site  # with it comes twisted.web: some 5 MiB
        site = scraped_site(self._scrape, self._parent.why_not_ready, self._reactor)
        self._port = given.listen(self._reactor, "metrics_listen", address, site)

    def ended(self, worker: WorkerProcess) -> None:
        """What it has counted stays."""
        self._scrape.ended(worker)

    async def close(self) -> None:
        """Listen no more."""
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
