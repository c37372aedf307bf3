"""Conditions of a policy: what each looks at, whether it holds, and until when.

A fact that cannot be known is in no list: it matches only a condition that includes all, and no exclusion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from math import inf
from typing import Protocol

from appproxy.policy.conditional.parts.contexts import Found
from appproxy.policy.conditional.parts.windows import Window


class RequestFact(IntFlag):
    """What of a request, beside its session and the time, a decision depends on."""

    NOTHING = 0
    ADDRESS = 1
    USER_AGENT = 2
    CONTEXT = 4


class KnownFacts(Protocol):
    """The facts that conditions look at: `facts.Facts`."""

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        ...

    @property
    def auth_time(self) -> float:
        """When the user signed in; 0.0 where the provider does not tell."""
        ...

    @property
    def provider(self) -> str:
        """The id of the provider of the session."""
        ...

    @property
    def locations(self) -> frozenset[str]:
        """The named locations in which the user's address is."""
        ...

    @property
    def platform(self) -> str:
        """What the browser says it runs on; "" for unknown."""
        ...

    @property
    def contexts(self) -> Found:
        """The authentication contexts that the request is in."""
        ...

    @property
    def client_kind(self) -> str:
        """What the session is used by."""
        ...

    @property
    def sign_in_risk(self) -> str:
        """The level of risk of the sign-in; "" for unknown."""
        ...

    @property
    def user_risk(self) -> str:
        """The level of risk of the user."""
        ...

    @property
    def user_risk_until(self) -> float:
        """Until when that stays the same by itself."""
        ...

    @property
    def devices(self) -> frozenset[str]:
        """What lists of devices call the one that is proved; nothing where none is."""
        ...

    def window(self, window: Window) -> tuple[bool, float]:
        """Is a window of time open now, and until when is the answer the same?"""
        ...

    def meets(self, strength: str) -> bool:
        """Has the sign-in this authentication strength?"""
        ...


class Condition(Protocol):
    """One condition. `key`: its name in the document; `timed`: may it hold now and not later, with the same facts?"""

    @property
    def key(self) -> str: ...
    @property
    def looks_at(self) -> RequestFact: ...
    @property
    def timed(self) -> bool: ...

    def holds(self, known: KnownFacts) -> bool:
        """Does it match?"""
        ...

    def until(self, known: KnownFacts) -> float:
        """Until when `holds` says the same of the same request, in seconds since 1970."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """Include and exclude lists of names; `included` is None for all."""

    included: frozenset[str] | None
    excluded: frozenset[str]

    def allows(self, found: frozenset[str], certain: frozenset[str] | None = None) -> bool:
        """Is any of these included, and none excluded? `certain`: those that can be excluded, where not all are sure."""
        included = self.included is None or not self.included.isdisjoint(found)
        return included and self.excluded.isdisjoint(found if certain is None else certain)


@dataclass(frozen=True, slots=True)
class InLocation:
    """The named locations of the user's address."""

    choice: Choice
    key: str = "locations"
    looks_at: RequestFact = RequestFact.ADDRESS
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """An address may be in several, or in none."""
        return self.choice.allows(known.locations)

    def until(self, known: KnownFacts) -> float:
        """An address stays where it is."""
        return inf


@dataclass(frozen=True, slots=True)
class OnPlatform:
    """What the browser says it runs on, which nobody can verify."""

    choice: Choice
    key: str = "platforms"
    looks_at: RequestFact = RequestFact.USER_AGENT
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """Unknown is in no list."""
        return self.choice.allows(frozenset({known.platform} - {""}))

    def until(self, known: KnownFacts) -> float:
        """It is the same for the same User-Agent."""
        return inf


@dataclass(frozen=True, slots=True)
class InContext:
    """The authentication contexts of the request: its application, path and method."""

    choice: Choice
    key: str = "contexts"
    looks_at: RequestFact = RequestFact.CONTEXT
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """A path that can be read in two ways is in what any of them is in, and excluded only by both."""
        found = known.contexts
        return self.choice.allows(found.any_reading, found.every_reading)

    def until(self, known: KnownFacts) -> float:
        """It is the request's."""
        return inf


@dataclass(frozen=True, slots=True)
class ByClient:
    """What the session is used by: a browser with its cookie, or a program with a token."""

    choice: Choice
    key: str = "clients"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """Every session has one."""
        return self.choice.allows(frozenset({known.client_kind}))

    def until(self, known: KnownFacts) -> float:
        """It is the session's."""
        return inf


@dataclass(frozen=True, slots=True)
class ByProvider:
    """The identity provider that the user has signed in with."""

    choice: Choice
    key: str = "providers"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """Every session has one."""
        return self.choice.allows(frozenset({known.provider}))

    def until(self, known: KnownFacts) -> float:
        """It is the session's."""
        return inf


@dataclass(frozen=True, slots=True)
class WithDevice:
    """The device that was proved in the session. Until when it counts is looked at once for all conditions (`decision`)."""

    choice: Choice
    key: str = "devices"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """None is in no list."""
        return self.choice.allows(known.devices)

    def until(self, known: KnownFacts) -> float:
        """It is the session's."""
        return inf


@dataclass(frozen=True, slots=True)
class WithStrength:
    """How strongly the sign-in has proved who the user is."""

    choice: Choice
    key: str = "strengths"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """One sign-in may have several strengths."""
        named = (self.choice.included or frozenset()) | self.choice.excluded
        return self.choice.allows(frozenset(name for name in named if known.meets(name)))

    def until(self, known: KnownFacts) -> float:
        """It is the session's."""
        return inf


@dataclass(frozen=True, slots=True)
class AtSignInRisk:
    """How likely somebody else has signed in, as it was judged then."""

    choice: Choice
    key: str = "sign_in_risk"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = False

    def holds(self, known: KnownFacts) -> bool:
        """Unknown is in no list."""
        return self.choice.allows(frozenset({known.sign_in_risk} - {""}))

    def until(self, known: KnownFacts) -> float:
        """It is the session's."""
        return inf


@dataclass(frozen=True, slots=True)
class AtUserRisk:
    """What is held against the user now."""

    choice: Choice
    key: str = "user_risk"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = True

    def holds(self, known: KnownFacts) -> bool:
        """Every user has a level."""
        return self.choice.allows(frozenset({known.user_risk}))

    def until(self, known: KnownFacts) -> float:
        """It falls with time."""
        return known.user_risk_until


@dataclass(frozen=True, slots=True)
class OlderThan:
    """The sign-in is this old, in seconds; one whose time is not known is older than anything."""

    age: float
    key: str = "sign_in_older_than"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = True

    def holds(self, known: KnownFacts) -> bool:
        """Since when?"""
        return known.auth_time + self.age <= known.now

    def until(self, known: KnownFacts) -> float:
        """The moment at which it is."""
        edge = known.auth_time + self.age
        return edge if edge > known.now else inf


@dataclass(frozen=True, slots=True)
class InTime:
    """Windows of time; `included` is None for always."""

    included: Sequence[Window] | None
    excluded: Sequence[Window]
    key: str = "times"
    looks_at: RequestFact = RequestFact.NOTHING
    timed: bool = True

    def holds(self, known: KnownFacts) -> bool:
        """Is one included, and none excluded?"""
        included = self.included is None or _any_open(self.included, known)
        return included and not (self.excluded and _any_open(self.excluded, known))

    def until(self, known: KnownFacts) -> float:
        """The next edge of any window."""
        edge = inf
        for windows in (self.included or (), self.excluded):
            for window in windows:
                ends = known.window(window)[1]
                if ends < edge:
                    edge = ends
        return edge


def _any_open(windows: Sequence[Window], known: KnownFacts) -> bool:
    for window in windows:  # noqa: SIM110 -- a generator takes twice as long, and this is asked once a policy
        if known.window(window)[0]:
            return True
    return False
