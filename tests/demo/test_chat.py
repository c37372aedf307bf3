"""The chat room: everybody hears everybody, and nobody is kept after leaving."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from appproxy.demo.chat import LONGEST, Chat, Echo


class Ear:
    """A WebSocket's transport that remembers."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []

    def sendTextMessage(self, text: str) -> None:
        self.heard.append(text)

    def sendBytesMessage(self, data: bytes) -> None:
        self.heard.append(data)


def enter(room: set[Chat], name: str) -> tuple[Chat, Ear]:
    """Somebody joins."""
    chat, ear = Chat(room, name), Ear()
    chat.negotiationStarted(cast("Any", ear))
    chat.negotiationFinished()
    return chat, ear


def test_everybody_hears() -> None:
    """Coming, talking and leaving."""
    room: set[Chat] = set()
    ann, ann_ear = enter(room, "Ann")
    bob, bob_ear = enter(room, "Bob")
    ann.textMessageReceived("hello")
    bob.connectionLost(Failure(ConnectionDone()))
    assert ann_ear.heard == ["Ann is here (1 in the room)", "Bob is here (2 in the room)", "Ann: hello", "Bob left"]
    assert bob_ear.heard == ["Bob is here (2 in the room)", "Ann: hello"]
    assert room == {ann}


def test_a_message_has_a_limit() -> None:
    """Nobody floods the others with one message."""
    ann, ear = enter(set(), "Ann")
    ann.textMessageReceived("x" * 10 * LONGEST)
    assert len(ear.heard[-1]) == len("Ann: ") + LONGEST


def test_the_echo_is_exact() -> None:
    """Both kinds of messages."""
    echo, ear = Echo(), Ear()
    echo.negotiationStarted(cast("Any", ear))
    echo.textMessageReceived("ä")
    echo.bytesMessageReceived(bytearray(b"\0"))
    assert ear.heard == ["ä", b"\0"]
