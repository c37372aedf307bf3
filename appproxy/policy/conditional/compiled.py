"""A set of policies, made ready: for each application those that can ever apply, by user and group, and what they look at.

What all applications have in common is made once and shared, so that the size of a set is the number of its assignments.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from appproxy.policy.conditional.decision import Decision, decide
from appproxy.policy.conditional.facts import Asked, Facts, Judged, PolicyRequest
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.model import AskedLevels, Policy, PolicyState, Strength, Subject, levels_for
from appproxy.policy.conditional.parts.conditions import InTime, RequestFact
from appproxy.policy.conditional.parts.contexts import Context, Contexts, contexts_of
from appproxy.policy.conditional.parts.devices import NO_DEVICES, Devices
from appproxy.policy.conditional.parts.windows import clock_of
from appproxy.policy.risk.user_risk import NO_RISK, UserRisk


@dataclass(slots=True)
class _Index:
    """Policies by whom they are for."""

    everyone: list[Policy] = field(default_factory=list)
    users: dict[tuple[str, str], list[Policy]] = field(default_factory=dict)
    groups: dict[tuple[str, str], list[Policy]] = field(default_factory=dict)
    looks_at: RequestFact = RequestFact.NOTHING
    binds: bool = False
    #: By provider: sessions that are older may not hold all groups that are asked about.
    groups_since: dict[str, float] = field(default_factory=dict)

    def add(self, policy: Policy) -> None:
        """One more."""
        if policy.included.everyone:
            self.everyone.append(policy)
        else:
            for user in policy.included.users:
                self.users.setdefault(user, []).append(policy)
            for group in policy.included.groups:
                self.groups.setdefault(group, []).append(policy)
        for condition in policy.conditions:
            self.looks_at |= condition.looks_at
        if policy.controls.bound:
            self.binds = True
            self.looks_at |= RequestFact.ADDRESS
        for provider, _ in policy.groups():
            self.groups_since[provider] = max(self.groups_since.get(provider, 0.0), policy.groups_since)

    def of(self, subject: Subject) -> Iterator[Policy]:
        """Those that include a user; one policy may come more than once."""
        yield from self.everyone
        yield from self.users.get((subject.provider, subject.subject), ())
        if self.groups:
            for group in subject.groups:
                yield from self.groups.get((subject.provider, group), ())


class Program:
    """The policies of one application, and its contexts.

    `varies`: what of a request, beside session and time, their decision depends on.
    """

    __slots__ = ("_address", "_browser", "_contexts", "_devices", "_in_contexts", "_locations", "_own", "_shared", "_skipped",
                 "_strengths", "binds", "varies")

    def __init__(
        self, shared: _Index, own: _Index, skipped: frozenset[Policy], locations: Locations, strengths: Mapping[str, Strength],
        contexts: tuple[Context, ...] = (), devices: Devices = NO_DEVICES,
    ) -> None:
        self._devices = devices
        self._shared = shared
        self._own = own
        self._skipped = skipped
        self._locations = locations
        self._strengths = strengths
        self._contexts = contexts
        self.varies = shared.looks_at | own.looks_at
        # Asked of each request that varies: `&` of an IntFlag makes an object each time, a microsecond or so.
        self._address = RequestFact.ADDRESS in self.varies
        self._browser = RequestFact.USER_AGENT in self.varies
        self._in_contexts = RequestFact.CONTEXT in self.varies
        #: Does any of them bind sessions to their networks?
        self.binds = shared.binds or own.binds

    def looked_at(self, request: PolicyRequest) -> Hashable:
        """What of a request a decision depends on: requests of one session that have this in common are decided alike."""
        client = request.client if self._address else ""
        user_agent = request.user_agent if self._browser else b""
        if not self._in_contexts:
            return client, user_agent
        # Paths are without number; contexts are few.
        return client, user_agent, contexts_of(self._contexts, request.method, request.path, request.upgrade)

    def assigned(self, subject: Subject) -> list[Policy]:
        """The policies that are for a user, each once."""
        found = dict.fromkeys((*self._shared.of(subject), *self._own.of(subject)))
        return [one for one in found if one not in self._skipped and not one.excluded.has(subject)]

    def groups_since(self, provider: str) -> float:
        """Sessions of a provider that are not newer may lack groups that some policy asks about; 0.0: none does."""
        return max(self._shared.groups_since.get(provider, 0.0), self._own.groups_since.get(provider, 0.0))

    def facts(self, session: Judged, now: float, request: PolicyRequest, user_risk: UserRisk = NO_RISK) -> Facts:
        """What its policies look at."""
        return Facts(
            session, now, request, self._locations, self._strengths, self._contexts, user_risk, self._devices)

    def decide(self, facts: Facts, *, aged: bool = True) -> Decision:
        """What becomes of a request; see `decision.decide`."""
        return decide(self.assigned(facts.session), facts, aged=aged)


class PolicySet:
    """All policies of a moment. `exempt`: users (provider, subject) whom no policy concerns.

    `reporting` False: those that are on; True: those that would be, which are only reported.
    """

    __slots__ = (
        "_common", "_groups", "_programs", "_windows", "contexts", "devices", "exempt", "locations", "policies", "strengths")

    def __init__(
        self, policies: Iterable[Policy] = (), locations: Locations | None = None,
        strengths: Mapping[str, Strength] | None = None, exempt: Iterable[tuple[str, str]] = (),
        contexts: Contexts | None = None, devices: Devices = NO_DEVICES, *, reporting: bool = False,
    ) -> None:
        #: Of every state, by name.
        self.policies: Mapping[str, Policy] = {policy.name: policy for policy in policies}
        self.locations = locations or Locations()
        self.strengths: Mapping[str, Strength] = strengths or {}
        self.exempt = frozenset(exempt)
        self.contexts = contexts or Contexts()
        #: Who vouches for devices.
        self.devices = devices
        groups: dict[str, set[str]] = {}
        for policy in self.policies.values():
            for of, group in policy.groups():
                groups.setdefault(of, set()).add(group)
        self._groups = {of: frozenset(some) for of, some in groups.items()}
        wanted = PolicyState.REPORT_ONLY if reporting else PolicyState.ON
        counting = [policy for policy in self.policies.values() if policy.state is wanted]
        times = [one for policy in counting for one in policy.conditions if isinstance(one, InTime)]
        self._windows = {window for one in times for window in (*(one.included or ()), *one.excluded)}
        shared = _Index()
        own: dict[str, _Index] = {}
        skipped: dict[str, set[Policy]] = {}
        for policy in counting:
            if policy.applications is None:
                shared.add(policy)
                for id in policy.excluded_applications:
                    skipped.setdefault(id, set()).add(policy)
            else:
                for id in policy.applications - policy.excluded_applications:
                    own.setdefault(id, _Index()).add(policy)
        common = any(policy.applications is None for policy in counting)
        # Which no application has as its id.
        everywhere = self.contexts.of("")
        self._common = Program(
            shared, _Index(), frozenset(), self.locations, self.strengths, everywhere, devices) if common else None
        self._programs = {
            id: Program(shared, own.get(id) or _Index(), frozenset(skipped.get(id, ())), self.locations, self.strengths,
                        self.contexts.of(id) if id in self.contexts.named else everywhere, devices)
            for id in own.keys() | skipped.keys() | (self.contexts.named if common else frozenset())
        }

    def meets(self, strength: str, session: Judged, now: float) -> bool:
        """Has a sign-in this strength? One that is not there is met by nobody."""
        return Facts(session, now, Asked(), self.locations, self.strengths, devices=self.devices).meets(strength)

    def levels_for(self, strengths: Iterable[str], provider: str) -> AskedLevels | None:
        """What to ask a provider (its id) for so that a sign-in has these (names); see `model.levels_for`."""
        return levels_for([self.strengths.get(name) for name in strengths], provider)

    def reporting(self) -> PolicySet:
        """What those come to that are only reported; `NO_POLICIES` where none is."""
        if all(policy.state is not PolicyState.REPORT_ONLY for policy in self.policies.values()):
            return NO_POLICIES
        return PolicySet(
            self.policies.values(), self.locations, self.strengths, self.exempt, self.contexts, self.devices, reporting=True)

    def program(self, application: str) -> Program | None:
        """What an application (its id) is judged by; None where no policy can ever apply."""
        return self._programs.get(application, self._common)

    def groups_of(self, provider: str) -> frozenset[str]:
        """The groups of a provider that any policy names, whatever its state."""
        return self._groups.get(provider, frozenset())

    def next_edge(self, now: float) -> float:
        """When the next window of time may begin or end; infinity where none counts."""
        return min((window.edge(clock_of(now, window.zone)) for window in self._windows), default=inf)


NO_POLICIES = PolicySet()
