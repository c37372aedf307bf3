"""The service's ends of the two kinds of tunnel connections: they move frames between transports and requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import Code, ProtocolError, RemoteProtocolError
from appproxy.net.deadlines import NEVER
from appproxy.net.farewell import Farewell
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.net.sockets import write_through
from appproxy.service.relay import failover
from appproxy.tunnel.data import DataSession
from appproxy.tunnel.frames import Frame, Kind
from appproxy.tunnel.messages import Goodbye, decode_attach, decode_code, decode_response
from appproxy.tunnel.signal import Role, SignalSession

if TYPE_CHECKING:
    from appproxy.service.relay.proxied_request import ProxiedRequest
    from appproxy.service.relay.roster import Peer
    from appproxy.service.tunnel.listener import TunnelListener

_BODY = int(Kind.BODY)


@implementer(IPushProducer)
class SignalLink(Protocol):
    """A signal connection of one connector. It is always read; when its transport is full it only says so."""

    def __init__(self, end_point: TunnelListener, connector_id: str, address: str) -> None:
        self._end_point = end_point
        self.connector_id = connector_id
        self.address = address
        self.peer: Peer | None = None
        self.slot = -1
        self.congested = False
        self.draining = False
        self.not_after = NEVER
        #: The serial number of the certificate that was shown.
        self.serial = ""
        self.deadline = NEVER
        self._stalled_since: float | None = None
        self._gone = False
        self._farewell = Farewell()
        now = end_point.clock.seconds()
        self.session = SignalSession(Role.SERVICE, now, end_point.limits)

    def connectionMade(self) -> None:
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
            self._take_own(kind)
        elif request is None:
            return  # late, or unknown: it names nothing that anyone still waits for
        elif kind == Kind.INFO:
            request.informed(*decode_response(head))
        elif kind == Kind.REJECT:
            request.rejected(*decode_code(head))
        elif kind == Kind.FAIL:
            request.failed(*decode_code(head))

    def _take_own(self, kind: int) -> None:
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
        if self.peer is not None and self.session.peer_load is not None:
            self.peer.load = self.session.peer_load
        self.deadline = min(self.session.next_tick(), now + 1.0)

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


class DataLink(Protocol):
    """A data connection of one connector: one body, one answer or one upgraded stream at a time."""

    def __init__(self, end_point: TunnelListener, connector_id: str) -> None:
        self._end_point = end_point
        self.connector_id = connector_id
        self.peer: Peer | None = None
        self.request: ProxiedRequest | None = None
        self._source: IPushProducer | None = None
        self._gone = False
        #: It carries no request.
        self._unused = False
        self.deadline = NEVER
        self.session = DataSession(Role.SERVICE, end_point.clock.seconds(), end_point.limits)

    def connectionMade(self) -> None:
        self.read_gate = ReadGate(self.transport)  # type: ignore[arg-type]
        end_point = self._end_point
        self.peer = end_point.roster.peers.get(self.connector_id)
        if self.peer is None:
            self._gone = True
            self.transport.abortConnection()  # type: ignore[union-attr]
            return
        self.peer.data.add(self)
        end_point.deadlines.add(self)
        self._look()

    def dataReceived(self, data: bytes) -> None:
        session = self.session
        try:
            self._take(session.receive(data, self._end_point.clock.seconds()))
        except ProtocolError as error:
            self._end_point.blame(self, error)
            self.close()
        if self._gone:
            return
        output = session.take_output()
        if output:
            self._write(output)
        self._release()

    def _look(self) -> None:
        """Has it a request? Without one it is closed some time after the connector should have closed it."""
        if self._gone:
            return
        self._unused = self.session.idle
        if self._unused:
            self.deadline = self._end_point.clock.seconds() + 2 * self._end_point.limits.idle_close_most
            self._end_point.arrivals.unused(self)
        else:
            self.deadline = self.session.next_tick()
            self._end_point.arrivals.used(self)

    def _take(self, frames: list[Frame]) -> None:
        """What one read has brought; the pieces of a body in it are handed on as one."""
        pieces: list[bytes] = []
        for kind, flags, request_id, head, tail in frames:
            if kind == _BODY:
                pieces.append(tail)
                continue
            if pieces:
                self._stream(pieces)
            request = self.request
            if kind == Kind.ATTACH:
                self._attach(flags, request_id, head)
            elif kind == Kind.ERROR:
                self.close()
            elif request is not None:
                self._pass_on(request, kind, head, tail)
            if self._gone:
                return
        if pieces:
            self._stream(pieces)

    def _stream(self, pieces: list[bytes]) -> None:
        """Give pieces of an answer, or of a stream, to its request."""
        request = self.request
        if request is not None:
            request.streamed(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        pieces.clear()

    def _pass_on(self, request: ProxiedRequest, kind: int, head: bytes, tail: bytes) -> None:
        if kind == Kind.HEAD:
            request.headed(*decode_response(head))
        elif kind == Kind.END:
            request.ended(tail)
        elif kind == Kind.INFO:
            request.informed(*decode_response(head))
        elif kind == Kind.ABORT:
            request.aborted(*decode_code(head))
        elif kind == Kind.STOP:
            # The session itself owes the ABORT that answers it; it leaves with `take_output`.
            self._starve()
            request.stopped()

    def _attach(self, flags: int, request_id: int, head: bytes) -> None:
        end_point = self._end_point
        if (former := self.request) is not None:
            # Its answer comes in line, or has broken off: what happens here is nothing to it any more.
            self.request = former.data = None
        attach = decode_attach(head, flags)
        peer = end_point.roster.peers.get(self.connector_id)
        request = peer.in_flight.get(request_id) if peer is not None and attach.epoch == end_point.epoch else None
        if request is None or not request.wants(attach.want_body, attach.want_response):
            self._write(self.session.detach(request_id, Code.UNKNOWN_REQUEST))
            return
        self.request = request
        self._write(self.session.attached(request_id))
        self._look()  # before the request, whose body may be over within the call: then it is unused once more
        request.attached(self, attach.want_body)

    # What the request asks for.

    def feed(self, source: IPushProducer) -> None:
        """Pause this source of bytes while the connector reads slowly."""
        self._source = source
        self.transport.registerProducer(source, True)  # type: ignore[union-attr]

    def _starve(self) -> None:
        if self._source is not None:
            source, self._source = self._source, None
            if not self._gone:
                self.transport.unregisterProducer()  # type: ignore[union-attr]
            source.resumeProducing()

    @property
    def paused(self) -> bool:
        """Does the connector read slowly?"""
        return isinstance(self._source, ReadGate) and bool(self._source.held & HoldReason.SLOW_PEER)

    @property
    def answer_over(self) -> bool:
        """Has the application's direction ended?"""
        return self.session.receiving_over

    def go(self) -> None:
        """The user waits for the application to speak first."""
        self._write(self.session.go())

    def body(self, data: bytes) -> None:
        """Pass on what the user sent."""
        if self._gone:
            return
        request = self.request
        if request is not None and request.upgraded:
            write_through(self.transport, self.session.body(data))
        else:
            self.transport.writeSequence(self.session.body_frames(data))  # type: ignore[union-attr]

    def end(self, trailers: bytes) -> None:
        """The user has sent all."""
        if not self.session.sending_over:
            self._write(self.session.end(trailers))
        self._starve()
        self._release()

    def _release(self) -> None:
        """The body alone was asked for here, and is over: the answer comes another way."""
        request = self.request
        if request is not None and self.session.idle and not request.upgraded:
            self.request = request.data = None
        if self.session.idle is not self._unused:
            self._look()

    def cancel(self) -> None:
        """Nobody wants either direction any more."""
        self._starve()
        self.read_gate.release(HoldReason.SLOW_PEER | HoldReason.BACKLOG)
        session = self.session
        if session.idle:
            return
        self._write(session.abort(Code.CANCELLED))
        if not session.idle:
            self._write(session.stop(Code.CANCELLED))

    def answer_elsewhere(self) -> None:
        """The answer has come whole on a signal connection."""
        self.session.answered_in_line()
        self._look()

    def let_go(self) -> None:
        """The request is over here; what is left of it on this connection is thrown away until it is idle."""
        self.request = None
        self.cancel()
        self._look()

    def _write(self, data: bytes) -> None:
        if data and not self._gone and self.transport is not None:
            self.transport.write(data)

    # The end.

    def deadline_passed(self, now: float) -> None:
        if self.session.idle:
            self.close()
            return
        self.session.reading = not self.read_gate.held
        try:
            self.session.tick(now)
        except RemoteProtocolError:
            self.close()
            return
        self._write(self.session.take_output())
        self._look()

    def close(self) -> None:
        """Close at once; what it carried is broken."""
        if not self._gone:
            self.transport.abortConnection()  # type: ignore[union-attr]
            self._forget()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._forget()

    def _forget(self) -> None:
        if self._gone:
            return
        self._gone = True
        self.read_gate.close()
        self._starve()
        self._end_point.deadlines.discard(self)
        self._end_point.arrivals.used(self)
        if self.peer is not None:
            self.peer.data.discard(self)
        request, self.request = self.request, None
        if request is not None:
            failover.data_lost(request)
