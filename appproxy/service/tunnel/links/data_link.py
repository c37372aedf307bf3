"""The service's end of a data connection: moves frames between its transport and one request at a time."""

from __future__ import annotations

from typing import Protocol

from twisted.internet import protocol
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from appproxy.errors import Code, ProtocolError, RemoteProtocolError
from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.net.secure.sockets import through
from appproxy.service.relay.connectors.peer import Dispatchable, Peer
from appproxy.service.relay.connectors.roster import Roster
from appproxy.service.tunnel.links.arrivals import Arrivals
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role
from appproxy.tunnel.frames import Frame, Kind
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.messages import decode_attach, decode_code, decode_response

_BODY = int(Kind.BODY)


class DataEndPoint(Protocol):
    """The listener, for its data connections. `epoch`: of this node's process; ATTACH says for which one it is."""

    clock: IReactorTime
    limits: TunnelLimits
    deadlines: Deadlines
    arrivals: Arrivals
    roster: Roster
    epoch: bytes

    def blame(self, link: DataLink, error: ProtocolError) -> None:
        """The connector broke the protocol."""


class DataLink(protocol.Protocol):
    """A data connection of one connector: one body, one answer or one upgraded stream at a time."""

    def __init__(self, end_point: DataEndPoint, connector_id: str) -> None:
        self._end_point = end_point
        self.connector_id = connector_id
        self.peer: Peer | None = None
        self.request: Dispatchable | None = None
        self._source: IPushProducer | None = None
        self._gone = False
        #: It carries no request.
        self._unused = False
        #: Its deadline is looked at seldom.
        self._resting = False
        self.deadline = NEVER
        self.session = DataSession(Role.SERVICE, end_point.clock.seconds(), end_point.limits)

    def connectionMade(self) -> None:
        self.read_gate = ReadGate(self.transport)  # type: ignore[arg-type]
        self._write_through = through(self.transport)
        end_point = self._end_point
        processes = end_point.roster.of(self.connector_id)
        if not processes:
            self._gone = True
            self.transport.abortConnection()  # type: ignore[union-attr]
            return
        if len(processes) == 1:  # else the first ATTACH tells whose it is
            self.peer = processes[0]
            self.peer.data.add(self)
        end_point.deadlines.add(self)
        self._look()

    def dataReceived(self, data: bytes) -> None:
        session, request = self.session, self.request
        now = self._end_point.clock.seconds()
        try:
            if request is not None and (piece := session.piece(data, now)):
                request.streamed(piece)
                if self.request is request:
                    return  # a piece owes the peer no word, and ends nothing
            else:
                self._take(session.receive(data, now))
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
            if self._resting:
                self._resting = False
                self._end_point.deadlines.add(self)
            self.deadline = self._end_point.clock.seconds() + 2 * self._end_point.limits.kept_most
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

    def _pass_on(self, request: Dispatchable, kind: int, head: bytes, tail: bytes) -> None:
        if kind == Kind.HEAD:
            request.headed(*decode_response(head))
        elif kind == Kind.END:
            request.ended(tail)
        elif kind == Kind.INFO:
            request.informed(*decode_response(head))
        elif kind == Kind.ABORT:
            request.aborted(*decode_code(head))
        elif kind == Kind.STOP:
            # The session itself owes the ABORT that answers it; it leaves with `take_output`. The request hears of it first:
            # a source that goes on may give at once what it has kept.
            request.stopped()
            self._starve()

    def _attach(self, flags: int, request_id: int, head: bytes) -> None:
        end_point = self._end_point
        if (former := self.request) is not None:
            # Its answer comes in line, or has broken off: what happens here is nothing to it any more.
            self.request = None
            former.detached()
        attach = decode_attach(head, flags)
        request = self._find(request_id) if attach.epoch == end_point.epoch else None
        if request is None or not request.wants(attach.want_body, attach.want_response):
            self._write(self.session.detach(request_id, Code.UNKNOWN_REQUEST))
            return
        self.request = request
        self._write(self.session.attached(request_id))
        self._look()  # before the request, whose body may be over within the call: then it is unused once more
        request.attached(self, attach.want_body)

    def _find(self, request_id: int) -> Dispatchable | None:
        """A request of the connector; the connection is its process's from now on, where there are several."""
        roster, peer = self._end_point.roster, self.peer
        request = peer.in_flight.get(request_id) if peer is not None else None
        if request is None:
            for other in roster.of(self.connector_id):
                if (found := other.in_flight.get(request_id)) is not None:
                    if peer is not None:
                        peer.data.discard(self)
                    self.peer = other
                    other.data.add(self)
                    return found
        return request

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
    def heard(self) -> float:
        """When something of the connector came last."""
        return self.session.heard

    @property
    def paused(self) -> bool:
        """Does the connector read slowly?"""
        return isinstance(self._source, ReadGate) and bool(self._source.held & HoldReason.SLOW_PEER)

    @property
    def answer_over(self) -> bool:
        """Has the application's direction ended?"""
        return self.session.receiving_over

    def rest(self) -> None:
        """What it carries goes on for long: to look at its deadline is less urgent."""
        self._resting = True
        self._end_point.deadlines.rest(self)

    def go(self) -> None:
        """The user waits for the application to speak first."""
        self._write(self.session.go())

    def body(self, data: bytes) -> None:
        """Pass on what the user sent."""
        if self._gone:
            return
        request = self.request
        if request is not None and request.upgraded:
            self._write_through(self.session.body(data))
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
            self.request = None
            request.detached()
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
            request.data_lost()
