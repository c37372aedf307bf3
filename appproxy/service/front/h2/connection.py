"""HTTP/2 users in front: one connection, many exchanges (RFC 9113).

`H2Connection` moves bytes between a transport and nghttp2's session, gives each stream its `H2Exchange`, and what all of
them have to say in one turn of the reactor leaves in one write. While the transport is full nothing is taken from the
session; there the exchanges' bytes wait, and whoever sends them is paused (`h2_exchange`).

What a user may do without asking for anything is bounded: nghttp2 counts most of it (`http.h2.session`), `h2_conduct` the
rest. Deadlines: the handshake and the first frame, the pause between two requests, and an end that takes too long are in
`h2_term`, a head that has begun in `slow_head`; an answer's bytes must be taken, and a body has the deadlines of HTTP/1.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ngh2 import ErrorCode, NGH2Error
from ngh2 import events as h2
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import Code, RemoteProtocolError, RequestError
from appproxy.http.h2.head import VERSION, HeadReader, request_trailers
from appproxy.net.secure.sockets import acknowledged
from appproxy.net.secure.tls import peer_certificate, shown_certificates
from appproxy.service.front.front import NO_HEAD
from appproxy.service.front.h2.exchange import H2Exchange
from appproxy.service.front.h2.head_deadline import HeadDeadline
from appproxy.service.front.h2.incoming import Incoming
from appproxy.service.front.h2.lifetime import LifetimeAction
from appproxy.service.front.h2.port import H2Port, Stream

if TYPE_CHECKING:
    from appproxy.service.front.front import Front

#: What is taken from the session at once: a batch of the TLS layer.
_BATCH = 65_536
_NO_ERROR, _CALM = int(ErrorCode.NO_ERROR), int(ErrorCode.ENHANCE_YOUR_CALM)
#: Streams beyond the announced number, which nghttp2 has not even begun.
_REFUSED = int(ErrorCode.REFUSED_STREAM)
_NO_HEAD = replace(NO_HEAD, version=VERSION)


@implementer(IPushProducer)
class H2Connection(H2Port, Protocol):
    """One user's connection that speaks HTTP/2."""

    _log = Logger()

    def __init__(self, front: Front, client: str) -> None:
        super().__init__(front)
        self._client = client
        #: Whose part of a turn it takes.
        self._owner = front.owner_of(client) or self
        self.number = front.number_connection(client)
        self._heads = HeadReader(front.limits, front.random_bytes)
        self._head_deadline = HeadDeadline(front.deadlines, self.now, front.timeouts.head, self._head_too_slow)
        self._streams: dict[int, H2Exchange] = {}
        #: What has come and was not heard; does it wait for the next turn of the reactor?
        self._incoming = Incoming(self._session, self._heads)
        self._resting = False
        #: Is the transport paused until then?
        self._held_back = False
        #: Will it be looked at when what may not be heard yet may be?
        self._waking = False
        #: The certificates that were shown, once somebody has asked for them.
        self._shown: list[bytes] | None = None

    # What Twisted says.

    def connectionMade(self) -> None:
        front = self.front
        front.accepted += 1
        front.enter(self, self._client)
        #: What this connection was made for.
        self.server_name = front.server_name(self.transport, self._client)
        # What goes to a TLS transport leaves at once: it has been gathered here for the length of a turn.
        self._send = getattr(self.transport, "write_now", None) or self._transport.write
        self._transport.registerProducer(self, True)
        self._term.begin(self.now())
        self.enlist()

    def dataReceived(self, data: bytes) -> None:
        if self._closing or not self._session.want_read:
            return  # after goodbye and the last answer nothing more is expected, and whatever comes breaks no rule
        if self._resting and not self._held_back:
            # Only now: its turn mostly comes before it says more, and to pause and resume are two system calls.
            self._held_back = True
            self._transport.pauseProducing()
        heads = self._head_deadline.feed(data)
        try:
            self._incoming.receive(data, heads)
            self._take_events()
        except (NGH2Error, RemoteProtocolError) as error:
            self._calm(str(error))
            return
        if self._head_deadline.fault:
            self._calm("a frame on a stream that the user had ended or passed over", self._head_deadline.fault)
            return
        self.enlist()

    def readConnectionLost(self) -> None:
        """Called by the transport: the user will send no more, so no more windows either."""
        self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.front.leave(self)
        self.front.turns.leave(self._owner, self)
        self._term.end()
        self._head_deadline.cancel()
        self._closing = True
        self._incoming.clear()
        self._lose_all(Code.CANCELLED)

    def pauseProducing(self) -> None:
        """Called by the transport: it is full."""
        self._term.full(self.now(), acknowledged(self.transport))

    def resumeProducing(self) -> None:
        """Called by the transport: it has room again."""
        self._term.room(self.now())
        self.enlist()

    def stopProducing(self) -> None:
        """Called by the transport when it is lost; connectionLost follows."""
        self._term.blocked = True

    # What has come.

    def _take_events(self) -> None:
        """What the session has understood, in its order: as much of it as one turn of the reactor may take."""
        incoming, turns = self._incoming, self.front.turns
        doubt = turns.doubt(self._owner)
        incoming.gather(self.now() + doubt if doubt else 0.0)
        if incoming.held:
            self._wait_for(incoming)
        if self._resting:
            return
        if (part := turns.left(self._owner, doubt)) > 0:
            for event in incoming.of_a_turn(part):
                hear = _HEARD.get(type(event))
                if hear is not None:
                    hear(self, event)
                    if self._closing:
                        incoming.clear()
            turns.spent(self._owner, part - incoming.left)
        if incoming.may_be_heard:
            self._resting = True
            turns.wait(self._owner, self)

    def _wait_for(self, incoming: Incoming) -> None:
        """Some of it may not be heard yet: look again when it may."""
        now = self.now()
        incoming.release(now)
        if (due := incoming.next_due) is not None and not self._waking:
            self._waking = True
            self.front.clock.callLater(max(0.0, due - now), self._wake)

    def _wake(self) -> None:
        self._waking = False
        self._hear_more()

    def go_on(self) -> None:
        """Called by `RequestTurns`: another turn begins for what has come before."""
        self._resting = False
        self._hear_more()
        if self._held_back and not self._resting and not self._closing:  # what has come before is heard whole
            self._held_back = False
            self._transport.resumeProducing()

    def _hear_more(self) -> None:
        if self._closing:
            return
        try:
            self._take_events()
        except (NGH2Error, RemoteProtocolError) as error:
            self._calm(str(error))
            return
        self.enlist()

    def _begin(self, event: h2.RequestReceived) -> None:
        front = self.front
        refused: RequestError | None = None
        head = _NO_HEAD
        try:
            head = self._heads.read(event.headers, event.end_stream)
        except RequestError as error:
            refused = error
        client = self._client if front.proxies is None else front.proxies.client_of(head.fields, self._client)
        exchange = H2Exchange(self, event.stream_id, head, front.new_id(), client, front.scheme, self.now(),
                              event.end_stream)
        self._streams[event.stream_id] = exchange
        self._term.asked()
        if refused is None:
            if (hook := front.hooks.started) is not None:
                hook(exchange)
            front.handler(exchange)
        else:
            exchange.failure = refused.code
            exchange.detail = refused.detail
            accept = next((value for name, value in event.headers if name == b"accept"), None)
            exchange.answer(*front.refusal(refused.code, exchange.id, accept))

    def _data(self, event: h2.DataReceived) -> None:
        exchange = self._streams.get(event.stream_id)
        if exchange is not None and exchange.body is not None:
            exchange.body.arrived(event.data, event.end_stream)

    def brings_end(self, stream: int) -> bool:
        """Has the end of this stream's body come, too, and waits only for its turn?"""
        return self._incoming.has_end_of(stream)

    def _trailers(self, event: h2.TrailersReceived) -> None:
        exchange = self._streams.get(event.stream_id)
        if exchange is None or exchange.body is None:
            return
        try:
            exchange.body.trailed(request_trailers(event.headers, self.front.limits))
        except RequestError as error:
            exchange.spoil(error.code, error.detail)

    def _closed(self, event: h2.StreamClosed) -> None:
        exchange = self._streams.pop(event.stream_id, None)
        self._head_deadline.closed(event.stream_id)
        if exchange is not None:
            exchange.lost(Code.CANCELLED)
        code = event.error_code
        if code and code != _REFUSED and (exchange is None or not exchange.broken):
            self.front.turns.cancelled(self._owner)
            self._conduct.broke(self.now())

    def _window(self, event: h2.WindowUpdated) -> None:
        self._conduct.updated()

    def _control(self, event: h2.SettingsReceived | h2.PingReceived) -> None:
        now = self.now()
        self._conduct.controlled(now)
        self._term.greeted(now)

    # What exchanges ask for.

    def _has(self, exchange: Stream) -> bool:
        return self._streams.get(exchange.stream) is exchange

    def acknowledged(self) -> int | None:
        """While the transport is full: how many bytes the user's kernel has taken."""
        return acknowledged(self.transport) if self._term.blocked else None

    @property
    def peer_certificate(self) -> bytes | None:
        """The verified certificate that this connection has shown."""
        return peer_certificate(self.transport)

    @property
    def shown_certificates(self) -> list[bytes]:
        """All that it has shown, in its one handshake: none is asked for later (RFC 9113 section 9.2.3)."""
        if self._shown is None:
            self._shown = shown_certificates(self.transport)
        return self._shown

    # The end.

    def _deadline_passed(self, now: float) -> None:
        act = LifetimeAction.ABORT if self._closing else self._term.decide(now, self.acknowledged(), bool(self._sending))
        if act is LifetimeAction.ABORT:
            self.abort()
        elif act is LifetimeAction.LAST_WORD:
            self._say_last_word(now)

    @property
    def idle(self) -> bool:
        """Has no request been under way for a moment?"""
        return not self._streams and not self._incoming and self.front.is_quiet(self._term.deadline)

    def drain(self) -> None:
        """No new requests, please: those on their way are still taken, for a moment; then only what is under way."""
        if self._closing or not self._term.notice(self.now()):
            return
        try:
            self._session.send_shutdown_notice()
        except NGH2Error:
            self.abort()
            return
        self.enlist()

    def _say_last_word(self, now: float) -> None:
        """Say which requests were taken; whatever comes later was not, and can be sent again elsewhere."""
        self._term.last_word(now)
        try:
            self._session.send_goaway(_NO_ERROR)
        except NGH2Error:
            self.abort()
            return
        self.enlist()

    def _calm(self, reason: str, code: int = _CALM) -> None:
        """The user broke the protocol, or does too much that is no request: say so once, and end."""
        if self._closing:
            return
        self._closing = True
        self.front.floods += 1
        self._log.info("an HTTP/2 connection of {client} was ended: {reason}", client=self._client, reason=reason)
        last = max(self._streams, default=0)
        # The session refuses to say anything more; this is a GOAWAY (RFC 9113 section 6.8).
        self._send(b"\0\0\x08\x07\0\0\0\0\0" + last.to_bytes(4, "big") + code.to_bytes(4, "big"))
        self._lose_all(Code.CANCELLED, reason)
        self._close()

    def _head_too_slow(self) -> None:
        self._calm("a head slower than the limit")

    def _close(self) -> None:
        """Close after what was written."""
        self._closing = True
        self._incoming.clear()
        self._lose_all(Code.CANCELLED)
        self._term.close(self.now())
        self._transport.unregisterProducer()
        self._transport.loseConnection()

    def abort(self) -> None:
        """Close at once; what was under way is broken."""
        self._closing = True
        self._transport.abortConnection()

    def _lose_all(self, code: Code, detail: str = "") -> None:
        streams, self._streams = self._streams, {}
        for exchange in streams.values():
            if detail and not exchange.over:
                exchange.detail = detail
            exchange.lost(code)

    @property
    def _transport(self) -> Any:
        assert self.transport is not None
        return self.transport


#: What is listened to. A reset comes twice, and is heard as the stream's end.
_HEARD: dict[type[h2.Event], Callable[[H2Connection, Any], None]] = {
    h2.RequestReceived: H2Connection._begin,
    h2.DataReceived: H2Connection._data,
    h2.TrailersReceived: H2Connection._trailers,
    h2.StreamClosed: H2Connection._closed,
    h2.WindowUpdated: H2Connection._window,
    h2.SettingsReceived: H2Connection._control,
    h2.PingReceived: H2Connection._control,
}
