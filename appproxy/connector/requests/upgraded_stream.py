"""An upgraded stream (a WebSocket): bytes both ways between a data connection and an application, until both ends close.

Of its request only what the log wants is kept: there may be 10,000 idle ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appproxy.connector.origin.origin_stream import OriginStream
from appproxy.connector.origin.request_head import share_of
from appproxy.connector.requests.answer import AnswerStream
from appproxy.connector.requests.upload import Framing, OriginUpload
from appproxy.connector.tunnel.data import DataAttachment
from appproxy.errors import Code, RequestError
from appproxy.net.deadlines import NEVER
from appproxy.tunnel.exchanges import CONNECTOR_TRANSITIONS, State, Step, advance
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.messages import encode_code

if TYPE_CHECKING:
    from appproxy.connector.requests.origin_request import OriginRequest
    from appproxy.connector.tunnel.signal import SignalConnection

#: Silence of a stream of which one direction is closed. Most ends close the other one at once.
HALF_CLOSED_SECONDS = 60.0


class UpgradedStream:
    """Takes the place of the `OriginRequest` whose application has answered 101."""

    __slots__ = ("_connection", "_desk", "_idle_seconds", "answer", "attachment", "channel", "code", "deadline", "detail",
                 "id", "request", "started", "state", "status", "upload")  # fmt: skip

    def __init__(self, forward: OriginRequest, connection: OriginStream, block: bytes, idle_seconds: float) -> None:
        self.id = forward.id
        self.channel: SignalConnection = forward.channel
        self.request = forward.request
        self.started = forward.started
        self.state = advance(CONNECTOR_TRANSITIONS, forward.state, Step.HEAD)
        self.status = 101
        self.code: Code | None = None
        self.detail = ""
        self.deadline = NEVER
        self._desk = forward.desk
        self._connection: OriginStream | None = connection
        self._idle_seconds = idle_seconds
        self.upload = OriginUpload(self, Framing.RAW)
        self.answer = AnswerStream(self)
        self.attachment = DataAttachment(self, self.id, self.upload, self.answer, share_of(self.request), long=True)
        self.upload.use(self.attachment)
        self.answer.use(self.attachment)
        self.answer.begin(connection, 101, block)
        self.upload.flow_to(connection)
        connection.become_raw(self)
        self.request.block = b""
        self._moved()

    def start(self, first: bytes) -> None:
        """Attach; `first` is what the application sent right behind its 101."""
        if first:
            self.answer.body(first)
        self._desk.pool.attach(self.attachment)

    @property
    def sent(self) -> int:
        """Bytes to the user."""
        return self.answer.sent

    @property
    def is_known_to_answer(self) -> bool:
        """Does the service know that the answer is on its way?"""
        return self.attachment.confirmed

    # From the application.

    def raw_received(self, data: bytes) -> None:
        """Bytes of the stream."""
        if not self.answer.over:
            self.answer.body(data)
            self.answer.flush(through=True)
            self._moved()

    def raw_ended(self) -> None:
        """The application has closed its direction."""
        if not self.answer.over:
            self.answer.end()
            self.answer.flush()
            self._moved()
            self._check_over()

    def origin_lost(self, error: RequestError) -> None:
        """The application is gone."""
        self._connection = None
        if self.state != State.DONE:
            self._break_off(error.code, error.detail)

    # From the user.

    def gate_opened(self) -> None:
        """There is no gate: the stream is open already."""

    def upload_moved(self) -> None:
        """Bytes were written to the application."""
        self._moved()

    def upload_over(self) -> None:
        """The user has closed that direction."""
        self._moved()
        self._check_over()

    def upload_broken(self, code: Code) -> None:
        """The user is gone."""
        self.cancel(code)

    def answer_stopped(self, code: Code) -> None:
        """STOP: nobody reads any more."""
        self.cancel(code)

    # Ends.

    def cancel(self, code: Code = Code.CANCELLED) -> None:
        """CANCEL, or the like."""
        if self.state < State.CANCELLED:
            self.state = advance(CONNECTOR_TRANSITIONS, self.state, Step.USER_LEFT)
            self._break_off(code)

    def deadline_passed(self, now: float) -> None:
        """Silent for too long."""
        self._break_off(Code.ORIGIN_TIMEOUT)

    def node_lost(self) -> None:
        """The service node is gone."""
        self.state = advance(CONNECTOR_TRANSITIONS, self.state, Step.LOST)
        self.code = Code.CONNECTOR_LOST
        self._finish()

    def attachment_failed(self, attachment: DataAttachment, code: Code) -> None:
        """No data connection, or no more."""
        if self.state != State.DONE:
            self.upload.lost()
            self.answer.lost()
            self._break_off(code)

    def attachment_over(self, attachment: DataAttachment) -> None:
        """Both directions are over, and the service knows of it."""
        if self.state < State.CANCELLED:
            self.state = advance(CONNECTOR_TRANSITIONS, self.state, Step.END)
            self._finish()

    def look(self, now: float) -> None:
        """It is not to give way."""

    def give_way(self) -> None:
        """Never: streams take no place from others."""

    def _moved(self) -> None:
        half = self.upload.over or self.answer.over
        self.deadline = self._desk.seconds() + (HALF_CLOSED_SECONDS if half else self._idle_seconds)

    def _check_over(self) -> None:
        """Both directions closed: so is the connection to the application."""
        if self.upload.over and self.answer.over and self._connection is not None:
            connection, self._connection = self._connection, None
            connection.release(False)

    def _break_off(self, code: Code, text: str = "") -> None:
        self.state = advance(CONNECTOR_TRANSITIONS, self.state, Step.ABORT)
        self.code, self.detail = code, text
        self.upload.stop(code)
        if not self.attachment.confirmed:  # as in `OriginRequest`: ABORT alone might reach nobody
            self._desk.send_final(self, encode(Kind.FAIL, self.id, encode_code(code, text)))
        self.answer.break_off(code, text)
        self._finish()

    def _finish(self) -> None:
        self.state = State.DONE
        self.deadline = NEVER
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        self.attachment.forget()
        self._desk.finished(self)
