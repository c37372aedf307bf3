"""The stage of calls from other origins (Fetch section 3.2)."""

from __future__ import annotations

from appproxy.errors import Code
from appproxy.publish.cors import answer_fields, answer_preflight, is_preflight
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage
from appproxy.service.relay.plan import Plans


class Preflight(Stage):
    """Answers preflights that a rule covers, before any sign-in; nothing of them reaches a connector.

    For other requests it notes who may read what we ourselves answer.
    """

    name = "preflight"

    def __init__(self, plans: Plans, error_pages: ErrorPages) -> None:
        self._plans = plans
        self._error_pages = error_pages

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications with rules."""
        return bool(route.application.cors)

    def handle(self, request: InboundRequest) -> Outcome:
        """Answer a preflight."""
        head, exchange = request.head, request.exchange
        table = self._plans.of(request.route).cors
        rule = None if table is None else table.find(head.target)
        if rule is None:
            return None
        if not is_preflight(head.method, head.fields):
            exchange.own_fields = answer_fields(rule, head.fields)
            return None
        preflight = answer_preflight(rule, head.fields)
        if preflight.refusal:
            exchange.own_fields = preflight.block
            self._error_pages.refuse(exchange, Code.CROSS_ORIGIN, preflight.refusal)
        else:
            exchange.answer(204, preflight.block, b"")
        return ANSWERED
