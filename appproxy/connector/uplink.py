"""Everything between this connector and one service node: two signal connections, the data connections, the requests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.logger import Logger

from appproxy.connector.enrol.service_dialer import ServiceAddress
from appproxy.connector.process import ConnectorProcess
from appproxy.connector.requests.request_hooks import RequestHooks
from appproxy.connector.requests.requests import Requests, ServedApplications
from appproxy.connector.tunnel.data import DATA_ALPN
from appproxy.connector.tunnel.pool import DataConnectionPool
from appproxy.connector.tunnel.signal import SIGNAL_ALPN, SignalConnection
from appproxy.connector.tunnel.signal_reconnector import HINTS, HINTS_OF_WORKERS, SignalReconnector
from appproxy.connector.tunnel.timing import Timing
from appproxy.net.loop.deadlines import Deadlines
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.json_heads.findings import encode_findings
from appproxy.tunnel.json_heads.node_list import NodePlace
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import Goodbye, Hello, Load, Welcome


class TunnelDialler(Protocol):
    """Connects to nodes of the service, with the newest certificate."""

    def __call__(self, place: ServiceAddress, alpn: bytes, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Dial this place, offering this protocol (ALPN)."""

    def negotiated(self, transport: object) -> bytes | None:
        """The protocol that both ends have agreed on, once the handshake is done."""


class UplinkOwner(Protocol):
    """The connector with its uplinks to all nodes, as one of them sees it."""

    def node_welcomed(self, welcome: Welcome) -> None:
        """A node takes us: every WELCOME."""

    def node_refused(self, goodbye: Goodbye) -> None:
        """A node does not, and dialling again does not help."""

    def is_of_another(self, uplink: Uplink, connection: SignalConnection, welcome: Welcome) -> bool:
        """Another node than that of the uplink has taken this connection. True: it is looked after, and not the uplink's."""

    def is_over(self, uplink: Uplink) -> None:
        """The node of this one has left, and another has taken its place."""

    def place_for(self, uplink: Uplink, slot: int) -> ServiceAddress:
        """Where a signal connection is dialled."""

    def nodes_listed(self, uplink: Uplink, places: Sequence[NodePlace]) -> None:
        """The node of this one has said which nodes there are."""

    def is_down(self, uplink: Uplink) -> None:
        """Its last signal connection was lost."""

    def ids(self, uplink: Uplink) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What the HELLO of this one lists: requests that are open, and that ended."""


class Uplink:
    """One service node, dialled at `place` until it says where it is.

    Which node it is the first WELCOME says. Where `place` leads to several nodes, a connection that another one has taken is
    for the owner.
    """

    log = Logger()

    def __init__(
        self,
        place: ServiceAddress,
        owner: UplinkOwner,
        process: ConnectorProcess,
        timing: Timing,
        dialler: TunnelDialler,
        applications: ServedApplications,
        hooks: RequestHooks,
        limits: TunnelLimits = DEFAULT_LIMITS,
    ) -> None:
        #: The node's id; "" until the first WELCOME.
        self.node = ""
        self.limits = limits
        self._owner = owner
        self._process = process
        self._clock = timing.clock
        self._dialler = dialler
        self._applications = applications
        self._hooks = hooks
        self._place = place
        #: Where the node says that it is.
        self.data_place = place
        #: Where nodes say that it is, and which nodes it says there are: by their ids, None for one without a place.
        self.node_place: ServiceAddress | None = None
        self.view: dict[str, ServiceAddress | None] = {}
        #: It is in lists, so that being in none means that it is gone.
        self.is_listed = False
        self._deadlines = Deadlines(timing.clock)
        self._epoch = b""
        self._drained: set[SignalConnection] = set()
        #: Slots whose connection is still to be replaced, the first one at present.
        self._renewing: list[SignalReconnector] = []
        self._leaving: Deferred[None] | None = None
        self._closed: Deferred[None] | None = None
        self._signals: set[SignalConnection] = set()
        self.pool = DataConnectionPool(
            timing, self._deadlines, self._dial_data, dialler.negotiated, limits, self._check_closed)
        self.requests = Requests(timing.clock, self._deadlines, self.pool, self, applications, hooks, limits)
        #: A REQ (`SignalOwner`).
        self.request_received = self.requests.received
        self.slots = tuple(
            SignalReconnector(
                number, timing, partial(self._dial_signal, number), self._make_signal, owner.node_refused,
                HINTS_OF_WORKERS if process.worker.parent else HINTS)
            for number in range(limits.signal_connections))
        #: The node drains; and, a new one has then answered where this one was dialled.
        self.node_leaves = self.is_succeeded = False
        #: Since when no signal connection is up.
        self._away_since = timing.clock.seconds()

    def start(self) -> None:
        """Dial."""
        for slot in self.slots:
            if slot.idle:
                slot.start()

    def renew(self) -> None:
        """A new certificate is there: replace the signal connections by new ones, one after the other.

        Each is drained first. A HELLO lists what was received; were requests still coming on the old connection, the
        service could take one of them for lost and give it to another connector too.
        """
        self._renewing = list(self.slots)
        self.pool.renew()
        self._renew_next()

    def moved(self, host: str, addresses: frozenset[str]) -> None:
        """This name leads to these addresses now: replace signal connections to others, as `renew` does."""
        if host != self.data_place.host or self._renewing or self.is_leaving or self.node_leaves:
            return
        self.pool.leave(addresses)
        elsewhere = [slot for slot in self.slots if slot.current is not None and slot.current.peer_host not in addresses]
        if elsewhere:
            self.log.info("{host} has moved to {addresses}: signal connections follow", host=host,
                          addresses=" ".join(sorted(addresses)))
            self._renewing = elsewhere
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

    @property
    def is_up(self) -> bool:
        """Is any signal connection up?"""
        return any(slot.current is not None for slot in self.slots)

    @property
    def is_given_up(self) -> bool:
        """Was the node away for longer than it waits for us? Then it has given up all that we have of it."""
        return not self.is_up and self._clock.seconds() - self._away_since > self.limits.limbo_seconds

    def succeeded(self) -> None:
        """A new node was found where this one leaves: dial no more. What is up serves what is under way."""
        self.is_succeeded = True
        for slot in self.slots:
            slot.rest()

    def retire(self) -> None:
        """It is in no list any more: dial no more, until it is in one again."""
        self.is_succeeded = True
        for slot in self.slots:
            slot.rest()

    def listed(self, place: ServiceAddress | None) -> None:
        """It is in a list, with this place."""
        self.is_listed, self.node_place = True, place
        if self.is_succeeded and not self.node_leaves and not self.is_leaving:
            self.is_succeeded = False
            for slot in self.slots:
                slot.resume()

    def hand_over(self, connection: SignalConnection, other: Uplink) -> bool:
        """Give a connection that has just been welcomed to the uplink of its node; False when that has no use for it."""
        slot = other.slots[connection.slot]
        if other.is_leaving or not slot.idle:
            return False
        self._signals.discard(connection)
        self.slots[connection.slot].release(connection)
        other._signals.add(connection)
        connection.move(other, other._deadlines)
        slot.adopt(connection)
        return True

    @property
    def is_leaving(self) -> bool:
        """Has it begun to drain or to close?"""
        return self._leaving is not None or self._closed is not None

    # What the signal connections say.

    def hello(self, connection: SignalConnection) -> Hello:
        """Who we are, and what became of the node's requests."""
        process, worker = self._process, self._process.worker
        is_open, ended = self._owner.ids(self)
        return Hello(
            versions=(1,), instance=process.instance, slot=connection.slot,
            generation=self.slots[connection.slot].generation, capabilities=process.capabilities,
            most_in_flight=self.limits.in_flight, open=is_open, ended=ended, version=process.version, node=self.node,
            parent=worker.parent, worker=worker.number, drain=process.drain_seconds,
        )

    def load(self) -> Load:
        """Rides on PONG."""
        return Load(self.requests.in_flight, self.pool.idle, self._process.lag.milliseconds)

    def welcomed(self, connection: SignalConnection, welcome: Welcome) -> None:
        """The service takes us. With another epoch it has forgotten all that was before."""
        if self.node and welcome.node != self.node and self._owner.is_of_another(self, connection, welcome):
            return
        if self.node != welcome.node:
            self.node, self.node_place, self.is_listed = welcome.node, None, False
        self.node_leaves = False
        if self._epoch != welcome.epoch:
            if self._epoch:
                # Ids of the old epoch mean nothing any more.
                self.log.info("the service node was restarted")
                self.pool.stop()
                self.requests.forget_all()
            self._epoch = welcome.epoch
        base = self.node_place or self._place
        self.data_place = ServiceAddress(welcome.host or base.host, welcome.port or base.port, welcome.node)
        slot = self.slots[connection.slot]
        old = slot.welcomed(connection)
        if old is not None and old.is_drained:
            self._drained.add(old)
        if self._renewing and self._renewing[0] is slot:
            self._renewing.pop(0)
            self._renew_next()
        limits = self.limits
        self.requests.trace = self._hooks.begun if welcome.limits.get("traces") else None
        self.requests.inline_limit = min(limits.inline, welcome.limits.get("inline", limits.inline_slow))
        self.pool.start(welcome.epoch, max(1, welcome.limits.get("data_pings", 1)))
        self.requests.flush_backlog(connection)
        self._check_left()
        self._owner.node_welcomed(welcome)

    def much_received(self) -> None:
        """More frames than usual in one read."""
        self.requests.turns.count()

    def request_cancelled(self, connection: SignalConnection, request_id: int) -> None:
        """A CANCEL."""
        self.requests.cancelled(connection, request_id)

    def configuration_changed(self, version: int) -> None:
        """A CONFIG hint."""
        self._applications.hinted(version)

    def nodes_listed(self, connection: SignalConnection, places: Sequence[NodePlace]) -> None:
        """A NODES."""
        self._owner.nodes_listed(self, places)

    def examined(self, connection: SignalConnection) -> None:
        """An EXAMINE. The answer goes to whoever has asked, if that is still there."""
        if self._process.examine is not None:
            self._process.examine(lambda findings: connection.send(encode(Kind.FINDINGS, 0, encode_findings(findings))))

    def service_drains(self, connection: SignalConnection) -> None:
        """The node is leaving: answer what it gave us, and be there when it is back."""
        slot = self.slots[connection.slot]
        self.node_leaves = True
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
        was_up = self.is_up
        self.slots[connection.slot].lost(connection, goodbye, reason)
        if was_up and not self.is_up:
            self._away_since = self._clock.seconds()
            self._owner.is_down(self)
        if self._closed is None and all(slot.current is None for slot in self.slots):
            self.pool.stop()
            if self.is_succeeded:
                self._owner.is_over(self)
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
        connection = SignalConnection(self, slot, self._clock, self._deadlines, self._dialler.negotiated)
        self._signals.add(connection)
        return connection

    def _dial_signal(self, slot: int, factory: IProtocolFactory) -> Deferred[IProtocol]:
        place = self._owner.place_for(self, slot)
        return self._dialler(self.data_place if self.is_up else place, SIGNAL_ALPN, factory)

    def _dial_data(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        return self._dialler(self.data_place, DATA_ALPN, factory)
