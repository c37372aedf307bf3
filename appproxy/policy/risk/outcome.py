"""What became of a sign-in that was judged, and what is thought of it since. The values are in the database."""

from __future__ import annotations

from enum import Enum


class SignInOutcome(Enum):
    """What became of it."""

    PASSED = "passed"
    ASKED = "asked for more"
    REFUSED = "refused"


class RiskState(Enum):
    """What is thought of it: at risk and not settled; a second factor was proved; an admin has dismissed or confirmed it."""

    USUAL = ""
    OPEN = "open"
    PROVED = "proved"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"
