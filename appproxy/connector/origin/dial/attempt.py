"""One attempt to connect to an application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime
from twisted.python.failure import Failure

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.dial.dialer import failure_code
from appproxy.connector.origin.dial.lookup import LookupTimedOut
from appproxy.connector.origin.dial.reasons import place_name, reason_of
from appproxy.connector.transport import Dialled, transport_of
from appproxy.errors import Code, RequestError
from appproxy.net.loop.deadlines import Deadlines

#: Connects a protocol of this factory to an application; fires when TCP is connected.
Connect = Callable[[OriginAddress, IProtocolFactory, float], Deferred[IProtocol]]
#: A Twisted protocol with a `dialling`, which it tells how it went as long as that is there.
_C = TypeVar("_C", bound=Any)
_D = TypeVar("_D", covariant=True)


class AttemptTarget(Protocol[_D]):
    """Where the attempt leads, and what it needs."""

    address: OriginAddress
    clock: IReactorTime
    deadlines: Deadlines
    connect: Connect

    def build(self) -> _D:
        """The protocol of one connection."""


class Dialling(Generic[_C]):
    """Ends in a call of `ready` or of `failed`, unless it is cancelled; perhaps before it is even made."""

    __slots__ = ("_attempt", "_connection", "_ended", "_failed", "_origin", "_over", "_ready", "_slow", "deadline")

    def __init__(self, origin: AttemptTarget[_C], ready: Callable[[_C], None], failed: Callable[[RequestError], None],
                 timeout: float, ended: Callable[[bool], None] = lambda stands: None) -> None:
        #: Called once, before `ready` and `failed`, and of cancelling too: has it led to a connection?
        self._ended = ended
        self._origin = origin
        self._ready = ready
        self._failed = failed
        self._over = False
        self._connection: _C | None = None
        self.deadline = origin.clock.seconds() + timeout
        origin.deadlines.add(self)
        self._slow = Code.ORIGIN_CONNECT_TIMEOUT
        self._attempt = origin.connect(origin.address, Dialled(self._build), timeout)
        self._attempt.addErrback(self.failed)

    def _build(self) -> _C:
        connection = self._connection = self._origin.build()
        connection.dialling = self
        return connection

    def succeeded(self, connection: _C) -> None:
        """The connection is up; TLS too."""
        if self._end(True):
            connection.abort()
        else:
            self._ready(connection)

    def failed(self, reason: Failure) -> None:
        """It failed."""
        if reason.check(LookupTimedOut):
            self._slow = Code.ORIGIN_DNS_TIMEOUT
        secure = self._origin.address.secure and self._connection is not None
        address = self._origin.address
        self.refused(RequestError(failure_code(reason, secure), reason_of(reason, address, secure)))

    def refused(self, error: RequestError) -> None:
        """It is up, and of no use."""
        if not self._end():
            self._failed(error)

    def deadline_passed(self, now: float) -> None:
        """Too long."""
        over = self._end()
        self._drop()
        if not over:
            why = "its name was not found" if self._slow is Code.ORIGIN_DNS_TIMEOUT else "there was no connection"
            place = place_name(self._origin.address)
            self._failed(RequestError(self._slow, f"{place}: {why} before connect_timeout was over"))

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._end()
        self._drop()

    def _end(self, stands: bool = False) -> bool:
        """Was it over before?"""
        over, self._over = self._over, True
        self._origin.deadlines.discard(self)
        if self._connection is not None:
            self._connection.dialling = None
        if not over:
            self._ended(stands)
        return over

    def _drop(self) -> None:
        self._attempt.cancel()
        connection = self._connection
        if connection is not None and connection.transport is not None:
            transport_of(connection.transport).abortConnection()
