"""The service's end of a signal connection: moves frames between its transport and the requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet import protocol
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import Code, ProtocolError, RemoteProtocolError
from appproxy.net.farewell import Farewell
from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.net.secure.sockets import Unreachable, retry_evenly, socket_of
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.shared import Shared
from appproxy.service.tunnel.links.arrivals import Arrivals
from appproxy.service.tunnel.links.examinations import Examinations
from appproxy.tunnel.connections.signal import Role, SignalSession
from appproxy.tunnel.frames import Frame, Kind
from appproxy.tunnel.json_heads.findings import decode_findings
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.messages import Goodbye, Hello, decode_code, decode_response


class SignalEndPoint(Protocol):
    """The listener, for its signal connections."""

    clock: IReactorTime
    wall_clock: Callable[[], float]
    limits: TunnelLimits
    deadlines: Deadlines
    arrivals: Arrivals
    links: set[SignalLink]
    examinations: Examinations

    @property
    def relay(self) -> Shared:
        """Who gives requests to connectors."""

    def admit(self, link: SignalLink, hello: Hello) -> None:
        """A connector has said HELLO: welcome it, or say why not."""

    def drained(self, link: SignalLink) -> None:
        """The connector takes no more requests on this connection."""

    def link_lost(self, link: SignalLink) -> None:
        """It has gone."""

    def look(self, peer: Peer, now: float) -> None:
        """Does this connector answer?"""

    def blame(self, link: SignalLink, error: ProtocolError) -> None:
        """The connector broke the protocol."""


@implementer(IPushProducer)
class SignalLink(protocol.Protocol):
    """A signal connection of one connector. It is always read; when its transport is full it only says so."""

    log = Logger()

    def __init__(self, end_point: SignalEndPoint, connector_id: str, address: str) -> None:
        self._end_point = end_point
        self.connector_id = connector_id
        self.address = address
        self.peer: Peer | None = None
        self.slot = -1
        self.congested = False
        self.draining = False
        #: The drained connection of its slot before it, which is read until the connector closes it.
        self.replaces: SignalLink | None = None
        self.not_after = NEVER
        #: The serial number of the certificate that was shown.
        self.serial = ""
        self.deadline = NEVER
        self._stalled_since: float | None = None
        self._gone = False
        self._farewell = Farewell()
        self._path = Unreachable()
        now = end_point.clock.seconds()
        self.session = SignalSession(Role.SERVICE, now, end_point.limits)

    def connectionMade(self) -> None:
        retry_evenly(socket_of(self.transport))
        end_point = self._end_point
        self.transport.registerProducer(self, True)  # type: ignore[union-attr]
        self.deadline = min(end_point.clock.seconds() + end_point.limits.hello_seconds, self.session.next_tick())
        end_point.deadlines.add(self)
        end_point.links.add(self)
        end_point.arrivals.greets(self)

    def dataReceived(self, data: bytes) -> None:
        session = self.session
        try:
            for frame in session.receive(data, self._end_point.clock.seconds()):
                self._take(frame)
                if self._gone:
                    return
        except ProtocolError as error:
            # Also a LocalProtocolError: what the tables of requests forbid was asked for by the peer's frame.
            self._end_point.blame(self, error)
            self.goodbye(Goodbye(error.code, 1.0, False, str(error)))
            return
        output = session.take_output()
        if output:
            self.write(output)

    def _take(self, frame: Frame) -> None:
        """One frame; answers to requests first, for they are nearly all."""
        kind, _, request_id, head, tail = frame
        peer = self.peer
        request = peer.in_flight.get(request_id) if request_id and peer is not None else None
        if kind == Kind.RSP:
            status, block = decode_response(head)
            if request is not None:
                request.answered(status, block, tail)
        elif not request_id:
            self._take_own(kind, head)
        elif request is None:
            return  # late, or unknown: it names nothing that anyone still waits for
        elif kind == Kind.INFO:
            request.informed(*decode_response(head))
        elif kind == Kind.REJECT:
            request.rejected(*decode_code(head))
        elif kind == Kind.FAIL:
            request.failed(*decode_code(head))

    def _take_own(self, kind: int, head: bytes) -> None:
        """A frame of the connection itself; the session has read it."""
        hello = self.session.peer_hello
        if kind == Kind.HELLO and hello is not None:
            self._end_point.admit(self, hello)
        elif kind == Kind.ERROR:
            self.close()  # the connector's last word: it need not close by itself
        elif kind == Kind.DRAIN:
            self.draining = True
            self.write(self.session.drained())
            self._end_point.drained(self)
        elif kind == Kind.FINDINGS:
            self._end_point.examinations.answered(self.connector_id, decode_findings(head))

    def write(self, data: bytes) -> None:
        """Send frames; after the end this does nothing."""
        if data and not self._gone and self.transport is not None:
            self.transport.write(data)

    def goodbye(self, goodbye: Goodbye) -> None:
        """Say why, and close; the connection is gone within a second, whatever the connector does."""
        if not self._gone:
            self.write(self.session.goodbye(goodbye))
            self._forget()
            self._farewell.say(self._end_point.clock, self.transport)  # type: ignore[arg-type]

    def close(self) -> None:
        """Close at once, with nothing more to say."""
        if not self._gone:
            self._forget()
            self.transport.abortConnection()  # type: ignore[union-attr]

    def deadline_passed(self, now: float) -> None:
        end_point = self._end_point
        if self.not_after <= end_point.wall_clock():
            self.goodbye(Goodbye(Code.REVOKED, None, True, "the certificate has expired: enrol again"))
            return
        if self.peer is None and now >= self.session.next_tick():
            self.goodbye(Goodbye(Code.PROTOCOL, 1.0, False, "no HELLO came in time"))
            return
        if self._stalled_since is not None and now - self._stalled_since > end_point.limits.write_stall:
            self.close()
            return
        try:
            self.session.tick(now)
        except RemoteProtocolError as error:
            end_point.blame(self, error)
            self.close()
            return
        self.write(self.session.take_output())
        if self._is_cut_off(now):
            return
        if self.peer is not None:
            if self.session.peer_load is not None:
                self.peer.load = self.session.peer_load
            end_point.look(self.peer, now)
        self.deadline = min(self.session.next_tick(), now + 1.0)

    def _is_cut_off(self, now: float) -> bool:
        """Does the path swallow packets? Then it is closed: a new connection may find another way."""
        seconds = self._path.look(socket_of(self.transport), now)
        if seconds < self._end_point.limits.unreachable_after or now - self.session.heard < seconds:
            return False
        self.log.warn("connector {id}: nothing that was sent has arrived for {seconds:.0f} s: the connection is given up",
                      id=self.connector_id, seconds=seconds)
        self.close()
        return True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._farewell.over()
        self._forget()

    def _forget(self) -> None:
        if not self._gone:
            self._gone = True
            self._end_point.deadlines.discard(self)
            self._end_point.links.discard(self)
            self._end_point.arrivals.greeted(self)
            self._end_point.link_lost(self)

    # The transport tells how full it is.

    def pauseProducing(self) -> None:
        self.congested = True
        self._stalled_since = self._end_point.clock.seconds()

    def resumeProducing(self) -> None:
        self.congested = False
        self._stalled_since = None
        if self.peer is not None:
            self._end_point.relay.slot_free(self.peer)

    def stopProducing(self) -> None:
        self.congested = True
