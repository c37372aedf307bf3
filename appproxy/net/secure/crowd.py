"""How many connections each owner may have of a kind that costs us and is of no use yet: one more, and their oldest goes.

Who is quicker is kept out by nobody, and one owner, however many they open, keeps no other out.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from appproxy.policy.networks import network_of

T = TypeVar("T", bound=Hashable)


class BoundedConnections(Generic[T]):
    """Connections by owner, in the order of their coming; at most `most` of one."""

    __slots__ = ("_most", "_owners")

    def __init__(self, most: int) -> None:
        self._most = most
        self._owners: dict[str, dict[T, None]] = {}

    def enter(self, owner: str, item: T) -> T | None:
        """One more of this owner; gives their oldest if that has to go, which then has left."""
        self.join(owner, item)
        oldest = self.one_too_many(owner)
        if oldest is not None:
            del self._owners[owner][oldest]
        return oldest

    def join(self, owner: str, item: T) -> None:
        """One more of this owner, also where that is one too many."""
        self._owners.setdefault(owner, {})[item] = None

    def one_too_many(self, owner: str) -> T | None:
        """The oldest of an owner who has more than they may."""
        theirs = self._owners.get(owner, ())
        return next(iter(theirs)) if len(theirs) > self._most else None

    def leave(self, owner: str, item: T) -> None:
        """It is gone, or of use; twice is as once."""
        theirs = self._owners.get(owner)
        if theirs is not None and theirs.pop(item, self) is None and not theirs:
            del self._owners[owner]

    def count(self, owner: str) -> int:
        """How many this owner has."""
        return len(self._owners.get(owner, ()))

    def __len__(self) -> int:
        """How many owners have any."""
        return len(self._owners)


def subscriber(address: object) -> str:
    """The network that a peer's address counts for; "" where nobody knows it."""
    return network_of(getattr(address, "host", "") or "")
