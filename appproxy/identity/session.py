"""Who a signed-in user is, as the access cookie carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Session:
    """One user's access to one application on one host. Times are seconds since 1970.

    `subject` and `groups` are those of `provider` (its id) alone: another one may call somebody else so. `groups` holds
    only those that some assignment names, `claims` only those that a header rule names.
    """

    id: str
    subject: str
    issuer: str
    provider: str
    name: str
    issued: float
    expires: float
    auth_time: float
    amr: tuple[str, ...] = ()
    acr: str = ""
    groups: tuple[str, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
