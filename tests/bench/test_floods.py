"""What `bench.floods` makes of a flood; whether the others notice it is run by hand."""

from __future__ import annotations

import pytest

from bench.floods import KINDS, Flooded, Rounds, read_flood
from bench.measure import Void
from bench.report import Series

WRK = """Running 10s test @ https://127.0.0.1:1/small
  1 threads and 32 connections
  20000 requests in 10.00s, 21.00MB read
"""


def test_what_wrk_says() -> None:
    """Refusals are what a flood is for."""
    assert read_flood(WRK + "  Non-2xx or 3xx responses: 15000\n", 10.0) == Flooded(2000.0, 0.75)
    assert read_flood(WRK, 10.0) == Flooded(2000.0, 0.0)
    with pytest.raises(Void):
        read_flood("", 10.0)


@pytest.mark.parametrize(("limited", "share", "refused", "verdicts"), [
    (0.019, 0.9, 0, ("within 2", "", "within 0")),
    (0.021, 0.9, 0, ("beyond 2", "", "within 0")),
    (0.019, 0.4, 0, ("within 2", "void: nothing was limited", "within 0")),
    (0.019, 0.9, 1, ("within 2", "", "beyond 0")),
])  # fmt: skip
def test_verdicts(limited: float, share: float, refused: int, verdicts: tuple[str, ...]) -> None:
    """Others within twice, and none of them refused; a flood that was not limited shows nothing."""
    rounds = Rounds(Series([0.01] * 3), Series([limited] * 3), Series([0.1] * 3), [Flooded(2000.0, share)] * 3, refused)
    found = [row.verdict() for row in rounds.rows("user")]
    assert (found[0], found[3], found[4]) == verdicts


def test_every_kind_of_limit_is_flooded() -> None:
    """Of one address, one network, one user, one application."""
    assert {one.limit.partition("=")[0] for one in KINDS.values()} == {"address_rate", "user_rate", "rate"}
    assert "%x" in KINDS["network"].source and "%" not in KINDS["address"].source
