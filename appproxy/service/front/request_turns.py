"""Turns of the reactor: how much of what HTTP/2 users send is heard in one, network by network.

One read of one connection can bring a hundred requests, and an attacker has many connections. What one network has sent shares
the same part of a turn, however many connections it came on; what does not fit waits for later turns, network by network.

Users who ask and cancel in a circle (rapid reset) make us begin what nobody wants. Where a network cancels much more than
browsers do, its requests begin a moment later, so that most of those that are cancelled never begin, and fewer at a time.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol as Kind

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from appproxy.net.loop.seldom import LogThinning
from appproxy.policy.levels import LeakyBuckets
from appproxy.tunnel.shares import FairQueue

#: What of one network is heard in a turn, in microseconds or so, and of one that cancels too much.
TURN = 4_000
_TURN_IN_DOUBT = 1_000
#: What is heard in a turn of all that has waited for one, of whatever networks.
_WAITED = 12_000
#: What costs less is not counted: nearly all reads bring one request or two.
_COUNTED = 1_000
#: Streams that a network may cancel: all images of a large page in several browsers at once, then so many a second.
_CANCELLED, _A_SECOND = 300.0, 100.0
#: Networks of which that is remembered.
_NETWORKS = 4_096
#: Seconds by which requests of a network that has cancelled more begin later: nobody notices them, and who cancels later than
#: that can only have as many requests under way as anybody.
DOUBT = 0.05


class Waiting(Hashable, Kind):
    """A connection whose events wait for a turn."""

    def go_on(self) -> None:
        """Hear some of them; `RequestTurns.spent` is called with what that has cost."""


#: A network, or a connection of nobody's share (`Front.owner_of`).
Owner = str | Waiting


class RequestTurns:
    """Those of one listener."""

    __slots__ = ("_armed", "_cancelled", "_clock", "_seldom", "_spent", "_total", "_waiting")

    _log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._cancelled = LeakyBuckets(_A_SECOND, _NETWORKS)
        self._seldom = LogThinning()
        #: What has been heard in this turn.
        self._spent: dict[Owner, int] = {}
        self._total = 0
        self._waiting: FairQueue[Owner, Waiting] = FairQueue()
        self._armed = False

    def cancelled(self, owner: Owner) -> None:
        """This owner has cancelled a request, or made us reset it."""
        if not isinstance(owner, str):
            return
        now = self._clock.seconds()
        level = self._cancelled.at(owner, now)
        if level <= _CANCELLED + _A_SECOND:  # the doubt ends a second behind the last
            self._cancelled.add(owner, 1.0, now)
        if level <= _CANCELLED < level + 1.0 and self._seldom.is_due(owner, now):
            self._log.warn("{network} cancels more requests over HTTP/2 than browsers do: they begin later, fewer in a turn",
                           network=owner)

    def doubt(self, owner: Owner) -> float:
        """Seconds by which a request of this owner begins later; 0.0 nearly always."""
        if not len(self._cancelled):
            return 0.0
        return DOUBT if self._cancelled.at(owner, self._clock.seconds()) > _CANCELLED else 0.0

    def left(self, owner: Owner, doubt: float) -> int:
        """How much more of this owner, in such `doubt`, may be heard in this turn; 0 or less: nothing."""
        return (_TURN_IN_DOUBT if doubt else TURN) - self._spent.get(owner, 0)

    def spent(self, owner: Owner, cost: int) -> None:
        """So much of this owner has been heard."""
        self._total += cost
        if cost >= _COUNTED:
            self._spent[owner] = self._spent.get(owner, 0) + cost
            self._arm()

    def wait(self, owner: Owner, connection: Waiting) -> None:
        """There is more than may be heard in this turn: `go_on` is called in a later one."""
        self._waiting.push(owner, connection)
        self._arm()

    def leave(self, owner: Owner, connection: Waiting) -> None:
        """This connection waits no longer, if it did."""
        self._waiting.discard(owner, connection)

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            self._clock.callLater(0, self._next)

    def _next(self) -> None:
        """A turn begins."""
        self._armed = False
        self._spent.clear()
        self._total = 0
        try:
            while self._total < _WAITED and (connection := self._waiting.pop(self._may)) is not None:
                connection.go_on()
        finally:  # a fault of ours in one costs no other its turn
            if self._waiting:
                self._arm()

    def _may(self, owner: Owner) -> bool:
        return self.left(owner, self.doubt(owner)) > 0
