"""Connections that the application has authenticated, by whom they belong to: which of them gets a request.

A connection is bound when a request with credentials of NTLM or Negotiate is sent on it, or such a challenge comes, and
never unbound. It serves no other owner. While a handshake is under way on one, nothing but its next leg is sent there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from appproxy.http.connection_authentication import Leg

if TYPE_CHECKING:
    from appproxy.connector.origin.h1_connection import OriginConnection

#: Seconds in which the next leg of a handshake must come before others may have the place: programs answer a challenge at
#: once, and a person has typed the password before.
HANDSHAKE_SECONDS = 10.0
#: The owner of what belongs to nobody (docs/protocol.md section 5.1).
NOBODY = b"-"


class Bindings:
    """The bound connections of one pool, the owner used longest ago first."""

    __slots__ = ("_by_owner", "_count")

    def __init__(self) -> None:
        self._by_owner: dict[bytes, list[OriginConnection]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[OriginConnection]:
        return (each for connections in self._by_owner.values() for each in connections)

    def add(self, connection: OriginConnection, owner: bytes) -> None:
        """Bind it, for good."""
        connection.owner = owner
        self._by_owner.setdefault(owner, []).append(connection)
        self._count += 1

    def used(self, owner: bytes) -> None:
        """One of this owner's has been used just now."""
        mine = self._by_owner.pop(owner, None)
        if mine is not None:
            self._by_owner[owner] = mine

    def discard(self, connection: OriginConnection) -> None:
        """It is gone."""
        if connection.owner is None:
            return
        mine = self._by_owner.get(connection.owner, [])
        if connection in mine:
            mine.remove(connection)
            self._count -= 1
            if not mine:
                del self._by_owner[connection.owner]

    def of(self, owner: bytes) -> Sequence[OriginConnection]:
        """All of this owner's, in use or not."""
        return self._by_owner.get(owner, ())

    def to_evict(self, owner: bytes, now: float) -> OriginConnection | None:
        """The one that is given up when somebody else than this owner needs its place, that of who was here longest ago."""
        return next((each for each in self if each.idle and each.owner != owner and not in_handshake((each,), now)), None)


def choose(mine: Sequence[OriginConnection], leg: Leg) -> list[OriginConnection]:
    """Of an owner's connections those that may have a request with this `leg`, the best first."""
    idle = [each for each in reversed(mine) if each.idle]
    if leg is Leg.NEXT:
        # Should the one that gave the challenge be gone, any other can say so.
        return sorted(idle, key=lambda each: (not each.in_handshake, each.authenticated))
    free = [each for each in idle if not each.in_handshake]
    return sorted(free, key=lambda each: each.authenticated is (leg is not Leg.NONE))


def in_handshake(mine: Sequence[OriginConnection], now: float) -> bool:
    """Is a handshake under way on one of them, whose next leg may still come?"""
    return any(each.in_handshake and now - each.handshake_at < HANDSHAKE_SECONDS for each in mine)

