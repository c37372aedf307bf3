"""Where the parent's metrics are read: a listener of its own, which moves with the settings."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from typing import Any, Protocol

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IListeningPort

from appproxy.config import ServiceSettings
from appproxy.net.descriptors.inherited import Inherited, family_of
from appproxy.net.descriptors.open_files import raise_limit, shares
from appproxy.pages import refusal_page
from appproxy.service.listen.fronts import Fronts
from appproxy.twistd.workers.process import WorkerProcess
from appproxy.twistd.workers.scrape import ParentPage


class Measured(Protocol):
    """The parent, as its page sees it."""

    @property
    def workers(self) -> Mapping[WorkerProcess, str]:
        """Those that are there, by name."""

    @property
    def restarts(self) -> int:
        """How often one has ended by itself."""

    def why_not_ready(self) -> str:
        """Why users are not served, or ""."""


class PageListener:
    """`metrics_listen`, where the settings have it. It is opened at the start, and stays where it is until the end."""

    def __init__(self, reactor: Any, parent: Measured) -> None:
        self._reactor = reactor
        self._page = ParentPage(reactor, lambda: parent.workers, parent.why_not_ready, lambda: own_numbers(parent))
        self._port: IListeningPort | None = None

    def listen(self, settings: ServiceSettings, given: Inherited) -> None:
        """Raises CannotListenError."""
        address = settings.metrics_listen
        if address is None:
            return
        wall_clock = time.time  # noqa: TID251 -- handed on, by the edge of a program
        fronts = Fronts(settings, self._reactor, refusal_page,
                        shares(raise_limit()), secrets.token_bytes, wall_clock)
        front = fronts.metrics(self._page)
        descriptor = given.listening("metrics_listen", address)
        if descriptor is None:
            self._port = self._reactor.listenTCP(address.port, front, interface=address.host)
        else:
            self._port = self._reactor.adoptStreamPort(descriptor, family_of(descriptor), front)
            os.close(descriptor)

    def ended(self, worker: WorkerProcess) -> None:
        """What it has counted stays."""
        self._page.ended(worker)

    async def close(self) -> None:
        """Listen no more."""
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)


def own_numbers(parent: Measured) -> str:
    """What the parent itself counts."""
    serving = sum(one.member.ready is not None for one in parent.workers)
    return (
        "# HELP appproxy_workers Workers that serve.\n# TYPE appproxy_workers gauge\n"
        f"appproxy_workers {float(serving)!r}\n"
        "# HELP appproxy_worker_restarts_total Workers that have ended by themselves.\n"
        "# TYPE appproxy_worker_restarts_total counter\n"
        f"appproxy_worker_restarts_total {float(parent.restarts)!r}\n"
    )
