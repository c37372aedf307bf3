"""Sessions for tests of policies."""

from __future__ import annotations

from dataclasses import dataclass

from appproxy.device import ProvedDevice

#: A Monday, 12:00 in UTC.
NOON = 1_700_481_600.0


@dataclass(frozen=True)
class Person:
    """A session, as policies see it."""

    subject: str = "ann"
    provider: str = "builtin"
    groups: tuple[str, ...] = ()
    acr: str = ""
    amr: tuple[str, ...] = ("pwd",)
    auth_time: float = NOON - 600.0
    issued: float = NOON - 600.0
    network: str = ""
    credential: str = ""
    sign_in_risk: str = ""
    device: ProvedDevice | None = None
