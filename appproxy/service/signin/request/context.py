"""What every step of sign-in and sign-out shares: where it lives, the store, the providers, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.cookie import CookiePlace, clear_cookie, cookie_name, counting_names, open_session, set_cookie
from appproxy.identity.sealing import NONCE_SIZE
from appproxy.identity.session import Session
from appproxy.identity.states import StartState
from appproxy.net.web import address_of
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.networks import network_of
from appproxy.policy.verdict import Pass
from appproxy.publish.application import Application, Preauthentication
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.signin.openid.identity_provider import IdentityProvider
from appproxy.service.signin.request.browser_request import access_cookies, user_agent_of
from appproxy.service.signin.request.policy_notes import BreakGlassCount, RefusedSignIns
from appproxy.service.signin.stores.needs import DeviceStatuses, RiskJudge, SignInStore
from appproxy.store.snapshot import BUILTIN, ProviderRecord, SealingKey, Snapshot


@dataclass(frozen=True, slots=True)
class SignInContext:
    """`base`: the URL below which start and callback are, without a slash at the end. `port`: the public one.

    `wall_clock`: seconds since 1970; `random_bytes`: random bytes. `providers` by their ids.
    """

    base: str
    port: int
    store: SignInStore
    providers: Mapping[str, IdentityProvider]
    wall_clock: Callable[[], float]
    random_bytes: Callable[[int], bytes] = field(repr=False)
    #: Are sessions refreshed while they last?
    refreshes: bool = False
    #: Judges sign-ins; None where that is not wanted.
    risk: RiskJudge | None = None
    #: Where devices prove themselves, `https://device.DOMAIN[:PORT]`; "" for nowhere.
    device_origin: str = ""
    #: Asks responders about devices' certificates; None where nobody can be asked.
    statuses: DeviceStatuses | None = None
    #: Sign-ins of users whom no policy concerns.
    exempt: BreakGlassCount = field(default_factory=BreakGlassCount)
    #: Told of those that are refused.
    refused: RefusedSignIns = field(default_factory=RefusedSignIns)

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture of the store."""
        return self.store.snapshot

    @property
    def authorizer(self) -> Authorizer:
        """Who may use what now."""
        return Authorizer(self.snapshot)

    def context(
        self, request: IRequest, application: Application, session: Session | None, target: str = "/"
    ) -> RequestContext[Session]:
        """What is decided about when a browser that is here now opens a target of an application; `session`: as whom."""
        path = target.partition("?")[0].encode("latin-1", "replace")
        return RequestContext(
            application, session, self.wall_clock(), address_of(request), b"GET", path, user_agent=user_agent_of(request))

    @property
    def key(self) -> SealingKey:
        """The key that seals now."""
        keys = self.snapshot.keys
        if not keys:
            raise RequestError(Code.INTERNAL, "there is no sealing key")
        return keys[0]

    def nonce(self) -> bytes:
        """For one sealing."""
        return self.random_bytes(NONCE_SIZE)

    def redirect_uri(self, record: ProviderRecord) -> str:
        """Where this provider sends browsers back to."""
        return self.base + record.callback_path

    def application(self, start: StartState) -> Application:
        """The application that a sign-in is for, if it is still published on that host and wants a sign-in."""
        application = self.snapshot.signed_in_to(start.application)
        if application is None or not self.snapshot.router_of(start.host).serves(application.id, start.host):
            raise IdentityError(Code.SIGN_IN_STATE, "the application is no longer published there")
        if application.preauthentication is not Preauthentication.OIDC:
            raise IdentityError(Code.SIGN_IN_STATE, "the application asks for no sign-in")
        return application

    def routes_on(self, host: str) -> list[ApplicationRoute]:
        """One route for each application that is published on a host and wants a sign-in, the most granular first."""
        found: dict[str, ApplicationRoute] = {}
        for route in self.snapshot.router_of(host).routes_of(host):
            if route.application.preauthentication is Preauthentication.OIDC:
                found.setdefault(route.application.id, route)
        return list(found.values())

    def route(self, application: Application, host: str) -> ApplicationRoute:
        """Any route of the application on this host. Raises IdentityError(SIGN_IN_STATE) when there is none."""
        for route in self.routes_on(host):
            if route.application.id == application.id:
                return route
        raise IdentityError(Code.SIGN_IN_STATE, "the application is no longer published there")

    def provider(self, application: Application, id: str) -> tuple[ProviderRecord, IdentityProvider]:
        """One of the application's providers, as its record and as what does it. Raises IdentityError(SIGN_IN_STATE) for
        another's, and RequestError(PROVIDER_UNREACHABLE) for one that is not there.
        """
        if id not in application.providers:
            raise IdentityError(Code.SIGN_IN_STATE, "the application has another provider now")
        try:
            return self.snapshot.providers[id], self.providers[id]
        except KeyError as error:
            raise RequestError(Code.PROVIDER_UNREACHABLE, f"no provider {id!r}") from error

    @property
    def origin(self) -> str:
        """Of the host that `base` is on."""
        scheme, host, *_ = urlsplit(self.base)
        return f"{scheme}://{host}"

    def place(self, route: ApplicationRoute) -> CookiePlace:
        """Where the access cookie goes that a sign-in ends with."""
        name = cookie_name(self.port, route.cookie_path, secure=route.application.cookie_secure)
        return CookiePlace(route.application.id, route.host, route.cookie_path, name)

    def access_cookie(self, route: ApplicationRoute, value: bytes, max_age: int | None = None) -> bytes:
        """The Set-Cookie value of the access cookie, as the application's settings want it; `max_age` 0 deletes it."""
        application = route.application
        return set_cookie(
            self.place(route).name, value, max_age, secure=application.cookie_secure,
            http_only=application.cookie_http_only, same_site=application.cookie_same_site,
        )

    def gone_cookies(self, request: IRequest, host: str) -> list[bytes]:
        """The Set-Cookie values that delete the access cookies that the browser has on a host, whatever their names were."""
        cookies, gone = access_cookies(request), []
        for route in self.routes_on(host) if cookies else ():
            own = self.place(route).name
            for name in counting_names(route.cookie_path, self.port, secure=route.application.cookie_secure):
                if name in cookies:
                    gone.append(self.access_cookie(route, b"", 0) if name == own else clear_cookie(name))
        return gone

    def sessions_of(self, request: IRequest, route: ApplicationRoute) -> list[Session]:
        """The sessions that the browser has with an application on a host and that count now: nearly always one or none."""
        opened = self._opened(access_cookies(request), route)
        return [session for session in opened if self.counts(request, route, session)]

    def counts(self, request: IRequest, route: ApplicationRoute, session: Session) -> bool:
        """May whoever has this opened session use the application now?"""
        return isinstance(self.authorizer.authorize(self.context(request, route.application, session)), Pass)

    def bound(self, request: IRequest, application: Application, session: Session) -> Session:
        """The session, with the network of the browser that is here now where a policy binds sessions to theirs."""
        program = self.snapshot.policies.program(application.id)
        if program is None or not program.binds:
            return session
        return replace(session, network=network_of(address_of(request)))

    def opened_on(self, request: IRequest, host: str) -> Iterator[tuple[ApplicationRoute, Session]]:
        """The sessions that the browser has with all applications of a host, those included that may count again, such as once
        a user is assigned again: a sign-out ends them too. What is not asked for is not opened.
        """
        cookies = access_cookies(request)
        for route in self.routes_on(host) if cookies else ():
            for session in self._opened(cookies, route):
                yield route, session

    def _opened(self, cookies: Mapping[bytes, list[bytes]], route: ApplicationRoute) -> Iterator[Session]:
        """Of one name that comes twice none counts, as at the gate."""
        application, path = route.application, route.cookie_path
        for name in counting_names(path, self.port, secure=application.cookie_secure):
            values = cookies.get(name, ())
            if len(values) != 1:
                continue
            place = CookiePlace(application.id, route.host, path, name)
            try:
                session = open_session(values[0], self.snapshot.keys, place, self.wall_clock())
            except IdentityError:
                continue
            if session.id not in self.snapshot.revoked_sessions:
                yield session


def client_id(record: ProviderRecord, application: Application) -> str:
    """Under which id a provider knows us: the token must be for it. The built-in one's clients are the applications."""
    return application.id if record.id == BUILTIN else record.client_id


def scopes(record: ProviderRecord) -> tuple[str, ...]:
    """The built-in provider tells groups only to those who ask."""
    return (*record.scopes, "groups") if record.id == BUILTIN else record.scopes
