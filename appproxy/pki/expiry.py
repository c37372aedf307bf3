"""When the end of a certificate is worth a warning."""

from __future__ import annotations

DAY = 86_400.0
#: Time enough to order a new certificate by hand, holidays included.
_WARNED = 21 * DAY
#: Of certificates that live shorter: renewal at a third of their life has failed for some time by then.
_WARNED_PART = 0.25


def ends_soon(not_before: float, not_after: float, now: float) -> bool:
    """Should somebody look after it? All in seconds since 1970; also true when it has ended."""
    return not_after - now < min(_WARNED, (not_after - not_before) * _WARNED_PART)


def days_left(not_after: float, now: float) -> float:
    """Days until it ends, below 0 when it has."""
    return (not_after - now) / DAY


def end_words(not_after: float, now: float) -> str:
    """The same for people, such as `ends in 3 days` or `ended 5 hours ago`; both in seconds since 1970."""
    seconds = abs(not_after - now)
    time = f"{seconds / DAY:.0f} days" if seconds >= DAY else f"{seconds / 3600.0:.0f} hours"
    return f"ends in {time}" if not_after > now else f"ended {time} ago"
