"""One JSON object a request, buffered: the access log of the service.

Keys: `time` (RFC 3339, UTC, of the end), `request_id`, `client`, `protocol` (`HTTP/1.1`, `HTTP/2`), `method`, `host`,
`path` (without the query: it may hold secrets), `status` (499: the user left), `received` and `sent` (bytes of bodies),
`ms`, `application` (its name), `user`, `connector`, `attempts`, where something failed `failure` (a name of `errors.Code`)
and `detail`, and `detail` alone where an application's answer looks as if it took itself for another place (`symptoms`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from json.encoder import encode_basestring_ascii as quote

from twisted.internet.interfaces import IReactorTime

from appproxy.errors import FAILURES
from appproxy.net.line_file import LineFile, time_stamps
from appproxy.service.exchange.exchange import Exchange

_PROTOCOLS = {10: "HTTP/1.0", 11: "HTTP/1.1", 20: "HTTP/2"}


class AccessLog:
    """Turns finished exchanges into lines."""

    def __init__(self, file: LineFile, clock: IReactorTime, wall_clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._wall_clock = wall_clock
        self._stamp = time_stamps()

    def add(self, exchange: Exchange) -> None:
        """Log one exchange that is over: nothing about it may change any more."""
        self._file.later(partial(self._line, exchange, self._wall_clock(), self._clock.seconds() - exchange.started))

    def _line(self, exchange: Exchange, ended: float, seconds: float) -> str:
        head = exchange.head
        failure = exchange.failure
        status = exchange.status or (FAILURES[failure].status if failure is not None else 499)
        why = "" if failure is None else f',"failure":"{failure.name}"'
        if why or exchange.detail:
            why += f',"detail":{quote(exchange.detail)}'
        path = quote(head.target.partition(b"?")[0].decode("latin-1"))
        # Written by hand: an encoder takes four times as long. What others chose is quoted; the rest cannot need it.
        return (
            f'{{"time":"{self._stamp(ended)}","request_id":"{exchange.id}","client":"{exchange.client}",'
            f'"protocol":"{_PROTOCOLS[head.version]}","method":{quote(head.method.decode("latin-1"))},'
            f'"host":{quote(head.host)},"path":{path},"status":{status},'
            f'"received":{exchange.received},"sent":{exchange.sent},'
            f'"ms":{seconds * 1000:.1f},"application":{quote(exchange.application)},'
            f'"user":{quote(exchange.subject)},"connector":"{exchange.connector}","attempts":{exchange.attempts}{why}}}'
        )
