"""Ending the provider's session (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from twisted.web.server import Request

from appproxy.errors import Code, IdentityError
from appproxy.net.web import Answer, AsyncResource, brand_of, html_answer, redirect
from appproxy.pages import render
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.grants import SignedIn
from appproxy.provider.metadata import LOGOUT
from appproxy.provider.parameters import read_form, read_query
from appproxy.provider.signing import key_set, read_hint
from appproxy.provider.tokens import FormState, ProviderSession
from appproxy.store.people import sessions
from appproxy.store.service import audit
from appproxy.store.service.keys import read_signing_keys
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction

_PURPOSE = "sign out"
#: The service's page that says so; the only place that a browser is sent to after signing out.
SIGNED_OUT = "/signed-out"


class SignOutPages:
    """/logout."""

    def __init__(self, facts: ProviderFacts) -> None:
        self._facts = facts

    def logout(self) -> AsyncResource:
        """Section 2: both methods."""
        return AsyncResource({b"GET": self._get, b"POST": self._post})

    async def end_session(self, request: Request, user: str | None = None) -> bytes:
        """End the session of this browser on all nodes; gives the field line that takes its cookie.

        `user`: whose it must be; another one's stays, and b"" is given.
        """
        session = self._facts.session(request)
        if session is not None and user not in (None, session.user):
            return b""
        if session is not None:
            await self._facts.live.write(_revoke, session)
        return self._facts.drop_session()

    async def _get(self, request: Request) -> Answer:
        return await self._asked(request, read_query(request))

    async def _post(self, request: Request) -> Answer:
        posted = read_form(request)
        if "csrf" not in posted:
            return await self._asked(request, posted)
        form = self._facts.open_form(request, posted["csrf"], _PURPOSE)
        return await self._end(request, form.parameters)

    async def _asked(self, request: Request, parameters: Mapping[str, str]) -> Answer:
        """A client asks. Section 6: without a hint that fits, anybody could; so the user is asked."""
        onward = self._onward(parameters)
        who = await self._facts.who(request)
        if who is None or await self._hinted(parameters, who):
            return await self._end(request, onward)
        return self._confirm(request, onward, parameters.get("client_id", ""), who)

    def _onward(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """The state to give back. Section 3: the way on leads only to a registered address, and there is one."""
        target = parameters.get("post_logout_redirect_uri")
        if target is not None and target != self._facts.issuer + SIGNED_OUT:
            raise IdentityError(Code.SIGN_IN_STATE, "post_logout_redirect_uri is not registered")
        return {"state": parameters["state"]} if target is not None and "state" in parameters else {}

    async def _hinted(self, parameters: Mapping[str, str], who: SignedIn) -> bool:
        """Does the request bring an ID token of this user, so that it cannot be forged by another site?"""
        hint = parameters.get("id_token_hint")
        if hint is None:
            return False
        keys = key_set(await self._facts.live.read(read_signing_keys))
        return read_hint(hint, keys, self._facts.issuer).get("sub") == who.user.id

    async def _end(self, request: Request, onward: Mapping[str, str]) -> Answer:
        cookie = await self.end_session(request)
        query = "?" + urlencode(onward) if onward else ""
        return redirect(self._facts.issuer + SIGNED_OUT + query, cookie)

    def _confirm(self, request: Request, onward: Mapping[str, str], client_id: str, who: SignedIn) -> Answer:
        token, cookie = self._facts.bind_form(request, FormState(_PURPOSE, onward))
        application = self._facts.live.snapshot.signed_in_to(client_id)
        body = render(
            "sign_out", brand_of(request), action=f"/{LOGOUT}", csrf=token, name=who.user.display_name,
            application=application.name if application is not None else self._facts.host,
            link=(application.home if application is not None else "") or self._facts.issuer + "/",
        )
        return html_answer(200, body, cookie)


def _revoke(tx: Transaction, session: ProviderSession) -> None:
    sessions.revoke_session(tx, session.id, session.expires)
    audit.record(tx, f"user:{session.user}", "user.sign_out", session.user, {"provider": BUILTIN})
