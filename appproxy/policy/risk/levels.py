"""The levels of risk, and from how many points on they are reached."""

from __future__ import annotations

from dataclasses import dataclass

#: `UNKNOWN` is no level: nothing can be said.
UNKNOWN, LOW, MEDIUM, HIGH = "", "low", "medium", "high"
LEVELS = (LOW, MEDIUM, HIGH)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From how many points on a sign-in is of medium and of high risk."""

    medium: float = 12.0
    high: float = 22.0

    def level(self, score: float) -> str:
        """The level of a score."""
        return HIGH if score >= self.high else MEDIUM if score >= self.medium else LOW


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score. `because`: the fact, in words."""

    name: str
    points: float
    because: str
