"""Each new decision is in the log once, others now and then, and never more than a second can take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.conditional.logged import Logged, Outcome, read_line
from appproxy.policy.conditional.parts.demands import Demand, SessionControls
from appproxy.policy.conditional.parts.transfers import Rule, Transfers
from appproxy.policy.risk.user_risk import COMPROMISED
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.decision_log import DecisionLog
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stages.access import Authorization
from tests.service.dispatch.stage_fakes import NOW, SignInPage, opened, routed

ANN = Session("s1", "ann", "https://idp.example.com", "builtin", "Ann", NOW - 10, NOW + 3600, NOW - 10, groups=("staff",),
              sign_in_risk="medium")
READING = Pass(ANN, controls=SessionControls(transfers=Transfers(read_only=Rule("p"))))


class Desk:
    """A log and the stage that writes it."""

    def __init__(self, sample: int = 0, *, truncates: bool = False) -> None:
        self.lines: list[Callable[[], str]] = []
        log = DecisionLog(self.lines.append, sample, truncates=truncates)
        self.stage = Authorization(Gate(), SignInPage(), ErrorPages(), log)

    def ask(self, verdict: Verdict[Session], now: float = NOW, request: InboundRequest | None = None) -> InboundRequest:
        """A request with this verdict."""
        request = request or routed("https://wiki.example.com/pay?secret=1", fields=[(b"user-agent", b"curl/8")])
        request.now = now
        request.snapshot = replace(request.snapshot, user_risks={("builtin", "ann"): COMPROMISED})
        request.opened = replace(opened(request, verdict), found=(ANN,), holds_until=now + 1.0)
        self.stage.handle(request)
        return request

    @property
    def entries(self) -> list[Logged]:
        """What the log has."""
        return [read_line(line()) for line in self.lines]


@pytest.mark.parametrize(("verdict", "outcome"), [
    (Pass(ANN), Outcome.PASS), (READING, Outcome.LIMITED), (Refuse(Code.POLICY_BLOCKED, "by 'p'"), Outcome.REFUSED),
    (SignInRequired("'p' asks", demand=Demand(frozenset({"mfa"}))), Outcome.ASKED), (Refuse(Code.NOT_ASSIGNED, "no"), None),
    (SignInRequired("the session has expired"), None), (Pass(replace(ANN, credential="service-token")), None),
    (Pass(replace(ANN, credential="certificate")), None),
])
def test_what_policies_decide_is_logged(verdict: Verdict[Session], outcome: Outcome | None) -> None:
    """With what they look at, and without the query; what is not theirs is not."""
    desk = Desk()
    desk.ask(verdict)
    assert [entry.outcome for entry in desk.entries] == ([] if outcome is None else [outcome])
    assert {(entry.sign_in_risk, entry.user_risk) for entry in desk.entries} <= {("medium", "high")}
    for entry in desk.entries:
        assert (entry.subject, entry.groups, entry.application, entry.now) == ("ann", ("staff",), "wiki", NOW)
        assert (entry.client, entry.user_agent, entry.path, entry.method) == ("192.0.2.7", b"curl/8", b"/pay", b"GET")


def test_a_decision_that_is_remembered_is_logged_once() -> None:
    """And every third request besides, where that is wanted."""
    for sample, lines in ((0, 1), (3, 4)):
        desk = Desk(sample)
        request = routed()
        request.opened = opened(request, Pass(ANN))
        for _ in range(10):
            desk.stage.handle(request)
        assert len(desk.lines) == lines


def test_a_flood_is_counted_and_not_logged() -> None:
    """The next line that there is says how many are missing."""
    desk = Desk()
    for _ in range(130):
        desk.ask(Pass(ANN))
    assert len(desk.lines) == 100
    desk.ask(Pass(ANN), NOW + 1.0)
    assert [entry.skipped for entry in desk.entries[99:]] == [0, 30]


def test_addresses_are_truncated_where_that_is_wanted() -> None:
    """The session's network, too."""
    desk = Desk(truncates=True)
    desk.ask(Pass(replace(ANN, network="192.0.2.7")))
    [entry] = desk.entries
    assert (entry.client, entry.network, entry.truncated) == ("192.0.2.0", "", True)
