"""What an authorizer says of a request: one of three values.

`holds_until` (seconds since 1970) says how long the same would be said of the same session and application with the same
facts: infinity where no time counts, and -infinity where it was said of this very request alone. It is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeAlias, TypeVar

from appproxy.errors import Code
from appproxy.policy.conditional.parts.demands import NOTHING, UNLIMITED, Demand, SessionControls

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Pass(Generic[S]):
    """Let it through; `session` is the user's, None where the application asks for no sign-in. `controls` limit it."""

    session: S | None
    holds_until: float = field(default=inf, compare=False)
    controls: SessionControls = UNLIMITED


@dataclass(frozen=True, slots=True)
class SignInRequired:
    """The user must sign in first; `reason` is for the log. `demand`: what the sign-in has to prove beside who it is, and
    `message` what the user is told where it does not, in the admin's words or "".
    """

    reason: str
    holds_until: float = field(default=inf, compare=False)
    demand: Demand = NOTHING
    message: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Signing in would not help; `reason` is for the log, `message` for the user, in the admin's words or ""."""

    code: Code
    reason: str
    holds_until: float = field(default=inf, compare=False)
    message: str = ""


Verdict: TypeAlias = Pass[S] | SignInRequired | Refuse
