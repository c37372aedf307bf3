"""Retry-After in answers to calls of ours: for how long we are asked to wait (RFC 9110 section 10.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def wait_asked_for(values: Sequence[bytes] | None, now: float, longest: float) -> float:
    """Seconds from `now` (since 1970) that the first value asks for, a number or a date: between 0 and `longest`; 0 for none
    that can be read. Whoever answers chooses these bytes, so that nothing is raised for any of them.
    """
    if not values:
        return 0.0
    text = values[0].decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return min(float(text.lstrip("0")[:9] or "0"), longest)
    try:
        date = parsedate_to_datetime(text)
        seconds = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)) - datetime.fromtimestamp(now, UTC)
    except (ValueError, OverflowError):
        return 0.0
    return min(max(seconds.total_seconds(), 0.0), longest)
