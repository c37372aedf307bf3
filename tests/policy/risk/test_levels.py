"""Levels of risk."""

from __future__ import annotations

import pytest

from appproxy.policy.risk.levels import HIGH, LOW, MEDIUM, Thresholds


@pytest.mark.parametrize(("score", "level"), [(-10.0, LOW), (11.9, LOW), (12.0, MEDIUM), (21.9, MEDIUM), (22.0, HIGH)])
def test_levels_begin_at_their_points(score: float, level: str) -> None:
    """The threshold itself belongs to the level."""
    assert Thresholds().level(score) == level
