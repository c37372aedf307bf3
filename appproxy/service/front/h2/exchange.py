"""The exchange of an HTTP/2 user: one stream of a connection (see `service.exchange.exchange.Exchange`).

An answer's bytes wait in the session until the user's windows take them; above `_HIGH` whoever sends them is paused.
What comes from the user is in `h2_body`.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1

from ngh2 import ErrorCode, Priority
from twisted.internet.interfaces import IPushProducer

from appproxy.errors import Code
from appproxy.http.fields import values
from appproxy.http.h2.head import answer_headers, trailer_headers
from appproxy.http.head import RequestHead
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.secure.tls import ServerName
from appproxy.service.exchange.answering import AnsweringExchange
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.front.front import Front
from appproxy.service.front.h2.body import H2Body
from appproxy.service.front.h2.port import H2Port

_CANCEL, _INTERNAL = int(ErrorCode.CANCEL), int(ErrorCode.INTERNAL_ERROR)
#: Bytes of an answer that may wait for the user's windows: what a transport takes before it pauses its producer.
_HIGH = 65_536
#: Whoever was paused goes on when no more than this waits: then there is always something to send.
_LOW = 16_384
#: What a program that says nothing of priorities gets: its answers share. The default of RFC 9218 is one after the other,
#: and then a long answer would hold up all later ones wherever the user's line is the narrow place.
_SHARED = Priority(3, True)
#: From so many bytes on an answer is a download or a stream: it shares with others of its kind, and everything else goes
#: first, whatever the program said. Browsers ask for a file as urgently as for a page.
_LONG = 1_048_576
_LAST = Priority(7, True)
#: RFC 6455 section 1.3.
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class H2Exchange(AnsweringExchange):
    """One stream. Everything that leaves goes out at the end of the reactor's turn, with that of all other streams."""

    front: Front

    __slots__ = ("_long", "_mark", "_paused", "body", "broken", "connection", "connection_number", "deadline", "stream")

    def __init__(
        self, connection: H2Port, stream: int, head: RequestHead, id: str, client: str, scheme: str,
        started: float, complete: bool,
    ) -> None:
        super().__init__(head, id, client, scheme, started)
        self.front = connection.front
        self.connection = connection
        #: Which of the user's connections it came on; 0 where a trusted proxy is between.
        self.connection_number = connection.number
        self.stream = stream
        #: Was it an extended CONNECT? The head tells only as long as the upgrade is allowed.
        self.tunnel = head.upgrade is not None
        #: What comes on the stream; None when nothing does.
        self.body = None if complete and not self.tunnel else H2Body(self, complete)
        self.deadline = NEVER
        #: We have reset the stream.
        self.broken = False
        #: It has become too long to go before others.
        self._long = False
        self._paused = False
        #: How far the user had taken the answer when it was last looked at.
        self._mark: tuple[int, int | None] | None = None

    # What comes.

    @property
    def complete(self) -> bool:
        """Has the request arrived whole?"""
        return self.body is None or self.body.complete

    @property
    def has_whole_body(self) -> bool:
        """Has all of the body arrived, perhaps in the same read as the head?"""
        return self._given is not None or self.complete or self.connection.brings_end(self.stream)

    @property
    def read_gate(self) -> IPushProducer:
        """What pauses and resumes the user's bytes."""
        return self._incoming.read_gate

    @property
    def _incoming(self) -> H2Body:
        if self.body is None:
            self.body = H2Body(self, True)
        return self.body

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified leaf certificate of whoever is connected, in DER; None where none was asked for."""
        return self.connection.peer_certificate

    @property
    def shown_certificates(self) -> list[bytes]:
        """What the client has shown (DER), its own first; [] for nothing, and where none was asked for."""
        return self.connection.shown_certificates

    @property
    def server_name(self) -> ServerName | None:
        """What the user's TLS connection was made for."""
        return self.connection.server_name

    def read_body(self, reader: BodyReader) -> IPushProducer:
        """Begin to read the body; `reader` may be called before this returns."""
        if self._given is not None:
            if not self._over:
                self._give(reader, self._given)
        elif not self._over:
            connection = self.connection
            if self.head.expects_continue and not self.begun:
                self.inform(100, b"")
            now = connection.now()
            self._watch(now + self.front.timeouts.body_window)
            self._incoming.read(reader, now)
        return self.read_gate

    def stop_body(self) -> None:
        """Read no more of the body: the user is told with the answer."""
        if self.body is not None:
            self.body.stop()

    # The answer.

    def inform(self, status: int, fields: bytes) -> None:
        """Pass on an interim answer."""
        if not self._over and not self.begun:
            self.connection.inform(self.stream, answer_headers(status, fields))

    def _send_whole(self, status: int, fields: bytes, body: bytes | None) -> None:
        headers = answer_headers(status, fields)
        if body is not None:
            _set_length(headers, len(body))
        self.connection.send_whole(self, headers, body)
        self._end()

    def _send_head(self, status: int, fields: bytes, length: int | None) -> None:
        headers = answer_headers(status, fields)
        if length is not None and self._left != -2:
            _set_length(headers, length)
            if not length:
                self._left = -2
        connection = self.connection
        if connection.send_head(self.stream, headers, ended=self._left == -2) and self.head.get(b"priority") is None:
            connection.give_priority(self.stream, _SHARED)

    def _send(self, data: bytes) -> None:
        connection = self.connection
        if not connection.send(self, data):
            return
        if not self._long and self.sent > _LONG:
            self._long = True
            connection.give_priority(self.stream, _LAST, for_good=True)
        if self._producer is not None and not self._paused and connection.waiting(self.stream) > _HIGH:
            self._paused = True
            self._producer.pauseProducing()

    def _send_end(self, trailers: bytes) -> None:
        if self._left != -2:
            self.connection.end(self.stream, trailer_headers(trailers) if trailers else ())
        if self._switched:
            self._over = True
            self._release()
            self.connection.enlist()
        else:
            self._end()

    def abort(self) -> None:
        """Break the answer: the user sees a reset, which no cut answer can be taken for."""
        if self._over and not self._switched:
            return
        self._over = True
        self.stop_body()
        self._release()
        self.reset(_INTERNAL)
        self.connection.log(self)
        self._switched = False

    def switch(self, fields: bytes, reader: BodyReader) -> IPushProducer:
        """The application has answered 101: a 2xx, and from now on bytes both ways (RFC 8441 section 5)."""
        if self._over or self.begun:
            return self.read_gate
        head = self.head
        key = head.get(b"sec-websocket-key")
        if not self.tunnel or head.upgrade == b"websocket" and values(fields, b"sec-websocket-accept") != [_accept(key)]:
            self.failure = Code.UPGRADE_REFUSED
            self.detail = "101 to a request that asked for none, or with a wrong sec-websocket-accept"
            if self.tell(Code.UPGRADE_REFUSED):
                self.answer(*self._refusal(Code.UPGRADE_REFUSED))
            return self.read_gate
        self.begun = self._switched = True
        self.status = 101
        if (hook := self.front.hooks.answered) is not None:
            hook(self)
        if not self.connection.send_head(self.stream, answer_headers(200, fields)):
            return self.read_gate
        # An idle WebSocket must cost little: the head is not needed any more, but for the log.
        self.head = RequestHead(head.method, head.target.partition(b"?")[0], head.version, [], head.authority, head.host, 0,
                                False, None, False)
        self._incoming.read(reader, NEVER)
        return self.read_gate

    def end_stream(self) -> None:
        """The stream is over in both directions: end it after what was written."""
        if self._switched:
            if not self._over:
                self.connection.end(self.stream, ())
            self._switched = False
            self._end()

    def _no_tunnel(self) -> tuple[int, bytes, bytes]:
        """A 2xx would open the tunnel, and nobody is at its other end."""
        self.failure = Code.UPGRADE_REFUSED
        self.detail = "the application answered an upgrade as if it were a page"
        return self._refusal(Code.UPGRADE_REFUSED)

    def _refusal(self, code: Code) -> tuple[int, bytes, bytes]:
        return self.front.refusal(code, self.id, self.head.get(b"accept"))

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
        connection = self.connection
        waiting = connection.waiting(self.stream)
        if self._paused and waiting <= _LOW:
            self._paused = False
            if self._producer is not None:
                self._producer.resumeProducing()
                waiting = connection.waiting(self.stream)
        if waiting:
            if self._mark is None:
                self._mark = self._taken()
                self._watch(connection.now() + self.front.timeouts.write_stall)
            return False
        self._mark = None
        return True

    def _taken(self) -> tuple[int, int | None]:
        """What grows as long as the user takes something, however little."""
        connection = self.connection
        return connection.waiting(self.stream) - self.sent, connection.acknowledged()

    # Deadlines and the end.

    def _watch(self, deadline: float) -> None:
        self.deadline = min(self.deadline, deadline)
        self.front.deadlines.add(self)

    def _unwatch(self) -> None:
        if self.deadline != NEVER:
            self.deadline = NEVER
            self.front.deadlines.discard(self)

    def reset(self, code: int) -> None:
        """Break the stream off."""
        self.broken = True
        self.connection.reset(self.stream, code)

    @property
    def quiet(self) -> bool:
        """Is there nothing that a deadline could be for?"""
        return self._mark is None and (self.body is None or self.body.since == NEVER)

    def deadline_passed(self, now: float) -> None:
        """Called by the sweep."""
        timeouts = self.front.timeouts
        self.deadline = now + timeouts.body_window
        if self._mark is not None:
            mark = self._taken()
            if mark == self._mark:
                self._leave(Code.REQUEST_TIMEOUT)
                return
            self._mark = mark
            self.deadline = now + timeouts.write_stall
        body = self.body
        if body is not None and body.since != NEVER:
            if body.too_slow(now, timeouts.body_rate, self.begun or self._is_grpc):
                self.spoil(Code.REQUEST_TIMEOUT, "body slower than the limit")
                return
            self.deadline = min(self.deadline, now + timeouts.body_window)
        if self.quiet:
            self._unwatch()

    @property
    def _is_grpc(self) -> bool:
        return (self.head.get(b"content-type") or b"").startswith(b"application/grpc")

    def spoil(self, code: Code, detail: str) -> None:
        """The user's own fault in the middle of a body: tell who answers, then the user."""
        self.failure = code
        self.detail = detail
        self.stop_body()
        if not self.tell(code):
            return
        if self.begun:
            self.abort()
        else:
            self.answer(*self._refusal(code))

    def _leave(self, code: Code) -> None:
        """The user takes nothing any more."""
        self.reset(_CANCEL)
        self.lost(code)

    def lost(self, code: Code) -> None:
        """The stream is gone; called once, also for one that has ended well."""
        self._unwatch()
        if self.body is not None:
            self.body.close()
        if self._over and not self._switched:
            return
        responder, self.responder = self.responder, None
        # A tunnel whose directions have both ended in good order, or an answer whose head was its end.
        answered = self._over or self._left == -2
        well = answered and self.complete
        if self.failure is None and not self._switched and not answered:
            self.failure = code
        self._over = True
        self._switched = False
        self._producer = None
        if responder is not None and not well:
            responder.user_left(code)
        self.connection.log(self)

    def _end(self) -> None:
        self._over = True
        self.responder = None
        self._producer = None
        self._paused = False
        if self.body is not None:
            self.body.stop()
        self.connection.over(self)
        self.connection.log(self)

    def _release(self) -> None:
        self._producer = None
        self._paused = False


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
