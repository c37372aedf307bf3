"""How much of something a peer may send: a burst, refilled with time."""

from __future__ import annotations

from appproxy.errors import Code, RemoteProtocolError


class TokenBucket:
    """`burst` at once, one more earned each `every` seconds."""

    __slots__ = ("_burst", "_every", "_left", "_since", "_what")

    def __init__(self, what: str, burst: int, every: float, now: float) -> None:
        self._what = what
        self._burst = float(burst)
        self._every = every
        self._left = float(burst)
        self._since = now

    def take(self, now: float) -> None:
        """Use one. Raises RemoteProtocolError (OVERLOADED) when none is left."""
        if not self.may(now):
            raise RemoteProtocolError(f"too many {self._what}", Code.OVERLOADED)

    def may(self, now: float) -> bool:
        """Use one if there is any left; False: none is."""
        self._left = min(self._burst, self._left + max(0.0, now - self._since) / self._every)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
