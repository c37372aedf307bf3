"""The page on which users look after their own password and second factors; only shortly after a sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from twisted.web.server import Request

from appproxy.errors import AlreadyThere
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of, html_answer, redirect
from appproxy.pages import render
from appproxy.provider.factors import enrolment, recovery
from appproxy.provider.oauth.grants import AskFactor, SignedIn, SignInStep
from appproxy.provider.oauth.metadata import ACCOUNT
from appproxy.provider.steps.new_password import NewPasswordPages
from appproxy.provider.steps.onward import Onward, client_address
from appproxy.provider.steps.set_up import SetUpPages
from appproxy.provider.steps.sign_in_form import PARAMETERS, sign_in_form
from appproxy.provider.tokens import FormState
from appproxy.store.people.factors import factors
from appproxy.store.transaction import Reading

PURPOSE = "account"
_WHY = "Whoever learns your password then still cannot sign in."
_KINDS = {"totp": "authenticator app", "passkey": "passkey"}


class AccountPages:
    """/account."""

    def __init__(self, onward: Onward, set_up: SetUpPages, new_password: NewPasswordPages) -> None:
        self._onward = onward
        self._new_password = new_password
        self._set_up = set_up

    def account(self, limit: Limit) -> AsyncResource:
        """The page, and where its forms are posted."""
        return AsyncResource({b"GET": self._get, b"POST": self._onward.answering(PURPOSE, self._post)}, limit)

    async def _get(self, request: Request) -> Answer:
        onward = self._onward
        who = await onward.facts.who(request)
        if who is None or not onward.is_fresh(who):
            return sign_in_form(onward.facts, request, 200, PARAMETERS, "" if who is None else who.user.name)
        return await self._page(request, who)

    async def _post(self, request: Request, posted: Mapping[str, str], form: FormState, who: SignedIn) -> Answer:
        onward = self._onward
        if not onward.is_fresh(who):
            # A factor was set up in another browser meanwhile, which this sign-in has not proved.
            return redirect(f"/{ACCOUNT}")
        return await self._do(request, posted, who)

    async def _do(self, request: Request, posted: Mapping[str, str], who: SignedIn) -> Answer:
        onward, what = self._onward, posted.get("do")
        if what == "passkey":
            return await onward.choose(request, AskFactor(PARAMETERS, who, SignInStep.ENROL_PASSKEY, False), _WHY)
        if what == "app":
            return self._set_up.app_page(request, who, PARAMETERS)
        if what == "codes":
            codes = await onward.facts.live.write(enrolment.make_codes, who.session, client_address(request))
            body = render(
                "recovery_codes", brand_of(request), codes=[recovery.shown(code) for code in codes], link=f"/{ACCOUNT}",
                link_text="I have kept them",
            )
            return html_answer(200, body)
        if what == "password" and not who.user.directory:
            return self._new_password.change_page(request, who)
        if what == "remove":
            try:
                await onward.facts.live.write(
                    enrolment.remove, who.session, posted.get("factor", ""), client_address(request))
            except AlreadyThere as error:
                return await self._page(request, who, str(error))
        return redirect(f"/{ACCOUNT}")

    async def _page(self, request: Request, who: SignedIn, error: str = "") -> Answer:
        facts = self._onward.facts
        listed = await facts.live.read(_listed, who.user.id)
        shown = [_shown(one) for one in listed if "id" in one]
        token, cookie = facts.bind_form(request, FormState(PURPOSE, PARAMETERS, who.session))
        body = render(
            "account", brand_of(request), action=f"/{ACCOUNT}", csrf=token, name=who.user.display_name,
            user_name=who.user.name, own_password=not who.user.directory, factors=shown,
            needed=len(shown) == 1 and who.factors.due is not None, error=error,
            codes=sum(cast("int", one["left"]) for one in listed if "left" in one), more=facts.live.snapshot.portal.url,
        )
        return html_answer(409 if error else 200, body, cookie)


def _listed(reading: Reading, user_id: str) -> list[dict[str, object]]:
    return factors.listed(reading, user_id)


def _shown(one: Mapping[str, object]) -> dict[str, object]:
    return {
        **one, "kind": _KINDS[str(one["kind"])], "created": _day(cast("float", one["created"])),
        "used": _day(cast("float", one["used"])),
    }


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %B %Y}"
