"""How an answer is given, whatever version of HTTP carries it: which have a body, how long it may be, and what is cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from appproxy.errors import Code
from appproxy.service.exchange.date_line import dated
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.exchange.state import ExchangeState

if TYPE_CHECKING:
    from appproxy.service.exchange.exchange import Exchange

#: Statuses whose answers never have a body (RFC 9110 sections 15.3.5 and 15.4.5).
BODYLESS = frozenset({204, 304})


class AnsweringFront(Protocol):
    """What all connections of a listener share, as far as answers need it."""

    hooks: Hooks
    date: Callable[[], bytes]


class AnsweringExchange(ExchangeState):
    """The rules of answers. A version of HTTP brings how head, pieces and end are written."""

    __slots__ = ("front", "tunnel")

    #: Set by the version's own constructor: a further one between would be a call for each request.
    front: AnsweringFront
    #: Was it an extended CONNECT (RFC 8441)? Then a 2xx opens a tunnel, and is no answer.
    tunnel: bool

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """Send a complete answer."""
        if self._over or self.begun:
            return
        if self.tunnel and 200 <= status < 300:
            status, fields, body = self._no_tunnel()
        self.begun = True
        self.status = status
        if (hook := self.front.hooks.answered) is not None:
            hook(cast("Exchange", self))  # what a version adds makes it one
        if self.head.method == b"HEAD" or status in BODYLESS:
            self._send_whole(status, dated(fields, self.front.date), None)
        else:
            self.sent = len(body)
            self._send_whole(status, dated(fields, self.front.date), body)

    def start(self, status: int, fields: bytes, length: int | None) -> None:
        """Send the head of a streamed answer."""
        if self._over or self.begun:
            return
        if self.tunnel and 200 <= status < 300:
            responder = self.responder
            self.answer(status, fields, b"")
            if responder is not None:
                responder.user_left(Code.UPGRADE_REFUSED)
            return
        self.begun = True
        self.status = status
        if (hook := self.front.hooks.answered) is not None:
            hook(cast("Exchange", self))  # what a version adds makes it one
        if self.head.method == b"HEAD" or status in BODYLESS:
            self._left = -2
        elif length is not None:
            self._left = length
        self._send_head(status, dated(fields, self.front.date), length)

    def write(self, data: bytes) -> None:
        """Send a piece of the body, or of a stream."""
        if self._over or not data or self._left == -2:
            return
        self.sent += len(data)
        if self._left >= 0:
            if len(data) > self._left:
                self.overrun()
                return
            self._left -= len(data)
        self._send(data)

    def finish(self, trailers: bytes = b"") -> None:
        """The answer is complete, unless fewer bytes came than were announced."""
        if self._over:
            return
        if self._left > 0:
            self.failure = Code.ORIGIN_TRUNCATED
            self.abort()
            return
        self._send_end(trailers)

    def _no_tunnel(self) -> tuple[int, bytes, bytes]:
        """What is answered in place of a 2xx that would open a tunnel: nobody is at its other end."""
        raise NotImplementedError

    def _send_whole(self, status: int, fields: bytes, body: bytes | None) -> None:
        """All of an answer, and the exchange is over; `body` is None where there can be none."""
        raise NotImplementedError

    def _send_head(self, status: int, fields: bytes, length: int | None) -> None:
        """The head of an answer whose body comes in pieces; none does where `_left` is -2. `length`: None if unknown."""
        raise NotImplementedError

    def _send(self, data: bytes) -> None:
        """A piece that fits."""
        raise NotImplementedError

    def _send_end(self, trailers: bytes) -> None:
        """The end, and the exchange is over; of a stream: our direction is."""
        raise NotImplementedError
