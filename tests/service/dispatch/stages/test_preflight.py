"""The stage of calls from other origins, by itself."""

from __future__ import annotations

from dataclasses import replace

from appproxy.errors import Code
from appproxy.publish.cors import CorsRule
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.stages.preflight import Preflight
from appproxy.service.relay.plan import Plans
from tests.service.dispatch.stage_fakes import WIKI, exchange_of, passes, route_to, routed

RULE = CorsRule("/api/", frozenset({"https://app.example.org"}), frozenset({"PUT"}), credentials=True)
RULED = replace(WIKI, cors=(RULE,))
ASKS = [(b"origin", b"https://app.example.org"), (b"access-control-request-method", b"PUT")]
STAGE = Preflight(Plans(), ErrorPages())


def test_only_applications_with_rules_are_concerned() -> None:
    """All others answer for themselves."""
    assert STAGE.concerns(route_to(RULED)) and not STAGE.concerns(route_to(WIKI))


def test_a_preflight_is_answered() -> None:
    """With leave, or with 403 and the reason in the log."""
    request = routed("https://wiki.example.com/api/x", RULED, method=b"OPTIONS", fields=ASKS)
    assert not passes(STAGE, request) and exchange_of(request).status == 204
    evil = [(b"origin", b"https://evil.example"), ASKS[1]]
    request = routed("https://wiki.example.com/api/x", RULED, method=b"OPTIONS", fields=evil)
    assert not passes(STAGE, request)
    assert exchange_of(request).failure is Code.CROSS_ORIGIN and exchange_of(request).detail
    assert exchange_of(request).field(b"vary") is not None


def test_other_requests_go_on() -> None:
    """With what our own answers are to say, where a rule covers the path."""
    request = routed("https://wiki.example.com/api/x", RULED, method=b"PUT", fields=ASKS[:1])
    assert passes(STAGE, request)
    assert b"access-control-allow-origin: https://app.example.org\n" in request.exchange.own_fields
    request = routed("https://wiki.example.com/x", RULED, method=b"OPTIONS", fields=ASKS)
    assert passes(STAGE, request) and request.exchange.own_fields == b""
