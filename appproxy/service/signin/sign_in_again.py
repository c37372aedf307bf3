"""/.appproxy/sign-in: a sign-in beside a page that stays open, in a tab or window of its own that says when it is over.

A single-page application that gets 401 opens it, and goes on where it was.
"""

from __future__ import annotations

from dataclasses import replace

from twisted.web.iweb import IRequest

from appproxy.errors import Code, RequestError
from appproxy.identity.cookie import START_COOKIE
from appproxy.identity.long_address import LONGEST
from appproxy.net.web import Answer, cookies_of, redirect
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.signin.request.browser_request import host_of, query_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.request.destination import lead_on
from appproxy.service.signin.request.urls import url_of
from appproxy.service.signin.way_back import begin, start_for


class SignInAgain:
    """A responder of pages."""

    def __init__(self, context: SignInContext) -> None:
        self._context = context

    async def sign_in(self, request: IRequest) -> Answer:
        """Off to the sign-in, or, with a session, to its end at once. `return`: the path of a page of the application.

        Raises RequestError: CROSS_SITE, asked for by a page of another site; NOT_FOUND, no such page.
        """
        context, host = self._context, host_of(request)
        site = request.requestHeaders.getRawHeaders(b"sec-fetch-site") or []
        if any(value not in (b"same-origin", b"same-site", b"none") for value in site):
            raise RequestError(Code.CROSS_SITE, "a sign-in that another site has opened")
        route, target = self._page(host, query_of(request).get("return", "/"))
        start, kept = start_for(context, route.application, host, target.encode())
        start = replace(start, beside=True)
        if sessions := context.sessions_of(request, route):
            location = url_of(context.snapshot.router_of(host), route, target)
            return await lead_on(context, request, route, start, location, sessions[0])
        url, cookies = begin(context, start, cookies_of(request, START_COOKIE), context.wall_clock())
        return redirect(url, cookies + kept)

    def _page(self, host: str, target: str) -> tuple[ApplicationRoute, str]:
        """The application that a path of this host belongs to, and the path; without one at `/`, any that is there."""
        context, raw = self._context, target.encode("utf-8", "replace")
        if len(raw) > LONGEST or not raw.startswith(b"/") or not raw.isascii() or not target.isprintable() or " " in target:
            raise RequestError(Code.NOT_FOUND, "no path of an application")
        routes = context.routes_on(host)
        if target == "/" and routes and not any(route.prefix == b"/" for route in routes):
            return routes[-1], routes[-1].prefix.decode("latin-1")
        application = context.snapshot.router_of(host).find(host, raw).application
        for route in routes:
            if route.application.id == application.id:
                return route, target
        raise RequestError(Code.NOT_FOUND, "the application asks for no sign-in")
