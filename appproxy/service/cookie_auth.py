"""Sign-in for any site on twisted.web: wrap its root resource, and only users of your identity provider reach it.

    root = CookieAuthResource(
        my_root, origin="https://www.example.com", provider=record, client=oidc_client(record, reactor), secret=secret,
        wall_clock=time.time,
    )
    reactor.listenSSL(443, Site(root), ...)

Register `https://www.example.com/.appproxy/callback` as redirect URI with the provider. In a resource
`identity_of(request)` tells who asks. A link to `/.appproxy/sign-out` signs out. `docs/library/cookie_auth.py` is a
whole program.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource, getChildForRequest
from twisted.web.server import Request
from zope.interface import Attribute, Interface

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.http.head import RequestHead
from appproxy.identity.session import Session
from appproxy.net.chance import TimeAndChance
from appproxy.net.web import Answer, StaticAnswer, address_of, failure_answer, request_id
from appproxy.policy.verdict import Pass, SignInRequired
from appproxy.publish.application import Application, Url
from appproxy.publish.routing import Router
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.oidc_client import HttpOidcClient, OidcClient
from appproxy.service.signin.openid.provider_agent import ProviderAgent
from appproxy.service.signin.request.browser_request import host_of
from appproxy.service.signin.sign_in import SignIn as SignInPages
from appproxy.service.signin.sign_in import SignInPlace
from appproxy.service.signin.stores.memory_store import MemorySignInStore
from appproxy.store.snapshot import ProviderRecord, SealingKey, Snapshot

_RESERVED = b".appproxy"


class IIdentity(Interface):
    """The component of a request that says who asks: an `appproxy.identity.session.H2Session`."""

    subject = Attribute("The user's id with the provider.")
    issuer = Attribute("The provider.")
    name = Attribute("What to call the user.")


def identity_of(request: IRequest) -> Session | None:
    """Who asks; None for a request that did not come through a CookieAuthResource."""
    session = getattr(request, "appproxy_session", None)
    return session if isinstance(session, Session) else None


def oidc_client(provider: ProviderRecord, reactor: Any) -> OidcClient:
    """What asks an OpenID Connect provider over HTTPS for a CookieAuthResource. `reactor`: with TCP and time.

    The provider's certificate is checked against `provider.ca_bundle`, or this machine's authorities without one. Raises
    ConfigError when the bundle holds no certificate.
    """
    return HttpOidcClient(provider, ProviderAgent(reactor, provider.ca_bundle), reactor)


class CookieAuthResource(Resource):
    """Stands before `resource` and lets only signed-in users pass.

    `origin`: how browsers reach this site, https and without a path (http only for loopback, where browsers keep
    `Secure` cookies too). `secret`: 32 bytes that only this site has; another one signs everybody out. `users` and
    `groups`: ids of those who may pass, as the provider spells them; without both everybody whom it signs in may.
    `wall_clock`: seconds since 1970. Raises ConfigError.

    It must be the root of its host, or `pages` must be put as child `.appproxy` of that root.
    """

    def __init__(
        self, resource: IResource, *, origin: str, provider: ProviderRecord, client: OidcClient, secret: bytes,
        wall_clock: Callable[[], float], name: str = "this site", users: Collection[str] = (),
        groups: Collection[str] = (), session_hours: float = 12.0,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        super().__init__()
        if len(secret) != 32:
            raise ConfigError("secret: 32 random bytes are needed")
        external = _check_origin(origin)
        self._resource = resource
        self._wall_clock = wall_clock
        self._application = Application(
            id="site", name=name, external=external, internal=external, provider=provider.id,
            assignment_required=bool(users or groups), assigned_users=frozenset(users),
            assigned_groups=frozenset(groups), session_hours=session_hours,
        )
        self._store = MemorySignInStore(_snapshot(self._application, provider, secret), wall_clock)
        self._gate = Gate(external.port)
        self._sign_in = SignInPages(
            SignInPlace(f"{external.origin}/.appproxy", external.port), self._store,
            {provider.id: OidcProvider(provider, client)}, TimeAndChance(wall_clock, random_bytes))
        #: The pages of sign-in and sign-out.
        self.pages = Resource()
        for child, page in {**self._sign_in.signin_pages(), **self._sign_in.application_pages()}.items():
            self.pages.putChild(child, page)

    def getChildWithDefault(self, path: bytes, request: Request) -> IResource:
        """Called by twisted.web on the way to a resource."""
        if path == _RESERVED and len(request.prepath or ()) == 1:
            return self.pages
        answer = self._judge(request)
        # The name goes back: what we stand before has to find it, whether it is a leaf or not.
        if request.prepath and request.postpath is not None:
            request.postpath.insert(0, request.prepath.pop())
        if answer is not None:
            return StaticAnswer(answer)
        found: IResource = getChildForRequest(self._resource, request)
        return found

    def render(self, request: Request) -> bytes | int:
        """Called by twisted.web when the path ends here."""
        answer = self._judge(request)
        resource = self._resource if answer is None else StaticAnswer(answer)
        rendered: bytes | int = resource.render(request)
        return rendered

    def _judge(self, request: Request) -> Answer | None:
        """None to go on; otherwise what to answer instead."""
        try:
            head = head_of(request)
        except RequestError as error:
            return failure_answer(request, error.code)
        routes = self._store.snapshot.router.routes_of(head.host)
        if not routes:
            return failure_answer(request, Code.UNKNOWN_HOST)
        now = self._wall_clock()
        verdict = self._gate.check(head, routes[0], self._store.snapshot, now, address_of(request))
        match verdict:
            case Pass(session):
                request.appproxy_session = session  # type: ignore[attr-defined]  # read by identity_of
                request.setComponent(IIdentity, session)
                return None
            case SignInRequired():
                return self._sign_in.begin(head, self._application, request_id(request), now)
        return failure_answer(request, verdict.code)


def head_of(request: Request) -> RequestHead:
    """A request of twisted.web as the gate reads it. Raises RequestError(BAD_REQUEST) without exactly one Host."""
    headers = request.requestHeaders
    fields = [(name.lower(), value) for name, values in headers.getAllRawHeaders() for value in values]
    host = host_of(request)
    wanted = b",".join(headers.getRawHeaders(b"connection") or []).lower().replace(b" ", b"").split(b",")
    upgrade = headers.getRawHeaders(b"upgrade")
    return RequestHead(
        method=request.method, target=request.uri, version=11, fields=fields,
        authority=request.getHeader(b"host") or b"", host=host, length=None, keep_alive=True,
        upgrade=upgrade[0].lower() if upgrade and b"upgrade" in wanted else None, expects_continue=False,
    )


def _check_origin(origin: str) -> Url:
    url = Url.parse(origin, "origin")
    if url.path != "/":
        raise ConfigError(f"origin: {origin!r} must have no path")
    if url.scheme != "https" and url.host not in ("localhost", "127.0.0.1", "::1"):
        raise ConfigError(f"origin: {origin!r} must start with https://, or browsers keep no Secure cookie")
    return url


def _snapshot(application: Application, provider: ProviderRecord, secret: bytes) -> Snapshot:
    return Snapshot(
        revision=1, applications={application.id: application}, router=Router([application]), connectors={},
        # No cookie is made again here, so that none would tell when it was used.
        connector_groups={}, providers={provider.id: replace(provider, idle_minutes=0.0)},
        keys=(SealingKey(1, secret, 0.0),), trust_bundle=(),
    )
