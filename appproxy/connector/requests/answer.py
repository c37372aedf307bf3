"""An answer on its way to the service on a data connection: head, body, end; kept until the service has taken it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from appproxy.connector.tunnel.attachment import AttachedConnection, DataAttachment
from appproxy.errors import Code
from appproxy.net.read_gate import HoldReason
from appproxy.tunnel.connections.data import DataSession

if TYPE_CHECKING:
    from appproxy.connector.origin.origin_stream import OriginStream

#: What is kept for a second try, when the first data connection turns out to be stale.
KEPT_BYTES = 64 * 1024


class AnswerOwner(Protocol):
    """Who gave the answer; told when the service does not want it any more."""

    def answer_stopped(self, code: Code) -> None:
        """The service will not read more."""


class AnswerStream:
    """One answer. Nothing leaves before `begin`; `flush` lets leave what was put in since."""

    __slots__ = ("_attachment", "_begun", "_head", "_informed", "_kept", "_kept_size", "_out", "_source", "_trailers",
                 "over", "owner", "sent", "whole")

    def __init__(self, owner: AnswerOwner) -> None:
        self.owner = owner
        #: Complete, or broken off.
        self.over = False
        #: Complete.
        self.whole = False
        #: Bytes of body.
        self.sent = 0
        self._attachment: DataAttachment | None = None
        self._source: OriginStream | None = None
        self._head: tuple[int, bytes] | None = None
        self._kept: list[bytes] = []
        self._kept_size = 0
        self._trailers: bytes | None = None
        self._out: list[bytes] = []
        self._begun = False
        self._informed = False

    def use(self, attachment: DataAttachment) -> None:
        """Where it goes."""
        self._attachment = attachment

    @property
    def _connection(self) -> AttachedConnection | None:
        return None if self._attachment is None else self._attachment.connection

    @property
    def begun(self) -> bool:
        """Has the final head been put in?"""
        return self._begun

    @property
    def confirmed(self) -> bool:
        """Has the service taken a data connection for it?"""
        return self._attachment is not None and self._attachment.confirmed

    @property
    def waits_for_user(self) -> bool:
        """Has the service stopped reading, as it does when the user does?"""
        source = self._source
        return source is not None and bool(source.read_gate.held & HoldReason.SLOW_PEER)

    def can_go_in_line(self) -> bool:
        """May the whole answer go on a signal connection instead? Only while not one frame of it went here; the data
        connection is idle then.
        """
        attachment = self._attachment
        return (
            not self._begun and not self._informed and attachment is not None and attachment.confirmed
            and attachment.connection is not None
        )

    def went_in_line(self) -> None:
        """It did."""
        connection = self._connection
        if connection is not None:
            connection.session.answered_in_line()
            connection.settle()

    def begin(self, source: OriginStream, status: int, block: bytes) -> None:
        """The final head; the body will come from `source`, which is paused while the service is slow."""
        self._begun = True
        self._source = source
        attachment = self._attachment
        if attachment is not None and attachment.confirmed and attachment.connection is not None:
            self._out.append(attachment.connection.session.head(status, block))
            attachment.connection.out.registerProducer(source.read_gate, True)
        else:
            self._head = (status, block)

    def inform(self, status: int, block: bytes) -> bool:
        """Send an interim head here, if the service has taken the connection; False: it must go another way."""
        connection = self._connection
        if connection is None or self._attachment is None or not self._attachment.confirmed:
            return False
        self._informed = True
        connection.write(connection.session.info(status, block))
        return True

    def body(self, data: bytes) -> None:
        """A piece of the body."""
        self.sent += len(data)
        if self._head is None:
            attachment = self._attachment
            connection = None if attachment is None else attachment.connection
            if connection is not None:
                self._out.append(connection.session.body(data))
            return
        self._kept.append(data)
        self._kept_size += len(data)
        if self._kept_size > KEPT_BYTES and self._source is not None:
            self._source.read_gate.hold(HoldReason.BACKLOG)
        connection = self._connection
        if connection is not None:
            self._out.append(connection.session.body(data))

    def pass_through(self, data: bytes) -> None:
        """A piece of a stream: it leaves at once, behind what was put in before."""
        attachment = self._attachment
        connection = None if attachment is None else attachment.connection
        if connection is None or self._head is not None or self._out:
            self.body(data)
            self.flush(through=True)
        else:
            self.sent += len(data)
            connection.write_through(connection.session.body(data))

    def end(self, trailers: bytes = b"") -> None:
        """The answer is complete."""
        self.over = self.whole = True
        self._let_go()
        connection = self._connection
        if self._head is not None:
            self._trailers = trailers
        if connection is not None:
            self._out.append(connection.session.end(trailers) + connection.question())

    def break_off(self, code: Code, text: str = "") -> None:
        """The answer cannot be completed, and must not look as if it were; `text` says why, for the service's log."""
        if self.over:
            return
        self.over = True
        self._out.clear()
        self._let_go()
        connection = self._connection
        if connection is not None:
            connection.write(connection.session.abort(code, text))
            connection.settle()

    def flush(self, through: bool = False) -> None:
        """Let it leave; `through`: at once."""
        attachment = self._attachment
        connection = None if attachment is None else attachment.connection
        if self._out and connection is not None:
            out = self._out
            data = out[0] if len(out) == 1 else b"".join(out)
            out.clear()
            if through:
                connection.write_through(data)
            else:
                connection.write(data)
        if self.over and connection is not None:
            connection.settle()

    def lost(self) -> None:
        """The data connection is gone for good."""
        self.over = True
        self._out.clear()
        self._let_go()

    # What the data connection says.

    def replay(self, session: DataSession) -> bytes:
        """All that was kept, to follow ATTACH; b"" when the answer has not begun."""
        if self._head is None:
            return b""
        out = [session.head(*self._head), *map(session.body, self._kept)]
        if self._trailers is not None:
            out.append(session.end(self._trailers))
        return b"".join(out)

    def attached(self, connection: AttachedConnection) -> None:
        """The service has taken it: nothing needs to be kept any more."""
        if self._head is None:
            return
        self._head = None
        self._kept.clear()
        if self._source is not None:
            source = self._source
            connection.out.registerProducer(source.read_gate, True)
            source.read_gate.release(HoldReason.BACKLOG)

    def stopped(self, code: Code) -> None:
        """The service will not read more."""
        self.owner.answer_stopped(code)

    def _let_go(self) -> None:
        """The source is not paused for our sake any more."""
        source, self._source = self._source, None
        if source is None:
            return
        connection = self._connection
        if connection is not None and self._attachment is not None and self._attachment.confirmed:
            connection.out.unregisterProducer()
        source.read_gate.release(HoldReason.SLOW_PEER | HoldReason.BACKLOG)
