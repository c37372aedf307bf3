"""What a node looks at again and again, beside all requests: one look at a time, and an outage is complained of once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import StoreError


class RegularLook:
    """`look` every so many `seconds`, unless the last one is still under way. `failed`: what a line of the log says of a fault
    of ours; `away`: the same where the database does not answer, "" where it is enough that the store says so.
    """

    log = Logger()

    def __init__(
        self, reactor: Any, seconds: float, look: Callable[[], Coroutine[Any, Any, None]], *, failed: str, away: str = "",
    ) -> None:
        self._seconds = seconds
        self._look = look
        self._failed = failed
        self._away = away
        self._loop = LoopingCall(self._begin)
        self._loop.clock = reactor
        self._under_way: Deferred[None] | None = None
        self._complaint = ""

    @property
    def running(self) -> bool:
        """Is it looked?"""
        return bool(self._loop.running)

    def start(self) -> None:
        """Begin to look."""
        self._loop.start(self._seconds, now=False)

    def stop(self) -> bool:
        """Look no more; gives whether a look was under way, which is given up."""
        if self._loop.running:
            self._loop.stop()
        if self._under_way is None:
            return False
        self._under_way.cancel()
        return True

    def answered(self) -> None:
        """The database has: what it does not answer next is another outage."""
        self._complaint = ""

    def complain(self, failure: Failure) -> None:
        """For an errback of whatever belongs to a look."""
        if failure.check(CancelledError):
            return
        if not failure.check(StoreError):
            self.log.failure(self._failed, failure)
            return
        reason = failure.getErrorMessage()
        if self._away and reason != self._complaint:
            # Once an outage of the database, not at every look.
            self._complaint = reason
            self.log.error(self._away + ": {reason}", reason=reason)

    def _begin(self) -> None:
        if self._under_way is None:
            self._under_way = Deferred.fromCoroutine(self._look())
            self._under_way.addErrback(self.complain).addBoth(self._over)

    def _over(self, _: object) -> None:
        self._under_way = None
