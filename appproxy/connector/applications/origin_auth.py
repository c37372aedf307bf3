"""How requests are authenticated at an application, with what only the connector knows: passwords, tickets.

An application without it pays nothing. With it, a source of connections to the application comes between: each request gets
fields before it goes to the application, and, where that answers 401, goes there once more with others, if there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.connector.config.configuration import Target
from appproxy.connector.origin.origin_stream import (
    Consumer,
    GivesWay,
    OriginAttempt,
    OriginSource,
    OriginStream,
    OriginUser,
    RequestBody,
    StreamUser,
)
from appproxy.errors import Code, RequestError
from appproxy.http.connection_authentication import Leg, leg_of
from appproxy.http.fields import check_block, drop
from appproxy.http.h1.client import End, Event, Head
from appproxy.net.read_gate import ReadGate
from appproxy.tunnel.messages import Request
from appproxy.tunnel.shares import Held

#: Answers of 401 to one request that lead to another try: SPNEGO has two, and whoever asks more often goes in a circle.
MOST_ROUNDS = 2
_MOST_LINES = 10


class OriginAuth(Protocol):
    """Authenticates requests at one application. Both may give a Deferred, and raise or fail with RequestError: then the
    request fails with that, and nothing of it reaches the application.
    """

    def fields(self, request: Request) -> bytes | Deferred[bytes]:
        """Lines that the request gets (`authorization: ...`, lower-case names, each ended by LF), in place of its own of the
        same names; b"" for none. `request.user` is one line of JSON that says who asks, `null` for nobody.
        """

    def challenged(self, request: Request, challenge: bytes, sent: bytes) -> bytes | Deferred[bytes] | None:
        """The application answered 401, with these fields, to a request with the lines `sent`: other lines for another try, or
        None, for the user to get this answer. Not asked where the request's body is not kept for another try.
        """


#: By the name of an application, what authenticates its requests; None for nothing.
OriginAuths = Callable[[str], OriginAuth | None]


def nobody(application: str) -> OriginAuth | None:
    """For a connector without any."""
    return None


def authenticated(source: OriginSource, target: Target, auths: OriginAuths) -> OriginSource:
    """The source itself, where nothing authenticates the target's requests."""
    auth = auths(target.name)
    return source if auth is None else AuthenticatedSource(source, auth)


class _Asking(OriginUser, Protocol):
    """What asks for connections of routes is always a request."""

    request: Request


class AuthenticatedSource:
    """An `OriginSource` before another."""

    log = Logger()

    def __init__(self, source: OriginSource, auth: OriginAuth) -> None:
        self.source = source
        self.auth = auth
        #: Fields that are known for the `dial` which follows at once, and how often the application has answered 401.
        self._next: dict[_Asking, tuple[bytes | Deferred[bytes], int]] = {}

    def belongs_to(self, owner: bytes) -> bool:
        """Is there a connection that is this owner's alone?"""
        return self.source.belongs_to(owner)

    def take(self, user: OriginUser, repeatable: bool, now: float) -> OriginStream | None:
        """A carrier at once, if the fields are there at once."""
        asking = cast("_Asking", user)
        try:
            fields = self.auth.fields(asking.request)
        except RequestError:
            return None  # `dial` asks again, and tells the user
        if isinstance(fields, bytes):
            stream = AuthenticatedStream(self, asking, fields, 0)
            inner = self.source.take(stream, repeatable, now)
            if inner is not None:
                stream.inner = inner
                return stream
        self._next[asking] = fields, 0
        return None

    def dial(self, user: OriginUser, timeout: float, patience: float) -> OriginAttempt:
        """A carrier later, when the fields are there."""
        asking = cast("_Asking", user)
        attempt = _Attempt(self, asking, timeout, patience)
        found = self._next.pop(asking, None)
        try:
            attempt.begin(*(found or (self.auth.fields(asking.request), 0)))
        except RequestError as error:
            user.origin_failed(error)
        return attempt

    def again(self, stream: AuthenticatedStream, fields: bytes | Deferred[bytes], error: RequestError) -> None:
        """The user loses this carrier, and dials another one, which gets these fields."""
        user = stream.own
        self._next[user] = fields, stream.rounds + 1
        user.origin_lost(error)
        self._next.pop(user, None)


class _Attempt:
    """A wish for fields, then for a carrier."""

    def __init__(self, source: AuthenticatedSource, user: _Asking, timeout: float, patience: float) -> None:
        self._source = source
        self._user = user
        self._seconds = timeout, patience
        self._waiting: Deferred[None] | None = None
        self._attempt: OriginAttempt | None = None
        self._cancelled = False

    def begin(self, fields: bytes | Deferred[bytes], rounds: int) -> None:
        """The fields are there, or will be."""
        if isinstance(fields, bytes):
            self._dial(fields, rounds)
        else:
            self._waiting = fields.addCallback(self._dial, rounds)
            self._waiting.addErrback(self._failed)

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._cancelled = True
        if self._attempt is not None:
            self._attempt.cancel()
        elif self._waiting is not None:
            self._waiting.cancel()

    def _dial(self, fields: bytes, rounds: int) -> None:
        stream = AuthenticatedStream(self._source, self._user, fields, rounds)
        if not self._cancelled:
            self._attempt = self._source.source.dial(stream, *self._seconds)

    def _failed(self, reason: Failure) -> None:
        if self._cancelled or reason.check(CancelledError):
            return
        error = reason.value
        if not isinstance(error, RequestError):
            self._source.log.failure("a request could not be authenticated", reason)
            error = RequestError(Code.INTERNAL, "the connector could not authenticate the request; see its log")
        self._user.origin_failed(error)


class AuthenticatedStream:
    """The carrier as the request sees it, and the request as the carrier does: an `OriginStream` and an `OriginUser`."""

    def __init__(self, source: AuthenticatedSource, own: _Asking, fields: bytes, rounds: int) -> None:
        self.own = own
        self.rounds = rounds
        self.inner: OriginStream | None = None
        self.user: OriginUser | None = own
        self._source = source
        self._fields = fields
        self._retried = False

    @property
    def _stream(self) -> OriginStream:
        assert self.inner is not None  # set before the request hears of it
        return self.inner

    # The request, as the carrier sees it.

    @property
    def owner(self) -> bytes:
        """Whom a connection that the application authenticates may belong to."""
        return self.own.owner

    @property
    def share(self) -> bytes:
        """Whom fair shares are counted for."""
        return self.own.share

    @property
    def leg(self) -> Leg:
        """What of a handshake that authenticates the connection our own fields carry."""
        return leg_of(self._fields) or self.own.leg

    def look(self, now: float) -> Held[GivesWay] | None:
        """How the request uses its carrier."""
        return self.own.look(now)

    def origin_ready(self, connection: OriginStream) -> None:
        """The carrier is there."""
        self.inner = connection
        self.own.origin_ready(self)

    def origin_failed(self, error: RequestError) -> None:
        """There is none."""
        self.own.origin_failed(error)

    def would_repeat(self, origin_stream: OriginStream) -> bool:
        """Is the request sent once more should this carrier be lost now?"""
        return self.own.would_repeat(self)

    def origin_lost(self, error: RequestError) -> None:
        """The carrier is gone."""
        self.own.origin_lost(error)

    def answer_received(self, events: list[Event]) -> None:
        """Parts of the answer. A 401 that leads to another try is the application's word to us, and not to the user."""
        head = next((event for event in events if type(event) is Head), None)
        if head is None or head.status != 401 or self.rounds >= MOST_ROUNDS or not self._try_again(head, events):
            self.own.answer_received(events)

    def _try_again(self, head: Head, events: list[Event]) -> bool:
        self._retried = True
        if not self.own.would_repeat(self):
            self._retried = False
            return False
        try:
            fields = self._source.auth.challenged(self.own.request, head.block, self._fields)
        except RequestError as error:
            fields = _failed(error)
        if fields is None:
            self._retried = False
            return False
        end = events[-1]
        if isinstance(end, End) and end.keep_alive and not self._has_body():
            self._stream.release(True)
        else:
            self._stream.abort()
        self._source.again(self, fields, RequestError(Code.ORIGIN_CLOSED, "the application wants other credentials"))
        return True

    def _has_body(self) -> bool:
        return self.own.request.length != 0

    # The carrier, as the request sees it.

    @property
    def open(self) -> bool:
        """Can bytes still be written?"""
        return self._stream.open

    @property
    def served(self) -> int:
        """How many requests its connection has served before this one."""
        return self._stream.served

    @property
    def answered(self) -> bool:
        """Has a byte come since the request was sent?"""
        return self._stream.answered

    @property
    def refused(self) -> bool:
        """Is it gone, and the request was not looked at: because of the carrier, or of its credentials?"""
        return self._retried or self._stream.refused

    @property
    def read_gate(self) -> ReadGate:
        """The reading side."""
        return self._stream.read_gate

    @property
    def authenticated(self) -> bool:
        """Has the application authenticated its connection? After a 401 it has not."""
        return not self._retried and self._stream.authenticated

    @property
    def most_tries(self) -> int:
        """How often an idempotent request is sent in all."""
        return self._stream.most_tries

    @property
    def out(self) -> Consumer:
        """The writing side."""
        return self._stream.out

    def carry(self, request: Request, target: Target, upload: RequestBody | None) -> None:
        """Send the request with the fields. Raises RequestError."""
        self._stream.carry(with_fields(request, self._fields), target, upload)

    def reserve(self, user: OriginUser) -> None:
        """The request will be sent later."""
        self._stream.reserve(self)

    def write(self, data: bytes) -> None:
        """More of the body, or of the upgraded stream."""
        self._stream.write(data)

    def end_body(self, trailers: bytes) -> None:
        """The body is complete."""
        self._stream.end_body(trailers)

    def become_raw(self, user: StreamUser) -> None:
        """The application has accepted the upgrade."""
        self._stream.become_raw(user)

    def close_write(self) -> None:
        """End our direction of the upgraded stream."""
        self._stream.close_write()

    def release(self, reusable: bool) -> None:
        """The answer is complete."""
        self._stream.release(reusable)

    def abort(self) -> None:
        """Nobody wants its answer."""
        self._stream.abort()


def with_fields(request: Request, fields: bytes) -> Request:
    """The request with these lines in place of its own of the same names. Raises RequestError for what are no lines."""
    if not fields:
        return request
    try:
        check_block(fields, _MOST_LINES)
    except ValueError as error:
        raise RequestError(Code.INTERNAL, f"what authenticates requests gave the connector no field lines: {error}") from error
    block = request.block
    for line in fields.splitlines():
        block = drop(block, line.partition(b":")[0])
    return replace(request, block=block + fields)


def _failed(error: RequestError) -> Deferred[bytes]:
    failed: Deferred[bytes] = Deferred()
    failed.errback(Failure(error))
    return failed
