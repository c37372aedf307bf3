"""A request's body on its way from the service to the application; and the gate before it.

Nothing of a request with a body, not even its head, is written to the application before the first byte of the body
(or its end, or GO) is here: until then another connector may still have it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from appproxy.connector.tunnel.attachment import AttachedConnection, DataAttachment
from appproxy.errors import Code
from appproxy.http.h1.writer import chunk, last_chunk
from appproxy.net.read_gate import HoldReason

if TYPE_CHECKING:
    from appproxy.connector.origin.origin_stream import OriginStream


class Framing(Enum):
    """How the application is told where the body ends."""

    LENGTH = 1
    CHUNKED = 2
    #: An upgraded stream has no body; its bytes go as they are.
    RAW = 3
    #: By the carrier itself: HTTP/2.
    OWN = 4


def framing(protocol: str, length: int | None) -> Framing:
    """How a body is framed on the way to an application. `protocol`: its address's; `length`: None where nobody knows it."""
    if protocol == "h2":
        return Framing.OWN
    return Framing.CHUNKED if length is None else Framing.LENGTH


#: Bytes of a body that are kept for another try: HTTP/2 may refuse a request after some of them were sent, and a kept
#: connection of HTTP/1.1 may end.
KEPT_BYTES = 65_536


class OriginUploadOwner(Protocol):
    """The request that the body belongs to."""

    def gate_opened(self) -> None:
        """The service has begun to hand over the body: the application may now see the request."""

    def upload_over(self) -> None:
        """The body is complete, or has stopped as we asked."""

    def upload_broken(self, code: Code) -> None:
        """The rest of the body will never come."""

    def upload_moved(self) -> None:
        """Bytes were accepted: the application's time starts again."""


class OriginUpload:
    """One body."""

    __slots__ = ("_attachment", "_framing", "_kept", "_kept_size", "_left", "_measured", "_origin", "_stopping", "_waiting",
                 "handed_over", "over", "owner", "received", "trailers")

    def __init__(self, owner: OriginUploadOwner, framing: Framing, length: int = 0, measured: bool = False) -> None:
        self.owner = owner
        #: Has the gate opened?
        self.handed_over = framing is Framing.RAW
        #: No more comes.
        self.over = False
        self.received = 0
        #: Once it is over: a checked block.
        self.trailers = b""
        self._framing = framing
        self._left = length
        self._measured = measured
        self._kept: list[bytes] | None = None if framing is Framing.RAW else []
        self._kept_size = 0
        self._waiting: list[bytes] = []
        self._stopping = False
        self._origin: OriginStream | None = None
        self._attachment: DataAttachment | None = None

    def use(self, attachment: DataAttachment) -> None:
        """Where it comes from."""
        self._attachment = attachment

    @property
    def waits_for_user(self) -> bool:
        """Is the user to send more? Whether they could is for the data connection to say: it may be paused."""
        return not self.over and not self._stopping

    @property
    def can_rewind(self) -> bool:
        """Can all of it be sent once more?"""
        return not self.handed_over or self._kept is not None

    @property
    def sent_whole(self) -> bool:
        """Has the application been sent all of it, whether or not the service has said that this was all?"""
        return self.over or (self._framing is Framing.LENGTH and not self._left and not self._stopping)

    def leave_origin(self) -> None:
        """The connection to the application is about to serve another request."""
        self._let_go()

    def rewind(self) -> None:
        """What was sent is to be sent once more, to another carrier; the one before pauses the user no more."""
        if self._kept is not None:
            self._waiting, self._kept = self._kept, []
            self._kept_size = 0
        self._let_go()

    def flow_to(self, origin: OriginStream) -> bytes:
        """Go to this connection from now on; returns what has come already, to be written behind the head."""
        waiting = b"".join(self._waiting)
        self._waiting.clear()
        self._keep(waiting)
        self._origin = origin
        attachment = self._attachment
        if attachment is not None and attachment.connection is not None and attachment.confirmed and not self.over:
            self.attached(attachment.connection)
        return waiting

    def attached(self, connection: AttachedConnection) -> None:
        """The service has agreed to give it: pause it while the application is slow."""
        if self._origin is not None:
            self._origin.out.registerProducer(connection.read_gate, True)
            connection.read_gate.release(HoldReason.BACKLOG)

    def stop(self, code: Code = Code.CANCELLED) -> None:
        """Nobody wants the rest."""
        if self.over or self._stopping:
            return
        self._stopping = True
        self._let_go()
        connection = None if self._attachment is None else self._attachment.connection
        if connection is not None:
            connection.read_gate.release(HoldReason.BACKLOG)
            connection.write(connection.session.stop(code))
            connection.settle()

    def lost(self) -> None:
        """The data connection is gone for good."""
        self.over = True
        self._let_go()

    # What the data connection says.

    def body_received(self, data: bytes) -> None:
        """A piece of the body."""
        if self._stopping or self.over:
            return
        self.received += len(data)
        if self._measured:
            self._left -= len(data)
            if self._left < 0:
                self._break(Code.PROTOCOL)
                return
        self._pass_on(chunk(data) if self._framing is Framing.CHUNKED else data)

    def body_ended(self, trailers: bytes) -> None:
        """The body is complete."""
        if self.over:
            return
        if self._stopping:
            self.over = True
            self.owner.upload_over()
            return
        if self._measured and self._left:
            self._break(Code.PROTOCOL)
            return
        origin = self._origin
        self._let_go()
        self.over = True
        self.trailers = trailers
        self._origin = origin
        self._pass_on(last_chunk(trailers) if self._framing is Framing.CHUNKED else b"")
        self._origin = None
        if origin is None:
            pass
        elif self._framing is Framing.RAW:
            origin.close_write()
        elif self._framing is Framing.OWN:
            origin.end_body(trailers)
        self.owner.upload_over()

    def body_broken(self, code: Code) -> None:
        """ABORT: the answer to our STOP, or the user is gone."""
        if self.over:
            return
        stopping = self._stopping
        self.over = True
        self._let_go()
        if stopping:
            self.owner.upload_over()
        else:
            self.owner.upload_broken(code)

    def go(self) -> None:
        """The user waits for an answer before the body."""
        if not self._stopping and not self.over:
            self._pass_on(b"")

    def _pass_on(self, data: bytes) -> None:
        if self._origin is not None:
            if data:
                if self._kept is not None:
                    self._keep(data)
                self._origin.write(data)
                self.owner.upload_moved()
            return
        if data:
            self._waiting.append(data)
        first, self.handed_over = not self.handed_over, True
        if first:
            self.owner.gate_opened()
        if self._origin is None and not self.over and self._attachment is not None and self._attachment.connection:
            # The application's connection is not there yet: no more than this one read is kept.
            self._attachment.connection.read_gate.hold(HoldReason.BACKLOG)

    def _keep(self, data: bytes) -> None:
        """As long as it is little."""
        if self._kept is not None and data:
            self._kept_size += len(data)
            if self._kept_size <= KEPT_BYTES:
                self._kept.append(data)
            else:
                self._kept = None

    def _break(self, code: Code) -> None:
        self.stop(code)
        self.over = True
        self.owner.upload_broken(code)

    def _let_go(self) -> None:
        """The data connection is not paused for the application's sake any more."""
        origin, self._origin = self._origin, None
        connection = None if self._attachment is None else self._attachment.connection
        if origin is not None and origin.open:
            origin.out.unregisterProducer()
        if connection is not None:
            connection.read_gate.release(HoldReason.SLOW_PEER)
