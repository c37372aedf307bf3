"""Times and numbers in the words of people. Pure: `now` comes in."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ((86_400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (0.0, "second"))


#: Seconds that nobody counts.
_NOW = 5.0


def span(seconds: float) -> str:
    """`3 minutes`."""
    unit, word = next(one for one in _UNITS if seconds >= one[0])
    count = int(seconds // (unit or 1.0))
    return f"{count} {word}{'' if count == 1 else 's'}"


def relative(time: float | None, now: float) -> str:
    """`3 minutes ago`, `in 2 days`, `just now`; `never` for None and 0."""
    if not time:
        return "never"
    if 0 <= now - time < _NOW:
        return "just now"
    return f"in {span(time - now)}" if time > now else f"{span(now - time)} ago"


def moment(time: float | None) -> str:
    """To the minute, in UTC: where the visitor is nobody knows here."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC") if time else "never"


def machine(time: float) -> str:
    """For the attribute `datetime` of HTML."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def within(seconds: float | None) -> str:
    """`50 ms`, `2.5 s`; for latencies."""
    if seconds is None:
        return "–"
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def many(count: int) -> str:
    """`12,345`."""
    return f"{count:,}"
