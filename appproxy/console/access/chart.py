"""Charts of the last hour, minute by minute, as an SVG has them, and how often each status was answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

#: Of a chart, in its own units.
_HEIGHT, _BAR = 96.0, 10.0
#: What is at least drawn of something: one of a thousand is seen, too.
_LEAST = 2.0
_MINUTES = 60
#: What `appproxy_requests` has beside the statuses of HTTP.
_LEFT = {499: "left by the user"}


@dataclass(frozen=True, slots=True)
class Bar:
    """Of one minute: how high all of it is, and a part of that, which stands before it. `said`: in words."""

    x: float
    height: float
    part: float
    said: str


def bars(minutes: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Requests, and how many of them failed; the last minute at the right."""
    most = max((one["requests"] for one in minutes), default=0) or 1
    made = []
    for x, one in _placed(minutes):
        failed = max(one["failed"] / most * _HEIGHT, _LEAST) if one["failed"] else 0.0
        height = max(one["requests"] / most * _HEIGHT, failed)
        said = f"{_when(one)}: {one['requests']} requests, {one['failed']} failed"
        made.append(Bar(x, round(height, 1), round(failed, 1), said))
    return made


def latencies(minutes: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Seconds within which 95 of 100 requests were answered, and half of them."""
    most = slowest(minutes) or 1.0
    made = []
    for x, one in _placed(minutes):
        if one["p95"] is None:
            continue  # there was no request
        height, half = (max((one[name] or 0.0) / most * _HEIGHT, _LEAST) for name in ("p95", "median"))
        made.append(Bar(x, round(height, 1), round(half, 1), f"{_when(one)}: 95 of 100 within {one['p95']:g} s"))
    return made


def slowest(minutes: Sequence[Mapping[str, Any]]) -> float | None:
    """The most that `latencies` has, in seconds; None where nothing was measured."""
    return max((one["p95"] for one in minutes if one["p95"] is not None), default=None)


def answers(found: Mapping[str, int]) -> list[tuple[str, int, str]]:
    """Statuses as people read them, how often each was answered, and the kind of its badge."""
    return [(_status(text), count, {"4": "warning", "5": "bad"}.get(text[:1], "")) for text, count in found.items()]


def _status(text: str) -> str:
    number = int(text) if text.isascii() and text.isdigit() else 0
    try:
        return f"{text} {_LEFT.get(number) or HTTPStatus(number).phrase}"
    except ValueError:
        return text


def _placed(minutes: Sequence[Mapping[str, Any]]) -> list[tuple[float, Mapping[str, Any]]]:
    first = _MINUTES - len(minutes)
    return [((first + number) * _BAR, one) for number, one in enumerate(minutes)]


def _when(minute: Mapping[str, Any]) -> str:
    ago = round(minute["seconds_ago"] / 60)
    return "now" if ago < 1 else f"{ago} min ago"
