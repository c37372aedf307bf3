"""Who a signed-in user is, as the access cookie carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appproxy.device import ProvedDevice

#: Seconds between two times that a cookie is made again while its session is used: often enough to tell idle ones.
SEEN_EVERY = 300.0


@dataclass(frozen=True, slots=True)
class Session:
    """One user's access to one application on one host. Times are seconds since 1970.

    `id` is that of the sign-in at the provider, the same for all applications. `seen`: when the cookie was made, which is
    done again while the session is used; `refresh_at`: when the provider is to be asked again, 0 for never.

    `credential`: what a program has shown in place of a cookie, in the words of the setting `bearer`; "" is the cookie.
    `auth_time` is 0.0 where the provider does not say when the user signed in. `network`: where the session began, as
    `policy.networks.network_of` says it; kept only where a policy binds sessions to that. `device`: that was proved in it.

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
    seen: float = 0.0
    refresh_at: float = 0.0
    credential: str = ""
    network: str = ""
    #: How likely somebody else has signed in (`policy.risk.levels`), as it was judged then; "" for unknown.
    sign_in_risk: str = ""
    device: ProvedDevice | None = None
