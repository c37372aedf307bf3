"""Edges of conditions, which generated requests seldom meet to the second."""

from __future__ import annotations

from math import inf

import pytest

from appproxy.policy.conditional.facts import Asked, Facts
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.parts.conditions import AtSignInRisk, AtUserRisk, Choice, OlderThan
from appproxy.policy.risk.user_risk import NO_RISK, UserRisk, of_level
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


def at_risk(sign_in: str, user: UserRisk = NO_RISK) -> Facts:
    """Of a sign-in and a user of these risks."""
    return Facts(Person(sign_in_risk=sign_in), NOON, Asked(), Locations(), {}, (), user)


@pytest.mark.parametrize(("level", "included", "excluded"), [
    ("high", True, True), ("medium", True, True), ("low", False, False), ("", False, True)])
def test_the_risk_of_a_sign_in(level: str, included: bool, excluded: bool) -> None:
    """Unknown is in no list: `include` medium and high leaves it out, `exclude` low does not."""
    named = AtSignInRisk(Choice(frozenset({"medium", "high"}), frozenset()))
    others = AtSignInRisk(Choice(None, frozenset({"low"})))
    assert (named.holds(at_risk(level)), others.holds(at_risk(level))) == (included, excluded)
    assert AtSignInRisk(Choice(None, frozenset())).holds(at_risk(level)) and named.until(at_risk(level)) == inf


def test_the_risk_of_a_user_falls_by_itself() -> None:
    """And a decision holds until then."""
    high = AtUserRisk(Choice(frozenset({"high"}), frozenset()))
    falling = at_risk("", UserRisk(NOON + 200.0, NOON + 100.0))
    assert (high.holds(falling), high.until(falling)) == (True, NOON + 100.0)
    assert not high.holds(at_risk("", UserRisk(NOON + 200.0, NOON)))
    assert [high.holds(at_risk("", of_level(level))) for level in ("low", "medium", "high")] == [False, False, True]
