"""What an authorizer says of a request: one of three values.

`holds_until` (seconds since 1970) says how long the same would be said of the same session and application with the same
facts: infinity where no time counts, and -infinity where it was said of this very request alone. It is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeAlias, TypeVar

from appproxy.errors import Code

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Pass(Generic[S]):
    """Let it through; `session` is the user's, None where the application asks for no sign-in."""

    session: S | None
    holds_until: float = field(default=inf, compare=False)


@dataclass(frozen=True, slots=True)
class SignInRequired:
    """The user must sign in first; `reason` is for the log."""

    reason: str
    holds_until: float = field(default=inf, compare=False)


@dataclass(frozen=True, slots=True)
class Refuse:
    """Signing in would not help; `reason` is for the log."""

    code: Code
    reason: str
    holds_until: float = field(default=inf, compare=False)


Verdict: TypeAlias = Pass[S] | SignInRequired | Refuse
