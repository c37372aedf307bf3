"""The last stages, each by itself."""

from __future__ import annotations

from typing import Any, cast

import pytest

from appproxy.identity.session import Session
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.forwarding import Slash, ToRelay
from appproxy.service.dispatch.stage import ANSWERED
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.plan import Plans
from appproxy.service.relay.relay import Relay
from tests.service.dispatch.stages import BELOW, WIKI, exchange_of, passes, route_to, routed
from tests.service.dispatch.test_access import ANN

BARE = "https://wiki.example.com/wiki"


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
        self.started: list[tuple[Exchange, ApplicationRoute, Session | None]] = []

    def start(self, exchange: Exchange, route: ApplicationRoute, session: Session | None) -> None:
        self.started.append((exchange, route, session))


def test_the_relay_gets_what_was_found_out() -> None:
    """Exchange, route and whose it is; nothing follows."""
    relay = Notes()
    for session in (ANN, None):
        request = routed()
        request.session = session
        assert ToRelay(cast("Relay", relay)).handle(request) is ANSWERED
        assert relay.started.pop() == (request.exchange, request.route, session)
