"""Where every exchange of a user begins: our own hosts and paths, or an application's, and then the gate.

    host and path -> ours | an application -> gate -> relay | sign-in | refusal
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Protocol

from twisted.logger import Logger

from appproxy.branding import BRAND_START, PLAIN, Brand
from appproxy.errors import Code, RequestError
from appproxy.http.head import RequestHead
from appproxy.http.host import port_of
from appproxy.http.request import choose_upgrade
from appproxy.identity.session import Session
from appproxy.net.web import STYLE_FIELDS
from appproxy.pages import STYLE, STYLE_PATH, accepts_json, error_page, sheet_of
from appproxy.policy.gate import maintains
from appproxy.policy.verdict import Pass, Refuse, SignIn, Verdict
from appproxy.publish.application import Application
from appproxy.publish.cors import answer_fields, answer_preflight, is_preflight
from appproxy.publish.response_policy import hsts_line
from appproxy.publish.robots import robots_text
from appproxy.publish.routing import Route, lacks_slash, with_slash
from appproxy.service.exchange import Exchange, Handler
from appproxy.service.gate import Gate
from appproxy.service.relay import Relay
from appproxy.store.snapshot import Snapshot

#: On each application's host these paths are the service's and are never forwarded.
OWN_PATHS = b"/.appproxy/"
_ROBOTS = b"/robots.txt"
_ROBOTS_FIELDS = b"content-type: text/plain; charset=utf-8\ncache-control: max-age=3600\n"
_BRAND_START = BRAND_START.encode("ascii")
#: Another sheet or picture has another address, so that browsers may keep it for ever.
_FOR_EVER = b"max-age=31536000, immutable"
_BRAND_FIELDS = STYLE_FIELDS.replace(b"max-age=3600", _FOR_EVER)
#: Opened by itself an SVG could run scripts as a page of this host, and those are other people's.
_LOGO_FIELDS = (
    b"cache-control: " + _FOR_EVER + b"\nx-content-type-options: nosniff\ncross-origin-resource-policy: same-origin\n"
    b"content-security-policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox\n"
)
_STYLE_TARGET = STYLE_PATH.encode("ascii")


class SignInStart(Protocol):
    """Begins a sign-in: gives the answer that sends the user there, or says that he is not signed in."""

    def begin(self, head: RequestHead, application: Application, request_id: str, now: float) -> tuple[int, bytes, bytes]:
        ...

    def way(self, head: RequestHead, application: Application, now: float) -> tuple[str, bytes] | None:
        """A link to the sign-in for a page of ours, and field lines; None where the request asks for no page."""
        ...


def failure_answer(code: Code, exchange: Exchange, brand: Brand = PLAIN) -> tuple[int, bytes, bytes]:
    """The page of a failure, or its JSON, as the request asks for."""
    status, block, body = error_page(code, exchange.id, accepts_json(exchange.head.get(b"accept")), brand=brand)
    return status, block + exchange.own_fields, body


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


class Entrance:
    """The handler of the users' listener.

    `own_hosts`: what answers on `signin.D`, `apps.D` and `D`, by host. `ports`: where users come in.
    """

    log = Logger()

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        gate: Gate,
        relay: Relay,
        sign_in: SignInStart,
        wall: Callable[[], float],
        *,
        own_hosts: Mapping[str, Handler],
        own_paths: Handler,
        ports: Collection[int] = (443,),
    ) -> None:
        self._snapshot = snapshot
        self._gate = gate
        self._relay = relay
        self._sign_in = sign_in
        self._wall = wall
        self._own_hosts = own_hosts
        self._own_paths = own_paths
        self._ports = frozenset(ports)

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange (`service.exchange.Handler`)."""
        try:
            self._check_way(exchange)
            if exchange.head.target.startswith(_BRAND_START):
                self._brand(exchange)
                return
            own = self._own_hosts.get(exchange.head.host)
            # The domain itself may have an application; the other two never have.
            if own is not None and not self._snapshot().router.knows_host(exchange.head.host):
                self._check_port(exchange.head, 443)
                own(exchange)
            else:
                self._enter(exchange)
        except RequestError as error:
            exchange.detail = error.detail
            self._refuse(exchange, self._or_misdirected(exchange, error.code))
        except Exception:
            self.log.failure("request {id} met a fault of ours", id=exchange.id)
            self._refuse(exchange, Code.INTERNAL)

    def _check_way(self, exchange: Exchange) -> None:
        """Did the request come on a connection for its host (RFC 9110 section 7.4)? Raises RequestError(MISDIRECTED).

        Browsers send requests for several hosts on one connection whose certificate is for all of them (RFC 9113
        section 9.1.1). One that was made for another host, with a certificate that is not for this one, proves nothing.
        """
        server = exchange.server_name
        if server is not None and server.asked != exchange.head.host and not server.covers(exchange.head.host):
            raise RequestError(Code.MISDIRECTED, f"on a connection that was made for {server.asked}")

    def _normalize(self, head: RequestHead, route: Route) -> None:
        """Bring Host to the one form that everybody behind us gets, and leave out an upgrade that nobody wants."""
        if head.authority != route.authority:
            self._check_port(head, route.segment.external.port)
            head.authority = route.authority
        if head.upgrade is not None:
            head.upgrade = choose_upgrade(head.upgrade, route.application.upgrades)

    def _check_port(self, head: RequestHead, published: int) -> None:
        """Is the host named with a port at which it is published, or where we answer? Raises RequestError(UNKNOWN_HOST).

        No port is every port: front proxies leave it out.
        """
        port = port_of(head.authority)
        if port is not None and port != published and port not in self._ports:
            raise RequestError(Code.UNKNOWN_HOST, f"nothing is published at port {port} of {head.host}")

    def _or_misdirected(self, exchange: Exchange, code: Code) -> Code:
        """Who finds no such host on another one's connection may find it on its own: it can lead to another machine."""
        server, host = exchange.server_name, exchange.head.host
        astray = server is not None and server.asked != host and not self._snapshot().router.knows_host(host)
        return Code.MISDIRECTED if astray and code is Code.UNKNOWN_HOST else code

    def _enter(self, exchange: Exchange) -> None:
        snapshot = self._snapshot()
        head = exchange.head
        target = head.target
        if target == _STYLE_TARGET:  # also where nothing is published: that page, too, is to be readable
            exchange.answer(200, STYLE_FIELDS, STYLE)
            return
        if target.startswith(OWN_PATHS) and snapshot.router.knows_host(head.host):
            self._own_paths(exchange)
            return
        if target == _ROBOTS and (text := robots_text(snapshot.router.routes_of(head.host))) is not None:
            exchange.answer(200, _ROBOTS_FIELDS, text)
            return
        route = snapshot.router.find(head.host, target)
        application = route.application
        exchange.application = application.name
        if head.authority != route.authority or head.upgrade is not None:
            self._normalize(head, route)
        if application.cors and self._is_preflight(exchange, route):
            return
        now = self._wall()
        verdict = self._gate.check(head, route, snapshot, now)
        if application.maintenance and not maintains(application, verdict):
            self._closed(exchange, application, verdict, now)
        elif isinstance(verdict, Pass):
            if lacks_slash(route, target) and self._adds_slash(exchange, route):
                return
            self._relay.start(exchange, route, verdict.session)
        elif isinstance(verdict, Refuse):
            exchange.detail = verdict.reason
            self._refuse(exchange, verdict.code)
        else:
            exchange.detail = verdict.reason
            status, block, body = self._sign_in.begin(head, application, exchange.id, now)
            # The first answer that a new user gets is ours.
            block += hsts_line(application.hsts_max_age, application.hsts_subdomains)
            exchange.answer(status, block + exchange.own_fields, body)

    def _adds_slash(self, exchange: Exchange, route: Route) -> bool:
        """Send a browser from `/wiki` to `/wiki/`, unless the application has shown that it wants it the other way.

        Programs that write, or open a WebSocket, follow no redirect; what they get is the application's to say. So is what
        scripts of other origins may read: with GET only those say Origin (Fetch section 3.2), and a redirect of ours would
        lack the application's permission.
        """
        head = exchange.head
        if head.method not in (b"GET", b"HEAD") or head.get(b"origin") is not None:
            return False
        if self._relay.plans.of(route).learned.bare:
            return False
        if head.upgrade is not None and head.upgrade.decode("latin-1") in route.application.upgrades:
            return False
        # Not to be kept: the application may want it the other way tomorrow, and then a kept one would be half of a circle.
        block = b"location: %b\ncache-control: no-store\n" % with_slash(route, head.target)
        exchange.answer(308, block + exchange.own_fields, b"")
        return True

    def _closed(self, exchange: Exchange, application: Application, verdict: Verdict[Session], now: float) -> None:
        """Being maintained: whoever is not signed in may be one of those who maintain it."""
        way = None
        if isinstance(verdict, SignIn) and (application.maintaining_users or application.maintaining_groups):
            way = self._sign_in.way(exchange.head, application, now)
        link, fields = way or ("", b"")
        exchange.failure = Code.MAINTENANCE
        status, block, body = maintenance_answer(application, exchange, now, self._snapshot().brand, link)
        exchange.answer(status, block + fields + exchange.own_fields, body)

    def _brand(self, exchange: Exchange) -> None:
        """A logo or the style sheet, on every host. A page from before a change gets the new sheet, and keeps it not."""
        brand = self._snapshot().brand
        if not exchange.head.target.endswith(b".css"):
            self._logo(exchange, brand)
            return
        path, sheet = sheet_of(brand)
        kept = exchange.head.target == path.encode("ascii")
        exchange.answer(200, _BRAND_FIELDS if kept else STYLE_FIELDS.replace(b"max-age=3600", b"no-store"), sheet)

    def _logo(self, exchange: Exchange, brand: Brand) -> None:
        for logo in (brand.logo, brand.logo_dark):
            if logo is not None and exchange.head.target == logo.path.encode("ascii"):
                exchange.answer(200, b"content-type: %b\n" % logo.kind.encode("ascii") + _LOGO_FIELDS, logo.picture)
                return
        self._refuse(exchange, Code.NOT_FOUND)

    def _is_preflight(self, exchange: Exchange, route: Route) -> bool:
        """Answer it, if it is one that a rule covers; nothing of it reaches a connector.

        For other requests: note who may read what we ourselves answer.
        """
        head = exchange.head
        table = self._relay.plans.of(route).cors
        rule = None if table is None else table.find(head.target)
        if rule is None:
            return False
        if not is_preflight(head.method, head.fields):
            exchange.own_fields = answer_fields(rule, head.fields)
            return False
        preflight = answer_preflight(rule, head.fields)
        if preflight.refusal:
            exchange.own_fields = preflight.block
            exchange.detail = preflight.refusal
            self._refuse(exchange, Code.CROSS_ORIGIN)
        else:
            exchange.answer(204, preflight.block, b"")
        return True

    def _refuse(self, exchange: Exchange, code: Code) -> None:
        exchange.failure = code
        if exchange.begun:
            exchange.abort()
        else:
            exchange.answer(*failure_answer(code, exchange, self._snapshot().brand))
