"""A name may move while connections to its old addresses are kept: look it up again now and then."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from appproxy.net.loop.deadlines import NEVER, Deadlines

#: Common resolvers do not tell how long an answer holds; many records hold for a minute or more.
LOOK_SECONDS = 60.0

#: All addresses that a name has now; an empty set when nobody can say.
Resolve = Callable[[str], Deferred[frozenset[str]]]


class AddressWatch:
    """Tells `found` of a name's addresses, again and again as long as it is started."""

    __slots__ = ("_clock", "_deadlines", "_found", "_host", "_resolve", "_seconds", "deadline")

    def __init__(self, host: str, clock: IReactorTime, deadlines: Deadlines, resolve: Resolve | None,
                 found: Callable[[frozenset[str]], None], seconds: float = LOOK_SECONDS) -> None:
        self._host = host
        self._seconds = seconds
        self._clock = clock
        self._deadlines = deadlines
        self._resolve = None if _is_address(host) else resolve
        self._found = found
        self.deadline = NEVER

    def start(self) -> None:
        """There are connections, made just now or known to be right."""
        if self._resolve is not None and self.deadline == NEVER:
            self.deadline = self._clock.seconds() + self._seconds
            self._deadlines.add(self)

    def stop(self) -> None:
        """There are none."""
        self.deadline = NEVER
        self._deadlines.discard(self)

    def deadline_passed(self, now: float) -> None:
        """Look."""
        self.deadline = now + self._seconds
        if self._resolve is not None:
            self._resolve(self._host).addCallback(self._take)

    def _take(self, addresses: frozenset[str]) -> None:
        if addresses and self.deadline != NEVER:
            self._found(addresses)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
