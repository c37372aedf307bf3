"""An upgraded stream (a WebSocket): bytes both ways between a data connection and an application, until both ends close.

Of its request only what the log wants is kept: there may be 10,000 idle ones.
"""

from __future__ import annotations

from sys import intern

from appproxy.connector.origin.h1.request_head import share_of
from appproxy.connector.origin.origin_stream import OriginStream
from appproxy.connector.requests.answer import AnswerStream
from appproxy.connector.requests.live_request import LiveRequest
from appproxy.connector.requests.upload import Framing, OriginUpload
from appproxy.connector.tunnel.attachment import DataAttachment
from appproxy.errors import Code, RequestError
from appproxy.net.loop.deadlines import NEVER
from appproxy.tunnel.life.origin import LIFE, Event
from appproxy.tunnel.messages import Request

#: Silence of a stream of which one direction is closed. Most ends close the other one at once.
HALF_CLOSED_SECONDS = 60.0


def _forget(request: Request) -> None:
    """What the application has got of it. What is left: for the log, and whom it counts for (`share_of`)."""
    request.block = request.authority = b""
    request.client = ""
    request.application = intern(request.application)
    request.target = request.target.partition(b"?")[0]
    if request.user != b"null":
        request.user = b""


class UpgradedStream(LiveRequest):
    """Takes the place of the `OriginRequest` whose application has answered 101."""

    __slots__ = ("_connection", "_idle_seconds")

    upload: OriginUpload
    answer: AnswerStream
    attachment: DataAttachment

    def __init__(self, forward: LiveRequest, connection: OriginStream, block: bytes, idle_seconds: float) -> None:
        self.id = forward.id
        self.channel = forward.channel
        self.request = forward.request
        self.started = forward.started
        self.life, _ = LIFE[forward.life | Event.HEADED]
        self.status = 101
        self.code: Code | None = None
        self.detail = ""
        self.deadline = NEVER
        self.table = forward.table
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
        _forget(self.request)
        self._moved()

    def start(self, first: bytes) -> None:
        """Attach; `first` is what the application sent right behind its 101."""
        if first:
            self.answer.body(first)
        self.table.pool.attach(self.attachment)

    @property
    def sent(self) -> int:
        """Bytes to the user."""
        return self.answer.sent

    # From the application.

    def raw_received(self, data: bytes) -> None:
        """Bytes of the stream."""
        if not self.answer.over:
            self.answer.pass_through(data)
            self._moved()

    def raw_ended(self) -> None:
        """The application has closed its direction."""
        if not self.answer.over:
            self.answer.end()
            self._follow(Event.COMPLETE)
            self.answer.flush()
            self._moved()
            self._check_over()

    def origin_lost(self, error: RequestError) -> None:
        """The application is gone."""
        self._connection = None
        self._end(Event.BROKEN, error.code, error.detail)

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

    # Ends.

    def attachment_failed(self, attachment: DataAttachment, code: Code) -> None:
        """No data connection, or no more."""
        self._end(Event.DATA_FAILED, code)

    def attachment_over(self, attachment: DataAttachment) -> None:
        """Both directions are over, and the service knows of it."""
        self._follow(Event.DATA_OVER)

    def look(self, now: float) -> None:
        """It is not to give way."""

    def give_way(self) -> None:
        """Never: streams take no place from others."""

    def _moved(self) -> None:
        half = self.upload.over or self.answer.over
        self.deadline = self.table.seconds() + (HALF_CLOSED_SECONDS if half else self._idle_seconds)

    def _check_over(self) -> None:
        """Both directions closed: so is the connection to the application."""
        if self.upload.over and self.answer.over and self._connection is not None:
            connection, self._connection = self._connection, None
            connection.release(False)

    def _drop_origin(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
