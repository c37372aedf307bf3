"""What policies that are only reported would have done to a request, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appproxy.policy.conditional.compiled import Program
from appproxy.policy.conditional.decision import blocks, first_failing, missing_of
from appproxy.policy.conditional.explanation import fact_of
from appproxy.policy.conditional.facts import Facts
from appproxy.policy.conditional.model import Policy
from appproxy.policy.networks import network_of

#: What a policy does to a request, as `policy replay` says it, too.
REFUSES, ASKS, LIMITS = "refuses", "asks for more", "limits"
#: Conditions whose facts are told with a reason: those with few values, so that reasons can be counted.
_TOLD = frozenset({"clients", "contexts", "locations", "platforms", "providers", "sign_in_risk", "user_risk"})
_LONGEST = 128


@dataclass(frozen=True, slots=True)
class ReportedHit:
    """One policy would do something: `does`, and `because` of what."""

    policy: str
    does: str
    because: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What the policies that are for a user come to: the hits, and the names of those that would let the request pass."""

    hits: Sequence[ReportedHit]
    passing: Sequence[str]


def report(program: Program, facts: Facts) -> Reported:
    """Each policy of an application's that is for this user. How long the session was idle is not looked at."""
    hits, passing = [], []
    for policy in program.assigned(facts.session):
        failed, _ = first_failing(policy, facts)
        does, what = ("", "") if failed is not None else _hit(policy, facts)
        if does:
            hits.append(ReportedHit(policy.name, does, _because(policy, facts, what)))
        else:
            passing.append(policy.name)
    return Reported(hits, passing)


def _hit(policy: Policy, facts: Facts) -> tuple[str, str]:
    """What a policy that applies does, and why; "" for nothing."""
    if blocks(policy, facts):
        return REFUSES, "blocked" if policy.grant.block else "limits what passes"
    missing, _ = missing_of(policy, facts)
    if missing:
        return ASKS, str(missing)
    controls = policy.controls
    if controls.bound and facts.session.network != network_of(facts.request.client):
        return ASKS, "a sign-in in this network"
    if controls.transfers is not None:
        return LIMITS, ", ".join(dict.fromkeys(name for name, _ in controls.transfers.rules))
    return "", ""


def _because(policy: Policy, facts: Facts, what: str) -> str:
    facts_of_conditions = [f"{one.key}: {fact_of(one.key, facts)}" for one in policy.conditions if one.key in _TOLD]
    return "; ".join([what, *facts_of_conditions])[:_LONGEST]
