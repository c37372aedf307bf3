"""Idle connections to one address of an application that are anybody's: which of them serves which request, and when.

What an application sends behind its answer, beyond the announced length, would be read as the next answer. So a connection
serves another owner only when it was quiet for a while. The same owner (one session on one connection of the user) may have it
at once, from an application that has been orderly for a while: what comes late is theirs, as it would be without us.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from appproxy.connector.origin.bindings import NOBODY
from appproxy.net.secure.sockets import UnreadBytes

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
#: Answers of one kind (with a body, or without by their nature) behind which nothing came late, not even an end, until the
#: same owner's next request need not wait. An application that sends too much, or closes without a word, does so with most of
#: its answers.
ORDERLY = 200


class KeptConnection(Protocol):
    """A connection, as far as keeping it goes."""

    #: Of an idle one; set by `KeptConnections`.
    deadline: float
    #: Where `KeptConnections` has it; None: it does not.
    kept_in: OrderedDict[Any, None] | None
    #: Was the request under way sent before it had been quiet for long enough? Set by `KeptConnections`.
    hurried: bool
    #: Had its last answer no body by its nature?
    bodyless: bool
    #: Whose request was the last one.
    asker: bytes

    def __hash__(self) -> int:
        """By identity."""

    @property
    def settle_seconds(self) -> float:
        """How long it must be quiet before another owner may have it."""

    def look(self) -> UnreadBytes:
        """What has come while it was idle, as far as nobody has read it yet."""


C = TypeVar("C", bound=KeptConnection)


class KeptConnections(Generic[C]):
    """Those of one address. Of several that would do, the one that was used last is used first."""

    __slots__ = ("_of", "_orderly", "_quiet", "_settling", "count")

    def __init__(self) -> None:
        #: Quiet for long enough: the one that has been here longest first.
        self._quiet: OrderedDict[C, None] = OrderedDict()
        #: By the time that they must be quiet, the one that was used longest ago first.
        self._settling: dict[float, OrderedDict[C, None]] = {
            SETTLE_SECONDS: OrderedDict(), BODYLESS_SETTLE_SECONDS: OrderedDict(), HURRIED_SETTLE_SECONDS: OrderedDict()}
        #: By the owner of the last request.
        self._of: dict[bytes, dict[C, None]] = {}
        #: How many orderly answers there were, with a body and without.
        self._orderly = [0, 0]
        #: How many there are.
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[C]:
        return chain(self._quiet, *self._settling.values())

    @property
    def owners(self) -> int:
        """Of how many owners there are any."""
        return len(self._of)

    def add(self, connection: C, now: float) -> None:
        """It has served a request, and may serve another."""
        connection.deadline = now + IDLE_SECONDS
        self._orderly[connection.bodyless] += 1
        row = connection.kept_in = self._settling[connection.settle_seconds]
        row[connection] = None
        self.count += 1
        owner = connection.asker
        if owner != NOBODY:
            mine = self._of.get(owner)
            if mine is None:
                self._of[owner] = {connection: None}
            else:
                mine[connection] = None

    def discard(self, connection: C) -> None:
        """It is used, or gone."""
        row, connection.kept_in = connection.kept_in, None
        if row is None:
            return
        del row[connection]
        self.count -= 1
        mine = self._of.get(connection.asker)
        if mine is not None and mine.pop(connection, self) is None and not mine:
            del self._of[connection.asker]

    def disturbed(self) -> None:
        """The application sends more than it announces, or closes without a word: it has to be orderly for a while again."""
        self._orderly = [0, 0]

    def oldest(self) -> C | None:
        """One to do without: of those that are quiet the one that has been here longest."""
        return next(iter(self), None)

    def take(self, owner: bytes, repeatable: bool, now: float, full: bool) -> C | None:
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
        if full or self.count - len(self._quiet) >= MOST_SETTLING:
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
                connection.kept_in = self._quiet

    def _give(self, connection: C, hurried: bool) -> C:
        self.discard(connection)
        connection.hurried = hurried
        return connection
