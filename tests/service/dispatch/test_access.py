"""The stages of pre-authentication, each by itself."""

from __future__ import annotations

from dataclasses import replace

from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.verdict import Pass, Refuse, SignIn
from appproxy.service.dispatch.access import Authentication, Authorization
from appproxy.service.dispatch.gate import Gate
from appproxy.service.dispatch.responder import Responder
from tests.service.dispatch.stages import NOW, OPEN, WIKI, SignInPage, exchange_of, passes, route_to, routed

ANN = Session("s1", "ann", "https://idp.example.com", "builtin", "Ann", NOW - 10, NOW + 3600, NOW - 10)
STAGE = Authorization(SignInPage(), Responder())


def test_only_applications_that_want_a_sign_in_are_concerned() -> None:
    """To all others everybody comes, and nobody's cookie is looked at."""
    for stage in (Authentication(Gate()), STAGE):
        assert stage.concerns(route_to(WIKI)) and not stage.concerns(route_to(OPEN))


def test_authentication_only_finds_out() -> None:
    """It answers nobody."""
    request = routed()
    assert passes(Authentication(Gate()), request)
    assert isinstance(request.verdict, SignIn)


def test_who_may_passes() -> None:
    """And is known from here on."""
    request = routed()
    request.verdict = Pass(ANN)
    assert passes(STAGE, request) and request.session is ANN


def test_who_may_not_is_refused() -> None:
    """With the reason in the log."""
    request = routed()
    request.verdict = Refuse(Code.NOT_ASSIGNED, "bob is not assigned")
    assert not passes(STAGE, request)
    exchange = exchange_of(request)
    assert (exchange.status, exchange.failure, exchange.detail) == (403, Code.NOT_ASSIGNED, "bob is not assigned")


def test_who_is_not_signed_in_is_sent_to_it() -> None:
    """With HSTS, and with what pages of other origins may read."""
    request = routed("https://wiki.example.com/", replace(WIKI, hsts_max_age=60))
    request.verdict = SignIn("no access cookie")
    request.exchange.own_fields = b"vary: origin\n"
    assert not passes(STAGE, request)
    exchange = exchange_of(request)
    assert exchange.status == 303 and exchange.detail == "no access cookie" and exchange.failure is None
    assert exchange.field(b"strict-transport-security") == b"max-age=60" and exchange.field(b"vary") == b"origin"
