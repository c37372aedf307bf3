"""Step-up: what policies ask of a sign-in goes to the provider, and what comes back is checked. Nobody goes round twice.

    gate or callback: a demand   ---->   /start with it   ---->   provider: a level, max_age, prompt   ---->   callback
    proved: on to the application; a device missing: to where devices prove themselves (`device_step`), and then on;
    otherwise a page that says what is missing
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.identity.states import StartState
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.parts.demands import NOTHING, Demand
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.store.snapshot import ProviderRecord


def with_demand(start: StartState, demand: Demand) -> StartState:
    """The same sign-in, which has to prove this."""
    return replace(
        start, strengths=tuple(sorted(demand.strengths)), max_age=0.0 if demand.max_age == inf else demand.max_age)


def demand_of(start: StartState) -> Demand:
    """What a sign-in has to prove."""
    return Demand(frozenset(start.strengths), start.max_age or inf)


def parameters(start: StartState, record: ProviderRecord, policies: PolicySet) -> dict[str, str]:
    """For the authorization request (OpenID Connect Core 1.0 section 3.1.2.1).

    Where several strengths are needed at once, a value that is good for all of them is asked for. A provider that has no value
    for one is asked for a whole new sign-in, at which the user can prove more.
    """
    asked: dict[str, str] = {}
    settings = record.settings
    levels = policies.levels_for(start.strengths, record.id)
    if levels is None:
        asked["prompt"] = "login"
    elif levels.values and settings.step_up == "acr_values":
        asked["acr_values"] = " ".join(levels.values)
    elif levels.values:
        given = dict(settings.parameters).get("claims", "")
        asked["claims"] = _claims(settings.step_up, levels.values, levels.any_will_do, given)
    if start.max_age:
        asked |= {"max_age": str(int(start.max_age)), "prompt": "login"}
    return asked


def _claims(step_up: str, wanted: Sequence[str], any_will_do: bool, given: str) -> str:
    """A claims request (OpenID Connect Core 1.0 section 5.5): that the ID token has this level is essential.

    `step_up`: `claims` asks for `acr` (section 5.5.1.1), `acrs` for an authentication context of Microsoft Entra, of which one
    is named where any will do. `given`: what the admin asks every time besides.
    """
    if step_up == "claims":
        member: tuple[str, dict[str, object]] = ("acr", {"essential": True, "values": list(wanted)})
    elif any_will_do or len(wanted) == 1:
        member = ("acrs", {"essential": True, "value": wanted[0]})
    else:
        member = ("acrs", {"essential": True, "values": list(wanted)})
    try:
        request = json.loads(given) if given else {}
    except ValueError:
        request = {}
    whole = dict(request) if isinstance(request, dict) else {}
    ours = whole.get("id_token")
    whole["id_token"] = {**(ours if isinstance(ours, dict) else {}), member[0]: member[1]}
    return json.dumps(whole, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class DeviceNeeded:
    """The sign-in goes on where devices prove themselves."""

    start: StartState


def decided(
    verdict: Verdict[Session], start: StartState, session: Session, policies: PolicySet, now: float, *, shown: bool = False,
) -> Verdict[Session] | StartState | DeviceNeeded:
    """What becomes of a sign-in: the verdict on its session, or the way through it once more, which has to prove more.

    What was asked for and is not proved is refused, whatever would be said of this very request: where the browser comes from
    another address than at the application, it would be sent round and round. `shown`: the browser was asked for a device.
    """
    asked = demand_of(start)
    missing = _unproved(asked, session, policies, now)
    lacks = "this browser has not proved" if shown else "the identity provider has not confirmed"
    more = verdict.demand if isinstance(verdict, SignInRequired) else NOTHING
    if missing:
        if not shown and not isinstance(verdict, Refuse) and _by_device(missing, policies):
            return DeviceNeeded(with_demand(start, asked | more))
        return _refusal(missing, verdict, lacks)
    if not more:
        return verdict
    if asked | more == asked:
        return _refusal(more, verdict, lacks)
    wanted = with_demand(start, asked | more)
    alone = not any(policies.strengths[name].by_provider(session.provider) for name in more.strengths - asked.strengths
                    if name in policies.strengths)
    return DeviceNeeded(wanted) if alone and not shown and _by_device(more, policies) else wanted


def _by_device(demand: Demand, policies: PolicySet) -> bool:
    """May all of it be met by a device?"""
    named = [policies.strengths.get(name) for name in demand.strengths]
    return demand.max_age == inf and bool(named) and all(one is not None and one.by_device for one in named)


def _unproved(demand: Demand, session: Session, policies: PolicySet, now: float) -> Demand:
    lacking = {name for name in demand.strengths if not policies.meets(name, session, now)}
    return Demand(frozenset(lacking), demand.max_age if session.auth_time + demand.max_age <= now else inf)


def _refusal(missing: Demand, verdict: Verdict[Session], lacks: str) -> Verdict[Session]:
    """A block tells more than what is missing."""
    if isinstance(verdict, Refuse):
        return verdict
    said = "" if isinstance(verdict, Pass) else f"{verdict.reason}; "
    message = "" if isinstance(verdict, Pass) else verdict.message
    return Refuse(
        Code.PROOF_MISSING, f"{said}{lacks} {missing}",
        message=f"{message} Missing: {missing}." if message else f"{lacks[0].upper()}{lacks[1:]} {missing}.")
