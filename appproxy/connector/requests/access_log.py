"""One JSON line a request: the access log of a connector, and its counters.

Keys, in the words of the service's log: `time` (RFC 3339, UTC, of the end), `request_id` (the same as there, and on error
pages), `method`, `path` (of the application, without the query: it may hold secrets), `status` (0: none was sent),
`received` and `sent` (bytes of bodies), `ms`, `application` (its id), and where something failed `failure` (a name of
`errors.Code`) and `detail`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from json.encoder import encode_basestring_ascii as quote

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.counters import Counters
from appproxy.connector.requests.live_request import LiveRequest
from appproxy.connector.requests.outages import OUTAGES, Outages
from appproxy.connector.requests.upgraded_stream import UpgradedStream
from appproxy.errors import Code
from appproxy.net.line_file import time_stamps

#: Not processed here, so that another connector may have it.
REJECTIONS = frozenset({Code.CONNECTOR_BUSY, Code.UNKNOWN_APPLICATION, Code.DRAINING})


class ConnectorAccessLog:
    """Counts what has ended, and gives what makes a line of it to `write`, if there is one.

    `outages` hears of it too, with what `name_of` calls an application.
    """

    def __init__(
        self, clock: IReactorTime, wall_clock: Callable[[], float], counters: Counters,
        write: Callable[[Callable[[], str]], None] | None, outages: Outages | None = None,
        name_of: Callable[[str], str] = lambda application: application,
    ) -> None:
        self._outages = outages or Outages(clock.seconds)
        self._name_of = name_of
        self._clock = clock
        self._wall_clock = wall_clock
        self._stamp = time_stamps()
        self._counters = counters
        self._write = write

    @property
    def outages(self) -> dict[str, str]:
        """By name of an application that does not answer: the failure's name."""
        return {self._name_of(application): outage.code.name for application, outage in self._outages.known.items()}

    def add(self, forward: LiveRequest) -> None:
        """A request is over."""
        code, upload = failure_of(forward), forward.upload
        received = len(forward.request.body) if upload is None else upload.received
        self._count(forward, code, received)
        if self._write is not None:
            seconds = self._clock.seconds() - forward.started
            self._write(partial(self._line, forward, code, received, self._wall_clock(), seconds))

    def _line(
        self, forward: LiveRequest, code: Code | None, received: int, ended: float, seconds: float
    ) -> str:
        """Written by hand: an encoder takes four times as long. Only the path may hold what JSON has to escape; the
        tunnel lets none of it into the other texts.
        """
        request = forward.request
        failure = "" if code is None else f',"failure":"{code.name}","detail":{quote(forward.detail)}'
        path = quote(request.target.partition(b"?")[0].decode("latin-1"))
        return (
            f'{{"time":"{self._stamp(ended)}","request_id":"{request.correlation}","method":"{request.method.decode()}",'
            f'"path":{path},"status":{forward.status},"received":{received},"sent":{forward.sent},'
            f'"ms":{seconds * 1000:.1f},"application":"{request.application}"{failure}}}'
        )

    def _count(self, forward: LiveRequest, code: Code | None, received: int) -> None:
        counters = self._counters
        application = forward.request.application
        if code is not None:
            counters.failures[code] += 1
            if code in OUTAGES:
                self._outages.failed(application, self._name_of(application), code, forward.detail)
        elif self._outages.known:
            self._outages.answered(application, self._name_of(application))
        if code is None:
            if forward.answer is None:
                counters.in_line += 1
            else:
                counters.streamed += 1
        elif code in REJECTIONS:
            counters.rejected += 1
        elif code is Code.CANCELLED:
            counters.cancelled += 1
        else:
            counters.failed += 1
        counters.sent += forward.sent
        counters.received += received


def failure_of(ended: LiveRequest) -> Code | None:
    """What failed. That its user left is how most streams end: nobody closes a WebSocket who closes a page."""
    return None if isinstance(ended, UpgradedStream) and ended.code is Code.CANCELLED else ended.code
