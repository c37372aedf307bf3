"""The pages of `apps.DOMAIN`: what the user may open, as plain links, after the same sign-in as for an application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urlsplit

from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.identity.session import Session
from appproxy.net.web import Answer, AsyncResource, address_of, brand_of, failure_answer, html_answer, read_pairs, redirect
from appproxy.pages import render
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.verdict import Pass, SignInRequired
from appproxy.publish.application import Application
from appproxy.publish.portal import SIGN_IN_PATH
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.signin.request.browser_request import host_of, user_agent_of
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

#: Gives the answer that begins a sign-in: head of the request, host, application, request id, seconds since 1970.
Begin = Callable[[RequestHead, str, Application, str, float], Answer]


@dataclass(frozen=True, slots=True)
class PortalEntry:
    """One application on the page; without `link` it has only wildcards, and `place` says which. `closed`: why it cannot be
    used now, "" where it can.
    """

    name: str
    link: str
    place: str
    description: str = ""
    closed: str = ""

    def has(self, text: str) -> bool:
        """Does it have this text in what users see of it, whether capital or small?"""
        return text.casefold() in f"{self.name}\n{self.place}\n{self.description}".casefold()


def entries(
    applications: Mapping[str, Application], sessions: Mapping[str, Session], authorizer: Authorizer, now: float,
    client: str = "", user_agent: bytes = b"",
) -> list[PortalEntry]:
    """What may be opened by whoever has these sessions, by provider, at this address; in the order of `applications`.

    What asks for a stronger sign-in is there, too: opening it begins that.
    """
    def may(one: Application, session: Session | None) -> bool:
        verdict = authorizer.authorize(RequestContext(one, session, now, client, b"GET", b"/", user_agent=user_agent))
        return isinstance(verdict, Pass) or (isinstance(verdict, SignInRequired) and bool(verdict.demand))

    return [
        _entry(one) for one in applications.values()
        if any(may(one, sessions.get(provider)) for provider in one.providers)
    ]


def _entry(application: Application) -> PortalEntry:
    link = application.home
    place = urlsplit(link or str(application.external))
    closed = (application.maintenance_text or "It is back soon.") if application.maintenance else ""
    return PortalEntry(
        application.name, link, place.netloc + place.path.rstrip("/"), application.description, closed)


def search_of(request: Request) -> str:
    """What is looked for. Raises RequestError for a query with too many fields."""
    values = read_pairs(request.uri.partition(b"?")[2]).get(b"q", [b""])
    return values[-1].decode("utf-8", "replace").strip()[:_LONGEST_SEARCH]


class AppsPage:
    """The resources of the host. `pages`: children of `/.appproxy`, as on every application's host."""

    def __init__(self, context: SignInContext, begin: Begin, pages: Mapping[bytes, IResource]) -> None:
        self._context = context
        self._begin = begin
        sessions = SessionsPage(context)
        self.root: IResource = _tree({
            b"": AsyncResource.reading(self._show), b".appproxy": _tree(pages),
            SESSIONS.encode("ascii"): AsyncResource(
                {b"GET": sessions.show, b"HEAD": sessions.show, b"POST": sessions.end}),
            SIGN_IN_PATH.strip("/").encode("ascii"): _SignInPaths(AsyncResource.reading(self._sign_in)),
        })  # fmt: skip

    async def _show(self, request: Request) -> Answer:
        """The list; without a session the way to the sign-in, or a choice of providers where several are in use."""
        snapshot = self._context.snapshot
        routes = self._context.routes_on(host_of(request))
        signed_in = self._sessions(request, routes)
        if not signed_in and len(routes) == 1:
            return self._start(request, routes[0])
        found = entries(
            snapshot.applications, signed_in, self._context.authorizer, self._context.wall_clock(), address_of(request),
            user_agent_of(request))
        wanted = search_of(request)
        fitting = [one for one in found if one.has(wanted)] if wanted else found
        others = [
            {"name": called(snapshot.providers[route.application.provider]), "link": route.segment.external.path}
            for route in routes
            if route.application.provider not in signed_in and route.application.provider in snapshot.providers
        ]
        page = render(
            "apps", brand_of(request), entries=fitting[:MOST] if signed_in else [], more=max(len(fitting) - MOST, 0),
            search=wanted, has_search=bool(signed_in) and (bool(wanted) or len(found) > SEARCHED),
            names=list(dict.fromkeys(session.name for session in signed_in.values())), providers=others,
            account=f"{snapshot.providers[BUILTIN].issuer}/account" if BUILTIN in signed_in else "",
        )  # fmt: skip
        return html_answer(200, page)

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
        head = replace(exchange.head, target=route.prefix)
        return self._begin(head, route.host, route.application, exchange.id, self._context.wall_clock())

    def _sessions(self, request: IRequest, routes: list[ApplicationRoute]) -> dict[str, Session]:
        """The session with each provider."""
        found = {route.application.provider: self._context.sessions_of(request, route) for route in routes}
        return {provider: sessions[0] for provider, sessions in found.items() if sessions}


class _SignInPaths(Resource):
    """Whatever is below: the end point itself compares the whole path."""

    def __init__(self, page: IResource) -> None:
        super().__init__()
        self._page = page

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Called by twisted.web for the provider, and once more for the slash at the end."""
        return self if request.postpath else self._page

    def render(self, request: Request) -> bytes | int:
        """Called by twisted.web for the path without a provider."""
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
