"""One address of an application that speaks HTTP/2, and the connections to it.

Requests share connections. Whoever finds no room waits, and one connection is dialled for as many as it will take. Where there
may be few connections, their streams are shared fairly among users, as the connections of HTTP/1.1 are.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.dial.address_watch import AddressWatch, Resolve
from appproxy.connector.origin.dial.attempt import Connect, Dialling
from appproxy.connector.origin.h2.connection import OriginH2Connection
from appproxy.connector.origin.h2.secure_connection import SecureH2Connection
from appproxy.connector.origin.h2.stream import H2Stream
from appproxy.connector.origin.origin_stream import OriginUser
from appproxy.connector.origin.pressure import Pressure
from appproxy.connector.origin.waiting import PATIENCE, WaitingRequest, WaitingRequests
from appproxy.errors import Code, RequestError
from appproxy.http.h2.session import STREAMS
from appproxy.net.loop.deadlines import Deadlines
from appproxy.tunnel.shares import Places


class H2Origin:
    """Has the same doors as `Origin`."""

    def __init__(self, address: OriginAddress, clock: IReactorTime, deadlines: Deadlines, connect: Connect,
                 resolve: Resolve | None = None) -> None:
        self.address = address
        self.clock = clock
        self.deadlines = deadlines
        self.connect = connect
        self._connections: list[OriginH2Connection] = []
        self._queue = WaitingRequests(deadlines)
        self._watch = AddressWatch(address.host, clock, deadlines, resolve, self._moved)
        #: Connections that are being dialled.
        self._dialling = 0
        self._timeout = 10.0
        self._limited = address.max_connections > 0
        #: How many streams a connection has, as far as that is known; and who holds those of all, where there may be few.
        self._usual = STREAMS
        self._places = Places(address.max_connections * STREAMS)
        self._pressure = Pressure(self._places, self._queue, deadlines, clock.seconds, self._holders)
        #: HTTP/2 has no authentication of connections, and many users share one: who comes with such credentials is refused.
        self.refuses_credentials = address.connection_authentication != "never"

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def busy(self) -> int:
        """How many requests and streams it has, those that still wait for a connection among them."""
        return sum(connection.streams for connection in self._connections) + len(self._queue)

    def build(self) -> OriginH2Connection:
        """The protocol of a connection that is dialled."""
        return SecureH2Connection(self) if self.address.secure else OriginH2Connection(self)

    def belongs_to(self, owner: bytes) -> bool:
        """Connections of HTTP/2 belong to nobody."""
        return False

    def take(self, user: OriginUser, repeatable: bool, now: float) -> H2Stream | None:
        """A stream; None: dial. A request that must not be sent twice takes no connection that was silent for long."""
        if self._queue or not self._has_room(user):
            return None
        for connection in self._connections:
            if connection.has_room and not connection.ended:
                fresh = connection.is_fresh(now)
                if fresh or repeatable:
                    if not fresh:
                        connection.check(now)
                    return self._lend(connection, user)
        return None

    def _has_room(self, user: OriginUser) -> bool:
        """May their share have one more? Some are kept for those who have few."""
        if not self._limited:
            return True
        connections = self._connections
        most = sum(each.most for each in connections) + self._usual * max(0, self.address.max_connections - len(connections))
        if most != self._places.most:
            self._places.resize(most)
        return self._places.has_room(user.share)

    def _lend(self, connection: OriginH2Connection, user: OriginUser) -> H2Stream:
        stream = connection.new_stream(user)
        if self._limited:
            stream.share = user.share
            self._places.take(user.share)
        return stream

    def give_back(self, stream: H2Stream) -> None:
        """Called by its connection when a stream is over; twice is as once."""
        share, stream.share = stream.share, None
        if share is not None:
            self._places.give(share)

    def _holders(self) -> list[OriginUser]:
        return [user for connection in self._connections for user in connection.users()]

    def dial(self, user: OriginUser, timeout: float, patience: float) -> WaitingRequest:
        """Wait for a stream; the user hears of it later, or even before this returns."""
        now = self.clock.seconds()
        self._timeout = timeout
        room = [connection for connection in self._connections if connection.has_room and not connection.ended]
        if not self._has_room(user) or (self._is_full() and not self._dialling and not room):
            waiting = self._queue.join(user, now + PATIENCE * patience, Code.ORIGIN_BUSY, timeout, since=now)
        else:
            waiting = self._queue.join(user, now + timeout, Code.ORIGIN_CONNECT_TIMEOUT, timeout, since=now)
            for connection in room:
                self.room(connection)
            if not room:
                self._dial_more()
        if self._limited:
            self._pressure.watch()
        return waiting

    def _is_full(self) -> bool:
        most = self.address.max_connections
        return bool(most) and len(self._connections) + self._dialling >= most

    def _dial_more(self) -> None:
        """As many connections as those who wait will fill, less those under way."""
        if len(self._queue) > self._dialling * STREAMS and not self._is_full():
            self._dialling += 1
            Dialling(self, self._stands, self._failed, self._timeout)

    def _stands(self, connection: OriginH2Connection) -> None:
        """A connection that was dialled."""
        self._dialling -= 1
        self._connections.append(connection)
        self._usual = max(1, connection.most)
        self.deadlines.add(connection)
        self._watch.start()
        self.room(connection)

    def _failed(self, error: RequestError) -> None:
        """One could not be dialled: those who wait get nothing from waiting longer."""
        self._dialling -= 1
        for waiting in self._queue:
            waiting.fail(error)

    def room(self, connection: OriginH2Connection) -> None:
        """A connection has room, perhaps: for those who wait. One that has ended has none, heard of by the reactor or not."""
        if self._queue and connection.has_room and not connection.is_fresh(self.clock.seconds()):
            connection.check(self.clock.seconds())  # it comes back here, or is lost
            return
        while self._queue and connection.has_room and not connection.ended and (waiting := self._next()) is not None:
            user = waiting.end()
            if user is not None:
                stream = self._lend(connection, user)
                user.origin_ready(stream)
        if self._queue and not any(each.has_room and not each.ended for each in self._connections):
            self._dial_more()

    def _next(self) -> WaitingRequest | None:
        """Whose turn it is: where there are few, of users who have no stream first."""
        if not self._limited:
            return self._queue.next()
        return self._queue.next(self._has_none) or self._queue.next(self._places.has_room)

    def _has_none(self, share: bytes) -> bool:
        return not self._places.held(share)

    def forget(self, connection: OriginH2Connection) -> None:
        """A connection that takes no more requests."""
        self.deadlines.discard(connection)
        if connection in self._connections:
            self._connections.remove(connection)
            if not self._connections:
                self._watch.stop()
            if self._queue:
                self._dial_more()

    def _moved(self, addresses: frozenset[str]) -> None:
        """The name has these addresses now: what leads elsewhere takes no further request."""
        for connection in [each for each in self._connections if each.peer and each.peer not in addresses]:
            connection.retire()

    def close(self) -> None:
        """What is idle is closed, what is under way ends first."""
        for connection in list(self._connections):
            connection.retire()
