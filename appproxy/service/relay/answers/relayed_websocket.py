"""A WebSocket between its two ends: relayed as it comes, followed frame by frame, closed in its own words.

Closing goes by the user. They hear Close with a code, what the application still says is dropped from there on, and what they
say is passed on until their own Close, which reaches the application as if they had begun. So nothing of theirs is lost, and
the application sees an orderly end. (The other order would lose what is on its way from the user, who cannot know.)
"""

from __future__ import annotations

from enum import IntEnum
from math import inf
from secrets import token_bytes
from typing import Protocol

from appproxy.errors import FAILURES, Code, FailureSource
from appproxy.http.fields import values
from appproxy.http.head import Fields
from appproxy.http.streams.websocket import GOING_AWAY, POLICY_VIOLATION, SERVICE_RESTART, FrameFollower, close_frame
from appproxy.service.exchange.exchange import BodyReader, Exchange
from appproxy.service.relay.answers.movable import ANSWER_SECONDS, NO_END, MovableOwner

_OURS = frozenset({FailureSource.CONNECTOR, FailureSource.SERVICE})
_FORBIDDEN = frozenset({FailureSource.POLICY, FailureSource.SIGN_IN, FailureSource.REQUEST})


def is_websocket(block: bytes) -> bool:
    """Has an application with these fields in its 101 changed to WebSocket?"""
    return [value.lower() for value in values(block, b"upgrade")] == [b"websocket"]


def close_code(code: Code) -> int:
    """What a client is to hear of this failure; 0: nothing that we could say, for the application has broken it off itself."""
    source = FAILURES[code].source
    if source in _OURS:
        return SERVICE_RESTART
    return POLICY_VIOLATION if source in _FORBIDDEN else 0


class ClosingStage(IntEnum):
    """How far its end is."""

    OPEN = 0
    #: It is to be closed when the application's message is over.
    WAITING = 1
    #: The user has our Close.
    ASKED = 2
    OVER = 3


class UserDirection(BodyReader, Protocol):
    """Takes the user's bytes to the application: `upload.Upload`."""


class RelayedWebSocket:
    """Stands between a request's data connection and the user, in both directions."""

    __slots__ = ("_by", "_down", "_exchange", "_owner", "_stage", "_up", "_upload")

    kind = "websocket"

    def __init__(self, exchange: Exchange, owner: MovableOwner, upload: UserDirection) -> None:
        self._exchange = exchange
        self._owner = owner
        self._upload = upload
        self._down = FrameFollower()
        self._up = FrameFollower()
        self._stage = ClosingStage.OPEN
        #: When what it waits for is too late.
        self._by = inf

    # From the application (`transfers.Sink`).

    def write(self, data: bytes) -> None:
        """A piece for the user."""
        if not self._stage:
            self._down.follow(data)
            self._exchange.write(data)
        elif self._stage == ClosingStage.WAITING:
            end = self._down.to_message_end(data)
            self._exchange.write(data if end < 0 else data[:end])
            if end >= 0:
                self._ask()

    def finish(self, trailers: bytes) -> None:
        """The application has closed its direction."""
        if self._stage < ClosingStage.ASKED:
            self._exchange.finish(trailers)
        elif self._stage == ClosingStage.ASKED and self._owner.exchange is None:
            # The user's direction is over, too: nobody is left to part from.
            self._stage = ClosingStage.OVER
            self._exchange.end_stream()

    # From the user (`exchange.BodyReader`).

    def body_received(self, data: bytes) -> None:
        """A piece for the application."""
        self._up.follow(data)
        self._upload.body_received(data)
        if self._stage == ClosingStage.ASKED and self._up.closed:
            self._part()

    def body_ended(self, trailers: Fields) -> None:
        """The user has closed that direction."""
        if self._stage == ClosingStage.ASKED:
            # That ends this direction, too. Ended before, the request might be over, and the user's connection left open.
            self._part()
        else:
            self._upload.body_ended(trailers)

    # Its end (`movable.Movable`).

    @property
    def is_open(self) -> bool:
        """Does nobody close it yet?"""
        return not self._stage and not self._down.closed and not self._up.closed

    def close(self, by: float) -> None:
        """Tell the user that the service restarts: now, or when the application's message is over."""
        if not self.is_open:
            return
        if self._down.between_messages:
            self._ask()
        else:
            self._stage = ClosingStage.WAITING
            self._by = by

    def look(self, now: float) -> None:
        """Has the message's end, or the user's answer, taken too long? Then do without."""
        if self._stage == ClosingStage.ASKED and self._by == inf:
            self._by = now + ANSWER_SECONDS
        if now < self._by:
            return
        if self._stage == ClosingStage.ASKED:
            self._tell_application()
            self._part()
        elif self._down.between_frames:  # in a message of several frames: Close may come between them
            self._ask()
        else:
            self._stage = ClosingStage.OVER
            self._owner.cut(Code.SHUTTING_DOWN, NO_END)

    def say_last(self, code: int) -> bool:
        """It ends now: the user hears this code, unless a frame is under way to them, or Close was said before."""
        if self._stage == ClosingStage.ASKED or self._down.closed:
            return True
        if not code or not self._down.between_frames:
            return False
        self._stage = ClosingStage.OVER
        self._exchange.write(close_frame(code))
        self._owner.was_ended(self.kind, "closed" if code == SERVICE_RESTART else "refused")
        return True

    def _ask(self) -> None:
        self._stage = ClosingStage.ASKED
        self._by = inf
        self._exchange.write(close_frame(SERVICE_RESTART))
        self._owner.was_ended(self.kind, "closed")

    def _tell_application(self) -> None:
        """In the user's place, who has not answered."""
        if self._up.between_frames and not self._up.closed:
            self._upload.body_received(close_frame(GOING_AWAY, token_bytes(4)))

    def _part(self) -> None:
        self._stage = ClosingStage.OVER
        self._owner.part()
