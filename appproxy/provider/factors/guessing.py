"""How often a code of six digits may be guessed: so seldom that it comes to nothing, and nobody keeps out the owner.

Guessing needs the password first. Wrong codes from a browser that its user has used before (`identity.devices`) are counted by
themselves, all others together, in the store: on all nodes, and also after a restart. Passkeys and recovery codes cannot be
guessed and are never held back, so that whoever has one comes in also from a new place while somebody guesses.

Of a million codes three are right at any moment: 20 guesses a day find one in a year with a probability of 2 %, and as much
more for each further app.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Wrong codes, in how many seconds.
LIMITS = ((5, 600.0), (20, 86400.0))


def wait(times: Sequence[float], now: float) -> float:
    """Seconds until the next code may be tried; 0.0: now. `times`: of the wrong codes of the last day, the oldest first."""
    return max((_until(times, now, most, window) for most, window in LIMITS), default=0.0)


def _until(times: Sequence[float], now: float, most: int, window: float) -> float:
    if len(times) < most:
        return 0.0
    # It is free again once the one that is `most` before the next has left the window.
    return max(times[-most] + window - now, 0.0)
