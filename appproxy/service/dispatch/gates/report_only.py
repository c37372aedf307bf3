"""What policies would have done that are only reported: judged a moment after the request, and counted beside it.

A request is looked at once in a while: by its session, and by what of it these policies look at. What is found is counted once
an hour for each session at each application, so that who has many tabs open is no more than who has one.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from math import inf
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.identity.session import Session
from appproxy.policy.authorizer import CERTIFICATE, SERVICE_TOKEN, RequestContext
from appproxy.policy.conditional.reported import ReportedHit, report
from appproxy.policy.risk.user_risk import NO_RISK
from appproxy.store.policies import results
from appproxy.store.policies.results import PASSES, CountedHits, ReportedOf
from appproxy.store.snapshot import Snapshot
from appproxy.store.transaction import Transaction

#: Seconds until the same is looked at again: windows of time and ages of sign-ins go on meanwhile.
_AGAIN = 600.0
#: What of one session's requests is told apart, as at the gate.
_MOST_KINDS = 16
#: Seconds between a request and the look at it, how many are looked at in one turn (some ms with 1,000 policies), and how many
#: wait: those that have waited longest make room.
_LATER, _AT_ONCE, _MOST_WAITING = 0.2, 20, 1_000
#: Seconds between two transactions; and what waits for one, 300 bytes each.
_EVERY, _MOST_COUNTED = 5.0, 5_000
#: Sessions at applications of which it is known what was counted in this hour: 300 bytes each.
_MOST_SESSIONS, _HOUR = 20_000, 3600.0


class _Adding(Protocol):
    def __call__(self, tx: Transaction, found: Mapping[ReportedOf, CountedHits], /) -> None: ...


class _Ending(Protocol):
    def __call__(self) -> object: ...


class _Keeping(Protocol):
    """What is needed of `store.database.live.LiveStore`."""

    def write(self, do: _Adding, found: Mapping[ReportedOf, CountedHits], /) -> Deferred[None]: ...

    def before_stop(self, callback: _Ending, /) -> None: ...


class ReportOnly:
    """Made once a node."""

    log = Logger()

    def __init__(self, live: _Keeping, clock: IReactorTime) -> None:
        self._live = live
        self._clock = clock
        self._waiting: deque[tuple[Session, RequestContext[Session], Snapshot]] = deque(maxlen=_MOST_WAITING)
        self._looking: IDelayedCall | None = None
        self._writing: IDelayedCall | None = None
        self._found: dict[ReportedOf, CountedHits] = {}
        #: By session and application: the hour, and what was counted in it.
        self._counted: OrderedDict[tuple[str, str], tuple[int, set[tuple[str, str]]]] = OrderedDict()
        live.before_stop(self._finish)

    def note(
        self, looked_at: dict[Hashable, float], session: Session, context: RequestContext[Session], snapshot: Snapshot
    ) -> None:
        """A request passes. Called for each one where any policy is only reported; nothing is judged here. `looked_at`: by
        what these policies look at, until when requests of this session need not be looked at again.
        """
        program = snapshot.reported.program(context.application.id)
        if program is None or session.credential in (SERVICE_TOKEN, CERTIFICATE):
            return
        kind = program.looked_at(context)
        if context.now < looked_at.get(kind, -inf):
            return
        if len(looked_at) >= _MOST_KINDS:
            looked_at.clear()
        looked_at[kind] = context.now + _AGAIN
        self._waiting.append((session, context, snapshot))
        if self._looking is None:
            self._looking = self._clock.callLater(_LATER, self._look)

    def _look(self) -> None:
        """Judge some of what waits, and go on in the next turn."""
        self._looking = None
        for _ in range(min(len(self._waiting), _AT_ONCE)):
            self._judge(*self._waiting.popleft())
        if self._waiting:
            self._looking = self._clock.callLater(0.0, self._look)

    def _judge(self, session: Session, context: RequestContext[Session], snapshot: Snapshot) -> None:
        user = (session.provider, session.subject)
        program = snapshot.reported.program(context.application.id)
        if program is None or user in snapshot.policies.exempt:
            return
        found = report(program, program.facts(session, context.now, context, snapshot.user_risks.get(user, NO_RISK)))
        known = self._known(session.id, context.application.id, int(context.now // _HOUR))
        for hit in found.hits:
            if (hit.policy, hit.does) not in known:
                known.add((hit.policy, hit.does))
                self._count_hit(hit, session, context)
        for name in found.passing:
            if (name, PASSES) not in known:
                known.add((name, PASSES))
                self._count(ReportedOf(name, PASSES), context.now)

    def _known(self, session: str, application: str, hour: int) -> set[tuple[str, str]]:
        """What was counted of a session at an application in this hour."""
        key = (session, application)
        then, known = self._counted.get(key, (hour, set()))
        if then != hour:
            known = set()
        self._counted[key] = (hour, known)
        self._counted.move_to_end(key)
        if len(self._counted) > _MOST_SESSIONS:
            self._counted.popitem(last=False)
        return known

    def _count_hit(self, hit: ReportedHit, session: Session, context: RequestContext[Session]) -> None:
        of = ReportedOf(hit.policy, hit.does, session.provider, session.subject, context.application.id)
        self._count(of, context.now, context.client, hit.because)

    def _count(self, of: ReportedOf, now: float, address: str = "", because: str = "") -> None:
        if of not in self._found and len(self._found) >= _MOST_COUNTED:
            of = ReportedOf(of.policy, of.does)
        counted = self._found.setdefault(of, CountedHits(0, now))
        counted.amount += 1
        counted.last, counted.address, counted.because = now, address, because
        if self._writing is None:
            self._writing = self._clock.callLater(_EVERY, self._write)

    def _finish(self) -> None:
        """The store stops: what there is is judged and written."""
        for delayed in (self._looking, self._writing):
            if delayed is not None:
                delayed.cancel()
        self._looking = self._writing = None
        while self._waiting:
            self._judge(*self._waiting.popleft())
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        self._write()

    def _write(self) -> None:
        self._writing = None
        found, self._found = self._found, {}
        if found:
            self._live.write(results.add, found).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        """The next hour tells the same again."""
        self.log.warn("what policies would have done could not be counted: {reason}", reason=failure.getErrorMessage())
