"""The pages on which people let a native client use an application as them, and type the code of a device (RFC 8628).

Both are where phishing happens: somebody else starts a program, and sends its code or its link. So the pages say who asks for
what, and that nobody else may have asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of, failure_answer, html_answer, redirect
from appproxy.pages import render
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.provider.oauth.clients import Client
from appproxy.provider.oauth.grants import Redirect, SignedIn, authorize
from appproxy.provider.oauth.metadata import CONSENT, DEVICE
from appproxy.provider.oauth.party_policies import session_of
from appproxy.provider.parameters import read_form, read_query
from appproxy.provider.steps.onward import Onward, leave
from appproxy.provider.steps.party_sign_in import (
    Conclude,
    PartySignIn,
    SignInWatch,
    nothing,
    to_client,
)
from appproxy.provider.steps.sign_in_form import resume
from appproxy.provider.tokens import FormState
from appproxy.store.machines import device_codes
from appproxy.store.machines.device_codes import DeviceCode
from appproxy.store.service.note import Note
from appproxy.store.transaction import Transaction

PURPOSE = "consent"
#: Nobody redeems the code of a device's request, so its challenge may be any.
_CHALLENGE = "A" * 43
_UNKNOWN = "No program waits with this code. Look at it once more; it counts for ten minutes."
_OVER = "This code counts no longer. Start the program again, and use the code that it shows then."


def _decide(tx: Transaction, id_: str, session: Mapping[str, object] | None, conclude: Conclude) -> bool:
    """Somebody lets a device in, as `session`, or not. A code that waits no longer lets nobody in: then nothing has passed."""
    done = device_codes.decide(tx, id_, session)
    if done:
        conclude(tx, SignInOutcome.PASSED)
    return done


class ConsentPages:
    """/consent and /device."""

    def __init__(
        self, onward: Onward, note: Note, watch: SignInWatch,
    ) -> None:
        self._onward = onward
        self._judge = watch.judge
        self._facts = onward.facts
        self._parties = PartySignIn(onward, note, watch)

    def consent(self, looks: Limit, answers: Limit) -> AsyncResource:
        """Where a request of a native client leads once its user is signed in, and where the answer is posted; and one of a
        relying party, whose users are asked nothing. How often one may come by, as each sign-in does, and answer.
        """

        def limit(request: Request) -> float:
            return (answers if request.method == b"POST" else looks)(request)

        return AsyncResource({b"GET": self._ask, b"POST": self._onward.answering(PURPOSE, self._answered)}, limit)

    def device_proved(self, limit: Limit) -> AsyncResource:
        """/device-proved, where a browser comes back to that has proved its device for a relying party."""
        return AsyncResource({b"GET": self._parties.proved}, limit)

    def device(self, looks: Limit, tries: Limit) -> AsyncResource:
        """Where a device's code is typed: how often one may look at the page, and send a code by its form."""

        def limit(request: Request) -> float:
            if request.method != b"POST":
                return looks(request)
            site = request.requestHeaders.getRawHeaders(b"sec-fetch-site") or []
            if any(value not in (b"same-origin", b"none") for value in site):
                # It would use up the tries of the network that its user is in.
                raise RequestError(Code.CROSS_SITE, "a code that another site has sent")
            return tries(request)

        return AsyncResource({b"GET": self._device, b"POST": self._typed}, limit)

    async def _device(self, request: Request) -> Answer:
        return self._device_page(request, 200, read_query(request).get("user_code", ""))

    async def _typed(self, request: Request) -> Answer:
        text = read_form(request).get("user_code", "")
        facts = self._facts
        found = await facts.live.read(device_codes.of_user, device_codes.typed(text), facts.wall_clock())
        if found is None:
            return self._device_page(request, 404, text, _UNKNOWN)
        # From here on it is an authorization request like any other: sign-in, second factor, consent.
        return redirect(resume({
            "response_type": "code", "client_id": found.client, "redirect_uri": f"{facts.issuer}/{DEVICE}", "state": found.id,
            "scope": found.scope, "resource": found.audience, "code_challenge": _CHALLENGE, "code_challenge_method": "S256",
            **found.asked,
        }))  # fmt: skip

    def _device_page(self, request: Request, status: int, typed: str, error: str = "") -> Answer:
        body = render("device", brand_of(request), action=f"/{DEVICE}", user_code=typed[:20], error=error)
        return html_answer(status, body)

    async def _ask(self, request: Request) -> Answer:
        parameters = read_query(request)
        who = await self._facts.who(request)
        try:
            decided = authorize(self._facts.context(), parameters, who)
        except IdentityError as error:
            return failure_answer(request, error.code, error.detail)
        if who is None or not isinstance(decided, Redirect):
            return redirect(resume(parameters))
        if not decided.location.startswith(f"/{CONSENT}?"):
            return redirect(decided.location)
        if (party := self._client(parameters).party) is not None:
            return await self._parties.lead_on(request, who, party, parameters)
        return await self._page(request, who, parameters)

    async def _page(self, request: Request, who: SignedIn, parameters: Mapping[str, str]) -> Answer:
        facts, client = self._facts, self._client(parameters)
        waiting = await self._waiting(client, parameters)
        if self._is_device(client, parameters) and waiting is None:
            return self._device_page(request, 404, "", _OVER)
        snapshot = facts.live.snapshot
        resource = client.resource(snapshot, parameters.get("resource", "")) or ""
        token, cookie = facts.bind_form(request, FormState(PURPOSE, parameters, who.session))
        body = render(
            "consent", brand_of(request), action=f"/{CONSENT}", csrf=token, name=who.user.display_name or who.user.name,
            client="" if client.native is None else client.native.name, resource=resource,
            code="" if waiting is None else waiting.shown,
        )
        return html_answer(200, body, cookie)

    async def _answered(self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn) -> Answer:
        facts, parameters = self._facts, form.parameters
        try:
            decided = authorize(facts.context(), parameters, who, consented=True)
        except IdentityError as error:
            return failure_answer(request, error.code, error.detail)
        if not isinstance(decided, Redirect):
            return redirect(resume(parameters))
        allowed, client = posted.get("do") == "allow", self._client(parameters)
        waiting = await self._waiting(client, parameters)
        if waiting is None and self._is_device(client, parameters):
            return self._device_page(request, 404, "", _OVER)
        conclude: Conclude = nothing
        if allowed:
            who, conclude = await self._judged(request, who, client)
            decided = authorize(facts.context(), parameters, who, consented=True)
            assert isinstance(decided, Redirect)  # the same was decided a moment ago
        if waiting is not None:
            session = who.session.packed() if allowed else None
            if not await facts.live.write(_decide, waiting.id, session, conclude):
                return self._device_page(request, 404, "", _OVER)
            return self._done(request, allowed)
        if allowed:
            await facts.live.write(conclude, SignInOutcome.PASSED)
        return leave(request, decided.location if allowed else to_client(parameters, facts.issuer, "access_denied"))

    async def _judged(self, request: Request, who: SignedIn, client: Client) -> tuple[SignedIn, Conclude]:
        """The same user, with the risk of this sign-in, and what writes it down once the program is let in."""
        if self._judge is None:
            return who, nothing
        signed_in = session_of(who.session, who.user, self._facts.issuer, self._facts.wall_clock())
        # The application that it is for, if it is one.
        applications = () if client.native is None else client.native.applications
        level, conclude = await self._judge(request, signed_in, next(iter(applications)) if len(applications) == 1 else "")
        return replace(who, session=replace(who.session, risk=level)), conclude

    def _done(self, request: Request, allowed: bool) -> Answer:
        title = "You are signed in on the other device" if allowed else "The other device gets nothing"
        text = "Go back to it; this page can be closed."
        return html_answer(200, render("message", brand_of(request), title=title, text=text, link="", link_text=""))

    def _client(self, parameters: Mapping[str, str]) -> Client:
        """The client of a request that was found good."""
        client = self._facts.context().find_client(parameters.get("client_id", ""))
        if client is None:
            raise IdentityError(Code.SIGN_IN_STATE, "the client was removed meanwhile")
        return client

    def _is_device(self, client: Client, parameters: Mapping[str, str]) -> bool:
        return parameters.get("redirect_uri") == client.redirect_uri

    async def _waiting(self, client: Client, parameters: Mapping[str, str]) -> DeviceCode | None:
        """The device that waits for this request, if one does."""
        if not self._is_device(client, parameters):
            return None
        found = await self._facts.live.read(device_codes.find, parameters.get("state", ""), self._facts.wall_clock())
        good = found is not None and found.client == client.client_id and found.audience == parameters.get("resource")
        return found if good else None
