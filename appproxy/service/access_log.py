"""One JSON object a request, buffered: the access log of the service.

Keys: `time` (RFC 3339, UTC), `request_id`, `client`, `method`, `host`, `path` (without the query: it may hold secrets),
`status` (499: the user left), `received` and `sent` (bytes of bodies), `ms`, `application`, `user`, `connector`,
`attempts`, and where something failed `failure` (a name of `errors.Code`) and `detail`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from json import JSONEncoder

from twisted.internet.interfaces import IReactorTime

from appproxy.errors import FAILURES
from appproxy.net.line_file import LineFile
from appproxy.service.exchange import Exchange

_encode = JSONEncoder(separators=(",", ":"), check_circular=False).encode


class AccessLog:
    """Turns finished exchanges into lines."""

    def __init__(self, file: LineFile, clock: IReactorTime, wall: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._wall = wall
        self._second = -1
        self._prefix = ""

    def add(self, exchange: Exchange) -> None:
        """Log one exchange that is over."""
        head = exchange.head
        failure = exchange.failure
        entry: dict[str, object] = {
            "time": self._time(),
            "request_id": exchange.id,
            "client": exchange.client,
            "method": head.method.decode("latin-1"),
            "host": head.host,
            "path": head.target.partition(b"?")[0].decode("latin-1"),
            "status": exchange.status or (FAILURES[failure].status if failure is not None else 499),
            "received": exchange.received,
            "sent": exchange.sent,
            "ms": round((self._clock.seconds() - exchange.started) * 1000, 1),
            "application": exchange.application,
            "user": exchange.subject,
            "connector": exchange.connector,
            "attempts": exchange.attempts,
        }
        if failure is not None:
            entry["failure"] = failure.name
            entry["detail"] = exchange.detail
        self._file.add(_encode(entry))

    def _time(self) -> str:
        """Now; the text of a second is made once."""
        now = self._wall()
        second = int(now)
        if second != self._second:
            self._second = second
            self._prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._prefix}.{int((now - second) * 1000):03d}Z"
