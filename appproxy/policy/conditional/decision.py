"""What policies come to: each that applies counts, one that blocks wins, and otherwise all that they ask for is needed.

There is no order among policies to get wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from appproxy.policy.conditional.facts import Facts
from appproxy.policy.conditional.model import Grant, Policy
from appproxy.policy.conditional.parts.demands import NOTHING, UNLIMITED, Demand, SessionControls


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided about one request.

    `blocked`: the policies that block it; `lacking`: those that ask for more than is proved, and `demand`: for what. Where
    both are empty it may pass, under `controls`. `holds_until`: while the facts that were looked at stay the same.
    """

    blocked: tuple[Policy, ...]
    lacking: tuple[Policy, ...]
    demand: Demand
    controls: SessionControls
    holds_until: float

    def __or__(self, other: Decision) -> Decision:
        """What these policies and others come to together."""
        return Decision(
            self.blocked + other.blocked, self.lacking + other.lacking, self.demand | other.demand,
            self.controls if other.controls is UNLIMITED else self.controls | other.controls,
            min(self.holds_until, other.holds_until))


#: What no policy comes to.
NOTHING_DECIDED = Decision((), (), NOTHING, UNLIMITED, inf)


def decide(policies: Iterable[Policy], facts: Facts, *, aged: bool = True) -> Decision:
    """Decide. `policies`: those that are assigned to this user and application.

    `aged` False: that the sign-in has grown old counts for nothing, because what is judged was let pass before.
    """
    blocked: list[Policy] = []
    lacking: list[Policy] = []
    demand, controls, until = NOTHING, UNLIMITED, facts.device_until
    for policy in policies:
        failed, edge = first_failing(policy, facts)
        if edge < until:
            until = edge
        if failed is not None:
            continue
        if blocks(policy, facts):
            blocked.append(policy)
            continue
        missing, edge = missing_of(policy, facts, aged=aged)
        if edge < until:
            until = edge
        if missing is not NOTHING:
            lacking.append(policy)
            demand |= missing
        if policy.controls is not UNLIMITED:
            controls |= policy.controls
    return Decision(tuple(blocked), tuple(lacking), demand, controls, until)


def blocks(policy: Policy, facts: Facts) -> bool:
    """Does a policy that applies let nobody in? One that limits what passes does so where that is not seen."""
    return policy.grant.block or (facts.request.elsewhere and policy.controls.transfers is not None)


def first_failing(policy: Policy, facts: Facts) -> tuple[str | None, float]:
    """The key of the first condition that does not hold, None when all do; and until when the same is true."""
    until = inf
    for condition in policy.conditions:
        edge = condition.until(facts) if condition.timed else inf
        if not condition.holds(facts):
            return condition.key, edge
        if edge < until:
            until = edge
    return None, until


def missing_of(policy: Policy, facts: Facts, *, aged: bool = True) -> tuple[Demand, float]:
    """What a policy that applies asks for and the sign-in has not proved, `NOTHING` where it is all proved; and until when
    the same is true.
    """
    missing, until = _missing_grant(policy.grant, facts, aged)
    if policy.controls is UNLIMITED:
        return missing, until
    fresh, edge = _fresh(policy.controls.frequency, facts, aged)
    return (missing if fresh else missing | Demand(max_age=policy.controls.frequency)), min(until, edge)


def _missing_grant(grant: Grant, facts: Facts, aged: bool) -> tuple[Demand, float]:
    lacking = [name for name in grant.strengths if not facts.meets(name)]
    fresh, edge = _fresh(grant.sign_in_within, facts, aged)
    if not grant.alternatives:
        if fresh and not lacking:
            return NOTHING, edge
        return Demand(frozenset(lacking), inf if fresh else grant.sign_in_within), edge
    if len(lacking) < len(grant.strengths):
        return NOTHING, inf
    if grant.sign_in_within < inf and fresh:
        return NOTHING, edge
    # One of them is enough: the first that is named.
    return (Demand(frozenset(lacking[:1])) if lacking else Demand(max_age=grant.sign_in_within)), inf


def _fresh(age: float, facts: Facts, aged: bool) -> tuple[bool, float]:
    """Is the sign-in younger than that, and until when?"""
    if age == inf or not aged:
        return True, inf
    ends = facts.auth_time + age
    return ends > facts.now, ends if ends > facts.now else inf
