"""Sign-in as a whole: what the gate answers to a browser without a session, and the pages of both hosts.

    application host                     sign-in host                         identity provider
    GET /path    -> begin: 303   ---->   /start: cookie, 303          ---->   signs the user in
                                         /callback: checks, 303       <----   code
    /.appproxy/finish: cookie    <----
    GET /path, with the access cookie
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twisted.internet.interfaces import IReactorTime
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.identity.cookie import START_COOKIE, cookie_name
from appproxy.identity.states import StartState
from appproxy.net.chance import TimeAndChance
from appproxy.net.web import (
    Answer,
    AsyncResource,
    Limit,
    brand_of,
    cookie_lines,
    failure_answer,
    html_answer,
    json_answer,
    limited,
    redirect,
    style_sheet,
)
from appproxy.pages import LEAD_ON_SCRIPT, NO_STORE, error_page, failure_fields, render, with_script
from appproxy.policy.conditional.parts.demands import NOTHING, Demand
from appproxy.publish.application import Application
from appproxy.service.dispatch.planted import deletions, is_doubled
from appproxy.service.signin.device_elsewhere import DeviceElsewhere
from appproxy.service.signin.device_link import DeviceLink
from appproxy.service.signin.device_step import DeviceCheck, DeviceStep
from appproxy.service.signin.openid.identity_provider import IdentityProvider
from appproxy.service.signin.openid.refreshing import RefreshStore
from appproxy.service.signin.request.browser_request import cookies_of_head, is_navigation
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.request.urls import url_of
from appproxy.service.signin.sessions.apps_page import AppsPage
from appproxy.service.signin.sessions.provider_logout import ProviderLogout
from appproxy.service.signin.sessions.renewal import Renewal
from appproxy.service.signin.sessions.sign_out import EndSession, SignOut
from appproxy.service.signin.sign_in_again import SignInAgain
from appproxy.service.signin.step_up import with_demand
from appproxy.service.signin.steps import SignInSteps
from appproxy.service.signin.stores.needs import DeviceStatuses, RiskJudge, SignInStore
from appproxy.service.signin.way_back import WayBack, begin, shown_target, start_for

__all__ = ["SignIn", "is_navigation"]


_LEAD_ON_FIELDS = b"content-type: text/html; charset=utf-8\n" + NO_STORE + with_script(LEAD_ON_SCRIPT)
#: One step of sign-in, for each address: an office of 300 whose browsers restore 50 tabs each, within ten minutes.
BURST, RATE = 3000.0, 20.0
#: Ends of sessions that browsers report, for each address: an office that leaves together. Whoever guesses gets no further.
FRONT_BURST, FRONT_RATE = 300.0, 1.0


@dataclass(frozen=True, slots=True)
class SignInPlace:
    """Where users sign in. `origin`: `https://signin.DOMAIN[:PORT]`; `port`: that of all applications, part of cookie names;
    `device_origin`: where browsers are asked for certificates of devices, "" for nowhere.
    """

    origin: str
    port: int
    device_origin: str = ""


@dataclass(frozen=True, slots=True)
class BuiltInPages:
    """What the built-in provider has on the sign-in host: its pages, by name, and what ends a browser's session with it and
    gives field lines.
    """

    pages: Mapping[bytes, IResource] = field(default_factory=dict)
    end_session: EndSession | None = None


#: There is no such provider.
NOT_BUILT_IN = BuiltInPages()


class SignIn:
    """Made once a node.

    `providers`: by their ids. `refreshing`: where sessions are kept that are to be refreshed, and what tells the time
    meanwhile. `risk`: judges sign-ins. `statuses`: asks whether their certificates are revoked.
    """

    def __init__(
        self, place: SignInPlace, store: SignInStore, providers: Mapping[str, IdentityProvider], outside: TimeAndChance, *,
        builtin: BuiltInPages = NOT_BUILT_IN, refreshing: tuple[RefreshStore, IReactorTime] | None = None,
        risk: RiskJudge | None = None, statuses: DeviceStatuses | None = None,
    ) -> None:
        #: The monotonic clock, where there is one.
        self._seconds = outside.wall_clock if refreshing is None else refreshing[1].seconds
        self.context = SignInContext(
            place.origin, place.port, store, providers, outside.wall_clock, outside.random_bytes,
            refreshes=refreshing is not None, risk=risk, device_origin=place.device_origin, statuses=statuses)
        #: Sign-ins of users whom no policy concerns, at applications; others may count theirs here, too. And those refused.
        self.exempt, self.refused = self.context.exempt, self.context.refused
        #: Keeps sessions that are in use as new as their provider has them.
        self.renewal = None if refreshing is None else Renewal(self.context, *refreshing)
        self._way_back = WayBack(self.context)
        self._device_link = DeviceLink(self.context)
        check = DeviceCheck(self.context)
        device_step = DeviceStep(self.context, self._way_back, check)
        #: The way to prove a device for a relying party.
        self.device_elsewhere = DeviceElsewhere(self.context, check)
        self._steps = SignInSteps(self.context, self._way_back, device_step)
        self._provider_logout = ProviderLogout(self.context, self._seconds)
        self._sign_out = SignOut(self.context, builtin.end_session)
        #: For the host `signin.DOMAIN`.
        self.signin_root: IResource = self._make_signin_root(builtin.pages)
        #: For the paths `/.appproxy/` of all application hosts.
        self.application_root: IResource = _tree({b".appproxy": _tree(self.application_pages())})
        #: For the host `device.DOMAIN`.
        self.device_root: IResource = _tree({
            b"prove": AsyncResource({b"GET": device_step.prove}, self._limit()),
            b"prove-elsewhere": AsyncResource({b"GET": self.device_elsewhere.prove}, self._limit()),
            b"style.css": style_sheet(), b".appproxy": _tree({b"style.css": style_sheet()}),
        })
        #: For the host `apps.DOMAIN`.
        self.apps_root: IResource = AppsPage(self.context, self.begin, self.application_pages()).root

    def signin_pages(self) -> dict[bytes, IResource]:
        """The pages below `signin_origin`."""
        return {
            b"start": AsyncResource({b"GET": self._steps.start, b"POST": self._steps.choose}, self._limit()),
            b"callback": _WithPathsBelow(
                AsyncResource({b"GET": self._steps.callback, b"POST": self._steps.posted}, self._limit())),
            b"client-keys": _WithPathsBelow(AsyncResource.reading(self._client_keys, self._limit())),
            b"device-key": AsyncResource({b"GET": self._device_link.open, b"POST": self._device_link.fetch}, self._limit()),
            b"signed-out": AsyncResource({b"GET": self._sign_out.signed_out}, self._limit()),
            b"backchannel-logout": AsyncResource({b"POST": self._provider_logout.back_channel}, self._limit()),
            b"frontchannel-logout": AsyncResource(
                {b"GET": self._provider_logout.front_channel}, limited(FRONT_BURST, FRONT_RATE, self._seconds)),
        }

    def application_pages(self) -> dict[bytes, IResource]:
        """The pages below `/.appproxy` of an application's host."""
        sign_out = self._sign_out.sign_out
        return {
            b"finish": AsyncResource({b"GET": self._steps.finish}, self._limit()),
            b"again": AsyncResource({b"GET": self._way_back.again}, self._limit()),
            b"at": _WithPathsBelow(AsyncResource({b"GET": self._way_back.at}, self._limit())),
            b"sign-in": AsyncResource({b"GET": SignInAgain(self.context).sign_in}, self._limit()),
            b"sign-out": AsyncResource({b"GET": sign_out, b"HEAD": sign_out, b"POST": sign_out}),
            b"session": AsyncResource.reading(self._sign_out.session),
            b"style.css": style_sheet(),
        }

    async def _client_keys(self, request: IRequest) -> Answer:
        """The keys of our client at one provider, which the path names: that provider fetches them (`jwks_uri`)."""
        record = self.context.snapshot.providers.get(request.path.rpartition(b"/")[2].decode("ascii", "replace"))
        published = None if record is None else record.key_set(self.context.wall_clock())
        if published is None:
            return failure_answer(request, Code.NOT_FOUND, "no provider with keys has this path")
        return json_answer(200, published)

    def _limit(self) -> Limit:
        return limited(BURST, RATE, self._seconds)

    def begin(
        self, head: RequestHead, application: Application, request_id: str, now: float, demand: Demand = NOTHING,
    ) -> Answer:
        """The answer to a request that needs a sign-in first: off to it, or 401 as JSON when nobody waits for a page.

        `demand`: what policies ask of the sign-in.

        Raises RequestError(INTERNAL) when there is no key to seal with.
        """
        if not is_navigation(head):
            return Answer(*error_page(Code.SIGN_IN_REQUIRED, request_id, accept_json=True, brand=self.context.snapshot.brand))
        if not head.target.startswith(b"/"):
            return Answer(*error_page(Code.BAD_REQUEST, request_id, accept_json=False, brand=self.context.snapshot.brand))
        if not application.cookie_secure and (planted := self._planted(head, application, request_id)) is not None:
            return planted
        url, cookie = self._start(head, application, now, demand)
        return redirect(url, cookie + b"x-request-id: " + request_id.encode("ascii") + b"\n")

    def begin_kept(
        self, head: RequestHead, application: Application, ticket: str, request_id: str, now: float,
        demand: Demand = NOTHING,
    ) -> Answer:
        """The answer to a posted form that is kept under this ticket: off to the sign-in, at whose end it is sent.

        Raises RequestError(INTERNAL) when there is no key to seal with.
        """
        # An address that is too long for this way is kept with the form.
        target = shown_target(self.context, application, head.host, head.target)
        start = with_demand(StartState(application.id, head.host, target, "", kept=ticket), demand)
        url, cookie = begin(self.context, start, cookies_of_head(head, START_COOKIE), now)
        # No redirect: to where a form leads, a page may allow its own host alone, and browsers hold redirects to that, too
        # (`form-action`, Content Security Policy Level 3 section 6.4.2).
        page = render(
            "onward", self.context.snapshot.brand, title="Your session has ended",
            text="What you have sent is kept, and is sent once you have signed in.", onward=url, key="", mark="",
            script=LEAD_ON_SCRIPT,
        )
        fields = _LEAD_ON_FIELDS + failure_fields(Code.SIGN_IN_REQUIRED) + cookie
        return Answer(401, fields + b"x-request-id: " + request_id.encode("ascii") + b"\n", page)

    def way(self, head: RequestHead, application: Application, now: float) -> tuple[str, bytes] | None:
        """For a page of ours that offers the sign-in: where it begins, and field lines. None where nobody waits for a page.

        Raises RequestError(INTERNAL) when there is no key to seal with.
        """
        if not is_navigation(head) or not head.target.startswith(b"/"):
            return None
        return self._start(head, application, now)

    def _planted(self, head: RequestHead, application: Application, request_id: str) -> Answer | None:
        """The page for a browser with two access cookies of one name, which deletes them; None for others."""
        context = self.context
        host = head.host
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

    def _start(
        self, head: RequestHead, application: Application, now: float, demand: Demand = NOTHING
    ) -> tuple[str, bytes]:
        """The sign-in's first URL, with what comes back to `head.target` in it, and the lines of its cookie."""
        context = self.context
        start, kept = start_for(context, application, head.host, head.target)
        url, cookies = begin(context, with_demand(start, demand), cookies_of_head(head, START_COOKIE), now)
        return url, cookies + kept

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
            link=self.context.snapshot.portal.url, link_text="Your applications",
        )  # fmt: skip
        return html_answer(200, page)


class _WithPathsBelow(Resource):
    """A page that is also found one name further down: it looks at the path itself."""

    def __init__(self, page: IResource) -> None:
        super().__init__()
        self._page = page

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Called by twisted.web for one name."""
        return self._page

    def render(self, request: Request) -> bytes | int:
        """Called by twisted.web for none."""
        rendered: bytes | int = self._page.render(request)
        return rendered


def _tree(children: Mapping[bytes, IResource]) -> Resource:
    root = Resource()
    for name, child in children.items():
        root.putChild(name, child)
    return root
