"""The decision log: what policies were asked about, with all that they look at, so that other policies can be tried on it.

Each decision that is made again is logged, and besides every so many-th request, let pass by a decision of before: with
policies that do not look at paths, the paths of most requests would be in no log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.authorizer import CERTIFICATE, SERVICE_TOKEN, RequestContext
from appproxy.policy.conditional.logged import Logged, Outcome, truncated
from appproxy.policy.verdict import Pass, Refuse, Verdict
from appproxy.service.dispatch.gates.gate import Opened
from appproxy.store.snapshot import Snapshot

#: Lines in a second: 40 kB, and a few milliseconds of work.
_MOST = 100


class DecisionLog:
    """`later` takes what makes a line; every `sample`-th request is logged in any case, 0 for none; `truncates`: addresses."""

    __slots__ = ("_later", "_left", "_sample", "_second", "_skipped", "_truncates", "_until_next")

    def __init__(self, later: Callable[[Callable[[], str]], None], sample: int = 100, *, truncates: bool = False) -> None:
        self._later = later
        self._sample = sample
        self._until_next = sample
        self._truncates = truncates
        self._second = 0
        self._left = _MOST
        self._skipped = 0

    def wants(self, opened: Opened, verdict: Verdict[Session]) -> bool:
        """Is it a new decision, or is it this request's turn? Called once a request."""
        if opened.logged is not verdict:
            opened.logged = verdict
            return True
        if not self._sample:
            return False
        self._until_next -= 1
        if self._until_next > 0:
            return False
        self._until_next = self._sample
        return True

    def add(
        self, opened: Opened, context: RequestContext[Session], verdict: Verdict[Session], snapshot: Snapshot
    ) -> None:
        """Log it, if policies have decided it, or would have if there were any; unless there are too many in this second."""
        session = _session(opened, verdict)
        if session is not None and session.credential not in (SERVICE_TOKEN, CERTIFICATE):
            self.add_of(session, context, verdict, snapshot)

    def add_of(
        self, session: Session, context: RequestContext[Session], verdict: Verdict[Session], snapshot: Snapshot
    ) -> None:
        """The same of a user's session that is known."""
        outcome = _outcome(verdict)
        if outcome is None:
            return
        second = int(context.now)
        if second != self._second:
            self._second, self._left = second, _MOST
        if self._left <= 0:
            self._skipped += 1
            return
        self._left -= 1
        skipped, self._skipped = self._skipped, 0
        reason = "" if isinstance(verdict, Pass) else verdict.reason
        self._later(partial(
            _line, session, context, outcome, reason, self._truncates, skipped,
            snapshot.user_risk(session.provider, session.subject, context.now)))


def _session(opened: Opened, verdict: Verdict[Session]) -> Session | None:
    if isinstance(verdict, Pass):
        return verdict.session
    return next((one for one in opened.found if isinstance(one, Session)), None)


def _outcome(verdict: Verdict[Session]) -> Outcome | None:
    """None for what is not the policies' business: no session, one that has ended, no assignment."""
    if isinstance(verdict, Pass):
        return Outcome.PASS if verdict.controls.transfers is None else Outcome.LIMITED
    if isinstance(verdict, Refuse):
        return Outcome.REFUSED if verdict.code is Code.POLICY_BLOCKED else None
    return Outcome.ASKED if verdict.demand else None


def _line(
    session: Session, context: RequestContext[Session], outcome: Outcome, reason: str, truncates: bool, skipped: int,
    user_risk: str,
) -> str:
    return Logged(
        context.now, context.application.id, session.provider, session.subject, outcome, reason, session.groups, session.acr,
        session.amr, session.auth_time, session.issued, "" if truncates else session.network, session.credential,
        truncated(context.client) if truncates else context.client, truncates, context.user_agent, context.method,
        context.path, context.upgrade, skipped, session.sign_in_risk, user_risk, session.device, context.elsewhere,
    ).line()
