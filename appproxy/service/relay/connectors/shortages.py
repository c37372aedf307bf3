"""Who met a limit that is shared by all: for the log, the metrics and the doctor, which name user, application and limit."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from appproxy.errors import FAILURES, Code
from appproxy.net.loop.seldom import LogThinning
from appproxy.service.exchange.exchange import Exchange

#: Failures that tell of a limit rather than of a fault.
SHORTAGES = frozenset({
    Code.SHARE_EXCEEDED, Code.GAVE_WAY, Code.TOO_MANY_UPGRADES, Code.QUEUE_FULL, Code.QUEUE_TIMEOUT, Code.CONNECTOR_BUSY,
    Code.ORIGIN_BUSY,
})
#: Users that are kept; those who met a limit longest ago are forgotten.
_MOST = 256
#: Labels of the metric; more applications than this share the label `other`.
_MOST_APPLICATIONS = 1000


@dataclass(slots=True)
class Shortage:
    """What one user met: how often, and when the last time (monotonic seconds)."""

    count: int = 0
    last: float = 0.0


class Shortages:
    """All of one node."""

    log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._met: OrderedDict[tuple[str, str, Code], Shortage] = OrderedDict()
        self._seldom = LogThinning(most=_MOST)
        #: By application and code, since the start.
        self.counts: Counter[tuple[str, Code]] = Counter()

    def note(self, exchange: Exchange, code: Code) -> None:
        """A request has met a limit; `exchange` says whose it was and why."""
        now = self._clock.seconds()
        who = exchange.subject or exchange.client
        key = (who, exchange.application, code)
        met = self._met.setdefault(key, Shortage())
        self._met.move_to_end(key)
        if len(self._met) > _MOST:
            self._met.popitem(last=False)
        met.count += 1
        met.last = now
        label = (exchange.application, code)
        if label not in self.counts and len(self.counts) >= _MOST_APPLICATIONS:
            label = ("other", code)
        self.counts[label] += 1
        if self._seldom.is_due(key, now):
            self.log.warn("{who} met a limit at {application}: {title} ({code}, {count} times so far){detail}", who=who,
                          application=exchange.application, title=FAILURES[code].title, code=code.name, count=met.count,
                          detail=f": {exchange.detail}" if exchange.detail else "")

    def recent(self, seconds: float) -> list[dict[str, object]]:
        """What was met in the last so many seconds, the latest first."""
        since = self._clock.seconds() - seconds
        return [
            {"who": who, "application": application, "limit": code.name, "count": met.count,
             "seconds_ago": round(self._clock.seconds() - met.last, 1)}
            for (who, application, code), met in reversed(self._met.items()) if met.last >= since
        ]
