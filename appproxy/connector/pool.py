"""The data connections to one service node: the connector dials, keeps and closes them.

A request that needs one gets the one used last, or waits until one is dialled or comes back. At most `handshakes` are
under way at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IProtocolFactory, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.connector.data import Attachment, DataConnection
from appproxy.connector.transport import Dialled
from appproxy.errors import Code
from appproxy.net.deadlines import Deadlines
from appproxy.tunnel.backoff import reconnect_delay
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits

#: Dials that may fail while a request waits, before it is told.
MOST_FAILS = 3

#: Dials the data end point.
Dial = Callable[[IProtocolFactory], Deferred[IProtocol]]


class Pool:
    """The data connections of one service node. Nothing is dialled before `start` or after `stop`."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        deadlines: Deadlines,
        dial: Dial,
        negotiated: Callable[[object], bytes | None],
        random: Callable[[], float],
        limits: TunnelLimits = DEFAULT_LIMITS,
        one_less: Callable[[], None] = lambda: None,
    ) -> None:
        self.epoch = b""
        self.negotiated = negotiated
        self.seconds = clock.seconds
        self._clock = clock
        self._deadlines = deadlines
        self._dial_out = dial
        self._random = random
        self._limits = limits
        self._one_less = one_less
        self._running = False
        #: Connections in use, but for upgraded streams.
        self._bodies = 0
        self._all: set[DataConnection] = set()
        self._idle: list[DataConnection] = []
        self._waiting: deque[Attachment] = deque()
        #: Those whose pooled connection was stale, so that only a fresh one will do; and upgraded streams.
        self._waiting_first: deque[Attachment] = deque()
        self._dialling = 0
        self._failures = 0
        self._later: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._all)

    @property
    def idle(self) -> int:
        """How many connections wait for work."""
        return len(self._idle)

    def start(self, epoch: bytes) -> None:
        """The node is known: keep a few connections ready."""
        self.epoch = epoch
        self._running = True
        self._dial_more()

    def stop(self) -> None:
        """Close all. What is attached fails; what waits fails."""
        self._running = False
        if self._later is not None:
            self._later.cancel()
            self._later = None
        for connection in list(self._all):
            connection.abort()
        while self._waiting_first or self._waiting:
            (self._waiting_first or self._waiting).popleft().failed(Code.CONNECTOR_LOST)

    def close(self) -> None:
        """Close all once what was written to them has left; nothing new is dialled."""
        self._running = False
        for connection in list(self._all):
            connection.close()

    def attach(self, attachment: Attachment) -> None:
        """Give this request a data connection, now or as soon as there is one."""
        if attachment.upgraded:
            self._give(attachment, self._waiting_first)
        elif self._bodies < self._limits.pool_most:
            self._give(attachment, self._waiting)
        else:
            self._waiting.append(attachment)
        self._dial_more()

    def _give(self, attachment: Attachment, queue: deque[Attachment]) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:  # Twisted tells of an abort a turn later
                self._begin(connection, attachment)
                return
        queue.append(attachment)

    def _begin(self, connection: DataConnection, attachment: Attachment) -> None:
        if not attachment.upgraded:
            self._bodies += 1
        connection.begin(attachment)

    # What the connections say.

    def attach_again(self, attachment: Attachment) -> None:
        """Its pooled connection was stale."""
        if not self._running:
            attachment.failed(Code.CONNECTOR_LOST)
            return
        self._waiting_first.append(attachment)
        self._dial_more()

    def data_ready(self, connection: DataConnection) -> None:
        """A fresh connection: for those who insist on one first."""
        self._dialling -= 1
        self._failures = 0
        if not self._running:
            connection.abort()
            return
        waiting = self._next(self._waiting_first)
        if waiting is not None:
            self._begin(connection, waiting)
        else:
            self._use_or_keep(connection)
        self._dial_more()

    def data_idle(self, connection: DataConnection, before: Attachment) -> None:
        """To the first who waits, else into the pool."""
        if not before.upgraded:
            self._bodies -= 1
        self._use_or_keep(connection)

    def data_closed(self, connection: DataConnection, reason: str) -> None:
        """One less."""
        self._all.discard(connection)
        self._deadlines.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.attachment is not None and not connection.attachment.upgraded:
            self._bodies -= 1
        if not connection.ready:
            self._dial_failed(reason)
        self._dial_more()
        self._one_less()

    def _use_or_keep(self, connection: DataConnection) -> None:
        waiting = self._next(self._waiting) if self._bodies < self._limits.pool_most else None
        if waiting is not None:
            self._begin(connection, waiting)
            return
        least, most = self._limits.idle_close_least, self._limits.idle_close_most
        connection.deadline = self.seconds() + least + (most - least) * self._random()
        self._idle.append(connection)
        if len(self._idle) > self._limits.pool_most_idle:
            # Surplus ones go one a second, the oldest first.
            oldest = self._idle[len(self._idle) - self._limits.pool_most_idle - 1]
            surplus = len(self._idle) - self._limits.pool_most_idle
            oldest.deadline = min(oldest.deadline, self.seconds() + surplus / self._limits.pool_shrink)

    # Dialling.

    def _next(self, queue: deque[Attachment]) -> Attachment | None:
        """The first of the queue that is still wanted."""
        while queue:
            attachment = queue.popleft()
            if attachment.owner is not None:
                return attachment
        return None

    def _dial_more(self) -> None:
        if not self._running or self._later is not None:
            return
        room = self._limits.pool_most - self._bodies
        wanted = min(len(self._waiting), room) + len(self._waiting_first)
        wanted += max(0, self._limits.pool_least - len(self._idle))
        while self._dialling < min(wanted, self._limits.handshakes):
            self._dialling += 1
            attempt = self._dial_out(Dialled(self._build))
            attempt.addErrback(self._not_connected)

    def _build(self) -> DataConnection:
        connection = DataConnection(self)
        self._all.add(connection)
        self._deadlines.add(connection)
        return connection

    def _not_connected(self, reason: Failure) -> None:
        self._dial_failed(reason.getErrorMessage())

    def _dial_failed(self, reason: str) -> None:
        """Wait a little; those who have waited through several failures are told."""
        self._dialling -= 1
        self._failures += 1
        if not self._running:
            return
        self.log.warn("data connection not made: {reason}", reason=reason)
        for queue in (self._waiting_first, self._waiting):
            for attachment in list(queue):
                attachment.fails += 1
                if attachment.fails >= MOST_FAILS:
                    queue.remove(attachment)
                    attachment.failed(Code.CONNECTOR_LOST)
        if self._later is None and self._running:
            delay = reconnect_delay(self._failures - 1, self._random())
            self._later = self._clock.callLater(delay, self._again)

    def _again(self) -> None:
        self._later = None
        self._dial_more()
