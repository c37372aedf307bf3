"""The three steps between an application and its identity provider, each a request of the browser.

start (on `signin.DOMAIN`) seals all that is to be known later into `state` and goes to the provider; callback (there too)
checks what comes back, token and assignment included; finish (on the application's host) sets the access cookie.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.identity import binding
from appproxy.identity.claims import build_session
from appproxy.identity.cookie import BROWSER_COOKIE, START_COOKIE, clear_cookie, name_on_port, seal_session, set_cookie
from appproxy.identity.id_token import Claims
from appproxy.identity.oidc import authorization_parameters, authorization_url, check_callback, is_pushed
from appproxy.identity.sealing import encode
from appproxy.identity.session import Session
from appproxy.identity.states import (
    FINISH_LIFETIME,
    MAX_STATE,
    START_LIFETIME,
    FinishState,
    PendingState,
    StartState,
    verifier_of,
)
from appproxy.net.web import Answer, cookie_lines, cookies_of, failure_answer, redirect, request_id
from appproxy.policy.once import Once
from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.application import Application
from appproxy.service.signin import audit
from appproxy.service.signin.browser_request import host_of, query_of
from appproxy.service.signin.context import SignInContext, client_id, scopes
from appproxy.service.signin.oidc_client import AnswerLost
from appproxy.service.signin.provider_claims import WantedClaims, read_claims
from appproxy.service.signin.sign_out import LONGEST_END, end_url
from appproxy.service.signin.sign_out_hint import SignOutHint, keep
from appproxy.service.signin.way_back import WayBack
from appproxy.store.snapshot import BUILTIN, ProviderRecord

#: Errors of a provider that mean "not this time" (OpenID Connect Core 1.0 section 3.1.2.6, RFC 6749 section 4.1.2.1): the user
#: has to be asked after all, or its page was open too long, which Keycloak calls `temporarily_unavailable`.
_PASSING = frozenset({"login_required", "interaction_required", "account_selection_required", "temporarily_unavailable"})

#: Sign-ins of which it is remembered that a code was tried, some 250 bytes each: more than are under way in any four hours
#: but for a flood, and what is forgotten then may be tried once more.
_TRIED = 20_000

#: What header rules call the parts of every session.
_KNOWN_CLAIMS = {"sub", "subject", "iss", "issuer"}


class SignInSteps:
    """The steps, as responders of pages."""

    log = Logger()

    def __init__(self, context: SignInContext, way_back: WayBack) -> None:
        self._context = context
        self._way_back = way_back
        self._browser_cookie = name_on_port(BROWSER_COOKIE, context.port)
        #: Sign-ins of which the provider was asked about a code.
        self._tried = Once(START_LIFETIME, _TRIED)

    async def start(self, request: IRequest) -> Answer:
        """Off to the provider."""
        keys = self._context.snapshot.keys
        try:
            text = query_of(request).get("r", "").encode()
            start = StartState.recall(text, keys)
        except IdentityError as error:
            return self._way_back.unknown(request, error)
        try:
            StartState.unseal(text, keys, self._context.wall_clock())
            return await self._start(request, start)
        except (RequestError, StoreError) as error:
            return self._way_back.after(request, start, error)

    async def _start(self, request: IRequest, start: StartState) -> Answer:
        context, now = self._context, self._context.wall_clock()
        application = context.application(start)
        record, client = context.provider(application)
        metadata = await client.metadata()
        cookies = cookies_of(request, self._browser_cookie)
        known = binding.secrets_of(cookies, self._browser_cookie)
        secret = known[0] if known else binding.mint(context.random_bytes(binding.SECRET_SIZE))
        nonce = encode(context.random_bytes(16)).decode("ascii")
        state = PendingState(start, record.id, nonce, binding.binding(secret)).seal(context.key, now, context.nonce())
        if len(state) > MAX_STATE:
            raise RequestError(Code.TARGET_TOO_LONG, "the way back does not fit into a URL")
        parameters: Mapping[str, str] = authorization_parameters(
            client_id=client_id(record, application), redirect_uri=context.redirect_uri, state=state,
            nonce=nonce, verifier=verifier_of(secret, nonce), scopes=scopes(record),
        )
        if is_pushed(metadata, always=record.pushed_requests == "always"):
            parameters = await client.push(parameters)
        url = authorization_url(metadata, parameters)
        # Set again where it was there before, so that it lasts as long as this sign-in may take.
        cookie = set_cookie(binding.cookie_name(self._browser_cookie, secret), secret, int(START_LIFETIME))
        surplus = () if known else binding.surplus(cookies, self._browser_cookie)
        return redirect(url, cookie_lines(cookie, *map(clear_cookie, surplus)))

    async def callback(self, request: IRequest) -> Answer:
        """Back from the provider."""
        try:
            parameters = query_of(request)
            pending = PendingState.recall(parameters.get("state", "").encode(), self._context.snapshot.keys)
        except IdentityError as error:
            return self._way_back.unknown(request, error)
        try:
            return await self._callback(request, parameters, pending)
        except (RequestError, StoreError) as error:
            passing = parameters.get("error") in _PASSING or isinstance(error, AnswerLost)
            return self._way_back.after(request, pending.start, error, passing=passing)

    async def _callback(self, request: IRequest, parameters: Mapping[str, str], pending: PendingState) -> Answer:
        """Raises RequestError: whatever is wrong with the answer."""
        context, now, state = self._context, self._context.wall_clock(), parameters["state"]
        PendingState.unseal(state.encode(), context.snapshot.keys, now)
        cookies = cookies_of(request, self._browser_cookie)
        secret = binding.find(pending.browser, binding.secrets_of(cookies, self._browser_cookie))
        if secret is None:
            raise IdentityError(Code.SIGN_IN_STATE, "no sign-in with this state is under way in this browser")
        application = context.application(pending.start)
        record, client = context.provider(application)
        if record.id != pending.provider:
            raise IdentityError(Code.SIGN_IN_STATE, "the application has another provider now")
        code = check_callback(parameters, state=state, metadata=await client.metadata())
        if await context.store.is_used(_used(pending)):
            raise IdentityError(Code.SIGN_IN_STATE, "this answer was used before")
        # Whoever has begun a sign-in can make up codes for it: the provider is asked about the first one only.
        if not self._tried.first(pending.nonce, now):
            raise IdentityError(Code.SIGN_IN_STATE, "a code for this sign-in was tried before")
        audience = client_id(record, application)
        answer = await client.exchange(code, verifier_of(secret, pending.nonce), context.redirect_uri, audience)
        named = self._named_groups(record)
        wanted = WantedClaims(audience, pending.nonce, _wanted_claims(application, record, named), context.wall_clock())
        claims, why_not = await read_claims(client, record, answer, wanted)
        # Where one host is both, in a site of somebody's own, each request would carry it.
        keeps = record.id != BUILTIN and pending.start.host != host_of(request)
        hint = keep(context, record, SignOutHint(claims.subject, answer.id_token)) if keeps else None
        try:
            session = self._session(request, claims, application, record, pending.start, named)
        except RequestError as error:
            if error.code is not Code.NOT_ASSIGNED:
                raise
            if why_not:
                error = RequestError(error.code, f"{error.detail}; {why_not}")
            audit.refused(context, request, application, error, claims.subject)
            return self._offer_another_account(request, application, error, pending, claims.subject, hint)
        # Only now, so that nobody whom the provider does not know can make the store remember anything.
        if not await context.store.use_once(_used(pending), now + START_LIFETIME):
            raise IdentityError(Code.SIGN_IN_STATE, "this answer was used before")
        finish = FinishState(context.random_bytes(16).hex(), pending.start, session).seal(
            context.key, context.wall_clock(), context.nonce())
        origin = context.route(application, pending.start.host).origin
        return redirect(f"{origin}/.appproxy/finish?t={finish.decode('ascii')}", cookie_lines(*([hint] if hint else [])))

    async def finish(self, request: IRequest) -> Answer:
        """On the application's host: set the access cookie and go where the user wanted to."""
        host = host_of(request)
        try:
            text = query_of(request).get("t", "").encode()
            finish = FinishState.recall(text, self._context.snapshot.keys, host)
        except IdentityError as error:
            return self._way_back.unknown(request, error)
        try:
            return await self._finish(request, text, finish)
        except (RequestError, StoreError) as error:
            return self._way_back.after(request, finish.start, error)

    async def _finish(self, request: IRequest, text: bytes, finish: FinishState) -> Answer:
        context, now, host, start = self._context, self._context.wall_clock(), finish.start.host, finish.start
        application = context.application(start)
        route, location = self._way_back.destination(start)
        try:
            FinishState.unseal(text, context.snapshot.keys, now, host)
            secret = binding.find(start.binding, binding.secrets_of(cookies_of(request, START_COOKIE), START_COOKIE))
            if secret is None:
                raise IdentityError(Code.SIGN_IN_STATE, "the start cookie is not the one of this sign-in")
            if not await context.store.use_once(f"finish:{finish.id}", now + FINISH_LIFETIME):
                raise IdentityError(Code.SIGN_IN_STATE, "this way into the application was used before")
        except IdentityError:
            # The user reloads, or came back: with a session of their own they may go on.
            if not context.sessions_of(request, route):
                raise
            return redirect(location)
        self.log.info(
            "{subject} has signed in to {application}", subject=finish.session.subject, application=application.name,
            request_id=request_id(request),
        )
        audit.signed_in(context, request, application, finish.session)
        sealed = seal_session(finish.session, context.key, context.place(route), context.nonce())
        left = max(int(finish.session.expires - now), 1) if application.cookie_persistent else None
        gone = clear_cookie(binding.cookie_name(START_COOKIE, secret))
        return redirect(location, cookie_lines(context.access_cookie(route, sealed, left), gone))

    def _offer_another_account(
        self, request: IRequest, application: Application, error: RequestError, pending: PendingState, subject: str,
        hint: bytes | None,
    ) -> Answer:
        """A person may have two accounts, and the provider remembers the wrong one. The link is good in this browser alone."""
        self.log.info("{detail}", detail=error.detail, code=error.code.name, request_id=request_id(request))
        url = end_url(self._context, application, LONGEST_END, subject, pending.browser)
        refusal = failure_answer(request, error.code, error.detail, link=url, link_text="Sign out to use another account")
        return refusal if hint is None else refusal._replace(fields=refusal.fields + cookie_lines(hint))

    def _named_groups(self, record: ProviderRecord) -> frozenset[str]:
        """Groups that any application names: assignments change while sessions last."""
        return frozenset().union(*(
            each.assigned_groups for each in self._context.snapshot.applications.values() if each.provider == record.id
        ))

    def _session(
        self, request: IRequest, claims: Claims, application: Application, record: ProviderRecord, start: StartState,
        named: frozenset[str],
    ) -> Session:
        """The session that the user gets, or RequestError(NOT_ASSIGNED)."""
        context, now = self._context, self._context.wall_clock()
        session = build_session(
            claims, provider=record.id, session_id=context.random_bytes(16).hex(), now=now,
            lifetime=application.session_hours * 3600.0, groups_claim=record.groups_claim, named_groups=named,
            named_claims=[rule.claim for rule in application.headers],
        )
        verdict = context.authorizer.authorize(context.context(request, application, session, start.target))
        if isinstance(verdict, Refuse):
            raise RequestError(verdict.code, verdict.reason)
        if not isinstance(verdict, Pass):
            raise IdentityError(Code.TOKEN_REFUSED, verdict.reason)
        # Too large a cookie is known here, before the browser goes on.
        seal_session(session, context.key, context.place(context.route(application, start.host)), context.nonce())
        return session


def _used(pending: PendingState) -> str:
    """Under which id an answer to this sign-in is used up."""
    return f"oidc:{pending.nonce}"


def _wanted_claims(application: Application, record: ProviderRecord, named: frozenset[str]) -> list[str]:
    """What a sign-in to the application needs to know of the user."""
    rules = {rule.claim for rule in application.headers} - _KNOWN_CLAIMS
    return [*rules, record.groups_claim] if named else [*rules]
