"""Signing out of an application, and of the identity provider with it; and who is signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity import binding
from appproxy.identity.cookie import BROWSER_COOKIE, START_COOKIE, clear_cookie, name_on_port
from appproxy.identity.openid.oidc import end_session_url
from appproxy.identity.sealing import seal, unseal
from appproxy.identity.session import Session
from appproxy.identity.states import START_LIFETIME
from appproxy.net.web import Answer, brand_of, cookie_lines, cookies_of, html_answer, json_answer, redirect
from appproxy.pages import render
from appproxy.pages.errors import WWW_AUTHENTICATE
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.signin.openid.identity_provider import TakesBack
from appproxy.service.signin.request.audit import facts, of_session
from appproxy.service.signin.request.browser_request import form_of, host_of, origin_of, query_of
from appproxy.service.signin.request.choosing import Choosing
from appproxy.service.signin.request.context import SignInContext, client_id
from appproxy.service.signin.sessions import signed_in_cookie
from appproxy.store.people.session.record import SessionTokens
from appproxy.store.snapshot import BUILTIN

#: A confirmation page left open over lunch still works.
_FORM_LIFETIME = START_LIFETIME
#: Two redirects of a browser.
END_LIFETIME = 60.0
#: Time to read an error page and choose to sign in as somebody else.
LONGEST_END = 600.0
_ASK, _END = "sign-out", "sign-out end"

#: Ends the built-in provider's session of the request's browser, if it is this subject's; gives where the browser goes, which
#: leads to the URL that it is called with, and field lines for the answer.
EndSession = Callable[[IRequest, str, str], Awaitable[tuple[str, bytes]]]


def end_url(
    context: SignInContext, application: Application, lifetime: float, provider: str, subject: str, browser: str = ""
) -> str:
    """Where the session of `subject` with `provider` (its id) is ended, once and soon: on the sign-in host, for only there are
    its cookies.

    Given to somebody else, it ends nothing of theirs: another subject's session stays, and with `browser` (the hash of a
    browser cookie's secret, see `identity.binding`) that of every other browser.
    """
    payload = {"a": application.id, "p": provider, "u": context.random_bytes(16).hex(), "s": subject, "b": browser}
    text = seal(_END, payload, context.key, context.wall_clock() + lifetime, context.nonce())
    return f"{context.base}/signed-out?t={text.decode('ascii')}"


class SignOut:
    """Responders of pages. `end_builtin` ends the session with the built-in provider, when there is one."""

    log = Logger()

    def __init__(self, context: SignInContext, end_builtin: EndSession | None = None) -> None:
        self._context = context
        self._end_builtin = end_builtin
        self._choosing = Choosing(context)

    async def sign_out(self, request: IRequest) -> Answer:
        """On the application's host: ask (GET), do (POST)."""
        host = host_of(request)
        signed_in = list(self._context.opened_on(request, host))
        if request.method != b"POST":
            return self._ask(request, *signed_in[0]) if signed_in else redirect(self._signed_out_url())
        self._check_form(request, host, signed_in)
        for route, session in signed_in:
            noted = {**facts(self._context, request, route.application, session.provider), **of_session(session)}
            await self._context.store.revoke(session, noted)
        gone = cookie_lines(
            *self._context.gone_cookies(request, host),
            *[clear_cookie(name) for name, _ in cookies_of(request, START_COOKIE)],
        )
        if not signed_in:
            return redirect(self._signed_out_url(), gone)
        route, session = signed_in[0]
        return redirect(end_url(self._context, route.application, END_LIFETIME, session.provider, session.subject), gone)

    async def signed_out(self, request: IRequest) -> Answer:
        """On the sign-in host: end the provider's session, if sent here by a sign-out; else only say so."""
        text = query_of(request).get("t")
        if text is None:
            return html_answer(200, render("signed_out", brand_of(request)))
        context, now = self._context, self._context.wall_clock()
        payload = unseal(_END, text.encode(), context.snapshot.keys, now)
        if payload["b"] and not self._is_browser(request, str(payload["b"])):
            return redirect(self._signed_out_url())
        if not await context.store.use_once(f"sign-out:{payload['u']}", now + LONGEST_END):
            return redirect(self._signed_out_url())
        application = context.snapshot.signed_in_to(str(payload["a"]))
        return redirect(self._signed_out_url()) if application is None else await self._end(
            request, application, str(payload.get("p", application.provider)), str(payload["s"]))

    def _is_browser(self, request: IRequest, bound: str) -> bool:
        """Is it the browser that was given the link?"""
        name = name_on_port(BROWSER_COOKIE, self._context.port)
        return binding.find(bound, binding.secrets_of(cookies_of(request, name), name)) is not None

    async def session(self, request: IRequest) -> Answer:
        """Who is signed in, as JSON; 401 for nobody."""
        context = self._context
        signed_in = (one for one in context.opened_on(request, host_of(request)) if context.counts(request, *one))
        route, session = next(signed_in, (None, None))
        if route is None or session is None:
            return json_answer(401, {"signed_in": False}, WWW_AUTHENTICATE)
        said = {
            "signed_in": True, "name": session.name, "subject": session.subject, "issuer": session.issuer,
            "application": route.application.name, "issued": session.issued, "expires": session.expires,
            "auth_time": session.auth_time,
        }
        return json_answer(200, said)

    def _signed_out_url(self) -> str:
        return f"{self._context.base}/signed-out"

    def _ask(self, request: IRequest, route: ApplicationRoute, session: Session) -> Answer:
        context = self._context
        csrf = seal(_ASK, {}, context.key, context.wall_clock() + _FORM_LIFETIME, context.nonce(), (session.id, route.host))
        page = render(
            "sign_out", brand_of(request), action="/.appproxy/sign-out", csrf=csrf.decode("ascii"), name=session.name,
            application=route.application.name, link=route.segment.external.path,
        )
        return html_answer(200, page)

    def _check_form(self, request: IRequest, host: str, signed_in: list[tuple[ApplicationRoute, Session]]) -> None:
        """Raises RequestError(CROSS_SITE) unless our own page, or one of the application's, has posted this.

        The cookie is SameSite=Lax, so that other sites' forms come without it and find nothing to end; yet a sibling
        sub-domain is the same site.
        """
        origin = origin_of(request)
        if origin is not None:
            if origin not in {each.origin for each in self._context.routes_on(host)}:
                raise RequestError(Code.CROSS_SITE, "a sign-out from another origin")
            return
        text = form_of(request).get("csrf", "").encode()
        for _, session in signed_in:
            try:
                unseal(_ASK, text, self._context.snapshot.keys, self._context.wall_clock(), (session.id, host))
                return
            except IdentityError:
                continue
        if signed_in:
            raise RequestError(Code.CROSS_SITE, "a sign-out without the hidden field")

    async def _end(self, request: IRequest, application: Application, provider: str, subject: str) -> Answer:
        """At the provider; the last ID token of the browser's session tells it whose session is meant.

        The browser may have a newer session than the one that was signed out: that ends, too.
        """
        context = self._context
        record, client = context.provider(application, provider)
        browser = signed_in_cookie.read(context, request, record)
        if browser is not None and browser.subject != subject:
            return redirect(self._signed_out_url())  # sent here by somebody else's sign-out
        gone = cookie_lines(signed_in_cookie.gone(context, record)) + self._choosing.forget(request)
        if browser is not None:
            noted = {**facts(context, request, application, provider), "session": browser.session}
            await context.store.end(browser.session, subject, noted)
        if record.id == BUILTIN and self._end_builtin is not None:
            onward, fields = await self._end_builtin(request, subject, self._signed_out_url())
            return redirect(onward, fields + gone)
        try:
            tokens = SessionTokens() if browser is None else await context.store.tokens(browser.session)
            if tokens.refresh_token and isinstance(client, TakesBack):
                # Nobody waits for it.
                Deferred.fromCoroutine(
                    self._take_back(client, tokens.refresh_token, client_id(record, application))
                ).addErrback(lambda failure: self.log.failure("a refresh token was not taken back", failure))
            url = end_session_url(
                await client.metadata(), client_id(record, application), self._signed_out_url(), id_token=tokens.id_token,
                subject=subject,
            )
        except RequestError as error:
            # Our own session has ended all the same; only the provider's lives on.
            self.log.warn("sign-out did not reach the provider: {detail}", detail=error.detail)
            url = ""
        return redirect(url or self._signed_out_url(), gone)

    async def _take_back(self, provider: TakesBack, refresh_token: str, client: str) -> None:
        """Our session has ended, whatever becomes of its refresh token."""
        try:
            await provider.take_back(refresh_token, client)
        except RequestError as error:
            self.log.warn("a refresh token was not taken back: {detail}", detail=error.detail)
