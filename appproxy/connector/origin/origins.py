"""Connections to the applications: dialled only where the configuration points, kept alive, used again."""

from __future__ import annotations

from functools import partial

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.bindings import HANDSHAKE_SECONDS, NOBODY, Bindings, choose
from appproxy.connector.origin.dial.address_watch import AddressWatch, Resolve
from appproxy.connector.origin.dial.attempt import Connect, Dialling
from appproxy.connector.origin.h1.connection import OriginConnection, SecureOriginConnection
from appproxy.connector.origin.h1.handshakes import Handshakes
from appproxy.connector.origin.h1.kept import IDLE_SECONDS, SETTLE_SECONDS, KeptConnections
from appproxy.connector.origin.h2.origin import H2Origin
from appproxy.connector.origin.load_balancer import LoadBalancer, StickyBalancer
from appproxy.connector.origin.origin_stream import OriginAttempt, OriginSource, OriginUser
from appproxy.connector.origin.pressure import Pressure
from appproxy.connector.origin.waiting import PATIENCE, WaitingRequest, WaitingRequests
from appproxy.errors import Code
from appproxy.http.connection_authentication import Leg, has_credentials
from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.net.secure.sockets import UnreadBytes
from appproxy.publish.settings.table import NO_AFFINITY
from appproxy.tunnel.shares import Places

#: Idle connections to one application; a burst's leftovers beyond it are closed.
MOST_IDLE = 256
#: How long nothing is kept of an application that was seen to send more than it announces, and how soon behind an answer
#: its bytes are taken for that. (Later they are a farewell: 408, or an alert of TLS.)
UNRULY_SECONDS = 600.0
LATE_SECONDS = 1.0
#: Connections that belong to one owner each: browsers have six, so this is some 170 users' at the same time.
MOST_BOUND = 1_024


class Origin:
    """One address of an application, and the connections to it: of the idle ones that used last is used first."""

    __slots__ = ("_bindings", "_dialling", "_idle", "_limited", "_places", "_pressure", "_queue", "_standing",
                 "_unruly_until", "_watch", "address", "clock", "connect", "deadlines", "handshakes")

    def __init__(self, address: OriginAddress, clock: IReactorTime, deadlines: Deadlines, connect: Connect,
                 resolve: Resolve | None = None) -> None:
        self.address = address
        self.clock = clock
        self.deadlines = deadlines
        self.connect = connect
        self._idle: KeptConnections[OriginConnection] = KeptConnections()
        #: All that are up, idle or not, and how many are being dialled.
        self._standing: set[OriginConnection] = set()
        self._dialling = 0
        most = address.max_connections
        self._limited = most > 0
        #: Who holds those that are not idle, and those that are being dialled, where there may be few.
        self._places = Places(most)
        self._queue = WaitingRequests(deadlines)
        self._pressure = Pressure(self._places, self._queue, deadlines, clock.seconds, self._holders)
        self._bindings: Bindings[OriginConnection] = Bindings()
        #: Until then no connection is kept.
        self._unruly_until = 0.0
        self.handshakes = Handshakes(self._bindings, deadlines, address.connection_authentication != "never")
        self._watch = AddressWatch(address.host, clock, deadlines, resolve, self._moved)

    def __len__(self) -> int:
        """How many are idle, and anybody's."""
        return self._idle.count

    @property
    def busy(self) -> int:
        """How many requests and streams it has, those that still wait for a connection among them."""
        bound = sum(each.idle for each in self._bindings) if self._bindings else 0
        waiting = len(self._queue) + len(self.handshakes.waiting)
        return len(self._standing) - self._idle.count - bound + self._dialling + waiting

    @property
    def heeds_challenges(self) -> bool:
        """Does a challenge in an answer bind the connection?"""
        return self.address.connection_authentication == "auto"

    def binds(self, block: bytes) -> bool:
        """Is a connection that a request with this block is sent on its owner's alone from then on?"""
        how = self.address.connection_authentication
        if how == "auto":
            return b"authorization: " in block and has_credentials(block)
        return how == "always"

    def bind(self, connection: OriginConnection, owner: bytes) -> None:
        """Nobody else may ever use it."""
        self._bindings.add(connection, owner)

    def belongs_to(self, owner: bytes) -> bool:
        """Is there a connection that is this owner's alone?"""
        return bool(self._bindings) and bool(self._bindings.of(owner))

    def take(self, user: OriginUser, repeatable: bool, now: float) -> OriginConnection | None:
        """An idle connection, which then is the user's; None: dial one. `repeatable`: it may be sent twice."""
        if (mine := self._bindings.of(user.owner) if self._bindings.count else ()) or self.handshakes.announced:
            leg = user.leg
            if self.handshakes.takes_turns(user.owner, leg) and self.handshakes.under_way(user.owner, now):
                return None  # `dial` lets it wait
            for connection in choose(mine, leg):
                # However long it was idle: to the application another connection would be somebody unknown.
                if connection.look() is UnreadBytes.NOTHING:
                    self._bindings.used(user.owner)
                    return self._give(connection, user)
        if not self._idle.count or self._limited and not self._has_room(user):
            return None
        found = self._idle.take(user.owner, repeatable, now, self._limited and self._is_full())
        return None if found is None else self._give(found, user)

    def _give(self, connection: OriginConnection, user: OriginUser) -> OriginConnection:
        connection.deadline = NEVER
        if self._limited:
            self._lend(connection, user)
        else:
            connection.user = user
        return connection

    def _lend(self, connection: OriginConnection, user: OriginUser) -> None:
        connection.user = user
        if self._limited:
            connection.share = user.share
            self._places.take(user.share)

    def _give_back(self, connection: OriginConnection) -> None:
        share, connection.share = connection.share, None
        if share is not None:
            self._places.give(share)

    def _holders(self) -> list[OriginUser]:
        return [each.user for each in self._standing if each.user is not None]

    def _has_room(self, user: OriginUser) -> bool:
        """May their share have one more? Some are kept for those who have none."""
        return not self._limited or self._places.has_room(user.share)

    def dial(self, user: OriginUser, timeout: float, patience: float) -> OriginAttempt:
        """Connect, or wait for a connection when there are as many as there may be."""
        now, owner, handshakes = self.clock.seconds(), user.owner, self.handshakes
        if handshakes.takes_turns(owner, user.leg):
            if handshakes.under_way(owner, now):
                return handshakes.waiting.join(user, now + HANDSHAKE_SECONDS, Code.ORIGIN_BUSY, timeout, self._admit)
            handshakes.announce(owner, user, now)
        has_room = self._has_room(user)
        if self._is_full() or not has_room:
            waiting = self._queue.join(user, now + PATIENCE * patience, Code.ORIGIN_BUSY, timeout, since=now,
                                       left=partial(self._withdraw, owner, user))
            self._pressure.watch()
            if has_room:
                self._make_room(owner, now)
            return waiting
        return self._dial(user, timeout)

    def _make_room(self, owner: bytes, now: float) -> None:
        """One of those that are idle, and of no use to whoever asks, is closed; its end serves who waits."""
        given_up = self._idle.oldest() or self._bindings.to_evict(owner, now)
        if given_up is not None:
            given_up.give_up()

    def _admit(self, waiting: WaitingRequest) -> None:
        """The handshake that it waited for is over, or took too long."""
        user = waiting.end()
        if user is None:
            return
        connection = self.take(user, False, self.clock.seconds())
        if connection is not None:
            user.origin_ready(connection)
        else:
            waiting.dialling = self.dial(user, waiting.timeout, HANDSHAKE_SECONDS)

    def next_turn(self, owner: bytes) -> None:
        """A handshake of this owner is over, or will not begin: whoever waits longest for that begins the next one."""
        if self.handshakes.waiting and not self.handshakes.under_way(owner, self.clock.seconds()):
            waiting = self.handshakes.next(owner)
            if waiting is not None:
                self._admit(waiting)

    def _withdraw(self, owner: bytes, user: OriginUser) -> None:
        """This one is not about to begin a handshake any more, in whatever way that ended."""
        if self.handshakes.announced and self.handshakes.withdraw(owner, user):
            self.next_turn(owner)

    def _next(self) -> WaitingRequest | None:
        """Whose turn it is: of users who have no connection first, whoever else gave one back for them."""
        return self._queue.next(self._has_none) or self._queue.next(self._places.has_room)

    def _has_none(self, share: bytes) -> bool:
        return not self._places.held(share)

    def _is_full(self) -> bool:
        most = self.address.max_connections
        return bool(most) and len(self._standing) + self._dialling >= most

    def _dial(self, user: OriginUser, timeout: float) -> Dialling[OriginConnection]:
        def ready(connection: OriginConnection) -> None:
            self._standing.add(connection)
            self.deadlines.add(connection)
            self._watch.start()
            self._hand_over(connection, user)

        share, owner = user.share, user.owner
        self._dialling += 1
        if self._limited:
            self._places.take(share)

        def ended(stands: bool) -> None:
            self._dialled(share)
            if not stands:
                self._withdraw(owner, user)

        return Dialling(self, ready, user.origin_failed, timeout, ended)

    def _hand_over(self, connection: OriginConnection, user: OriginUser) -> None:
        """This is what it waited for. A handshake that it begins is the connection's affair from then on."""
        owner = user.owner
        self._lend(connection, user)
        user.origin_ready(connection)
        self._withdraw(owner, user)

    def _dialled(self, share: bytes) -> None:
        """One more attempt is over, in whatever way; if it led to nothing, there is room for another."""
        self._dialling -= 1
        if self._limited:
            self._places.give(share)
        if self._queue:
            self.clock.callLater(0, self._serve)

    def _serve(self) -> None:
        """Some connection has gone: dial for those who wait, as far as there is room."""
        while self._queue and not self._is_full():
            waiting = self._next()
            if waiting is None:
                return
            user = waiting.end()
            if user is not None:
                waiting.dialling = self._dial(user, waiting.timeout)

    def build(self) -> OriginConnection:
        """The protocol of a connection that is dialled."""
        return SecureOriginConnection(self) if self.address.secure else OriginConnection(self)

    def keep(self, connection: OriginConnection) -> None:
        """This one is free: for who waits, or for later."""
        if connection.share is not None:
            self._give_back(connection)
        if connection.owner is not None:
            self._keep_bound(connection, connection.owner)
            return
        now = self.clock.seconds()
        if connection.stale or self._idle.count >= MOST_IDLE or now < self._unruly_until:
            connection.give_up()
            return
        if self._limited and self._queue and connection.settle_seconds > SETTLE_SECONDS:
            connection.give_up()  # whoever waits gets a fresh one sooner than this one has settled
            return
        if self._limited and self._queue and connection.look() is UnreadBytes.NOTHING:
            waiting = self._next()
            user = None if waiting is None else waiting.end()
            if user is not None:
                self._hand_over(connection, user)
                return
        self._idle.add(connection, now)

    def is_late(self, connection: OriginConnection) -> bool:
        """Does what comes on this idle connection, bytes or its end, belong to the answer before?"""
        return connection.deadline - self.clock.seconds() > IDLE_SECONDS - LATE_SECONDS

    def disturbed(self) -> None:
        """Bytes came where no answer was due, soon after one: the application sends more than it announces."""
        self._unruly_until = self.clock.seconds() + UNRULY_SECONDS
        self._idle.disturbed()
        for connection in list(self._idle):
            connection.give_up()

    def closed_behind_answer(self) -> None:
        """An idle connection ended soon after an answer that had not said so: the next one may be about to.

        A request that must not be sent twice would be lost on it, so nobody gets one before it has been quiet for a while.
        """
        self._idle.disturbed()

    def _keep_bound(self, connection: OriginConnection, owner: bytes) -> None:
        """For its owner and nobody else; where others wait for its place, only as long as a handshake needs it."""
        now = self.clock.seconds()
        if owner == NOBODY or connection.stale:
            connection.give_up()
            return
        if self._limited and self._queue and connection.look() is UnreadBytes.NOTHING:
            for waiting in self._queue:
                user = waiting.user
                if user is None or user.owner != owner or (connection.in_handshake and user.leg is not Leg.NEXT):
                    continue
                waiting.end()
                self._hand_over(connection, user)
                return
            if not connection.in_handshake:
                connection.give_up()
                return
        # Others may need the place of a handshake that does not go on, and nothing else would tell them that it is free.
        unfinished = self._limited and connection.in_handshake
        connection.deadline = now + (HANDSHAKE_SECONDS if unfinished else IDLE_SECONDS)
        self._bindings.used(owner)
        if len(self._bindings) > MOST_BOUND and (oldest := self._bindings.to_evict(NOBODY, now)) is not None:
            oldest.give_up()
        self.next_turn(owner)

    def upgraded(self, connection: OriginConnection) -> None:
        """There may be very many of these."""
        self.deadlines.rest(connection)

    def forget(self, connection: OriginConnection) -> None:
        """This one is gone, or has been idle for too long."""
        self._give_back(connection)
        connection.deadline = NEVER
        self.deadlines.discard(connection)
        self._idle.discard(connection)
        self._standing.discard(connection)
        self._bindings.discard(connection)
        if connection.owner is not None:
            self.next_turn(connection.owner)
        if not self._standing:
            self._watch.stop()
        if self._queue:
            self._serve()

    def _moved(self, addresses: frozenset[str]) -> None:
        """The name has these addresses now: what leads elsewhere serves no further request."""
        for connection in [each for each in self._standing if each.peer and each.peer not in addresses]:
            connection.stale = True
            if connection.idle:
                connection.give_up()

    def close(self) -> None:
        """Close all that is idle."""
        for connection in [each for each in self._standing if each.idle]:
            connection.give_up()


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

    def source(self, target: Target) -> OriginSource:
        """Where its connections come from: one address, or several."""
        if not target.others:
            return self.of(target.address)
        places = [self.of(address) for address in (target.address, *target.others)]
        balancer = LoadBalancer if target.settings.affinity == NO_AFFINITY else StickyBalancer
        return balancer(target, places, self._clock, self._deadlines)

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
