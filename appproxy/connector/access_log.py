"""One JSON line a request, written in batches: the access log of a connector.

Keys: `time` (seconds since 1970), `id` (the correlation id of the service's log and error page), `application`,
`method`, `target` (without the query: it may hold secrets), `status` (0: none was sent), `received` and `sent` (bytes of
bodies), `ms`, and where something failed `failure` (a name of `errors.Code`).
"""

from __future__ import annotations

from collections.abc import Callable
from json import JSONEncoder
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from appproxy.connector.counters import Counters
from appproxy.connector.forward import Forward
from appproxy.connector.stream import UpgradedStream
from appproxy.errors import Code

#: A line is written at the latest after this many seconds, or with this many others.
FLUSH_SECONDS = 1.0
FLUSH_LINES = 500

_encode = JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Writable(Protocol):
    """A text file opened for appending, unbuffered or not."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class AccessLog:
    """Gathers lines. `out` None: only counts."""

    def __init__(
        self, out: Writable | None, clock: IReactorTime, wall: Callable[[], float], counters: Counters
    ) -> None:
        self._out = out
        self._clock = clock
        self._wall = wall
        self._counters = counters
        self._lines: list[str] = []
        self._call: IDelayedCall | None = None
        #: Lines lost because the disk was full.
        self.lost = 0

    def add(self, forward: Forward | UpgradedStream) -> None:
        """A request is over."""
        self._count(forward)
        if self._out is None:
            return
        request = forward.request
        entry = {
            "time": round(self._wall(), 3),
            "id": request.correlation,
            "application": request.application,
            "method": request.method.decode("latin-1"),
            "target": request.target.partition(b"?")[0].decode("latin-1"),
            "status": forward.status,
            "received": forward.upload.received if forward.upload is not None else 0,
            "sent": forward.sent,
            "ms": round((self._clock.seconds() - forward.started) * 1000, 1),
        }
        if forward.code is not None:
            entry["failure"] = forward.code.name
        self._lines.append(_encode(entry))
        if len(self._lines) >= FLUSH_LINES:
            self.flush()
        elif self._call is None:
            self._call = self._clock.callLater(FLUSH_SECONDS, self._flush_later)

    def _count(self, forward: Forward | UpgradedStream) -> None:
        counters = self._counters
        if forward.code is not None and forward.code is not Code.CANCELLED:
            counters.failed += 1
        elif forward.answer is None:
            counters.in_line += 1
        else:
            counters.streamed += 1
        counters.sent += forward.sent
        if forward.upload is not None:
            counters.received += forward.upload.received

    def _flush_later(self) -> None:
        self._call = None
        self.flush()

    def flush(self) -> None:
        """Write all that was gathered. A full disk loses lines, never requests."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        lines, self._lines = self._lines, []
        if not lines or self._out is None:
            return
        lines.append("")
        try:
            self._out.write("\n".join(lines))
            self._out.flush()
        except OSError:
            self.lost += len(lines) - 1
