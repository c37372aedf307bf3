"""How long a connector waits before it dials again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.tunnel.backoff import reconnect_delay


@pytest.mark.parametrize(("attempt", "longest"), [(0, 0.5), (1, 1.0), (2, 2.0), (5, 16.0), (6, 20.0), (10_000, 20.0)])
def test_the_range_doubles_up_to_twenty_seconds(attempt: int, longest: float) -> None:
    """The wait is uniform from nothing to 0.5 s, then 1 s, 2 s ... 20 s."""
    assert reconnect_delay(attempt, 0.0) == 0.0
    assert reconnect_delay(attempt, 0.5) == pytest.approx(longest / 2)
    assert reconnect_delay(attempt, 1.0) == pytest.approx(longest)


@given(st.integers(0, 1000), st.floats(0, 1), st.floats(0, 3600))
def test_the_services_hint_wins(attempt: int, random: float, hint: float) -> None:
    """A connector that is told when to come back does not come earlier, and not all come at once."""
    assert hint <= reconnect_delay(attempt, random, hint) <= hint * 1.25
    assert reconnect_delay(attempt, 1.0, 8.0) == 10.0
