"""Why a decision is what it is, policy by policy: the same rules, asked one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from appproxy.policy.conditional.decision import blocks, first_failing, missing_of
from appproxy.policy.conditional.facts import Facts
from appproxy.policy.conditional.model import Policy, PolicyState

#: Why a policy that limits what passes lets nobody in to a relying party.
UNSEEN = "it limits what passes, and of a relying party nothing is seen here"


class Effect(Enum):
    """What a policy does to a request."""

    BLOCKS = "blocks"
    ASKS = "asks for more"
    MET = "met"
    NOT_APPLIED = "does not apply"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Explained:
    """One policy: what it does, and the fact that decides. One that is only reported says what it would do."""

    policy: Policy
    effect: Effect
    because: str

    @property
    def counts(self) -> bool:
        """Is it on?"""
        return self.policy.state is PolicyState.ON


def explain(policies: Iterable[Policy], facts: Facts, application: str) -> list[Explained]:
    """Each policy, for a request to an application (its id)."""
    return [Explained(policy, *_explain(policy, facts, application)) for policy in policies]


def _explain(policy: Policy, facts: Facts, application: str) -> tuple[Effect, str]:
    if policy.state is PolicyState.OFF:
        return Effect.OFF, "state"
    if not policy.is_for(application):
        return Effect.NOT_APPLIED, "applications"
    if not policy.included.has(facts.session):
        return Effect.NOT_APPLIED, "users.include"
    if policy.excluded.has(facts.session):
        return Effect.NOT_APPLIED, "users.exclude"
    failed, _ = first_failing(policy, facts)
    if failed is not None:
        return Effect.NOT_APPLIED, f"conditions.{failed}: {fact_of(failed, facts)}"
    if blocks(policy, facts):
        return Effect.BLOCKS, "grant.block" if policy.grant.block else f"session: {UNSEEN}"
    missing, _ = missing_of(policy, facts)
    if missing:
        return Effect.ASKS, f"{missing} is not proved"
    transfers = policy.controls.transfers
    limits = "" if transfers is None else f"; {', '.join(name for name, _ in transfers.rules)}"
    return Effect.MET, f"all that it asks for is proved{limits}"


def fact_of(key: str, facts: Facts) -> str:
    """The fact that a condition looks at, in words."""
    match key:
        case "locations":
            return ", ".join(sorted(facts.locations)) or "the address is in no named location"
        case "platforms":
            return facts.platform or "unknown"
        case "contexts":
            return ", ".join(sorted(facts.contexts.any_reading)) or "the request is in no authentication context"
        case "clients":
            return facts.client_kind
        case "providers":
            return facts.provider
        case "sign_in_risk" | "user_risk":
            return (facts.user_risk if key == "user_risk" else facts.sign_in_risk) or "unknown"
        case "devices":
            return "no device is proved" if facts.device is None else f"{facts.device} is proved"
        case "sign_in_older_than":
            minutes = max(facts.now - facts.auth_time, 0.0) / 60.0
            return f"signed in {minutes:.0f} minutes ago" if facts.auth_time else "unknown"
        case "strengths":
            return _proved(facts)
        case _:
            return "outside of its windows, or in one that is excluded"


def _proved(facts: Facts) -> str:
    device = "" if facts.device is None else f", device {facts.device}"
    return f"acr {facts.session.acr or 'unknown'}, amr {' '.join(facts.session.amr) or 'unknown'}{device}"
