"""The time that a peer has for one reply: to ATTACH, to STOP."""

from __future__ import annotations

import math


class Reply:
    """`seconds` from when it was asked for; that is seen at the first look after it, for what asks knows no time.

    `now` is the time before anything is asked.
    """

    __slots__ = ("_asked_at", "_seconds")

    def __init__(self, seconds: float, now: float) -> None:
        self._seconds = seconds
        #: None: asked, and not looked at since.
        self._asked_at: float | None = now

    @property
    def begun(self) -> bool:
        """Does the time run?"""
        return self._asked_at is not None

    def ask(self) -> None:
        """It is asked for again."""
        self._asked_at = None

    def begin(self, now: float) -> bool:
        """Let the time run, unless it does already; whether it began now."""
        if self._asked_at is not None:
            return False
        self._asked_at = now
        return True

    def due(self, excused: float) -> float:
        """When it must be here. Until `excused` we did not read, so that nothing could come; infinite before `begin`."""
        return math.inf if self._asked_at is None else max(self._asked_at, excused) + self._seconds
