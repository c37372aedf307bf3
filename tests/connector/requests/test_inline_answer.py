"""Which answers go whole on the signal connection, and what that leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appproxy.connector.requests.inline_answer import answer_in_line
from appproxy.errors import LocalProtocolError
from appproxy.http.h1.client import BodyPiece, End, Event, Head, Interim
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Flag, FrameReader, Kind, signal_limits
from appproxy.tunnel.messages import decode_response

LIMIT = 100
HEAD = Head(200, b"content-type: text/plain\n", None, False, False)
END = End(b"", True)


@dataclass(eq=False)
class Forward:
    """A request at the application; `done` what was done with it, in order."""

    flags: int = 0
    answer: Any = None
    upload: Any = None
    room: int = LIMIT
    online: bool = True
    id: int = 7
    state: int = State.ORIGIN
    status: int = 0
    sent: int = 0
    done: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.frames = b""
        channel = SimpleNamespace(has_room=lambda size: size <= self.room, send_inline=self._send)
        self.table = SimpleNamespace(
            inline_limit=LIMIT, channel_for=lambda forward: channel if self.online else None, send_final=self._keep)

    def _send(self, frame: bytes) -> None:
        self.done.append("sent")
        self.frames += frame

    def _keep(self, forward: object, frame: bytes) -> None:
        self.done.append("kept")
        self.frames += frame

    def inform(self, event: Interim) -> None:
        self.done.append(event.status)

    def give_back(self, reusable: bool) -> None:
        self.done.append("connection kept" if reusable else "connection closed")

    def went_in_line(self, status: int, sent: int) -> None:
        self.status, self.sent, self.state = status, sent, State.DONE
        self.done.append("finished")

    def take(self, *events: Event) -> bool:
        return answer_in_line(cast(Any, self), list(events))

    @property
    def said(self) -> tuple[int, int, int, bytes, bytes]:
        """Kind, id, status, fields and body of the one frame."""
        ((kind, _, id, head, body),) = FrameReader(signal_limits()).receive(self.frames)
        return kind, id, *decode_response(head), body


def answer(possible: bool = True) -> SimpleNamespace:
    """The answer's place on a data connection."""
    return SimpleNamespace(can_go_in_line=lambda: possible)


@pytest.mark.parametrize("body", [b"", b"hello", b"x" * LIMIT])
def test_a_small_answer_is_one_frame(body: bytes) -> None:
    """Up to the limit; the application's connection is free before the frame is sent."""
    forward = Forward()
    assert forward.take(HEAD, *([BodyPiece(body)] if body else []), END)
    assert forward.said == (Kind.RSP, 7, 200, b"content-type: text/plain\n", body)
    assert (forward.status, forward.sent) == (200, len(body))
    assert forward.done == ["connection kept", "sent", "finished"]


@pytest.mark.parametrize(("keep_alive", "done"), [(True, "connection kept"), (False, "connection closed")])
def test_the_applications_connection_is_as_it_says(keep_alive: bool, done: str) -> None:
    """Kept or closed."""
    forward = Forward()
    assert forward.take(HEAD, End(b"", keep_alive))
    assert forward.done[0] == done


def test_interim_answers_come_first() -> None:
    """Each by itself, in their order."""
    forward = Forward()
    assert forward.take(Interim(103, b""), Interim(102, b""), HEAD, BodyPiece(b"hello"), END)
    assert forward.done[:2] == [103, 102]
    assert forward.said[-1] == b"hello"


@pytest.mark.parametrize(("how", "events"), [
    ({"flags": int(Flag.STRICT)}, (HEAD, END)),
    ({}, (HEAD, BodyPiece(b"x" * (LIMIT + 1)), END)),
    ({}, (HEAD, End(b"x-sum: 1\n", True))),
    ({"room": 4}, (HEAD, BodyPiece(b"hello"), END)),
    ({"answer": answer()}, (HEAD, END)),
    ({"answer": answer(False), "upload": SimpleNamespace(over=True)}, (HEAD, END)),
    ({"answer": answer(), "upload": SimpleNamespace(over=False)}, (HEAD, END)),
])
def test_what_needs_a_data_connection(how: dict[str, Any], events: tuple[Event, ...]) -> None:
    """A stricter network, a long body, trailers, a service that reads slowly, a body or an answer under way: not a thing
    is done yet.
    """
    forward = Forward(**how)
    assert not forward.take(*events)
    assert (forward.done, forward.frames, forward.status, forward.state) == ([], b"", 0, State.ORIGIN)


def test_an_answer_after_an_upload_leaves_the_data_connection() -> None:
    """Which is told that nothing more comes there."""
    forward = Forward(answer=answer(), upload=SimpleNamespace(over=True))
    forward.answer.went_in_line = lambda: forward.done.append("elsewhere")
    assert forward.take(HEAD, END)
    assert forward.done == ["connection kept", "sent", "elsewhere", "finished"]


def test_without_a_signal_connection_the_frame_is_kept() -> None:
    """For the next one that comes up."""
    forward = Forward(online=False)
    assert forward.take(HEAD, BodyPiece(b"hello"), END)
    assert forward.done == ["connection kept", "kept", "finished"]
    assert forward.said[-1] == b"hello"


def test_a_head_that_the_tunnel_cannot_carry() -> None:
    """The connection to the application is not yet given back: whoever called breaks all of it off."""
    forward = Forward()
    with pytest.raises(LocalProtocolError):
        forward.take(Head(200, b"x" * 100_000 + b": 1\n", None, False, False), END)
    assert (forward.done, forward.frames, forward.state) == ([], b"", State.ORIGIN)
