"""The exchange of an HTTP/1.1 user: the answer's framing, and whether the connection lives on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from appproxy.errors import Code
from appproxy.http.h1.writer import chunk, last_chunk, response_bytes
from appproxy.http.head import RequestHead
from appproxy.net.read_gate import ReadGate
from appproxy.net.secure.tls import ServerName
from appproxy.service.exchange.answering import AnsweringExchange
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.front.front import Front

#: What an HTTP/1.0 user has to be told (RFC 9112 appendix C.2.2).
_KEEP_ALIVE = b"connection: keep-alive\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ConnectionPort(Protocol):
    """What an exchange asks of its connection: `h1.connection.UserConnection`."""

    front: Front
    #: Which of the user's connections it is; 0 where a trusted proxy is between.
    number: int
    #: The user's bytes.
    read_gate: ReadGate
    #: What the user's TLS connection was made for.
    server_name: ServerName | None
    #: Writes part of an answer.
    write: Callable[[bytes], None]
    #: Writes what does not wait for the end of the turn.
    write_through: Callable[[bytes], None]

    @property
    def request_complete(self) -> bool:
        """Has the request arrived whole?"""

    @property
    def reusable(self) -> bool:
        """May another request follow, as far as is known now?"""

    @property
    def has_whole_body(self) -> bool:
        """Has all of the body arrived, of which nothing was read yet?"""

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified leaf certificate of whoever is connected, in DER; None where none was asked for."""

    @property
    def shown_certificates(self) -> list[bytes]:
        """All certificates that were shown."""

    def take_body(self) -> bytes | None:
        """All of the body, if it has come with the head."""

    def start_body(self, first: bytes) -> None:
        """Read the body, after writing this."""

    def register(self, producer: IPushProducer) -> None:
        """Pause this while the user reads slowly."""

    def unregister(self) -> None:
        """Nobody is to be paused any longer."""

    def watch_answer(self, paused: bool) -> None:
        """The user reads slowly, or again."""

    def become_stream(self, reader: BodyReader) -> None:
        """From now on all bytes are a stream's."""

    def close_stream(self, exchange: UserExchange) -> None:
        """The stream's direction to the user is over."""

    def stream_over(self, exchange: UserExchange) -> None:
        """Both of the stream's directions are over."""

    def exchange_over(self, exchange: UserExchange, reuse: bool) -> None:
        """The answer is complete. `reuse`: another request may follow."""

    def exchange_broken(self, exchange: UserExchange) -> None:
        """The answer cannot be completed."""


@implementer(IPushProducer)
class UserExchange(AnsweringExchange):
    """One request of a user (see `service.exchange.exchange.Exchange`), and what the access log says of it at the end."""

    __slots__ = ("_chunked", "_connection", "_reuse", "body_reader", "connection_number")

    def __init__(
        self, connection: ConnectionPort, head: RequestHead, id: str, client: str, scheme: str, started: float
    ) -> None:
        super().__init__(head, id, client, scheme, started)
        self.front = connection.front
        self.tunnel = False
        self._connection = connection
        #: Which of the user's connections it came on; 0 where a trusted proxy is between.
        self.connection_number = connection.number
        self.body_reader: BodyReader | None = None
        self._chunked = False
        self._reuse = False

    # The request's body.

    def read_body(self, reader: BodyReader) -> IPushProducer:
        """Begin to read the body; `reader` may be called before this returns."""
        connection = self._connection
        if self._given is not None:
            if not self._over:
                self._give(reader, self._given)
        elif not self._over:
            self.body_reader = reader
            connection.start_body(_CONTINUE if self.head.expects_continue and not self.begun else b"")
        return connection.read_gate

    def take_body(self) -> bytes | None:
        """All of the body, if it has come with the head."""
        if self._given is not None:
            return self._given
        body = None if self._over else self._connection.take_body()
        if body is not None:
            self.received += len(body)
        return body

    @property
    def has_whole_body(self) -> bool:
        """Has all of the body arrived, of which nothing was read yet?"""
        return self._given is not None or self._connection.has_whole_body

    @property
    def read_gate(self) -> IPushProducer:
        """What pauses and resumes the user's bytes."""
        return self._connection.read_gate

    def stop_body(self) -> None:
        """Read no more of the body. When the answer is complete the connection closes."""
        self.body_reader = None

    # The answer.

    def inform(self, status: int, fields: bytes) -> None:
        """Pass on an interim answer; an HTTP/1.0 user would not understand it."""
        if not self._over and not self.begun and self.head.version >= 11:
            self._connection.write(response_bytes(status, fields, length="none", close=False, chunked=False))

    def _send_whole(self, status: int, fields: bytes, body: bytes | None) -> None:
        """In one write."""
        connection, head = self._connection, self.head
        reuse = head.keep_alive and connection.reusable
        if reuse and head.version < 11:
            fields += _KEEP_ALIVE
        if body is None:
            whole = response_bytes(status, fields, length="none", close=not reuse, chunked=False)
        else:
            size = len(body)
            # An application's own length, if it is the right one and the only one, need not be taken out and put in again.
            right = b"\ncontent-length: %d\n" % size in fields and fields.count(b"content-length: ") == 1
            whole = response_bytes(
                status, fields, length="none" if right else size, close=not reuse, chunked=False
            ) + body
        connection.write(whole)
        self._end(reuse)

    def _send_head(self, status: int, fields: bytes, length: int | None) -> None:
        head = self.head
        # While the request's body is still under way, nobody knows yet whether another request can follow.
        reuse = head.keep_alive and (self._connection.reusable or self.body_reader is not None)
        if reuse and head.version < 11 and (length is not None or head.method == b"HEAD"):
            fields += _KEEP_ALIVE
        if self._left == -2:
            whole = response_bytes(status, fields, length="none", close=not reuse, chunked=False)
        elif length is not None:
            whole = response_bytes(status, fields, length=length, close=not reuse, chunked=False)
        elif head.version >= 11:
            self._chunked = True
            whole = response_bytes(status, fields, length=None, close=not reuse, chunked=True)
        else:
            reuse = False  # an HTTP/1.0 user knows the end of this body only by the end of the connection
            whole = response_bytes(status, fields, length="none", close=True, chunked=False)
        self._reuse = reuse
        self._connection.write(whole)

    def _send(self, data: bytes) -> None:
        if self._switched:
            self._connection.write_through(data)
        else:
            self._connection.write(chunk(data) if self._chunked else data)

    def _send_end(self, trailers: bytes) -> None:
        if self._switched:
            self._over = True
            self._release()
            self._connection.close_stream(self)
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
            if (hook := self.front.hooks.answered) is not None:
                hook(self)
            connection.write(response_bytes(101, fields, length="none", close=False, chunked=False))
            # An idle WebSocket must cost little: the head is not needed any more, but for the log.
            head = self.head
            self.head = RequestHead(head.method, head.target.partition(b"?")[0], 11, [], head.authority, head.host, 0,
                                    False, None, False)
            connection.become_stream(reader)
        return connection.read_gate

    def end_stream(self) -> None:
        """The stream is over in both directions: close after what was written."""
        if self._switched:
            self.responder = None
            self._over = True
            self._release()
            self._connection.stream_over(self)

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
        self._connection.front.ended(self)

    def _end(self, reuse: bool) -> None:
        self._over = True
        self.responder = None
        self.body_reader = None
        if self._producer is not None:
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
    def shown_certificates(self) -> list[bytes]:
        """All certificates that the client has shown (DER), its own first: it has that one's key, and no more is checked."""
        return self._connection.shown_certificates

    @property
    def server_name(self) -> ServerName | None:
        """What the user's TLS connection was made for."""
        return self._connection.server_name
