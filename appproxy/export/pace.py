"""How much is sent at once, and how long a destination that does not take it is left alone."""

from __future__ import annotations

#: Entries of one batch, and bytes of it, unless one entry alone is larger.
MOST_ENTRIES, MOST_BYTES = 500, 1 << 20
#: Seconds before the second try, and at most before any: after an outage entries flow again within a minute and a half.
_FIRST, _LONGEST = 1.0, 60.0
_STEEPEST = 10
#: Chance adds up to so much of the wait, so that what was lost together does not come back together.
_SPREAD = 0.5
#: Entries in a row that a receiver may refuse by themselves. One that refuses more has something against all of them, and
#: they wait as if it was away.
MOST_REFUSED = 10


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

    __slots__ = ("now", "refused")

    def __init__(self) -> None:
        self.now = MOST_ENTRIES
        #: Entries in a row that were refused by themselves.
        self.refused = 0

    def taken(self) -> None:
        """They have arrived."""
        self.now = min(MOST_ENTRIES, self.now * 4)
        self.refused = 0

    def give_up(self, sent: int) -> bool:
        """So many were refused together. May the one that was sent alone be left out? If not, and there were several, fewer
        go next time.
        """
        if sent > 1:
            self.now = max(1, sent // 2)
            return False
        self.refused += 1
        return self.refused <= MOST_REFUSED
