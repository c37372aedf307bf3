"""How much is sent at once, and how long a destination that does not take it is left alone."""

from __future__ import annotations

#: Entries of one batch, and bytes of it, unless one entry alone is larger.
MOST_ENTRIES, MOST_BYTES = 500, 1 << 20
#: Seconds before the second try, and at most before any: after an outage entries flow again within a minute and a half.
_FIRST, _LONGEST = 1.0, 60.0
_STEEPEST = 10
#: Chance adds up to so much of the wait, so that what was lost together does not come back together.
_SPREAD = 0.5
#: Entries in a row that a receiver may refuse by themselves in so many seconds. One that refuses more has something against
#: all of them, and they wait as if it was away; but not for ever.
MOST_REFUSED, REFUSED_IN = 10, 3600.0
#: The same entries are sent so often, in some 15 minutes, until the same answer makes us suspect that one of them is at fault.
SAME_ANSWERS = 20


def retry_delay(failures: int, random: float, asked_for: float = 0.0) -> float:
    """Seconds before the next try after so many failures in a row (1 or more); `random`: from 0 to 1.

    `asked_for`: what the receiver wants; it is never asked before.
    """
    wait = min(_LONGEST, _FIRST * 2.0 ** min(failures - 1, _STEEPEST))
    return max(asked_for, wait) * (1 + _SPREAD * random)


class BatchSize:
    """How many entries go at once: fewer when they are refused together, so that the one at fault is found and all others
    arrive; more again when some are taken.
    """

    __slots__ = ("_answered", "_refused", "_suspected", "_times", "now")

    def __init__(self) -> None:
        self.now = MOST_ENTRIES
        #: When entries were refused by themselves, in a row.
        self._refused: list[float] = []
        #: The last answer, to the batch that begins with which entry, and how often it was given.
        self._answered = (0, "")
        self._times = 0
        #: The answer that speaks against an entry and not against us, as it seems.
        self._suspected = ""

    def taken(self) -> None:
        """They have arrived."""
        if self.now == MOST_ENTRIES:
            self._suspected = ""
        self.now = min(MOST_ENTRIES, self.now * 4)
        self._refused.clear()

    def suspects(self, first: int, answer: str) -> bool:
        """The batch that begins with this entry was given this answer: often enough to look for an entry that is at fault?"""
        if answer == self._suspected:
            return True
        self._times = self._times + 1 if self._answered == (first, answer) else 1
        self._answered = (first, answer)
        if self._times < SAME_ANSWERS:
            return False
        self._suspected = answer
        return True

    def acquit(self) -> None:
        """The receiver answers so to everything: no entry is at fault."""
        self._suspected, self._times = "", 0

    def give_up(self, sent: int, now: float) -> bool:
        """So many were refused together, at this time. May the one that was sent alone be left out? If not, and there were
        several, fewer go next time.
        """
        if sent > 1:
            self.now = max(1, sent // 2)
            return False
        self._refused = [when for when in self._refused if 0.0 <= now - when < REFUSED_IN]
        if len(self._refused) >= MOST_REFUSED:
            return False
        self._refused.append(now)
        return True
