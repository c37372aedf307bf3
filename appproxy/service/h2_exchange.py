"""The exchange of an HTTP/2 user: one stream of a connection (see `service.exchange.Exchange`).

Bytes of a body are given to whoever takes them as long as he is not paused, and only then acknowledged: so the stream's
window opens as fast as they are taken, and a reader who stops, stops his own sender and nobody else. What he has not
taken waits here, at most a window of it. An answer's bytes wait in the session until the user's windows take them; above
`_HIGH` whoever sends them is paused.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1
from typing import TYPE_CHECKING

from ngh2 import ErrorCode, NGH2Error
from twisted.internet.interfaces import IPushProducer

from appproxy.errors import Code
from appproxy.http.fields import values
from appproxy.http.h2_head import answer_headers, trailer_headers
from appproxy.http.h2_session import WINDOW
from appproxy.http.head import Fields, RequestHead
from appproxy.net.deadlines import NEVER
from appproxy.net.flow import Hold, Tap
from appproxy.service.exchange import BodyReader
from appproxy.service.exchange_state import ExchangeState

if TYPE_CHECKING:
    from appproxy.service.h2_connection import H2Connection

_CANCEL, _INTERNAL = int(ErrorCode.CANCEL), int(ErrorCode.INTERNAL_ERROR)
_SLOW_PEER = int(Hold.SLOW_PEER)
#: Statuses whose answers never have a body (RFC 9110 sections 15.3.5 and 15.4.5).
_BODYLESS = frozenset({204, 304})
#: Bytes of an answer that may wait for the user's windows: what a transport takes before it pauses its producer.
_HIGH = 65_536
#: Whoever was paused goes on when no more than this waits: then there is always something to send.
_LOW = 16_384
#: Seconds without one byte of a body that a gRPC client may stay silent: such streams are open for hours, with a message
#: now and then, and no rate could be asked of them. As long as an answer may be silent.
_GRPC_SILENCE = 600.0
#: RFC 6455 section 1.3.
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class H2Exchange(ExchangeState):
    """One stream. Everything that leaves goes out at the end of the reactor's turn, with that of all other streams."""

    __slots__ = ("_arrived", "_body_bytes", "_connection", "_last_bytes", "_mark", "_owed", "_paused",
                 "_rate_from", "_tap", "_trailers", "_unwanted", "broken", "complete", "deadline", "stream", "tunnel", "writing")

    def __init__(
        self, connection: H2Connection, stream: int, head: RequestHead, id: str, client: str, scheme: str,
        started: float, complete: bool,
    ) -> None:
        super().__init__(head, id, client, scheme, started)
        self._connection = connection
        self.stream = stream
        #: Was it an extended CONNECT? The head tells only as long as the upgrade is allowed.
        self.tunnel = head.upgrade is not None
        self.deadline = NEVER
        #: The request has arrived whole.
        self.complete = complete
        #: We have reset the stream.
        self.broken = False
        self._trailers: Fields = []
        #: What has come and was not taken yet.
        self._arrived: list[bytes] = []
        #: Bytes that have come and were not acknowledged.
        self._owed = 0
        #: Nobody takes what comes.
        self._unwanted = False
        self._tap: Tap | None = None
        self._paused = False
        #: Bytes of the answer's body may be waiting in the session.
        self.writing = False
        #: How far the user had taken the answer when it was last looked at.
        self._mark: tuple[int, int | None] | None = None
        #: When the body's rate was last judged, and the bytes since.
        self._rate_from = NEVER
        self._body_bytes = 0
        self._last_bytes = -1

    # The request's body.

    @property
    def tap(self) -> IPushProducer:
        """What pauses and resumes the user's bytes."""
        if self._tap is None:
            self._tap = Tap(_Source(self))
        return self._tap

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified leaf certificate of whoever is connected, in DER; None where none was asked for."""
        return self._connection.peer_certificate

    def read_body(self, reader: BodyReader) -> IPushProducer:
        """Begin to read the body; `reader` may be called before this returns."""
        if not self._over:
            self.body_reader = reader
            if self.head.expects_continue and not self.begun:
                self.inform(100, b"")
            self._connection.open_window(self.stream, WINDOW)
            self._rate_from = self._connection.now()
            self._last_bytes = 0
            self._connection.watch(self, self._rate_from + self._connection.timeouts.body_window)
            self.give()
        return self.tap

    def stop_body(self) -> None:
        """Read no more of the body: the user may send no more than the window lets him, and is told with the answer."""
        self.body_reader = None
        self._unwanted = True
        self._arrived.clear()

    def arrived(self, data: bytes, ended: bool) -> None:
        """DATA. An empty piece may end it."""
        if ended:
            self.complete = True
        if data:
            self._owed += len(data)
            if not self._unwanted:  # else they are acknowledged with the stream's end, and nobody takes them
                self._arrived.append(data)
        if self.body_reader is not None:
            self.give()

    def trailed(self, trailers: Fields) -> None:
        """Trailers: the body is complete."""
        self._trailers = trailers
        self.arrived(b"", True)

    def give(self) -> None:
        """Give the body's reader what has come, as long as he takes it."""
        tap = self._tap
        while self._arrived and (reader := self.body_reader) is not None and (tap is None or not tap.held):
            pieces, self._arrived = self._arrived, []
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self.received += len(data)
            self._body_bytes += len(data)
            self._owed -= len(data)
            reader.body_received(data)
            self._connection.acknowledge(self.stream, len(data))
            tap = self._tap
        if self.complete and not self._arrived and (reader := self.body_reader) is not None:
            self.body_reader = None
            self._rate_from = NEVER
            reader.body_ended(self._trailers)

    # The answer.

    def inform(self, status: int, fields: bytes) -> None:
        """Pass on an interim answer."""
        if not self._over and not self.begun:
            try:
                self._connection.session.send_informational_response(self.stream, answer_headers(status, fields))
            except NGH2Error:
                return  # the stream has gone, and the connection is about to hear of it
            self._connection.enlist()

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """Send a complete answer."""
        if self._over or self.begun:
            return
        if self.tunnel and 200 <= status < 300:
            status, fields, body = self._no_tunnel()
        self.begun = True
        self.status = status
        headers = answer_headers(status, fields)
        bodyless = self.head.method == b"HEAD" or status in _BODYLESS
        if not bodyless:
            size = self.sent = len(body)
            _set_length(headers, size)
        session = self._connection.session
        try:
            if bodyless or not body:
                session.send_response(self.stream, headers, end_stream=True)
            else:
                session.send_response(self.stream, headers)
                session.send_data(self.stream, body, end_stream=True)
                self._connection.sent(self, size)
        except NGH2Error:
            pass
        self._end()

    def start(self, status: int, fields: bytes, length: int | None) -> None:
        """Send the head of a streamed answer."""
        if self._over or self.begun:
            return
        if self.tunnel and 200 <= status < 300:
            keeper = self.keeper
            self.answer(status, fields, b"")
            if keeper is not None:
                keeper.user_left(Code.UPGRADE_REFUSED)
            return
        self.begun = True
        self.status = status
        headers = answer_headers(status, fields)
        bodyless = self.head.method == b"HEAD" or status in _BODYLESS
        if bodyless:
            self._left = -2
        elif length is not None:
            self._left = length
            _set_length(headers, length)
        try:
            self._connection.session.send_response(self.stream, headers, end_stream=bodyless)
        except NGH2Error:
            return
        self._connection.enlist()

    def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        if self._over or not data or self._left == -2:
            return
        self.sent += len(data)
        if self._left >= 0:
            if len(data) > self._left:
                self._overrun()
                return
            self._left -= len(data)
        connection = self._connection
        try:
            connection.session.send_data(self.stream, data)
        except NGH2Error:
            return
        connection.sent(self, len(data))
        if self._producer is not None and not self._paused and connection.session.queued_body_size(self.stream) > _HIGH:
            self._paused = True
            self._producer.pauseProducing()

    def _overrun(self) -> None:
        self.failure = Code.ORIGIN_TRUNCATED
        self.detail = "more bytes than announced"
        keeper, self.keeper = self.keeper, None
        self.abort()
        if keeper is not None:
            keeper.user_left(Code.ORIGIN_TRUNCATED)

    def finish(self, trailers: bytes = b"") -> None:
        """The answer is complete, unless fewer bytes came than were announced."""
        if self._over:
            return
        if self._left > 0:
            self.failure = Code.ORIGIN_TRUNCATED
            self.abort()
            return
        session = self._connection.session
        try:
            if self._left != -2:
                if trailers and (headers := trailer_headers(trailers)):
                    session.send_trailers(self.stream, headers)
                else:
                    session.end_stream(self.stream)
        except NGH2Error:
            pass
        if self._switched:
            self._over = True
            self._release()
            self._connection.enlist()
        else:
            self._end()

    def abort(self) -> None:
        """Break the answer: the user sees a reset, which no cut answer can be taken for."""
        if self._over and not self._switched:
            return
        self._over = self._unwanted = True
        self._arrived.clear()
        self._release()
        self._connection.break_stream(self, _INTERNAL)
        self._connection.log(self)
        self._switched = False

    def switch(self, fields: bytes, reader: BodyReader) -> IPushProducer:
        """The application has answered 101: a 2xx, and from now on bytes both ways (RFC 8441 section 5)."""
        if self._over or self.begun:
            return self.tap
        head = self.head
        key = head.get(b"sec-websocket-key")
        if not self.tunnel or head.upgrade == b"websocket" and values(fields, b"sec-websocket-accept") != [_accept(key)]:
            self.failure = Code.UPGRADE_REFUSED
            self.detail = "101 to a request that asked for none, or with a wrong sec-websocket-accept"
            if self.tell(Code.UPGRADE_REFUSED):
                self.answer(*self._connection.refusal(Code.UPGRADE_REFUSED, self.id))
            return self.tap
        self.begun = self._switched = True
        self.status = 101
        try:
            self._connection.session.send_response(self.stream, answer_headers(200, fields))
        except NGH2Error:
            return self.tap
        self._connection.enlist()
        # An idle WebSocket must cost little: the head is not needed any more, but for the log.
        self.head = RequestHead(head.method, head.target.partition(b"?")[0], head.version, [], head.authority, head.host, 0,
                                False, None, False)
        self._connection.open_window(self.stream, WINDOW)
        self.body_reader = reader
        self.give()
        return self.tap

    def _no_tunnel(self) -> tuple[int, bytes, bytes]:
        """A 2xx would open the tunnel, and nobody is at its other end."""
        self.failure = Code.UPGRADE_REFUSED
        self.detail = "the application answered an upgrade as if it were a page"
        return self._connection.refusal(Code.UPGRADE_REFUSED, self.id)

    # Pausing.

    def register_producer(self, producer: IPushProducer) -> None:
        """Who is to be paused while the user reads slowly."""
        if not self._over:
            self._producer = producer

    def unregister_producer(self) -> None:
        """Nobody is to be paused any longer."""
        self._release()

    def drained(self) -> bool:
        """Some bytes have left: wake whoever was paused. True when none wait any longer."""
        connection = self._connection
        waiting = connection.session.queued_body_size(self.stream)
        if self._paused and waiting <= _LOW:
            self._paused = False
            if self._producer is not None:
                self._producer.resumeProducing()
                waiting = connection.session.queued_body_size(self.stream)
        if waiting:
            if self._mark is None:
                self._mark = self._taken()
                connection.watch(self, connection.now() + connection.timeouts.write_stall)
            return False
        self._mark = None
        self.writing = False
        return True

    def _taken(self) -> tuple[int, int | None]:
        """What grows as long as the user takes something, however little."""
        connection = self._connection
        return connection.session.queued_body_size(self.stream) - self.sent, connection.acknowledged()

    # Deadlines and the end.

    @property
    def quiet(self) -> bool:
        """Is there nothing that a deadline could be for?"""
        return self._mark is None and self._rate_from == NEVER

    def deadline_passed(self, now: float) -> None:
        """Called by the sweep."""
        timeouts = self._connection.timeouts
        self.deadline = now + timeouts.body_window
        if self._mark is not None:
            mark = self._taken()
            if mark == self._mark:
                self._leave(Code.REQUEST_TIMEOUT)
                return
            self._mark = mark
            self.deadline = now + timeouts.write_stall
        if self._rate_from != NEVER:
            if self._too_slow(now):
                self.spoil(Code.REQUEST_TIMEOUT, "body slower than the limit")
                return
            self.deadline = min(self.deadline, now + timeouts.body_window)
        if self.quiet:
            self._connection.unwatch(self)

    def _too_slow(self, now: float) -> bool:
        """Fewer bytes in a window than the rate asks for; a window in which we paused the user does not count."""
        timeouts = self._connection.timeouts
        arrived = self._body_bytes
        if self._tap is not None and self._tap.held or self._arrived:
            self._last_bytes = -1
            self._rate_from, self._body_bytes = now, 0
            return False
        if self.begun or (self.head.get(b"content-type") or b"").startswith(b"application/grpc"):
            if arrived:
                self._rate_from, self._body_bytes = now, 0
            return now - self._rate_from > _GRPC_SILENCE
        judged, self._last_bytes = self._last_bytes >= 0, arrived
        self._rate_from, self._body_bytes = now, 0
        return judged and arrived < timeouts.body_rate * timeouts.body_window

    def spoil(self, code: Code, detail: str) -> None:
        """The user's own fault in the middle of a body: tell who answers, then the user."""
        self.failure = code
        self.detail = detail
        self.body_reader = None
        self._rate_from = NEVER
        if not self.tell(code):
            return
        if self.begun:
            self.abort()
        else:
            self.answer(*self._connection.refusal(code, self.id))

    def _leave(self, code: Code) -> None:
        """The user takes nothing any more."""
        self._connection.break_stream(self, _CANCEL)
        self.lost(code)

    def lost(self, code: Code) -> None:
        """The stream is gone; called once, also for one that has ended well."""
        self._connection.unwatch(self)
        if self._tap is not None:
            self._tap.close()
        self._arrived.clear()
        if self._owed:
            self._connection.acknowledge(self.stream, self._owed)
        if self._over and not self._switched:
            return
        keeper, self.keeper = self.keeper, None
        well = self._over and self.complete  # both directions of a tunnel have ended in good order
        if self.failure is None and not self._switched:
            self.failure = code
        self._over = True
        self._switched = False
        self._producer = None
        self.body_reader = None
        if keeper is not None and not well:
            keeper.user_left(code)
        self._connection.log(self)

    def _end(self) -> None:
        self._over = self._unwanted = True
        self.keeper = None
        self.body_reader = None
        self._arrived.clear()
        self._rate_from = NEVER
        self._release()
        self._connection.exchange_over(self)

    def _release(self) -> None:
        self._producer = None
        self._paused = False


class _Source:
    """The reading side of a stream, for its tap: nothing is to be told to the user, whose window says it."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: H2Exchange) -> None:
        self._exchange = exchange

    def pauseProducing(self) -> None:
        """Bytes that come wait in the exchange."""

    def resumeProducing(self) -> None:
        self._exchange.give()


def _set_length(headers: list[tuple[bytes, bytes]], size: int) -> None:
    """Say the size of the body, and say it once."""
    right = (b"content-length", b"%d" % size)
    found = [field for field in headers if field[0] == b"content-length"]
    if found == [right]:
        return
    if found:
        headers[:] = [field for field in headers if field[0] != b"content-length"]
    headers.append(right)


def _accept(key: bytes | None) -> bytes:
    """RFC 6455 section 4.2.2: what a server proves with that it speaks WebSocket."""
    return b64encode(sha1((key or b"") + _ACCEPT, usedforsecurity=False).digest())
