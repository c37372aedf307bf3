"""How long a connector waits before it dials again."""

from __future__ import annotations

from appproxy.tunnel.limits import DEFAULT_LIMITS

#: 2^16 s is far beyond any `reconnect_most`, so higher powers need not be computed.
_STEEPEST = 16

#: The share of the service's hint that chance adds, so that those who were told the same do not come at once.
_SPREAD = 0.25


def reconnect_delay(attempt: int, random: float, retry_after: float | None = None) -> float:
    """Seconds to wait: uniform(0, min(20, 0.5 * 2^attempt)), from the first attempt (0) on.

    `random` is a number from 0 to 1. `retry_after`, the service's hint in seconds, wins: then the wait is the hint and
    up to a quarter more. The caller counts attempts, and starts again with 0 when a connection was up (WELCOME seen);
    but one after the other, only `TunnelLimits.reconnect_short` that were up for less than `reconnect_reset` seconds.
    """
    if retry_after is not None:
        return retry_after * (1 + _SPREAD * random)
    longest = min(DEFAULT_LIMITS.reconnect_most, DEFAULT_LIMITS.reconnect_base * 2.0 ** min(attempt, _STEEPEST))
    return random * longest
