"""A signal connection, as the connector dials it: request heads in, small answers and control out.

It is always read. The TLS transport gathers what is written in one reactor turn: frames need not be gathered here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from socket import socket
from typing import Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.connector.transport import peer_of, transport_of
from appproxy.connector.turns import USUAL
from appproxy.errors import Code, ProtocolError, RemoteProtocolError
from appproxy.net.farewell import Farewell
from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.net.secure.sockets import Unreachable, retry_evenly, socket_of, unacknowledged
from appproxy.tunnel.connections.signal import Role, SignalSession
from appproxy.tunnel.frames import Frame, Kind
from appproxy.tunnel.json_heads.node_list import NodePlace, decode_nodes
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import Goodbye, Hello, Load, Welcome, decode_configuration, decode_error, decode_welcome

#: In-line answers that the service has not yet read; beyond it answers go on data connections.
INLINE_UNSENT = DEFAULT_LIMITS.unsent_inline
#: An answer of more bytes goes in line only where no more than `MOST_AHEAD` are on their way to the service's machine.
INLINE_SLOW = DEFAULT_LIMITS.inline_slow
MOST_AHEAD = DEFAULT_LIMITS.unacknowledged
#: The oldest unsent byte may be this old; then the service does not read, and the connection is useless.
WRITE_STALL = DEFAULT_LIMITS.write_stall
#: How often it is looked at whether anything comes through.
LOOK_SECONDS = 1.0
#: From TCP to WELCOME. A TLS 1.3 client's handshake seems to succeed before its certificate is judged.
WELCOME_SECONDS = 20.0

SIGNAL_ALPN = b"appproxy-signal/1"


class SignalOwner(Protocol):
    """Who lives behind a signal connection."""

    def hello(self, connection: SignalConnection) -> Hello:
        """What to say first."""

    def load(self) -> Load:
        """How busy the connector is; rides on PONG."""

    def welcomed(self, connection: SignalConnection, welcome: Welcome) -> None:
        """The service takes this connection."""

    def much_received(self) -> None:
        """More than `USUAL` frames have come in one read; they follow."""

    def request_received(
        self, connection: SignalConnection, flags: int, request_id: int, head: bytes, body: bytes
    ) -> None:
        """A REQ; `body` is its tail."""

    def request_cancelled(self, connection: SignalConnection, request_id: int) -> None:
        """A CANCEL."""

    def configuration_changed(self, version: int) -> None:
        """A CONFIG hint."""

    def nodes_listed(self, connection: SignalConnection, places: Sequence[NodePlace]) -> None:
        """Which nodes the service has, as this one sees it."""

    def examined(self, connection: SignalConnection) -> None:
        """An EXAMINE."""

    def service_drains(self, connection: SignalConnection) -> None:
        """The service wants this connection to end: no REQ comes on it any more."""

    def drained(self, connection: SignalConnection) -> None:
        """The last REQ that was under way when this connector said DRAIN has come."""

    def signal_lost(self, connection: SignalConnection, goodbye: Goodbye | None, reason: str) -> None:
        """The connection is gone; `goodbye` is what the service gave as reason, if it did."""


@implementer(IHandshakeListener, IPushProducer)
class SignalConnection(TwistedProtocol):
    """One of the two signal connections to a service node."""

    log = Logger()

    def __init__(
        self,
        owner: SignalOwner,
        slot: int,
        clock: IReactorTime,
        deadlines: Deadlines,
        negotiated: Callable[[object], bytes | None],
    ) -> None:
        self.owner = owner
        self.slot = slot
        #: WELCOME has come, and the connection is not over.
        self.open = False
        #: This connector has said DRAIN on it.
        self.draining = False
        #: The service has said that no REQ comes any more.
        self.is_drained = False
        #: The service has said DRAIN, and waits for DRAINED.
        self.service_drains = False
        self.welcomed_at = NEVER
        self.deadline = NEVER
        self._clock = clock
        self._deadlines = deadlines
        self._negotiated = negotiated
        self._session = SignalSession(Role.CONNECTOR, clock.seconds())
        self._session.load = owner.load
        self._clogged_since = NEVER
        self._unsent = 0
        self._socket: socket | None = None
        self._goodbye: Goodbye | None = None
        self._reason = ""
        self._farewell = Farewell()
        self._path = Unreachable()
        self._asked = 0.0

    # What the rest of the connector does.

    def send(self, frame: bytes) -> None:
        """Send a frame, with all others of this reactor turn."""
        self.out.write(frame)

    def send_inline(self, frame: bytes) -> None:
        """Send an answer, counted while the service reads slowly."""
        if self._clogged_since is not NEVER:
            self._unsent += len(frame)
        self.out.write(frame)

    def has_room(self, size: int) -> bool:
        """May an in-line answer of this size be put on this connection?"""
        if size > INLINE_SLOW:
            # Others would wait for it on a slow link.
            return self._clogged_since is NEVER and unacknowledged(self._socket) <= MOST_AHEAD
        return self._clogged_since is NEVER or self._unsent + size <= INLINE_UNSENT

    def drain(self) -> None:
        """Ask for no more requests."""
        if self.open and not self.draining:
            self.draining = True
            self.send(self._session.drain())

    def answer_drain(self) -> None:
        """Everything that came on this connection has been answered, as the service's DRAIN asked."""
        if self.open and self.service_drains:
            self.service_drains = False
            self.send(self._session.drained())

    def close(self) -> None:
        """Close, after what is waiting has been sent."""
        self.open = False
        self._lose()

    def abort(self, reason: str = "") -> None:
        """Close at once."""
        self._reason = self._reason or reason
        self.open = False
        self.out.abortConnection()

    @property
    def peer_host(self) -> str:
        """The service's address at the other end."""
        return peer_of(self.transport)

    def move(self, owner: SignalOwner, deadlines: Deadlines) -> None:
        """Another owner takes it over, deadlines and all: it has turned out to lead to another node."""
        self._deadlines.discard(self)
        self.owner, self._deadlines = owner, deadlines
        self._session.load = owner.load
        deadlines.add(self)

    # Flow: the service is slow. Nothing is paused; the in-line test looks at it.

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        if self._clogged_since is NEVER:
            self._clogged_since = self._clock.seconds()
            self._unsent = 0
            self.deadline = min(self.deadline, self._clogged_since + WRITE_STALL)

    def resumeProducing(self) -> None:
        """The transport's buffer has drained."""
        self._clogged_since = NEVER

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` tells more."""

    # What Twisted calls.

    def connectionMade(self) -> None:
        """TCP is connected; TLS is under way."""
        self.out = transport_of(self.transport)
        self.out.setTcpNoDelay(True)
        self._socket = socket_of(self.transport)
        retry_evenly(self._socket)
        self.deadline = self._clock.seconds() + WELCOME_SECONDS
        self._deadlines.add(self)

    def handshakeCompleted(self) -> None:
        """TLS is up as far as we can see: introduce ourselves."""
        if self._negotiated(self.transport) != SIGNAL_ALPN:
            self.abort("the service speaks none of my tunnel versions: upgrade the connector or the service")
            return
        self.out.registerProducer(self, True)
        self.out.write(self._session.hello(self.owner.hello(self)))

    def dataReceived(self, data: bytes) -> None:
        """Frames of the service."""
        session = self._session
        try:
            frames = session.receive(data, self._clock.seconds())
            if len(frames) > USUAL:
                self.owner.much_received()
            for frame in frames:
                if frame[0] == Kind.REQ:
                    self.owner.request_received(self, frame[1], frame[2], frame[3], frame[4])
                else:
                    self._control(frame)
        except ProtocolError as error:
            self._break_off(error)
            return
        output = session.take_output()
        if output:
            self.send(output)

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 -- Twisted's signature
        """The connection is gone."""
        self.open = False
        self._farewell.over()
        self._deadlines.discard(self)
        self.owner.signal_lost(self, self._goodbye, self._reason or reason.getErrorMessage())

    def deadline_passed(self, now: float) -> None:
        """Time for a PING, or for the end."""
        if not self.open:
            self.abort(f"no WELCOME within {WELCOME_SECONDS:.0f} s")
            self.deadline = NEVER
        elif now - self._clogged_since >= WRITE_STALL:
            self.abort(f"the service has not read for {WRITE_STALL:.0f} s")
            self.deadline = NEVER
        else:
            self._tick(now)

    def _tick(self, now: float) -> None:
        try:
            self._session.tick(now)
        except RemoteProtocolError as error:
            self._break_off(error)
            return
        output = self._session.take_output()
        if output:
            self.send(output)
        self.deadline = min(self._session.next_tick(), self._clogged_since + WRITE_STALL, now + LOOK_SECONDS)
        self._look(now)

    def _look(self, now: float) -> None:
        """Does anything come through? While there are requests the service asks, too, and so there mostly does."""
        session = self._session
        seconds = self._path.look(self._socket, now)
        if seconds >= DEFAULT_LIMITS.unreachable_after and now - session.heard >= seconds:
            self.abort(f"nothing that was sent has arrived for {seconds:.0f} s")
            self.deadline = NEVER
        elif self.owner.load().in_flight and now - max(session.heard, self._asked) >= DEFAULT_LIMITS.ask_after:
            self._asked = now
            self.send(session.ping())

    def _control(self, frame: Frame) -> None:
        kind = frame[0]
        if kind == Kind.CANCEL:
            self.owner.request_cancelled(self, frame[2])
        elif kind == Kind.WELCOME:
            self.open = True
            self.welcomed_at = self._clock.seconds()
            self.deadline = min(self._session.next_tick(), self.welcomed_at + LOOK_SECONDS)
            self.owner.welcomed(self, decode_welcome(frame[3]))
        elif kind == Kind.CONFIG:
            self.owner.configuration_changed(decode_configuration(frame[3]))
        elif kind == Kind.NODES:
            self.owner.nodes_listed(self, decode_nodes(frame[3]))
        elif kind == Kind.EXAMINE:
            self.owner.examined(self)
        elif kind == Kind.DRAIN:
            self.service_drains = True
            self.owner.service_drains(self)
        elif kind == Kind.DRAINED:
            self.is_drained = True
            self.owner.drained(self)
        elif kind == Kind.ERROR:
            self._goodbye = decode_error(frame[3])
            self.abort(self._goodbye.text)
        else:
            raise RemoteProtocolError(f"the service sent {Kind(kind).name} on a signal connection")

    def _break_off(self, error: ProtocolError) -> None:
        """A rule was broken: say which, and close."""
        self.log.warn("tunnel dropped: {reason}", reason=str(error), code=error.code.name)
        self._reason = str(error)
        self.open = False
        self.deadline = NEVER
        if error.code == Code.DEAD_PEER:
            self.out.abortConnection()
            return
        self.out.write(self._session.goodbye(Goodbye(error.code, None, False, str(error)[:200])))
        self._farewell.say(self._clock, self.out)

    def _lose(self) -> None:
        """Close after what is written; a transport waits for its producer, which only watches."""
        self.out.unregisterProducer()
        self.out.loseConnection()
