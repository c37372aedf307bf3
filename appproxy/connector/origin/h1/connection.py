"""One connection of HTTP/1.1 to an application. It serves one request at a time; who uses it is its `user`.

It reads answers and knows nothing of the tunnel; which connection serves which request is decided in `origin`.
"""

from __future__ import annotations

import socket
from collections import OrderedDict

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.connector.config.configuration import Target
from appproxy.connector.origin.bindings import NOBODY
from appproxy.connector.origin.dial.attempt import Dialling
from appproxy.connector.origin.dial.reasons import other_scheme, place_name
from appproxy.connector.origin.h1.kept import BODYLESS_SETTLE_SECONDS, HURRIED_SETTLE_SECONDS, SETTLE_SECONDS
from appproxy.connector.origin.h1.pool import H1ConnectionPool
from appproxy.connector.origin.h1.repeat import CROSSING_SECONDS
from appproxy.connector.origin.h1.request_head import request_head
from appproxy.connector.origin.origin_stream import OriginUser, RequestBody, StreamUser
from appproxy.connector.transport import peer_of, transport_of
from appproxy.errors import Code, RequestError
from appproxy.http.connection_authentication import Leg, awaits_next_leg, has_challenge, leg_of
from appproxy.http.h1.client import Event, Head, ResponseReader
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import ReadGate
from appproxy.net.secure.sockets import UnreadBytes, acknowledged, pending, send_now, socket_of, step_past_endpoint
from appproxy.net.secure.tls import set_buffers
from appproxy.tunnel.messages import Request
from appproxy.tunnel.retry import IDEMPOTENT


@implementer(IHalfCloseableProtocol)
class OriginConnection(Protocol):
    """One connection to an application, without TLS."""

    #: Deadline of an idle connection; NEVER while it is used.
    deadline = NEVER
    #: An application that closes after each answer without saying so can do it to several kept connections in a row.
    most_tries = 5

    def __init__(self, origin: H1ConnectionPool[OriginConnection]) -> None:
        self.origin = origin
        self.user: OriginUser | None = None
        #: For whom it is counted, where the application may have few.
        self.share: bytes | None = None
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
        #: The application had closed its direction before any byte of the request reached its machine.
        self.refused = False
        self._socket: socket.socket | None = None
        #: Bytes that the application's machine had taken when the request was written; None: not asked.
        self._taken: int | None = None
        #: When the request was written, if others had been served before.
        self._sent_at = 0.0
        #: Whose it is for good, once the application may have authenticated it (`bindings`); None: anybody's.
        self.owner: bytes | None = None
        #: A request with credentials was answered, and not with 401.
        self.authenticated = False
        #: A handshake of several legs is under way, since this time.
        self.in_handshake = False
        self.handshake_at = 0.0
        #: Had its last answer no body by its nature?
        self.bodyless = False
        #: Where `Kept` has it; None: it does not.
        self.kept_in: OrderedDict[OriginConnection, None] | None = None
        #: Was the request under way sent before it had been quiet for long enough (`kept`)?
        self.hurried = False
        #: Of the request under way: whose it is, and what of a handshake it bears.
        self.asker = NOBODY
        self._leg = Leg.NONE
        self._reader: ResponseReader | None = ResponseReader()
        self._stream: StreamUser | None = None

    # What the user of the connection does.

    def carry(self, request: Request, target: Target, upload: RequestBody | None) -> None:
        """Send a request: its head, and its body so far. Raises RequestError."""
        if self._reader is None:
            raise AssertionError("an upgraded connection takes no requests")
        self._bind_for(request)
        data, upgrade = request_head(request, target, upload is not None or bool(request.body))
        if self.served:
            self._sent_at = self.origin.clock.seconds()
            # Of a request that must not be sent twice, the end of a kept connection may prove that it was not delivered.
            self._taken = acknowledged(self.transport) if request.method not in IDEMPOTENT else None
        if upload is not None:
            data += upload.flow_to(self)
        elif request.body:
            data += request.body
        self._reader.expect(request.method, upgrade)
        self.answered = False
        send_now(self.out, data)

    def _bind_for(self, request: Request) -> None:
        """Before a byte is written: from credentials on, and where the application says so, it is this owner's alone."""
        self.asker = request.owner
        if self.owner is None:
            if not self.origin.binds(request.block):
                return
            self.origin.bind(self, request.owner)
        elif self.owner != request.owner or self.owner == NOBODY:
            raise AssertionError("a connection that the application has authenticated is somebody else's")
        self._leg = leg_of(request.block)
        if self._leg is not Leg.NONE and self.origin.handshakes.takes_turns(request.owner, self._leg):
            self._in_handshake(True)

    def _heed(self, head: Head) -> None:
        """What an answer says of the connection: a challenge binds it also where no credentials were sent."""
        if self.owner is None:
            if not has_challenge(head.block) or not self.origin.heeds_challenges:
                return
            self.origin.bind(self, self.asker)
        self._in_handshake(awaits_next_leg(head.status, head.block))
        if self._leg is not Leg.NONE and not self.in_handshake:
            self.authenticated = head.status != 401
        if self._leg is Leg.TICKET and (self.authenticated or self.in_handshake):
            self.origin.handshakes.ticket_answered(not self.in_handshake)

    def _in_handshake(self, under_way: bool) -> None:
        self.in_handshake = under_way
        self.handshake_at = self.origin.clock.seconds()

    def reserve(self, user: OriginUser) -> None:
        """Its user's request waits at the gate: what begins a handshake holds its turn from here on."""
        if self.origin.handshakes.takes_turns(user.owner, user.leg):
            if self.owner is None:
                self.origin.bind(self, user.owner)
            self._in_handshake(True)

    @property
    def idle(self) -> bool:
        """Is it kept for the next request?"""
        return self.deadline != NEVER

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
        self.origin.upgraded(self)

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

    @property
    def settle_seconds(self) -> float:
        """How long it must be quiet before another owner may have it."""
        if self.hurried:
            return HURRIED_SETTLE_SECONDS
        return BODYLESS_SETTLE_SECONDS if self.bodyless else SETTLE_SECONDS

    def look(self) -> UnreadBytes:
        """What has come while it was idle, as far as nobody has read it yet."""
        return pending(self._socket) if self.open else UnreadBytes.END

    def give_up(self) -> None:
        """It serves no further request; its place is free once it has closed."""
        self.deadline = NEVER
        self.abort()

    def deadline_passed(self, now: float) -> None:
        """Idle for long enough."""
        self.origin.forget(self)
        self.abort()

    # What Twisted calls.

    def connectionMade(self) -> None:
        """TCP is connected."""
        step_past_endpoint(self.transport, self)
        self.out = transport_of(self.transport)
        self.read_gate = ReadGate(self.out)
        self.out.setTcpNoDelay(True)
        set_buffers(self.transport)
        self.peer = peer_of(self.transport)
        self._socket = socket_of(self.transport)
        self.connected_to_application()

    def connected_to_application(self) -> None:
        """All that is needed is up."""
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
            late = self.idle and self.origin.is_late(self)
            self.deadline_passed(0.0)
            if late:
                self.origin.disturbed()
            return
        first, self.answered = not self.answered, True
        try:
            events = self._reader.receive(data)  # type: ignore[union-attr]  # set by the send that made it ours
        except RequestError as error:
            if first and self.served and error.code is Code.ORIGIN_MALFORMED and not data.startswith(b"HTTP"):
                # No answer to this request, not even a bad one, but what is left of the one before.
                self.answered = False
                self.origin.disturbed()
            self.user = None
            self.abort()
            user.origin_lost(error)
            return
        if events:
            self._answer(user, events)

    def _answer(self, user: OriginUser, events: list[Event]) -> None:
        """Hand over what this read brought of the answer."""
        before = self.in_handshake
        for event in events:
            if type(event) is Head:
                if event.status == 408 and self._has_crossed(user):
                    return
                self.bodyless = event.bodyless
                self._heed(event)
                break
        user.answer_received(events)
        if before and not (self.in_handshake or self.idle):
            self.origin.next_turn(self.asker)  # the answer goes on, perhaps for long

    def _has_crossed(self, user: OriginUser) -> bool:
        """Is this 408 about a time without any request, over as one was on its way (RFC 9110 section 15.5.9)? Then the
        connection counts as closed while it was idle. Where the request cannot be sent once more, the 408 is its answer.
        """
        if not self.served or self.origin.clock.seconds() - self._sent_at > CROSSING_SECONDS:
            return False
        self.answered = False
        self.refused = self._is_undelivered
        if not user.would_repeat(self):
            self.answered, self.refused = True, False
            return False
        self.user = None
        user.origin_lost(RequestError(Code.ORIGIN_CLOSED, "the application gave up an idle connection (408)"))
        self.abort()
        return True

    @property
    def _is_undelivered(self) -> bool:
        """Is it proved that nothing of the request has arrived? What came behind it would have acknowledged that."""
        return self._taken is not None and acknowledged(self.transport) == self._taken

    def readConnectionLost(self) -> None:
        """The application has closed its direction, cleanly."""
        if self._stream is not None:
            self._stream.raw_ended()
            return
        # At once, and not when Twisted has closed it: until then this turn's requests would still be given to it.
        self._forget()
        self._end_of_file(True)
        if self.open:
            self.open = False
            self.out.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our own direction is closed; nothing to do."""

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 -- Twisted's signature
        """The connection is gone, both ways."""
        self.read_gate.close()
        was_open, self.open = self.open, False
        self._forget()
        if self.dialling is not None:
            self.dialling.failed(reason)
        else:
            # Whoever uses it hears of its end in any case, however it came to be used.
            self._end_of_file(was_open and reason.check(ConnectionDone) is not None)

    def _forget(self) -> None:
        """The application has ended it."""
        if self.idle and self.origin.is_late(self):
            self.origin.closed_behind_answer()
        self.origin.forget(self)

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
        self.refused = clean and not self.answered and self._is_undelivered
        try:
            events = self._reader.end_of_file(clean)
        except RequestError as error:
            self.user = None
            user.origin_lost(self._explained(error))
            return
        self.open = self.open and clean
        if events:
            user.answer_received(events)
        if self.user is user:
            self.user = None
            user.origin_lost(RequestError(Code.ORIGIN_TRUNCATED if self.answered else Code.ORIGIN_CLOSED))

    def _explained(self, error: RequestError) -> RequestError:
        """An end before any answer on a fresh connection without TLS: that is how a server of TLS may answer plain HTTP."""
        address = self.origin.address
        if error.code is not Code.ORIGIN_CLOSED or address.secure or self.served or self.answered:
            return error
        return RequestError(error.code, f"{place_name(address)}: {error.detail}; if it speaks TLS, set "
                            f"internal={other_scheme(address)}")


@implementer(IHandshakeListener)
class SecureOriginConnection(OriginConnection):
    """The same under TLS. A class of its own, because Twisted's HostnameEndpoint (26.10) hides IHalfCloseableProtocol of
    a protocol that also provides IHandshakeListener.
    """

    def connected_to_application(self) -> None:
        """TCP is connected; the handshake comes first."""

    def handshakeCompleted(self) -> None:
        """TLS is up, the certificate is verified."""
        self._ready()
