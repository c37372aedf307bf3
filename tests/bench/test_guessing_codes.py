"""The promise about guessing codes, in small: five in ten minutes, and the owner's own device never waits for others."""

from __future__ import annotations

from random import Random

import pytest

from bench.guessing_codes import owner_and_attackers


@pytest.mark.parametrize("attackers", [1, 50])
def test_the_promise(attackers: int) -> None:
    """However many there are; a passkey and a recovery code are not held back either."""
    result = owner_and_attackers(Random(1), attackers, 3, 21.0 * attackers)
    assert (result.in_ten_minutes, result.in_a_day) == (5, 20)
    for name in ("known device", "new device, passkey or recovery code"):
        assert result.groups[name].percentile(1.0) == 0.0 and result.groups[name].held


def test_nobody_waits_for_typing_errors() -> None:
    """Without an attacker, and also elsewhere with one who has the owner's browser."""
    assert all(figures.percentile(1.0) == 0.0 for figures in owner_and_attackers(Random(2), 0, 30, 1.0).groups.values())
    stolen = owner_and_attackers(Random(2), 1, 3, 21.0, known=True)
    assert (stolen.in_ten_minutes, stolen.in_a_day) == (5, 20)
    assert stolen.groups["new device, app"].percentile(1.0) == 0.0
