"""What pages say of times."""

from __future__ import annotations

import math


def in_words(seconds: int) -> str:
    """A time to wait, as people say it."""
    if seconds <= 90:
        return f"{seconds} seconds" if seconds != 1 else "one second"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{math.ceil(minutes / 60)} hours"
