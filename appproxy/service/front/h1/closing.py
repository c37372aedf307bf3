"""How a user's connection with HTTP/1.1 ends: after its last answer, when nothing is under way in a drain, or at once."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.internet.protocol import Protocol

from appproxy.errors import Code
from appproxy.http import RequestReader
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.front.front import NEWCOMER_SECONDS, Front
from appproxy.service.front.h1.exchange import UserExchange

# Looking up a member of an IntFlag costs a call; this is done for every request.
_BACKLOG = int(HoldReason.BACKLOG)


class ClosingConnection(Protocol):
    """What `connection.UserConnection` is for its end."""

    #: The reading side of its transport, once there is one.
    read_gate: ReadGate
    #: Until when something has to come first of all.
    _first_deadline = NEVER

    def __init__(self, front: Front, client: str) -> None:
        #: What all connections share.
        self.front = front
        self._client = client
        self._reader: RequestReader | None = RequestReader(front.limits)
        self._current: UserExchange | None = None
        self._stream: BodyReader | None = None
        #: Requests that are here already wait for the next turn of the reactor.
        self._resting = False
        self._closing = False
        self.deadline = NEVER

    @property
    def clock(self) -> IReactorTime:
        return self.front.clock

    @property
    def _transport(self) -> ITransport:
        assert self.transport is not None
        return self.transport

    @property
    def request_complete(self) -> bool:
        """Has the current request arrived whole?"""
        return self._reader is None or self._reader.body_done

    @property
    def idle(self) -> bool:
        """Has no request been under way for a moment?"""
        return self._current is None and not self._resting and self.front.is_quiet(self.deadline)

    def drain(self) -> None:
        """Close in a moment if nothing is under way: the next request, if it comes before, is answered with the last word."""
        if self._current is None and not self._closing and not (self._reader is not None and self._reader.started):
            until = self.clock.seconds() + self.front.notice
            if self.deadline == self._first_deadline:  # nothing has come yet
                until = max(until, self.deadline - self.front.timeouts.handshake + NEWCOMER_SECONDS)
            self.deadline = min(self.deadline, until)

    def _farewell(self) -> None:
        """Close, but read on for a moment when the user is still sending: a reset could swallow the answer."""
        complete = self.request_complete
        self._closing = True
        self._stream = self._reader = None
        self.read_gate.release(_BACKLOG)
        self.deadline = self.clock.seconds() + self.front.timeouts.linger
        if complete:
            self._transport.loseConnection()
        else:
            self._half_close()

    def _half_close(self) -> None:
        """End our direction, where the transport can."""
        if hasattr(self._transport, "loseWriteConnection"):
            self._transport.loseWriteConnection()

    def _leave(self, code: Code) -> None:
        """The user has left, or is treated so."""
        current, self._current = self._current, None
        if current is not None:
            current.lost(code)
        self.abort()

    def abort(self) -> None:
        """Close so that the user sees a break, not an end."""
        self._closing = True
        self._stream = self._reader = None
        self._transport.abortConnection()  # type: ignore[attr-defined]
