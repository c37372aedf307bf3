"""A chart of requests, minute by minute, as an SVG has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Of the chart, in its own units.
_HEIGHT, _BAR = 96.0, 10.0


def bars(minutes: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """A bar for each minute, the last at the right: how high all, and how much of it failed."""
    most = max((one["requests"] for one in minutes), default=0) or 1
    first = 60 - len(minutes)
    made = []
    for number, one in enumerate(minutes):
        height = round(one["requests"] / most * _HEIGHT, 1)
        failed = round(one["failed"] / most * _HEIGHT, 1)
        if one["failed"]:
            failed = max(failed, 2.0)  # one of a thousand is seen, too
        made.append({"x": (first + number) * _BAR, "height": max(height, failed), "failed": failed})
    return made
