"""What users ask for: its states, and the form of a reason."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.applications.asked import LONGEST_REASON, AccessRequest, check_text


@pytest.mark.parametrize(("state", "then"), [("pending", "ended"), ("approved", "ended"), ("denied", "denied")])
def test_states(state: str, then: str) -> None:
    """What waits and what was given end; a no stays one."""
    one = AccessRequest("1", "a", "builtin", "ann", "Ann", "x", state, "", "", 0.0, 0.0, 9.0)
    assert (one.state_at(8.9), one.state_at(9.0)) == (state, then)


def test_a_reason() -> None:
    """One line, whatever its blanks were."""
    assert check_text("reason", " For\nthe\t audit ") == "For the audit" and check_text("reason", "") == ""
    assert len(check_text("reason", "x" * LONGEST_REASON)) == LONGEST_REASON
    for text in ("", "x" * (LONGEST_REASON + 1), "\u202e"):
        with pytest.raises(ConfigError, match="^reason: 1 to 500"):
            check_text("reason", text, 1)
