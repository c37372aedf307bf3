"""The last stages: the slash that a path lacks, what an application is not to get, and the way to a connector."""

from __future__ import annotations

from appproxy.errors import Code, RequestError
from appproxy.publish.routing import ApplicationRoute, lacks_slash, with_slash
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage
from appproxy.service.relay.plan import Plans
from appproxy.service.relay.relay import Relay


class Slash(Stage):
    """Sends a browser from `/wiki` to `/wiki/`, unless the application has shown that it wants it the other way.

    Programs that write, or open a WebSocket, follow no redirect; what they get is the application's to say. So is what
    scripts of other origins may read: with GET only those say Origin (Fetch section 3.2), and a redirect of ours would
    lack the application's permission.
    """

    name = "slash"

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications below a path."""
        return len(route.prefix) > 1

    def handle(self, request: InboundRequest) -> Outcome:
        """Redirect, if the path is the external one without its last slash."""
        head, route, exchange = request.head, request.route, request.exchange
        if not lacks_slash(route, head.target) or head.method not in (b"GET", b"HEAD") or head.get(b"origin") is not None:
            return None
        if self._plans.of(route).learned.bare:
            return None
        if head.upgrade is not None and head.upgrade.decode("latin-1") in route.application.upgrades:
            return None
        # Not to be kept: the application may want it the other way tomorrow, and then a kept one would be half of a circle.
        block = b"location: %b\ncache-control: no-store\n" % with_slash(route, head.target)
        exchange.answer(308, block + exchange.own_fields, b"")
        return ANSWERED


class Limits(Stage):
    """Refuses what the application is not to get by its settings `methods` and `max_body`.

    A body whose size nobody knows yet is counted as it comes (`relay.upload`).
    """

    name = "limits"

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications with such a setting."""
        return bool(route.application.methods) or route.application.max_body is not None

    def handle(self, request: InboundRequest) -> Outcome:
        """Pass it on, or raise RequestError: 413 or 405."""
        application, head = request.route.application, request.head
        most = application.max_body
        if most is not None and head.length is not None and head.length > most:
            raise RequestError(Code.BODY_TOO_LARGE, f"{head.length} bytes, {most} are allowed")
        if application.methods and head.method not in application.methods:
            # RFC 9110 section 10.2.1: 405 says what is allowed.
            request.exchange.own_fields += b"allow: %b\n" % b", ".join(sorted(application.methods))
            raise RequestError(Code.METHOD_NOT_ALLOWED, f"{head.method.decode()}, and the setting methods allows others")
        return None


class ToRelay(Stage):
    """Gives the request to the relay; nothing comes behind it."""

    name = "relay"

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def handle(self, request: InboundRequest) -> Outcome:
        """The relay answers. Raises RequestError."""
        self._relay.start(request.exchange, request.route, request.session, request.transfers)
        return ANSWERED
