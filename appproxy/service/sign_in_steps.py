"""The three steps between an application and its identity provider, each a request of the browser.

start (on `signin.DOMAIN`) remembers nonce and PKCE verifier in a cookie and goes to the provider; callback (there too)
checks what comes back, token and assignment included; finish (on the application's host) sets the access cookie.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from joserfc.jwk import KeySet
from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.claims import build_session
from appproxy.identity.cookie import OIDC_COOKIE_PREFIX, START_COOKIE, clear_cookie, seal_session, set_cookie
from appproxy.identity.id_token import Claims, UnknownKeyError, check_id_token
from appproxy.identity.oidc import authorization_url, check_callback
from appproxy.identity.sealing import encode
from appproxy.identity.session import Session
from appproxy.identity.states import FINISH_LIFETIME, START_LIFETIME, Finish, Pending, Start, check_binding
from appproxy.net.web import Answer, cookie_lines, failure_answer, redirect, request_id
from appproxy.policy.gate import judge
from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.application import Application
from appproxy.publish.routing import Route, Router
from appproxy.service.oidc_client import OidcClient
from appproxy.service.sign_in_ground import Ground, client_id, scopes
from appproxy.service.sign_out import LONGEST_END, end_url
from appproxy.service.visit import cookie_of, cookies_beginning, host_of, query_of
from appproxy.store.snapshot import ProviderRecord

_STATE = re.compile(r"[0-9a-f]{32}")
#: Browsers drop a cookie above 4,096 bytes, name included.
_MAX_COOKIE = 4000
#: Sign-ins under way in one browser. More would fill the head of each request; the oldest are forgotten.
_MAX_PENDING = 4
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Steps:
    """The steps, as responders of pages."""

    log = Logger()

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def start(self, request: IRequest) -> Answer:
        """Off to the provider. Raises RequestError (SIGN_IN_STATE, PROVIDER_UNREACHABLE and others)."""
        ground, now = self._ground, self._ground.wall()
        start = Start.unseal(query_of(request).get("r", "").encode(), ground.snapshot.keys, now)
        application = ground.application(start)
        record, client = ground.provider(application)
        metadata = await client.metadata()
        state, nonce, verifier = ground.token(16).hex(), _text(ground.token(16)), _text(ground.token(32))
        pending = Pending(start, record.id, nonce, verifier).seal(ground.key, now, ground.nonce(), state)
        if len(pending) > _MAX_COOKIE:
            raise RequestError(Code.TARGET_TOO_LONG, "the way back does not fit into a cookie")
        url = authorization_url(
            metadata, client_id=client_id(record, application), redirect_uri=ground.redirect_uri, state=state,
            nonce=nonce, verifier=verifier, scopes=scopes(record),
        )
        old = cookies_beginning(request, OIDC_COOKIE_PREFIX)
        forgotten = [clear_cookie(name) for name in old[: max(len(old) - _MAX_PENDING + 1, 0)]]
        return redirect(url, cookie_lines(set_cookie(_oidc_cookie(state), pending, int(START_LIFETIME)), *forgotten))

    async def callback(self, request: IRequest) -> Answer:
        """Back from the provider. Raises RequestError: whatever is wrong with the answer, or NOT_ASSIGNED."""
        ground, now = self._ground, self._ground.wall()
        parameters = query_of(request)
        state = parameters.get("state", "")
        cookie = cookie_of(request, _oidc_cookie(state)) if _STATE.fullmatch(state) else None
        if cookie is None:
            raise IdentityError(Code.SIGN_IN_STATE, "no sign-in with this state is under way in this browser")
        pending = Pending.unseal(cookie, ground.snapshot.keys, now, state)
        application = ground.application(pending.start)
        record, client = ground.provider(application)
        if record.id != pending.provider:
            raise IdentityError(Code.SIGN_IN_STATE, "the application has another provider now")
        code = check_callback(parameters, state=state, metadata=await client.metadata())
        if not await ground.store.use_once(f"oidc:{state}", now + START_LIFETIME):
            raise IdentityError(Code.SIGN_IN_STATE, "this answer was used before")
        audience = client_id(record, application)
        answer = await client.exchange(code, pending.verifier, ground.redirect_uri, audience)
        claims = await self._claims(answer.id_token, client, record, audience, pending.nonce)
        try:
            session = self._session(claims, application, record, pending.start.host)
        except RequestError as error:
            if error.code is not Code.NOT_ASSIGNED:
                raise
            return self._offer_another_account(request, application, error)
        finish = Finish(ground.token(16).hex(), pending.start, session).seal(ground.key, ground.wall(), ground.nonce())
        origin = ground.route(application, pending.start.host).origin
        url = f"{origin}/.appproxy/finish?t={finish.decode('ascii')}"
        return redirect(url, cookie_lines(clear_cookie(_oidc_cookie(state))))

    async def finish(self, request: IRequest) -> Answer:
        """On the application's host: set the access cookie and go where the user wanted to."""
        ground, now, host = self._ground, self._ground.wall(), host_of(request)
        finish = Finish.unseal(query_of(request).get("t", "").encode(), ground.snapshot.keys, now, host)
        application = ground.application(finish.start)
        route = ground.route(application, host)
        location = _way_back(ground.snapshot.router_of(host), route, finish.start.target)
        try:
            check_binding(finish.start, cookie_of(request, START_COOKIE))
            if not await ground.store.use_once(f"finish:{finish.id}", now + FINISH_LIFETIME):
                raise IdentityError(Code.SIGN_IN_STATE, "this way into the application was used before")
        except IdentityError:
            # Two tabs signed in at the same time, or the user reloads: with a session of their own they may go on.
            if not ground.sessions_of(request, route):
                raise
            return redirect(location)
        self.log.info(
            "{subject} has signed in to {application}", subject=finish.session.subject, application=application.name,
            request_id=request_id(request),
        )
        sealed = seal_session(finish.session, ground.key, ground.place(route), ground.nonce())
        left = max(int(finish.session.expires - now), 1) if application.cookie_persistent else None
        cookie = ground.access_cookie(route, sealed, left)
        return redirect(location, cookie_lines(cookie, clear_cookie(START_COOKIE)))

    def _offer_another_account(self, request: IRequest, application: Application, error: RequestError) -> Answer:
        """A person may have two accounts, and the provider remembers the wrong one."""
        self.log.info("{detail}", detail=error.detail, code=error.code.name, request_id=request_id(request))
        url = end_url(self._ground, application, LONGEST_END)
        return failure_answer(request, error.code, error.detail, link=url, link_text="Sign out to use another account")

    async def _claims(
        self, token: str, client: OidcClient, record: ProviderRecord, audience: str, nonce: str
    ) -> Claims:
        """The token's claims. An unknown key may be a new one: then the key set is fetched once more."""

        def check(keys: KeySet) -> Claims:
            return check_id_token(
                token, keys, issuer=metadata.issuer, client_id=audience, nonce=nonce,
                algorithms=record.algorithms, now=self._ground.wall(),
            )

        metadata = await client.metadata()
        try:
            return check(await client.keys())
        except UnknownKeyError:
            return check(await client.keys(refresh=True))

    def _session(self, claims: Claims, application: Application, record: ProviderRecord, host: str) -> Session:
        """The session that the user gets, or RequestError(NOT_ASSIGNED)."""
        ground, now = self._ground, self._ground.wall()
        snapshot = ground.snapshot
        # Groups that other applications name are kept too: assignments change while sessions last.
        named = frozenset().union(*(
            each.assigned_groups for each in snapshot.applications.values() if each.provider == record.id
        ))
        session = build_session(
            claims, session_id=ground.token(16).hex(), now=now, lifetime=application.session_hours * 3600.0,
            groups_claim=record.groups_claim, named_groups=named,
            named_claims=[rule.claim for rule in application.headers],
        )
        verdict = judge(
            application, session, now, revoked=snapshot.revoked_sessions, not_before=snapshot.not_before
        )
        if isinstance(verdict, Refuse):
            raise RequestError(verdict.code, verdict.reason)
        if not isinstance(verdict, Pass):
            raise IdentityError(Code.TOKEN_REFUSED, verdict.reason)
        # Too large a cookie is known here, before the browser goes on.
        seal_session(session, ground.key, ground.place(ground.route(application, host)), ground.nonce())
        return session


def _text(data: bytes) -> str:
    return encode(data).decode("ascii")


def _oidc_cookie(state: str) -> bytes:
    return OIDC_COOKIE_PREFIX + state[:8].encode("ascii")


def _way_back(router: Router, route: Route, target: str) -> str:
    """The absolute URL of a target of the application on the route's host, and of nothing else."""
    raw = target.encode("latin-1")
    try:
        found = router.find(route.host, raw).application.id if raw.startswith(b"/") else ""
    except RequestError as error:
        raise IdentityError(Code.SIGN_IN_STATE, "the way back is nobody's") from error
    if found != route.application.id:
        raise IdentityError(Code.SIGN_IN_STATE, "the way back is not the application's")
    return route.origin + quote(raw, safe=_PRINTABLE)
