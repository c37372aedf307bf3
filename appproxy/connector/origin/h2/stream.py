"""One request to an application on a stream of HTTP/2: for its user the same as a connection of HTTP/1.1."""

from __future__ import annotations

from ngh2 import ErrorCode, NGH2Error
from ngh2 import events as h2
from twisted.internet.interfaces import IPushProducer

from appproxy.connector.config.configuration import Target
from appproxy.connector.origin.h2.port import OriginH2Port
from appproxy.connector.origin.origin_stream import OriginUser, RequestBody, StreamUser
from appproxy.errors import Code, RequestError
from appproxy.http.connection_authentication import has_credentials
from appproxy.http.h1.client import BodyPiece, End, Event
from appproxy.http.h2.client import read_head, read_interim, read_switch, read_trailers, request_headers
from appproxy.net.read_gate import ReadGate
from appproxy.tunnel.messages import Request

#: Bytes of a body that wait for the application before whoever sends them is paused.
MOST_WAITING = 65_536
#: As for HTTP/1.1.
_MOST_INTERIMS = 8
_REFUSED, _CANCEL = int(ErrorCode.REFUSED_STREAM), int(ErrorCode.CANCEL)


class H2Stream:
    """A `Carrier`. It is its own transport: what is sent waits in the connection's session."""

    #: An application that resets a stream has often looked at the request; one that does not want to says so (`refused`).
    most_tries = 2
    #: `carry` refuses what would authenticate the connection that all share.
    authenticated = False

    __slots__ = ("_connection", "_ended", "_events", "_interims", "_pieces", "_producer", "_producer_paused", "_raw",
                 "_request", "_taken", "_upgrade", "answered", "id", "open", "out", "refused", "served", "share", "read_gate",
                 "user")

    def __init__(self, connection: OriginH2Port[H2Stream], user: OriginUser, served: int) -> None:
        self.user: OriginUser | None = user
        #: Whose place it has, where the application may have few.
        self.share: bytes | None = None
        #: 0 until the request is sent.
        self.id = 0
        self.open = True
        self.served = served
        self.answered = False
        #: Has the application said that it has not looked at the request?
        self.refused = False
        self.out = self
        self.read_gate = ReadGate(self)
        self._connection = connection
        self._request: Request | None = None
        self._raw: StreamUser | None = None
        self._upgrade: bytes | None = None
        #: Have we ended our direction?
        self._ended = False
        #: What has come in one read, and the pieces of body at its end.
        self._events: list[Event] = []
        self._pieces: list[bytes] = []
        #: Bytes that came while nobody could take more: the windows stay closed for them.
        self._taken = 0
        self._interims = 0
        self._producer: IPushProducer | None = None
        self._producer_paused = False

    # What the user of the stream does.

    def carry(self, request: Request, target: Target, upload: RequestBody | None) -> None:
        """Send the request, and its body so far. Raises RequestError."""
        if self._connection.refuses_credentials and has_credentials(request.block):
            raise RequestError(Code.CONNECTION_AUTHENTICATION, "NTLM and Negotiate need protocol=http1")
        upgrade = request.upgrade
        if upgrade is not None and (upload is not None or upgrade.lower() not in target.upgrades):
            upgrade = None  # an extended CONNECT (RFC 8441) has no body: it goes on as an ordinary request
        if upgrade is not None and not self._connection.offers_upgrades:
            raise RequestError(Code.UPGRADE_REFUSED, "the application offers no WebSockets over HTTP/2 (RFC 8441)")
        headers = request_headers(
            request.method, request.target, request.authority if target.keep_host else target.authority,
            target.address.scheme.encode("ascii"), request.block,
            length=request.length if upload is not None or request.body else 0, upgrade=upgrade)
        self._request, self._upgrade = request, upgrade
        waiting = b"" if upload is None else upload.flow_to(self)
        self._ended = upload is None and upgrade is None and not request.body
        self.id = self._connection.begin(self, headers, self._ended)
        if upload is not None:
            if waiting:
                self.write(waiting)
            if upload.over:
                self.end_body(upload.trailers)
        elif request.body:
            self.write(request.body)
            self.end_body(b"")

    def reserve(self, user: OriginUser) -> None:
        """Streams are nobody's."""

    def write(self, data: bytes) -> None:
        """More of the body, or of the upgraded stream."""
        if not self.open or self._ended or not self.id:
            return
        self._connection.send(self, data)
        self._pause_if_full()

    def end_body(self, trailers: bytes) -> None:
        """The body is complete."""
        if self.open and not self._ended and self.id:
            self._ended = True
            self._connection.end(self, trailers)

    def become_raw(self, user: StreamUser) -> None:
        """The upgrade was accepted: what comes from now on is the stream's."""
        self.user = None
        self._raw = user

    def close_write(self) -> None:
        """End our direction of the upgraded stream."""
        self.end_body(b"")

    def release(self, reusable: bool) -> None:
        """The answer is complete. The connection stays."""
        self.user = self._raw = None
        if self.open and not self._ended:
            self.abort()

    def abort(self) -> None:
        """Nobody wants the answer: the stream ends, the connection stays."""
        self.user = self._raw = None
        if self.open:
            self.open = False
            self._producer = None
            self._acknowledge()
            self._connection.reset(self, _CANCEL)

    # What its connection says.

    def heard(self, event: object) -> None:
        """An event of this stream; `deliver` follows at the end of the read."""
        if isinstance(event, h2.DataReceived):
            self._take(event)
        elif isinstance(event, h2.ResponseReceived):
            self._take_head(event)
        elif isinstance(event, h2.InformationalResponseReceived):
            self._interims += 1
            if self._interims > _MOST_INTERIMS:
                raise RequestError(Code.ORIGIN_MALFORMED, f"more than {_MOST_INTERIMS} interim answers")
            self._events.append(read_interim(event.headers))
        elif isinstance(event, h2.TrailersReceived):
            self._join()
            self._events.append(End(read_trailers(event.headers), True))

    def _take(self, event: h2.DataReceived) -> None:
        if event.data:
            self._pieces.append(event.data)
            self._taken += len(event.data)
        if event.end_stream:
            self._join()
            self._events.append(End(b"", True))

    def _take_head(self, event: h2.ResponseReceived) -> None:
        request = self._request
        assert request is not None  # there is no answer without
        if self._upgrade is not None and event.headers[0][1][:1] == b"2" and not event.end_stream:
            self._events.append(read_switch(event.headers, self._upgrade, request.block))
            return
        self._events.append(read_head(event.headers, request.method, event.end_stream))
        if event.end_stream:
            self._events.append(End(b"", True))

    def _join(self) -> None:
        if self._pieces:
            self._events.append(BodyPiece(b"".join(self._pieces)))
            self._pieces.clear()

    def deliver(self) -> None:
        """Hand over what this read brought."""
        self._join()
        events, self._events = self._events, []
        if events:
            self.answered = True
            if self._raw is not None:
                self._deliver_raw(self._raw, events)
            elif self.user is not None:
                self.user.answer_received(events)
                if self._raw is not None and type(events[-1]) is End:
                    self._raw.raw_ended()
        self._acknowledge()

    def _deliver_raw(self, user: StreamUser, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, BodyPiece):
                user.raw_received(event.data)
            elif isinstance(event, End):
                user.raw_ended()

    def refuse(self) -> None:
        """Nothing of its request has left, so another may carry it."""
        self.refused = True

    def lost(self, error: RequestError) -> None:
        """The stream is no more."""
        self.open = False
        self._producer = None
        self.read_gate.close()
        self._acknowledge()
        user, self.user = self.user or self._raw, None
        self._raw = None
        if user is not None:
            user.origin_lost(error)

    def closed(self, code: int, local: NGH2Error | None) -> None:
        """The stream has ended, in order or not."""
        self.refused = code == _REFUSED and not self.answered
        if self.refused:
            self.lost(RequestError(Code.ORIGIN_CLOSED, "the application refused the stream"))
        elif local is not None:
            self.lost(RequestError(Code.ORIGIN_MALFORMED, str(local)))
        else:
            reason = f"the application reset the stream ({code})"
            self.lost(RequestError(Code.ORIGIN_TRUNCATED if self.answered else Code.ORIGIN_CLOSED, reason))

    # Both directions' flow.

    @property
    def _waiting(self) -> int:
        return self._connection.waiting(self)

    def drained(self) -> bool:
        """The session has sent something: is there room for more of the body? Then its sender goes on."""
        if self._producer_paused and self._waiting <= MOST_WAITING // 2:
            self._producer_paused = False
            if self._producer is not None:
                self._producer.resumeProducing()
        return not self._producer_paused

    def _acknowledge(self) -> None:
        if self._taken and (not self.read_gate.held or not self.open):
            taken, self._taken = self._taken, 0
            self._connection.acknowledge(self, taken)

    def pauseProducing(self) -> None:
        """Called by the tap: the user is slow. What is under way still comes, and no more than the window."""

    def resumeProducing(self) -> None:
        """Called by the tap: the user takes more."""
        self._acknowledge()

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """Who sends the body is paused while the application is slow."""
        self._producer = producer
        self._producer_paused = False
        self._pause_if_full()

    def _pause_if_full(self) -> None:
        if self._producer is not None and not self._producer_paused and self._waiting > MOST_WAITING:
            self._producer_paused = True
            self._producer.pauseProducing()
            self._connection.await_room(self)

    def unregisterProducer(self) -> None:
        """Nothing more of the body comes."""
        self._producer = None
        self._producer_paused = False
