"""The deadline of an HTTP/2 user's head that has begun and not ended: as over HTTP/1.1, so many seconds for all of it.

Until it ends no other frame may come (RFC 9113 section 4.3), so that it stops its whole connection.
"""

from __future__ import annotations

from collections.abc import Callable

from appproxy.http.h2.blocks import FieldBlocks
from appproxy.net.loop.deadlines import NEVER, Deadlines


class HeadDeadline:
    """That of one connection; `passed` is called when it is over. Trailers count as a head."""

    __slots__ = ("_blocks", "_deadlines", "_now", "_passed", "_seconds", "_which", "closed", "deadline")

    def __init__(
        self, deadlines: Deadlines, now: Callable[[], float], seconds: float, passed: Callable[[], None]
    ) -> None:
        self._blocks = FieldBlocks()
        #: To be called with a stream that the session keeps no longer.
        self.closed = self._blocks.streams.closed
        self._deadlines = deadlines
        self._now = now
        self._seconds = seconds
        self._passed = passed
        #: The block that is waited for.
        self._which = 0
        self.deadline = NEVER

    def feed(self, data: bytes) -> int:
        """What the user has sent. Returns how many field blocks begin in it."""
        blocks = self._blocks
        before = blocks.begun
        blocks.feed(data)
        if blocks.open:
            if self._which != blocks.begun:
                self._which = blocks.begun
                self.deadline = self._now() + self._seconds
                self._deadlines.add(self)
        elif self.deadline != NEVER:
            self.cancel()
        return blocks.begun - before

    @property
    def fault(self) -> int:
        """The code of a fault in what was fed that nghttp2 lets pass; 0: there is none."""
        return self._blocks.streams.fault

    def cancel(self) -> None:
        """It is waited for no longer."""
        self.deadline = NEVER
        self._deadlines.discard(self)

    def deadline_passed(self, now: float) -> None:
        """Called by the sweep."""
        self.cancel()
        self._passed()
