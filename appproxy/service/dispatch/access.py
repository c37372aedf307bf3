"""Stages of pre-authentication: who asks, may they, and what if the application is closed?"""

from __future__ import annotations

from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.response_policy import hsts_line
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gate import Gate
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.sign_in_start import SignInStart
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage


class Authentication(Stage):
    """Finds and opens the access cookie."""

    name = "authentication"

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications that want a sign-in."""
        return not route.application.passthrough

    def handle(self, request: InboundRequest) -> Outcome:
        """Set `request.opened`; what follows from it is the business of others."""
        request.opened = self._gate.authenticate(request.head, request.route, request.snapshot, request.now)
        return None


class Authorization(Stage):
    """Lets pass who may, sends to the sign-in who has to, and refuses all others."""

    name = "authorization"

    def __init__(self, gate: Gate, sign_in: SignInStart, error_pages: ErrorPages) -> None:
        self._gate = gate
        self._sign_in = sign_in
        self._error_pages = error_pages

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications that want a sign-in."""
        return not route.application.passthrough

    def handle(self, request: InboundRequest) -> Outcome:
        """Set `request.session`, or answer."""
        head, opened = request.head, request.opened
        if head.upgrade is None and request.now < opened.holds_until:
            verdict = opened.verdict
        else:
            verdict = self._gate.verdict(opened, head, request.route, request.snapshot, request.context())
        if isinstance(verdict, Pass):
            request.session = verdict.session
            return None
        exchange, application = request.exchange, request.route.application
        if isinstance(verdict, Refuse):
            self._error_pages.refuse(exchange, verdict.code, verdict.reason)
            return ANSWERED
        exchange.detail = verdict.reason
        status, block, body = self._sign_in.begin(request.head, application, exchange.id, request.now)
        # The first answer that a new user gets is ours.
        block += hsts_line(application.hsts_max_age, application.hsts_subdomains)
        exchange.answer(status, block + exchange.own_fields, body)
        return ANSWERED
