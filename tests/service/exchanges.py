"""An exchange that a test holds in its hands: what was answered, and a body that comes when the test says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from appproxy.errors import Code
from appproxy.http.fields import check_block, values
from appproxy.http.head import Fields, RequestHead
from appproxy.net.secure.tls import ServerName
from appproxy.service.exchange.exchange import BodyReader, Responder

ID = "0123456789abcdef0123456789abcdef"


def head_for(
    url: str, method: bytes = b"GET", fields: Fields | None = None, body: bytes | None = b"", upgrade: bytes | None = None
) -> RequestHead:
    """The head of a request to `url`; `body` None: a chunked one."""
    parts = urlsplit(url)
    authority = parts.netloc.encode()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [(b"host", authority), *(fields or [])]
    length = None if body is None else len(body)
    return RequestHead(
        method, target.encode("latin-1"), 11, lines, authority, str(parts.hostname), length, True, upgrade, False
    )


@implementer(IPushProducer)
class Producer:
    """Of a body that is not paused here."""

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...

    def stopProducing(self) -> None: ...


@dataclass(eq=False)
class FakeExchange:
    """Implements `exchange.Exchange`. With `body` not None the whole body comes as soon as it is asked for."""

    head: RequestHead
    body: bytes | None = b""
    id: str = ID
    client: str = "192.0.2.7"
    scheme: str = "https"
    started: float = 0.0
    responder: Responder | None = None
    reader: BodyReader | None = None
    status: int = 0
    block: bytes = b""
    length: int | None = -1
    pieces: list[bytes] = field(default_factory=list)
    state: str = "open"
    producer: IPushProducer | None = None
    application: str = ""
    subject: str = ""
    connector: str = ""
    attempts: int = 0
    failure: Code | None = None
    has_whole_body: bool = False
    detail: str = ""
    received: int = 0
    sent: int = 0
    own_fields: bytes = b""
    renewal: bytes = b""
    begun: bool = False
    server_name: ServerName | None = None
    connection_number: int = 1
    shown_certificates: list[bytes] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return self.state not in ("open", "flowing")

    @property
    def read_gate(self) -> IPushProducer:
        return Producer()

    @property
    def peer_certificate(self) -> bytes | None:
        return None

    def stop_body(self) -> None: ...

    def take_body(self) -> bytes | None:
        return None

    def replace(self, head: RequestHead, body: bytes) -> None:
        self.head, self.body = head, body

    def read_body(self, reader: BodyReader) -> IPushProducer:
        assert self.head.length != 0
        self.reader = reader
        if self.body is not None:
            for start in range(0, len(self.body), 1000):
                reader.body_received(self.body[start : start + 1000])
            reader.body_ended([])
        return Producer()

    def inform(self, status: int, fields: bytes) -> None: ...

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        assert self.state == "open", f"answered while {self.state}"
        check_block(fields)
        self.begun = True
        self.status, self.block, self.pieces, self.state = status, fields, [body], "answered"

    def start(self, status: int, fields: bytes, length: int | None) -> None:
        assert self.state == "open", f"started while {self.state}"
        check_block(fields)
        self.begun = True
        self.status, self.block, self.length, self.state = status, fields, length, "flowing"

    def write(self, data: bytes) -> None:
        assert self.state == "flowing"
        self.pieces.append(data)

    def finish(self, trailers: bytes = b"") -> None:
        assert self.state == "flowing"
        self.state = "finished"

    def abort(self) -> None:
        self.state = "aborted"

    def switch(self, fields: bytes, reader: BodyReader) -> IPushProducer:
        raise AssertionError("no page switches protocols")

    def end_stream(self) -> None:
        self.state = "finished"

    def register_producer(self, producer: IPushProducer) -> None:
        assert self.producer is None
        self.producer = producer

    def unregister_producer(self) -> None:
        self.producer = None

    def leave(self) -> None:
        """The user goes away."""
        self.state = "left"
        if self.responder is not None:
            self.responder.user_left(Code.CANCELLED)

    @property
    def content(self) -> bytes:
        """The answer's body."""
        return b"".join(self.pieces)

    def field(self, name: bytes) -> bytes | None:
        """The only value of an answer's field."""
        found = values(self.block, name)
        assert len(found) <= 1, found
        return found[0] if found else None

    def fields(self, name: bytes) -> list[bytes]:
        """All values of an answer's field."""
        return values(self.block, name)
