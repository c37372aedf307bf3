"""One request of a user and its answer, whichever HTTP version carries them: what front offers and the rest uses.

The front (HTTP/1.1 today) makes an `Exchange` for each request, whose head is read and checked, and hands it to the one
`Handler`. From there on nothing knows which version of HTTP carried it. Nothing of the body is read before
`read_body`; a `100 Continue` goes out then, if it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IPushProducer

from appproxy.errors import Code
from appproxy.http.head import Fields, RequestHead
from appproxy.net.secure.tls import ServerName


class BodyReader(Protocol):
    """Takes a request's body as it arrives."""

    def body_received(self, data: bytes) -> None:
        """A piece of the body, never empty."""

    def body_ended(self, trailers: Fields) -> None:
        """The body is complete; after it nothing more comes."""


class Responder(Protocol):
    """Whoever answers an exchange, told of what happens at the user's side."""

    def user_left(self, code: Code) -> None:
        """The user's connection is gone, or too slow (`code` tells). Called at most once, and never after the answer ended."""


class Exchange(Protocol):
    """A request, and the ways to answer it. Every call after the user has left does nothing."""

    head: RequestHead
    #: Correlation id: ours, 32 hex digits; also sent as X-Request-ID and shown on error pages.
    id: str
    #: The user's address, without port.
    client: str
    #: `https` or `http`.
    scheme: str
    #: Monotonic time of the head's arrival.
    started: float
    #: Who answers; set it before anything else is done. It is told when the user leaves.
    responder: Responder | None
    #: Has an answer begun?
    begun: bool
    #: Lines for an answer of the service's own: whether pages of other origins may read it.
    own_fields: bytes
    #: Lines for an application's answer: an access cookie that was made again.
    renewal: bytes

    # For the access log: whoever learns one of these says so here.
    application: str
    subject: str
    connector: str
    attempts: int
    failure: Code | None
    #: Why, in words for the admin; the user never sees them.
    detail: str
    #: Filled by the front: status, and bytes of the two bodies.
    status: int
    received: int
    sent: int

    @property
    def over(self) -> bool:
        """Has our side of the exchange ended?"""
        ...

    @property
    def has_whole_body(self) -> bool:
        """Has all of the body arrived, as far as that can be said before it is read?"""
        ...

    @property
    def read_gate(self) -> IPushProducer:
        """What pauses and resumes the user's bytes."""
        ...

    @property
    def connection_number(self) -> int:
        """Which of the user's connections it came on, never the same again; 0 where a trusted proxy is between, for that
        one's connection may carry several users.
        """
        ...

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified certificate of whoever is connected (DER); None where none was asked for or shown."""
        ...

    @property
    def shown_certificates(self) -> list[bytes]:
        """All certificates that the client has shown (DER), its own first: it has that one's key, and no more is checked."""
        ...

    @property
    def server_name(self) -> ServerName | None:
        """What the user's TLS connection was made for; None where they said nothing of it, or a trusted proxy is between."""
        ...

    def stop_body(self) -> None:
        """Read no more of the body; the connection closes after the answer."""
        ...

    def take_body(self) -> bytes | None:
        """All of the body, if its length is known and it has arrived; None: nothing was read, `read_body` will give it."""
        ...

    def read_body(self, reader: BodyReader) -> IPushProducer:
        """Begin to read the body. The producer returned pauses and resumes it. Call it only when head.length != 0."""
        ...

    def replace(self, head: RequestHead, body: bytes) -> None:
        """Go on as if the request were this one: all of the body that came with it was read."""
        ...

    def inform(self, status: int, fields: bytes) -> None:
        """Send an interim answer (1xx but 101). `fields`: LF-ended `name: value` lines."""
        ...

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """Send a complete answer in one write; Content-Length is added when the status may have a body.

        `fields`: LF-ended `name: value` lines with lower-case names, without connection, transfer-encoding; a
        content-length in them is kept only for HEAD and 304, where it describes what is not sent.
        """
        ...

    def start(self, status: int, fields: bytes, length: int | None) -> None:
        """Send the head of a streamed answer; `length` bytes of body follow, or None: as many as come."""
        ...

    def write(self, data: bytes) -> None:
        """Send a piece of the body."""
        ...

    def finish(self, trailers: bytes = b"") -> None:
        """The answer is complete. Fewer bytes than announced: the connection is broken instead."""
        ...

    def abort(self) -> None:
        """Break the answer so that nobody can take it for complete; the connection is reset."""
        ...

    def switch(self, fields: bytes, reader: BodyReader) -> IPushProducer:
        """Answer 101 and become a stream of bytes both ways: `reader` takes what the user sends (body_ended: the user
        closed that direction), `write` sends, `finish` closes our direction. Returns the producer of the user's bytes.
        """
        ...

    def end_stream(self) -> None:
        """A stream is over in both directions: close after what was written. What the user still sends is thrown away."""
        ...

    def register_producer(self, producer: IPushProducer) -> None:
        """Who is to be paused while the user reads slowly."""
        ...

    def unregister_producer(self) -> None:
        """Nobody is to be paused any longer. `finish`, `answer` and `abort` imply it."""
        ...


#: Takes every exchange of a listener. It must answer in the end, and must not raise.
Handler = Callable[[Exchange], None]
