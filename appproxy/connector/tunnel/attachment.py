"""A request's wish for a data connection, who uses that, and how well its place is used."""

from __future__ import annotations

from typing import Protocol, TypeVar

from appproxy.connector.origin.h1.request_head import NOBODY
from appproxy.connector.transport import Transport
from appproxy.errors import Code
from appproxy.net.read_gate import ReadGate
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.shares import SLOW_RATE, SLOW_SECONDS_OVER, FairQueue, Held


class AttachedConnection(Protocol):
    """A data connection, as those use it whose bytes it carries: `data.DataConnection`."""

    session: DataSession
    #: The user's bytes.
    read_gate: ReadGate
    #: The transport, to register whom it pauses.
    out: Transport

    def write(self, data: bytes) -> None:
        """Bytes that the session made."""

    def write_through(self, data: bytes) -> None:
        """The same, when it is all that this turn has to say."""

    def question(self) -> bytes:
        """To be written right behind an answer: the service is to say when it has read all. b"" if it was asked too often."""

    def settle(self) -> None:
        """Go back to the pool when nothing is under way any more, and the service has read all of it."""


class BodyTaker(Protocol):
    """Takes what comes from the user on a data connection."""

    #: Bytes so far.
    received: int

    @property
    def waits_for_user(self) -> bool:
        """Is it the user who has to send?"""

    def attached(self, connection: AttachedConnection) -> None:
        """The service has agreed to give it."""

    def body_received(self, data: bytes) -> None:
        """A piece of the body."""

    def body_ended(self, trailers: bytes) -> None:
        """The body is complete."""

    def body_broken(self, code: Code) -> None:
        """No more of it comes: the user left, or we asked to stop."""

    def go(self) -> None:
        """The user waits for an answer before the body."""


class AnswerGiver(Protocol):
    """Gives an answer to a data connection."""

    #: Bytes so far.
    sent: int
    #: Has all of it been given?
    whole: bool

    @property
    def begun(self) -> bool:
        """Has its head been given?"""

    @property
    def waits_for_user(self) -> bool:
        """Is it the user who has to read?"""

    def replay(self, session: DataSession) -> bytes:
        """What is to follow ATTACH at once: all of the answer that was kept so far."""

    def attached(self, connection: AttachedConnection) -> None:
        """The service has taken it: nothing needs to be kept any more."""

    def stopped(self, code: Code) -> None:
        """The service will not read more."""


class DataAttachment:
    """One request's wish for a data connection, and the connection once there is one."""

    __slots__ = ("answer", "body", "confirmed", "connection", "fails", "gives_way_since", "holder", "long", "marked",
                 "marked_at", "owner", "queue", "request_id", "seen", "seen_at", "share", "since", "tries")

    def __init__(self, owner: AttachmentOwner, request_id: int, body: BodyTaker | None, answer: AnswerGiver | None,
                 share: bytes = NOBODY, long: bool = False) -> None:
        self.owner: AttachmentOwner | None = owner
        #: The owner, also when it wants to hear no more: it is told when its place is needed.
        self.holder = owner
        #: When that was.
        self.gives_way_since: float | None = None
        self.request_id = request_id
        self.body = body
        self.answer = answer
        #: Whom it counts for. Where nobody is named, it is a share of its own.
        self.share = share if share != NOBODY else b"#%d" % request_id
        #: An upgraded stream or an endless answer: these have places of their own, which the requests count.
        self.long = long
        self.connection: AttachedConnection | None = None
        #: Where it waits for one.
        self.queue: FairQueue[bytes, DataAttachment] | None = None
        #: Since when it waits, or has one.
        self.since = 0.0
        #: How many bytes had gone through it, at which time, when its rate was last found good.
        self.marked = 0
        self.marked_at = 0.0
        #: The same, when some more was last found to have gone through it.
        self.seen = -1
        self.seen_at = 0.0
        #: ATTACHED has come.
        self.confirmed = False
        #: How often ATTACH was sent.
        self.tries = 0
        #: How often dialling failed while it waited.
        self.fails = 0

    @property
    def moved(self) -> int:
        """How many bytes have gone through it, both ways."""
        return (self.body.received if self.body is not None else 0) + (self.answer.sent if self.answer is not None else 0)

    @property
    def waits_for_user(self) -> bool:
        """Is it the user who keeps it, by not reading the answer or, as long as there is none, not sending the body?"""
        answer, body = self.answer, self.body
        if answer is not None and answer.begun:
            return answer.waits_for_user
        paused = self.connection is not None and self.connection.read_gate.held  # for the application is slow
        return body is not None and body.waits_for_user and not paused

    def failed(self, code: Code) -> None:
        """It will not be, or is no more."""
        owner, self.owner = self.owner, None
        self.connection = None
        self._leave()
        if owner is not None:
            owner.attachment_failed(self, code)

    def forget(self) -> None:
        """The request is over. A connection goes back to the pool once both its directions are."""
        self.owner = None
        self._leave()

    def _leave(self) -> None:
        queue, self.queue = self.queue, None
        if queue is not None:
            queue.discard(self.share, self)


class AttachmentOwner(Protocol):
    """Who wished for it."""

    def attachment_failed(self, attachment: DataAttachment, code: Code) -> None:
        """Refused, impossible, or lost before both directions were over."""

    def attachment_over(self, attachment: DataAttachment) -> None:
        """Both directions are over, and the service knows of it."""

    def give_way(self) -> None:
        """Others need its place: its user takes, or sends, next to nothing, or has more than an equal part."""


T = TypeVar("T")


def look_at(used: DataAttachment, what: T, now: float, unread: bool = False) -> Held[T]:
    """How a place is used at this moment. While enough goes through it, its rate counts from now on.

    `unread`: all of the answer has been given, and the service has not read it to its end.
    """
    seconds = now - used.marked_at
    moved = used.moved
    rate = (moved - used.marked) / seconds if seconds > 0 else 0.0
    # With an unread end it is the user who reads, and what they read nobody here can see.
    stuck = unread or used.waits_for_user
    if seconds >= SLOW_SECONDS_OVER and (rate >= SLOW_RATE or not stuck):
        used.marked, used.marked_at = moved, now
    if moved != used.seen:
        used.seen, used.seen_at = moved, now
    return Held(used.share, what, stuck, rate, seconds, now - used.seen_at)
