"""What a user sends to an application: a request's body, or the user's direction of an upgraded stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from appproxy.errors import Code
from appproxy.http.forwarding import forwarded_trailers
from appproxy.http.head import Fields
from appproxy.service.exchange.exchange import BodyReader, Exchange
from appproxy.service.relay.connectors.data_channel import DataChannel
from appproxy.service.relay.plan import Plan
from appproxy.service.relay.shared import Shared

#: As much of a body is kept so that an idempotent request can be sent once more.
_HELD_BODY = 65536


class UploadOwner(Protocol):
    """The request that the bytes belong to."""

    relay: Shared
    plan: Plan
    #: None once the user has the answer, or has gone.
    exchange: Exchange | None
    #: Where they go now.
    data: DataChannel | None

    def handed_over(self) -> None:
        """From here on the connector may give something to the application. Once a try."""

    def outgrown(self) -> None:
        """More was handed over than is kept: it cannot be sent once more."""

    def upload_moved(self) -> None:
        """Bytes of the user's are on their way."""

    def upload_ended(self) -> None:
        """The user has sent all, and so was written."""

    def cut(self, code: Code, why: str) -> None:
        """More came than the application takes: nothing more goes either way."""


class Upload:
    """Passes a user's bytes to a data connection, once the connector has asked for them (an `exchange.BodyReader`).

    Until the first BODY, END or GO is written, the request is provably unprocessed: `handed_over` is False. `most`: bytes
    that may come, None for any number; `over` is called when more do, and the request is cut without it.
    """

    __slots__ = (
        "_go", "_held", "_held_size", "_left", "_outgrown", "_owner", "_reading", "_trailers", "_waiting", "handed_over",
        "over",
    )

    def __init__(
        self, owner: UploadOwner, *, replayable: bool, most: int | None = None,
        over: Callable[[], object] | None = None,
    ) -> None:
        self._owner = owner
        self.handed_over = False
        #: Nothing more will be written to the data connection that has it now.
        self.over = False
        #: What has come so far, as long as all of it could be sent again.
        self._held: list[bytes] | None = [] if replayable else None
        self._held_size = 0
        #: Of `most`, what may still come.
        self._left = most
        self._outgrown = over
        self._reading = False
        #: What has come since the last data connection was lost, and before the next: the user is paused meanwhile.
        self._waiting: list[bytes] = []
        #: The user has sent all, and ended with these trailers.
        self._trailers: bytes | None = None
        self._go: IDelayedCall | None = None

    def adopt(self, pieces: list[bytes], ended: bool) -> None:
        """This much of it was read before a connector was asked. `ended`: it is all."""
        self._reading = True
        self._waiting = pieces
        if ended:
            self._trailers = b""

    def begin(self, exchange: Exchange, data: DataChannel) -> None:
        """The connector has asked for the body on this data connection."""
        if self._reading:
            self._replay(data)
            exchange.read_gate.resumeProducing()
        else:
            self._reading = True
            exchange.read_body(self)
        if self._owner.data is data and not self.over:
            data.feed(exchange.read_gate)
            if not self.handed_over:
                relay = self._owner.relay
                self.cancel_go()
                self._go = relay.clock.callLater(relay.limits.go_after, self._say_go)

    def stream(self, exchange: Exchange, data: DataChannel, fields: bytes, reader: BodyReader | None = None) -> None:
        """The connection is upgraded: the user's bytes have no end but their own. `reader` takes them, to give them here."""
        self.handed_over = self._reading = True
        self._held = None
        read_gate = exchange.switch(fields, reader or self)
        if self._owner.data is data and not self.over:
            data.feed(read_gate)

    def again(self) -> None:
        """Another connector is to get it, from the beginning."""
        self.handed_over = self.over = False

    def stop(self) -> None:
        """The connector reads no more of it."""
        self.over = True
        self.cancel_go()

    def cancel_go(self) -> None:
        """GO is not needed any more."""
        if self._go is not None:
            self._go.cancel()
            self._go = None

    def body_received(self, data: bytes) -> None:
        """A piece from the user."""
        if self.over:
            return
        link = self._owner.data
        if link is None:
            self._wait(data)
            return
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self.stop()
                if self._outgrown is not None:
                    self._outgrown()
                else:
                    self._owner.cut(Code.BODY_TOO_LARGE, "more of a body came than the application takes")
                return
        if not self.handed_over:
            self._hand_over()
        if self._held is not None:
            self._held_size += len(data)
            self._held.append(data)
            if self._held_size > _HELD_BODY:
                self._held = None
                self._owner.outgrown()
        self._owner.upload_moved()
        if self._owner.data is link:
            link.body(data)

    def body_ended(self, trailers: Fields) -> None:
        """The user has sent all."""
        owner = self._owner
        self._trailers = forwarded_trailers(trailers, owner.plan.dropped) if trailers else b""
        link = owner.data
        if link is not None and not self.over:
            self._end(link)
            owner.upload_ended()
        elif self._waiting and owner.exchange is not None:
            owner.exchange.read_gate.resumeProducing()  # nothing more comes but the news that the user has gone

    def _wait(self, data: bytes) -> None:
        """There is no data connection now: keep the piece for the next one, and let the user send no more until then."""
        exchange = self._owner.exchange
        if exchange is not None:
            self._waiting.append(data)
            exchange.read_gate.pauseProducing()

    def _replay(self, data: DataChannel) -> None:
        """The next data connection gets what the one before had, and what has come since."""
        for piece in self._held or ():
            self._hand_over()
            data.body(piece)
        waiting, self._waiting = self._waiting, []
        for piece in waiting:
            self.body_received(piece)
        if self._trailers is not None:
            self._end(data)
            self._owner.upload_ended()

    def _end(self, link: DataChannel) -> None:
        self._hand_over()
        self.over = True
        link.end(self._trailers or b"")

    def _say_go(self) -> None:
        self._go = None
        link = self._owner.data
        if link is not None and not self.handed_over:
            self._hand_over()
            link.go()

    def _hand_over(self) -> None:
        """From here on the connector may give something to the application."""
        if not self.handed_over:
            self.handed_over = True
            self.cancel_go()
            self._owner.handed_over()
