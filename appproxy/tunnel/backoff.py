"""How long a connector waits before it dials again."""

from __future__ import annotations

from appproxy.tunnel.limits import DEFAULT_LIMITS

#: 2^16 s is far beyond any `reconnect_most`, so higher powers need not be computed.
_STEEPEST = 16

#: The share of the service's hint that chance adds, so that those who were told the same do not come at once.
_SPREAD = 0.25

#: The longest wait, as a share of the time that the node has been away: whoever waits for a node that was away for two
#: seconds is back a second after it, and the longer it was away, the more connectors there are to spread.
_SHARE = 0.5


def reconnect_delay(attempt: int, random: float, retry_after: float | None = None) -> float:
    """Seconds to wait: uniform(0, min(20, 0.5 * 2^attempt)), from the first attempt (0) on.

    `random` is a number from 0 to 1. `retry_after`, the service's hint in seconds, wins: then the wait is the hint and
    up to a quarter more. The caller counts attempts.
    """
    if retry_after is not None:
        return retry_after * (1 + _SPREAD * random)
    longest = min(DEFAULT_LIMITS.reconnect_most, DEFAULT_LIMITS.reconnect_base * 2.0 ** min(attempt, _STEEPEST))
    return random * longest


def signal_delay(away: float, short_lives: int, random: float, retry_after: float | None = None) -> float:
    """Seconds before a signal connection is dialled again: uniform(0, min(20, max(away / 2, 0.5 * 2^k))).

    `away`: seconds since the slot had a connection. `short_lives`: connections in a row that were welcomed and lost
    within `TunnelLimits.reconnect_reset` seconds; `k` counts those beyond `reconnect_short`, so that a bad link is
    made up for at once, and a node that drops everybody whom it has welcomed is not hammered. `retry_after` wins.
    """
    delay = reconnect_delay(max(0, short_lives - DEFAULT_LIMITS.reconnect_short), random, retry_after)
    if retry_after is not None:
        return delay
    return max(delay, random * min(DEFAULT_LIMITS.reconnect_most, away * _SHARE))
