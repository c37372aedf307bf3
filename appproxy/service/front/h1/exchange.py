"""The exchange of an HTTP/1.1 user: the answer's framing, and whether the connection lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from appproxy.errors import Code
from appproxy.http.h1.writer import chunk, last_chunk, response_bytes
from appproxy.http.head import RequestHead
from appproxy.net.tls import ServerName
from appproxy.service.exchange.date_line import dated
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.exchange.state import BODYLESS, ExchangeState

if TYPE_CHECKING:
    from appproxy.service.front.h1.connection import UserConnection

#: What an HTTP/1.0 user has to be told (RFC 9112 appendix C.2.2).
_KEEP_ALIVE = b"connection: keep-alive\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@implementer(IPushProducer)
class UserExchange(ExchangeState):
    """One request of a user (see `service.exchange.exchange.Exchange`), and what the access log says of it at the end."""

    __slots__ = ("_chunked", "_connection", "_reuse", "body_reader")

    def __init__(
        self, connection: UserConnection, head: RequestHead, id: str, client: str, scheme: str, started: float
    ) -> None:
        super().__init__(head, id, client, scheme, started)
        self._connection = connection
        self.body_reader: BodyReader | None = None
        self._chunked = False
        self._reuse = False

    # The request's body.

    def read_body(self, reader: BodyReader) -> IPushProducer:
        """Begin to read the body; `reader` may be called before this returns."""
        connection = self._connection
        if not self._over:
            self.body_reader = reader
            connection.start_body(_CONTINUE if self.head.expects_continue and not self.begun else b"")
        return connection.read_gate

    def take_body(self) -> bytes | None:
        """All of the body, if it has come with the head."""
        body = None if self._over else self._connection.take_body()
        if body is not None:
            self.received += len(body)
        return body

    @property
    def has_whole_body(self) -> bool:
        """Has all of the body arrived, of which nothing was read yet?"""
        return self._connection.has_whole_body

    @property
    def read_gate(self) -> IPushProducer:
        """What pauses and resumes the user's bytes."""
        return self._connection.read_gate

    @property
    def connection_number(self) -> int:
        """Which of the user's connections it came on; 0 where a trusted proxy is between."""
        return self._connection.number

    def stop_body(self) -> None:
        """Read no more of the body. When the answer is complete the connection closes."""
        self.body_reader = None

    # The answer.

    def inform(self, status: int, fields: bytes) -> None:
        """Pass on an interim answer; an HTTP/1.0 user would not understand it."""
        if not self._over and not self.begun and self.head.version >= 11:
            self._connection.write(response_bytes(status, fields, length="none", close=False, chunked=False))

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """Send a complete answer in one write."""
        if self._over or self.begun:
            return
        self.begun = True
        self.status = status
        if (hook := self._connection._front.hooks.answered) is not None:
            hook(self)
        fields = dated(fields, self._connection.date)
        reuse = self.head.keep_alive and self._connection.reusable
        if reuse and self.head.version < 11:
            fields += _KEEP_ALIVE
        if self.head.method == b"HEAD" or status in BODYLESS:
            whole = response_bytes(status, fields, length="none", close=not reuse, chunked=False)
        else:
            size = self.sent = len(body)
            # An application's own length, if it is the right one and the only one, need not be taken out and put in again.
            right = b"\ncontent-length: %d\n" % size in fields and fields.count(b"content-length: ") == 1
            whole = response_bytes(
                status, fields, length="none" if right else size, close=not reuse, chunked=False
            ) + body
        self._connection.write(whole)
        self._end(reuse)

    def start(self, status: int, fields: bytes, length: int | None) -> None:
        """Send the head of a streamed answer."""
        if self._over or self.begun:
            return
        self.begun = True
        self.status = status
        if (hook := self._connection._front.hooks.answered) is not None:
            hook(self)
        fields = dated(fields, self._connection.date)
        head = self.head
        # While the request's body is still under way, nobody knows yet whether another request can follow.
        reuse = head.keep_alive and (self._connection.reusable or self.body_reader is not None)
        if reuse and head.version < 11 and (length is not None or head.method == b"HEAD"):
            fields += _KEEP_ALIVE
        if head.method == b"HEAD" or status in BODYLESS:
            self._left = -2
            whole = response_bytes(status, fields, length="none", close=not reuse, chunked=False)
        elif length is not None:
            self._left = length
            whole = response_bytes(status, fields, length=length, close=not reuse, chunked=False)
        elif head.version >= 11:
            self._chunked = True
            whole = response_bytes(status, fields, length=None, close=not reuse, chunked=True)
        else:
            reuse = False  # an HTTP/1.0 user knows the end of this body only by the end of the connection
            whole = response_bytes(status, fields, length="none", close=True, chunked=False)
        self._reuse = reuse
        self._connection.write(whole)

    def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        if self._over or not data or self._left == -2:
            return
        self.sent += len(data)
        if self._chunked:
            data = chunk(data)
        elif self._left >= 0:
            if len(data) > self._left:
                self.overrun()
                return
            self._left -= len(data)
        if self._switched:
            self._connection.write_through(data)
        else:
            self._connection.write(data)

    def finish(self, trailers: bytes = b"") -> None:
        """The answer is complete, unless fewer bytes came than were announced."""
        if self._over:
            return
        if self._switched:
            self._over = True
            self._release()
            self._connection.close_stream(self)
        elif self._left > 0:
            self.failure = Code.ORIGIN_TRUNCATED
            self.abort()
        else:
            if self._chunked:
                self._connection.write(last_chunk(trailers))
            self._end(self._reuse)

    def abort(self) -> None:
        """Break the answer."""
        if self._over and not self._switched:
            return
        self._over = True
        self._release()
        self._connection.exchange_broken(self)

    def switch(self, fields: bytes, reader: BodyReader) -> IPushProducer:
        """Answer 101 and become a stream of bytes."""
        connection = self._connection
        if not connection.request_complete:
            # What is still to come of the body would be taken for bytes of the stream.
            self.failure = Code.UPGRADE_REFUSED
            self.detail = "101 before the request was complete"
            if self.tell(Code.UPGRADE_REFUSED):
                self.abort()
        elif not self._over and not self.begun:
            self.begun = self._switched = True
            self.status = 101
            if (hook := connection._front.hooks.answered) is not None:
                hook(self)
            connection.write(response_bytes(101, fields, length="none", close=False, chunked=False))
            # An idle WebSocket must cost little: the head is not needed any more, but for the log.
            head = self.head
            self.head = RequestHead(head.method, head.target.partition(b"?")[0], 11, [], head.authority, head.host, 0,
                                    False, None, False)
            connection.become_stream(reader)
        return connection.read_gate

    # Pausing: we stand between the transport and whoever answers, to know that the user reads slowly.

    def register_producer(self, producer: IPushProducer) -> None:
        """Who is to be paused while the user reads slowly."""
        if not self._over:
            self._producer = producer
            self._connection.register(self)

    def unregister_producer(self) -> None:
        """Nobody is to be paused any longer."""
        self._release()

    def pauseProducing(self) -> None:
        self._connection.watch_answer(True)
        if self._producer is not None:
            self._producer.pauseProducing()

    def resumeProducing(self) -> None:
        self._connection.watch_answer(False)
        if self._producer is not None:
            self._producer.resumeProducing()

    def stopProducing(self) -> None:
        if self._producer is not None:
            self._producer.stopProducing()

    # The end.

    def lost(self, code: Code) -> None:
        """The user's connection is gone."""
        if self._over and not self._switched:
            return
        responder, self.responder = self.responder, None
        self._over = True
        self._producer = None
        self.body_reader = None
        if self.failure is None and not self._switched:
            self.failure = code
        if responder is not None:
            responder.user_left(code)
        self._connection._front.log(self)

    def _end(self, reuse: bool) -> None:
        self._over = True
        self.responder = None
        self.body_reader = None
        self._release()
        self._connection.exchange_over(self, reuse)

    def _release(self) -> None:
        if self._producer is not None:
            self._producer = None
            self._connection.unregister()

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified leaf certificate of whoever is connected, in DER; None where none was asked for."""
        return self._connection.peer_certificate

    @property
    def server_name(self) -> ServerName | None:
        """What the user's TLS connection was made for."""
        return self._connection.server_name
