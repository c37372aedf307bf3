"""How many data connections are made at once: a handshake costs both ends more than all else that is done for a request.

Decided on values; who dials, and counts what waits, is the pool.
"""

from __future__ import annotations

from appproxy.tunnel.backoff import reconnect_delay
from appproxy.tunnel.limits import TunnelLimits

#: For users who have several data connections one handshake is under way at a time, and then there is none for so many times
#: as long as it took: all of them together cost about a quarter of the time, on a slow machine too.
_PAUSES = 3.0
#: A handshake that takes longer than this, or fails beside connections that are in use, tells of a full link; for so many
#: seconds none is made then but for who waits.
SLOW_SECONDS = 2.0
FULL_SECONDS = 30.0


class HandshakeBudget:
    """Those under way to one service node, and what the last ones have told."""

    __slots__ = ("_failures", "_full_until", "_least", "_many_since", "_most", "many_after", "under_way")

    def __init__(self, limits: TunnelLimits) -> None:
        self._least = limits.pool_least
        self._most = limits.handshakes
        self.under_way = 0
        #: When the next one may be that is for users who have several.
        self.many_after = 0.0
        #: Since when there is one for them.
        self._many_since: float | None = None
        self._failures = 0
        self._full_until = 0.0

    def to_begin(self, waiting: int, many: int, idle: int, taken: int, now: float) -> tuple[int, bool]:
        """How many begin now, for so many who wait, and so that some are idle; and whether one more does (not before
        `many_after`), where `many` are waited for by users who have several.

        `idle`, `taken`: connections that are not used, and those that are. On a full link each handshake takes from those.
        """
        least = 0 if now < self._full_until and taken > 0 else self._least
        wanted = waiting + max(0, least - idle)
        for_many = self._many_since is not None
        begin = max(0, min(wanted, self._most) - self.under_way + for_many)
        return begin, many > 0 and not for_many and self.under_way + begin < wanted + many

    def begun_for_many(self, now: float) -> None:
        """That one has."""
        self._many_since = now
        self.under_way += 1

    def succeeded(self, begun: float, now: float) -> None:
        """One that began then has a connection now."""
        self._over(now)
        if now - begun > SLOW_SECONDS:
            self._full_until = now + FULL_SECONDS
        self._failures = 0

    def failed(self, now: float) -> None:
        """One has none."""
        self._over(now)
        self._failures += 1
        self._full_until = now + FULL_SECONDS

    def delay(self, chance: float) -> float:
        """Seconds until the next one after a failure. `chance`: 0 to 1."""
        return reconnect_delay(self._failures - 1, chance)

    def _over(self, now: float) -> None:
        """Whichever it was: those of users who have several are told apart by their number alone."""
        self.under_way -= 1
        if self._many_since is not None:
            self.many_after = now + _PAUSES * (now - self._many_since)
            self._many_since = None
