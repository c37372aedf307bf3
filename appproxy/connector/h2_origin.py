"""One address of an application that speaks HTTP/2, and the connections to it.

Requests share connections. Whoever finds no room waits, and one connection is dialled for as many as it will take.
"""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.attempt import Connect, Dialling
from appproxy.connector.carrier import OriginUser
from appproxy.connector.configuration import OriginAddress
from appproxy.connector.h2_connection import H2Connection, SecureH2Connection
from appproxy.connector.h2_stream import H2Stream
from appproxy.errors import Code, RequestError
from appproxy.http.h2_client import MOST_STREAMS
from appproxy.net.deadlines import Deadlines


class Waiting:
    """One request that waits for a stream: ends in `origin_ready` or `origin_failed`, unless it is cancelled."""

    __slots__ = ("_origin", "deadline", "user")

    def __init__(self, origin: H2Origin, user: OriginUser, deadline: float) -> None:
        self._origin = origin
        self.user: OriginUser | None = user
        self.deadline = deadline

    def deadline_passed(self, now: float) -> None:
        """Too long."""
        user = self.end()
        self._origin.leave(self)
        if user is not None:
            user.origin_failed(RequestError(Code.ORIGIN_CONNECT_TIMEOUT, self._origin.address.host))

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self.end()
        self._origin.leave(self)

    def end(self) -> OriginUser | None:
        """Who waited, the first time."""
        user, self.user = self.user, None
        self._origin.deadlines.discard(self)
        return user


class H2Origin:
    """Has the same doors as `Origin`."""

    def __init__(self, address: OriginAddress, clock: IReactorTime, deadlines: Deadlines, connect: Connect) -> None:
        self.address = address
        self.clock = clock
        self.deadlines = deadlines
        self.connect = connect
        self._connections: list[H2Connection] = []
        self._waiting: deque[Waiting] = deque()
        #: Connections that are being dialled.
        self._dialling = 0
        self._timeout = 10.0

    def __len__(self) -> int:
        return len(self._connections)

    def build(self) -> H2Connection:
        """The protocol of a connection that is dialled."""
        return SecureH2Connection(self) if self.address.secure else H2Connection(self)

    def take(self, user: OriginUser, repeatable: bool, now: float) -> H2Stream | None:
        """A stream; None: dial. A request that must not be sent twice takes no connection that was silent for long."""
        for connection in self._connections:
            if connection.has_room and not self._waiting:
                fresh = connection.is_fresh(now)
                if fresh or repeatable:
                    if not fresh:
                        connection.check(now)
                    return connection.new_stream(user)
        return None

    def dial(self, user: OriginUser, timeout: float) -> Waiting:
        """Wait for a stream; the user hears of it later."""
        now = self.clock.seconds()
        self._timeout = timeout
        waiting = Waiting(self, user, now + timeout)
        self._waiting.append(waiting)
        self.deadlines.add(waiting)
        room = [connection for connection in self._connections if connection.has_room]
        for connection in room:
            connection.check(now)  # its answer, or its loss, calls `room` or `forget`
        if not room:
            self._dial_more()
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """This one waits no longer."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def _dial_more(self) -> None:
        """As many connections as those who wait will fill, less those under way."""
        if len(self._waiting) > self._dialling * MOST_STREAMS:
            self._dialling += 1
            Dialling(self, self._stands, self._failed, self._timeout)

    def _stands(self, connection: H2Connection) -> None:
        """A connection that was dialled."""
        self._dialling -= 1
        self._connections.append(connection)
        self.deadlines.add(connection)
        self.room(connection)

    def _failed(self, error: RequestError) -> None:
        """One could not be dialled: those who wait get nothing from waiting longer."""
        self._dialling -= 1
        waiting, self._waiting = self._waiting, deque()
        for each in waiting:
            user = each.end()
            if user is not None:
                user.origin_failed(error)

    def room(self, connection: H2Connection) -> None:
        """A connection has room, perhaps: for those who wait."""
        if self._waiting and connection.has_room and not connection.is_fresh(self.clock.seconds()):
            connection.check(self.clock.seconds())  # it comes back here, or is lost
            return
        while self._waiting and connection.has_room:
            user = self._waiting.popleft().end()
            if user is not None:
                stream = connection.new_stream(user)
                user.origin_ready(stream)
        if self._waiting and not any(each.has_room for each in self._connections):
            self._dial_more()

    def forget(self, connection: H2Connection) -> None:
        """A connection that takes no more requests."""
        self.deadlines.discard(connection)
        if connection in self._connections:
            self._connections.remove(connection)
            if self._waiting:
                self._dial_more()

    def close(self) -> None:
        """What is idle is closed, what is under way ends first."""
        for connection in list(self._connections):
            connection.retire()
