"""What users ask for, and the bounds of it, as those see it who ask and show. No database is loaded for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appproxy.errors import ConfigError

#: Seconds for which a request waits for somebody to decide it: over somebody's holiday.
WAITS = 14 * 86400.0
#: Seconds after a no until the same may be asked for again.
PAUSE = 86400.0
#: Of one user, at the same time. Nobody would read more, and nobody is to fill the list of those who decide.
MOST_WAITING = 10
LONGEST_REASON = 500
STATES = PENDING, APPROVED, DENIED, ENDED = "pending", "approved", "denied", "ended"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What was asked for. `decider`: who has decided, as the audit names them, "" for nobody; `answer`: what they have said;
    `decided`: when, 0.0 for not yet; `ends`: when the access ends, or while it waits the request, in seconds since 1970.
    """

    id: str
    application: str
    provider: str
    subject: str
    name: str
    reason: str
    state: str
    decider: str
    answer: str
    created: float
    decided: float
    ends: float

    @property
    def key(self) -> str:
        """Its place among all, the newest first: when it was made, and its id."""
        return f"{self.created!r}/{self.id}"

    def state_at(self, now: float) -> str:
        """One of the four states."""
        return ENDED if self.state in (PENDING, APPROVED) and self.ends <= now else self.state


@dataclass(frozen=True, slots=True)
class AccessAsking:
    """Who asks for which application (its id), and why."""

    application: str
    provider: str
    subject: str
    name: str
    reason: str


#: What a `key` looks like: seconds since 1970, and an id.
KEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?/[0-9a-f]{1,32}")


def place_of(key: str) -> tuple[float, str]:
    """What is in a `key`: when it was made, and the id. Raises ConfigError."""
    if KEY.fullmatch(key) is None:
        raise ConfigError(f"after: {key[:100]!r} is the key of no request", hint="take the `key` of the last row")
    created, _, id_ = key.partition("/")
    return float(created), id_


def check_text(what: str, text: str, least: int = 0) -> str:
    """A reason as it is kept. Raises ConfigError."""
    lines = " ".join(text.split())
    if not least <= len(lines) <= LONGEST_REASON or not lines.isprintable():
        raise ConfigError(f"{what}: {least} to {LONGEST_REASON} printable characters are needed")
    return lines
