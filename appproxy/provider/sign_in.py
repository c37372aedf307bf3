"""The way of a browser through the provider: authorization request, sign-in form, code."""

from __future__ import annotations

import math
from collections.abc import Mapping

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.net.web import Answer, EndPoint, brand_of, failure_answer, html_answer, redirect, tell
from appproxy.pages import render
from appproxy.provider.desks import AskPassword, Redirect, authorize, authorize_after_password
from appproxy.provider.doorman import LONGEST_NAME, Attempt, Doorman, Refused, normal_name
from appproxy.provider.facts import Facts
from appproxy.provider.metadata import SIGN_IN
from appproxy.provider.parameters import read_form, read_query
from appproxy.provider.tokens import Form, StaleForm

_PURPOSE = "sign in"
_WRONG = "The user name or the password is wrong."
_STALE = "This page was open for too long, or its cookie was lost. Sign in once more; cookies must be allowed."


class SignInPages:
    """The two end points that people see."""

    def __init__(self, facts: Facts, doorman: Doorman) -> None:
        self._facts = facts
        self._doorman = doorman

    def authorize(self) -> EndPoint:
        """/authorize, which OpenID Connect Core section 3.1.2.1 wants for both methods."""
        return EndPoint({b"GET": self._authorize_get, b"POST": self._authorize_post})

    def sign_in(self) -> EndPoint:
        """/sign-in, where the form is posted."""
        return EndPoint({b"POST": self._sign_in})

    async def _authorize_get(self, request: Request) -> Answer:
        return await self._authorize(request, read_query(request))

    async def _authorize_post(self, request: Request) -> Answer:
        return await self._authorize(request, read_form(request))

    async def _authorize(self, request: Request, parameters: Mapping[str, str]) -> Answer:
        who = await self._facts.who(request)
        try:
            decided = authorize(self._facts.ground(), parameters, who)
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
        attempt = Attempt(name, posted.get("password", ""), client_address(request), self._facts.wall())
        result = await self._doorman.sign_in(attempt)
        if isinstance(result, Refused):
            return self._again(request, form, attempt.name, result)
        decided = authorize_after_password(self._facts.ground(), form.parameters, result)
        return redirect(decided.location, self._facts.keep_session(result.session))

    async def _already(self, request: Request, form: Form, name: str | None = None) -> str | None:
        """Where to go on when another tab has signed in meanwhile, as the same user (`name`; None: as anybody).

        None when the password is needed: for want of a session, or because the request asks for it all the same.
        """
        who = await self._facts.who(request)
        if who is None or name not in (None, who.user.name):
            return None
        decided = authorize(self._facts.ground(), form.parameters, who)
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

    def _again(self, request: Request, form: Form, name: str, refused: Refused) -> Answer:
        if refused.wait <= 0.0:
            return self._form(request, 403, form.parameters, name, _WRONG)
        seconds = math.ceil(refused.wait)
        error = f"Too many failed sign-ins. Wait {seconds} seconds, then try again."
        return self._form(request, 429, form.parameters, name, error, b"retry-after: %d\n" % seconds)

    def _form(
        self, request: Request, status: int, parameters: Mapping[str, str], name: str, error: str = "",
        fields: bytes = b"",
    ) -> Answer:
        token, cookie = self._facts.bind_form(request, Form(_PURPOSE, parameters))
        application = self._facts.live.snapshot.signed_in_to(parameters["client_id"])
        body = render(
            "sign_in", brand_of(request), action=f"/{SIGN_IN}", csrf=token, user_name=name[:LONGEST_NAME], error=error,
            application=application.name if application is not None else "",
        )
        return html_answer(status, body, cookie + fields)


def client_address(request: Request) -> str:
    """The user's address without port, as the front of the service has seen it."""
    host = getattr(request.getClientAddress(), "host", None)
    if not isinstance(host, str):
        raise RequestError(Code.INTERNAL, "a request without an address")
    return host
