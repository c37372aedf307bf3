"""The way back to the application when a step of a sign-in fails: by itself, once, or as a link on the page.

    callback or finish fails   ---->   /.appproxy/again (application's host)   ---->   with a session: the page
                                                                                       without: a new start cookie, /start
    an address too long for URLs    ---->    /.appproxy/at/ID (application's host), which the browser itself keeps

What a sign-in is for is in its sealed texts, and these can be read however old they are. Most of what goes wrong is gone
the second time: a page that was open too long, Back, a lost cookie. The provider then knows the user, and asks nothing.
"""

from __future__ import annotations

from dataclasses import replace

from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.http.cookies import ours
from appproxy.identity import binding, long_address
from appproxy.identity.cookie import START_COOKIE, clear_cookie, set_cookie
from appproxy.identity.states import MAX_TARGET, MOST_TRIES, START_LIFETIME, StartState
from appproxy.net.web import Answer, cookie_lines, cookies_of, failure_answer, redirect, request_id
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.signin.request import audit
from appproxy.service.signin.request.browser_request import host_of, is_page_request, query_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.request.destination import lead_on
from appproxy.service.signin.request.urls import url_of

_AGAIN = "again"


def start_for(context: SignInContext, application: Application, host: str, target: bytes) -> tuple[StartState, bytes]:
    """What a sign-in for `target` (origin-form, of any length that the front takes) begins with; and field lines by which the
    browser keeps one that is too long for sealed texts.
    """
    start = StartState(application.id, host, shown_target(context, application, host, target), "")
    if len(target) <= MAX_TARGET:
        return start, b""
    start = replace(start, address=context.random_bytes(long_address.ID_SIZE).hex())
    return start, cookie_lines(*long_address.keep(target, start.address, host, context.key, context.nonce()))


def shown_target(context: SignInContext, application: Application, host: str, target: bytes) -> str:
    """A target, or what stands for one that is too long for sealed texts: its path, else the application's."""
    for shown in (target, target.partition(b"?")[0]):
        if len(shown) <= MAX_TARGET:
            return shown.decode("latin-1")
    return context.route(application, host).prefix.decode("latin-1")


def begin(context: SignInContext, start: StartState, cookies: list[binding.Cookie], now: float) -> tuple[str, bytes]:
    """A new way through sign-in: its first URL, and field lines with its cookie. `start.binding` is made here.

    `cookies`: the start cookies that the browser has. Raises RequestError(INTERNAL) when there is no key to seal with.
    """
    secret = binding.mint(context.random_bytes(binding.SECRET_SIZE))
    bound = replace(start, binding=binding.binding(secret))
    url = f"{context.base}/start?r={bound.seal(context.key, now, context.nonce()).decode('ascii')}"
    cookie = set_cookie(binding.cookie_name(START_COOKIE, secret), secret, int(START_LIFETIME))
    return url, cookie_lines(cookie, *map(clear_cookie, binding.surplus(cookies, START_COOKIE)))


class WayBack:
    """Responder of /.appproxy/again, and what other steps answer when they fail."""

    log = Logger()

    def __init__(self, context: SignInContext) -> None:
        self._context = context

    def destination(self, start: StartState) -> tuple[ApplicationRoute, str]:
        """Where the user wanted to go, if it is still published: a route and a URL. Raises IdentityError(SIGN_IN_STATE)."""
        context = self._context
        route = context.route(context.application(start), start.host)
        if start.address:
            return route, f"{route.origin}{long_address.PLACE}{start.address}"
        return route, url_of(context.snapshot.router_of(start.host), route, start.target)

    def link(self, start: StartState) -> str:
        """Where what the sign-in was for, a kept form included, is begun once more. Raises IdentityError(SIGN_IN_STATE)."""
        return self._again_url(self.destination(start)[0], start)

    async def again(self, request: IRequest) -> Answer:
        """On the application's host: go on with the session that is there, or begin the sign-in once more."""
        context = self._context
        try:
            start = StartState.recall(query_of(request).get("r", "").encode(), context.snapshot.keys, _AGAIN)
            if start.host != host_of(request):
                raise IdentityError(Code.SIGN_IN_STATE, "a way back to another host")
        except IdentityError as error:
            return self.unknown(request, error)
        try:
            route, location = self.destination(start)
        except IdentityError as error:
            return self.after(request, start, error)
        if sessions := context.sessions_of(request, route):
            return await lead_on(context, request, route, start, location, sessions[0])
        url, cookies = begin(context, start, cookies_of(request, START_COOKIE), context.wall_clock())
        return redirect(url, cookies)

    async def at(self, request: IRequest) -> Answer:
        """On the application's host: on to an address that was too long for a sign-in, which this browser has kept."""
        snapshot, host = self._context.snapshot, host_of(request)
        cookies = ours(request.requestHeaders.getRawHeaders(b"cookie") or [])
        try:
            id = request.path.rpartition(b"/")[2].decode("ascii", "replace")
            target = long_address.recall(cookies, id, host, snapshot.keys)
            router = snapshot.router_of(host)
            return redirect(url_of(router, router.find(host, target), target.decode("latin-1")))
        except RequestError as error:
            return self.unknown(request, error)

    def after(
        self, request: IRequest, start: StartState, error: RequestError | StoreError, *, passing: bool = False,
        provider: str = "",
    ) -> Answer:
        """A step has failed. `passing`: it may well succeed the next time; `provider`: the id of the one that it was with."""
        if isinstance(error, StoreError):
            error = RequestError(Code.STORE_UNAVAILABLE, str(error))
        code = error.code
        self.log.info("sign-in: {code} {detail}", code=code.name, detail=error.detail, request_id=request_id(request))
        try:
            route, link = self.destination(start)
        except IdentityError:
            application = self._context.snapshot.signed_in_to(start.application)
            audit.refused(self._context, request, application, error, provider=provider)
            if application is None or not application.home:
                return self.unknown(request, error)
            return failure_answer(request, code, error.detail, link=application.home, link_text="Open the application")
        if (passing or code is Code.SIGN_IN_STATE) and start.tries < MOST_TRIES and is_page_request(request):
            return redirect(self._again_url(route, start))
        audit.refused(self._context, request, route.application, error, provider=provider)
        return failure_answer(request, code, error.detail, link=link, link_text="Try again")

    def unknown(self, request: IRequest, error: RequestError) -> Answer:
        """A step has failed, and nothing tells what it was for: the list of the user's applications is a way on."""
        link = self._context.snapshot.portal.url
        return failure_answer(request, error.code, error.detail, link=link, link_text="Your applications")

    def _again_url(self, route: ApplicationRoute, start: StartState) -> str:
        context = self._context
        once_more = replace(start, binding="", tries=start.tries + 1)
        text = once_more.seal(context.key, context.wall_clock(), context.nonce(), _AGAIN)
        return f"{route.origin}/.appproxy/again?r={text.decode('ascii')}"
