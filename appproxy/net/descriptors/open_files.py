"""How many files this process may have open, and what is shared out of it: each connection is one."""

from __future__ import annotations

import resource
from dataclasses import dataclass

#: Where no limit is set, or one beyond all use.
_MOST = 1_000_000
#: For the database, logs, listeners, and connections among our own programs; a quarter where that is less.
_SPARE = 1_000


@dataclass(frozen=True, slots=True)
class Shares:
    """Connections of a service's listeners; what they leave is for the database, logs, and connectors' calls."""

    #: Users in all. Half of what there is: a user's WebSocket has a data connection of a connector for company.
    users: int
    #: For each of these: users' TLS handshakes under way, connectors' TLS handshakes under way, and connections of the
    #: other listeners (control end points, metrics, http-01).
    few: int


def raise_limit() -> int:
    """Raise the limit of open files as far as this process may; how many it is now (RLIMIT_NOFILE of setrlimit(2)).

    Distributions give a program 1,024, and let it have more if it asks: select(2) cannot take a higher number, which
    we do not use.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (ValueError, OSError):
            pass  # some systems refuse what they have announced; then the soft limit remains
    return _MOST if soft == resource.RLIM_INFINITY else min(soft, _MOST)


def spare(limit: int) -> int:
    """Of so many open files, those that are kept for what is no user's and no application's connection."""
    return min(_SPARE, limit // 4)


def shares(limit: int) -> Shares:
    """What users may have of so many open files."""
    users = max(1, (limit - spare(limit)) // 2)
    return Shares(users, max(1, users // 4))
