"""What the audit says of policies at a sign-in: what those would have done that are only reported, and who was exempt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.logger import Logger

from appproxy.identity.session import Session
from appproxy.policy.authorizer import RequestContext
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.decision import Decision
from appproxy.policy.risk.user_risk import NO_RISK
from appproxy.policy.verdict import Verdict
from appproxy.store.snapshot import Snapshot

_log = Logger()


class BreakGlassCount:
    """How often users whom no policy concerns have signed in against one, at this node. Each time is a warning in its log."""

    def __init__(self) -> None:
        self.value = 0

    def so_far(self) -> int:
        """Since the start."""
        return self.value

    def signed_in(self, session: Session, context: RequestContext[Session], against: Sequence[str]) -> None:
        """Somebody has signed in; `against`: the names of the policies that would have kept them out, perhaps none."""
        if against:
            self.value += 1
            _log.warn("break-glass: {subject} has signed in to {application}, against {names}", subject=session.subject,
                      application=context.application.name, names=", ".join(against))


class RefusedSignIns:
    """Sign-ins that policies refuse, told to the decision log: no request comes of them that the gate would log."""

    def __init__(self) -> None:
        #: `DecisionLog.add_of`, where decisions are logged.
        self.log: Callable[[Session, RequestContext[Session], Verdict[Session], Snapshot], None] | None = None

    def __call__(
        self, session: Session, context: RequestContext[Session], verdict: Verdict[Session], snapshot: Snapshot
    ) -> None:
        """One that was refused, for whatever reason."""
        if self.log is not None:
            self.log(session, context, verdict, snapshot)


def notes(
    snapshot: Snapshot, context: RequestContext[Session], session: Session, exempt: BreakGlassCount
) -> dict[str, object]:
    """Fields for the entry of a sign-in that has succeeded; none without policies."""
    noted: dict[str, object] = {}
    reported = _decision(snapshot.reported, context, session, snapshot)
    if reported is not None and (reported.blocked or reported.lacking or reported.controls.transfers):
        limits = () if reported.controls.transfers is None else reported.controls.transfers.rules
        noted["report_only"] = {
            "would_block": [one.name for one in reported.blocked], "would_ask": [one.name for one in reported.lacking],
            "would_limit": list(dict.fromkeys(rule.policy for _, rule in limits))}
    against = exempted_from(snapshot, context, session)
    exempt.signed_in(session, context, against)
    return noted | {"break_glass": against} if against else noted


def exempted_from(snapshot: Snapshot, context: RequestContext[Session], session: Session) -> list[str]:
    """The policies (names) that would keep a user out whom no policy concerns; none for all others."""
    if (session.provider, session.subject) not in snapshot.policies.exempt:
        return []
    without = _decision(snapshot.policies, context, session, snapshot)
    return [] if without is None else [one.name for one in (*without.blocked, *without.lacking)]


def _decision(
    policies: PolicySet, context: RequestContext[Session], session: Session, snapshot: Snapshot
) -> Decision | None:
    program = policies.program(context.application.id)
    if program is None:
        return None
    risk = snapshot.user_risks.get((session.provider, session.subject), NO_RISK)
    return program.decide(program.facts(session, context.now, context, risk))
