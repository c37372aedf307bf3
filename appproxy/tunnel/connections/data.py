"""A data connection: one body, answer or upgraded stream at a time."""

from __future__ import annotations

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.connections.data_heartbeat import DataHeartbeat
from appproxy.tunnel.connections.signal import Role
from appproxy.tunnel.connections.stream_directions import (
    ANSWER_WAY,
    BODY_WAY,
    OF_CONNECTION,
    RECEIVABLE,
    Attachment,
    StreamDirection,
    check_content,
)
from appproxy.tunnel.frames import HEADER, Frame, FrameReader, Kind, body_frames, data_limits, encode
from appproxy.tunnel.json_heads.handshake import Goodbye, decode_attach, decode_error, encode_attach, encode_error
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import check_trailers, decode_code, encode_code, encode_response

_BODY = int(Kind.BODY)
_OPEN = int(StreamDirection.OPEN)
_WITH_TAIL = frozenset({Kind.BODY, Kind.END})
_pack = HEADER.pack


class DataSession:
    """Either end of a data connection.

    Give it what arrives and the time, write what the verbs and `take_output` return. The verbs act on the current
    request and raise LocalProtocolError when that direction is over, or in the wrong state; `abort` and `stop` return
    nothing to write when there is nothing left to break off.

    The peer's STOP is answered by ABORT here, through `take_output`; the owner is told by the frame, after which its
    direction is over. After our own STOP what the peer still sends is discarded.

    Set `reading` to False while the transport is paused: the peer's silence then proves nothing.
    """

    __slots__ = ("_abort_owed", "_attachment", "_closed", "_empty", "_heartbeat", "_interims", "_limits", "_reader",
                 "_receivable", "_receives", "_receiving", "_sending", "_sends", "current", "reading", "role")

    def __init__(self, role: Role, now: float, limits: TunnelLimits = DEFAULT_LIMITS, *, jitter: float = 0.5) -> None:
        """`jitter`: as in `DataHeartbeat`."""
        self.role = role
        #: The attached request's id; 0 when idle.
        self.current = 0
        self.reading = True
        self._limits = limits
        self._reader = FrameReader(data_limits(limits), pass_through=Kind.BODY)
        self._heartbeat = DataHeartbeat(limits, now, jitter)
        self._attachment = Attachment.IDLE
        self._sending = StreamDirection.OVER
        self._receiving = StreamDirection.OVER
        self._sends = BODY_WAY if role is Role.SERVICE else ANSWER_WAY
        self._receives = ANSWER_WAY if role is Role.SERVICE else BODY_WAY
        self._receivable = RECEIVABLE[role]
        # A STOP came before ATTACHED was said: ABORT is owed.
        self._abort_owed: Code | None = None
        self._empty = 0
        self._interims = 0
        self._closed = False

    @property
    def idle(self) -> bool:
        """No request is attached, or both directions of the last one are over."""
        return self._attachment is Attachment.IDLE

    @property
    def sending_over(self) -> bool:
        """Nothing more may be sent of the current request."""
        return self._sending is StreamDirection.OVER

    @property
    def receiving_over(self) -> bool:
        """Nothing more will come of the current request."""
        return self._receiving is StreamDirection.OVER

    @property
    def held(self) -> int:
        """Bytes that wait for those that follow them."""
        return self._reader.held

    def receive(self, data: bytes, now: float) -> list[Frame]:
        """The frames for the owner, those of other requests than the current one left out. BODY comes in pieces.

        Raises RemoteProtocolError.
        """
        if self._closed:
            return []
        if data:
            self._heartbeat.now = self._heartbeat.heard = now
        frames: list[Frame] = []
        for frame in self._reader.receive(data):
            if frame[0] == _BODY and self._receiving == _OPEN and frame[2] == self.current and frame[4]:
                self._empty = 0
                frames.append(frame)
            elif self._take(frame, now):
                frames.append(frame)
        return frames

    def piece(self, data: bytes, now: float) -> bytes:
        """The piece of a body, or of a stream, that `data` is and nothing else; b"" if it is anything else.

        Then it is for `receive`, which does the same for all that can come, at several times the cost.
        """
        if self._receiving != _OPEN or self._closed:
            return b""
        piece = self._reader.whole(data, self.current)
        if piece:
            self._heartbeat.now = self._heartbeat.heard = now
            self._empty = 0
        return piece

    def _take(self, frame: Frame, now: float) -> bool:
        """Follow one frame; whether the owner is to see it."""
        kind, flags, request_id, head, tail = frame
        if self._closed:
            return False
        if kind in OF_CONNECTION:
            return self._take_own(frame, now)
        if kind not in self._receivable or not request_id:
            raise RemoteProtocolError(f"{Kind(kind).name} with id {request_id} is not for a {self.role.name}")
        if kind == _BODY:
            self._count_empty(tail)
        if kind == Kind.ATTACH:
            self._take_attach(request_id, head, flags)
            return True
        if request_id != self.current:
            return False
        return self._take_current(kind, head, tail)

    def _take_own(self, frame: Frame, now: float) -> bool:
        """A frame of the connection itself."""
        kind = frame[0]
        if kind == Kind.PING:
            self._heartbeat.answer(frame, b"", now)
        elif kind == Kind.PONG:
            self._heartbeat.answered(frame)
        elif frame[2] or frame[4]:
            raise RemoteProtocolError("ERROR with a request id or a tail")
        else:
            decode_error(frame[3])
            self._closed = True
        return kind == Kind.ERROR

    def _count_empty(self, tail: bytes) -> None:
        self._empty = 0 if tail else self._empty + 1
        if self._empty > self._limits.empty_bodies:
            raise RemoteProtocolError("too many empty BODY frames", Code.OVERLOADED)

    def _take_attach(self, request_id: int, head: bytes, flags: int) -> None:
        if self._answer_may_be_elsewhere:
            self._become_idle()  # its RSP is on its way on a signal connection, and this has overtaken it
        if self._attachment is not Attachment.IDLE:
            raise RemoteProtocolError(f"ATTACH while request {self.current} is attached")
        # Its limit is the head alone, so a tail leaves no room for an epoch.
        wanted = decode_attach(head, flags)
        self._begin(request_id, sending=wanted.want_body, receiving=wanted.want_response)

    def _take_current(self, kind: int, head: bytes, tail: bytes) -> bool:
        """A frame of the current request."""
        if tail and kind not in _WITH_TAIL:
            raise RemoteProtocolError(f"{Kind(kind).name} with a tail")
        if kind in (Kind.ATTACHED, Kind.DETACH):
            self._take_reply(kind, head)
            return True
        if self._attachment is Attachment.ASKED and self.role is Role.CONNECTOR:
            raise RemoteProtocolError(f"{Kind(kind).name} before ATTACHED")
        if kind == Kind.STOP:
            return self._take_stop(head)
        return self._follow(kind, head, tail)

    def _take_reply(self, kind: int, head: bytes) -> None:
        if self._attachment is not Attachment.ASKED:
            raise RemoteProtocolError(f"{Kind(kind).name} to no ATTACH")
        if kind == Kind.DETACH:
            decode_code(head)
            self._become_idle()
        else:
            self._attachment = Attachment.ATTACHED
            self._settle()

    def _take_stop(self, head: bytes) -> bool:
        code, _ = decode_code(head)
        if self._sending is StreamDirection.OVER:
            return False
        self._sending = StreamDirection.OVER
        if self._attachment is Attachment.ASKED:
            self._abort_owed = code
        else:
            self._heartbeat.queue(encode(Kind.ABORT, self.current, encode_code(code)))
            self._settle()
        return True

    def _follow(self, kind: int, head: bytes, tail: bytes) -> bool:
        """A frame of the direction that is received."""
        before = self._receiving
        after = self._receives[before].get(kind)
        if after is None:
            raise RemoteProtocolError(f"{Kind(kind).name} when that direction is {before.name}")
        if kind == _BODY and not tail:
            return False
        check_content(kind, head, tail)
        if kind == Kind.INFO:
            self._interims += 1
            if self._interims > self._limits.interims:
                raise RemoteProtocolError("too many interim answers", Code.OVERLOADED)
        self._receiving = after
        self._settle()
        return after is not StreamDirection.STOPPED

    def attach(self, request_id: int, epoch: bytes, want_body: bool, want_response: bool) -> bytes:
        """[connector] Ask for a request's body, its answer's way, or both."""
        if self.role is not Role.CONNECTOR or self._attachment is not Attachment.IDLE:
            raise LocalProtocolError(f"ATTACH by a {self.role.name} while {self._attachment.name}")
        if not (request_id and (want_body or want_response)):
            raise LocalProtocolError("ATTACH without a request id, or wanting nothing")
        flags = want_body | want_response << 1
        data = encode(Kind.ATTACH, request_id, encode_attach(epoch), b"", flags)
        self._begin(request_id, sending=want_response, receiving=want_body)
        return data

    def attached(self, request_id: int) -> bytes:
        """[service] Agree to ATTACH."""
        self._need_asked(request_id)
        self._attachment = Attachment.ATTACHED
        data = encode(Kind.ATTACHED, request_id)
        if self._abort_owed is not None:
            data += encode(Kind.ABORT, request_id, encode_code(self._abort_owed))
        self._settle()
        return data

    def detach(self, request_id: int, code: Code) -> bytes:
        """[service] Refuse ATTACH; the connection is idle again."""
        self._need_asked(request_id)
        self._become_idle()
        return encode(Kind.DETACH, request_id, encode_code(code))

    def _need_asked(self, request_id: int) -> None:
        if self.role is not Role.SERVICE or self._attachment is not Attachment.ASKED or request_id != self.current:
            raise LocalProtocolError(f"request {request_id} did not ask to be attached")

    def head(self, status: int, block: bytes) -> bytes:
        """[connector] The final head."""
        head = encode_response(status, block)
        return encode(Kind.HEAD, self._send(Kind.HEAD), head)

    def info(self, status: int, block: bytes) -> bytes:
        """[connector] An interim answer."""
        head = encode_response(status, block)
        return encode(Kind.INFO, self._send(Kind.INFO), head)

    def body(self, data: bytes) -> bytes:
        """A piece of the body; in several frames when longer than 64 KiB. Nothing for nothing."""
        if not data:
            return b""
        # As in `_send`: what is open stays open, and was not before ATTACH was answered.
        request_id = self.current if self._sending == _OPEN else self._send(Kind.BODY)
        length = len(data)
        if length <= self._limits.chunk:
            return _pack(length, _BODY, 0, 0, request_id) + data
        return b"".join(body_frames(request_id, data, self._limits.chunk))

    def body_frames(self, data: bytes) -> list[bytes]:
        """The same for writeSequence: header, data, header, data ... without copying up to 64 KiB."""
        if not data:
            return []
        return body_frames(self._send(Kind.BODY), data, self._limits.chunk)

    def end(self, trailers: bytes = b"") -> bytes:
        """This direction is complete; of an upgraded stream: half-closed."""
        check_trailers(trailers)
        request_id = self._send(Kind.END)
        self._settle()
        return encode(Kind.END, request_id, b"", trailers)

    def abort(self, code: Code, text: str = "") -> bytes:
        """This direction is broken; `text` says why, for logs. Nothing when it is over already, or while ATTACH is not
        answered.
        """
        if self._sending is StreamDirection.OVER or self._unanswered:
            return b""
        request_id = self._send(Kind.ABORT)
        self._settle()
        return encode(Kind.ABORT, request_id, encode_code(code, text))

    def stop(self, code: Code) -> bytes:
        """No more of the other direction will be read. Nothing when it is over or stopped already, or as in `abort`."""
        if self._receiving in (StreamDirection.OVER, StreamDirection.STOPPED) or self._unanswered:
            return b""
        self._receiving = StreamDirection.STOPPED
        self._heartbeat.stop_reply.ask()
        return encode(Kind.STOP, self.current, encode_code(code))

    def answered_in_line(self) -> None:
        """The whole answer went, or came, as RSP on a signal connection: none of it passes here.

        The connector may say so once the body is over and while nothing of the answer was sent; for the service it does
        nothing when another request is attached already.
        """
        if self.role is Role.CONNECTOR:
            if self._attachment is not Attachment.ATTACHED or self._sending is not StreamDirection.WAITING or self._receiving:
                raise LocalProtocolError("RSP while the body or the answer is under way on a data connection")
            self._become_idle()
        elif self._answer_may_be_elsewhere:
            self._become_idle()

    @property
    def _answer_may_be_elsewhere(self) -> bool:
        """For the service: the body is over, and not one frame of the answer has come here."""
        return (
            self._attachment is Attachment.ATTACHED and self._sending is StreamDirection.OVER and self.role is Role.SERVICE
            and self._receiving in (StreamDirection.WAITING, StreamDirection.STOPPED))

    def go(self) -> bytes:
        """[service] No body byte has come yet; the application may be told of the request all the same."""
        return encode(Kind.GO, self._send(Kind.GO))

    def goodbye(self, g: Goodbye) -> bytes:
        """The connection is to end, for a reason that the peer should know; close it when this is written."""
        self._closed = True
        return encode(Kind.ERROR, 0, encode_error(g))

    def _send(self, kind: Kind) -> int:
        """Advance our direction; the id to write."""
        after = self._sends[self._sending].get(kind)
        if after is None:
            raise LocalProtocolError(f"{kind.name} when that direction is {self._sending.name}")
        if self._unanswered:
            raise LocalProtocolError("ATTACH is to be answered first")
        self._sending = after
        return self.current

    @property
    def _unanswered(self) -> bool:
        """For the service: ATTACH waits for `attached` or `detach`. A connector may send at once, and keeps a copy.

        A new ATTACH may come in one read with the end of the last request, which its owner has not seen yet: what that
        owner still breaks off is over, and must not hit the new request.
        """
        return self._attachment is Attachment.ASKED and self.role is Role.SERVICE

    def _begin(self, request_id: int, *, sending: bool, receiving: bool) -> None:
        self._attachment = Attachment.ASKED
        self.current = request_id
        self._sending = StreamDirection.WAITING if sending else StreamDirection.OVER
        self._receiving = StreamDirection.WAITING if receiving else StreamDirection.OVER
        self._abort_owed = None
        self._interims = 0
        self._heartbeat.attach_reply.ask()

    def _settle(self) -> None:
        """Both ways over: idle again."""
        over = self._sending is StreamDirection.OVER and self._receiving is StreamDirection.OVER
        if over and self._attachment is Attachment.ATTACHED:
            self._become_idle()

    def _become_idle(self) -> None:
        self._attachment = Attachment.IDLE
        self._sending = self._receiving = StreamDirection.OVER
        self.current = 0

    def ask(self) -> bytes:
        """A PING by which this end finds out whether the peer has read all that was written (`caught_up`)."""
        return self._heartbeat.ping()

    @property
    def caught_up(self) -> bool:
        """Has the peer read all that was written before the last PING?"""
        return self._heartbeat.caught_up

    @property
    def heard(self) -> float:
        """When the last bytes came."""
        return self._heartbeat.heard

    def tick(self, now: float) -> None:
        """PING after silence while attached. Raises RemoteProtocolError (DEAD_PEER): silence, or a STOP or ATTACH that
        stays without its answer.
        """
        self._heartbeat.now = now
        if not (self.idle or self._closed) and self._heartbeat.is_dead(
            now, asked=self._attachment is Attachment.ASKED, stopped=self._receiving is StreamDirection.STOPPED,
            reading=self.reading,
        ):
            raise RemoteProtocolError(f"no sign of life, or no answer, on request {self.current}", Code.DEAD_PEER)

    def next_tick(self) -> float:
        """When `tick` is to be called next: infinite when never, in the past when at once (to start a deadline)."""
        if self.idle or self._closed:
            return float("inf")
        return self._heartbeat.next_tick(
            asked=self._attachment is Attachment.ASKED, reading=self.reading,
            stopped=self._receiving is StreamDirection.STOPPED)

    def take_output(self) -> bytes:
        """PINGs, PONGs and owed ABORTs to write, once."""
        return self._heartbeat.take_output()
