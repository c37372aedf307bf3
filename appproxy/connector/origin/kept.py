"""Idle connections to one address of an application that are anybody's: which of them serves which request, and when.

What an application sends behind its answer, beyond the announced length, would be read as the next answer. So a connection
serves another owner only when it was quiet for a while. The same owner (one session on one connection of the user) may have it
at once, from an application that has been orderly for a while: what comes late is theirs, as it would be without us.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from appproxy.connector.origin.bindings import NOBODY
from appproxy.net.sockets import UnreadBytes

if TYPE_CHECKING:
    from appproxy.connector.origin.h1_connection import OriginConnection

#: Common servers close idle connections after 5 s (Node), 60 s (Apache behind some), 75 s (nginx): a request that meets
#: such a close is sent again if it is idempotent, so this only saves descriptors.
IDLE_SECONDS = 50.0
#: A request that must not be sent twice takes a used connection only when it was used this recently.
RECENT_SECONDS = 2.0
#: How long a connection must have been quiet before another owner may have it.
SETTLE_SECONDS = 0.05
#: After answers that have no body by their nature (HEAD, 204, 304): programs that send one all the same are more common.
BODYLESS_SETTLE_SECONDS = 0.1
#: After a request that was sent before the connection had been quiet for so long: a late answer may have been taken for that
#: request's own, and its own is still to come. Few requests take longer.
HURRIED_SETTLE_SECONDS = 1.0
#: When as many are settling others are not dialled for that reason alone: the one that has been quiet longest is used.
MOST_SETTLING = 32
#: Answers of one kind (with a body, or without by their nature) behind which nothing came late, until the same owner's next
#: request need not wait. An application that sends too much does so with most of its answers.
ORDERLY = 200


class Kept:
    """Those of one address. Of several that would do, the one that was used last is used first."""

    __slots__ = ("_of", "_orderly", "_quiet", "_settling")

    def __init__(self) -> None:
        #: Quiet for long enough: the one that has been here longest first.
        self._quiet: OrderedDict[OriginConnection, None] = OrderedDict()
        #: By the time that they must be quiet, the one that was used longest ago first.
        self._settling: dict[float, OrderedDict[OriginConnection, None]] = {
            SETTLE_SECONDS: OrderedDict(), BODYLESS_SETTLE_SECONDS: OrderedDict(), HURRIED_SETTLE_SECONDS: OrderedDict()}
        #: By the owner of the last request.
        self._of: dict[bytes, dict[OriginConnection, None]] = {}
        #: How many orderly answers there were, with a body and without.
        self._orderly = [0, 0]

    def __len__(self) -> int:
        return len(self._quiet) + self._count_settling()

    def __iter__(self) -> Iterator[OriginConnection]:
        return chain(self._quiet, *self._settling.values())

    def _count_settling(self) -> int:
        return sum(map(len, self._settling.values()))

    def add(self, connection: OriginConnection, now: float) -> None:
        """It has served a request, and may serve another."""
        connection.deadline = now + IDLE_SECONDS
        self._orderly[connection.bodyless] += 1
        self._settling[connection.settle_seconds][connection] = None
        owner = connection.asker
        if owner != NOBODY:
            mine = self._of.get(owner)
            if mine is None:
                self._of[owner] = {connection: None}
            else:
                mine[connection] = None

    def discard(self, connection: OriginConnection) -> None:
        """It is used, or gone."""
        if self._quiet.pop(connection, self) is self and (
            self._settling[connection.settle_seconds].pop(connection, self) is self
        ):
            return
        mine = self._of.get(connection.asker)
        if mine is not None and mine.pop(connection, self) is None and not mine:
            del self._of[connection.asker]

    def disturbed(self) -> None:
        """The application sends more than it announces: it has to be orderly for a while again."""
        self._orderly = [0, 0]

    def oldest(self) -> OriginConnection | None:
        """One to do without: of those that are quiet the one that has been here longest."""
        return next(iter(self), None)

    def take(self, owner: bytes, repeatable: bool, now: float, full: bool) -> OriginConnection | None:
        """One for a request of this owner; None: another is to be dialled. `full`: but none can be.

        One that has been idle for a while may be closed by the application at this very moment. Only a request that may be
        sent twice (`repeatable`) takes that chance. What has come already, or an end, is seen on the socket, also before the
        reactor has heard of it: that costs a system call, 1 us. (It may be a session ticket of TLS 1.3, which the reactor
        will read: the connection lives on.)
        """
        least = now + IDLE_SECONDS - RECENT_SECONDS if not repeatable else 0.0
        mine = self._of.get(owner)
        if mine is not None:
            for connection in reversed(mine):
                if self._orderly[connection.bodyless] > ORDERLY and connection.deadline >= least and (
                    connection.look() is UnreadBytes.NOTHING
                ):
                    quiet_since = connection.deadline - IDLE_SECONDS
                    return self._give(connection, now - quiet_since < connection.settle_seconds)
        self._settle(now)
        for connection in reversed(self._quiet):
            if connection.deadline >= least and connection.look() is UnreadBytes.NOTHING:
                return self._give(connection, False)
        if full or self._count_settling() >= MOST_SETTLING:
            for connection in self._settling[SETTLE_SECONDS]:
                if connection.look() is UnreadBytes.NOTHING:
                    return self._give(connection, True)
        return None

    def _settle(self, now: float) -> None:
        """Those that have been quiet for long enough are anybody's."""
        for seconds, settling in self._settling.items():
            latest = now + IDLE_SECONDS - seconds
            while settling:
                connection = next(iter(settling))
                if connection.deadline > latest:
                    break
                settling.popitem(last=False)
                self._quiet[connection] = None

    def _give(self, connection: OriginConnection, hurried: bool) -> OriginConnection:
        self.discard(connection)
        connection.hurried = hurried
        return connection
