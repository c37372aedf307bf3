"""One address of an application that speaks HTTP/2, and the connections to it.

Requests share connections. Whoever finds no room waits, and one connection is dialled for as many as it will take.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.addresses import AddressWatch, Resolve
from appproxy.connector.attempt import Connect, Dialling
from appproxy.connector.carrier import OriginUser
from appproxy.connector.configuration import OriginAddress
from appproxy.connector.h2_connection import H2Connection, SecureH2Connection
from appproxy.connector.h2_stream import H2Stream
from appproxy.connector.waiting import PATIENCE, Queue, Waiting
from appproxy.errors import Code, RequestError
from appproxy.http.h2_session import STREAMS
from appproxy.net.deadlines import Deadlines


class H2Origin:
    """Has the same doors as `Origin`."""

    def __init__(self, address: OriginAddress, clock: IReactorTime, deadlines: Deadlines, connect: Connect,
                 resolve: Resolve | None = None) -> None:
        self.address = address
        self.clock = clock
        self.deadlines = deadlines
        self.connect = connect
        self._connections: list[H2Connection] = []
        self._queue = Queue(deadlines)
        self._watch = AddressWatch(address.host, clock, deadlines, resolve, self._moved)
        #: Connections that are being dialled.
        self._dialling = 0
        self._timeout = 10.0
        #: HTTP/2 has no authentication of connections, and many users share one: who comes with such credentials is refused.
        self.refuses_credentials = address.connection_authentication != "never"

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def busy(self) -> int:
        """How many requests and streams it has, those that still wait for a connection among them."""
        return sum(connection.streams for connection in self._connections) + len(self._queue)

    def build(self) -> H2Connection:
        """The protocol of a connection that is dialled."""
        return SecureH2Connection(self) if self.address.secure else H2Connection(self)

    def belongs_to(self, owner: bytes) -> bool:
        """Connections of HTTP/2 belong to nobody."""
        return False

    def take(self, user: OriginUser, repeatable: bool, now: float) -> H2Stream | None:
        """A stream; None: dial. A request that must not be sent twice takes no connection that was silent for long."""
        for connection in self._connections:
            if connection.has_room and not self._queue and not connection.ended:
                fresh = connection.is_fresh(now)
                if fresh or repeatable:
                    if not fresh:
                        connection.check(now)
                    return connection.new_stream(user)
        return None

    def dial(self, user: OriginUser, timeout: float, patience: float) -> Waiting:
        """Wait for a stream; the user hears of it later, or even before this returns."""
        now = self.clock.seconds()
        self._timeout = timeout
        room = [connection for connection in self._connections if connection.has_room]
        if self._is_full() and not self._dialling and not room:
            return self._queue.join(user, now + PATIENCE * patience, Code.ORIGIN_BUSY, timeout)
        waiting = self._queue.join(user, now + timeout, Code.ORIGIN_CONNECT_TIMEOUT, timeout)
        for connection in room:
            self.room(connection)
        if not room:
            self._dial_more()
        return waiting

    def _is_full(self) -> bool:
        most = self.address.max_connections
        return bool(most) and len(self._connections) + self._dialling >= most

    def _dial_more(self) -> None:
        """As many connections as those who wait will fill, less those under way."""
        if len(self._queue) > self._dialling * STREAMS and not self._is_full():
            self._dialling += 1
            Dialling(self, self._stands, self._failed, self._timeout)

    def _stands(self, connection: H2Connection) -> None:
        """A connection that was dialled."""
        self._dialling -= 1
        self._connections.append(connection)
        self.deadlines.add(connection)
        self._watch.start()
        self.room(connection)

    def _failed(self, error: RequestError) -> None:
        """One could not be dialled: those who wait get nothing from waiting longer."""
        self._dialling -= 1
        for waiting in self._queue:
            waiting.fail(error)

    def room(self, connection: H2Connection) -> None:
        """A connection has room, perhaps: for those who wait."""
        if self._queue and connection.has_room and not connection.is_fresh(self.clock.seconds()):
            connection.check(self.clock.seconds())  # it comes back here, or is lost
            return
        while self._queue and connection.has_room:
            user = self._queue.take()
            if user is not None:
                stream = connection.new_stream(user)
                user.origin_ready(stream)
        if self._queue and not any(each.has_room for each in self._connections):
            self._dial_more()

    def forget(self, connection: H2Connection) -> None:
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
