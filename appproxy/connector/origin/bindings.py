"""Connections that the application has authenticated, by whom they belong to: which of them gets a request.

A connection is bound when a request with credentials of NTLM or Negotiate is sent on it, or such a challenge comes, and
never unbound. It serves no other owner. While a handshake is under way on one, nothing but its next leg is sent there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from appproxy.http.connection_authentication import Leg

#: Seconds in which the next leg of a handshake must come before others may have the place: programs answer a challenge at
#: once, and a person has typed the password before.
HANDSHAKE_SECONDS = 10.0
#: The owner of what belongs to nobody (docs/protocol.md section 5.1).
NOBODY = b"-"


class BoundConnection(Protocol):
    """A connection, as far as it matters here whose it is."""

    #: Whose it is for good; None: anybody's. Set by `Bindings.add`.
    owner: bytes | None
    #: A request with credentials was answered, and not with 401.
    authenticated: bool
    #: A handshake of several legs is under way, since this time.
    in_handshake: bool
    handshake_at: float

    @property
    def idle(self) -> bool:
        """Does it wait for a request?"""


C = TypeVar("C", bound=BoundConnection)


class Bindings(Generic[C]):
    """The bound connections of one pool, the owner used longest ago first."""

    __slots__ = ("_by_owner", "count")

    def __init__(self) -> None:
        self._by_owner: dict[bytes, list[C]] = {}
        #: How many there are.
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[C]:
        return (each for connections in self._by_owner.values() for each in connections)

    def add(self, connection: C, owner: bytes) -> None:
        """Bind it, for good."""
        connection.owner = owner
        self._by_owner.setdefault(owner, []).append(connection)
        self.count += 1

    def used(self, owner: bytes) -> None:
        """One of this owner's has been used just now."""
        mine = self._by_owner.pop(owner, None)
        if mine is not None:
            self._by_owner[owner] = mine

    def discard(self, connection: C) -> None:
        """It is gone."""
        if connection.owner is None:
            return
        mine = self._by_owner.get(connection.owner, [])
        if connection in mine:
            mine.remove(connection)
            self.count -= 1
            if not mine:
                del self._by_owner[connection.owner]

    def of(self, owner: bytes) -> Sequence[C]:
        """All of this owner's, in use or not."""
        return self._by_owner.get(owner, ())

    def to_evict(self, owner: bytes, now: float) -> C | None:
        """The one that is given up when somebody else than this owner needs its place, that of who was here longest ago."""
        return next((each for each in self if each.idle and each.owner != owner and not in_handshake((each,), now)), None)


def choose(mine: Sequence[C], leg: Leg) -> list[C]:
    """Of an owner's connections those that may have a request with this `leg`, the best first."""
    idle = [each for each in reversed(mine) if each.idle]
    if leg is Leg.NEXT:
        # Should the one that gave the challenge be gone, any other can say so.
        return sorted(idle, key=lambda each: (not each.in_handshake, each.authenticated))
    free = [each for each in idle if not each.in_handshake]
    return sorted(free, key=lambda each: each.authenticated is (leg is not Leg.NONE))


def in_handshake(mine: Iterable[BoundConnection], now: float) -> bool:
    """Is a handshake under way on one of them, whose next leg may still come?"""
    return any(each.in_handshake and now - each.handshake_at < HANDSHAKE_SECONDS for each in mine)

