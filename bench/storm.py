"""Connectors that come to one node all at once, simulated: the decisions are those of the code, the time is made up.

`SignalReconnector` and `DataConnectionPool` are the connector's own, with its limits and its chance. What is modelled is the
node: one core, a queue of the kernel, and turns of a reactor that deal with all that is ready. What a handshake costs is
measured elsewhere (`Costs`).
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError, TimeoutError
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.python.failure import Failure

from appproxy.connector.enrol.service_dialer import CONNECT_SECONDS
from appproxy.connector.tunnel.data import HANDSHAKE_SECONDS, DataConnection
from appproxy.connector.tunnel.pool import DataConnectionPool
from appproxy.connector.tunnel.signal import WELCOME_SECONDS, SignalConnection
from appproxy.connector.tunnel.signal_reconnector import SignalReconnector
from appproxy.connector.tunnel.timing import Timing
from appproxy.service.listen.listeners import BACKLOG
from appproxy.tunnel.limits import DEFAULT_LIMITS

#: Connections that a listening port of Twisted accepts in one turn (`tcp.Port.numberAccepts`).
_ACCEPTS = 100
#: When a kernel sends a SYN again that nobody has answered, in seconds after the first.
_SYN_AGAIN = (1.0, 3.0, 7.0)
_SOMEWHERE = IPv4Address("TCP", "192.0.2.1", 8443)
#: Seconds between two looks at who is there.
_LOOK = 0.25


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of a node's core: what it takes to accept, for the first and the last flight of a handshake with what
    follows, and to notice that somebody has given up. `trip`: there and back.
    """

    accept: float = 0.0001
    first: float = 0.0008
    last: float = 0.0007
    gone: float = 0.0001
    trip: float = 0.02


@dataclass(slots=True)
class Later:
    """A call that is due at a time (IDelayedCall, as far as it is asked for here)."""

    do: Callable[[], object] | None

    def active(self) -> bool:
        """Is it still to come?"""
        return self.do is not None

    def cancel(self) -> None:
        """It is not to come."""
        self.do = None


class Timeline:
    """Twisted's clock, on a heap: its own sorts all calls at each new one, and here are a hundred thousand."""

    def __init__(self) -> None:
        self._now = 0.0
        self._calls: list[tuple[float, int, Later]] = []
        self._order = count()

    def seconds(self) -> float:
        """Since the beginning."""
        return self._now

    def callLater(self, delay: float, do: Callable[..., object], *args: object, **kw: object) -> Later:
        """Call it after so many seconds."""
        later = Later(partial(do, *args, **kw))
        heapq.heappush(self._calls, (self._now + delay, next(self._order), later))
        return later

    def run(self, over: Callable[[], bool], longest: float) -> None:
        """Let time pass until it is over, or for so many seconds."""
        while self._calls and not over():
            at, _, later = heapq.heappop(self._calls)
            if at > longest:
                return
            self._now = at
            do, later.do = later.do, None
            if do is not None:
                do()


class Attempt:
    """One connection from its SYN on, as both ends see it: TCP in `CONNECT_SECONDS`, TLS in as many, and all in `longest`.

    For the dialling end it is there after so many `steps` of the node's: a data connection after the first flight, a signal
    connection after the WELCOME that follows the last. `built` when TCP is connected, `there`, and `lost` after `built`.
    """

    def __init__(
        self, node: StormNode, built: Callable[[], None], there: Callable[[], None], lost: Callable[[], None],
        longest: float, steps: int,
    ) -> None:
        self.result: Deferred[IProtocol] = Deferred()
        self.given_up = False
        #: Flights of the node's that were dealt with.
        self.step = 0
        self._node, self._clock = node, node.clock
        self._built, self._there, self._lost = built, there, lost
        self._longest, self._steps = longest, steps
        self._connecting = self._clock.callLater(CONNECT_SECONDS, self._late)
        self._waits: list[Later] = []
        node.dial(self)

    def begun(self) -> None:
        """TCP is connected."""
        if not self.given_up:
            self._connecting.cancel()
            self._built()
            self.result.callback(cast(IProtocol, None))
            self._waits = [self._clock.callLater(each, self.give_up)
                           for each in (min(CONNECT_SECONDS, self._longest), self._longest)]

    def done(self, step: int) -> None:
        """A flight of the node has come. With the first, TLS is over for this end."""
        if not self.given_up:
            for one in self._waits[:1] if step < self._steps else self._waits:
                one.cancel()
            if step == self._steps:
                self._there()

    def give_up(self) -> None:
        """It took too long, or the node has cut it off."""
        for one in self._waits:
            one.cancel()
        if not self.given_up:
            self.given_up = True
            self._node.gave_up(self)
            self._lost()

    def refused(self) -> None:
        """Nobody listens there."""
        self._connecting.cancel()
        self.given_up = True
        self.result.errback(Failure(ConnectionRefusedError()))

    def _late(self) -> None:
        self.given_up = True
        self._node.gave_up(self)
        self.result.errback(Failure(TimeoutError()))


class StormNode:
    """One node. `most_handshakes`: one more, and the oldest is cut off, as `HalfCloseTLSFactory` does it; `in_a_turn`: so many
    handshakes at most go one step further in one turn of its reactor, None for all that are ready.
    """

    def __init__(self, clock: Timeline, costs: Costs, most_handshakes: int, in_a_turn: int | None = None) -> None:
        self.clock, self._costs = clock, costs
        self._most, self._in_a_turn = most_handshakes, in_a_turn
        self.up = True
        self._backlog: deque[Attempt] = deque()
        self._ready: deque[Attempt] = deque()
        #: What was accepted and is not done, in the order of its coming.
        self._under_way: dict[Attempt, None] = {}
        self._turning = False
        #: Seconds of the longest turn: so long may a user wait who has nothing to do with it.
        self.longest_turn = 0.0
        #: Handshakes by the second in which they were done; those that were cut off, and work that was for nobody.
        self.done: Counter[int] = Counter()
        self.cut_off = self.wasted = 0

    def dial(self, attempt: Attempt, sent: int = 0) -> None:
        """A SYN is on its way, for the time `sent` after the first."""
        self.clock.callLater(self._costs.trip / 2, self._syn, attempt, sent)

    def _syn(self, attempt: Attempt, sent: int) -> None:
        if attempt.given_up:
            return
        if not self.up:
            self.clock.callLater(self._costs.trip / 2, attempt.refused)
        elif len(self._backlog) < BACKLOG:
            self._backlog.append(attempt)
            self.clock.callLater(self._costs.trip / 2, attempt.begun)
            self._wake()
        elif sent < len(_SYN_AGAIN):
            wait = _SYN_AGAIN[sent] - (_SYN_AGAIN[sent - 1] if sent else 0.0)
            self.clock.callLater(wait, self._syn, attempt, sent + 1)

    def _heard(self, attempt: Attempt) -> None:
        self._ready.append(attempt)
        self._wake()

    def _wake(self) -> None:
        if not self._turning:
            self._turning = True
            self.clock.callLater(0.0, self._turn)

    def _turn(self) -> None:
        """All that is ready, and a hundred new ones; what each says leaves when it is done."""
        at, costs = 0.0, self._costs
        most = len(self._ready) if self._in_a_turn is None else min(self._in_a_turn, len(self._ready))
        for attempt in [self._ready.popleft() for _ in range(most)]:
            if attempt.given_up:
                at += costs.gone
                continue
            at += costs.last if attempt.step else costs.first
            attempt.step += 1
            self.clock.callLater(at, self._stepped, attempt, attempt.step)
        for attempt in [self._backlog.popleft() for _ in range(min(_ACCEPTS, len(self._backlog)))]:
            at += costs.accept
            self._under_way[attempt] = None
            self._ready.append(attempt)  # its ClientHello came while it was in the queue
            if len(self._under_way) > self._most:
                self.cut_off += 1
                next(iter(self._under_way)).give_up()
        self.longest_turn = max(self.longest_turn, at)
        self.clock.callLater(at, self._turned)

    def _stepped(self, attempt: Attempt, step: int) -> None:
        if attempt.given_up:
            self.wasted += 1
            return
        self.clock.callLater(self._costs.trip / 2, attempt.done, step)
        if step == 1:
            self.clock.callLater(self._costs.trip, self._heard, attempt)
        else:
            self._under_way.pop(attempt, None)
            self.done[int(self.clock.seconds())] += 1

    def _turned(self) -> None:
        self._turning = False
        if self._backlog or self._ready:
            self._wake()

    def gave_up(self, attempt: Attempt) -> None:
        """The other end has closed it, or this one."""
        self._under_way.pop(attempt, None)


class _Transport:
    """What a data connection asks of its transport before it is used."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self.abortConnection = lost


class _Nobody:
    """Sweeps of deadlines: nothing here is idle for that long."""

    def add(self, item: object) -> None:
        """Not looked at."""

    def discard(self, item: object) -> None:
        """Nor this."""


class _Signal:
    """A signal connection, as the reconnector knows it."""

    def __init__(self, slot: int) -> None:
        self.slot, self.welcomed_at = slot, 0.0


class StormConnector:
    """One connector towards one node: two signal connections, and a pool."""

    def __init__(self, clock: Timeline, node: StormNode, chance: Callable[[], float]) -> None:
        self._clock, self._node = clock, node
        timing = Timing(cast(Any, clock), chance)
        self.slots = [
            SignalReconnector(number, timing, self._dial_signal, cast(Any, _Signal), lambda goodbye: None)
            for number in range(DEFAULT_LIMITS.signal_connections)]
        self.pool = DataConnectionPool(
            timing, cast(Any, _Nobody()), self._dial_data, lambda transport: None)
        self.dials = 0

    @property
    def is_up(self) -> bool:
        """All that there is to be is there."""
        return self.signals_up and self.pool.idle >= DEFAULT_LIMITS.pool_least

    @property
    def signals_up(self) -> bool:
        """Both."""
        return all(slot.current is not None for slot in self.slots)

    def lose_all(self) -> None:
        """The node is gone."""
        for slot in self.slots:
            if slot.current is not None:
                slot.lost(slot.current, None, "")
        self.pool.stop()

    def _dial_signal(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        made: list[SignalConnection] = []

        def there() -> None:
            one = made[0]
            one.welcomed_at = self._clock.seconds()
            self.slots[one.slot].welcomed(one)
            self.pool.start(b"epoch--1")

        return self._dial(
            lambda: made.append(cast(SignalConnection, factory.buildProtocol(_SOMEWHERE))), there,
            lambda: self.slots[made[0].slot].lost(made[0], None, ""), WELCOME_SECONDS, 2)

    def _dial_data(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        made: list[DataConnection] = []

        def built() -> None:
            made.append(cast(DataConnection, factory.buildProtocol(_SOMEWHERE)))
            made[0].out = cast(Any, _Transport(lost))

        def there() -> None:
            made[0].open = made[0].ready = True
            self.pool.data_ready(made[0])

        def lost() -> None:
            self._clock.callLater(0.0, self.pool.data_closed, made[0], "")

        return self._dial(built, there, lost, HANDSHAKE_SECONDS, 1)

    def _dial(
        self, built: Callable[[], None], there: Callable[[], None], lost: Callable[[], None], longest: float, steps: int
    ) -> Deferred[IProtocol]:
        self.dials += 1
        return Attempt(self._node, built, there, lost, longest, steps).result


@dataclass(slots=True)
class Storm:
    """What came of it. Times in seconds since the node was there again."""

    connectors: int
    signals_up: float | None = None
    all_up: float | None = None
    half_up: float | None = None
    busiest: int = 0
    longest_turn: float = 0.0
    dials: int = 0
    cut_off: int = 0
    wasted: int = 0


def storm(
    connectors: int, away: float, *, most_handshakes: int = 8192, costs: Costs = Costs(), seed: int = 1,
    in_a_turn: int | None = None, longest: float = 300.0, started: bool = False,
) -> Storm:
    """All lose the node at once, and it is there again `away` seconds later. `started`: all are started just then."""
    clock, chance = Timeline(), Random(seed)
    node, found = StormNode(clock, costs, most_handshakes, in_a_turn), Storm(connectors)
    all_ = [StormConnector(clock, node, chance.random) for _ in range(connectors)]
    node.up = False
    for one in all_:
        for slot in one.slots:
            _begin(slot, started)

    def look() -> None:
        since = clock.seconds() - away
        signals = sum(one.signals_up for one in all_)
        if found.half_up is None and 2 * signals >= connectors:
            found.half_up = since
        if found.signals_up is None and signals == connectors:
            found.signals_up = since
        if signals == connectors and all(one.is_up for one in all_):
            found.all_up = since
        clock.callLater(_LOOK, look)

    clock.callLater(away, setattr, node, "up", True)
    clock.callLater(away, look)
    clock.run(lambda: found.all_up is not None, away + longest)
    found.dials = sum(one.dials for one in all_)
    found.busiest, found.longest_turn = max(node.done.values(), default=0), node.longest_turn
    found.cut_off, found.wasted = node.cut_off, node.wasted
    return found


def _begin(slot: SignalReconnector, started: bool) -> None:
    if started:
        slot.start()
        return
    one = _Signal(slot.number)
    one.welcomed_at = -DEFAULT_LIMITS.reconnect_reset  # it was up for so long that it had no short life
    slot._running = True
    slot.welcomed(cast(SignalConnection, one))
    slot.lost(cast(SignalConnection, one), None, "")
