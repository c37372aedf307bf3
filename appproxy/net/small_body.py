"""Reading an answer's body that must be small."""

from __future__ import annotations

from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone


class BodyTooLargeError(Exception):
    """More bytes came than are allowed."""


class SmallBody(Protocol):
    """Takes an answer of twisted.web.client; `done` fires with its body, or fails.

    It fails with BodyTooLargeError above `limit` bytes and drops the connection then, and with the reason for which an
    incomplete answer ended. Cancelling `done` drops the connection too.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._pieces: list[bytes] = []
        self.done: Deferred[bytes] = Deferred(lambda done: self._drop())

    def dataReceived(self, data: bytes) -> None:
        """Called with each piece of the body."""
        self._size += len(data)
        if self._size <= self._limit:
            self._pieces.append(data)
        elif not self.done.called:
            self._pieces.clear()
            self.done.errback(BodyTooLargeError(f"more than {self._limit} bytes"))
            self._drop()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Called at the end of the body. A body without a length that just ends may be cut: that is a failure."""
        if self.done.called:
            return
        if reason.check(ResponseDone):
            self.done.callback(b"".join(self._pieces))
        else:
            self.done.errback(reason)

    def _drop(self) -> None:
        if self.transport is not None:
            cast("IPushProducer", self.transport).stopProducing()
