"""What the audit says of policies at a sign-in: what those would have done that are only reported, and who was exempt."""

from __future__ import annotations

from twisted.logger import Logger

from appproxy.identity.session import Session
from appproxy.policy.authorizer import RequestContext
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.decision import Decision
from appproxy.policy.risk.user_risk import NO_RISK, UserRisk
from appproxy.store.snapshot import Snapshot

_log = Logger()


def notes(snapshot: Snapshot, context: RequestContext[Session], session: Session) -> dict[str, object]:
    """Fields for the entry of a sign-in that has succeeded; none without policies."""
    noted: dict[str, object] = {}
    risk = snapshot.user_risks.get((session.provider, session.subject), NO_RISK)
    reported = _decision(snapshot.reported, context, session, risk)
    if reported is not None and (reported.blocked or reported.lacking or reported.controls.transfers):
        limits = () if reported.controls.transfers is None else reported.controls.transfers.rules
        noted["report_only"] = {
            "would_block": [one.name for one in reported.blocked], "would_ask": [one.name for one in reported.lacking],
            "would_limit": list(dict.fromkeys(rule.policy for _, rule in limits))}
    if (session.provider, session.subject) in snapshot.policies.exempt:
        without = _decision(snapshot.policies, context, session, risk)
        names = [] if without is None else [one.name for one in (*without.blocked, *without.lacking)]
        if names:
            noted["break_glass"] = names
            _log.warn("break-glass: {subject} has signed in to {application}, against {names}", subject=session.subject,
                      application=context.application.name, names=", ".join(names))
    return noted


def _decision(policies: PolicySet, context: RequestContext[Session], session: Session, risk: UserRisk) -> Decision | None:
    program = policies.program(context.application.id)
    if program is None:
        return None
    return program.decide(program.facts(session, context.now, context, risk))
