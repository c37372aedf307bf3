"""Frames on streams that their own sender has ended or passed over (RFC 9113 sections 5.1 and 5.1.1).

nghttp2 keeps no streams that have closed, and throws such frames away, because they may be late ones on a stream that we have
reset. Here what counts is what the user's side has said: after its END_STREAM or RST_STREAM nothing is late.
"""

from __future__ import annotations

from collections import deque

_DATA, _HEADERS, _PRIORITY, _RESET = 0, 1, 2, 3
_END_STREAM = 1
_PROTOCOL_ERROR, _STREAM_CLOSED, _CALM = 1, 5, 11
#: Streams whose numbers are remembered after their end; of others it is only known that they are over.
_REMEMBERED = 100
#: Streams that a user may hold open. Those beyond the announced number are refused one by one, until the user has heard of it.
_MOST_OPEN = 1_000
#: Streams that we have reset, and whose user may not have heard of it yet. They never say more of them, once they have.
_MOST_LATE = 1_000


class UserStreams:
    """The streams of one connection as their user has left them. `fault`: the code with which it is to end; 0 for none."""

    __slots__ = ("_closed", "_highest", "_late", "_open", "fault")

    def __init__(self) -> None:
        self.fault = 0
        self._highest = 0
        self._open: set[int] = set()
        #: In the order in which we have reset them: the oldest is forgotten first.
        self._late: dict[int, None] = {}
        self._closed: deque[int] = deque(maxlen=_REMEMBERED)

    def follow(self, kind: int, flags: int, stream: int) -> None:
        """A frame of type DATA, HEADERS, PRIORITY or RST_STREAM."""
        if kind == _PRIORITY:
            if not stream:
                self.fault = _PROTOCOL_ERROR  # section 6.3
        elif stream in self._open or stream in self._late:
            if kind == _RESET or flags & _END_STREAM:
                self._open.discard(stream)
                self._late.pop(stream, None)
                self._closed.append(stream)
        elif kind == _HEADERS and stream > self._highest:
            self._begin(stream, flags)
        elif kind != _RESET and 0 < stream <= self._highest:
            passed_over = kind == _HEADERS and stream not in self._closed
            self.fault = _PROTOCOL_ERROR if passed_over else _STREAM_CLOSED

    def closed(self, stream: int) -> None:
        """The session keeps this stream no longer. One that its user has not ended was reset by us: what comes is late."""
        if stream not in self._open:
            return
        self._open.discard(stream)
        if len(self._late) >= _MOST_LATE:
            del self._late[next(iter(self._late))]
        self._late[stream] = None

    def _begin(self, stream: int, flags: int) -> None:
        self._highest = stream
        if flags & _END_STREAM:
            self._closed.append(stream)
            return
        self._open.add(stream)
        if len(self._open) > _MOST_OPEN:
            self.fault = _CALM
