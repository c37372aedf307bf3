"""The pages of `apps.DOMAIN`: what the user may open, as plain links, after the same sign-in as for an application."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from appproxy.errors import Code, StoreError
from appproxy.http.head import RequestHead
from appproxy.identity.session import Session
from appproxy.net.web import Answer, AsyncResource, address_of, brand_of, failure_answer, html_answer, read_pairs, redirect
from appproxy.pages import render
from appproxy.publish.application import Application
from appproxy.publish.portal import SIGN_IN_PATH
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.signin.portal.asking import ASK, AskPages, shown_requests
from appproxy.service.signin.portal.entries import (
    LOGOS,
    PortalEntry,
    askable,
    collections_of,
    entries,
    entry_of,
    lately,
    narrowed,
)
from appproxy.service.signin.portal.forms import OwnForms
from appproxy.service.signin.portal.logos import LogoPages
from appproxy.service.signin.request.browser_request import form_of, host_of, user_agent_of
from appproxy.service.signin.request.choosing import called
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.sessions.sessions_page import PATH as SESSIONS
from appproxy.service.signin.sessions.sessions_page import SessionsPage
from appproxy.store.snapshot import BUILTIN

#: Links on the page. Nobody reads more, and to make them takes no longer than any other answer of ours.
MOST = 500
#: With more applications than this the page has a search: fewer are seen at a glance.
SEARCHED = 12
_LONGEST_SEARCH = 100
T = TypeVar("T")
#: What the hidden field of forms on the page is sealed for.
_PURPOSE = "list of applications"

#: Gives the answer that begins a sign-in: head of the request, application, request id, seconds since 1970.
Begin = Callable[[RequestHead, Application, str, float], Answer]


def search_of(request: Request) -> tuple[str, str]:
    """What is looked for, and under which heading. Raises RequestError for a query with too many fields."""
    pairs = read_pairs(request.uri.partition(b"?")[2])
    wanted, collection = (pairs.get(name, [b""])[-1].decode("utf-8", "replace").strip() for name in (b"q", b"collection"))
    return wanted[:_LONGEST_SEARCH], collection[:_LONGEST_SEARCH]


class AppsPage:
    """The resources of the host. `pages`: children of `/.appproxy`, as on every application's host."""

    log = Logger()

    def __init__(self, context: SignInContext, begin: Begin, pages: Mapping[bytes, IResource]) -> None:
        self._context = context
        self._begin = begin
        self._forms = OwnForms(context, _PURPOSE)
        sessions, logos, ask = SessionsPage(context), LogoPages(context), AskPages(context)
        self.root: IResource = _tree({
            b"": AsyncResource.reading(self._show), b".appproxy": _tree(pages),
            SESSIONS.encode("ascii"): AsyncResource(
                {b"GET": sessions.show, b"HEAD": sessions.show, b"POST": sessions.end}),
            SIGN_IN_PATH.strip("/").encode("ascii"): _PathsBelow(AsyncResource.reading(self._sign_in)),
            LOGOS.strip("/").encode("ascii"): _PathsBelow(AsyncResource.reading(logos.show)),
            b"forget": AsyncResource({b"POST": self._forget}),
            ASK.encode("ascii"): AsyncResource({b"GET": ask.show, b"HEAD": ask.show, b"POST": ask.ask}),
        })  # fmt: skip

    async def _show(self, request: Request) -> Answer:
        """The list; without a session the way to the sign-in, or a choice of providers where several are in use."""
        snapshot = self._context.snapshot
        routes = self._context.routes_on(host_of(request))
        signed_in = {route.application.provider: session for route, session in self._forms.signed_in(request)}
        if not signed_in and len(routes) == 1:
            return self._start(request, routes[0])
        found = self._entries(request, signed_in) if signed_in else []
        wanted, collection = search_of(request)
        fitting = narrowed(found, wanted, collection)
        others = [
            {"name": called(snapshot.providers[route.application.provider]), "link": route.segment.external.path}
            for route in routes
            if route.application.provider not in signed_in and route.application.provider in snapshot.providers
        ]
        panel = self._context.store.panel
        # Side by side: where the database hangs, the list comes after the time of one question, not of all.
        used = self._asked_of(panel.recent, () if wanted or collection else signed_in.values(), "used lately")
        asked_for = self._asked_of(panel.requests, signed_in.values(), "asked for")
        uses, asked = await used, await asked_for
        page = render(
            "apps", brand_of(request), entries=fitting[:MOST], more=max(len(fitting) - MOST, 0),
            search=wanted, has_search=bool(signed_in) and (bool(wanted) or len(found) > SEARCHED),
            collection=collection, collections=collections_of(found),
            recent=lately(found, uses) if uses else [],
            asked=shown_requests(asked, snapshot.applications, self._context.wall_clock()), askable=[
                entry_of(one, snapshot.logos.get(one.id)) for one, _ in self._askable(signed_in)][:MOST],
            csrf=self._forms.proof(next(iter(signed_in.values()))) if signed_in else "",
            names=list(dict.fromkeys(session.name for session in signed_in.values())), providers=others,
            account=f"{snapshot.providers[BUILTIN].issuer}/account" if BUILTIN in signed_in else "",
        )  # fmt: skip
        return html_answer(200, page)

    def _entries(self, request: Request, signed_in: Mapping[str, Session]) -> list[PortalEntry]:
        """What they may open."""
        snapshot = self._context.snapshot
        return entries(
            snapshot.applications, signed_in, self._context.authorizer, self._context.wall_clock(), address_of(request),
            user_agent_of(request), snapshot.logos)

    def _asked_of(self, ask: Callable[[str, str], Coroutine[Any, Any, Sequence[T]]], signed_in: Iterable[Session],
                 what: str) -> Deferred[list[T]]:
        """What the database says of them all. The list is worth more than this: without the database it is shown without."""
        def lost(failure: Failure) -> Sequence[T]:
            failure.trap(StoreError)
            self.log.warn("what a user has {what} cannot be shown: {reason}", what=what, reason=failure.getErrorMessage())
            return ()

        asked = [
            Deferred.fromCoroutine(ask(one.provider, one.subject)).addErrback(lost) for one in signed_in]
        return gatherResults(asked, consumeErrors=True).addCallback(lambda answers: [one for rows in answers for one in rows])

    def _askable(self, signed_in: Mapping[str, Session]) -> list[tuple[Application, Session]]:
        """What they may not open, and may ask for."""
        context = self._context
        return askable(context.snapshot.applications.values(), signed_in, context.authorizer, context.wall_clock())

    async def _forget(self, request: Request) -> Answer:
        """Forget what they have used lately, with all providers that this browser is signed in with."""
        self._forms.proved(request, form_of(request).get("csrf", ""))
        for _, session in self._forms.signed_in(request):
            await self._context.store.panel.clear_recent(session.provider, session.subject)
        return redirect(f"{self._forms.origin}/")

    async def _sign_in(self, request: Request) -> Answer:
        """At the path of a provider: sign in there, then on to the list."""
        for route in self._context.routes_on(host_of(request)):
            if request.path == route.prefix:
                if self._context.sessions_of(request, route):
                    return redirect(f"{route.origin}/")
                return self._start(request, route)
        return failure_answer(request, Code.NOT_FOUND, "no provider that is in use has this path")

    def _start(self, request: IRequest, route: ApplicationRoute) -> Answer:
        exchange = cast("Exchange", request.exchange)  # type: ignore[attr-defined]  # of service.resources.OurRequest
        head = replace(exchange.head, host=route.host, target=route.prefix)
        return self._begin(head, route.application, exchange.id, self._context.wall_clock())


class _PathsBelow(Resource):
    """Whatever is below: the end point itself compares the whole path."""

    def __init__(self, page: IResource) -> None:
        super().__init__()
        self._page = page

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Called by twisted.web for each name of the path, the empty one behind a slash included."""
        return self if request.postpath else self._page

    def render(self, request: Request) -> bytes | int:
        """Called by twisted.web for the path without a name."""
        rendered: bytes | int = self._page.render(request)
        return rendered


def domain_door(apps_origin: str, otherwise: Handler) -> Handler:
    """For the domain itself: `/` leads to the list of applications, and nothing else is there."""
    location = apps_origin.encode("ascii") + b"/"

    def handle(exchange: Exchange) -> None:
        if exchange.head.target.partition(b"?")[0] == b"/" and exchange.head.method in (b"GET", b"HEAD"):
            exchange.answer(302, b"location: %b\ncache-control: no-store\n" % location, b"")
        else:
            otherwise(exchange)

    return handle


def _tree(children: Mapping[bytes, IResource]) -> Resource:
    root = Resource()
    for name, child in children.items():
        root.putChild(name, child)
    return root
