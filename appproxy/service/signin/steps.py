"""The three steps between an application and its identity provider, each a request of the browser.

start (on `signin.DOMAIN`) seals all that is to be known later into `state` and goes to the provider; callback (there too)
checks what comes back, token and assignment included; finish (on the application's host) sets the access cookie.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.identity import answer_state, binding
from appproxy.identity.cookie import BROWSER_COOKIE, START_COOKIE, clear_cookie, name_on_port, seal_session, set_cookie
from appproxy.identity.openid.oidc import authorization_parameters
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
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.policy.verdict import Pass, Refuse
from appproxy.publish.application import Application
from appproxy.service.signin import step_up
from appproxy.service.signin.device_step import DeviceStep, finish_url
from appproxy.service.signin.fragment import FragmentKeeper
from appproxy.service.signin.new_session import ProvedSignIn, kept_of, session_of
from appproxy.service.signin.openid.oidc_client import AnswerLost
from appproxy.service.signin.openid.provider_claims import WantedClaims
from appproxy.service.signin.openid.wanted import KNOWN_CLAIMS, WantedByProvider
from appproxy.service.signin.request import audit, policy_notes
from appproxy.service.signin.request.browser_request import form_of, host_of, query_of
from appproxy.service.signin.request.choosing import Choosing
from appproxy.service.signin.request.context import SignInContext, client_id, scopes
from appproxy.service.signin.request.destination import lead_on
from appproxy.service.signin.request.freshness import needed
from appproxy.service.signin.sessions import signed_in_cookie
from appproxy.service.signin.sessions.sign_out import LONGEST_END, end_url
from appproxy.service.signin.sessions.signed_in_cookie import SignedInBrowser
from appproxy.service.signin.step_up import DeviceNeeded
from appproxy.service.signin.stores.needs import JudgedHere
from appproxy.service.signin.way_back import WayBack
from appproxy.store.snapshot import BUILTIN, ProviderRecord

#: Errors of a provider that mean "not this time" (OpenID Connect Core 1.0 section 3.1.2.6, RFC 6749 section 4.1.2.1): the user
#: has to be asked after all, or its page was open too long, which Keycloak calls `temporarily_unavailable`.
_PASSING = frozenset({"login_required", "interaction_required", "account_selection_required", "temporarily_unavailable"})

#: Sign-ins of which it is remembered that a code was tried, some 250 bytes each: more than are under way in any four hours
#: but for a flood, and what is forgotten then may be tried once more.
_TRIED = 20_000


#: Goes on with a sign-in that begins: request, what was said, what is sealed, the application, and its providers.
_Go = Callable[
    [IRequest, Mapping[str, str], StartState, Application, Sequence[ProviderRecord]], Awaitable[Answer]]


class SignInSteps:
    """The steps, as responders of pages."""

    log = Logger()

    def __init__(self, context: SignInContext, way_back: WayBack, device_step: DeviceStep) -> None:
        self._context = context
        self._device_step = device_step
        self._way_back = way_back
        self._browser_cookie = name_on_port(BROWSER_COOKIE, context.port)
        self._fragment = FragmentKeeper(context.port)
        #: Sign-ins of which the provider was asked about a code.
        self._tried = Once(START_LIFETIME, _TRIED)
        self._wanted = WantedByProvider()
        self._choosing = Choosing(context)

    async def start(self, request: IRequest) -> Answer:
        """Off to the provider, or to the page that asks which."""
        return await self._begin(request, query_of(request), self._settled)

    async def choose(self, request: IRequest) -> Answer:
        """What the user has chosen on that page."""
        return await self._begin(request, form_of(request), self._chosen)

    async def _begin(self, request: IRequest, said: Mapping[str, str], go: _Go) -> Answer:
        """Open what begins the sign-in, then `go` on with it."""
        keys, text = self._context.snapshot.keys, said.get("r", "")
        try:
            start = StartState.recall(text.encode(), keys)
        except IdentityError as error:
            return self._way_back.unknown(request, error)
        try:
            StartState.unseal(text.encode(), keys, self._context.wall_clock())
            application = self._context.application(start)
            return await go(request, said, start, application, self._choosing.offered(application))
        except (RequestError, StoreError) as error:
            return self._ask_again(request, self._way_back.after(request, start, error))

    async def _settled(
        self, request: IRequest, said: Mapping[str, str], start: StartState, application: Application,
        offered: Sequence[ProviderRecord],
    ) -> Answer:
        record = self._choosing.settled(request, offered)
        if record is None:
            return self._choosing.page(request, application, offered, said["r"])
        return await self._leave(request, start, application, record)

    async def _chosen(
        self, request: IRequest, said: Mapping[str, str], start: StartState, application: Application,
        offered: Sequence[ProviderRecord],
    ) -> Answer:
        record, mail = self._choosing.read(said, offered), said.get("mail", "").strip()
        if record is None:
            return self._choosing.page(request, application, offered, said["r"], mail)
        # Which account is meant is told to nobody else than the provider that the address leads to.
        hint = {} if "provider" in said else {"login_hint": mail}
        answer = await self._leave(request, start, application, record, hint)
        remembered = self._choosing.remember(request, record, keep="keep" in said)
        return answer._replace(fields=answer.fields + remembered)

    def _ask_again(self, request: IRequest, answer: Answer) -> Answer:
        """A page that says why it could not be: whoever tries again may choose another provider."""
        return answer if answer.status == 303 else answer._replace(fields=answer.fields + self._choosing.forget(request))

    async def _leave(
        self, request: IRequest, start: StartState, application: Application, record: ProviderRecord,
        hint: Mapping[str, str] | None = None,
    ) -> Answer:
        context, now = self._context, self._context.wall_clock()
        provider = context.provider(application, record.id)[1]
        cookies = cookies_of(request, self._browser_cookie)
        known = binding.secrets_of(cookies, self._browser_cookie)
        secret = known[0] if known else binding.mint(context.random_bytes(binding.SECRET_SIZE))
        nonce = encode(context.random_bytes(16)).decode("ascii")
        fresh = needed(application, record).parameters(again=start.tries > 0 and record.id != BUILTIN)
        pending = PendingState(start, record.id, nonce, binding.binding(secret), now if fresh else 0.0)
        state = pending.seal(context.key, now, context.nonce())
        if len(state) > MAX_STATE:
            raise RequestError(Code.TARGET_TOO_LONG, "the way back does not fit into a URL")
        url = await provider.authorization_url(authorization_parameters(
            client_id=client_id(record, application), redirect_uri=context.redirect_uri(record), state=state,
            nonce=nonce, verifier=verifier_of(secret, nonce), scopes=scopes(record),
            extra={
                **record.settings.request_parameters(), **fresh, **(hint or {}),
                **step_up.parameters(start, record, context.snapshot.policies)},
        ))
        # Set again where it was there before, so that it lasts as long as this sign-in may take.
        cookie = set_cookie(binding.cookie_name(self._browser_cookie, secret), secret, int(START_LIFETIME))
        surplus = () if known else binding.surplus(cookies, self._browser_cookie)
        lines = cookie_lines(cookie, *map(clear_cookie, surplus))
        # The built-in provider's own pages carry the fragment on.
        return redirect(url, lines) if record.id == BUILTIN else self._fragment.keep(request, nonce, url, lines)

    async def posted(self, request: IRequest) -> Answer:
        """Back from a provider that posts its answer (OAuth 2.0 Form Post Response Mode): on to `callback`, sealed.

        Browsers send no cookie of ours with another site's form, and so it is not known yet who comes. They do send it where
        this leads. Sealed, because what the provider keeps out of URLs is not to be put into one here.
        """
        context = self._context
        parameters = form_of(request)
        try:
            pending = PendingState.recall(parameters.get("state", "").encode(), context.snapshot.keys)
            record = context.snapshot.providers.get(pending.provider)
            if record is None or record.settings.response_mode != "form_post":
                raise IdentityError(Code.SIGN_IN_STATE, "this provider was not asked to post its answer")
            self._check_address(request, record)
        except IdentityError as error:
            return self._way_back.unknown(request, error)
        try:
            sealed = answer_state.seal(parameters, context.key, context.wall_clock(), context.nonce())
        except RequestError as error:
            return self._way_back.after(request, pending.start, error, provider=record.id)
        return redirect(f"{context.redirect_uri(record)}?{sealed}")

    async def callback(self, request: IRequest) -> Answer:
        """Back from the provider."""
        try:
            parameters = answer_state.unsealed(query_of(request), self._context.snapshot.keys, self._context.wall_clock())
            pending = PendingState.recall(parameters.get("state", "").encode(), self._context.snapshot.keys)
        except IdentityError as error:
            return self._way_back.unknown(request, error)
        try:
            answer = await self._callback(request, parameters, pending)
        except (RequestError, StoreError) as error:
            passing = parameters.get("error") in _PASSING or isinstance(error, AnswerLost)
            answer = self._way_back.after(request, pending.start, error, passing=passing, provider=pending.provider)
            answer = self._ask_again(request, answer)
        return self._fragment.put_back(request, pending.nonce, answer)

    async def _callback(self, request: IRequest, parameters: Mapping[str, str], pending: PendingState) -> Answer:
        """Raises RequestError: whatever is wrong with the answer."""
        context, now, state = self._context, self._context.wall_clock(), parameters["state"]
        PendingState.unseal(state.encode(), context.snapshot.keys, now)
        cookies = cookies_of(request, self._browser_cookie)
        secret = binding.find(pending.browser, binding.secrets_of(cookies, self._browser_cookie))
        if secret is None:
            raise IdentityError(Code.SIGN_IN_STATE, "no sign-in with this state is under way in this browser")
        application = context.application(pending.start)
        record, provider = context.provider(application, pending.provider)
        self._check_address(request, record)
        code = await provider.check_callback(parameters, state)
        if await context.store.is_used(_used(pending)):
            raise IdentityError(Code.SIGN_IN_STATE, "this answer was used before")
        # Whoever has begun a sign-in can make up codes for it: the provider is asked about the first one only.
        if not self._tried.first(pending.nonce, now):
            raise IdentityError(Code.SIGN_IN_STATE, "a code for this sign-in was tried before")
        audience = client_id(record, application)
        answer = await provider.exchange(code, verifier_of(secret, pending.nonce), context.redirect_uri(record), audience)
        named = self._wanted.of(context.snapshot, record.id).groups
        wanted = WantedClaims(audience, pending.nonce, _wanted_claims(application, record, named), context.wall_clock())
        claims, why_not = await provider.claims(answer, wanted)
        claims = claims if "auth_time" in claims.raw else replace(claims, auth_time=0.0)
        needed(application, record).check(claims, pending.asked, context.wall_clock())
        judged = None if context.risk is None else await context.risk.judge(request, record.id, claims.subject)
        proved = ProvedSignIn(claims, application, record, pending.start, named, answer, judged)
        session, refusal = session_of(context, request, proved)
        outcome = _outcome(refusal)
        if isinstance(refusal, StartState):
            await self._conclude(judged, session, application, outcome)
            return redirect(f"{context.base}/start?r={refusal.seal(context.key, now, context.nonce()).decode('ascii')}")
        known = signed_in_cookie.read(context, request, record)
        # Only now, so that nobody whom the provider does not know can make the store remember anything.
        begun = await context.store.begin(
            kept_of(request, proved, session, "" if isinstance(refusal, Refuse) else application.id),
            "" if known is None else known.session, _used(pending), now + START_LIFETIME,
            None if context.risk is None or judged is None else context.risk.concluding(
                judged, session, application.id, outcome))
        # Where one host is both, in a site of somebody's own, each request would carry it.
        kept = signed_in_cookie.keep(context, record, SignedInBrowser(begun.id, claims.subject))
        lines = cookie_lines(kept) if pending.start.host != host_of(request) else b""
        lines += self._known_device(request, judged, record, outcome)
        if isinstance(refusal, Refuse):
            error = RequestError(refusal.code, f"{refusal.reason}; {why_not}" if why_not else refusal.reason)
            audit.refused(context, request, application, error, claims.subject, record.id)
            return self._offer_another_account(
                request, application, error, pending, claims.subject, lines, refusal.message)
        session = replace(session, id=begun.id, expires=min(begun.expires, session.expires), refresh_at=begun.refresh_at)
        finish = finish_url(context, application, pending.start, session)
        return redirect(finish if refusal is None else self._device_step.url(refusal.start, session), lines)

    async def _conclude(
        self, judged: JudgedHere | None, session: Session, application: Application, outcome: SignInOutcome
    ) -> None:
        """What was judged is written down where no session begins."""
        if self._context.risk is not None and judged is not None:
            await self._context.risk.conclude(judged, session, application.id, outcome)

    def _known_device(
        self, request: IRequest, judged: JudgedHere | None, record: ProviderRecord, outcome: SignInOutcome
    ) -> bytes:
        """Field lines by which the browser is known from now on."""
        risk = self._context.risk
        return b"" if risk is None or judged is None or outcome is not SignInOutcome.PASSED else risk.keep_device(
            request, record.id, judged)

    def _check_address(self, request: IRequest, record: ProviderRecord) -> None:
        """Raises IdentityError(TOKEN_REFUSED) for an answer that came to another redirect URI than the provider was told."""
        if request.path.decode("ascii", "replace") != urlsplit(self._context.redirect_uri(record)).path:
            raise IdentityError(Code.TOKEN_REFUSED, "the answer came to another provider's redirect URI")

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
            return self._way_back.after(request, finish.start, error, provider=finish.session.provider)

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
            if not (sessions := context.sessions_of(request, route)):
                raise
            return await lead_on(context, request, route, start, location, sessions[0])
        self.log.info("{subject} has signed in to {application}", subject=finish.session.subject,
                      application=application.name, request_id=request_id(request))
        session = context.bound(request, application, finish.session)
        asked = context.context(request, application, session, start.target)
        audit.signed_in(context, request, application, session, policy_notes.notes(
            context.snapshot, asked, session, context.exempt))
        verdict = context.authorizer.authorize(asked)
        persistent = application.cookie_persistent and not (isinstance(verdict, Pass) and not verdict.controls.persistent)
        sealed = seal_session(session, context.key, context.place(route), context.nonce())
        left = max(int(session.expires - now), 1) if persistent else None
        gone = clear_cookie(binding.cookie_name(START_COOKIE, secret))
        lines = cookie_lines(context.access_cookie(route, sealed, left), gone)
        return await lead_on(context, request, route, start, location, finish.session, lines)

    def _offer_another_account(
        self, request: IRequest, application: Application, error: RequestError, pending: PendingState, subject: str,
        lines: bytes, notice: str,
    ) -> Answer:
        """A person may have two accounts, and the provider remembers the wrong one. The link is good in this browser alone."""
        self.log.info("{detail}", detail=error.detail, code=error.code.name, request_id=request_id(request))
        url = end_url(self._context, application, LONGEST_END, pending.provider, subject, pending.browser)
        refusal = failure_answer(
            request, error.code, error.detail, link=url, link_text="Sign out to use another account", notice=notice)
        return refusal._replace(fields=refusal.fields + lines)


def _outcome(refusal: Refuse | StartState | DeviceNeeded | None) -> SignInOutcome:
    """What has become of a sign-in."""
    refused = SignInOutcome.REFUSED if isinstance(refusal, Refuse) else SignInOutcome.ASKED
    return SignInOutcome.PASSED if refusal is None else refused


def _used(pending: PendingState) -> str:
    """Under which id an answer to this sign-in is used up."""
    return f"oidc:{pending.nonce}"


def _wanted_claims(application: Application, record: ProviderRecord, named: frozenset[str]) -> list[str]:
    """What a sign-in to the application needs to know of the user."""
    rules = {rule.claim for rule in application.headers} - KNOWN_CLAIMS
    return [*rules, record.groups_claim] if named else [*rules]
