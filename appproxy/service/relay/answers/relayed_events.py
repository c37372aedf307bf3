"""An event stream on its way to the user: relayed as it comes, ended between two events."""

from __future__ import annotations

from math import inf

from appproxy.errors import Code
from appproxy.http.streams.event_stream import EventFollower
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.answers.movable import NO_END, MovableOwner


class RelayedEvents:
    """Takes the pieces of an answer with events that are not compressed (`transfers.Sink`)."""

    __slots__ = ("_by", "_events", "_exchange", "_owner", "is_open")

    kind = "event-stream"

    def __init__(self, exchange: Exchange, owner: MovableOwner) -> None:
        self._exchange = exchange
        self._owner = owner
        self._events = EventFollower()
        self.is_open = True
        #: When the end of an event is too late.
        self._by = inf

    def write(self, data: bytes) -> None:
        """A piece for the user."""
        if self.is_open:
            self._events.follow(data)
            self._exchange.write(data)
        elif self._by != inf:
            end = self._events.to_event_end(data)
            self._events.follow(data)
            self._exchange.write(data if end < 0 else data[:end])
            if end >= 0:
                self._end()

    def finish(self, trailers: bytes) -> None:
        """The application has ended it."""
        self._by = inf
        self._exchange.finish(trailers)

    # Its end (`movable.Movable`).

    def close(self, by: float) -> None:
        """End it: now, or when the event is over that is under way. The browser asks again for what follows."""
        if not self.is_open:
            return
        self.is_open = False
        if self._events.between_events:
            self._end()
        else:
            self._by = by

    def look(self, now: float) -> None:
        """Has the event's end taken too long? Then it is broken off, which no browser takes for an event."""
        if now >= self._by:
            self._by = inf
            self._owner.cut(Code.SHUTTING_DOWN, NO_END)

    def say_last(self, code: int) -> bool:
        """There are no words for why it ends."""
        return False

    def _end(self) -> None:
        self._by = inf
        self._owner.was_ended(self.kind, "closed")
        self._owner.end_answer()
