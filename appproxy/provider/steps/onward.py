"""What comes after a proof: the next step of the sign-in, or the way to where the user wanted to go, with a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.devices import device_of
from appproxy.net.web import Answer, brand_of, html_answer, redirect, tell
from appproxy.pages import PASSKEY_SCRIPT, SIGN_IN_SCRIPT, render
from appproxy.provider.factors import recovery
from appproxy.provider.factors.webauthn import CHALLENGE_SIZE, PasskeyHost, challenge_in
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.oauth.grants import (
    AskFactor,
    Redirect,
    SignedIn,
    SignInStep,
    after_sign_in,
    authorize_after_sign_in,
    authorize_without_step,
    needed_level,
    next_step,
)
from appproxy.provider.oauth.metadata import ACCOUNT, SECOND_FACTOR, SET_UP
from appproxy.provider.parameters import LONGEST, read_form
from appproxy.provider.steps.sign_in_form import CHALLENGE, STALE, TO_ACCOUNT, application_name, html, resume, sign_in_form
from appproxy.provider.tokens import STEP_LIFETIME, FormState, StaleForm
from appproxy.store.people.factors import passkeys

#: Purposes of forms.
PROVE, CHOOSE = "second factor", "set up a factor"
#: A form with a passkey's answer.
LONGEST_STEP = LONGEST + 12_000
_PROVE_FIELDS = {True: html(SIGN_IN_SCRIPT, PASSKEY_SCRIPT), False: html(SIGN_IN_SCRIPT)}
_CHOOSE_FIELDS = html(PASSKEY_SCRIPT)
_WHY_NEEDED = "Your organisation asks for more than a password. Choose what you will confirm your sign-ins with."
_WHY_ASKED = "This application asks for a stronger sign-in than yours."
_WHY_OWN = "Whoever learns your password then still cannot sign in."


class Onward:
    """What all pages of a sign-in lead to."""

    def __init__(self, facts: ProviderFacts) -> None:
        self.facts = facts
        self.party = PasskeyHost(facts.issuer)

    async def opened(self, request: Request, purpose: str) -> tuple[Mapping[str, str], FormState, SignedIn]:
        """What was posted, the form that it answers, and who has proved what so far.

        Raises RequestError, IdentityError (forged) or StaleForm: too old, not this browser's, or its sign-in was ended.
        """
        posted = read_form(request, LONGEST_STEP)
        form = self.facts.open_form(request, posted.get("csrf", ""), purpose)
        session = form.session
        if session is None:
            raise IdentityError(Code.SIGN_IN_STATE, "a form of a later step without what was proved")
        who = await self.facts.find(session) if self.facts.context().valid(session) else None
        if who is None:
            raise StaleForm(form, "the sign-in that this belongs to was ended")
        return posted, form, who

    def answering(
        self, purpose: str, then: Callable[[Request, Mapping[str, str], FormState, SignedIn], Awaitable[Answer]]
    ) -> Callable[[Request], Coroutine[Any, Any, Answer]]:
        """What serves the forms of this purpose: `then`, with what `opened` gives. A stale form leads to the beginning."""

        async def serve(request: Request) -> Answer:
            try:
                posted, form, who = await self.opened(request, purpose)
            except StaleForm as stale:
                return self._stale(request, stale)
            return await then(request, posted, form, who)

        return serve

    def _stale(self, request: Request, stale: StaleForm) -> Answer:
        """From the beginning: nothing of what was posted counts."""
        tell(request, stale.code, stale.detail)
        return sign_in_form(self.facts, request, 400, stale.form.parameters, "", STALE)

    async def after_sign_in(self, request: Request, who: SignedIn, parameters: Mapping[str, str]) -> Answer:
        """Somebody has just signed in with all that they were asked for so far."""
        decided = self._decide(parameters, who)
        if isinstance(decided, AskFactor):
            return await self.ask(request, decided)
        if who.factors.due is not None and not who.factors.any:
            # There is still some time; whoever has it is reminded at each sign-in.
            return await self.ask(request, AskFactor(parameters, who, SignInStep.ENROL, True))
        return self.finish(request, who, decided.location)

    async def without_step(self, request: Request, who: SignedIn, parameters: Mapping[str, str]) -> Answer:
        """Somebody leaves a step. Where it is none that may be left, it is shown again."""
        now = self.facts.wall_clock()
        step = next_step(who, needed_level(who, now))
        if step is not None:
            return await self.ask(request, AskFactor(parameters, who, step, False))
        if TO_ACCOUNT in parameters:
            return self.finish(request, who, f"/{ACCOUNT}")
        decided = authorize_without_step(self.facts.context(), parameters, who)
        return self.finish(request, who, decided.location)

    def finish(self, request: Request, who: SignedIn, location: str, codes: tuple[str, ...] = ()) -> Answer:
        """Give the browser its session, and lead on; new recovery codes are shown before."""
        cookies = self.cookies(request, who)
        if not codes:
            return leave(request, location, cookies)
        body = render(
            "recovery_codes", brand_of(request), codes=[recovery.shown(code) for code in codes], link=location,
            link_text="I have kept them",
        )
        return html_answer(200, body, cookies)

    def cookies(self, request: Request, who: SignedIn) -> bytes:
        """The field lines of a session, and of a browser that is known from now on."""
        facts = self.facts
        devices = facts.devices(request)
        device = device_of(
            devices, who.user.id, who.user.credentials_changed, facts.wall_clock(), facts.random_bytes)
        return facts.keep_session(who.session) + facts.keep_device(devices, device)

    async def after_set_up(
        self, request: Request, who: SignedIn, parameters: Mapping[str, str], codes: tuple[str, ...]
    ) -> Answer:
        """A factor was set up, which is a proof of it."""
        decided = self._decide(parameters, who)
        if isinstance(decided, AskFactor):
            return await self.ask(request, decided)
        # Codes take their time to be written down: the authorization code would be too old.
        return self.finish(request, who, resume(after_sign_in(parameters)) if codes else decided.location, codes)

    def _decide(self, parameters: Mapping[str, str], who: SignedIn) -> Redirect | AskFactor:
        if TO_ACCOUNT not in parameters:
            return authorize_after_sign_in(self.facts.context(), parameters, who)
        step = next_step(who, needed_level(who, self.facts.wall_clock()))
        return Redirect(f"/{ACCOUNT}") if step is None else AskFactor(parameters, who, step, False)

    async def ask(
        self, request: Request, asked: AskFactor, status: int = 200, error: str = "", fields: bytes = b""
    ) -> Answer:
        """The page of a step."""
        if asked.step in (SignInStep.ENROL, SignInStep.ENROL_PASSKEY):
            why = _WHY_OWN if TO_ACCOUNT in asked.parameters else _WHY_ASKED if asked.optional else _WHY_NEEDED
            leave = "Go on without"
            if asked.step is SignInStep.ENROL and asked.optional and asked.who.factors.due is not None:
                why, leave = _WHY_NEEDED, f"Not now (needed from {_day(asked.who.factors.due)})"
            return await self.choose(request, asked, why, leave if asked.optional else "", status, error)
        return await self._prove(request, asked, status, error, fields)

    async def _prove(self, request: Request, asked: AskFactor, status: int, error: str, fields: bytes) -> Answer:
        facts, who = self.facts, asked.who
        has = await facts.live.read(passkeys.of_user, who.user.id) if who.factors.passkeys else []
        options = self.party.options_for_use(facts.random_bytes(CHALLENGE_SIZE), has) if has else ""
        known = {"step": asked.step.name, "optional": "1" if asked.optional else ""}
        if options:
            known[CHALLENGE] = challenge_in(options)
        token, cookie = facts.bind_form(request, FormState(PROVE, asked.parameters, who.session, known))
        code = "" if asked.step is SignInStep.PASSKEY else "app" if who.factors.apps else "recovery"
        body = render(
            "second_factor", brand_of(request), action=f"/{SECOND_FACTOR}", csrf=token, name=who.user.display_name,
            error=error, application=application_name(facts, asked.parameters), code=code, passkey=options,
            optional=asked.optional, resume=resume(after_sign_in(asked.parameters)),
        )
        return Answer(status, _PROVE_FIELDS[bool(options)] + cookie + fields, body)

    async def choose(
        self, request: Request, asked: AskFactor, why: str, leave: str = "", status: int = 200, error: str = ""
    ) -> Answer:
        """The page on which a factor is chosen, or a passkey made."""
        facts, user = self.facts, asked.who.user
        has = await facts.live.read(passkeys.of_user, user.id)
        options = self.party.options_for_new(
            facts.random_bytes(CHALLENGE_SIZE), user.id, user.name, user.display_name, has)
        known = {"step": asked.step.name, "why": why, "leave": leave, CHALLENGE: challenge_in(options)}
        token, cookie = facts.bind_form(request, FormState(CHOOSE, asked.parameters, asked.who.session, known))
        body = render(
            "set_up", brand_of(request), action=f"/{SET_UP}", csrf=token, why=why, error=error, passkey=options,
            app=asked.step is SignInStep.ENROL, leave=leave,
        )
        return Answer(status, _CHOOSE_FIELDS + cookie, body)

    def is_fresh(self, who: SignedIn) -> bool:
        """Has this user signed in just now, as they have to before they change their account?"""
        now = self.facts.wall_clock()
        return now - who.session.auth_time < STEP_LIFETIME and next_step(who, needed_level(who, now)) is None


def asked_again(form: FormState, who: SignedIn) -> AskFactor:
    """The step of a form that was posted."""
    optional = bool(form.known.get("optional") or form.known.get("leave"))
    return AskFactor(form.parameters, who, SignInStep[form.known["step"]], optional)


def client_address(request: Request) -> str:
    """The user's address without port, as the front of the service has seen it."""
    host = getattr(request.getClientAddress(), "host", None)
    if not isinstance(host, str):
        raise RequestError(Code.INTERNAL, "a request without an address")
    return host


def leave(request: Request, location: str, fields: bytes = b"") -> Answer:
    """From a form to where its user wanted to go. A form may lead to https only, so that a page in between goes on to what
    listens on the user's machine.
    """
    if location.startswith(("https:", "/")):
        return redirect(location, fields)
    body = render(
        "message", brand_of(request), title="Back to your program", text="It goes on by itself; this page can be closed.",
        link=location, link_text="Go on",
    )  # fmt: skip
    return html_answer(200, body, b"refresh: 0; url=%b\n" % location.encode("ascii") + fields)


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %B %Y}"
