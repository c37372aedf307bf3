"""Everything between this connector and one service node: two signal connections, the data connections, the requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime
from twisted.logger import Logger

from appproxy.connector.counters import Counters
from appproxy.connector.enrol.service_dialer import ServiceAddress
from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.connector.requests.requests import OriginRoute, Requests
from appproxy.connector.requests.upgraded_stream import UpgradedStream
from appproxy.connector.tunnel.data import DATA_ALPN
from appproxy.connector.tunnel.pool import DataConnectionPool
from appproxy.connector.tunnel.signal import SIGNAL_ALPN, SignalConnection
from appproxy.connector.tunnel.signal_reconnector import SignalReconnector
from appproxy.net.deadlines import Deadlines
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import INLINE_BODY, Goodbye, Hello, Load, Welcome

#: Dials this place, offering this protocol (ALPN), with the newest certificate.
DialPlace = Callable[[ServiceAddress, bytes, IProtocolFactory], Deferred[IProtocol]]


class UplinkSurroundings:
    """What an uplink needs of the rest of the connector."""

    def __init__(
        self,
        *,
        clock: IReactorTime,
        dial: DialPlace,
        negotiated: Callable[[object], bytes | None],
        random: Callable[[], float],
        instance: bytes,
        version: str,
        routes: Callable[[], Mapping[str, OriginRoute]],
        refresh: Callable[[Callable[[], None]], None],
        log: Callable[[OriginRequest | UpgradedStream], None],
        counters: Counters,
        limits: TunnelLimits = DEFAULT_LIMITS,
        most_streams: int = DEFAULT_LIMITS.streams_most,
    ) -> None:
        self.clock = clock
        self.dial = dial
        self.negotiated = negotiated
        self.random = random
        #: 16 random bytes of this process start.
        self.instance = instance
        self.version = version
        self.routes = routes
        self.refresh = refresh
        self.log = log
        self.counters = counters
        self.limits = limits
        self.most_streams = most_streams


class Uplink:
    """One service node. `on_welcome` hears of every WELCOME, `on_goodbye` of an error that dialling again cannot fix."""

    log = Logger()

    def __init__(
        self,
        place: ServiceAddress,
        around: UplinkSurroundings,
        on_welcome: Callable[[Welcome], None],
        on_goodbye: Callable[[Goodbye], None],
        on_change: Callable[[], None],
    ) -> None:
        self._place = place
        self._data_place = place
        self._around = around
        self._on_welcome = on_welcome
        self._on_change = on_change
        self._deadlines = Deadlines(around.clock)
        self._epoch = b""
        self._drained: set[SignalConnection] = set()
        #: Slots whose connection is still to be replaced, the first one at present.
        self._renewing: list[SignalReconnector] = []
        self._leaving: Deferred[None] | None = None
        self._closed: Deferred[None] | None = None
        self._signals: set[SignalConnection] = set()
        self.pool = DataConnectionPool(around.clock, self._deadlines, self._dial_data, around.negotiated, around.random,
                                       around.limits,
                         self._check_closed)
        self.requests = Requests(
            around.clock, self._deadlines, self.pool, self, around.routes, around.refresh, around.counters, around.log,
            around.limits, around.most_streams)
        self.slots = tuple(
            SignalReconnector(number, around.clock, self._dial_signal, self._make_signal, around.random, on_goodbye)
            for number in range(around.limits.signal_connections))
        #: Delay of the reactor's turns in milliseconds; set by whoever measures it.
        self.lag_ms = 0

    def start(self) -> None:
        """Dial."""
        for slot in self.slots:
            slot.start()

    def renew(self) -> None:
        """A new certificate is there: replace the signal connections by new ones, one after the other.

        Each is drained first. A HELLO lists what was received; were requests still coming on the old connection, the
        service could take one of them for lost and give it to another connector too.
        """
        self._renewing = list(self.slots)
        self._renew_next()

    def _renew_next(self) -> None:
        while self._renewing:
            current = self._renewing[0].current
            if current is not None and current.open:
                current.drain()
                return
            self._renewing.pop(0)  # whatever it dials next has the new certificate

    def drain(self) -> Deferred[None]:
        """Ask for no more requests; fires when those in flight have ended."""
        leaving: Deferred[None] = Deferred()
        self._leaving = leaving
        self._renewing.clear()
        for slot in self.slots:
            slot.stop()
            if slot.current is not None:
                slot.current.drain()
        self.requests.watcher = self._check_left
        self._check_left()
        return leaving

    def close(self) -> Deferred[None]:
        """Close politely, so that what was written last arrives; fires when all connections are gone."""
        closed = self._closed = Deferred()
        for connection in list(self._signals):
            connection.close()
        self.pool.close()
        self._check_closed()
        return closed

    def _check_closed(self) -> None:
        if self._closed is not None and not self._signals and not len(self.pool):
            closed, self._closed = self._closed, None
            closed.callback(None)

    def stop(self) -> None:
        """Close all at once."""
        for slot in self.slots:
            slot.abort()
        self.pool.stop()
        self.requests.forget_all()
        self._deadlines.stop()

    def other_than(self, channel: SignalConnection) -> SignalConnection | None:
        """Any open signal connection but this one."""
        for slot in self.slots:
            if slot.current is not None and slot.current is not channel and slot.current.open:
                return slot.current
        return None

    # What the signal connections say.

    def hello(self, connection: SignalConnection) -> Hello:
        """Who we are, and what became of the node's requests."""
        around = self._around
        return Hello(
            versions=(1,), instance=around.instance, slot=connection.slot,
            generation=self.slots[connection.slot].generation, capabilities=(INLINE_BODY,),
            most_in_flight=around.limits.in_flight, open=self.requests.open_ids(), ended=self.requests.ended_ids(),
            version=around.version,
        )

    def load(self) -> Load:
        """Rides on PONG."""
        return Load(self.requests.in_flight, self.pool.idle, self.lag_ms)

    def welcomed(self, connection: SignalConnection, welcome: Welcome) -> None:
        """The service takes us. With another epoch it has forgotten all that was before."""
        if self._epoch != welcome.epoch:
            if self._epoch:
                # Ids of the old epoch mean nothing any more.
                self.log.info("the service node was restarted")
                self.pool.stop()
                self.requests.forget_all()
            self._epoch = welcome.epoch
        self._data_place = ServiceAddress(welcome.host or self._place.host, welcome.port or self._place.port)
        slot = self.slots[connection.slot]
        old = slot.welcomed(connection)
        if old is not None and old.is_drained:
            self._drained.add(old)
        if self._renewing and self._renewing[0] is slot:
            self._renewing.pop(0)
            self._renew_next()
        limits = self._around.limits
        self.requests.inline_limit = min(limits.inline, welcome.limits.get("inline", limits.inline_slow))
        self.pool.start(welcome.epoch, max(1, welcome.limits.get("data_pings", 1)))
        self.requests.flush_backlog(connection)
        self._check_left()
        self._on_welcome(welcome)

    def much_received(self) -> None:
        """More frames than usual in one read."""
        self.requests.turns.count()

    def request_received(
        self, connection: SignalConnection, flags: int, request_id: int, head: bytes, body: bytes
    ) -> None:
        """A REQ."""
        self.requests.received(connection, flags, request_id, head, body)

    def request_cancelled(self, connection: SignalConnection, request_id: int) -> None:
        """A CANCEL."""
        self.requests.cancelled(connection, request_id)

    def configuration_changed(self) -> None:
        """A CONFIG hint."""
        self._on_change()

    def service_drains(self, connection: SignalConnection) -> None:
        """The node is leaving: answer what it gave us, and be there when it is back."""
        slot = self.slots[connection.slot]
        if slot.current is connection:
            slot.replace()
        self.requests.watcher = self._check_left
        self._check_left()

    def drained(self, connection: SignalConnection) -> None:
        """No more requests come on this connection."""
        self.requests.watcher = self._check_left
        if self._leaving is None and self._renewing and self._renewing[0].current is connection:
            self._renewing[0].replace()
        self._check_left()

    def signal_lost(self, connection: SignalConnection, goodbye: Goodbye | None, reason: str) -> None:
        """Without any signal connection, the data connections are worth nothing."""
        self._drained.discard(connection)
        self._signals.discard(connection)
        self.slots[connection.slot].lost(connection, goodbye, reason)
        if self._closed is None and all(slot.current is None for slot in self.slots):
            self.pool.stop()
        self._check_left()
        self._check_closed()

    def _check_left(self) -> None:
        """After each request while something drains: is it over?"""
        for slot in self.slots:
            current = slot.current
            if current is not None and current.service_drains and not self.requests.waits_for(current):
                current.answer_drain()
        for connection in [each for each in self._drained if not self.requests.waits_for(each)]:
            self._drained.discard(connection)
            connection.close()
        if self._leaving is None:
            return
        up = [slot.current for slot in self.slots if slot.current is not None]
        if not len(self.requests) and not any(each.open and not each.is_drained for each in up):
            leaving, self._leaving = self._leaving, None
            self.requests.watcher = None
            leaving.callback(None)

    # Dialling.

    def _make_signal(self, slot: int) -> SignalConnection:
        connection = SignalConnection(self, slot, self._around.clock, self._deadlines, self._around.negotiated)
        self._signals.add(connection)
        return connection

    def _dial_signal(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        return self._around.dial(self._place, SIGNAL_ALPN, factory)

    def _dial_data(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        return self._around.dial(self._data_place, DATA_ALPN, factory)
