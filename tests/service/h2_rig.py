"""One HTTP/2 user of a front: nghttp2's client, a wire made of strings, and whoever answers."""

from __future__ import annotations

from contextlib import suppress

from ngh2 import Configuration, Connection, ConnectionStateError, Role
from ngh2 import events as h2
from twisted.internet.task import Clock

from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.front import Front, Stamps
from appproxy.service.front.h2.connection import H2Connection
from appproxy.service.listen.entry import UserEntry
from tests.service.recording_responder import RecordingResponder
from tests.service.world import Wire, logging, refusal

Headers = list[tuple[bytes, bytes]]

#: GET https://h.example.com/ in HPACK, nothing indexed.
HEAD = bytes.fromhex("828784") + b"\x01\x0dh.example.com"


def request(method: bytes = b"GET", path: bytes = b"/a", *fields: tuple[bytes, bytes]) -> Headers:
    """The head of a request."""
    return [(b":method", method), (b":scheme", b"https"), (b":authority", b"h.example.com"), (b":path", path), *fields]


def web_socket(*fields: tuple[bytes, bytes]) -> Headers:
    """An extended CONNECT (RFC 8441)."""
    return [(b":method", b"CONNECT"), (b":protocol", b"websocket"), *request()[1:],
            (b"sec-websocket-version", b"13"), *fields]


class H2Rig:
    """A connection whose user is at hand. `manual`: the user's windows open only when a test says so."""

    def __init__(self, responder: RecordingResponder | None = None, *, manual: bool = False, greet: bool = True) -> None:
        self.clock = Clock()
        self.responder = responder or RecordingResponder()
        self.log: list[Exchange] = []
        self.front = Front(self.responder, self.clock, refusal, Stamps(lambda: "0" * 32), entry=UserEntry,
                           hooks=logging(self.log), random_bytes=lambda size: b"the sample nonce"[:size])
        self.connection = H2Connection(self.front, "203.0.113.7")
        self.wire = Wire()
        self.user = Connection(Role.CLIENT, Configuration(auto_window_update=not manual))
        self.user.initiate_connection()
        self.events: list[h2.Event] = []
        self.connection.makeConnection(self.wire)
        if greet:
            self.turn()
            self.events.clear()

    def turn(self) -> None:
        """Carry bytes both ways until nobody has more to say."""
        for _ in range(1000):
            there = self.user.data_to_send()
            if there and not self.wire.disconnecting:
                self.connection.dataReceived(there)
            self.clock.advance(0)
            back = self.wire.take()
            if back:
                with suppress(ConnectionStateError):  # one who has said or heard goodbye listens no more
                    self.user.receive_data(back)
                self.events += self.user.events()
            if not there and not back:
                return

    def ask(self, headers: Headers | None = None, body: bytes | None = b"") -> int:
        """Send a request; `body` None: it stays open. Gives the stream's number."""
        stream = self.user.send_request(headers or request(), end_stream=body == b"")
        if body:
            self.user.send_data(stream, body, end_stream=True)
        self.turn()
        return stream

    def raw(self, data: bytes) -> bytes:
        """Bytes that no decent client sends; gives what came back."""
        self.connection.dataReceived(data)
        self.clock.advance(0)
        return self.wire.take()

    def advance(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.clock.advance(0.25)
            self.turn()

    # What the user has heard.

    def head(self, stream: int) -> dict[bytes, bytes]:
        """The answer's head; {} when none has come."""
        for event in self.events:
            if isinstance(event, h2.ResponseReceived) and event.stream_id == stream:
                return dict(event.headers)
        return {}

    def body(self, stream: int) -> bytes:
        return b"".join(e.data for e in self.events if isinstance(e, h2.DataReceived) and e.stream_id == stream)

    def trailers(self, stream: int) -> Headers:
        for event in self.events:
            if isinstance(event, h2.TrailersReceived) and event.stream_id == stream:
                return list(event.headers)
        return []

    def ended(self, stream: int) -> bool:
        """Did the answer end as a whole one does?"""
        return any(
            getattr(event, "stream_id", 0) == stream
            and (getattr(event, "end_stream", False) or isinstance(event, h2.TrailersReceived))
            for event in self.events
        )

    def reset(self, stream: int) -> int | None:
        """The code with which the stream was reset; None: it was not."""
        for event in self.events:
            if isinstance(event, h2.StreamReset) and event.stream_id == stream:
                return event.error_code
        return None


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame, whatever it says (RFC 9113 section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
