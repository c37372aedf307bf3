"""The page that asks for a second factor."""

from __future__ import annotations

import math
from collections.abc import Mapping

from twisted.web.server import Request

from appproxy.errors import Code
from appproxy.net.web import Answer, AsyncResource, Limit, redirect, tell
from appproxy.provider.factors.authenticator import CodeAttempt, FactorAuthenticator, FactorRefused, PasskeyAttempt
from appproxy.provider.oauth.grants import SignedIn, after_sign_in
from appproxy.provider.steps.onward import PROVE, Onward, asked_again, client_address
from appproxy.provider.steps.sign_in_form import CHALLENGE, resume
from appproxy.provider.tokens import FormState
from appproxy.provider.words import in_words

_WRONG = "That did not work. Each code works once; wait for the next one."
_WAIT = "There were too many wrong codes. A passkey or a recovery code works at once."
_EMPTY = "Type the code."


class SecondFactorPages:
    """/second-factor."""

    def __init__(self, onward: Onward, authenticator: FactorAuthenticator) -> None:
        self._onward = onward
        self._authenticator = authenticator

    def second_factor(self, limit: Limit) -> AsyncResource:
        """Where the form is posted."""
        return AsyncResource({b"POST": self._onward.answering(PROVE, self._post)}, limit)

    async def _post(self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn) -> Answer:
        onward = self._onward
        if posted.get("leave"):
            return await onward.without_step(request, who, form.parameters)
        result = await self._tried(request, posted, form, who)
        if result is None:
            return await onward.ask(request, asked_again(form, who), 400, _EMPTY)
        if isinstance(result, FactorRefused):
            return await self._refused(request, form, who, result)
        return await onward.after_sign_in(request, result, form.parameters)

    async def _tried(
        self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn
    ) -> SignedIn | FactorRefused | None:
        facts, address = self._onward.facts, client_address(request)
        if posted.get("passkey") and CHALLENGE in form.known:
            return await self._authenticator.try_passkey(PasskeyAttempt(
                posted["passkey"], form.known[CHALLENGE], address, facts.wall_clock(), who.session))
        typed = posted.get("code") or posted.get("recovery", "")
        if not typed.strip():
            return None
        return await self._authenticator.try_code(CodeAttempt(
            who.session, typed, address, facts.wall_clock(), facts.devices(request)))

    async def _refused(self, request: Request, form: FormState, who: SignedIn, refused: FactorRefused) -> Answer:
        signed_in = await self._onward.facts.who(request)
        if signed_in is not None and signed_in.session.id == who.session.id and signed_in.level > who.level:
            # The same form was sent twice, and the first answer is there already.
            return redirect(resume(after_sign_in(form.parameters)))
        asked = asked_again(form, who)
        if refused.wait <= 0.0:
            return await self._onward.ask(request, asked, 403, _WRONG)
        seconds = max(1, math.ceil(refused.wait))
        tell(request, Code.THROTTLED, "rule: second factor")
        error = f"{_WAIT} You can try a code again in {in_words(seconds)}."
        return await self._onward.ask(request, asked, 429, error, b"retry-after: %d\n" % seconds)
