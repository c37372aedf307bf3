"""Edges of conditions, which generated requests seldom meet to the second."""

from __future__ import annotations

from math import inf

import pytest

from appproxy.policy.conditional.conditions import OlderThan
from appproxy.policy.conditional.facts import Asked, Facts
from appproxy.policy.conditional.locations import Locations
from tests.policy.conditional.people import NOON, Person


def facts(now: float, auth_time: float) -> Facts:
    """Of a user who signed in at some time."""
    return Facts(Person(auth_time=auth_time), now, Asked(), Locations(), {})


@pytest.mark.parametrize(("age", "holds", "until"), [(299.0, False, NOON + 1.0), (300.0, True, inf), (301.0, True, inf)])
def test_older_than(age: float, holds: bool, until: float) -> None:
    """At the very second it is that old, and stays so."""
    known, condition = facts(NOON, NOON - age), OlderThan(300.0)
    assert condition.holds(known) is holds
    assert condition.until(known) == until


def test_a_strength_that_is_not_there_is_met_by_nobody() -> None:
    """Fail closed."""
    assert not facts(NOON, NOON).meets("gone")
