"""A session as values: what a sign-in brings, and what is kept of it. No database is loaded for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Seconds that the built-in provider's own session lasts: a working day with its breaks, after which the password is asked
#: for again.
PROVIDER_SESSION_LIFETIME = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class SignInResult:
    """What a sign-in has brought. Times are seconds since 1970; `sid` and `refresh_token` are "" where there is none."""

    id: str
    provider: str
    subject: str
    issuer: str
    name: str
    sid: str
    application: str
    expires: float
    address: str
    client: str
    auth_time: float
    amr: tuple[str, ...]
    acr: str
    claims: Mapping[str, object] = field(repr=False)
    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    refresh_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as people see it. `seen` is true to some minutes; `ended` is 0.0 while it lasts."""

    id: str
    provider: str
    subject: str
    issuer: str
    name: str
    sid: str
    began: float
    seen: float
    expires: float
    ended: float
    address: str
    client: str
    auth_time: float
    amr: tuple[str, ...]
    acr: str
    refresh_at: float
    refreshes: int
    applications: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """The session that a sign-in belongs to now; it may be older than the sign-in. `refresh_at` as in `Refreshed`.

    `made_room`: how many of the user's other sessions have ended for it.
    """

    id: str
    expires: float
    refresh_at: float = 0.0
    made_room: int = 0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What is known of a session now. `refresh_at`: when the provider is to be asked again, 0.0 for never."""

    id: str
    name: str
    auth_time: float
    amr: tuple[str, ...]
    acr: str
    refresh_at: float
    claims: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefreshLease:
    """Ask the provider with this token, then `finish` or `give_back`. `before`: what is known without it."""

    provider: str
    subject: str
    issuer: str
    until: float
    ends: float
    before: Refreshed
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """The provider's last tokens of a session; "" for what there is not."""

    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Later:
    """Another process is at it, or the provider was away a moment ago: ask again at `at`."""

    at: float
