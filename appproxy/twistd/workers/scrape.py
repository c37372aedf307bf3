"""The parent's page of metrics: each worker is asked over a socket that it takes for a connection to its own page."""

from __future__ import annotations

import socket
import typing
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.twistd.workers.process import WorkerProcess
from appproxy.twistd.workers.summing import Summing

#: Seconds after which what a worker said before is told again: it is busy.
_PATIENCE = 3.0
_REQUEST = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def text_of(answer: bytes) -> str:
    """The page, "" when it is no answer with all of one: its worker was killed meanwhile."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *fields = head.lower().split(b"\r\n")
    whole = status.startswith(b"http/1.1 200 ") and b"content-length: %d" % len(body) in fields
    return body.decode("utf-8", "replace") if whole else ""


class Measured(typing.Protocol):
    """The parent, as its page sees it."""

    @property
    def workers(self) -> Mapping[WorkerProcess, str]:
        """Those that are there, by name."""

    @property
    def restarts(self) -> int:
        """How often one has ended by itself."""

    def why_not_ready(self) -> str:
        """Why users are not served, or ""."""


class _Answer(Protocol):
    """Asks, and keeps what comes until the end."""

    def __init__(self, reactor: Any) -> None:
        self.text: Deferred[str] = Deferred()
        self._reactor = reactor
        self._data: list[bytes] = []
        self._late: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self._late = self._reactor.callLater(_PATIENCE, self._too_late)
        self.transport.write(_REQUEST)  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self._data.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._late is not None and self._late.active():
            self._late.cancel()
        self.text.callback(text_of(b"".join(self._data)))

    def _too_late(self) -> None:
        self._data.clear()
        self.transport.abortConnection()  # type: ignore[union-attr]


class Scrape:
    """Asks all workers for their page, and gives one of all. `workers` are those that are there, with their names; `own` what
    the parent itself counts.
    """

    log = Logger()

    def __init__(
        self, reactor: Any, workers: Callable[[], Mapping[WorkerProcess, str]], own: Callable[[], str],
    ) -> None:
        self._reactor = reactor
        self._workers = workers
        self._own = own
        self._summing = Summing()
        self._asking: Deferred[None] | None = None
        self._waiting: list[Deferred[str]] = []

    def ended(self, worker: WorkerProcess) -> None:
        """What it has counted stays."""
        self._summing.ended(worker)

    def page(self) -> Deferred[str]:
        """Of all workers; who asks meanwhile gets the same."""
        page: Deferred[str] = Deferred()
        self._waiting.append(page)
        if self._asking is None:
            self._ask()
        return page

    def _ask(self) -> None:
        """All workers at once. One that is stuck would keep each question open."""
        now = self._reactor.seconds()
        asked = [maybeDeferred(self._ask_one, one).addErrback(self._ask_failed)
                 for one in self._workers() if one.member.ready is not None and one.member.answers(now)]
        self._asking = gatherResults(asked).addBoth(self._all_asked)
        if self._asking.called:
            self._asking = None

    def _ask_one(self, worker: WorkerProcess) -> Deferred[None]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        answer = _Answer(self._reactor)
        try:
            self._reactor.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, Factory.forProtocol(lambda: answer))
        except BaseException:
            theirs.close()
            raise
        finally:
            ours.close()
        worker.give((theirs, "metrics_listen"))

        def report(text: str) -> None:
            if text and worker in self._workers():
                self._summing.report(worker, text)

        return answer.text.addCallback(report)

    def _ask_failed(self, failure: Failure) -> None:
        """What that worker said before counts."""
        self.log.error("a worker cannot be asked for its metrics: {reason}", reason=failure.getErrorMessage())

    def _all_asked(self, results: object) -> None:
        self._asking = None
        page = self._summing.page(self._workers().items()) + self._own()
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.callback(page)


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
