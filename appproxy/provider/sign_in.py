"""The way of a browser through the provider: authorization request, sign-in form, code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import urlencode

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of, failure_answer, redirect, tell
from appproxy.pages import NO_STORE, SIGN_IN_SCRIPT, render, with_script
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.grants import AskPassword, Redirect, authorize, authorize_after_password
from appproxy.provider.metadata import AUTHORIZE, SIGN_IN
from appproxy.provider.parameters import read_form, read_query
from appproxy.provider.password_authenticator import (
    LONGEST_NAME,
    PasswordAttempt,
    PasswordAuthenticator,
    PasswordRefused,
    normal_name,
)
from appproxy.provider.throttle import ThrottleRule, ThrottleWait
from appproxy.provider.tokens import FormState, StaleForm

_PURPOSE = "sign in"
_WRONG = "The user name or the password is wrong."
_HTML = b"content-type: text/html; charset=utf-8\n" + NO_STORE + with_script(SIGN_IN_SCRIPT)
#: What holds an attempt back, in words that tell nobody whether there is such a user.
_WAIT = {
    ThrottleRule.DEVICE: "Too many wrong passwords in this browser.",
    ThrottleRule.NAME: "There were too many attempts to sign in with this user name from places where it was not used before. "
               "A browser in which you have signed in before still works.",
    ThrottleRule.NETWORK: "There were too many attempts from your network to sign in with different user names. "
                  "A browser in which you have signed in before still works.",
}  # fmt: skip
_BUSY = "Too many people are signing in at this moment. Try again in a few seconds."
_BUSY_SECONDS = 5
_STALE = "This page was open for too long, or its cookie was lost. Sign in once more; cookies must be allowed."


class SignInPages:
    """The two end points that people see."""

    def __init__(self, facts: ProviderFacts, authenticator: PasswordAuthenticator) -> None:
        self._facts = facts
        self._authenticator = authenticator

    def authorize(self, limit: Limit) -> AsyncResource:
        """/authorize, which OpenID Connect Core section 3.1.2.1 wants for both methods."""
        return AsyncResource({b"GET": self._authorize_get, b"POST": self._authorize_post}, limit)

    def sign_in(self, limit: Limit) -> AsyncResource:
        """/sign-in, where the form is posted."""
        return AsyncResource({b"POST": self._sign_in}, limit)

    async def _authorize_get(self, request: Request) -> Answer:
        return await self._authorize(request, read_query(request))

    async def _authorize_post(self, request: Request) -> Answer:
        return await self._authorize(request, read_form(request))

    async def _authorize(self, request: Request, parameters: Mapping[str, str]) -> Answer:
        who = await self._facts.who(request)
        try:
            decided = authorize(self._facts.context(), parameters, who)
        except IdentityError as error:
            return self._lost(request, error, parameters.get("client_id", ""))
        if isinstance(decided, AskPassword):
            return self._form(request, 200, decided.parameters, parameters.get("login_hint", ""))
        return redirect(decided.location)

    async def _sign_in(self, request: Request) -> Answer:
        posted = read_form(request)
        name = posted.get("username", "")
        try:
            form = self._facts.open_form(request, posted.get("csrf", ""), _PURPOSE)
        except StaleForm as stale:
            return await self._stale(request, stale, name)
        except IdentityError as error:
            return self._lost(request, error)
        onward = await self._already(request, form, normal_name(name[:LONGEST_NAME]))
        if onward is not None:
            return redirect(onward)
        devices = self._facts.devices(request)
        attempt = PasswordAttempt(
            name, posted.get("password", ""), client_address(request), self._facts.wall_clock(), devices,
        )
        try:
            result = await self._authenticator.sign_in(attempt)
        except RequestError as error:
            if error.code is not Code.OVERLOADED:
                raise
            tell(request, error.code, error.detail)
            return self._form(request, 503, form.parameters, name, _BUSY, b"retry-after: %d\n" % _BUSY_SECONDS)
        if isinstance(result, PasswordRefused):
            return self._again(request, form, name, result.wait)
        decided = authorize_after_password(self._facts.context(), form.parameters, result.who)
        cookies = self._facts.keep_session(result.who.session) + self._facts.keep_device(devices, result.device)
        return redirect(decided.location, cookies)

    async def _already(self, request: Request, form: FormState, name: str | None = None) -> str | None:
        """Where to go on when another tab has signed in meanwhile, as the same user (`name`; None: as anybody).

        None when the password is needed: for want of a session, or because the request asks for it all the same.
        """
        who = await self._facts.who(request)
        if who is None or name not in (None, who.user.name):
            return None
        decided = authorize(self._facts.context(), form.parameters, who)
        return decided.location if isinstance(decided, Redirect) else None

    async def _stale(self, request: Request, stale: StaleForm, name: str) -> Answer:
        """Nothing of such a post counts but what it was for: go on with the session that is there, or ask once more."""
        onward = await self._already(request, stale.form)
        if onward is not None:
            return redirect(onward)
        tell(request, stale.code, stale.detail)
        return self._form(request, 400, stale.form.parameters, name, _STALE)

    def _lost(self, request: Request, error: IdentityError, client_id: str = "") -> Answer:
        """Nothing may be sent anywhere; the user can begin again at the application, or with the list of all."""
        snapshot = self._facts.live.snapshot
        application = snapshot.signed_in_to(client_id)
        home = "" if application is None else application.home
        return failure_answer(
            request, error.code, error.detail, link=home or snapshot.portal.url,
            link_text="Open the application" if home else "Your applications",
        )  # fmt: skip

    def _again(self, request: Request, form: FormState, name: str, wait: ThrottleWait | None) -> Answer:
        if wait is None:
            return self._form(request, 403, form.parameters, name, _WRONG)
        seconds = max(1, math.ceil(wait.seconds))
        tell(request, Code.THROTTLED, f"rule: {wait.rule.value}")
        error = f"{_WAIT[wait.rule]} You can try again in {_in_words(seconds)}."
        return self._form(request, 429, form.parameters, name, error, b"retry-after: %d\n" % seconds)

    def _form(
        self, request: Request, status: int, parameters: Mapping[str, str], name: str, error: str = "",
        fields: bytes = b"",
    ) -> Answer:
        token, cookie = self._facts.bind_form(request, FormState(_PURPOSE, parameters))
        application = self._facts.live.snapshot.signed_in_to(parameters["client_id"])
        body = render(
            "sign_in", brand_of(request), action=f"/{SIGN_IN}", csrf=token, user_name=name[:LONGEST_NAME], error=error,
            application=application.name if application is not None else "", resume=f"/{AUTHORIZE}?{urlencode(parameters)}",
        )
        return Answer(status, _HTML + cookie + fields, body)


def _in_words(seconds: int) -> str:
    """A time to wait, as people say it."""
    if seconds <= 90:
        return f"{seconds} seconds" if seconds != 1 else "one second"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{math.ceil(minutes / 60)} hours"


def client_address(request: Request) -> str:
    """The user's address without port, as the front of the service has seen it."""
    host = getattr(request.getClientAddress(), "host", None)
    if not isinstance(host, str):
        raise RequestError(Code.INTERNAL, "a request without an address")
    return host
