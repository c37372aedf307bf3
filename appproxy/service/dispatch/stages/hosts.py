"""Stages about the host that a request names: is the connection for it, is it ours, which application is published there?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from appproxy.errors import Code, RequestError
from appproxy.http.h1.request import choose_upgrade
from appproxy.service.dispatch.ports import check_port
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.store.snapshot import Snapshot


class OwnConnection(Stage):
    """Did the request come on a connection for its host (RFC 9110 section 7.4)? Raises RequestError(MISDIRECTED).

    Browsers send requests for several hosts on one connection whose certificate is for all of them (RFC 9113
    section 9.1.1). One that was made for another host, with a certificate that is not for this one, proves nothing.
    """

    name = "connection"

    def __init__(self, alone: Collection[str] = ()) -> None:
        """`alone`: hosts whose connections are for them and nobody else, because clients are asked for certificates there."""
        self._alone = frozenset(alone)

    def handle(self, request: InboundRequest) -> Outcome:
        """Pass on what came on its own connection."""
        server = request.exchange.server_name
        if server is not None and server.asked != (host := request.head.host) and (
                host in self._alone or server.asked in self._alone or not server.covers(host)):
            raise RequestError(Code.MISDIRECTED, f"on a connection that was made for {server.asked}")
        return None


def code_for(exchange: Exchange, snapshot: Snapshot, code: Code) -> Code:
    """Who finds no such host on another one's connection may find it on its own: it can lead to another machine."""
    server, host = exchange.server_name, exchange.head.host
    astray = server is not None and server.asked != host and not snapshot.router.knows_host(host)
    return Code.MISDIRECTED if astray and code is Code.UNKNOWN_HOST else code


class OwnHosts(Stage):
    """The service's own hosts: `handlers` by host. `ports`: where users come in."""

    name = "own-hosts"

    def __init__(self, handlers: Mapping[str, Handler], ports: Collection[int]) -> None:
        self._handlers = handlers
        self._ports = frozenset(ports)

    def handle(self, request: InboundRequest) -> Outcome:
        """Let the host's handler answer. Raises RequestError(UNKNOWN_HOST)."""
        own = self._handlers.get(request.head.host)
        # The domain itself may have an application; the other two never have.
        if own is None or request.snapshot.router.knows_host(request.head.host):
            return None
        check_port(request.head, 443, self._ports)
        own(request.exchange)
        return ANSWERED


class FindRoute(Stage):
    """Which application the host and the path belong to; the stages behind it are those that concern its route."""

    name = "route"

    def handle(self, request: InboundRequest) -> Outcome:
        """Set `request.route`. Raises RequestError(UNKNOWN_HOST, AMBIGUOUS_PATH)."""
        head = request.head
        request.route = route = request.snapshot.router.find(head.host, head.target)
        request.exchange.application = route.application.name
        return None


class Authority(Stage):
    """Host in the one form that everybody behind us gets, and no upgrade that the application does not want."""

    name = "authority"

    def __init__(self, ports: Collection[int]) -> None:
        self._ports = frozenset(ports)

    def handle(self, request: InboundRequest) -> Outcome:
        """Change the head. Raises RequestError(UNKNOWN_HOST)."""
        head, route = request.head, request.route
        if head.authority != route.authority:
            check_port(head, route.segment.external.port, self._ports)
            head.authority = route.authority
        if head.upgrade is not None:
            head.upgrade = choose_upgrade(head.upgrade, route.application.upgrades)
        return None
