"""Connections to the applications: dialled only where the configuration points, kept alive, used again."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.addresses import AddressWatch, Resolve
from appproxy.connector.attempt import Connect, Dialling
from appproxy.connector.carrier import Attempt, OriginUser, Source
from appproxy.connector.configuration import OriginAddress, Target
from appproxy.connector.h2_origin import H2Origin
from appproxy.connector.origin_connection import OriginConnection, SecureOriginConnection
from appproxy.connector.spread import Spread
from appproxy.connector.waiting import PATIENCE, Queue
from appproxy.errors import Code
from appproxy.net.deadlines import NEVER, Deadlines
from appproxy.net.sockets import Pending

#: Common servers close idle connections after 5 s (Node), 60 s (Apache behind some), 75 s (nginx): a request that meets
#: such a close is sent again if it is idempotent, so this only saves descriptors.
IDLE_SECONDS = 50.0
#: A request that must not be sent twice takes a used connection only when it was used this recently.
RECENT_SECONDS = 2.0
#: Idle connections to one application; a burst's leftovers beyond it are closed.
MOST_IDLE = 128


class Origin:
    """One address of an application, and the connections to it: of the idle ones that used last is used first."""

    __slots__ = ("_dialling", "_idle", "_limited", "_queue", "_standing", "_watch", "address", "clock", "connect", "deadlines")

    def __init__(self, address: OriginAddress, clock: IReactorTime, deadlines: Deadlines, connect: Connect,
                 resolve: Resolve | None = None) -> None:
        self.address = address
        self.clock = clock
        self.deadlines = deadlines
        self.connect = connect
        self._idle: list[OriginConnection] = []
        #: All that stand, idle or not, and how many are being dialled.
        self._standing: set[OriginConnection] = set()
        self._dialling = 0
        self._limited = address.max_connections > 0
        self._queue = Queue(deadlines)
        self._watch = AddressWatch(address.host, clock, deadlines, resolve, self._moved)

    def __len__(self) -> int:
        return len(self._idle)

    @property
    def busy(self) -> int:
        """How many requests and streams it has, those that still wait for a connection among them."""
        return len(self._standing) - len(self._idle) + self._dialling + len(self._queue)

    def take(self, user: OriginUser, repeatable: bool, now: float) -> OriginConnection | None:
        """An idle connection, which then is the user's; None: dial one.

        One that has been idle for a while may be closed by the application at this very moment. Only a request that
        may be sent twice (`repeatable`) takes that chance. One that has ended, or on which something has come, is never
        taken, also before the reactor has heard of it: that costs a system call, 1 us.
        """
        idle = self._idle
        for connection in reversed(idle):
            if not repeatable and connection.deadline - now < IDLE_SECONDS - RECENT_SECONDS:
                return None
            # What has come may be a session ticket of TLS 1.3: the reactor will read it, and the connection lives on.
            if connection.look() is Pending.NOTHING:
                idle.remove(connection)
                connection.deadline = NEVER
                connection.user = user
                return connection
        return None

    def dial(self, user: OriginUser, timeout: float, patience: float) -> Attempt:
        """Connect, or wait for a connection when there are as many as there may be."""
        if self._is_full():
            return self._queue.join(user, self.clock.seconds() + PATIENCE * patience, Code.ORIGIN_BUSY, timeout)
        return self._dial(user, timeout)

    def _is_full(self) -> bool:
        most = self.address.max_connections
        return bool(most) and len(self._standing) + self._dialling >= most

    def _dial(self, user: OriginUser, timeout: float) -> Dialling[OriginConnection]:
        def ready(connection: OriginConnection) -> None:
            self._standing.add(connection)
            self._watch.start()
            connection.user = user
            user.origin_ready(connection)

        self._dialling += 1
        return Dialling(self, ready, user.origin_failed, timeout, self._dialled)

    def _dialled(self) -> None:
        """One more attempt is over, in whatever way; if it led to nothing, there is room for another."""
        self._dialling -= 1
        if self._queue:
            self.clock.callLater(0, self._serve)

    def _serve(self) -> None:
        """Some connection has gone: dial for those who wait, as far as there is room."""
        while self._queue and not self._is_full():
            waiting = self._queue.first()
            user = waiting.end()
            if user is not None:
                waiting.dialling = self._dial(user, waiting.timeout)

    def build(self) -> OriginConnection:
        """The protocol of a connection that is dialled."""
        return SecureOriginConnection(self) if self.address.secure else OriginConnection(self)

    def keep(self, connection: OriginConnection) -> None:
        """This one is free: for who waits, or for later."""
        if connection.stale or len(self._idle) >= MOST_IDLE:
            connection.abort()
            return
        if self._limited and self._queue and connection.look() is Pending.NOTHING:
            user = self._queue.first().end()
            if user is not None:
                connection.user = user
                user.origin_ready(connection)
                return
        connection.deadline = self.clock.seconds() + IDLE_SECONDS
        self._idle.append(connection)
        self.deadlines.add(connection)

    def forget(self, connection: OriginConnection) -> None:
        """This one is gone, or has been idle for too long."""
        connection.deadline = NEVER
        self.deadlines.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._standing.discard(connection)
        if not self._standing:
            self._watch.stop()
        if self._queue:
            self._serve()

    def _moved(self, addresses: frozenset[str]) -> None:
        """The name has these addresses now: what leads elsewhere serves no further request."""
        for connection in [each for each in self._standing if each.peer and each.peer not in addresses]:
            connection.stale = True
            if connection in self._idle:
                connection.deadline_passed(0.0)

    def close(self) -> None:
        """Close all that is idle."""
        while self._idle:
            connection = self._idle.pop()
            self.deadlines.discard(connection)
            connection.abort()


class Origins:
    """All addresses that the configuration names."""

    def __init__(self, clock: IReactorTime, deadlines: Deadlines, connect: Connect, resolve: Resolve | None = None) -> None:
        self._resolve = resolve
        self._clock = clock
        self._deadlines = deadlines
        self._connect = connect
        self._by_address: dict[OriginAddress, Origin | H2Origin] = {}

    def of(self, address: OriginAddress) -> Origin | H2Origin:
        """The one origin of this address."""
        origin = self._by_address.get(address)
        if origin is None:
            kind = H2Origin if address.protocol == "h2" else Origin
            origin = self._by_address[address] = kind(
                address, self._clock, self._deadlines, self._connect, self._resolve)
        return origin

    def source(self, target: Target) -> Source:
        """Where its connections come from: one address, or several."""
        if not target.others:
            return self.of(target.address)
        places = [self.of(address) for address in (target.address, *target.others)]
        return Spread(target, places, self._clock, self._deadlines)

    def forget(self, address: OriginAddress) -> None:
        """Forget this one, and close its idle connections; requests under way there go on."""
        origin = self._by_address.pop(address, None)
        if origin is not None:
            origin.close()

    def retain(self, addresses: set[OriginAddress]) -> None:
        """Forget every other address, and close its idle connections."""
        for address in [address for address in self._by_address if address not in addresses]:
            self._by_address.pop(address).close()

    def close(self) -> None:
        """Close all that is idle."""
        self.retain(set())
