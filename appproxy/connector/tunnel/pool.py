"""The data connections to one service node: the connector dials, keeps and closes them.

A request that needs one gets the one used last, or waits until one is dialled or comes back. How many are made at once is
decided in `handshakes`; how many one user may have, and who gives way when they are short, in `tunnel.shares`.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IProtocolFactory
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.connector.transport import Dialled, peer_of
from appproxy.connector.tunnel.attachment import DataAttachment, look_at
from appproxy.connector.tunnel.data import DataConnection
from appproxy.connector.tunnel.handshakes import HandshakeBudget
from appproxy.connector.tunnel.timing import Timing
from appproxy.errors import Code
from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.net.loop.seldom import LogThinning
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.shares import FairQueue, Held, Places, give_way, hardly_moves

#: Dials that may fail while a request waits, before it is told.
MOST_FAILS = 3
#: Seconds between two looks at who holds a place, while places may become short.
LOOK_SECONDS = 1.0
#: The same while somebody waits who has none: as short as the sweep makes it.
LOOK_SECONDS_NONE = 0.25
#: Seconds until a place that was to be given back is free: a signal to the service and its answer.
GOING_SECONDS = 5.0
#: Seconds that a request waits of a user who has more than an equal part: a moment, for downloads of theirs that end.
PATIENCE = 3.0
#: Seconds that any other waits: some less than the service, which would blame the application.
MOST_PATIENCE = DEFAULT_LIMITS.attach_seconds - 2.0

#: Dials the data end point.
Dial = Callable[[IProtocolFactory], Deferred[IProtocol]]


def _anybody(share: bytes) -> bool:
    return True


class DataConnectionPool:
    """The data connections of one service node. Nothing is dialled before `start` or after `stop`."""

    log = Logger()

    def __init__(
        self,
        timing: Timing,
        deadlines: Deadlines,
        dial: Dial,
        negotiated: Callable[[object], bytes | None],
        limits: TunnelLimits = DEFAULT_LIMITS,
        one_less: Callable[[], None] = lambda: None,
    ) -> None:
        self.epoch = b""
        self.negotiated = negotiated
        self.seconds = timing.clock.seconds
        self._clock = timing.clock
        self._deadlines = deadlines
        self._dial_out = dial
        self._random = timing.random
        self._limits = limits
        self._one_less = one_less
        self._running = False
        self.pings = 1
        self.deadline = NEVER
        #: Connections in use, but for streams.
        self._places = Places(limits.pool_most)
        self._all: set[DataConnection] = set()
        self._idle: list[DataConnection] = []
        self._waiting: FairQueue[bytes, DataAttachment] = FairQueue()
        #: Those whose pooled connection was stale, so that only a fresh one will do; and streams.
        self._waiting_first: FairQueue[bytes, DataAttachment] = FairQueue()
        self._handshakes = HandshakeBudget(limits)
        self._many_later: IDelayedCall | None = None
        #: When the certificate was renewed last.
        self._renewed = 0.0
        self._later: IDelayedCall | None = None
        self._seldom = LogThinning()

    def __len__(self) -> int:
        return len(self._all)

    @property
    def idle(self) -> int:
        """How many connections wait for work."""
        return len(self._idle)

    def start(self, epoch: bytes, pings: int = 1) -> None:
        """The node is known, and takes so many PINGs a second on a data connection: keep a few connections ready."""
        self.epoch = epoch
        self.pings = pings
        self._running = True
        self._dial_more()

    def stop(self) -> None:
        """Close all. What is attached fails; what waits fails."""
        self._running = False
        self.deadline = NEVER
        self._deadlines.discard(self)
        for later in (self._later, self._many_later):
            if later is not None:
                later.cancel()
        self._later = self._many_later = None
        for connection in list(self._all):
            connection.abort()
        for queue in (self._waiting_first, self._waiting):
            for attachment in queue:
                attachment.failed(Code.CONNECTOR_LOST)

    def close(self) -> None:
        """Close all once what was written to them has left; nothing new is dialled."""
        self._running = False
        for connection in list(self._all):
            connection.close()

    def renew(self) -> None:
        """The certificate is another one: connections that were dialled with the former are not kept longer than they must."""
        self._renewed = self.seconds()

    def leave(self, addresses: frozenset[str]) -> None:
        """The node is at these addresses now: connections to others that nobody uses are closed."""
        for connection in [one for one in self._idle if peer_of(one.transport) not in addresses]:
            connection.close()

    def attach(self, attachment: DataAttachment) -> None:
        """Give this request a data connection, now or as soon as there is one."""
        attachment.since = attachment.marked_at = now = self.seconds()
        self._places.repute.forget(now)
        queue = self._waiting_first if attachment.long else self._waiting
        if not (attachment.long or self._places.has_room(attachment.share)) or not self._give_idle(attachment):
            attachment.queue = queue
            queue.push(attachment.share, attachment)
        self._dial_more()
        self._watch()

    def lengthen(self, attachment: DataAttachment) -> None:
        """Its answer has turned out to be endless: its place is among the streams from now on."""
        if not attachment.long:
            attachment.long = True
            if attachment.connection is not None:
                self._give_back(attachment)

    def _give_idle(self, attachment: DataAttachment) -> bool:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:  # Twisted tells of an abort a turn later
                self._begin(connection, attachment)
                return True
        return False

    def _begin(self, connection: DataConnection, attachment: DataAttachment) -> None:
        if not attachment.long:
            self._places.take(attachment.share)
        attachment.queue = None
        attachment.since = attachment.marked_at = self.seconds()
        attachment.marked = attachment.moved
        connection.begin(attachment)

    def _give_back(self, attachment: DataAttachment) -> None:
        self._places.give(attachment.share)

    # What the connections say.

    def attach_again(self, attachment: DataAttachment) -> None:
        """Its pooled connection was stale."""
        if not self._running:
            attachment.failed(Code.CONNECTOR_LOST)
            return
        attachment.queue = self._waiting_first
        self._waiting_first.push(attachment.share, attachment)
        self._dial_more()

    def data_ready(self, connection: DataConnection) -> None:
        """A fresh connection: for those who insist on one first."""
        self._handshakes.succeeded(connection.begun, self.seconds())
        if not self._running:
            connection.abort()
            return
        waiting = self._waiting_first.pop(_anybody) or self._next_few() or self._waiting.pop(self._places.has_room)
        if waiting is not None:
            self._begin(connection, waiting)
        else:
            self._keep(connection)
        self._dial_more()

    def data_idle(self, connection: DataConnection, before: DataAttachment) -> None:
        """To the next who waits, else into the pool."""
        if before.long:
            if connection in self._all:
                self._deadlines.add(connection)
        else:
            self._give_back(before)
            if before.answer is not None and before.answer.whole and before.gives_way_since is None:
                self._places.repute.read(before.share, self.seconds())
        waiting = self._next_few()
        # Who has few finds one of the idle ones instead of a handshake: they are not for those who have several.
        if waiting is None and (len(self._idle) >= self._limits.pool_least or not self._places.has_few(before.share)):
            waiting = self._waiting.pop(self._places.has_room)
        if waiting is not None:
            self._begin(connection, waiting)
            return
        self._keep(connection)
        if self._waiting:  # somebody who has several may, who then gets a connection of their own
            self._dial_more()

    def data_rests(self, connection: DataConnection) -> None:
        """It carries a stream: there may be very many of them."""
        self._deadlines.rest(connection)

    def data_closed(self, connection: DataConnection, reason: str) -> None:
        """One less."""
        self._all.discard(connection)
        self._deadlines.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        used = connection.attachment or connection.unread
        if used is not None and not used.long:
            self._give_back(used)
        if not connection.ready:
            self._dial_failed(reason)
        self._dial_more()
        self._one_less()

    def _next_few(self) -> DataAttachment | None:
        """Whose turn it is of those who have few: those first of whom something good is known, then those who have none."""
        if not self._waiting:
            return None
        waiting = self._waiting
        return waiting.pop(self._is_trusted) or waiting.pop(self._is_new) or waiting.pop(self._has_few)

    def _is_new(self, share: bytes) -> bool:
        """Does it hold nothing, and may it have a place?"""
        return not self._places.held(share) and self._has_few(share)

    def _is_trusted(self, share: bytes) -> bool:
        return self._places.repute.is_trusted(share) and self._has_few(share)

    def _has_few(self, share: bytes) -> bool:
        return self._places.has_few(share) and self._places.has_room(share)

    def data_unused(self, connection: DataConnection) -> bool:
        """It has been idle for a minute. Is it to go? Not where another one would be dialled in its place."""
        now, limits = self.seconds(), self._limits
        if not self._running or len(self._idle) > limits.pool_least or connection.begun < self._renewed:
            return True
        if connection.kept_until == NEVER:
            connection.kept_until = connection.begun + self._between(limits.kept_least, limits.kept_most)
        connection.deadline = min(now + self._between(limits.idle_close_least, limits.idle_close_most), connection.kept_until)
        return now >= connection.kept_until

    def _between(self, least: float, most: float) -> float:
        return least + (most - least) * self._random()

    def _keep(self, connection: DataConnection) -> None:
        connection.deadline = self.seconds() + self._between(self._limits.idle_close_least, self._limits.idle_close_most)
        self._idle.append(connection)
        if len(self._idle) > self._limits.pool_most_idle:
            # Surplus ones go one a second, the oldest first.
            oldest = self._idle[len(self._idle) - self._limits.pool_most_idle - 1]
            surplus = len(self._idle) - self._limits.pool_most_idle
            oldest.deadline = min(oldest.deadline, self.seconds() + surplus / self._limits.pool_shrink)

    # Who gives way.

    def _watch(self) -> None:
        """Look at all who hold a place every second, as long as places may become short; sooner for who has none."""
        if not (self._waiting or 2 * self._places.taken >= self._places.most):
            return
        due = self.seconds() + (LOOK_SECONDS_NONE if self._newcomers() else LOOK_SECONDS)
        if self.deadline > due:
            self.deadline = due
            self._deadlines.add(self)

    def _newcomers(self) -> int:
        """How many shares wait that hold nothing, and find no place."""
        places = self._places
        return self._waiting.count(lambda share: not places.held(share) and not places.has_room(share))

    def deadline_passed(self, now: float) -> None:
        """Time to look."""
        self.deadline = NEVER
        self._deadlines.discard(self)
        places = self._places
        places.repute.forget(now)
        looked, going = [], 0
        for connection in list(self._all):
            used = connection.attachment or connection.unread
            if used is None or used.long:
                continue
            if used.gives_way_since is None:
                looked.append(look_at(used, connection, now, connection.unread is not None))
            elif now - used.gives_way_since < GOING_SECONDS:
                going += 1
            else:
                connection.abort()  # the service does not listen
        entitled = self._waiting.wanted(lambda share: not (places.has_room(share) or places.is_over(share)))
        for place in give_way(places, looked, entitled, going, self._newcomers()):
            self._cut(place, now)
        self._refuse(now)
        self._watch()

    def _cut(self, place: Held[DataConnection], now: float) -> None:
        """It is needed."""
        if hardly_moves(place):
            self._places.repute.gave_way(place.key, now)
        used = place.what.attachment or place.what.unread
        if used is not None:
            used.gives_way_since = now
            self._tell(used.share, "give way to others")
            used.holder.give_way()

    def _tell(self, share: bytes, what: str) -> None:
        if self._seldom.is_due((share, what), self.seconds()):
            self.log.warn("a user ({share}) holds {held} of {most} data connections: their requests {what}",
                          share=share.decode(), held=self._places.held(share), most=self._places.most, what=what)

    def _refuse(self, now: float) -> None:
        """Those who wait for more than their part, and those who wait in vain."""
        for attachment in self._waiting:
            waited = now - attachment.since
            if waited >= MOST_PATIENCE:
                self._tell(attachment.share, "wait in vain for one more")
                attachment.failed(Code.CONNECTOR_BUSY)
            elif waited >= PATIENCE and self._places.is_over(attachment.share) and not self._places.has_room(attachment.share):
                self._tell(attachment.share, "get no more")
                attachment.failed(Code.SHARE_EXCEEDED)

    # Dialling.

    def _dial_more(self) -> None:
        if not self._running or self._later is not None:
            return
        handshakes, now = self._handshakes, self.seconds()
        room = max(0, self._places.free)
        few = min(self._waiting.wanted(self._has_few), room)
        many = min(self._waiting.wanted(self._places.has_room), room) - few
        waiting, idle = few + len(self._waiting_first), len(self._idle)
        begin, one_for_many = handshakes.to_begin(waiting, many, idle, self._places.taken, now)
        for _ in range(begin):
            handshakes.under_way += 1
            self._dial()
        if one_for_many:
            self._dial_for_many(now)

    def _dial_for_many(self, now: float) -> None:
        """Many handshakes for one user would slow all others down."""
        after = self._handshakes.many_after
        if now >= after:
            self._handshakes.begun_for_many(now)
            self._dial()
        elif self._many_later is None:
            self._many_later = self._clock.callLater(after - now, self._many_again)

    def _many_again(self) -> None:
        self._many_later = None
        self._dial_more()

    def _dial(self) -> None:
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
        self._handshakes.failed(self.seconds())
        if not self._running:
            return
        self.log.warn("data connection not made: {reason}", reason=reason)
        for queue in (self._waiting_first, self._waiting):
            for attachment in queue:
                attachment.fails += 1
                if attachment.fails >= MOST_FAILS:
                    attachment.failed(Code.CONNECTOR_LOST)
        if self._later is None and self._running:
            self._later = self._clock.callLater(self._handshakes.delay(self._random()), self._again)

    def _again(self) -> None:
        self._later = None
        self._dial_more()
