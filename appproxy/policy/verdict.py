"""What becomes of a request at the gate: one of three values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from appproxy.errors import Code

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Pass(Generic[S]):
    """Let it through; `session` is the user's, None where the application asks for no sign-in."""

    session: S | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """The user must sign in first; `reason` is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Signing in would not help; `reason` is for the log."""

    code: Code
    reason: str


Verdict: TypeAlias = Pass[S] | SignIn | Refuse
