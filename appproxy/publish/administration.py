"""The admin API over HTTPS, as something that users and programs sign in to: at `admin.DOMAIN`, for who has a role.

Like the list of applications it is no published application: no connector hears of it, and no admin can change it. Policies
for all applications are about it, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appproxy.publish.application import Application, ProviderAccess, Url
from appproxy.publish.portal import Portal
from appproxy.publish.routing import Router

#: Its id. Ids of published applications are hex digits.
ADMINISTRATION = "administration"
#: What policies and people call it; no application can have a name with a slash.
NAME = "service/administration"
#: The role that may do everything.
ADMINISTRATOR = "administrator"
#: Minutes without a request after which administrators have to sign in again.
_IDLE = 60.0


@dataclass(frozen=True, slots=True)
class Holders:
    """Who has a role of those that one provider vouches for, by that provider's ids."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def administration_at(host: str, port: int, holders: Mapping[str, Holders], builtin: str) -> Portal:
    """The administration on `host`. `holders` by provider; users may choose the provider where there are several."""
    order = sorted(holders, key=lambda provider: (provider != builtin, provider)) or [builtin]
    first, others = holders.get(order[0], Holders()), order[1:]
    url = Url("https", host, port, "/")
    made = Application(
        ADMINISTRATION, NAME, url, url, provider=order[0], assigned_users=first.users, assigned_groups=first.groups,
        other_providers=tuple(ProviderAccess(one, holders[one].users, holders[one].groups) for one in others),
        bearer="both", idle_minutes=_IDLE,
    )  # fmt: skip
    return Portal({ADMINISTRATION: made}, Router([made]))
