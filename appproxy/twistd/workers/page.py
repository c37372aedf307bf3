"""Where the parent's metrics are read: a listener of its own, which moves with the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IListeningPort

from appproxy.config import ServiceSettings
from appproxy.net.chance import OUTSIDE
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.open_files import raise_limit, shares
from appproxy.pages import refusal_page
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.listen.fronts import Fronts
from appproxy.service.own.metrics import METRICS_FIELDS, TEXT_FIELDS
from appproxy.twistd.workers.process import WorkerProcess
from appproxy.twistd.workers.scrape import Measured, Scrape, own_numbers


class ParentPage:
    """The handler of the metrics listener: GET /metrics, of all workers; /live, and /ready while any worker takes users.

    `serves` says why no user is taken, or "".
    """

    def __init__(
        self, reactor: Any, workers: Callable[[], Mapping[WorkerProcess, str]], serves: Callable[[], str],
        own: Callable[[], str],
    ) -> None:
        self._scrape = Scrape(reactor, workers, own)
        self._serves = serves
        self.ended = self._scrape.ended

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange (`service.exchange.exchange.Handler`)."""
        head = exchange.head
        path = head.target.partition(b"?")[0] if head.method in (b"GET", b"HEAD") else b""
        if path == b"/metrics":
            self._scrape.page().addCallback(_answer, exchange)
        elif path == b"/live":
            exchange.answer(200, TEXT_FIELDS, b"ok\n")
        elif path == b"/ready":
            why_not = self._serves()
            exchange.answer(503 if why_not else 200, TEXT_FIELDS, f"{why_not or 'ok'}\n".encode())
        else:
            exchange.answer(404, TEXT_FIELDS, b"only GET /metrics, /live and /ready are here\n")


def _answer(page: str, exchange: Exchange) -> None:
    if not exchange.over:
        exchange.answer(200, METRICS_FIELDS, page.encode())


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
        fronts = Fronts(settings, self._reactor, refusal_page, shares(raise_limit()), OUTSIDE)
        self._port = given.listen(self._reactor, "metrics_listen", address, fronts.metrics(self._page))

    def ended(self, worker: WorkerProcess) -> None:
        """What it has counted stays."""
        self._page.ended(worker)

    async def close(self) -> None:
        """Listen no more."""
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
