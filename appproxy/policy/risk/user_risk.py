"""What is held against a user: sign-ins at risk that nothing has settled, or an admin's word. It falls with time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from appproxy.policy.risk.levels import HIGH, LOW, MEDIUM, Thresholds

#: A sign-in at risk counts in full for so long, in seconds.
HELD = 86400.0
#: After that, points a second by which a sign-in at risk counts less: ten, a factor of ten, in two weeks.
FALLS = 10.0 / (14 * 86400.0)


@dataclass(frozen=True, slots=True)
class UserRisk:
    """Until when (seconds since 1970) a user is of high risk, and of medium risk or above."""

    medium_until: float = 0.0
    high_until: float = 0.0

    def level(self, now: float) -> str:
        """The level of now. Of whom nothing is held is of low risk."""
        return HIGH if now < self.high_until else MEDIUM if now < self.medium_until else LOW

    def until(self, now: float) -> float:
        """Until when the level stays the same if nothing happens."""
        return min((edge for edge in (self.medium_until, self.high_until) if edge > now), default=inf)


NO_RISK = UserRisk()
#: What stays until an admin dismisses it.
COMPROMISED = UserRisk(inf, inf)


def of_level(level: str) -> UserRisk:
    """One of this level, for whoever asks what would be."""
    return UserRisk(inf if level in (MEDIUM, HIGH) else 0.0, inf if level == HIGH else 0.0)


def user_risk(held: Iterable[tuple[float, float]], thresholds: Thresholds) -> UserRisk:
    """Of a user against whom these sign-ins are held: their times, and their scores."""
    found = NO_RISK
    for time, score in held:
        found = UserRisk(
            max(found.medium_until, _until(time, score, thresholds.medium)),
            max(found.high_until, _until(time, score, thresholds.high)))
    return found


def _until(time: float, score: float, threshold: float) -> float:
    return time + HELD + (score - threshold) / FALLS if score >= threshold else 0.0
