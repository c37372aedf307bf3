"""Ending the provider's session (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Mapping

from authlib.common.urls import add_params_to_uri
from twisted.web.server import Request

from appproxy.errors import Code, IdentityError
from appproxy.net.web import Answer, AsyncResource, Limit, brand_of, html_answer
from appproxy.pages import render
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.front_channel import SignOutElsewhere
from appproxy.provider.oauth.metadata import LOGOUT
from appproxy.provider.oauth.signing import key_set, read_hint
from appproxy.provider.parameters import read_form, read_query
from appproxy.provider.steps.onward import leave
from appproxy.provider.tokens import FormState, ProviderSession
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session import sessions
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_SIGN_OUT
from appproxy.store.service.keys import read_signing_keys
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction

_PURPOSE = "sign out"
#: The service's page that says so, where a browser is sent to unless a client has registered another place.
SIGNED_OUT = "/signed-out"


class SignOutPages:
    """/logout."""

    def __init__(self, facts: ProviderFacts) -> None:
        self._facts = facts
        self._elsewhere = SignOutElsewhere(facts)

    def elsewhere(self, limit: Limit) -> AsyncResource:
        """The page of frames."""
        return self._elsewhere.page(limit)

    def logout(self, limit: Limit) -> AsyncResource:
        """Section 2: both methods."""
        return AsyncResource({b"GET": self._get, b"POST": self._post}, limit)

    async def end_session(self, request: Request, onward: str, user: str | None = None) -> tuple[str, bytes]:
        """End the session of this browser on all nodes; gives where it goes, and the field line that takes its cookie.

        It goes to `onward`, over a page of frames where relying parties want to hear of it that way. `user`: whose session it
        must be; another one's stays, and there is no field line.
        """
        facts = self._facts
        session = facts.last_session(request)
        if session is None or user not in (None, session.user):
            return onward, facts.drop_session() if session is None else b""
        if facts.context().valid(session):
            await facts.live.write(_revoke, session)
        return await self._elsewhere.way(session, onward), facts.drop_session()

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
        session = self._facts.session(request)
        hint = await self._hint(parameters, needed=session is not None)
        onward = self._onward(parameters, hint)
        if session is None or hint.get("sub") == session.user:
            return await self._end(request, onward)
        # Who it is may not be known now: a directory is away. There is something to end all the same.
        who = await self._facts.who(request)
        return self._confirm(request, onward, parameters.get("client_id", ""), "" if who is None else who.user.display_name)

    def _onward(self, parameters: Mapping[str, str], hint: Mapping[str, object]) -> dict[str, str]:
        """Where to go on, `to`, with the state to give back. Section 3: only to an address that the client has registered,
        which is named by its id or by the hint; that of the service is everybody's.
        """
        target, client = parameters.get("post_logout_redirect_uri"), parameters.get("client_id", "")
        if client and hint and client != hint.get("aud"):
            raise IdentityError(Code.SIGN_IN_STATE, "the hint is another client's")
        if target is None:
            return {}
        party = self._facts.live.snapshot.relying_parties.get(client or str(hint.get("aud", "")))
        registered = () if party is None else party.post_logout_redirect_uris
        if target != self._facts.issuer + SIGNED_OUT and target not in registered:
            raise IdentityError(Code.SIGN_IN_STATE, "post_logout_redirect_uri is not registered")
        return {"to": target, **({"state": parameters["state"]} if "state" in parameters else {})}

    async def _hint(self, parameters: Mapping[str, str], *, needed: bool) -> Mapping[str, object]:
        """What an ID token of ours says, which proves that no other site asks; nothing without one.

        Raises IdentityError(TOKEN_REFUSED) for one that is not ours, where it is `needed`: nobody else cares.
        """
        hint = parameters.get("id_token_hint")
        if hint is None:
            return {}
        keys = key_set(await self._facts.live.read(read_signing_keys))
        try:
            return read_hint(hint, keys, self._facts.issuer)
        except IdentityError:
            if needed:
                raise
            return {}

    async def _end(self, request: Request, onward: Mapping[str, str]) -> Answer:
        to = onward.get("to", self._facts.issuer + SIGNED_OUT)
        if "state" in onward:
            to = str(add_params_to_uri(to, [("state", onward["state"])]))
        return leave(request, *await self.end_session(request, to))

    def _confirm(self, request: Request, onward: Mapping[str, str], client_id: str, user: str) -> Answer:
        token, cookie = self._facts.bind_form(request, FormState(_PURPOSE, onward))
        snapshot = self._facts.live.snapshot
        application, party = snapshot.signed_in_to(client_id), snapshot.relying_parties.get(client_id)
        known = application or party
        name = self._facts.host if known is None else known.name
        body = render(
            "sign_out", brand_of(request), action=f"/{LOGOUT}", csrf=token, name=user,
            application=name,
            link=(application.home if application is not None else "") or self._facts.issuer + "/",
        )
        return html_answer(200, body, cookie)


def _revoke(tx: Transaction, session: ProviderSession) -> None:
    sessions.revoke_session(tx, session.id, session.expires)
    # With it all that it has signed in to.
    session_rows.end_at_provider(tx, BUILTIN, session.id, session.user)
    audit.record(tx, f"user:{session.user}", USER_SIGN_OUT, session.user, {"provider": BUILTIN})
