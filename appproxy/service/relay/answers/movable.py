"""What has no end of its own, and can be ended so that its client comes back: WebSockets and event streams."""

from __future__ import annotations

from typing import Protocol

from appproxy.errors import Code
from appproxy.service.exchange.exchange import Exchange

#: Seconds in which the message, or the event, that is under way has to end.
MESSAGE_SECONDS = 5.0
#: Seconds in which a client answers that it is to close. It does so by itself, so this is a long way and a busy machine.
ANSWER_SECONDS = 2.0
#: What cut one that did not come to an end in good order.
NO_END = "it was to end, and was in the middle of a message for too long"


class MovableOwner(Protocol):
    """The request whose answer it is."""

    #: None once the user has gone.
    exchange: Exchange | None

    def was_ended(self, kind: str, how: str) -> None:
        """Its client has been told, or has seen a whole answer. For the count: `closed` to come back, or `refused`."""

    def part(self) -> None:
        """A stream is over at both ends, after what was written."""

    def end_answer(self) -> None:
        """The answer is complete as it is; the application is not asked for more."""

    def cut(self, code: Code, why: str) -> None:
        """Break it off, visibly."""


class Movable(Protocol):
    """One of them."""

    #: For the count.
    kind: str

    @property
    def is_open(self) -> bool:
        """Does nobody close it yet?"""

    def close(self, by: float) -> None:
        """End it: at once, or when the message under way is over, until this time. `look` follows, now and then."""

    def look(self, now: float) -> None:
        """Has what it waits for taken too long? Then do without."""

    def say_last(self, code: int) -> bool:
        """It ends now: tell the client why, where that can be said here. False: it cannot. Nothing goes to it after that."""
