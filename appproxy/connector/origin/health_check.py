"""Asks one address of an application, again and again, whether it is well."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.config.configuration import Target
from appproxy.connector.origin.bindings import NOBODY
from appproxy.connector.origin.h1.repeat import may_repeat
from appproxy.connector.origin.origin_stream import OriginAttempt, OriginSource, OriginStream
from appproxy.errors import RequestError
from appproxy.http.connection_authentication import Leg
from appproxy.http.h1.client import End, Event, Head
from appproxy.net.loop.deadlines import Deadlines
from appproxy.tunnel.messages import Request

#: Seconds for an answer.
ANSWER_SECONDS = 5.0
#: What the application sees of who asks.
_FIELDS = b"user-agent: appproxy-health\naccept: */*\n"


class HealthCheck:
    """GET of the health path, each `health_interval`; `judge` hears each time what was wrong, empty for nothing."""

    __slots__ = ("_attempt", "_origin_stream", "_clock", "_deadlines", "_judge", "_origin", "_target", "_tries", "_under_way",
                 "deadline")

    def __init__(self, origin: OriginSource, target: Target, clock: IReactorTime, deadlines: Deadlines,
                 judge: Callable[[str], None]) -> None:
        self._origin = origin
        self._target = target
        self._clock = clock
        self._deadlines = deadlines
        self._judge = judge
        self._attempt: OriginAttempt | None = None
        self._origin_stream: OriginStream | None = None
        self._under_way = False
        #: How often the question under way was sent.
        self._tries = 0
        self.deadline = clock.seconds()
        deadlines.add(self)

    def deadline_passed(self, now: float) -> None:
        """It is time to ask, or the answer has not come."""
        if self._under_way:
            self._drop()
            self._over(f"no answer within {ANSWER_SECONDS:g} s")
            return
        self._under_way = True
        self._tries = 1
        self.deadline = now + ANSWER_SECONDS
        origin_stream = self._origin.take(self, True, now)
        if origin_stream is not None:
            self.origin_ready(origin_stream)
        else:
            self._dial()

    def _dial(self) -> None:
        attempt = self._origin.dial(self, ANSWER_SECONDS, ANSWER_SECONDS)
        if self._under_way and self._origin_stream is None:
            self._attempt = attempt

    @property
    def owner(self) -> bytes:
        """Nobody: what it uses serves others only as long as the application authenticates nothing."""
        return NOBODY

    @property
    def share(self) -> bytes:
        """Nobody's."""
        return NOBODY

    @property
    def leg(self) -> Leg:
        """It bears no credentials."""
        return Leg.NONE

    def close(self) -> None:
        """Ask no more."""
        self._deadlines.discard(self)
        self._drop()

    def look(self, now: float) -> None:
        """It does not give way."""

    def origin_ready(self, connection: OriginStream) -> None:
        """Ask."""
        self._attempt = None
        self._origin_stream = connection
        target = self._target
        request = Request(target.application, 0, b"GET", target.health_path.encode("ascii"), target.authority, "127.0.0.1",
                          target.address.scheme, "health", ANSWER_SECONDS, 0, None, b"null", _FIELDS)
        try:
            connection.carry(request, target, None)
        except RequestError as error:
            self._drop()
            self._over(str(error))

    def answer_received(self, events: list[Event]) -> None:
        """Only the status counts."""
        head = next((event for event in events if isinstance(event, Head)), None)
        if head is None:
            return
        origin_stream, self._origin_stream = self._origin_stream, None
        end = events[-1]
        if origin_stream is not None and isinstance(end, End):
            origin_stream.release(end.keep_alive)
        elif origin_stream is not None:
            origin_stream.abort()
        self._over("" if 200 <= head.status < 400 else f"status {head.status}")

    def origin_failed(self, error: RequestError) -> None:
        """It cannot be reached."""
        self._attempt = None
        self._over(str(error))

    def would_repeat(self, origin_stream: OriginStream) -> bool:
        """It only asks, and as patiently as a user's GET."""
        return may_repeat(origin_stream, None, True, self._tries)

    def origin_lost(self, error: RequestError) -> None:
        """It has closed before it answered. A kept one may do so as it is used, which says nothing of the application."""
        origin_stream, self._origin_stream = self._origin_stream, None
        if origin_stream is not None and self.would_repeat(origin_stream):
            self._tries += 1
            self._dial()
        else:
            self._over(str(error))

    def _drop(self) -> None:
        attempt, self._attempt = self._attempt, None
        origin_stream, self._origin_stream = self._origin_stream, None
        if attempt is not None:
            attempt.cancel()
        if origin_stream is not None:
            origin_stream.abort()

    def _over(self, reason: str) -> None:
        self._under_way = False
        self.deadline = self._clock.seconds() + self._target.health_interval
        self._judge(reason)
