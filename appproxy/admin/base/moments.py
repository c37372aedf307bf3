"""Moments as people and programs write them: RFC 3339 section 5.6, whole seconds in UTC. Pure: `now` comes in elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

from appproxy.errors import ConfigError

_HINT = "write it as 2026-12-24T18:00:00Z"


def read_moment(text: str, field: str) -> float:
    """Seconds since 1970 (of what was before: 0.0), of a text with an offset from UTC.

    Raises ConfigError, which begins with `field`.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{field}: {text[:50]!r} is no moment", hint=_HINT) from None
    if "T" not in text.upper() or found.tzinfo is None:
        raise ConfigError(f"{field}: {text[:50]!r} says no time with its offset from UTC", hint=_HINT)
    try:
        return float(max(int(found.astimezone(UTC).timestamp()), 0))
    except OverflowError:
        raise ConfigError(f"{field}: {text[:50]!r} is no moment", hint=_HINT) from None


def moment_text(seconds: float) -> str:
    """`2026-12-24T18:00:00Z`: the whole second that it is in."""
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"
