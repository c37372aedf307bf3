"""Sign-in as a whole: what the gate answers to a browser without a session, and the pages of both hosts.

    application host                     sign-in host                         identity provider
    GET /path    -> begin: 303   ---->   /start: cookie, 303          ---->   signs the user in
                                         /callback: checks, 303       <----   code
    /.appproxy/finish: cookie    <----
    GET /path, with the access cookie
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.identity.cookie import START_COOKIE, cookie_name
from appproxy.identity.states import MAX_TARGET, StartState
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of, cookie_lines, html_answer, limited, redirect, style_sheet
from appproxy.pages import error_page, render
from appproxy.publish.application import Application
from appproxy.service.dispatch.planted import deletions, is_doubled
from appproxy.service.signin.apps_page import AppsPage
from appproxy.service.signin.browser_request import cookies_of_head, is_navigation
from appproxy.service.signin.context import SignInContext
from appproxy.service.signin.needs import SignInStore
from appproxy.service.signin.oidc_client import OidcClient
from appproxy.service.signin.sign_out import EndSession, SignOut
from appproxy.service.signin.steps import SignInSteps
from appproxy.service.signin.way_back import WayBack, begin, url_of

__all__ = ["SignIn", "is_navigation"]


#: One step of sign-in, for each address: an office of 300 whose browsers restore 50 tabs each, within ten minutes.
BURST, RATE = 3000.0, 20.0


class SignIn:
    """Made once a node.

    `signin_origin`: `https://signin.DOMAIN[:PORT]`; `public_port`: part of cookie names; `clients`: by provider id;
    `wall_clock`: seconds since 1970. `extra`: more children of the sign-in host, such as the built-in provider's;
    `end_builtin`: ends a browser's session with the built-in provider and gives field lines. `seconds`: the monotonic clock.
    """

    def __init__(
        self, signin_origin: str, public_port: int, store: SignInStore, clients: Mapping[str, OidcClient],
        wall_clock: Callable[[], float], *, random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        extra: Mapping[bytes, IResource] | None = None, end_builtin: EndSession | None = None,
        seconds: Callable[[], float] | None = None,
    ) -> None:
        self._seconds = seconds or wall_clock
        self._context = SignInContext(signin_origin, public_port, store, clients, wall_clock, random_bytes)
        self._way_back = WayBack(self._context)
        self._steps = SignInSteps(self._context, self._way_back)
        self._sign_out = SignOut(self._context, end_builtin)
        #: For the host `signin.DOMAIN`.
        self.signin_root: IResource = self._make_signin_root(extra or {})
        #: For the paths `/.appproxy/` of all application hosts.
        self.application_root: IResource = _tree({b".appproxy": _tree(self.application_pages())})
        #: For the host `apps.DOMAIN`.
        self.apps_root: IResource = AppsPage(self._context, self.begin, self.application_pages()).root

    def signin_pages(self) -> dict[bytes, IResource]:
        """The pages below `signin_origin`."""
        return {
            b"start": AsyncResource({b"GET": self._steps.start}, self._limit()),
            b"callback": AsyncResource({b"GET": self._steps.callback}, self._limit()),
            b"signed-out": AsyncResource({b"GET": self._sign_out.signed_out}, self._limit()),
        }

    def application_pages(self) -> dict[bytes, IResource]:
        """The pages below `/.appproxy` of an application's host."""
        sign_out = self._sign_out.sign_out
        return {
            b"finish": AsyncResource({b"GET": self._steps.finish}, self._limit()),
            b"again": AsyncResource({b"GET": self._way_back.again}, self._limit()),
            b"sign-out": AsyncResource({b"GET": sign_out, b"HEAD": sign_out, b"POST": sign_out}),
            b"session": AsyncResource.reading(self._sign_out.session),
            b"style.css": style_sheet(),
        }

    def _limit(self) -> Limit:
        return limited(BURST, RATE, self._seconds)

    def begin(
        self, head: RequestHead, host: str, application: Application, request_id: str, now: float
    ) -> Answer:
        """The answer to a request that needs a sign-in first: off to it, or 401 as JSON when nobody waits for a page.

        Raises RequestError(INTERNAL) when there is no key to seal with.
        """
        if not is_navigation(head):
            return Answer(*error_page(Code.SIGN_IN_REQUIRED, request_id, accept_json=True, brand=self._context.snapshot.brand))
        if len(head.target) > MAX_TARGET:
            return Answer(*error_page(Code.TARGET_TOO_LONG, request_id, accept_json=False, brand=self._context.snapshot.brand))
        if not head.target.startswith(b"/"):
            return Answer(*error_page(Code.BAD_REQUEST, request_id, accept_json=False, brand=self._context.snapshot.brand))
        if not application.cookie_secure and (planted := self._planted(head, host, application, request_id)) is not None:
            return planted
        url, cookie = self._start(head, host, application, now)
        return redirect(url, cookie + b"x-request-id: " + request_id.encode("ascii") + b"\n")

    def way(self, head: RequestHead, host: str, application: Application, now: float) -> tuple[str, bytes] | None:
        """For a page of ours that offers the sign-in: where it begins, and field lines. None where nobody waits for a page.

        Raises RequestError(INTERNAL) when there is no key to seal with.
        """
        if not is_navigation(head) or len(head.target) > MAX_TARGET or not head.target.startswith(b"/"):
            return None
        return self._start(head, host, application, now)

    def _planted(self, head: RequestHead, host: str, application: Application, request_id: str) -> Answer | None:
        """The page for a browser with two access cookies of one name, which deletes them; None for others."""
        context = self._context
        route = context.route(application, host)
        name = cookie_name(context.port, route.cookie_path, secure=False)
        if not is_doubled(head, [name]):
            return None
        link = url_of(context.snapshot.router_of(host), route, head.target.decode("latin-1"))
        page = Answer(*error_page(
            Code.COOKIE_DOUBLED, request_id, accept_json=False, link=link, link_text="Open the page again",
            brand=context.snapshot.brand,
        ))
        return page._replace(fields=page.fields + cookie_lines(*deletions(name, host, head.target)))

    def _start(self, head: RequestHead, host: str, application: Application, now: float) -> tuple[str, bytes]:
        """The sign-in's first URL, with what comes back to `head.target` in it, and the lines of its cookie."""
        start = StartState(application.id, host, head.target.decode("latin-1"), "")
        return begin(self._context, start, cookies_of_head(head, START_COOKIE), now)

    def _make_signin_root(self, extra: Mapping[bytes, IResource]) -> IResource:
        own: dict[bytes, IResource] = {
            b"": AsyncResource.reading(self._welcome), **self.signin_pages(), b"style.css": style_sheet(),
            b".appproxy": _tree({b"style.css": style_sheet()}),
        }
        taken = own.keys() & extra.keys()
        if taken:
            raise ValueError(f"these names are taken on the sign-in host: {sorted(taken)}")
        return _tree({**extra, **own})

    async def _welcome(self, request: IRequest) -> Answer:
        page = render(
            "message", brand_of(request), title="Sign-in", text="Open an application to sign in to it.",
            link=self._context.snapshot.portal.url, link_text="Your applications",
        )  # fmt: skip
        return html_answer(200, page)


def _tree(children: Mapping[bytes, IResource]) -> Resource:
    root = Resource()
    for name, child in children.items():
        root.putChild(name, child)
    return root
