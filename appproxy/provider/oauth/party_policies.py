"""Policies at relying parties: what is decided of a sign-in before its client is told of it, and of each refresh after.

Of what a client does with a sign-in nothing is seen here. So it is judged at the door, like a request to an application that
is published here, and whoever could only be limited inside is not let in.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.authorizer import RequestContext
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.decision import decide
from appproxy.policy.conditional.facts import signing_in_elsewhere
from appproxy.policy.conditional.model import Policy
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.policy.networks import network_of
from appproxy.policy.risk.user_risk import NO_RISK
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.provider.assurance import Level, acr_of, amr_of, level_named, level_of
from appproxy.provider.tokens import ProviderSession
from appproxy.publish.application import ProviderAccess
from appproxy.store.people.users import User
from appproxy.store.snapshot import BUILTIN, RelyingParty, Snapshot

_ACCESS = ProviderAccess(BUILTIN)
#: Seconds in which a browser that has proved a device comes back. Whoever is asked again by then would go round.
_JUST_NOW = 60.0
#: Conditions on what is known of a browser alone; a refresh comes from the client's own machine.
_OF_BROWSERS = frozenset({"clients", "contexts", "devices", "locations", "platforms", "sign_in_risk"})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A relying party as decisions see applications: open to every user of the built-in provider, but for policies."""

    id: str
    name: str
    bearer: str = ""
    machine_terms: str = ""
    passthrough: bool = False
    idle_minutes: float = inf
    assignment_required: bool = False

    def access_of(self, provider: str) -> ProviderAccess | None:
        """None for other providers: their users never come here."""
        return _ACCESS if provider == BUILTIN else None


@dataclass(frozen=True, slots=True)
class SignInAnew:
    """The sign-in has to be younger: `max_age` in seconds, None where it does not count at all any more."""

    max_age: float | None


@dataclass(frozen=True, slots=True)
class ProveMore:
    """The user has to reach this level. `message`: what they are told of it, in the admin's words or ""."""

    level: Level
    message: str = ""


@dataclass(frozen=True, slots=True)
class ProveDevice:
    """The browser has to prove its device. `refusal`: what becomes of it where that cannot be."""

    refusal: Refuse


#: What is missing before a client is told of a sign-in; None: nothing.
Missing = SignInAnew | ProveMore | ProveDevice | Refuse | None


def session_of(session: ProviderSession, user: User, issuer: str, now: float, address: str = "") -> Session:
    """A user's session with the provider as risk and policies see sessions. Each sign-in at a client begins in its network."""
    return Session(
        session.id, user.id, issuer, BUILTIN, user.display_name or user.name, now, session.expires, session.auth_time,
        acr=acr_of(session.methods), amr=tuple(amr_of(session.methods)), groups=tuple(group.id for group in user.groups),
        network=network_of(address) if address else "", sign_in_risk=session.risk, device=session.device)


def context_of(party: RelyingParty, session: Session, address: str, user_agent: bytes) -> RequestContext[Session]:
    """What is to be decided about when a browser that is here now signs in to a relying party."""
    return RequestContext(
        Elsewhere(party.id, party.name), session, session.issued, address, begun=True, user_agent=user_agent, elsewhere=True)


def missing(verdict: Verdict[Session], session: ProviderSession, policies: PolicySet, now: float) -> Missing:
    """What a verdict on a sign-in asks for. What cannot be proved here, or was proved and is not enough, is refused."""
    if isinstance(verdict, Pass):
        return None
    if isinstance(verdict, Refuse):
        return verdict
    demand = verdict.demand
    if not demand:
        return SignInAnew(None)
    if demand.max_age < inf:
        return SignInAnew(demand.max_age)
    named = [policies.strengths.get(name) for name in demand.strengths]
    if not all(one is not None and (one.by_device or one.by_provider(BUILTIN)) for one in named):
        return _refusal(verdict, demand)
    level = _level(demand, policies)
    if level is not None and level_of(session.methods) < level:
        return ProveMore(level, verdict.message)
    just_proved = session.device is not None and now - session.device.proved < _JUST_NOW
    refusal = _refusal(verdict, demand, f"the device {session.device} is not enough" if just_proved else "")
    if not just_proved and all(one is not None and one.by_device for one in named):
        return ProveDevice(refusal)
    return refusal


def _level(demand: Demand, policies: PolicySet) -> Level | None:
    """The level that is good for all that the provider can prove of it; None where it can prove none, or not all."""
    levels = policies.levels_for(demand.strengths, BUILTIN)
    values = () if levels is None else levels.values
    known = [level for value in values if (level := level_named(value)) is not None]
    if levels is None or not known or len(known) < len(values):
        return None
    return min(known) if levels.any_will_do else max(known)


def _refusal(verdict: SignInRequired, demand: Demand, why_not: str = "") -> Refuse:
    lacks = why_not or f"a sign-in here cannot prove {demand}"
    told = [verdict.message, f"Missing: {demand}.", f"{why_not[0].upper()}{why_not[1:]}." if why_not else ""]
    return Refuse(Code.PROOF_MISSING, f"{verdict.reason}; {lacks}", message=" ".join(filter(None, told)))


def may_refresh(snapshot: Snapshot, client: str, session: Session, now: float) -> bool:
    """May a client (its id) have new tokens of a sign-in? By who it is, when it is and how the user has signed in: where the
    browser was, and what it was, was judged at the sign-in.
    """
    policies, user = snapshot.policies, (session.provider, session.subject)
    program = policies.program(client)
    if program is None or user in policies.exempt:
        return True
    facts = program.facts(session, now, signing_in_elsewhere("", b""), snapshot.user_risks.get(user, NO_RISK))
    decision = decide((policy for policy in program.assigned(session) if not _looks_at_browser(policy)), facts)
    lacking = [name for name in decision.demand.strengths
               if (strength := policies.strengths.get(name)) is None or not strength.by_device]
    return not (decision.blocked or lacking or decision.demand.max_age < inf)


def _looks_at_browser(policy: Policy) -> bool:
    return any(condition.key in _OF_BROWSERS for condition in policy.conditions)
