"""Sign-ins at relying parties are logged, counted and told of like requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.logged import Outcome, read_line
from appproxy.service.dispatch.gates.decision_log import DecisionLog
from appproxy.service.signin.request.elsewhere import SignInsElsewhere
from appproxy.service.signin.request.policy_notes import BreakGlassCount
from tests.service.dispatch.gates.test_gate import ANN, NOW, WIKI, snapshot_of
from tests.service.dispatch.gates.test_report_only import BLOCK, HIT, Place


def test_each_is_logged_and_what_would_be_is_counted() -> None:
    """With all that it was decided by, so that a replay decides the same; a refused one is no report-only hit."""
    place, lines, exempt = Place(), list[Callable[[], str]](), BreakGlassCount()
    observe = SignInsElsewhere()
    context = RequestContext(WIKI, ANN, NOW, "192.0.2.1", begun=True, user_agent=b"curl", elsewhere=True)
    assert observe(place.snapshot, context, ANN, Authorizer(place.snapshot).authorize(context)) == []
    observe.use(DecisionLog(lines.append), place.reports, exempt)
    assert observe(place.snapshot, context, ANN, Authorizer(place.snapshot).authorize(context)) == []
    assert place.found() == {HIT: 1}
    blocking = [read_policy({**BLOCK, "state": "on"})]
    snapshot = replace(place.snapshot, policies=PolicySet(blocking))
    verdict = Authorizer(snapshot).authorize(context)
    assert observe(snapshot, context, ANN, verdict) == []
    entries = [read_line(line()) for line in lines]
    assert [one.outcome for one in entries] == [Outcome.PASS, Outcome.REFUSED]
    assert all(one.elsewhere and one.path == one.method == b"" and one.client == "192.0.2.1" for one in entries)


def test_a_break_glass_user_is_told_of() -> None:
    """By the policies, and counted for the metrics."""
    exempt, place = BreakGlassCount(), Place()
    observe: Any = SignInsElsewhere()
    observe.use(None, place.reports, exempt)
    snapshot = snapshot_of(WIKI, policies=PolicySet(
        [read_policy({**BLOCK, "state": "on"})], exempt=[(ANN.provider, ANN.subject)]))
    context = RequestContext(WIKI, ANN, NOW, "192.0.2.1", elsewhere=True)
    assert observe(snapshot, context, ANN, Authorizer(snapshot).authorize(context)) == ["p"]
    assert exempt.so_far() == 1
