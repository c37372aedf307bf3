"""Stages of pre-authentication: who asks, may they, and what if the application is closed?"""

from __future__ import annotations

from appproxy.errors import Code
from appproxy.policy.conditional.compiled import NO_POLICIES
from appproxy.policy.verdict import Pass, Refuse, SignInRequired
from appproxy.publish.application import Application
from appproxy.publish.response_policy import hsts_line
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.decision_log import DecisionLog
from appproxy.service.dispatch.gates.gate import Gate, Judge
from appproxy.service.dispatch.gates.report_only import ReportOnly
from appproxy.service.dispatch.gates.sign_in_start import SignInStart
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage
from appproxy.service.relay.answers.transfers import refused_head


def takes_programs(application: Application) -> bool:
    """May programs sign in to it without a browser?"""
    return not application.passthrough and (application.bearer != "off" or bool(application.machine_authority))


class Authentication(Stage):
    """Finds and opens the access cookie."""

    name = "authentication"

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications that want a sign-in, and one with a browser."""
        return not route.application.passthrough and not takes_programs(route.application)

    def handle(self, request: InboundRequest) -> Outcome:
        """Set `request.opened`; what follows from it is the business of others."""
        request.opened = self._gate.authenticate(request.head, request.route, request.snapshot, request.now)
        return None


class Authorization(Stage):
    """Lets pass who may, sends to the sign-in who has to, and refuses all others."""

    name = "authorization"

    def __init__(
        self, gate: Judge, sign_in: SignInStart, error_pages: ErrorPages, decisions: DecisionLog | None = None,
        reports: ReportOnly | None = None,
    ) -> None:
        self._gate = gate
        self._decisions = decisions
        self._reports = reports
        self._sign_in = sign_in
        self._error_pages = error_pages

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications that want a sign-in, and one with a browser."""
        return not route.application.passthrough and not takes_programs(route.application)

    def handle(self, request: InboundRequest) -> Outcome:
        """Set `request.session`, or answer."""
        head, opened = request.head, request.opened
        if head.upgrade is None and (request.now < opened.holds_until or (
                request.now < opened.address_until and opened.address == request.exchange.client)):
            verdict = opened.verdict
        else:
            verdict = self._gate.verdict(opened, head, request.route, request.snapshot, request.context())
        if (log := self._decisions) is not None and log.wants(opened, verdict):
            log.add(opened, request.context(), verdict, request.snapshot)
        if isinstance(verdict, Pass):
            transfers = verdict.controls.transfers
            if transfers is not None and (refused := refused_head(transfers, head, request.route.application.upgrades)):
                self.refuse(request, Refuse(Code.POLICY_BLOCKED, str(refused), message=refused.rule.message))
                return ANSWERED
            request.session, request.transfers = verdict.session, transfers
            if request.now >= opened.renew_at:
                request.exchange.renewal = self._gate.renew(opened, request.now)
            if request.snapshot.reported is not NO_POLICIES and self._reports is not None and verdict.session is not None:
                self._reports.note(opened.reported, verdict.session, request.context(), request.snapshot)
            return None
        if isinstance(verdict, Refuse):
            self.refuse(request, verdict)
        else:
            self.ask(request, verdict)
        return ANSWERED

    def refuse(self, request: InboundRequest, verdict: Refuse) -> None:
        """Answer who may not."""
        self._error_pages.refuse(request.exchange, verdict.code, verdict.reason, verdict.message)

    def ask(self, request: InboundRequest, verdict: SignInRequired) -> None:
        """Answer who has to sign in first."""
        exchange, application = request.exchange, request.route.application
        exchange.detail = verdict.reason
        status, block, body = self._sign_in.begin(
            request.head, application, exchange.id, request.now, verdict.demand)
        # The first answer that a new user gets is ours.
        block += hsts_line(application.hsts_max_age, application.hsts_subdomains)
        if status == 401:
            block = self.challenge(request) + block
        exchange.answer(status, block + exchange.own_fields, body)

    def challenge(self, request: InboundRequest) -> bytes:
        """Lines for a 401 that say how to sign in without a browser."""
        return b""
