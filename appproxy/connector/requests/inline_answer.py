"""Whole small answers go on the signal connection, in one frame: RSP.

That is what most answers of most applications are, and the way of all of them is as short as it can be: nothing is
attached, and nothing waited for.
"""

from __future__ import annotations

from typing import Protocol

from appproxy.connector.requests.answer import AnswerStream
from appproxy.connector.requests.live_request import RequestTable, Sender
from appproxy.connector.requests.upload import OriginUpload
from appproxy.http.h1.client import BodyPiece, Event, Interim
from appproxy.tunnel.frames import Flag, Kind, encode
from appproxy.tunnel.messages import encode_response

# Members of an IntFlag cost a call each to combine; this is the hot path.
_STRICT = int(Flag.STRICT)
_RSP = int(Kind.RSP)


class Answerable(Sender, Protocol):
    """The request that is answered."""

    table: RequestTable
    #: Of its REQ.
    flags: int
    upload: OriginUpload | None
    answer: AnswerStream | None

    def inform(self, event: Interim) -> None:
        """Pass an interim answer on."""

    def give_back(self, reusable: bool) -> None:
        """Nothing more comes from the application."""

    def went_in_line(self, status: int, sent: int) -> None:
        """The whole answer has been sent: the request is over. `sent`: bytes of its body."""


def answer_in_line(forward: Answerable, events: list[Event]) -> bool:
    """Answer so if `events`, which end with End, are all of the answer and it is small; False: nothing was done.

    Raises LocalProtocolError when the tunnel cannot carry its head.
    """
    end = events[-1]
    at = -2
    body = b""
    middle = events[at]
    if type(middle) is BodyPiece:
        body = middle.data
        at = -3
    head = events[at]
    table = forward.table
    channel = table.channel_for(forward)
    if (
        (forward.answer is not None or forward.upload is not None) and not _is_idle(forward)
        or forward.flags & _STRICT
        or len(body) > table.inline_limit
        or end.trailers  # type: ignore[union-attr]
        or (channel is not None and not channel.has_room(len(body)))
    ):
        return False
    for interim in events[:at]:
        forward.inform(interim)  # type: ignore[arg-type]
    frame = encode(_RSP, forward.id, encode_response(head.status, head.block), body)  # type: ignore[union-attr]
    forward.give_back(end.keep_alive)  # type: ignore[union-attr]
    if channel is not None:
        channel.send_inline(frame)
    else:
        table.send_final(forward, frame)
    if forward.answer is not None:
        forward.answer.went_in_line()
    forward.went_in_line(head.status, len(body))  # type: ignore[union-attr]
    return True


def _is_idle(forward: Answerable) -> bool:
    """Not while the body is still under way, nor once a frame of the answer went on a data connection."""
    answer, upload = forward.answer, forward.upload
    if answer is None:
        return upload is None or upload.over
    return upload is not None and upload.over and answer.can_go_in_line()
