"""How long what was heard counts, over a wall clock that is set.

Lists of revoked certificates, and responders, say by the wall clock until when they count. Set that clock back by a day,
and they would count for a day longer: what somebody wants whose certificate was revoked. So what was heard is bound by both
clocks, of which the steady one is never set: nothing counts longer than it would have when it came.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

F = TypeVar("F", bound=Hashable)

#: Seconds: where the two clocks have drifted apart by so much, the wall clock was set. Less is how clocks are kept right.
LEAST_STEP = 2.0


class Lifetimes:
    """Of one process. It has one thread that looks, and that bounds.

    `offset`: the wall clock's seconds since 1970 less the steady clock's, as they were at the last step; None before the first
    look.
    """

    def __init__(self) -> None:
        self.offset: float | None = None
        #: Until when what is known counts, and the offset when it was heard.
        self._known: Mapping[Hashable, tuple[float, float]] = {}

    def look(self, wall: float, steady: float) -> bool:
        """Was the wall clock set since the last step, in either direction? Both in seconds."""
        offset, before = wall - steady, self.offset
        if before is not None and abs(offset - before) < LEAST_STEP:
            return False
        self.offset = offset
        return before is not None

    def bounded(self, facts: Mapping[F, float]) -> dict[F, float]:
        """Until when these count, by a wall clock that may have been set since each was heard first. `facts`: all that are
        known, with what they say themselves in seconds since 1970. One that says another time has been heard again; so has one
        that comes again after it was not among them.
        """
        offset = self.offset or 0.0
        known: dict[Hashable, tuple[float, float]] = {}
        for fact, until in facts.items():
            before = self._known.get(fact)
            known[fact] = before if before is not None and before[0] == until else (until, offset)
        self._known = known
        return {fact: until - max(0.0, known[fact][1] - offset) for fact, until in facts.items()}
