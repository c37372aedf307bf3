"""A WebSocket, or an event stream, through the service, held at both ends by a test."""

from __future__ import annotations

from appproxy.http.streams.websocket import close_frame
from appproxy.service.relay.answers.movable import MESSAGE_SECONDS
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.tunnel.frames import Kind
from tests.service.world import GET, Data, Signal, User, World, requests

UPGRADE = (b"GET /socket HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
SWITCH = b"upgrade: websocket\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
EVENTS = b"content-type: text/event-stream\n"
MASK = b"\x01\x02\x03\x04"


def said(text: bytes, *, first: int = 0x81, mask: bytes | None = None) -> bytes:
    """A short frame: of the application, or with a mask of the user."""
    if mask is None:
        return bytes([first, len(text)]) + text
    return bytes([first, 0x80 | len(text)]) + mask + bytes(one ^ mask[at % 4] for at, one in enumerate(text))


class Stream:
    """One that is open."""

    def __init__(
        self, world: World, signal: Signal, request: bytes = UPGRADE, status: int = 101, block: bytes = SWITCH, id: str = "c1",
    ) -> None:
        self.world = world
        self.signal = signal
        self.user: User = world.user()
        self.user.send(request)
        ((number, _),) = requests(signal.frames())
        self.data: Data = world.attach(number, body=status == 101, id=id)
        self.data.say(self.data.session.head(status, block))
        self.data.frames()
        self.head = self.user.wire.take()
        found = next(peer for peer in world.relay.roster.of(id) if number in peer.in_flight).in_flight[number]
        assert isinstance(found, ProxiedRequest)
        self.request = found

    def says(self, data: bytes) -> bytes:
        """The application says this; what the user gets of it."""
        self.data.say(self.data.session.body(data))
        return self.user.wire.take()

    def user_says(self, data: bytes) -> bytes:
        """The user says this; what the application gets of it."""
        self.user.send(data)
        return self.heard()

    def heard(self) -> bytes:
        """What the application has got since the last look."""
        return b"".join(frame[4] for frame in self.data.frames() if frame[0] == Kind.BODY)

    def close(self) -> bytes:
        """End it, as a move does; what the user gets at once."""
        assert self.request.movable is not None
        self.request.movable.close(self.world.clock.seconds() + MESSAGE_SECONDS)
        return self.user.wire.take()

    def look(self, seconds: float) -> bytes:
        """As a move does, after so long; what the user gets."""
        assert self.request.movable is not None
        self.request.movable.look(self.world.clock.seconds())
        self.world.clock.advance(seconds)
        self.request.movable.look(self.world.clock.seconds())
        return self.user.wire.take()


def websocket() -> Stream:
    """An open one."""
    world = World()
    return Stream(world, world.welcomed())


def events(block: bytes = EVENTS) -> Stream:
    """An open stream of events."""
    world = World()
    return Stream(world, world.welcomed(), GET, 200, block)


#: What a user answers to our Close.
ANSWER = close_frame(1012, MASK)
