"""Sign-ins at relying parties of the built-in provider: logged, counted and told of like requests to applications of here."""

from __future__ import annotations

from appproxy.identity.session import Session
from appproxy.policy.authorizer import RequestContext
from appproxy.policy.verdict import Pass, Verdict
from appproxy.service.dispatch.gates.decision_log import DecisionLog
from appproxy.service.dispatch.gates.report_only import ReportOnly
from appproxy.service.signin.request.policy_notes import BreakGlassCount, exempted_from
from appproxy.store.snapshot import Snapshot


class SignInsElsewhere:
    """Made once a node, before what it works with: see `use`."""

    def __init__(self) -> None:
        self._decisions: DecisionLog | None = None
        self._reports: ReportOnly | None = None
        self._exempt = BreakGlassCount()

    def use(self, decisions: DecisionLog | None, reports: ReportOnly, exempt: BreakGlassCount) -> None:
        """Before any sign-in. `decisions`: None where no decision is logged; `exempt` counts sign-ins of exempt users."""
        self._decisions, self._reports, self._exempt = decisions, reports, exempt

    def __call__(
        self, snapshot: Snapshot, context: RequestContext[Session], session: Session, verdict: Verdict[Session]
    ) -> list[str]:
        """Called for each. Gives the policies (names) that would have kept an exempt user out."""
        if self._decisions is not None:
            self._decisions.add_of(session, context, verdict, snapshot)
        if not isinstance(verdict, Pass):
            return []
        if self._reports is not None:
            self._reports.note({}, session, context, snapshot)
        against = exempted_from(snapshot, context, session)
        self._exempt.signed_in(session, context, against)
        return against
