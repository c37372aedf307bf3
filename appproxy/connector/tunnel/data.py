"""A data connection, as the connector dials it: one body, one answer, or one upgraded stream at a time."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.connector.transport import transport_of
from appproxy.connector.tunnel.attachment import BodyTaker, DataAttachment
from appproxy.errors import Code, ProtocolError
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.net.secure.sockets import keep_alive, through
from appproxy.net.secure.tls import set_buffers
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role
from appproxy.tunnel.frames import Frame, Kind
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import decode_code, decode_error
from appproxy.tunnel.token_bucket import TokenBucket

DATA_ALPN = b"appproxy-data/1"
#: From TCP to the end of the handshake.
HANDSHAKE_SECONDS = 10.0
#: Questions at once whether the service has read all: some less than the PINGs that it takes.
QUESTIONS = DEFAULT_LIMITS.data_ping_burst - 100
#: Silence after which the service is gone although a user may just be slow: the service sends PINGs meanwhile.
SILENCE_SECONDS = DEFAULT_LIMITS.data_dead_after


class DataPool(Protocol):
    """Where data connections belong."""

    epoch: bytes
    #: PINGs a second that the service takes on a data connection.
    pings: int

    def data_ready(self, connection: DataConnection) -> None:
        """The handshake is over."""

    def data_idle(self, connection: DataConnection, before: DataAttachment) -> None:
        """It can be used again, after this one."""

    def data_rests(self, connection: DataConnection) -> None:
        """What it carries goes on for long."""

    def data_closed(self, connection: DataConnection, reason: str) -> None:
        """It is gone."""

    def data_unused(self, connection: DataConnection) -> bool:
        """It has been idle for long. Is it to go? Else it has another deadline."""

    def attach_again(self, attachment: DataAttachment) -> None:
        """Its connection did not answer: a fresh one is wanted."""

    def seconds(self) -> float:
        """Monotonic time."""

    def negotiated(self, transport: object) -> bytes | None:
        """The protocol that TLS agreed on."""


@implementer(IHandshakeListener)
class DataConnection(TwistedProtocol):
    """One data connection."""

    log = Logger()

    def __init__(self, pool: DataPool) -> None:
        now = pool.seconds()
        self.pool = pool
        self.attachment: DataAttachment | None = None
        #: Its last answer is written, but perhaps not read by the service: what is written now would wait behind it.
        self.unread: DataAttachment | None = None
        self._asked = False
        #: Made for the first one: a stream asks none.
        self._questions: TokenBucket | None = None
        self.open = False
        #: Has the handshake ever been over?
        self.ready = False
        #: When it was dialled.
        self.begun = now
        #: Until when it may be idle at most; NEVER: that is not said yet.
        self.kept_until = NEVER
        self.deadline = now + HANDSHAKE_SECONDS
        self.session = DataSession(Role.CONNECTOR, now)

    # What the connector does.

    def begin(self, attachment: DataAttachment) -> None:
        """Take this request's body and answer: ATTACH, and what is there already of the answer, in one write."""
        self.attachment = attachment
        self._asked = False
        attachment.connection = self
        attachment.tries += 1
        data = self.session.attach(
            attachment.request_id, self.pool.epoch, attachment.body is not None, attachment.answer is not None)
        if attachment.answer is not None:
            data += attachment.answer.replay(self.session)
            if self.session.sending_over:
                data += self.question()
        self.deadline = self.session.next_tick()
        self.out.write(data)

    def write_through(self, data: bytes) -> None:
        """The same, when it is all that this turn has to say."""
        if self.open and data:
            self._through(data)

    def write(self, data: bytes) -> None:
        """Bytes that the session made."""
        if self.open and data:
            self.out.write(data)

    def settle(self) -> None:
        """Go back to the pool when nothing is under way any more, and the service has read all of it."""
        attachment = self.attachment
        if attachment is not None and self.session.idle and self.open:
            self.attachment = None
            attachment.connection = None
            owner, attachment.owner = attachment.owner, None
            self.read_gate.release(HoldReason.SLOW_PEER | HoldReason.BACKLOG)
            if attachment.answer is not None and attachment.answer.begun:
                # The service stops reading while the user does: only its PONG says that it has come to the end.
                self.unread = attachment
                now = attachment.marked_at = self.pool.seconds()
                attachment.marked = attachment.moved
                if not self._asked:
                    self._ask()
                elif self.session.caught_up:
                    self._idle(attachment)
                else:
                    self.deadline = now + SILENCE_SECONDS
            else:
                self._idle(attachment)
            if owner is not None:
                owner.attachment_over(attachment)

    def question(self) -> bytes:
        """To be written right behind an answer: the service is to say when it has read all. b"" if it was asked too often."""
        now = self.pool.seconds()
        if self._questions is None:
            self._questions = TokenBucket("questions", QUESTIONS, 1 / self.pool.pings, now)
        self._asked = self._questions.may(now)
        return self.session.ask() if self._asked else b""

    def _ask(self) -> None:
        """The same where the end was written already; a little later where it has been asked too often."""
        self.write(self.question())
        self.deadline = self.pool.seconds() + (SILENCE_SECONDS if self._asked else 1.0)

    def _idle(self, before: DataAttachment) -> None:
        self.unread = None
        self.deadline = NEVER
        self.pool.data_idle(self, before)

    def close(self) -> None:
        """Close when what was written has left."""
        self.open = False
        self.out.unregisterProducer()
        self.out.loseConnection()

    def abort(self) -> None:
        """Close at once."""
        self.open = False
        self.deadline = NEVER
        self.out.abortConnection()

    def deadline_passed(self, now: float) -> None:
        """No handshake, no ATTACHED, idle for long enough, or time for a PING."""
        if self.unread is not None:
            self._still_unread(now)
            return
        if self.attachment is None:
            if not self.ready or self.pool.data_unused(self):
                self.abort()
            return
        self.session.reading = not self.read_gate.held
        try:
            self.session.tick(now)
        except ProtocolError as error:
            self._break_off(error)
            return
        self.write(self.session.take_output())
        self.deadline = self.session.next_tick()

    def _still_unread(self, now: float) -> None:
        """Its user is slow; but a service that says nothing at all, not even its own PINGs, is gone."""
        if now - self.session.heard > SILENCE_SECONDS:
            self.abort()
        elif not self._asked:
            self._ask()
        else:
            self.deadline = now + SILENCE_SECONDS

    # What Twisted calls.

    def connectionMade(self) -> None:
        """TCP is connected; TLS is under way."""
        self.out = transport_of(self.transport)
        self.out.setTcpNoDelay(True)
        set_buffers(self.transport)
        keep_alive(self.transport, DEFAULT_LIMITS.data_keep_alive)
        self.read_gate = ReadGate(self.out)
        self._through = through(self.transport)

    def handshakeCompleted(self) -> None:
        """TLS is up as far as we can see."""
        if self.pool.negotiated(self.transport) != DATA_ALPN:
            self.abort()
            return
        self.open = self.ready = True
        self.pool.data_ready(self)

    def dataReceived(self, data: bytes) -> None:
        """Frames of the service."""
        session, attachment, now = self.session, self.attachment, self.pool.seconds()
        try:
            if attachment is not None and attachment.body is not None and (piece := session.piece(data, now)):
                attachment.body.body_received(piece)
                if self.attachment is attachment:
                    return  # a piece owes the peer no word, and ends nothing
            else:
                for frame in session.receive(data, now):
                    self._take(frame)
        except ProtocolError as error:
            self._break_off(error)
            return
        self.write(session.take_output())
        if self.unread is not None and self._asked and session.caught_up:
            self._idle(self.unread)
        self.settle()

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 -- Twisted's signature
        """The connection is gone: once more on a fresh one, if it was stale."""
        self.open = False
        self.deadline = NEVER
        self.read_gate.close()
        self.pool.data_closed(self, reason.getErrorMessage())
        attachment, self.attachment = self.attachment, None
        if attachment is None:
            return
        attachment.connection = None
        if attachment.confirmed or attachment.tries > 1:
            attachment.failed(Code.CONNECTOR_LOST)
        elif attachment.owner is not None:
            self.pool.attach_again(attachment)

    def _take(self, frame: Frame) -> None:
        attachment, kind = self.attachment, frame[0]
        if kind == Kind.ERROR:
            self.log.warn("the service closes a data connection: {reason}", reason=decode_error(frame[3]).text)
            self.abort()
        elif attachment is None:
            return
        elif kind == Kind.ATTACHED:
            self._attached(attachment)
        elif kind == Kind.DETACH:
            self._detached(attachment, decode_code(frame[3])[0])
        elif kind == Kind.STOP:
            if attachment.answer is not None:
                attachment.answer.stopped(decode_code(frame[3])[0])
        elif attachment.body is not None:
            self._take_body(attachment.body, kind, frame)

    def _take_body(self, body: BodyTaker, kind: int, frame: Frame) -> None:
        if kind == Kind.BODY:
            body.body_received(frame[4])
        elif kind == Kind.END:
            body.body_ended(frame[4])
        elif kind == Kind.ABORT:
            body.body_broken(decode_code(frame[3])[0])
        elif kind == Kind.GO:
            body.go()

    def _attached(self, attachment: DataAttachment) -> None:
        attachment.confirmed = True
        self.deadline = self.session.next_tick()
        if attachment.long:
            self.pool.data_rests(self)
        if attachment.body is not None:
            attachment.body.attached(self)
        if attachment.answer is not None:
            attachment.answer.attached(self)

    def _detached(self, attachment: DataAttachment, code: Code) -> None:
        self.attachment = None
        self._idle(attachment)
        attachment.failed(code)

    def _break_off(self, error: ProtocolError) -> None:
        self.log.warn("data connection dropped: {reason}", reason=str(error), code=error.code.name)
        self.abort()
