"""One user's connection with HTTP/1.1: bytes become exchanges, one at a time. HTTP/2 is in `h2_connection`.

`UserConnection` moves bytes between a transport and `http.h1.server.RequestReader`; what a request is answered with is
decided by the front's `Handler`, and how the connection ends in `closing`. One message is parsed at a time: what a user
pipelines waits unparsed, and reading stops when more than `BACKLOG` bytes wait. Every phase has a deadline
(`front.FrontTimeouts`), for a user may be slow on purpose:

- the TLS handshake and the first byte, then the head in all;
- a body, once it is asked for: so many bytes in a window;
- the answer: the user's kernel must take something, however little, in `write_stall`;
- the pause between two requests, and the farewell to one who goes on sending after an early answer.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IPushProducer,
)
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import Code, RequestError
from appproxy.http import RequestReader
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.net.secure.sockets import acknowledged, through
from appproxy.net.secure.tls import ServerName, peer_certificate, shown_certificates
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.front.front import NO_HEAD, Front
from appproxy.service.front.h1.closing import ClosingConnection
from appproxy.service.front.h1.exchange import UserExchange
from appproxy.service.front.pace import Pace

# Looking up a member of an IntFlag costs a call; this is done for every request.
_SLOW_PEER, _BACKLOG = int(HoldReason.SLOW_PEER), int(HoldReason.BACKLOG)
#: Bytes of a user that may wait unparsed: one full read of Twisted's TLS.
BACKLOG = 65536
#: Requests of one connection that are answered in one turn of the reactor. One read can bring 2,000 small ones, and a page of
#: our own takes up to a millisecond.
AT_ONCE = 8


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class UserConnection(ClosingConnection):
    """One user's connection."""

    def __init__(self, front: Front, client: str) -> None:
        super().__init__(front, client)
        self.number = front.number_connection(client)
        self._advancing = False
        self._head_begun = False
        self._no_more = False
        self._pace = Pace()
        #: What this connection was made for, once the handshake is done.
        self.server_name: ServerName | None = None

    # What Twisted says.

    def connectionMade(self) -> None:
        front = self.front
        front.accepted += 1
        front.enter(self, self._client)
        self.read_gate = ReadGate(self.transport)  # type: ignore[arg-type]
        self.write: Callable[[bytes], None] = self.transport.write  # type: ignore[union-attr]
        #: For all that a turn has to say.
        self.write_through = through(self.transport)
        self.deadline = self._first_deadline = front.clock.seconds() + front.timeouts.handshake
        front.deadlines.add(self)
        self.handshakeCompleted()  # it may be: `listen.entry` waits for it

    def handshakeCompleted(self) -> None:
        """Called by TLS where nothing stands between."""
        self.server_name = self.front.server_name(self.transport, self._client)

    def dataReceived(self, data: bytes) -> None:
        if self._stream is not None:
            self._stream.body_received(data)
            return
        reader = self._reader
        if self._closing or reader is None:
            return  # the farewell: what comes now is thrown away
        reader.receive(data)
        current = self._current
        if current is None and not self._resting:
            self._advance()
        elif current is not None and current.body_reader is not None:
            self._pace.arrived += len(data)
            self.feed_body()
        else:
            self._hold_backlog(reader)

    def readConnectionLost(self) -> None:
        """The user will send no more, but still reads."""
        self._no_more = True
        if self._stream is not None:
            self._stream.body_ended([])
            current = self._current
            if current is not None and current.over:
                self.close_stream(current)
        elif self._current is None or not self.request_complete:
            self._leave(Code.CANCELLED)

    def writeConnectionLost(self) -> None:
        """Our own half-close has been written."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.front.leave(self)
        self.front.deadlines.discard(self)
        self.read_gate.close()
        self._closing = True
        if (current := self._current) is not None:
            self._current = None
            current.lost(Code.CANCELLED)
        self._stream = self._reader = None

    # Requests, one after the other.

    def _advance(self) -> None:
        """Take heads while there are any and nothing is under way. A loop: answers may come before `handler` returns."""
        if self._advancing or self._resting:
            return
        self._advancing = True
        left = AT_ONCE
        try:
            while self._current is None and not self._closing and self._reader is not None:
                if not left and self._reader.buffered:
                    self._rest(self._reader)
                    break
                left -= 1
                if not self._take_head(self._reader):
                    break
        finally:
            self._advancing = False

    def _rest(self, reader: RequestReader) -> None:
        """Let others have their turn: the rest of what was pipelined is taken in the next one."""
        self._resting = True
        self._hold_backlog(reader)
        self.front.clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        self._resting = False
        if not self._closing:
            self.read_gate.release(_BACKLOG)
            self._advance()

    def _hold_backlog(self, reader: RequestReader) -> None:
        if reader.buffered > BACKLOG:
            self.read_gate.hold(HoldReason.BACKLOG)

    def _take_head(self, reader: RequestReader) -> bool:
        front = self.front
        try:
            head = reader.next_head()
        except RequestError as error:
            self._refuse(error.code, error.detail, reader.refused_accept)
            return False
        if head is None:
            if self._no_more:
                self._leave(Code.CANCELLED)
            elif reader.started and not self._head_begun:
                self._head_begun = True
                self.deadline = front.clock.seconds() + front.timeouts.head
            return False
        now = front.clock.seconds()
        self.deadline = NEVER
        self._head_begun = False
        client = self._client if front.proxies is None else front.proxies.client_of(head.fields, self._client)
        exchange = self._current = UserExchange(self, head, front.new_id(), client, front.scheme, now)
        if (hook := front.hooks.started) is not None:
            hook(exchange)
        front.handler(exchange)
        return True

    def _refuse(self, code: Code, detail: str, accept: bytes | None = None) -> None:
        """Answer a head that cannot be used, and close."""
        front = self.front
        exchange = UserExchange(self, NO_HEAD, front.new_id(), self._client, front.scheme, front.clock.seconds())
        exchange.failure = code
        exchange.detail = detail
        self._current = exchange
        exchange.answer(*front.refusal(code, exchange.id, accept))

    @property
    def reusable(self) -> bool:
        """May another request follow the current one?"""
        reader = self._reader
        return (reader is None or reader.body_done) and not self.front.draining and not self._closing

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified certificate that this connection has shown."""
        return peer_certificate(self.transport)

    @property
    def shown_certificates(self) -> list[bytes]:
        """All that it has shown."""
        return shown_certificates(self.transport)

    def exchange_over(self, exchange: UserExchange, reuse: bool) -> None:
        """The answer is written whole. `reuse`: its head said that the connection stays."""
        self._current = None
        front, reader = self.front, self._reader
        if (hook := front.hooks.ended) is not None:
            hook(exchange)
        # `reusable` once more, without a call: a streamed answer began long ago.
        if not reuse or reader is None or not reader.body_done or self._closing or self._no_more:
            self.read_gate.release(_SLOW_PEER)
            self._farewell()
            return
        # An answer that began before the drain has promised that the connection stays.
        self.deadline = front.clock.seconds() + (front.notice if front.draining else front.timeouts.keep_alive)
        self.read_gate.release(_SLOW_PEER | _BACKLOG)
        if not reader.is_empty:
            self._advance()

    def exchange_broken(self, exchange: UserExchange) -> None:
        """The answer could not be completed: it must not be taken for whole."""
        self._current = None
        self.front.ended(exchange)
        self.abort()

    # Bodies.

    def start_body(self, first: bytes) -> None:
        """The body is wanted: say what is to be said first (100 Continue), and give what is here already."""
        if first:
            self._transport.write(first)
        self._pace.body_begins()
        self.deadline = self.clock.seconds() + self.front.timeouts.body_window
        self.read_gate.release(HoldReason.BACKLOG)
        self.feed_body()

    @property
    def has_whole_body(self) -> bool:
        """Is all of the body here, of which nothing was read yet?"""
        return self._reader is not None and self._reader.has_whole_body

    def take_body(self) -> bytes | None:
        """All of the body, if it is here; None: nothing was read."""
        return None if self._reader is None else self._reader.whole_body()

    def feed_body(self) -> None:
        """Give the exchange what has arrived of its body."""
        current, reader = self._current, self._reader
        if current is None or reader is None or current.body_reader is None:
            return
        try:
            data = reader.read_body()
        except RequestError as error:
            self._spoil(current, error.code, error.detail)
            return
        taker = current.body_reader
        if data:
            current.received += len(data)
            taker.body_received(data)
        if reader.body_done and current.body_reader is not None:
            current.body_reader = None
            self.deadline = NEVER if self._pace.paused_since is None else self.deadline
            taker.body_ended(reader.trailers)
            if reader.buffered > BACKLOG:
                self.read_gate.hold(HoldReason.BACKLOG)

    def _spoil(self, exchange: UserExchange, code: Code, detail: str) -> None:
        """The user's own fault in the middle of a body: tell who answers, then the user."""
        exchange.failure = code
        exchange.detail = detail
        exchange.body_reader = None
        if not exchange.tell(code):
            return
        if exchange.begun:
            exchange.abort()
        else:
            exchange.answer(*self.front.refusal(code, exchange.id, exchange.head.get(b"accept")))

    # Streams after 101.

    def become_stream(self, reader: BodyReader) -> None:
        """From now on bytes, not messages. The parser goes: an idle stream must cost little."""
        parser = self._reader
        self._reader = None
        self._stream = reader
        self.deadline = NEVER
        self.front.deadlines.rest(self)
        self.read_gate.release(HoldReason.BACKLOG)
        rest = parser.take_rest() if parser is not None else b""
        if rest:
            reader.body_received(rest)

    def close_stream(self, exchange: UserExchange) -> None:
        """Our direction is over; when the user's is too, so is the connection."""
        if self._no_more:
            self._current = None
            self.front.ended(exchange)
            self._farewell()
        else:
            self._half_close()

    def stream_over(self, exchange: UserExchange) -> None:
        """Both directions are over."""
        if self._current is exchange:
            self._current = None
            self.front.ended(exchange)
            self.read_gate.release(_SLOW_PEER)
            self._farewell()

    # Pausing, deadlines, the end.

    def watch_answer(self, paused: bool) -> None:
        """The transport has paused or resumed whoever answers: while paused, the user must go on reading."""
        now = self.clock.seconds()
        if paused:
            self._pace.pause(now, acknowledged(self.transport))
            self.deadline = min(self.deadline, now + self.front.timeouts.write_stall)
        else:
            self._pace.resume()
            self.deadline = NEVER if not self._reading_body else self.deadline

    @property
    def _reading_body(self) -> bool:
        return self._current is not None and self._current.body_reader is not None

    def deadline_passed(self, now: float) -> None:
        current, pace, limits = self._current, self._pace, self.front.timeouts
        reading = self._reading_body
        if self._closing:
            self.abort()
        elif current is None:
            self._idle_too_long()
        elif pace.paused_since is not None and pace.stalled(now, limits.write_stall, acknowledged(self.transport)):
            self._leave(Code.REQUEST_TIMEOUT)
        elif reading and pace.too_slow(bool(self.read_gate.held), limits.body_rate * limits.body_window):
            self._spoil(current, Code.REQUEST_TIMEOUT, "body slower than the limit")
        elif reading or pace.paused_since is not None:
            self.deadline = now + limits.body_window
        else:
            self.deadline = NEVER

    def _idle_too_long(self) -> None:
        if self._reader is not None and self._reader.started:
            self._refuse(Code.REQUEST_TIMEOUT, "head slower than the limit")
        else:
            self._farewell()

    def register(self, producer: IPushProducer) -> None:
        self._transport.registerProducer(producer, True)  # type: ignore[attr-defined]

    def unregister(self) -> None:
        self._transport.unregisterProducer()  # type: ignore[attr-defined]
        # Only now: TLS first writes what it has gathered, which may pause whoever is still registered.
        if self._pace.paused_since is not None:
            self.watch_answer(False)
