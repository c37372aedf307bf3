"""What an HTTP/2 user has sent and nobody has heard yet, and how much of it one turn of the reactor takes.

One read can bring a hundred requests, or thousands of other frames. Its bytes go through nghttp2 and become events; both wait
here while others have their turn (`service.front.request_turns`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from ngh2 import events as h2

from appproxy.http.h1.unread import Unread
from appproxy.http.h2.head import HeadReader
from appproxy.http.h2.session import H2Session

#: What an event takes at most, in microseconds or so. A request that its user has reset again costs little: nobody begins it.
_PASSED_OVER = 20
_COSTS: dict[type, int] = {h2.RequestReceived: 500, h2.StreamClosed: 100, h2.DataReceived: 4, h2.TrailersReceived: 50}
#: A head that is larger than this takes longer: a microsecond for so many bytes, of which those of cookies are the dearest.
_USUAL_HEAD, _HEAD_BYTES = 2_048, 16
#: Heads may be references of one byte to long fields (RFC 7541 section 6.1): 64 KiB of them keep nghttp2 busy for several
#: milliseconds. A read that has more heads than this is given to it in slices of so many bytes, each at this cost.
_HEADS_AT_ONCE = 16
_SLICE, _OF_A_SLICE = 4_096, 250
#: Among so many of the next events the end of a body is looked for: programs send a small one right behind its head.
_AHEAD = 16
#: So many events that may not be heard yet are too many: then they are, and what is a flood is found to be one.
_MOST_HELD = 1_000


class Incoming:
    """That of one connection. `heads` reads the heads of its requests."""

    __slots__ = ("_due", "_events", "_heads", "_held_events", "_reset", "_session", "_unread", "held", "left")

    def __init__(self, session: H2Session, heads: HeadReader) -> None:
        self._session = session
        self._heads = heads
        self._events: deque[h2.Event] = deque()
        #: Streams that the user has reset, as far as their end has not been heard.
        self._reset: set[int] = set()
        #: What the session has not seen yet.
        self._unread = Unread()
        #: Events that may not be heard before some moment, each read's in one piece, and how many they are.
        self.held: deque[tuple[float, list[h2.Event]]] = deque()
        self._held_events = 0
        #: That moment for what comes now; 0.0: at once.
        self._due = 0.0
        #: What was left of the last turn's part.
        self.left = 0

    def __bool__(self) -> bool:
        """Does anything wait?"""
        return bool(self._events) or len(self._unread) > 0 or bool(self.held)

    @property
    def may_be_heard(self) -> bool:
        """Does anything wait for nothing but its turn?"""
        return bool(self._events) or self._unread.at < len(self._unread.data)

    @property
    def next_due(self) -> float | None:
        """When the first of those may be heard that may not yet."""
        return self.held[0][0] if self.held else None

    def receive(self, data: bytes, heads: int) -> None:
        """The user's next bytes, in which so many heads begin. Raises NGH2Error."""
        if heads > _HEADS_AT_ONCE or len(self._unread):
            self._unread.add(data)
        else:
            self._session.receive_data(data)

    def gather(self, due: float = 0.0) -> None:
        """Take what the session has understood, or what has become of it by what was sent.

        No request of it begins before `due`, nor is heard what follows one; 0.0: at once.
        """
        self._due = due
        self._take()

    def release(self, now: float) -> None:
        """What was to wait until now, or is too much, has only to wait for its turn."""
        while self.held and (self.held[0][0] <= now or self._held_events > _MOST_HELD):
            events = self.held.popleft()[1]
            self._held_events -= len(events)
            self._events.extend(events)

    def _take(self) -> None:
        events = self._session.events()
        if len(events) > 1:  # a reset is two events, and only who has asked in the same read is passed over
            self._reset.update([event.stream_id for event in events if type(event) is h2.StreamReset])
        if self.held or (self._due and any(type(event) is h2.RequestReceived for event in events)):
            self.held.append((self._due, events))
            self._held_events += len(events)
        else:
            self._events.extend(events)

    def of_a_turn(self, left: int) -> Iterator[h2.Event]:
        """The next events, in their order, as many as cost `left`. Each is to be heard before the next one is asked for.

        Raises NGH2Error.
        """
        events, unread = self._events, self._unread
        while left > 0:
            if events:
                event = events.popleft()
                kind = type(event)
                if self._reset and self._passes_over(event):
                    left -= _PASSED_OVER
                    continue
                yield event
                left -= _COSTS.get(kind, 1)
                if kind is h2.RequestReceived and (size := self._heads.size) > _USUAL_HEAD:
                    left -= size // _HEAD_BYTES
            elif unread.at < len(unread.data):
                self._read_slice()
                left -= _OF_A_SLICE
            else:
                break
        self.left = left

    def _passes_over(self, event: h2.Event) -> bool:
        """Is it a request that nobody wants any more? It never begins; its end is heard, and counts."""
        if type(event) is h2.StreamClosed:
            self._reset.discard(event.stream_id)
        return type(event) is h2.RequestReceived and event.stream_id in self._reset

    def has_end_of(self, stream: int) -> bool:
        """Does the end of this stream's body come soon?"""
        return any(
            event.stream_id == stream and (isinstance(event, h2.TrailersReceived) or event.end_stream)
            for event in islice(self._events, _AHEAD) if isinstance(event, (h2.DataReceived, h2.TrailersReceived))
        )

    def _read_slice(self) -> None:
        """Let the session see more. After its last word it sees nothing more."""
        piece = self._unread.take(_SLICE)
        if self._session.want_read:
            self._session.receive_data(piece)
            self._take()

    def clear(self) -> None:
        """Nobody hears the rest."""
        self._events.clear()
        self.held.clear()
        self._held_events = 0
        self._unread.take(len(self._unread))
