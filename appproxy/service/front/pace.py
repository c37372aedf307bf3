"""Is a user fast enough, with a body that they send and an answer that they read? Being slow on purpose is an attack.

Times are monotonic seconds; a decision is made when a deadline has passed, not for each byte.
"""

from __future__ import annotations


class Pace:
    """Of one connection."""

    __slots__ = ("_acked", "_judged", "arrived", "paused_since")

    def __init__(self) -> None:
        #: Bytes of a body that have come in this window.
        self.arrived = 0
        #: Will this window's bytes be judged? Not where the one before ended with the user paused.
        self._judged = True
        #: Since when an answer waits for the user to read; None while it does not.
        self.paused_since: float | None = None
        self._acked: int | None = None

    def body_begins(self) -> None:
        """A body is asked for: the first window begins."""
        self.arrived = 0
        self._judged = True

    def too_slow(self, held: bool, least: float) -> bool:
        """Did fewer than `least` bytes come in the window that ends now? `held`: we pause the user at this moment.

        Neither that window nor the one after it counts: until we read on, and for a while then, the bytes are not here.
        """
        arrived, self.arrived = self.arrived, 0
        judged, self._judged = self._judged, not held
        return judged and not held and arrived < least

    def pause(self, now: float, acked: int | None) -> None:
        """An answer has to wait for the user. `acked`: bytes that the user's kernel has taken, None where nobody knows."""
        self.paused_since = now
        self._acked = acked

    def resume(self) -> None:
        """They have read enough of it."""
        self.paused_since = None

    def stalled(self, now: float, limit: float, acked: int | None) -> bool:
        """Has the user taken nothing for `limit` seconds? Whoever took something, however little, has all of it again."""
        if self.paused_since is None or now - self.paused_since < limit:
            return False
        if acked is not None and acked != self._acked:
            self.pause(now, acked)
            return False
        return True
