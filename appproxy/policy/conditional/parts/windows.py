"""Windows of time: weekdays and hours in a zone, and when the next one begins or ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Zones change their offset at a full quarter of an hour: within one, minutes by the clock are minutes.
_QUARTER = 900.0


class Clock(NamedTuple):
    """What clocks in a zone show at `now` (seconds since 1970): the day of the week, the minute of the day, its seconds too.

    `quarter`: when the next quarter of an hour begins.
    """

    now: float
    day: int
    minute: int
    seconds: float
    quarter: float


def clock_of(now: float, zone: ZoneInfo) -> Clock:
    """The clocks of a zone."""
    local = datetime.fromtimestamp(now, zone)
    minute = local.hour * 60 + local.minute
    seconds = minute * 60.0 + local.second + local.microsecond / 1e6
    return Clock(now, local.weekday(), minute, seconds, (now // _QUARTER + 1.0) * _QUARTER)


@dataclass(frozen=True, slots=True)
class Window:
    """From `begins` up to `ends`, minutes after midnight, on `days` (0 is Monday) in a zone.

    One that ends before it begins goes over midnight and belongs to the day of its beginning; with both the same it is the
    whole day.
    """

    days: frozenset[int]
    begins: int
    ends: int
    zone: ZoneInfo

    def contains(self, clock: Clock) -> bool:
        """Is it open? `clock`: of its zone."""
        day, minute = clock.day, clock.minute
        if self.begins < self.ends:
            return day in self.days and self.begins <= minute < self.ends
        return (day in self.days and minute >= self.begins) or ((day - 1) % 7 in self.days and minute < self.ends)

    def edge(self, clock: Clock) -> float:
        """Until when the answer of `contains` certainly holds: the next edge, or a quarter of an hour if that is sooner.

        Midnight is a full quarter of an hour itself.
        """
        edge = clock.quarter
        for at in (self.begins, self.ends):
            left = at * 60.0 - clock.seconds
            if left > 0.0 and clock.now + left < edge:
                edge = clock.now + left
        return edge
