"""Shares of the users' connections by address: where they are short, the address that has the most gives way.

The address is all that is known of a user when their connection is accepted (of IPv6 its /64). Each call costs the same
however many connections and addresses there are.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar
from typing import Protocol as Kind

from appproxy.tunnel.shares import Tally, few_of, reserve_of

#: How many connections of an address are looked at for an idle one; the next look begins behind them.
_LOOKS = 16


class Connection(Kind):
    """A connection, as far as shares are concerned."""

    @property
    def idle(self) -> bool:
        """Has no request been under way on it for a moment?"""


T = TypeVar("T", bound=Connection)


class AddressShares(Generic[T]):
    """The connections of each address, the one that came first first. `most` is what all addresses have together."""

    __slots__ = ("_few", "_most", "_owners", "_reserve", "_rows", "_tally")

    def __init__(self, most: int) -> None:
        self._most = most
        #: The last ones are for addresses that have few.
        self._few = few_of(most)
        self._reserve = reserve_of(most)
        self._tally: Tally[str] = Tally()
        self._rows: dict[str, OrderedDict[T, None]] = {}
        self._owners: dict[T, str] = {}

    def enter(self, connection: T, owner: str) -> None:
        """One more of this address."""
        self._owners[connection] = owner
        self._rows.setdefault(owner, OrderedDict())[connection] = None
        self._tally.add(owner)

    def leave(self, connection: T) -> None:
        """One less; twice is as once."""
        owner = self._owners.pop(connection, None)
        if owner is None:
            return
        row = self._rows[owner]
        del row[connection]
        if not row:
            del self._rows[owner]
        self._tally.remove(owner)

    def room_for(self, owner: str | None, taken: int) -> tuple[bool, T | None]:
        """May one more of this address come in, and which other connection has to go for it?

        `taken` is how many connections there are now. None as `owner` stands for a trusted proxy, which carries many users and
        has no share: it is refused only where no address has many.
        """
        free = self._most - taken
        if free > self._reserve:
            return True, None
        mine = self._tally[owner] if owner is not None else 0
        top = self._tally.most
        if free > 0 and top <= self._few:
            return True, None
        largest = self._tally.largest()
        # One that has as many as anybody makes room for itself.
        giver = owner if mine and mine + 1 >= top else largest if top > mine + 1 else None
        if giver is not None and (idle := self._idle_of(giver)) is not None:
            return True, idle
        if free > 0 and mine < self._few:
            return True, None
        # Nobody's work is broken for one who has about as much.
        if largest is not None and top > max(self._few, 2 * (mine + 1)):
            return True, next(iter(self._rows[largest]))
        return False, None

    def _idle_of(self, owner: str) -> T | None:
        row = self._rows[owner]
        for _ in range(min(_LOOKS, len(row))):
            connection = next(iter(row))
            if connection.idle:
                return connection
            row.move_to_end(connection)
        return None
