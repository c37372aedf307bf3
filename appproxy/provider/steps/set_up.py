"""The pages on which a second factor is set up: in the middle of a sign-in, or from the account."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.server import Request

from appproxy.errors import AlreadyThere, ConfigError, IdentityError
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of, html_answer, tell
from appproxy.pages import render
from appproxy.provider.factors import enrolment, totp
from appproxy.provider.oauth.grants import SignedIn, SignInStep
from appproxy.provider.oauth.metadata import SET_UP_APP
from appproxy.provider.steps.onward import CHOOSE, Onward, asked_again, client_address
from appproxy.provider.steps.sign_in_form import CHALLENGE
from appproxy.provider.tokens import FormState

_APP = "set up an app"
_SECRET = "secret"
_WRONG = "This is not the code that the app should show now. Is the clock of the phone right?"
_FAILED = "The passkey could not be added. Try again."
_STRONGER = "Use a passkey here: a code is not enough for this application."
_DEFAULT_APP, _DEFAULT_PASSKEY = "Authenticator app", "Passkey"


class SetUpPages:
    """/set-up and /set-up-app."""

    def __init__(self, onward: Onward) -> None:
        self._onward = onward

    def set_up(self, limit: Limit) -> AsyncResource:
        """Where the choice is posted, or a new passkey."""
        return AsyncResource({b"POST": self._onward.answering(CHOOSE, self._chosen)}, limit)

    def set_up_app(self, limit: Limit) -> AsyncResource:
        """Where an app's first code is posted."""
        return AsyncResource({b"POST": self._onward.answering(_APP, self._app)}, limit)

    async def _chosen(self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn) -> Answer:
        onward = self._onward
        if posted.get("leave"):
            return await onward.without_step(request, who, form.parameters)
        if posted.get("app"):
            if form.known["step"] != SignInStep.ENROL.name:
                return await self._again(request, form, who, _STRONGER)
            return self.app_page(request, who, form.parameters)
        if not posted.get("passkey"):
            return await self._again(request, form, who, _FAILED)
        return await self._passkey(request, posted, form, who)

    async def _passkey(self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn) -> Answer:
        onward, challenge = self._onward, form.known[CHALLENGE]
        label = posted.get("label", "").strip() or _DEFAULT_PASSKEY
        try:
            new = onward.party.check_new(posted["passkey"], challenge)
            made = await onward.facts.live.write(
                enrolment.add_passkey, who.session, new, challenge, label, client_address(request))
        except IdentityError as error:
            tell(request, error.code, error.detail)
            return await self._again(request, form, who, _FAILED)
        except (ConfigError, AlreadyThere) as error:
            return await self._again(request, form, who, str(error))
        return await onward.after_set_up(request, made.who, form.parameters, made.codes)

    async def _again(self, request: Request, form: FormState, who: SignedIn, error: str) -> Answer:
        known = form.known
        return await self._onward.choose(request, asked_again(form, who), known["why"], known["leave"], 400, error)

    def app_page(
        self, request: Request, who: SignedIn, parameters: Mapping[str, str], secret: str = "", label: str = _DEFAULT_APP,
        error: str = "",
    ) -> Answer:
        """The page with the secret of a new app; it is in the form, sealed, until the app has shown a code of it."""
        facts = self._onward.facts
        secret = secret or totp.new_secret(facts.random_bytes(totp.SECRET_SIZE))
        token, cookie = facts.bind_form(request, FormState(_APP, parameters, who.session, {_SECRET: secret}))
        brand = brand_of(request)
        uri = totp.app_uri(secret, who.user.name, brand.name or facts.host)
        body = render(
            "set_up_app", brand, action=f"/{SET_UP_APP}", csrf=token, qr=totp.qr_code(uri), secret=totp.grouped(secret),
            label=label[:64], error=error,
        )
        return html_answer(400 if error else 200, body, cookie)

    async def _app(self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn) -> Answer:
        onward = self._onward
        secret, code = form.known[_SECRET], posted.get("code", "").replace(" ", "")
        label = posted.get("label", "").strip() or _DEFAULT_APP
        made, error = None, _WRONG
        if totp.is_code(code):
            try:
                made = await onward.facts.live.write(
                    enrolment.add_app, who.session, secret, code, label, client_address(request))
            except (ConfigError, AlreadyThere) as refused:
                error = str(refused)
        if made is None:
            return self.app_page(request, who, form.parameters, secret, label, error)
        return await onward.after_set_up(request, made.who, form.parameters, made.codes)
