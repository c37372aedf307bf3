"""What an origin request and the stream that it may become have in common: how they end.

What follows from what happens is for `tunnel.life.origin` to say; here, and in the two classes, it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from appproxy.connector.origin.h1.request_head import NOBODY, share_of
from appproxy.connector.requests.answer import AnswerStream
from appproxy.connector.requests.upload import OriginUpload
from appproxy.connector.tunnel.attachment import DataAttachment
from appproxy.connector.tunnel.signal import SignalConnection
from appproxy.errors import Code
from appproxy.net.loop.deadlines import NEVER
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.life.origin import LIFE, STATE, Action, Event
from appproxy.tunnel.messages import Request, encode_code

_FAIL, _REJECT = int(Kind.FAIL), int(Kind.REJECT)
_DONE = int(State.DONE)


class DataConnections(Protocol):
    """Gives data connections."""

    def attach(self, attachment: DataAttachment) -> None:
        """Give this request one, now or later."""

    def lengthen(self, attachment: DataAttachment) -> None:
        """Its answer is endless: it takes no place from others any more."""


class Sender(Protocol):
    """Whose frames are sent."""

    id: int
    #: The signal connection that its REQ came on.
    channel: SignalConnection


class RequestTable(Protocol):
    """The table of all requests, as each of them needs it: `requests.Requests`."""

    pool: DataConnections
    #: Bytes of an answer that the service takes in line.
    inline_limit: int

    @property
    def seconds(self) -> Callable[[], float]:
        """Monotonic time."""

    def channel_for(self, request: Sender) -> SignalConnection | None:
        """Where its frames go: where it came from, or to the other one."""

    def send_final(self, request: Sender, frame: bytes) -> None:
        """Send a final frame, or keep it until a connection is up."""

    def tell(self, request: Sender, frame: bytes) -> None:
        """Send a frame of a request that has ended here; the service may not have come to its end."""

    def begin_stream(self, request: LiveRequest) -> Code | None:
        """Take a place for a stream or an endless answer; or say why there is none for this user."""

    def upgraded(self, request: LiveRequest, stream: LiveRequest) -> None:
        """A stream takes this request's place, and does not count as in flight."""

    def finished(self, request: LiveRequest) -> None:
        """Its final frame has been sent, or nobody waits for one."""


class LiveRequest:
    """One, from its REQ to its one final frame. Subclasses set all of this themselves: it is the hot path."""

    __slots__ = ("answer", "attachment", "channel", "code", "deadline", "table", "detail", "id", "life", "request", "started",
                 "status", "upload")

    #: How each `Action` is carried out.
    actions: ClassVar[dict[int, Callable[[Any], None]]]

    table: RequestTable
    channel: SignalConnection
    id: int
    request: Request
    started: float
    deadline: float
    #: Where it is, and what is true of it: a number of `tunnel.life.origin`.
    life: int
    #: The user's body, or direction of the stream.
    upload: OriginUpload | None
    answer: AnswerStream | None
    attachment: DataAttachment | None
    #: Of the answer; 0: none was sent.
    status: int
    #: What failed, and why, in words.
    code: Code | None
    detail: str

    @property
    def sent(self) -> int:
        """Bytes to the user."""
        raise NotImplementedError

    @property
    def state(self) -> State:
        """Where it is."""
        return State(self.life & STATE)

    @property
    def is_known_to_answer(self) -> bool:
        """Does the service know that the answer is on its way?"""
        return self.attachment is not None and self.attachment.confirmed and self.status != 0

    @property
    def counts_for(self) -> bytes:
        """Whom it counts for; where nobody is named, a share of its own."""
        share = share_of(self.request)
        return share if share != NOBODY else b"#%d" % self.id

    # What happens to both.

    def upload_broken(self, code: Code) -> None:
        """The rest of the body will never come: neither will a believable answer."""
        self.cancel(code)

    def answer_stopped(self, code: Code) -> None:
        """STOP: a CANCEL that came on the data connection."""
        self.cancel(code)

    def cancel(self, code: Code = Code.CANCELLED) -> None:
        """CANCEL: the user left, or waits no longer. Break all off, with the one final frame that frees the slot."""
        self._end(Event.CANCELLED, code)

    def node_lost(self) -> None:
        """The service node is gone, or has forgotten all: nobody waits for an answer."""
        self._end(Event.NODE_LOST, Code.CONNECTOR_LOST)

    def deadline_passed(self, now: float) -> None:
        """The application has been silent for too long."""
        self._end(Event.DEADLINE, Code.ORIGIN_TIMEOUT)

    # How it follows its life.

    def _follow(self, event: int) -> None:
        """Do what follows from this."""
        self.life, actions = LIFE[self.life | event]
        if actions:
            self._do(actions)

    def _end(self, event: int, code: Code, text: str = "") -> None:
        """The same where it may end with this; `code` and `text` say why."""
        before = self.life
        self.life, actions = LIFE[before | event]
        if actions and before & STATE != _DONE:
            self.code, self.detail = code, text
        self._do(actions)

    def _do(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            self.actions[action](self)

    def _drop_origin(self) -> None:
        """The application sees at once that nobody wants its answer."""
        raise NotImplementedError

    def _stop_body(self) -> None:
        if self.upload is not None and self.code is not None:
            self.upload.stop(self.code)

    def _lose_body(self) -> None:
        if self.upload is not None:
            self.upload.lost()

    def _break_answer(self) -> None:
        if self.answer is not None and self.code is not None:
            self.answer.break_off(self.code, self.detail)

    def _lose_answer(self) -> None:
        if self.answer is not None:
            self.answer.lost()

    def _forget_answer(self) -> None:
        self.answer = None

    def _say_fail(self) -> None:
        self._say(_FAIL)

    def _say_fail_unheard(self) -> None:
        if self.answer is None or not self.answer.confirmed:
            self._say(_FAIL)

    def _say_reject(self) -> None:
        self._say(_REJECT)

    def _say(self, kind: int) -> None:
        assert self.code is not None  # it ends with one
        self.table.send_final(self, encode(kind, self.id, encode_code(self.code, self.detail)))

    def _tell_gave_way(self) -> None:
        self.table.tell(self, encode(_FAIL, self.id, encode_code(Code.GAVE_WAY)))

    def finish(self) -> None:
        """The last word was said."""
        self.deadline = NEVER
        if self.attachment is not None:
            self.attachment.forget()
        self.table.finished(self)


LiveRequest.actions = {
    Action.DROP_ORIGIN: lambda request: request._drop_origin(),
    Action.STOP_BODY: LiveRequest._stop_body,
    Action.LOSE_BODY: LiveRequest._lose_body,
    Action.BREAK_ANSWER: LiveRequest._break_answer,
    Action.LOSE_ANSWER: LiveRequest._lose_answer,
    Action.FORGET_ANSWER: LiveRequest._forget_answer,
    Action.SAY_FAIL: LiveRequest._say_fail,
    Action.SAY_FAIL_UNHEARD: LiveRequest._say_fail_unheard,
    Action.SAY_REJECT: LiveRequest._say_reject,
    Action.TELL_GAVE_WAY: LiveRequest._tell_gave_way,
    Action.FINISH: LiveRequest.finish,
}
