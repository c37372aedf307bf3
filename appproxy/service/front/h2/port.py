"""What the streams of one HTTP/2 connection ask of it: a few verbs. All of it leaves at the end of a turn, in one write.

While the transport is full nothing is taken from the session; there the streams' bytes wait. A verb for a stream that has
gone does nothing: whoever has it hears of that by an event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ngh2 import ErrorCode, NGH2Error, Priority

from appproxy.errors import RemoteProtocolError
from appproxy.http.h2.session import H2Session, new_session
from appproxy.net.loop.deadlines import HasDeadline
from appproxy.net.loop.flush_scheduler import at_turn_end
from appproxy.net.secure.tls import ServerName
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.front import Front
from appproxy.service.front.h2.flood_limits import FloodLimits
from appproxy.service.front.h2.lifetime import ConnectionLifetime

#: What is taken from the session at once: a batch of the TLS layer.
_BATCH = 65_536
_NO_ERROR = int(ErrorCode.NO_ERROR)
Headers = Sequence[tuple[bytes, bytes]]


class Stream(HasDeadline, Protocol):
    """One exchange, as its connection sees it."""

    stream: int

    def __hash__(self) -> int:
        """By identity."""

    @property
    def complete(self) -> bool:
        """Has the request arrived whole?"""

    def drained(self) -> bool:
        """Some bytes have left: wake whoever was paused. True when none wait any longer."""

    def reset(self, code: int) -> None:
        """Break it off."""


class H2Port:
    """The sending side. A connection adds what comes, and how it ends."""

    #: Which of the user's connections it is; 0 where a trusted proxy is between.
    number: int
    #: What it was made for.
    server_name: ServerName | None
    #: Writes to the transport at once.
    _send: Callable[[bytes], object]

    def __init__(self, front: Front) -> None:
        self.front = front
        self.now = front.clock.seconds
        self._session: H2Session = new_session(front.limits)
        #: Bytes of a stream's answer that wait for the user's windows.
        self.waiting: Callable[[int], int] = self._session.queued_body_size
        self._conduct = FloodLimits(self.now())
        self._term = ConnectionLifetime(front.deadlines, front.timeouts, self._deadline_passed)
        #: Exchanges whose bytes may wait in the session.
        self._sending: dict[Stream, None] = {}
        #: Exchanges that were answered before their request was complete.
        self._early: list[Stream] = []
        self._enlisted = False
        self._pumping = False
        self._closing = False
        self._at_turn_end = at_turn_end(front.clock)

    # What exchanges ask for.

    def inform(self, stream: int, headers: Headers) -> None:
        """Send an interim answer's head."""
        try:
            self._session.send_informational_response(stream, headers)
        except NGH2Error:
            return
        self.enlist()

    def send_head(self, stream: int, headers: Headers, *, ended: bool = False) -> bool:
        """Send a head, `ended`: of all of the answer. False: the stream has gone."""
        try:
            self._session.send_response(stream, headers, end_stream=ended)
        except NGH2Error:
            return False
        if not self._enlisted:
            self.enlist()
        return True

    def send_whole(self, exchange: Stream, headers: Headers, body: bytes | None) -> None:
        """Send a complete answer."""
        session = self._session
        try:
            if body:
                session.send_response(exchange.stream, headers)
                session.send_data(exchange.stream, body, end_stream=True)
                self._conduct.earned(len(body))
                self._sending[exchange] = None
            else:
                session.send_response(exchange.stream, headers, end_stream=True)
        except NGH2Error:
            pass

    def send(self, exchange: Stream, data: bytes) -> bool:
        """Send a piece of a body. False: the stream has gone."""
        try:
            self._session.send_data(exchange.stream, data)
        except NGH2Error:
            return False
        self._conduct.earned(len(data))
        self._sending[exchange] = None
        if not self._enlisted:
            self.enlist()
        return True

    def end(self, stream: int, trailers: Headers) -> None:
        """End an answer's body; `over`, or `enlist`, follows."""
        try:
            if trailers:
                self._session.send_trailers(stream, trailers)
            else:
                self._session.end_stream(stream)
        except NGH2Error:
            pass

    def reset(self, stream: int, code: int) -> None:
        """Break a stream off."""
        if self._session.reset(stream, code):
            self.enlist()

    def acknowledge(self, stream: int, size: int) -> None:
        """So many bytes of the stream have been taken: its window, and the connection's, open again."""
        if self._session.acknowledge(stream, size):
            self.enlist()

    def open_window(self, stream: int) -> None:
        """Somebody reads this stream's body: more of it may be on its way."""
        if self._session.open_window(stream):
            self.enlist()

    def give_priority(self, stream: int, priority: Priority, *, for_good: bool = False) -> None:
        """How the stream's bytes share with those of others (RFC 9218). `for_good`: whatever the user says later."""
        try:
            self._session.set_stream_priority(stream, priority, ignore_client_signal=for_good)
        except NGH2Error:
            return  # the stream has ended

    def over(self, exchange: Stream) -> None:
        """The answer is given whole to the session."""
        if not exchange.complete:
            self._early.append(exchange)
        if not self._enlisted:
            self.enlist()

    # What goes out.

    def enlist(self) -> None:
        """Something is to be sent: at the end of this turn, with all else."""
        if not self._enlisted:
            self._enlisted = True
            self._at_turn_end(self.flush_turn)

    def flush_turn(self) -> None:
        """Called at the end of the reactor's turn."""
        self._enlisted = False
        try:
            self._pump()
        except (NGH2Error, RemoteProtocolError) as error:
            self._calm(str(error))

    def _pump(self) -> None:
        """Give the transport what the session has, as long as it takes it."""
        if self._closing or self._pumping:
            return
        session, term = self._session, self._term
        self._pumping = True
        try:
            while not term.blocked and (output := session.data_to_send(_BATCH)):
                self._send(output)
                if self._sending:
                    self._refill()
        finally:
            self._pumping = False
        if self._closing:
            return
        if self._early and not term.blocked:
            self._end_early()
        self._take_events()
        if not term.blocked and not session.want_read and not session.want_write:
            self._close()

    def _refill(self) -> None:
        """Wake whoever was paused because their bytes waited, and forget those who have none."""
        for exchange in list(self._sending):
            if exchange.drained():
                self._sending.pop(exchange, None)

    def _end_early(self) -> None:
        """The answer has left, and the user is still sending: they need not (RFC 9113 section 8.1)."""
        early, self._early = self._early, []
        for exchange in early:
            if not self._has(exchange) or exchange.complete:
                continue
            if exchange in self._sending:
                self._early.append(exchange)
            else:
                exchange.reset(_NO_ERROR)

    def log(self, exchange: Exchange) -> None:
        """An exchange is over; called once for each."""
        self._term.answered(self.now())
        self.front.ended(exchange)

    # What a connection adds.

    def brings_end(self, stream: int) -> bool:
        """Has the end of this stream's body come, too, and waits only for its turn?"""
        raise NotImplementedError

    def acknowledged(self) -> int | None:
        """While the transport is full: how many bytes the user's kernel has taken."""
        raise NotImplementedError

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified certificate that this connection has shown."""
        raise NotImplementedError

    @property
    def shown_certificates(self) -> list[bytes]:
        """All that it has shown."""
        raise NotImplementedError

    def _has(self, exchange: Stream) -> bool:
        """Is its stream still open?"""
        raise NotImplementedError

    def _take_events(self) -> None:
        """Hear what the session has understood."""
        raise NotImplementedError

    def _calm(self, reason: str) -> None:
        """The user broke the protocol: end the connection."""
        raise NotImplementedError

    def _close(self) -> None:
        """Close after what was written."""
        raise NotImplementedError

    def _deadline_passed(self, now: float) -> None:
        """The connection's own deadline is over."""
        raise NotImplementedError
