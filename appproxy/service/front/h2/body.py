"""A request's body, or the user's direction of a tunnel, as it comes over HTTP/2.

Bytes are given to whoever takes them as long as that is not paused, and only then acknowledged: so the stream's window opens
as fast as they are taken, and a reader who stops, stops their own sender and nobody else. What they have not taken waits here,
at most a window of it.
"""

from __future__ import annotations

from typing import Protocol

from appproxy.http.head import Fields
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import ReadGate
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.front.h2.port import H2Port
from appproxy.tunnel.connections.silence import SILENCE_SECONDS


class BodyOwner(Protocol):
    """The exchange that a body belongs to."""

    connection: H2Port
    stream: int
    #: Bytes of the body that were taken; counted here.
    received: int


class H2Body:
    """What comes on one stream."""

    __slots__ = ("_arrived", "_bytes", "_exchange", "_judged", "_owed", "_reader", "_trailers", "_unwanted", "complete",
                 "since", "read_gate")

    def __init__(self, exchange: BodyOwner, complete: bool) -> None:
        self._exchange = exchange
        #: All of it is here.
        self.complete = complete
        self.read_gate = ReadGate(self)
        self._reader: BodyReader | None = None
        self._trailers: Fields = []
        #: What has come and was not taken yet.
        self._arrived: list[bytes] = []
        #: Bytes that have come and were not acknowledged.
        self._owed = 0
        #: Nobody takes what comes.
        self._unwanted = False
        #: When its rate was last looked at, NEVER when none is asked for; the bytes since then.
        self.since = NEVER
        self._bytes = 0
        self._judged = False

    def read(self, reader: BodyReader, now: float) -> None:
        """Give it to this reader, with what is here already. `now` is when its rate begins to count, or NEVER."""
        exchange = self._exchange
        self._reader = reader
        self.since = now
        self._judged = now != NEVER
        exchange.connection.open_window(exchange.stream)
        self._give()

    def stop(self) -> None:
        """Nobody reads any more: the user may send no more than the window allows. The same bytes stay unacknowledged."""
        self._reader = None
        self._unwanted = True
        self._arrived.clear()
        self.since = NEVER

    def arrived(self, data: bytes, ended: bool) -> None:
        """DATA. An empty piece may end it."""
        if ended:
            self.complete = True
        if data:
            self._owed += len(data)
            if not self._unwanted:
                self._arrived.append(data)
        if self._reader is not None:
            self._give()

    def trailed(self, trailers: Fields) -> None:
        """Trailers: it is complete."""
        self._trailers = trailers
        self.arrived(b"", True)

    def close(self) -> None:
        """The stream has gone: what was not taken no longer counts against the connection's window."""
        self.stop()
        if self._owed:
            self._exchange.connection.acknowledge(self._exchange.stream, self._owed)

    def _give(self) -> None:
        """Give the reader what has come, as long as it is taken."""
        exchange = self._exchange
        while self._arrived and (reader := self._reader) is not None and not self.read_gate.held:
            pieces, self._arrived = self._arrived, []
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            size = len(data)
            exchange.received += size
            self._bytes += size
            self._owed -= size
            reader.body_received(data)
            exchange.connection.acknowledge(exchange.stream, size)
        if self.complete and not self._arrived and (reader := self._reader) is not None:
            self._reader = None
            self.since = NEVER
            reader.body_ended(self._trailers)

    # For its tap: the user hears nothing of it but the closed window.

    def pauseProducing(self) -> None:
        """What comes waits here."""

    def resumeProducing(self) -> None:
        """The reader takes more."""
        self._give()

    def too_slow(self, now: float, rate: float, patient: bool) -> bool:
        """Fewer bytes since the last look than `rate` a second; a time in which we paused the user does not count.

        `patient`: an answer is under way, or it is gRPC, whose streams are open for hours with a message now and then. No rate
        could be asked of these, so that only silence is too slow that would be too long for an answer.
        """
        if self.read_gate.held or self._arrived:
            self.since, self._bytes, self._judged = now, 0, False
            return False
        if patient:
            if self._bytes:
                self.since, self._bytes = now, 0
            return now - self.since > SILENCE_SECONDS
        slow = self._judged and self._bytes < rate * (now - self.since)
        self.since, self._bytes, self._judged = now, 0, True
        return slow
