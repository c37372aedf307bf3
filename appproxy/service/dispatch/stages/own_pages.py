"""Stages of what the service answers itself, by path: style sheets and logos, sign-in on applications' hosts, robots.txt."""

from __future__ import annotations

from collections.abc import Collection

from appproxy.branding import BRAND_START, Brand
from appproxy.errors import Code
from appproxy.net.web import STYLE_FIELDS
from appproxy.pages import STYLE, STYLE_PATH, sheet_of
from appproxy.publish.robots import robots_text
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.ports import check_port_of_any
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Outcome, Stage
from appproxy.service.exchange.exchange import Exchange, Handler

#: On each application's host these paths are the service's and are never forwarded.
OWN_PATHS = b"/.appproxy/"
_BRAND = BRAND_START.encode("ascii")
_STYLE = STYLE_PATH.encode("ascii")
_ROBOTS = b"/robots.txt"
_ROBOTS_FIELDS = b"content-type: text/plain; charset=utf-8\ncache-control: max-age=3600\n"
#: Another sheet or picture has another address, so that browsers may keep it for ever.
_FOR_EVER = b"max-age=31536000, immutable"
_BRAND_FIELDS = STYLE_FIELDS.replace(b"max-age=3600", _FOR_EVER)
#: Opened by itself an SVG could run scripts as a page of this host, and those are other people's.
_LOGO_FIELDS = (
    b"cache-control: " + _FOR_EVER + b"\nx-content-type-options: nosniff\ncross-origin-resource-policy: same-origin\n"
    b"content-security-policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox\n"
)


class Branding(Stage):
    """A logo or the branded style sheet, on every host. A page from before a change gets the new sheet, and keeps it not."""

    name = "branding"
    targets = (_BRAND,)

    def __init__(self, error_pages: ErrorPages) -> None:
        self._error_pages = error_pages

    def handle(self, request: InboundRequest) -> Outcome:
        """Answer what is below the brand's paths."""
        target, brand = request.head.target, request.snapshot.brand
        if not target.startswith(_BRAND):
            return None
        if not target.endswith(b".css"):
            self._logo(request.exchange, target, brand)
            return ANSWERED
        path, sheet = sheet_of(brand)
        kept = target == path.encode("ascii")
        request.exchange.answer(200, _BRAND_FIELDS if kept else STYLE_FIELDS.replace(b"max-age=3600", b"no-store"), sheet)
        return ANSWERED

    def _logo(self, exchange: Exchange, target: bytes, brand: Brand) -> None:
        for logo in (brand.logo, brand.logo_dark):
            if logo is not None and target == logo.path.encode("ascii"):
                exchange.answer(200, b"content-type: %b\n" % logo.kind.encode("ascii") + _LOGO_FIELDS, logo.picture)
                return
        self._error_pages.refuse(exchange, Code.NOT_FOUND)


class OwnPaths(Stage):
    """The sign-in's paths on the hosts of applications, and the style sheet of error pages on every host."""

    name = "own-paths"
    targets = (OWN_PATHS,)

    def __init__(self, pages: Handler, ports: Collection[int] = (443,)) -> None:
        self._pages = pages
        self._ports = frozenset(ports)

    def handle(self, request: InboundRequest) -> Outcome:
        """Answer them. Where nothing is published there is nobody to sign in to, but that page, too, is to be readable.

        Raises RequestError(UNKNOWN_HOST) for a port at which nothing is published.
        """
        head = request.head
        if head.target == _STYLE:
            request.exchange.answer(200, STYLE_FIELDS, STYLE)
            return ANSWERED
        if head.target.startswith(OWN_PATHS) and request.snapshot.router.knows_host(head.host):
            check_port_of_any(request, self._ports)
            self._pages(request.exchange)
            return ANSWERED
        return None


class Robots(Stage):
    """robots.txt, without sign-in, where an application is to be in no search engine."""

    name = "robots"
    targets = (_ROBOTS,)

    def __init__(self, ports: Collection[int] = (443,)) -> None:
        self._ports = frozenset(ports)

    def handle(self, request: InboundRequest) -> Outcome:
        """Answer unless the application is to answer itself. Raises RequestError(UNKNOWN_HOST), as `OwnPaths` does."""
        head = request.head
        if head.target != _ROBOTS or (text := robots_text(request.snapshot.router.routes_of(head.host))) is None:
            return None
        check_port_of_any(request, self._ports)
        request.exchange.answer(200, _ROBOTS_FIELDS, text)
        return ANSWERED
