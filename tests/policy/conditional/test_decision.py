"""How policies combine: every one that applies counts, one that blocks wins, and what is decided holds for so long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import permutations
from math import inf
from random import Random
from typing import Any, cast

import pytest

from appproxy.policy.conditional.decision import NOTHING_DECIDED, Decision, decide, first_failing, missing_of
from appproxy.policy.conditional.facts import Asked, Facts
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.model import Grant, Policy, PolicyState, Proof, Strength, Who
from appproxy.policy.conditional.parts.demands import NOTHING, UNLIMITED, Demand, SessionControls
from tests.policy.conditional import generated
from tests.policy.conditional.people import NOON, Person
from tests.policy.conditional.test_compiled import compiled, judged, limited

STRENGTHS = {name: Strength(name, (Proof(amr=frozenset({name})),)) for name in ("mfa", "key")}


@dataclass(frozen=True)
class Fixed:
    """A condition that holds or does not, until a moment."""

    result: bool
    ends: float = inf
    key: str = "fixed"
    timed: bool = True

    def holds(self, facts: Facts) -> bool:
        return self.result

    def until(self, facts: Facts) -> float:
        return self.ends


def policy(name: str = "p", *conditions: Fixed, controls: SessionControls = UNLIMITED, **grant: Any) -> Policy:
    """One for everybody."""
    return Policy(name, PolicyState.ON, Who(True), Who(), None, frozenset(), cast("Any", conditions), Grant(**grant), controls)


def facts(*amr: str, age: float = 600.0) -> Facts:
    """Of a sign-in that proved this, `age` seconds ago."""
    return Facts(Person(amr=amr, auth_time=NOON - age), NOON, Asked("192.0.2.1"), Locations([]), STRENGTHS)


def names(policies: Iterable[Policy]) -> list[str]:
    return [one.name for one in policies]


def test_without_policies_all_may_pass() -> None:
    """For ever: nothing was looked at."""
    assert decide([], facts()) == Decision((), (), NOTHING, UNLIMITED, inf)


def test_one_that_blocks_wins_whatever_the_others_grant() -> None:
    """All of those that block are named, in any order of the policies."""
    every = [policy("free"), policy("no", block=True), policy("mfa", strengths=("mfa",)), policy("never", block=True)]
    for order in permutations(every):
        decision = decide(order, facts("mfa"))
        assert sorted(names(decision.blocked)) == ["never", "no"]


def test_what_does_not_apply_counts_for_nothing() -> None:
    """Neither its block nor its limits; but until when it does not apply is part of how long the decision holds."""
    away = Fixed(False, NOON + 30.0)
    decision = decide([policy("no", away, block=True), policy("limits", away, controls=SessionControls(idle=1.0))], facts())
    assert decision == Decision((), (), NOTHING, UNLIMITED, NOON + 30.0)


def test_all_that_is_asked_for_is_needed() -> None:
    """The demands of several policies add up to the strictest; those that are met are not among them."""
    every = [policy("mfa", strengths=("mfa",)), policy("key", strengths=("key", "mfa"), sign_in_within=900.0),
             policy("soon", sign_in_within=300.0), policy("met", sign_in_within=3600.0)]
    decision = decide(every, facts("mfa"))
    assert names(decision.lacking) == ["key", "soon"]
    assert decision.demand == Demand(frozenset({"key"}), 300.0)
    assert not decide(every, facts("mfa", "key", age=200.0)).lacking


@pytest.mark.parametrize(("amr", "age", "missing"), [
    ((), 600.0, Demand(frozenset({"mfa"}))),  # the first that is named
    (("key",), 600.0, NOTHING),
    (("mfa",), 600.0, NOTHING),
    (("mfa", "key"), 600.0, NOTHING),
    ((), 299.0, NOTHING),
    ((), 300.0, Demand(frozenset({"mfa"}))),
])
def test_one_of_several_is_enough(amr: tuple[str, ...], age: float, missing: Demand) -> None:
    """Where a policy says so: a strength, or a sign-in that is young enough."""
    either = policy(strengths=("mfa", "key"), sign_in_within=300.0, alternatives=True)
    assert missing_of(either, facts(*amr, age=age))[0] == missing


def test_a_strength_that_is_not_there_is_met_by_nobody() -> None:
    """A policy that names it asks for it, and cannot be satisfied."""
    assert decide([policy(strengths=("gone",))], facts("mfa", "key", "gone")).demand == Demand(frozenset({"gone"}))


def test_limits_of_sessions_add_up_to_the_strictest() -> None:
    """Of those policies that apply."""
    every = [policy(controls=SessionControls(idle=900.0, persistent=False)), policy(controls=SessionControls(3600.0, 1800.0)),
             policy("away", Fixed(False), controls=SessionControls(idle=1.0)), policy(controls=SessionControls(bound=True))]
    assert decide(every, facts()).controls == SessionControls(3600.0, 900.0, False, True)


@pytest.mark.parametrize(("age", "missing", "until"), [
    (0.0, NOTHING, NOON + 600.0), (599.0, NOTHING, NOON + 1.0), (600.0, Demand(max_age=600.0), inf),
])
@pytest.mark.parametrize("limit", [{"sign_in_within": 600.0}, {"controls": SessionControls(frequency=600.0)}])
def test_a_sign_in_grows_old_at_its_second(limit: dict[str, Any], age: float, missing: Demand, until: float) -> None:
    """It is too old when it is as old as the limit; before, the decision holds until then."""
    decision = decide([policy(**limit)], facts(age=age))
    assert (decision.demand, decision.holds_until) == (missing, until)


@pytest.mark.parametrize("limit", [{"sign_in_within": 600.0}, {"controls": SessionControls(frequency=600.0)}])
def test_age_counts_for_nothing_under_way(limit: dict[str, Any]) -> None:
    """What was let pass is not cut because the sign-in has grown old; a strength that is lacking still counts."""
    old = decide([policy(**limit)], facts(age=7200.0), aged=False)
    assert (old.demand, old.lacking, old.holds_until) == (NOTHING, (), inf)
    assert decide([policy(strengths=("mfa",))], facts(), aged=False).lacking


def test_the_first_condition_that_fails_is_named() -> None:
    """It alone decides how long that holds; where all hold, the first that ends does."""
    holds, ends, fails = Fixed(True, NOON + 5.0), Fixed(True, NOON + 3.0), Fixed(False, NOON + 9.0, "times")
    assert first_failing(policy("p", holds, fails, ends), facts()) == ("times", NOON + 9.0)
    assert first_failing(policy("p", holds, ends), facts()) == (None, NOON + 3.0)
    assert first_failing(policy(), facts()) == (None, inf)


@pytest.mark.parametrize("seed", range(30))
def test_decisions_of_parts_come_to_the_decision_of_all(seed: int) -> None:
    """However policies are divided: a replay decides once what is the same before and after."""
    random = Random(seed)
    documents = [generated.document(random, f"p{number}") for number in range(8)]
    for _ in range(10):
        person, now, asked = generated.person(random), generated.moment(random), generated.request(random)
        at = random.randrange(9)
        whole, one, other = (judged(compiled(part), "a1", person, now, asked) or NOTHING_DECIDED
                             for part in (documents, documents[:at], documents[at:]))
        both = one | other
        assert (set(names(both.blocked)), set(names(both.lacking))) == (set(names(whole.blocked)), set(names(whole.lacking)))
        assert (both.demand, both.holds_until) == (whole.demand, whole.holds_until)
        assert replace(both.controls, transfers=None) == replace(whole.controls, transfers=None)
        assert limited(both) == limited(whole)
