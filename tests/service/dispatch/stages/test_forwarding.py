"""The last stages, each by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from appproxy.errors import Code, RequestError
from appproxy.identity.session import Session
from appproxy.policy.conditional.parts.transfers import Rule, Transfers
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.stage import ANSWERED
from appproxy.service.dispatch.stages.forwarding import Limits, Slash, ToRelay
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.plan import Plans
from appproxy.service.relay.relay import Relay
from tests.service.dispatch.stage_fakes import BELOW, WIKI, exchange_of, passes, route_to, routed
from tests.service.dispatch.stages.test_access import ANN

BARE = "https://wiki.example.com/wiki"
PAGE = "https://wiki.example.com/page"


def test_only_applications_below_a_path_are_concerned() -> None:
    """The others lack no slash."""
    stage = Slash(Plans())
    assert stage.concerns(route_to(BELOW)) and not stage.concerns(route_to(WIKI))


@pytest.mark.parametrize(("url", "head", "is_sent"), [
    (BARE, {}, True), (f"{BARE}?q", {"method": b"HEAD"}, True), (f"{BARE}/", {}, False), (f"{BARE}/page", {}, False),
    (BARE, {"method": b"POST"}, False), (BARE, {"fields": [(b"origin", b"https://a.example")]}, False),
    (BARE, {"upgrade": b"websocket"}, False), (BARE, {"upgrade": b"other"}, True)])
def test_whom_it_redirects(url: str, head: dict[str, Any], is_sent: bool) -> None:
    """Browsers that ask for the bare path."""
    request = routed(url, BELOW, **head)
    assert passes(Slash(Plans()), request) is not is_sent
    assert exchange_of(request).status == (308 if is_sent else 0)


def test_an_application_that_wants_it_bare_gets_it() -> None:
    """Once it has shown so."""
    plans, request = Plans(), routed(BARE, BELOW)
    plans.of(request.route).learned.bare = True
    assert passes(Slash(plans), request)


class Notes:
    """A relay that notes what it is given."""

    def __init__(self) -> None:
        self.started: list[tuple[Exchange, ApplicationRoute, Session | None, Transfers | None]] = []

    def start(
        self, exchange: Exchange, route: ApplicationRoute, session: Session | None, transfers: Transfers | None
    ) -> None:
        self.started.append((exchange, route, session, transfers))


def test_the_relay_gets_what_was_found_out() -> None:
    """Exchange, route, whose it is and what policies let through; nothing follows."""
    relay = Notes()
    for session, transfers in ((ANN, Transfers(read_only=Rule("p"))), (None, None)):
        request = routed()
        request.session, request.transfers = session, transfers
        assert ToRelay(cast("Relay", relay)).handle(request) is ANSWERED
        assert relay.started.pop() == (request.exchange, request.route, session, transfers)


@pytest.mark.parametrize(("body", "passed"), [(b"123456", False), (b"12345", True), (None, True)])
def test_a_body_over_the_applications_limit_is_refused(body: bytes | None, passed: bool) -> None:
    """413; at the limit it passes, and so does one whose size nobody knows yet."""
    small = replace(WIKI, max_body=5)
    request = routed(PAGE, small, method=b"POST", body=body)
    stage = Limits()
    assert stage.concerns(request.route)
    if passed:
        assert stage.handle(request) is None
        return
    with pytest.raises(RequestError) as caught:
        stage.handle(request)
    assert caught.value.code is Code.BODY_TOO_LARGE


def test_methods_that_an_application_does_not_want_are_refused() -> None:
    """405, with those that it wants."""
    request = routed(PAGE, replace(WIKI, methods=frozenset({b"POST", b"GET"})), method=b"PUT")
    with pytest.raises(RequestError) as caught:
        Limits().handle(request)
    assert caught.value.code is Code.METHOD_NOT_ALLOWED
    assert request.exchange.own_fields == b"allow: GET, POST\n"
