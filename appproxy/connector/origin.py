"""Connections to the applications: dialled only where the configuration points, kept alive, used again.

A connection serves one request at a time; who uses it is its `user`. It reads answers and knows nothing of the tunnel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IReactorTime,
)
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.connector.addresses import AddressWatch, Resolve
from appproxy.connector.attempt import Connect, Dialling
from appproxy.connector.carrier import Attempt, OriginUser, Source, StreamUser
from appproxy.connector.configuration import OriginAddress, Target
from appproxy.connector.h2_origin import H2Origin
from appproxy.connector.request_head import request_head
from appproxy.connector.spread import Spread
from appproxy.connector.transport import peer_of, transport_of
from appproxy.connector.waiting import PATIENCE, Queue
from appproxy.errors import Code, RequestError
from appproxy.http.client import ResponseReader
from appproxy.net.deadlines import NEVER, Deadlines
from appproxy.net.flow import Tap
from appproxy.net.sockets import send_now
from appproxy.net.tls import set_buffers
from appproxy.tunnel.messages import Request

if TYPE_CHECKING:
    from appproxy.connector.upload import Upload

#: Common servers close idle connections after 5 s (Node), 60 s (Apache behind some), 75 s (nginx): a request that meets
#: such a close is sent again if it is idempotent, so this only saves descriptors.
IDLE_SECONDS = 50.0
#: A request that must not be sent twice takes a used connection only when it was used this recently.
RECENT_SECONDS = 2.0
#: Idle connections to one application; a burst's leftovers beyond it are closed.
MOST_IDLE = 128


@implementer(IHalfCloseableProtocol)
class OriginConnection(TwistedProtocol):
    """One connection to an application, without TLS."""

    #: Deadline of an idle connection; NEVER while it is used.
    deadline = NEVER
    #: HTTP/1.1 has no way to say that a request was not looked at.
    refused = False

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.user: OriginUser | None = None
        self.dialling: Dialling[OriginConnection] | None = None
        self.open = False
        #: Where it leads; empty when the transport does not know.
        self.peer = ""
        #: It leads to an address that the name has no more.
        self.stale = False
        #: How many requests it has served before the present one.
        self.served = 0
        #: Has a byte come since the request was sent?
        self.answered = False
        self._reader: ResponseReader | None = ResponseReader()
        self._stream: StreamUser | None = None

    # What the user of the connection does.

    def carry(self, request: Request, target: Target, upload: Upload | None) -> None:
        """Send a request: its head, and its body so far. Raises RequestError."""
        if self._reader is None:
            raise AssertionError("an upgraded connection takes no requests")
        data, upgrade = request_head(request, target, upload is not None)
        if upload is not None:
            data += upload.flow_to(self)
        self._reader.expect(request.method, upgrade)
        self.answered = False
        send_now(self.out, data)

    def write(self, data: bytes) -> None:
        """More of the request, framed already; or bytes of the upgraded stream."""
        if self.open:
            send_now(self.out, data)

    def end_body(self, trailers: bytes) -> None:
        """Nothing to do: the end is in the bytes."""

    def become_raw(self, user: StreamUser) -> None:
        """The answer was 101: the parser is dropped, all bytes are the stream's."""
        self.user = None
        self._stream = user
        self._reader = None

    def close_write(self) -> None:
        """End our direction of the upgraded stream."""
        if self.open:
            self.out.loseWriteConnection()

    def release(self, reusable: bool) -> None:
        """The answer is complete: keep the connection for the next request, or close it."""
        self.user = None
        self.served += 1
        if self._stream is not None:
            self._stream = None
            reusable = False
        if reusable and self.open:
            self.origin.keep(self)
        else:
            self.open = False
            self.out.loseConnection()

    def abort(self) -> None:
        """Reset the connection; the application sees at once that nobody wants its answer."""
        self.user = None
        self._stream = None
        if self.open:
            self.open = False
            self.out.abortConnection()

    def deadline_passed(self, now: float) -> None:
        """Idle for long enough."""
        self.origin.forget(self)
        self.abort()

    # What Twisted calls.

    def connectionMade(self) -> None:
        """TCP stands."""
        self.out = transport_of(self.transport)
        self.tap = Tap(self.out)
        self.out.setTcpNoDelay(True)
        set_buffers(self.transport)
        self.peer = peer_of(self.transport)
        self.connected_to_application()

    def connected_to_application(self) -> None:
        """All that is needed stands."""
        self._ready()

    def _ready(self) -> None:
        self.open = True
        if self.dialling is not None:
            self.dialling.succeeded(self)
        else:
            self.abort()

    def dataReceived(self, data: bytes) -> None:
        """Bytes of the answer, or of the upgraded stream."""
        user = self.user
        if self._stream is not None:
            self._stream.raw_received(data)
            return
        if user is None:
            # An answer that nobody asked for (a 408 on an idle connection): not to be met by the next request.
            self.deadline_passed(0.0)
            return
        self.answered = True
        try:
            events = self._reader.receive(data)  # type: ignore[union-attr]  # set by the send that made it ours
        except RequestError as error:
            self.user = None
            self.abort()
            user.origin_lost(error)
            return
        if events:
            user.answer_received(events)

    def readConnectionLost(self) -> None:
        """The application has closed its direction, cleanly."""
        if self._stream is not None:
            self._stream.raw_ended()
            return
        self._end_of_file(True)
        if self.open:
            self.open = False
            self.out.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our own direction is closed; nothing to do."""

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 -- Twisted's signature
        """The connection is gone, both ways."""
        self.tap.close()
        was_open, self.open = self.open, False
        self.origin.forget(self)
        if self.dialling is not None:
            self.dialling.failed(reason)
        elif was_open:
            self._end_of_file(reason.check(ConnectionDone) is not None)

    def _end_of_file(self, clean: bool) -> None:
        user, stream = self.user, self._stream
        if stream is not None:
            self._stream = None
            stream.origin_lost(RequestError(Code.ORIGIN_TRUNCATED, "closed inside an upgraded stream"))
        if user is None:
            return
        if self._reader is None:
            self.user = None
            user.origin_lost(RequestError(Code.ORIGIN_CLOSED, "closed before the request was sent"))
            return
        try:
            events = self._reader.end_of_file(clean)
        except RequestError as error:
            self.user = None
            user.origin_lost(error)
            return
        self.open = self.open and clean
        if events:
            user.answer_received(events)
        if self.user is user:
            self.user = None
            user.origin_lost(RequestError(Code.ORIGIN_TRUNCATED if self.answered else Code.ORIGIN_CLOSED))


@implementer(IHandshakeListener)
class SecureOriginConnection(OriginConnection):
    """The same under TLS. A class of its own, because Twisted's HostnameEndpoint (26.10) hides IHalfCloseableProtocol of
    a protocol that also provides IHandshakeListener.
    """

    def connected_to_application(self) -> None:
        """TCP stands; the handshake comes first."""

    def handshakeCompleted(self) -> None:
        """TLS stands, the certificate is verified."""
        self._ready()


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
        may be sent twice (`repeatable`) takes that chance.
        """
        idle = self._idle
        if not idle:
            return None
        connection = idle[-1]
        if not repeatable and connection.deadline - now < IDLE_SECONDS - RECENT_SECONDS:
            return None
        del idle[-1]
        connection.deadline = NEVER
        connection.user = user
        return connection

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
        if self._limited and self._queue:
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
