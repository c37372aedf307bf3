"""The way of a browser through the provider: authorization request, sign-in form, then whatever is needed beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.net.web import Answer, AsyncResource, Limit, failure_answer, redirect, tell
from appproxy.provider.factors.authenticator import FactorAuthenticator, FactorRefused, PasskeyAttempt
from appproxy.provider.oauth.grants import AskFactor, AskPassword, Redirect, authorize
from appproxy.provider.parameters import read_form, read_query
from appproxy.provider.passwords.authenticator import (
    LONGEST_NAME,
    PasswordAttempt,
    PasswordAuthenticator,
    PasswordRefused,
    normal_name,
)
from appproxy.provider.passwords.throttle import ThrottleRule
from appproxy.provider.steps.onward import LONGEST_STEP, Onward, client_address, leave
from appproxy.provider.steps.sign_in_form import CHALLENGE, PURPOSE, STALE, TO_ACCOUNT, resume, sign_in_form
from appproxy.provider.tokens import FormState, StaleForm
from appproxy.provider.words import in_words

_WRONG = "The user name or the password is wrong."
_WRONG_OR_AWAY = ("The user name or the password is wrong, or it cannot be checked at this moment because a directory of your "
                  "organisation does not answer. Try again in a minute.")
_STALE_PASSWORD = "Your password has expired, or must be changed before its first use. Change it where you do that otherwise."
_WRONG_PASSKEY = "This passkey opens nothing here. Sign in with your password, or with another passkey."
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


class SignInPages:
    """The two end points that people see first."""

    def __init__(self, onward: Onward, authenticator: PasswordAuthenticator, factors: FactorAuthenticator) -> None:
        self._onward = onward
        self._facts = onward.facts
        self._authenticator = authenticator
        self._factors = factors

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
        if isinstance(decided, AskFactor):
            return await self._onward.ask(request, decided)
        return redirect(decided.location)

    async def _sign_in(self, request: Request) -> Answer:
        posted = read_form(request, LONGEST_STEP)
        name = posted.get("username", "")
        try:
            form = self._facts.open_form(request, posted.get("csrf", ""), PURPOSE)
        except StaleForm as stale:
            return await self._stale(request, stale, name)
        except IdentityError as error:
            return self._lost(request, error)
        if posted.get("passkey") and CHALLENGE in form.known:
            return await self._by_passkey(request, form, posted["passkey"], name)
        onward = await self._already(request, form, normal_name(name[:LONGEST_NAME]))
        if onward is not None:
            return leave(request, onward)
        attempt = PasswordAttempt(
            name, posted.get("password", ""), client_address(request), self._facts.wall_clock(),
            self._facts.devices(request),
        )
        try:
            result = await self._authenticator.sign_in(attempt)
        except RequestError as error:
            if error.code is not Code.OVERLOADED:
                raise
            tell(request, error.code, error.detail)
            return self._form(request, 503, form.parameters, name, _BUSY, b"retry-after: %d\n" % _BUSY_SECONDS)
        if isinstance(result, PasswordRefused):
            return self._again(request, form, name, result)
        return await self._onward.after_sign_in(request, result.who, form.parameters)

    async def _by_passkey(self, request: Request, form: FormState, answer: str, name: str) -> Answer:
        """A passkey alone: the browser says whose it is."""
        result = await self._factors.try_passkey(PasskeyAttempt(
            answer, form.known[CHALLENGE], client_address(request), self._facts.wall_clock()))
        if isinstance(result, FactorRefused):
            return self._form(request, 403, form.parameters, name, _WRONG_PASSKEY)
        try:
            who = await self._facts.directories.admitted(result)
        except RequestError as error:
            tell(request, error.code, error.detail)
            return self._form(request, 503, form.parameters, name, _BUSY, b"retry-after: %d\n" % _BUSY_SECONDS)
        if who is None:
            return self._form(request, 403, form.parameters, name, _WRONG_PASSKEY)
        return await self._onward.after_sign_in(request, who, form.parameters)

    async def _already(self, request: Request, form: FormState, name: str | None = None) -> str | None:
        """Where to go on when another tab has signed in meanwhile, as the same user (`name`; None: as anybody).

        None when the password is needed: for want of a session, or because the request asks for it all the same.
        """
        who = await self._facts.who(request)
        if who is None or name not in (None, who.user.name):
            return None
        if TO_ACCOUNT in form.parameters:
            return resume(form.parameters) if self._onward.is_fresh(who) else None
        decided = authorize(self._facts.context(), form.parameters, who)
        return decided.location if isinstance(decided, Redirect) else None

    async def _stale(self, request: Request, stale: StaleForm, name: str) -> Answer:
        """Nothing of such a post counts but what it was for: go on with the session that is there, or ask once more."""
        onward = await self._already(request, stale.form)
        if onward is not None:
            return leave(request, onward)
        tell(request, stale.code, stale.detail)
        return self._form(request, 400, stale.form.parameters, name, STALE)

    def _lost(self, request: Request, error: IdentityError, client_id: str = "") -> Answer:
        """Nothing may be sent anywhere; the user can begin again at the application, or with the list of all."""
        snapshot = self._facts.live.snapshot
        application = snapshot.signed_in_to(client_id)
        home = "" if application is None else application.home
        return failure_answer(
            request, error.code, error.detail, link=home or snapshot.portal.url,
            link_text="Open the application" if home else "Your applications",
        )  # fmt: skip

    def _again(self, request: Request, form: FormState, name: str, refused: PasswordRefused) -> Answer:
        wait = refused.wait
        if wait is None:
            error = _STALE_PASSWORD if refused.stale else _WRONG_OR_AWAY if refused.away else _WRONG
            return self._form(request, 403, form.parameters, name, error)
        seconds = max(1, math.ceil(wait.seconds))
        tell(request, Code.THROTTLED, f"rule: {wait.rule.value}")
        error = f"{_WAIT[wait.rule]} You can try again in {in_words(seconds)}."
        return self._form(request, 429, form.parameters, name, error, b"retry-after: %d\n" % seconds)

    def _form(
        self, request: Request, status: int, parameters: Mapping[str, str], name: str, error: str = "", fields: bytes = b"",
    ) -> Answer:
        return sign_in_form(self._facts, request, status, parameters, name, error, fields)
