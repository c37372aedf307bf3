"""The stage of applications that are closed for maintenance."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from appproxy.branding import Brand
from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.pages import accepts_json, error_page
from appproxy.policy.authorizer import maintains
from appproxy.policy.verdict import Pass, SignInRequired, Verdict
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.gates.gate import Judge
from appproxy.service.dispatch.gates.sign_in_start import SignInStart
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage
from appproxy.service.exchange.exchange import Exchange


def maintenance_answer(
    application: Application, exchange: Exchange, now: float, brand: Brand, link: str = "",
) -> tuple[int, bytes, bytes]:
    """What others than maintainers get while the application is being maintained; `now` is wall clock time.

    `link`: where maintainers sign in.
    """
    until = application.maintenance_until
    notice = application.maintenance_text
    left = None
    if until is not None and until > now:  # once it has passed, nobody knows any longer
        left = math.ceil(until - now)
        notice = f"{notice} It is expected back at {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC.".strip()
    accept_json = accepts_json(exchange.head.get(b"accept"))
    return error_page(
        Code.MAINTENANCE, exchange.id, accept_json, notice=notice, retry_after=left, brand=brand,
        link=link, link_text="Sign in to maintain it" if link else "",
    )


class Maintenance(Stage):
    """Only those who maintain the application pass; it comes before what anybody else is answered."""

    name = "maintenance"

    def __init__(self, gate: Judge, sign_in: SignInStart) -> None:
        self._gate = gate
        self._sign_in = sign_in

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications that are being maintained."""
        return route.application.maintenance

    def handle(self, request: InboundRequest) -> Outcome:
        """Answer all but maintainers. Whoever is not signed in may be one of them."""
        route, exchange = request.route, request.exchange
        application = route.application
        verdict: Verdict[Session] = Pass(None)
        if not application.passthrough:
            verdict = self._gate.verdict(request.opened, request.head, route, request.snapshot, request.context())
        if maintains(application, verdict):
            return None
        way = None
        if isinstance(verdict, SignInRequired) and application.has_maintainers:
            way = self._sign_in.way(request.head, application, request.now)
        link, fields = way or ("", b"")
        exchange.failure = Code.MAINTENANCE
        status, block, body = maintenance_answer(application, exchange, request.now, request.snapshot.brand, link)
        exchange.answer(status, block + fields + exchange.own_fields, body)
        return ANSWERED
