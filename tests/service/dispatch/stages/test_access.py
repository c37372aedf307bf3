"""The stages of pre-authentication, each by itself."""

from __future__ import annotations

from dataclasses import replace

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.conditional.parts.demands import SessionControls
from appproxy.policy.conditional.parts.transfers import Rule, Transfers
from appproxy.policy.verdict import Pass, Refuse, SignInRequired
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.stages.access import Authentication, Authorization
from appproxy.store.snapshot import ProviderRecord
from tests.service.dispatch.stage_fakes import NOW, OPEN, WIKI, SignInPage, exchange_of, opened, passes, route_to, routed

ANN = Session("s1", "ann", "https://idp.example.com", "builtin", "Ann", NOW - 10, NOW + 3600, NOW - 10)
IDP = ProviderRecord("builtin", "builtin", "https://idp.example.com", "appproxy", "")
STAGE = Authorization(Gate(), SignInPage(), ErrorPages())


def test_only_applications_that_want_a_sign_in_are_concerned() -> None:
    """To all others everybody comes, and nobody's cookie is looked at."""
    for stage in (Authentication(Gate()), STAGE):
        assert stage.concerns(route_to(WIKI)) and not stage.concerns(route_to(OPEN))


def test_authentication_only_finds_out() -> None:
    """It answers nobody."""
    request = routed()
    assert passes(Authentication(Gate()), request)
    assert request.opened.found == ()


def test_what_was_not_judged_before_is_judged() -> None:
    """And no longer than its time is what was."""
    spent = replace(ANN, expires=NOW)
    for found, status in (((), 303), (("garbage",), 303), ((spent,), 303), ((ANN,), 0)):
        request = routed()
        request.snapshot = replace(request.snapshot, providers={"builtin": IDP})
        request.opened = replace(opened(request, Pass(spent)), found=found, holds_until=NOW)
        assert passes(STAGE, request) is (not status) and exchange_of(request).status == status


def test_another_site_cannot_open_a_websocket_as_the_user() -> None:
    """Whoever it is, and however well they are known."""
    for origin, status in ((b"https://evil.example", 403), (b"https://wiki.example.com", 0)):
        request = routed(upgrade=b"websocket", fields=[(b"origin", origin)])
        request.opened = opened(request, Pass(ANN))
        passes(STAGE, request)
        assert exchange_of(request).status == status


def test_who_may_passes() -> None:
    """And is known from here on."""
    request = routed()
    request.opened = opened(request, Pass(ANN))
    assert passes(STAGE, request) and request.session is ANN


def test_who_may_not_is_refused() -> None:
    """With the reason in the log."""
    request = routed()
    request.opened = opened(request, Refuse(Code.NOT_ASSIGNED, "bob is not assigned"))
    assert not passes(STAGE, request)
    exchange = exchange_of(request)
    assert (exchange.status, exchange.failure, exchange.detail) == (403, Code.NOT_ASSIGNED, "bob is not assigned")


def test_who_is_not_signed_in_is_sent_to_it() -> None:
    """With HSTS, and with what pages of other origins may read."""
    request = routed("https://wiki.example.com/", replace(WIKI, hsts_max_age=60))
    request.opened = opened(request, SignInRequired("no access cookie"))
    request.exchange.own_fields = b"vary: origin\n"
    assert not passes(STAGE, request)
    exchange = exchange_of(request)
    assert exchange.status == 303 and exchange.detail == "no access cookie" and exchange.failure is None
    assert exchange.field(b"strict-transport-security") == b"max-age=60" and exchange.field(b"vary") == b"origin"


def test_who_may_only_read_sends_nothing() -> None:
    """In the words of the policy, whose name is in the log; what passes has its rules with it."""
    reading = Pass(ANN, controls=SessionControls(transfers=Transfers(read_only=Rule("Guests", "Only reading here."))))
    request = routed(method=b"POST", body=b"a=1")
    request.opened = opened(request, reading)
    assert not passes(STAGE, request)
    exchange = exchange_of(request)
    assert (exchange.status, exchange.failure) == (403, Code.POLICY_BLOCKED)
    assert b"Only reading here." in exchange.content and "'Guests' lets through no POST" in exchange.detail
    request = routed()
    request.opened = opened(request, reading)
    assert passes(STAGE, request)
    assert request.transfers is reading.controls.transfers
