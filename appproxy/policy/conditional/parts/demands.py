"""What policies ask of a sign-in, and how they limit a session: values that combine to the strictest."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from appproxy.policy.conditional.parts.transfers import Transfers, both


@dataclass(frozen=True, slots=True)
class Demand:
    """What a new sign-in has to prove: each of these strengths (by name), no longer ago than `max_age` seconds."""

    strengths: frozenset[str] = frozenset()
    max_age: float = inf

    def __bool__(self) -> bool:
        return bool(self.strengths) or self.max_age < inf

    def __or__(self, other: Demand) -> Demand:
        """Both."""
        return Demand(self.strengths | other.strengths, min(self.max_age, other.max_age))

    def __str__(self) -> str:
        """In words, for pages and logs."""
        words = [f"the authentication strength {name!r}" for name in sorted(self.strengths)]
        if self.max_age < inf:
            words.append(f"a sign-in of the last {self.max_age / 60.0:g} minutes")
        return " and ".join(words)


NOTHING = Demand()


@dataclass(frozen=True, slots=True)
class SessionControls:
    """How a session that may be used is limited. Seconds; infinity where nothing is said.

    `frequency`: how old its sign-in may become; `idle`: how long it may go without a request; `persistent`: may its cookie
    outlive the browser; `bound`: it counts only in the network in which it began; `transfers`: what passes either way.
    """

    frequency: float = inf
    idle: float = inf
    persistent: bool = True
    bound: bool = False
    transfers: Transfers | None = None

    def __or__(self, other: SessionControls) -> SessionControls:
        """The strictest of both."""
        return SessionControls(
            min(self.frequency, other.frequency), min(self.idle, other.idle), self.persistent and other.persistent,
            self.bound or other.bound, both(self.transfers, other.transfers))


UNLIMITED = SessionControls()
