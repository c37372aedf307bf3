"""One request's life on the connector, from its REQ to its one final frame.

The path of a small GET makes no Deferred and attaches nothing: REQ, a kept connection to the application, one write,
one read, RSP. All else (bodies, long answers, upgrades, retries) hangs off it.
"""

from __future__ import annotations

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.origin.h1.repeat import may_repeat
from appproxy.connector.origin.h1.request_head import share_of
from appproxy.connector.origin.origin_stream import GivesWay, OriginAttempt, OriginStream
from appproxy.connector.requests.answer import AnswerStream
from appproxy.connector.requests.inline_answer import answer_in_line
from appproxy.connector.requests.live_request import LiveRequest, RequestTable
from appproxy.connector.requests.origin_timeout import TIMEOUT_MARGIN, is_excused, why_late
from appproxy.connector.requests.upgraded_stream import UpgradedStream
from appproxy.connector.requests.upload import Framing, OriginUpload, framing
from appproxy.connector.tunnel.attachment import DataAttachment, look_at
from appproxy.connector.tunnel.signal import SignalConnection
from appproxy.errors import Code, LocalProtocolError, RequestError
from appproxy.http.connection_authentication import Leg, has_challenge, leg_of
from appproxy.http.h1.client import BodyPiece, End, Head, Interim
from appproxy.http.h1.client import Event as AnswerEvent
from appproxy.net.read_gate import HoldReason
from appproxy.tunnel.connections.silence import is_endless, silence_of
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Flag, Kind, encode
from appproxy.tunnel.life.origin import BORN, LIFE, STATE, Action, Event
from appproxy.tunnel.messages import Request, encode_response
from appproxy.tunnel.shares import Held

_BODY, _UPGRADE, _IDEMPOTENT = int(Flag.BODY), int(Flag.UPGRADE), int(Flag.IDEMPOTENT)
_FORWARD, _ANSWERED = int(Event.FORWARD), int(Event.ANSWERED)
_ORIGIN, _CANCELLED = int(State.ORIGIN), int(State.CANCELLED)
_INFO = int(Kind.INFO)


class OriginRequest(LiveRequest):
    """One request. It is the user of its connection to the application, and the owner of its body and answer."""

    __slots__ = ("_sent", "connection", "dialling", "flags", "must_challenge", "route", "silence", "streaming", "switching",
                 "tries")

    def __init__(self, table: RequestTable, channel: SignalConnection, flags: int, request_id: int, request: Request,
                 now: float) -> None:
        self.table = table
        self.channel = channel
        self.flags = flags
        self.id = request_id
        self.request = request
        self.started = now
        #: Seconds that the application may be silent.
        self.silence = request.timeout + TIMEOUT_MARGIN
        self.deadline = now + self.silence
        self.life = BORN
        self.route: OriginRoute | None = None
        self.connection: OriginStream | None = None
        self.dialling: OriginAttempt | None = None
        self.attachment: DataAttachment | None = None
        self.upload: OriginUpload | None = None
        self.answer: AnswerStream | None = None
        self.tries = 1
        #: It was sent on a connection that the application had authenticated, and is sent once more on another.
        self.must_challenge = False
        #: Its answer is endless, and has a place among the streams.
        self.streaming = False
        #: 101 and all that came with it, while the service has not said yet that the body is complete.
        self.switching: tuple[Head, list[AnswerEvent]] | None = None
        self.status = 0
        self._sent = 0
        self.code: Code | None = None
        self.detail = ""

    # To the application.

    @property
    def owner(self) -> bytes:
        """Whom a connection that the application authenticates may belong to."""
        return self.request.owner

    @property
    def share(self) -> bytes:
        """Whom fair shares are counted for."""
        return share_of(self.request)

    def look(self, now: float) -> Held[GivesWay]:
        """How it uses its connection to the application."""
        used = self.attachment
        if used is None:
            return Held(self.share, self, False, 0.0, now - self.started)
        held: Held[GivesWay] = look_at(used, self, now)
        held.key = self.share  # of a request that names nobody, the attachment has a share of its own
        return held

    @property
    def leg(self) -> Leg:
        """What of a handshake that authenticates the connection it carries."""
        return leg_of(self.request.block)

    def start(self, route: OriginRoute) -> None:
        """The application is known: ask for the body, if there is one, and connect."""
        self.route = route
        request = self.request
        if self.flags & _BODY:
            self._prepare(request, framing(route.target.address.protocol, request.length))
        else:
            self.life, _ = LIFE[self.life | _FORWARD]
        repeatable = bool(self.flags & _IDEMPOTENT) and self.upload is None
        connection = route.origin.take(self, repeatable, self.started)
        if connection is not None:
            self.origin_ready(connection)
        else:
            self._dial(route)

    def _prepare(self, request: Request, how: Framing) -> None:
        """There is a body: have it attached."""
        self._follow(Event.NEED_BODY)
        self.upload = OriginUpload(self, how, request.length or 0, request.length is not None)
        if self.flags & _UPGRADE:
            # The stream needs a connection whose two directions are both its own.
            self._attach(self.upload, None)
        else:
            self.answer = AnswerStream(self)
            self._attach(self.upload, self.answer)

    @property
    def waits_at_gate(self) -> bool:
        """Must the application hear nothing yet?"""
        return self.upload is not None and not self.upload.handed_over

    def _attach(self, upload: OriginUpload | None, answer: AnswerStream | None) -> None:
        """Mostly for the answer too: a second data connection for it would cost more than what it saves."""
        attachment = self.attachment = DataAttachment(self, self.id, upload, answer, self.share, self.streaming)
        if upload is not None:
            upload.use(attachment)
        if answer is not None:
            answer.use(attachment)
        self.table.pool.attach(attachment)

    def _dial(self, route: OriginRoute) -> None:
        dialling = route.origin.dial(self, route.target.connect_timeout, self.request.timeout)
        if self.connection is None and self.life & STATE < _CANCELLED:
            self.dialling = dialling

    def origin_ready(self, connection: OriginStream) -> None:
        """There is a connection to the application; the request goes there unless it waits at the gate."""
        self.dialling = None
        self.connection = connection
        if self.upload is not None and self.waits_at_gate:
            connection.reserve(self)
        else:
            self._send_request()

    def _send_request(self) -> None:
        try:
            if self.connection is not None:
                self._carry(self.connection, self.request)
        except RequestError as error:
            self.fail(error.code, error.detail)

    def _carry(self, connection: OriginStream, request: Request) -> None:
        route = self.route
        assert route is not None  # set by start, before any connection
        connection.carry(request, route.target, self.upload)

    def origin_failed(self, error: RequestError) -> None:
        """The application cannot be reached; where that is our fault, and nothing was given to it yet, another may try."""
        self.dialling = None
        if error.code is Code.CONNECTOR_BUSY and self.tries == 1 and self.upload is None:
            self.reject(error.code, error.detail)
        else:
            self.fail(error.code, error.detail)

    def would_repeat(self, origin_stream: OriginStream) -> bool:
        """Is it sent once more should this one, which it uses, be lost now?"""
        return (self.answer is None or not self.answer.begun) and may_repeat(
            origin_stream, self.upload, bool(self.flags & _IDEMPOTENT), self.tries, unwritten=self.waits_at_gate)

    def origin_lost(self, error: RequestError) -> None:
        """The application closed before its answer was complete."""
        connection, self.connection = self.connection, None
        route = self.route
        if connection is not None and route is not None and self.would_repeat(connection):
            self.tries += 1
            self.must_challenge = connection.authenticated and self.leg is Leg.NONE
            if self.upload is not None:
                self.upload.rewind()
            self._dial(route)
        else:
            self._end(Event.BROKEN, error.code, error.detail)

    # From the application.

    def answer_received(self, events: list[AnswerEvent]) -> None:
        """Parts of the answer, as they came in one read."""
        if self.switching is not None:
            self.switching[1].extend(events)
            return
        if self.must_challenge and not self._is_challenged(events):
            self._end(Event.BROKEN, Code.ORIGIN_CLOSED, "the connection that the application had authenticated has ended")
            return
        try:
            self._take_answer(events)
        except LocalProtocolError as error:
            # The tunnel is a little stricter about fields than the reader of answers.
            self._end(Event.BROKEN, error.code, str(error))

    def _is_challenged(self, events: list[AnswerEvent]) -> bool:
        """Does the application ask who it is? Else the answer would be another than the user's connection deserves."""
        head = next((event for event in events if type(event) is Head), None)
        self.must_challenge = head is None
        return head is None or (head.status == 401 and has_challenge(head.block))

    def _take_answer(self, events: list[AnswerEvent]) -> None:
        answer = self.answer
        if (answer is None or not answer.begun) and type(events[-1]) is End and answer_in_line(self, events):
            return
        for event in events:
            kind = type(event)
            if kind is Head and event.upgraded:  # type: ignore[union-attr]
                self._switch(event, events)  # type: ignore[arg-type]
                return
            if kind is BodyPiece:
                self.answer.body(event.data)  # type: ignore[union-attr]  # the head comes first
            elif kind is Head:
                self._begin_answer(event)  # type: ignore[arg-type]
            elif kind is Interim:
                self.inform(event)  # type: ignore[arg-type]
            else:
                self._end_answer(event)  # type: ignore[arg-type]
            if self.life & STATE >= _CANCELLED:
                return
        answer = self.answer
        if answer is not None and answer.begun:
            self._extend()
            if self.attachment is None:
                self._attach(None, answer)
            else:
                answer.flush()

    def inform(self, event: Interim) -> None:
        """Pass an interim answer on: on the attached connection, else where the request came from."""
        self._follow(Event.INFORMED)
        if event.status == 100 or (self.answer is not None and self.answer.inform(event.status, event.block)):
            # 100 Continue is between the application and us: the service has sent its own when ATTACH came.
            return
        channel = self.table.channel_for(self)
        if channel is not None:
            channel.send(encode(_INFO, self.id, encode_response(event.status, event.block)))

    def _begin_answer(self, head: Head) -> None:
        """The answer is long, or not yet complete: its head leaves at once."""
        connection, route = self.connection, self.route
        assert connection is not None and route is not None  # it is what calls us
        self.silence = silence_of(head.block, route.target.upgrade_idle_timeout)
        encode_response(head.status, head.block)  # refused here, and not when a data connection comes at last
        if is_endless(head.block):
            refusal = self.table.begin_stream(self)
            if refusal is not None:
                self.fail(refusal)
                return
            self.streaming = True
        self._follow(Event.HEADED)
        self.status = head.status
        if self.answer is None:
            self.answer = AnswerStream(self)
        self.answer.begin(connection, head.status, head.block)

    def _end_answer(self, end: End) -> None:
        answer = self.answer
        assert answer is not None  # the head comes first
        answer.end(end.trailers)
        self._follow(Event.COMPLETE)
        upload = self.upload
        whole = upload is None or upload.sent_whole
        self.give_back(end.keep_alive and whole)
        if upload is not None:
            answer.flush()
            if not whole:
                upload.stop()

    def give_back(self, reusable: bool) -> None:
        """Nothing more comes from the application. `reusable`: its connection may have another request."""
        connection, self.connection = self.connection, None
        if connection is not None:
            upload = self.upload
            if upload is not None and not upload.sent_whole:
                connection.abort()
                return
            if upload is not None:
                upload.leave_origin()
            connection.release(reusable)

    def _switch(self, head: Head, events: list[AnswerEvent]) -> None:
        """The application speaks another protocol from here on: a stream takes this request's place."""
        connection, route = self.connection, self.route
        assert connection is not None and route is not None  # it is what calls us
        if self.upload is not None and not self.upload.over:
            if self.upload.sent_whole:
                # The application counts the body's bytes, and its answer to the last one may overtake END. The stream is
                # attached once the body's data connection is free (`attachment_over`); nothing is read before.
                self.switching = head, events
                connection.read_gate.hold(HoldReason.BACKLOG)
                return
            # RFC 9110 section 7.8: the new protocol begins after the request. Nobody could tell its bytes from the body's.
            self.fail(Code.ORIGIN_MALFORMED, "101 before the request was complete")
            return
        refusal = self.table.begin_stream(self)
        if refusal is not None:
            self.fail(refusal)
            return
        stream = UpgradedStream(self, connection, head.block, route.target.upgrade_idle_timeout)
        self.table.upgraded(self, stream)
        stream.start(b"".join([event.data for event in events if isinstance(event, BodyPiece)]))

    # The body.

    def gate_opened(self) -> None:
        """The service has begun to hand over the body."""
        self._follow(Event.HANDED_OVER)

    def upload_moved(self) -> None:
        """The application's time starts again with each piece of the body."""
        if self.life & STATE == _ORIGIN:
            self._extend()

    def upload_over(self) -> None:
        """The body is complete, or has stopped as we asked."""

    # Ends.

    @property
    def sent(self) -> int:
        """Bytes of the answer's body."""
        return self._sent if self.answer is None else self._sent or self.answer.sent

    def went_in_line(self, status: int, sent: int) -> None:
        """The whole answer has been sent in one frame."""
        self.status, self._sent = status, sent
        self.life, _ = LIFE[self.life | _ANSWERED]
        self.finish()

    def deadline_passed(self, now: float) -> None:
        """The application has been silent for too long, unless it was not its turn."""
        if is_excused(self.connection, self.upload, self.attachment):
            self._follow(Event.DEADLINE_EXCUSED)
            return
        self._end(Event.DEADLINE, Code.ORIGIN_TIMEOUT, why_late(self.route, self.request))

    def reject(self, code: Code, text: str = "") -> None:
        """Not processed: another connector may have it."""
        self._end(Event.REJECTED, code, text)

    def fail(self, code: Code, text: str = "") -> None:
        """It may have been processed, and there will be no answer."""
        self._end(Event.FAILED, code, text)

    def give_way(self) -> None:
        """Others need its data connection."""
        if self.attachment is not None and self.attachment.gives_way_since is None:
            self.attachment.gives_way_since = self.table.seconds()
        self._end(Event.GAVE_WAY, Code.GAVE_WAY)

    def attachment_failed(self, attachment: DataAttachment, code: Code) -> None:
        """No data connection, or no more."""
        if attachment is self.attachment:
            self._end(Event.DATA_FAILED, code)

    def attachment_over(self, attachment: DataAttachment) -> None:
        """Both directions of a data connection are over, and the service knows of it."""
        if attachment.answer is None:  # the body alone came there
            self.attachment = None
            self._follow(Event.BODY_OVER)
        else:
            self._follow(Event.DATA_OVER)

    def _resume_switch(self) -> None:
        if self.switching is not None:
            self._switch(*self.switching)

    def _drop_origin(self) -> None:
        dialling, self.dialling = self.dialling, None
        if dialling is not None:
            dialling.cancel()
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.abort()

    def _extend(self) -> None:
        """Something moved."""
        self.deadline = self.table.seconds() + self.silence


OriginRequest.actions = LiveRequest.actions | {
    Action.EXTEND: OriginRequest._extend,
    Action.SEND: OriginRequest._send_request,
    Action.ATTACH_ANSWER: lambda request: request._attach(None, request.answer),
    Action.RESUME_SWITCH: OriginRequest._resume_switch,
}
