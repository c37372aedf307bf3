"""A connection to an application that speaks HTTP/2: many requests at a time, each on its stream (RFC 9113)."""

from __future__ import annotations

import socket
from typing import Protocol

from ngh2 import NGH2Error
from ngh2 import Setting as H2Setting
from ngh2 import events as h2
from twisted.internet import protocol
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.connector.origin.dial.attempt import Dialling
from appproxy.connector.origin.h2.port import H2Pool, OriginH2Port
from appproxy.connector.origin.h2.stream import H2Stream
from appproxy.connector.origin.origin_stream import OriginUser
from appproxy.connector.transport import peer_of, transport_of
from appproxy.errors import Code, RequestError
from appproxy.http.h2.client import new_client_session
from appproxy.http.h2.session import STREAMS, H2Session
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.secure.sockets import is_ended, socket_of
from appproxy.net.secure.tls import set_buffers

#: A connection that was silent for this long is asked whether it still lives before it is trusted with more.
SILENT_SECONDS = 2.0
#: Seconds for the answer.
PING_SECONDS = 5.0
#: As for HTTP/1.1: idle for this long, it is closed.
IDLE_SECONDS = 50.0


class ConnectionPool(H2Pool[H2Stream], Protocol):
    """Where the connections of an application are kept: `h2_origin`."""

    def room(self, connection: OriginH2Connection) -> None:
        """A connection has room, perhaps: for those who wait."""

    def forget(self, connection: OriginH2Connection) -> None:
        """A connection that takes no more requests."""


@implementer(IPushProducer)
class OriginH2Connection(OriginH2Port[H2Stream], protocol.Protocol):
    """One connection, without TLS."""

    def __init__(self, origin: ConnectionPool) -> None:
        super().__init__(origin)
        self.origin = origin
        self.dialling: Dialling[OriginH2Connection] | None = None
        self.deadline = NEVER
        #: The application's first SETTINGS have come; it takes requests.
        self.open = False
        #: It has said GOAWAY, or lies at an address that its name has no more: no new requests.
        self.retired = False
        #: Where it leads; empty when the transport does not know.
        self.peer = ""
        self._socket: socket.socket | None = None
        self._served = 0
        self._heard = origin.clock.seconds()
        self._pinged = False

    # What the origin asks.

    @property
    def has_room(self) -> bool:
        """Does it take one more request now?"""
        session = self._session
        takes = self.open and not self.retired and session is not None and session.can_send_request
        return takes and self.streams < self.most

    @property
    def most(self) -> int:
        """How many streams it may have; once it takes no more, those that are left."""
        if self.retired or self._session is None:
            return self.streams
        return min(STREAMS, self._session.remote_settings[H2Setting.MAX_CONCURRENT_STREAMS])

    def users(self) -> list[OriginUser]:
        """Whose requests are under way."""
        return [stream.user for stream in (*self._streams.values(), *self._given) if stream.user is not None]

    @property
    def streams(self) -> int:
        """How many it has, those that are given away and not used yet among them."""
        return len(self._streams) + len(self._given)

    def is_fresh(self, now: float) -> bool:
        """Has the application said something recently?"""
        return now - self._heard <= SILENT_SECONDS

    @property
    def ended(self) -> bool:
        """Has the application closed it, whether or not the reactor has heard of that?"""
        return is_ended(self._socket)

    @property
    def idle(self) -> bool:
        """Is nothing under way?"""
        return not self._streams and not self._given

    def new_stream(self, user: OriginUser) -> H2Stream:
        """A stream for one request."""
        stream = H2Stream(self, user, self._served)
        self._served += 1
        self._given.add(stream)
        self._watch()
        return stream

    def check(self, now: float) -> None:
        """Ask for a sign of life; without one the connection is given up."""
        if not self._pinged and self._session is not None and self.open:
            self._pinged = True
            self._session.ping()
            self.deadline = now + PING_SECONDS
            self.enlist()

    def retire(self) -> None:
        """Take no new requests; close when those under way are over."""
        self.retired = True
        if self.idle:
            self.close()

    def close(self) -> None:
        """Say farewell, and close."""
        if self.open and self._session is not None:
            try:
                self._session.terminate_connection()
                self._pump()
            except NGH2Error:
                pass  # it has ended by itself
        self._leave()
        self.out.unregisterProducer()
        self.out.loseConnection()

    def abort(self) -> None:
        """Close at once."""
        self._leave()
        self.out.abortConnection()

    def _leave(self) -> None:
        self.open = False
        self.retired = True
        self._left = True
        self.deadline = NEVER
        self.origin.forget(self)

    def deadline_passed(self, now: float) -> None:
        """No sign of life, or idle for long enough."""
        if self._pinged:
            self.abort()
        else:
            self.close()

    def _watch(self) -> None:
        if self._pinged:
            return
        self.deadline = NEVER if not self.idle else self.origin.clock.seconds() + IDLE_SECONDS

    def _freed(self) -> None:
        self._watch()
        self.origin.room(self)

    # What Twisted calls.

    def connectionMade(self) -> None:
        """TCP is connected."""
        self.out = transport_of(self.transport)
        self.out.setTcpNoDelay(True)
        set_buffers(self.transport)
        self.peer = peer_of(self.transport)
        self._socket = socket_of(self.transport)
        self.out.registerProducer(self, True)
        self.connected_to_application()

    def connected_to_application(self) -> None:
        """All that is needed is up."""
        self.greet()

    def greet(self) -> None:
        """Send the preface. The connection is ready when the application's SETTINGS come."""
        self._session = new_client_session()
        self.flush_turn()

    def dataReceived(self, data: bytes) -> None:
        """Frames."""
        session = self._session
        if session is None or self._left:
            return
        now = self.origin.clock.seconds()
        self._heard = now
        pinged, self._pinged = self._pinged, False
        if pinged:
            self._watch()
        try:
            session.receive_data(data)
            self._take_events(session)
        except NGH2Error as error:
            self._broken(str(error))
            return
        self.enlist()
        if pinged:
            self.origin.room(self)

    def _take_events(self, session: H2Session) -> None:
        touched: dict[H2Stream, None] = {}
        closed: list[tuple[H2Stream, h2.StreamClosed]] = []
        for event in session.events():
            if type(event) not in _OF_STREAMS:
                self._hear(event)
                continue
            stream = self._streams.get(event.stream_id)  # type: ignore[attr-defined]
            if stream is None:
                self._pass_over(session, event)
            elif isinstance(event, h2.StreamClosed):
                del self._streams[stream.id]
                self.origin.give_back(stream)
                closed.append((stream, event))
            elif self._tell(stream, event):
                touched[stream] = None
        for stream in touched:
            stream.deliver()
        for stream, end in closed:
            stream.closed(end.error_code, end.local_error)
        if closed:
            self._watch()
            self.origin.room(self)
        if self.retired and self.open and self.idle:
            self.close()

    def _hear(self, event: object) -> None:
        """What concerns the whole connection."""
        if isinstance(event, h2.SettingsReceived):
            self._ready()
        elif isinstance(event, h2.GoAwayReceived):
            self.retired = True

    def _tell(self, stream: H2Stream, event: object) -> bool:
        try:
            stream.heard(event)
        except RequestError as error:
            self.reset(stream, 1)
            stream.lost(error)
            return False
        return True

    def _pass_over(self, session: H2Session, event: object) -> None:
        """Of a stream that nobody has any more: only the windows are to be kept open."""
        if isinstance(event, h2.DataReceived) and event.data:
            session.acknowledge_received_data(len(event.data), event.stream_id)

    def _ready(self) -> None:
        if self.dialling is not None:
            self.open = True
            self._watch()
            self.dialling.succeeded(self)

    def _broken(self, reason: str) -> None:
        """The application does not keep to HTTP/2."""
        self._lose_all(RequestError(Code.ORIGIN_MALFORMED, reason))
        self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone."""
        self._leave()
        greeted, self._session = self._session is not None, None
        if self.dialling is not None and not greeted:
            self.dialling.failed(reason)
        self._lose_all(None)

    def _lose_all(self, error: RequestError | None) -> None:
        dialling = self.dialling
        if dialling is not None:
            dialling.refused(error or RequestError(Code.ORIGIN_CLOSED, "closed before it spoke HTTP/2"))
        streams, self._streams = list(self._streams.values()), {}
        given, self._given = self._given, set()
        for stream in given:
            stream.refuse()
        for stream in (*streams, *given):
            self.origin.give_back(stream)
            code = Code.ORIGIN_TRUNCATED if stream.answered else Code.ORIGIN_CLOSED
            stream.lost(error or RequestError(code, "the application closed the connection"))

    def _end_of_session(self) -> None:
        """The session wants nothing any more: it was told to end, or what came was no HTTP/2."""
        if self.retired:
            self._lose_all(None)
            self.abort()
        else:
            self._broken("the application does not speak HTTP/2: set protocol=http1")

    def pauseProducing(self) -> None:
        """Called by the transport: it is full."""
        self._blocked = True

    def resumeProducing(self) -> None:
        """Called by the transport: it has room again."""
        self._blocked = False
        self.enlist()

    def stopProducing(self) -> None:
        """Called by the transport when it is lost; connectionLost follows."""
        self._blocked = True


_OF_STREAMS = frozenset([
    h2.DataReceived, h2.InformationalResponseReceived, h2.ResponseReceived, h2.StreamClosed, h2.TrailersReceived])
