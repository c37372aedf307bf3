"""Logged decisions through other policies than those of their time: who would pass, be asked for more, or be refused.

The engine is the gate's own: `Program.decide`. What the log does not have is said, not guessed: groups that no session held
because nothing named them, addresses that are truncated, and how long a session was idle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.decision import NOTHING_DECIDED as _NOTHING
from appproxy.policy.conditional.decision import Decision
from appproxy.policy.conditional.facts import Facts
from appproxy.policy.conditional.logged import KEPT_BITS, Logged, Outcome
from appproxy.policy.conditional.model import Policy
from appproxy.policy.conditional.parts.conditions import RequestFact
from appproxy.policy.networks import network_of
from appproxy.policy.risk.user_risk import of_level

#: A service that is asked for a replay takes so many documents to try, or names to leave out, and goes back so many days.
MOST_POLICIES, LONGEST = 50, 366 * 86_400
#: Users of whom it is remembered that something happened to them: where there are more, the number is a lower bound.
MOST_USERS = 50_000
#: Decisions that are named as examples of a change.
EXAMPLES = 5

#: Provider and subject.
User = tuple[str, str]


class Users:
    """Users, each with a number: up to `MOST_USERS` of them."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[User, int] = {}

    def number(self, user: User) -> int | None:
        """Of a user; None for one too many."""
        found = self._known.get(user)
        if found is None and len(self._known) < MOST_USERS:
            found = self._known[user] = len(self._known)
        return found

    def all(self) -> list[User]:
        """By their numbers."""
        return list(self._known)


@dataclass(slots=True)
class ReplayTally:
    """How often, to whom, and the first few. Each user is a bit, so that a thousand tallies are a few MiB."""

    decisions: int = 0
    users: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)
    _seen: bytearray = field(default_factory=bytearray)

    def add(self, number: int | None, entry: Logged, reason: str = "") -> None:
        """Once more, for the user of this number."""
        self.decisions += 1
        if self._is_new(number) and len(self.examples) < EXAMPLES:
            self.examples.append((entry.subject, entry.application, reason))

    def _is_new(self, number: int | None) -> bool:
        if number is None:
            return False
        at, bit = number >> 3, 1 << (number & 7)
        seen = self._seen
        if at >= len(seen):
            seen.extend(bytes(at + 1 - len(seen)))
        if seen[at] & bit:
            return False
        seen[at] |= bit
        self.users += 1
        return True

    def merge(self, other: ReplayTally, numbers: Sequence[int | None]) -> None:
        """What another part of the log has; `numbers`: by its numbers of users those of here."""
        self.decisions += other.decisions
        for at, bits in enumerate(other._seen):
            for place in range(8) if bits else ():
                if bits >> place & 1:
                    self._is_new(numbers[at * 8 + place])
        self.examples = (self.examples + other.examples)[:EXAMPLES]


@dataclass(slots=True)
class Report:
    """What a replay has found.

    `changes`: by outcome before and after, where they differ; `hits`: by policy and what it does; `unsure`: decisions that
    depend on what the log does not have.
    """

    decisions: int = 0
    skipped: int = 0
    unreadable: int = 0
    unsure: int = 0
    first: float = 0.0
    last: float = 0.0
    users: Users = field(default_factory=Users)
    changes: dict[tuple[Outcome, Outcome], ReplayTally] = field(default_factory=dict)
    hits: dict[tuple[str, str], ReplayTally] = field(default_factory=dict)

    def merge(self, other: Report) -> None:
        """What another part of the log has."""
        if other.decisions:
            self.first = min(self.first, other.first) if self.decisions else other.first
            self.last = max(self.last, other.last)
        self.decisions += other.decisions
        self.skipped += other.skipped
        self.unreadable += other.unreadable
        self.unsure += other.unsure
        numbers = [self.users.number(user) for user in other.users.all()]
        for change, tally in other.changes.items():
            self.changes.setdefault(change, ReplayTally()).merge(tally, numbers)
        for hit, tally in other.hits.items():
            self.hits.setdefault(hit, ReplayTally()).merge(tally, numbers)


class Replay:
    """Decisions through `after`. `before`: what they are compared with, None for what was decided at their time."""

    def __init__(self, after: PolicySet, before: PolicySet | None = None) -> None:
        self.report = Report()
        self._exempt = after.exempt
        self._locations = after.locations
        #: What is the same before and after is decided once; decisions of parts come to the decision of all.
        shared = [
            one for name, one in after.policies.items() if before is not None and before.policies.get(name) is one]
        self._shared = _part(after, shared)
        self._after = _part(after, set(after.policies.values()) - set(shared))
        self._before = None if before is None else _part(before, set(before.policies.values()) - set(shared))
        self._reported = after.reporting()

    def add(self, entry: Logged) -> None:
        """One more decision of the log."""
        report = self.report
        report.first = min(report.first, entry.now) if report.decisions else entry.now
        report.last = max(report.last, entry.now)
        report.decisions += 1
        report.skipped += entry.skipped
        user = (entry.provider, entry.subject)
        number = report.users.number(user)
        if user in self._exempt:
            before, after, outcome = Outcome.PASS if self._before is not None else entry.outcome, _NOTHING, Outcome.PASS
        else:
            before, after, outcome = self._judge(entry, number)
        if before is not outcome:
            report.changes.setdefault((before, outcome), ReplayTally()).add(number, entry, _reason(after))

    def _judge(self, entry: Logged, number: int | None) -> tuple[Outcome, Decision, Outcome]:
        """The outcome before, and the decision and the outcome after."""
        facts: list[Facts] = []
        shared = _decided(self._shared, entry, facts)
        after = shared | _decided(self._after, entry, facts)
        reported = _decided(self._reported, entry, facts)
        self._note(after, entry, number)
        self._note(reported, entry, number)
        before = entry.outcome
        if self._before is not None:
            former = shared | _decided(self._before, entry, facts)
            before = _outcome(former, entry)
        self.report.unsure += not self._is_sure(entry, after)
        return before, after, _outcome(after, entry)

    def _is_sure(self, entry: Logged, decision: Decision) -> bool:
        """Does the log say all that it depends on?"""
        if decision.controls.bound and not entry.network:
            return False
        if not entry.truncated or self._locations.tells(entry.client, KEPT_BITS):
            return True
        programs = (one.program(entry.application) for one in (self._shared, self._after))
        return not any(one is not None and one.varies & RequestFact.ADDRESS for one in programs)

    def _note(self, decision: Decision, entry: Logged, number: int | None) -> None:
        for one in decision.blocked:
            self._hit(one.name, "refuses", entry, number)
        for one in decision.lacking:
            self._hit(one.name, "asks for more", entry, number)
        if decision.controls.transfers is not None:
            for name in dict.fromkeys(rule.policy for _, rule in decision.controls.transfers.rules):
                self._hit(name, "limits", entry, number)

    def _hit(self, policy: str, effect: str, entry: Logged, number: int | None) -> None:
        tally = self.report.hits.get((policy, effect))
        if tally is None:
            tally = self.report.hits[policy, effect] = ReplayTally()
        tally.add(number, entry)


def _part(whole: PolicySet, policies: Iterable[Policy]) -> PolicySet:
    return PolicySet(policies, whole.locations, whole.strengths, whole.exempt, whole.contexts, whole.devices)


def _decided(policies: PolicySet, entry: Logged, facts: list[Facts]) -> Decision:
    """What these policies come to; `facts`: of the request, where they are known already."""
    program = policies.program(entry.application)
    if program is None:
        return _NOTHING
    if not facts:
        facts.append(program.facts(entry, entry.now, entry, of_level(entry.user_risk)))
    return program.decide(facts[0])


def _outcome(decision: Decision, entry: Logged) -> Outcome:
    if decision.blocked:
        return Outcome.REFUSED
    controls = decision.controls
    if decision.demand or (controls.bound and entry.network and entry.network != network_of(entry.client)):
        return Outcome.ASKED
    return Outcome.PASS if controls.transfers is None else Outcome.LIMITED


def _reason(decision: Decision) -> str:
    return ", ".join(one.name for one in decision.blocked or decision.lacking)
