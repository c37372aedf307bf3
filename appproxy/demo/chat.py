"""WebSockets of the sample application: a chat room, and an echo."""

from __future__ import annotations

from twisted.python.failure import Failure
from twisted.web.server import Request
from twisted.web.websocket import WebSocketTransport

#: The largest message that the room repeats to everyone.
LONGEST = 2000


class Chat:
    """One user in the room."""

    def __init__(self, room: set[Chat], name: str) -> None:
        self._room = room
        self._name = name

    def negotiationStarted(self, transport: WebSocketTransport) -> None:
        """The connection is there; the answer to the upgrade is not yet written."""
        self.transport = transport

    def negotiationFinished(self) -> None:
        """Now we may talk."""
        self._room.add(self)
        self._tell(f"{self._name} is here ({len(self._room)} in the room)")

    def textMessageReceived(self, message: str) -> None:
        """Someone said something."""
        self._tell(f"{self._name}: {message[:LONGEST]}")

    def bytesMessageReceived(self, data: bytes | bytearray) -> None:
        """Not in a chat."""

    def pongReceived(self, payload: bytes) -> None:
        """We never ask."""

    def connectionLost(self, reason: Failure) -> None:
        """The user left."""
        if self in self._room:
            self._room.discard(self)
            self._tell(f"{self._name} left")

    def _tell(self, text: str) -> None:
        for member in list(self._room):
            member.transport.sendTextMessage(text)


class Echo:
    """Sends back each message as it came."""

    def negotiationStarted(self, transport: WebSocketTransport) -> None:
        """The connection is there."""
        self.transport = transport

    def negotiationFinished(self) -> None:
        """Nothing to say first."""

    def textMessageReceived(self, message: str) -> None:
        """Back it goes."""
        self.transport.sendTextMessage(message)

    def bytesMessageReceived(self, data: bytes | bytearray) -> None:
        """Back it goes."""
        self.transport.sendBytesMessage(bytes(data))

    def pongReceived(self, payload: bytes) -> None:
        """We never ask."""

    def connectionLost(self, reason: Failure) -> None:
        """Nothing is kept."""


class ChatFactory:
    """Makes a member for each WebSocket, named by the field that appproxy adds."""

    def __init__(self) -> None:
        #: Who is there now.
        self.room: set[Chat] = set()

    def buildProtocol(self, request: Request) -> Chat:
        """Called by twisted.web."""
        return Chat(self.room, request.getHeader("x-user-name") or "Someone")


class EchoFactory:
    """Makes an echo for each WebSocket."""

    def buildProtocol(self, request: Request) -> Echo:
        """Called by twisted.web."""
        return Echo()
