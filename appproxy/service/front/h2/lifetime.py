"""How long an HTTP/2 user's connection may go on as it is: a decision, apart from the connection that carries it out."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.service.front.front import NEWCOMER_SECONDS, NOTICE_SECONDS, FrontTimeouts


class LifetimeAction(Enum):
    """What is to be done when a deadline is over."""

    WAIT = "nothing"
    LAST_WORD = "say which request was the last, and close after what is under way"
    ABORT = "close at once"


class ConnectionLifetime:
    """Of one connection: the first words, the pause between two requests, a full transport, the end.

    `passed` is called when the deadline is over, and asks `decide`.
    """

    __slots__ = ("_deadlines", "_greeted", "_last_word", "_notice_over", "_passed", "_taken", "_timeouts", "blocked",
                 "deadline", "under_way")

    def __init__(self, deadlines: Deadlines, timeouts: FrontTimeouts, passed: Callable[[float], None]) -> None:
        self._deadlines = deadlines
        self._timeouts = timeouts
        self._passed = passed
        #: Exchanges that are not over.
        self.under_way = 0
        #: The transport takes nothing more.
        self.blocked = False
        #: What the user's kernel had taken when it was last looked at.
        self._taken: int | None = None
        #: The user's first SETTINGS have come.
        self._greeted = False
        self._notice_over = NEVER
        self._last_word = False
        self.deadline = NEVER

    def begin(self, now: float) -> None:
        """The connection is up."""
        self.deadline = now + self._timeouts.handshake
        self._deadlines.add(self)

    def end(self) -> None:
        """It is gone."""
        self._deadlines.discard(self)

    def greeted(self, now: float) -> None:
        """SETTINGS have come. Later ones do not keep an idle connection open."""
        if not self._greeted:
            self._greeted = True
            self.rest(now)

    def asked(self) -> None:
        """One more request is under way."""
        self.under_way += 1
        if not self.blocked:
            self.deadline = self._notice_over

    def answered(self, now: float) -> None:
        """One less."""
        self.under_way -= 1
        if not self.under_way:
            self.rest(now)

    def full(self, now: float, taken: int | None) -> None:
        """The transport is full; so many bytes of all has the user's kernel taken, None: nobody knows."""
        self.blocked = True
        self._taken = taken
        self.deadline = min(self.deadline, now + self._timeouts.write_stall)

    def room(self, now: float) -> None:
        """The transport takes more."""
        self.blocked = False
        self.rest(now)

    def rest(self, now: float) -> None:
        """Nothing is under way, or something is: the connection has the deadline that belongs to it."""
        if self.blocked:
            return
        # After the last word the session closes by itself, but for a user who leaves a stream half open.
        idle = self._timeouts.linger if self._last_word else self._timeouts.keep_alive
        self.deadline = NEVER if self.under_way else now + idle
        if not self._last_word:
            self.deadline = min(self.deadline, self._notice_over)

    def notice(self, now: float) -> bool:
        """No new requests, please: those on their way are still taken, for a moment. False: that was said before."""
        if self._notice_over != NEVER:
            return False
        self._notice_over = now + NOTICE_SECONDS
        if not self._greeted:
            self._notice_over = max(self._notice_over, self.deadline - self._timeouts.handshake + NEWCOMER_SECONDS)
        self.deadline = min(self.deadline, self._notice_over)
        return True

    def last_word(self, now: float) -> None:
        """It is said; only what is under way goes on."""
        self._last_word = True
        self.rest(now)

    def close(self, now: float) -> None:
        """The connection closes after what was written."""
        self.deadline = now + self._timeouts.linger

    def deadline_passed(self, now: float) -> None:
        """Called by the sweep."""
        self._passed(now)

    def decide(self, now: float, taken: int | None, sending: bool) -> LifetimeAction:
        """What is to be done. `taken` as in `full`; `sending`: answers wait for the user's windows."""
        if not self._greeted:
            return LifetimeAction.ABORT
        if self.blocked:
            if taken is None or taken == self._taken:
                return LifetimeAction.ABORT
            self._taken = taken
            self.deadline = now + self._timeouts.write_stall
            return LifetimeAction.WAIT
        if self._last_word:
            if not self.under_way and not sending:
                return LifetimeAction.ABORT
        elif not self.under_way or now >= self._notice_over:
            return LifetimeAction.LAST_WORD
        self.rest(now)
        return LifetimeAction.WAIT
