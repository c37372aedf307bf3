"""Requests that wait for a connection to their application: user by user in turn, each user's in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from appproxy.connector.origin.origin_stream import OriginAttempt, OriginUser
from appproxy.errors import Code, RequestError
from appproxy.net.loop.deadlines import Deadlines
from appproxy.tunnel.shares import FairQueue

#: More than these and an application that may have few connections is hopelessly late: who comes then is told at once.
MOST_WAITING = 1_000
#: Of the back-end timeout: so much may pass with waiting, before the service gives up and calls the application slow.
PATIENCE = 0.9


def _anybody(share: bytes) -> bool:
    return True


def _nothing() -> None:
    """Nobody else is concerned."""


class WaitingRequest:
    """One of them: ends in `origin_ready` or `origin_failed`, unless it is cancelled."""

    __slots__ = ("_code", "_late", "_queue", "deadline", "dialling", "left", "share", "since", "timeout", "user")

    def __init__(self, queue: WaitingRequests, user: OriginUser, deadline: float, code: Code, timeout: float,
                 late: Callable[[WaitingRequest], None] | None = None, since: float = 0.0) -> None:
        self._queue = queue
        self._code = code
        self._late = late
        self.user: OriginUser | None = user
        #: Whom it counts for.
        self.share = user.share
        self.since = since
        #: Called when it gets nothing here, for whatever reason.
        self.left: Callable[[], None] = _nothing
        self.deadline = deadline
        #: Seconds for its own connection, should one be dialled for it.
        self.timeout = timeout
        #: Its turn has come, and a connection is being dialled for it.
        self.dialling: OriginAttempt | None = None

    def deadline_passed(self, now: float) -> None:
        """Too long."""
        if self._late is not None:
            self._late(self)
        else:
            self.fail(RequestError(self._code, "no connection became free"))

    def fail(self, error: RequestError) -> None:
        """It gets none."""
        user = self.end()
        if user is not None:
            self.left()
            user.origin_failed(error)

    def cancel(self) -> None:
        """Nobody wants it any more."""
        if self.end() is not None:
            self.left()
        if self.dialling is not None:
            self.dialling.cancel()

    def end(self) -> OriginUser | None:
        """Who waited, the first time."""
        user, self.user = self.user, None
        self._queue.leave(self)
        return user


class WaitingRequests:
    """Those who wait for one application."""

    __slots__ = ("_deadlines", "_waiting")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._waiting: FairQueue[bytes, WaitingRequest] = FairQueue()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[WaitingRequest]:
        return iter(self._waiting)

    def join(self, user: OriginUser, deadline: float, code: Code, timeout: float,
             late: Callable[[WaitingRequest], None] | None = None, since: float = 0.0,
             left: Callable[[], None] = _nothing) -> WaitingRequest:
        """Wait from `since` until then, at most; `code` is what it then fails with, unless `late` knows better.

        `left` is called when it gets nothing, for whatever reason, which may be before this returns.
        """
        waiting = WaitingRequest(self, user, deadline, code, timeout, late, since)
        waiting.left = left
        if len(self._waiting) >= MOST_WAITING:
            gone = self._waiting.crowd_out(waiting.share)
            if gone is None:
                waiting.fail(RequestError(Code.ORIGIN_BUSY, f"{MOST_WAITING} requests wait for a connection already"))
                return waiting
            gone.fail(RequestError(Code.SHARE_EXCEEDED, f"of {MOST_WAITING} that wait for a connection most are of this user"))
        self._waiting.push(waiting.share, waiting)
        self._deadlines.add(waiting)
        return waiting

    def take(self) -> OriginUser | None:
        """Whose turn it is; they wait no more. None: nobody waits."""
        found = self.next()
        return None if found is None else found.end()

    def next(self, may: Callable[[bytes], bool] = _anybody) -> WaitingRequest | None:
        """Whose turn it is among those that may; they wait no more once they have been called."""
        return self._waiting.pop(may)

    def leave(self, waiting: WaitingRequest) -> None:
        """This one waits no longer."""
        self._deadlines.discard(waiting)
        self._waiting.discard(waiting.share, waiting)
