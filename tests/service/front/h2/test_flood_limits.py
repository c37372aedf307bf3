"""What HTTP/2 users may do without asking for anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appproxy.errors import Code, RemoteProtocolError
from appproxy.service.front.h2.flood_limits import FloodLimits


def taken(do: Callable[[], None], at_most: int = 20_000) -> int:
    """How often it may be done."""
    for count in range(at_most):
        try:
            do()
        except RemoteProtocolError as error:
            assert error.code is Code.OVERLOADED
            return count
    return at_most


@pytest.mark.parametrize(("what", "burst", "a_second"), [("controlled", 1_000, 100), ("broke", 200, 50)])
def test_a_burst_and_then_so_many_a_second(what: str, burst: int, a_second: int) -> None:
    """PING and SETTINGS, and streams that were broken."""
    do = getattr(FloodLimits(100.0), what)
    assert taken(lambda: do(100.0)) == burst
    assert taken(lambda: do(101.0)) == a_second


def test_window_updates() -> None:
    """So many, and what was sent earns more: two for each piece and for each KiB; never more than at the beginning."""
    conduct = FloodLimits(0.0)
    assert taken(conduct.updated) == 10_000
    conduct.earned(1)
    conduct.earned(10_240)
    # One above the bound was counted, too.
    assert taken(conduct.updated) == 2 + 2 + 20 - 1
    for _ in range(3):
        conduct.earned(10_000_000)
    assert taken(conduct.updated) == 10_000
