"""The end points that programs see: discovery, keys, tokens, userinfo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from joserfc.jwk import KeySet
from twisted.web.server import Request

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.grant_types import DEVICE_CODE
from appproxy.identity.openid.oidc import GrantRefused
from appproxy.net.web import Answer, AsyncResource, Limit, address_of, json_answer
from appproxy.provider.directories.source import refresh_seconds
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.oauth.claims import user_claims
from appproxy.provider.oauth.client_secret import with_secret
from appproxy.provider.oauth.clients import Client
from appproxy.provider.oauth.grants import GrantContext, find_active
from appproxy.provider.oauth.metadata import DEVICE, discovery_document
from appproxy.provider.oauth.native import asked_of_sign_in
from appproxy.provider.oauth.party import REUSED, WANTS_SIGN_IN
from appproxy.provider.oauth.signing import key_set, sign_claims
from appproxy.provider.oauth.token_requests import answer_token_request, is_made_up
from appproxy.provider.parameters import LONGEST_TOKEN, read_form
from appproxy.provider.tokens import CodeGrant, ProviderSession, UserInfoAccess
from appproxy.store.machines import client_grants, device_codes, native_grants
from appproxy.store.service.actions import CLIENT_REFUSED, CLIENT_SIGN_IN, CLIENT_SIGN_IN_REFUSED
from appproxy.store.service.keys import read_signing_keys
from appproxy.store.service.note import ANONYMOUS, Action, Note, nowhere
from appproxy.store.snapshot import BUILTIN, RelyingParty
from appproxy.store.transaction import Transaction

#: RFC 6750 section 3.
_BEARER = b'www-authenticate: Bearer realm="appproxy"'
#: RFC 6749 section 5.2.
_INVALID_CLIENT = json_answer(401, {"error": "invalid_client"}, b'www-authenticate: Basic realm="appproxy"\n')
_NO_LEVEL = "acr_values: names, with blanks between them; max_age: seconds"
_NO_DEVICE_CODES = "it is registered without device codes: appproxy native-client set NAME --device-codes"


class Api:
    """What clients call, over HTTP or in process."""

    def __init__(self, facts: ProviderFacts, note: Note = nowhere) -> None:
        self._facts = facts
        self._note = note

    def document(self) -> dict[str, object]:
        """The discovery document."""
        return discovery_document(self._facts.issuer)

    async def keys(self) -> KeySet:
        """The public keys."""
        return key_set(await self._facts.live.read(read_signing_keys))

    async def token(self, parameters: Mapping[str, str]) -> tuple[int, Mapping[str, object]]:
        """Status and JSON for a token request."""
        context = self._facts.context()
        if is_made_up(context, parameters):
            return 400, {"error": "invalid_grant"}
        return await self._facts.live.write(answer_token_request, context, parameters)

    async def own_tokens(self, parameters: Mapping[str, str]) -> tuple[int, Mapping[str, object], str, float]:
        """The same for the service itself, with a refresh token, and after how many seconds it is to be used: for users of
        directories, who may change there at any time. "" and 0.0 for others. Only in process: no end point takes one.
        """
        context = self._facts.context()
        if is_made_up(context, parameters):
            return 400, {"error": "invalid_grant"}, "", 0.0
        return await self._facts.live.write(_own_tokens, context, parameters)

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self._facts.context().now

    async def renewed(self, refresh_token: str, client_id: str) -> tuple[str, float]:
        """The ID token for a refresh token, and after how many seconds the next one is wanted. Raises GrantRefused."""
        facts = self._facts
        context = facts.context()
        try:
            access = UserInfoAccess.unseal_renewal(refresh_token, context.snapshot.keys, context.now)
        except IdentityError as error:
            raise GrantRefused(Code.PROVIDER_REFUSED, "the refresh token counts no longer") from error
        session = ProviderSession(access.session, access.user, access.auth_time)
        if not context.valid(session) or not await facts.directories.refresh(access.user):
            raise GrantRefused(Code.PROVIDER_REFUSED, "the directory does not let this user sign in any more")
        # The directory may have told of another password just now, which ends the session.
        context = facts.context()
        user = await facts.live.read(find_active, session) if context.valid(session) else None
        if user is None:
            raise GrantRefused(Code.PROVIDER_REFUSED, "the session has ended")
        signed = await facts.live.read(sign_claims, {
            "iss": context.issuer, "aud": client_id, "iat": int(context.now), "exp": int(session.expires), "sid": session.id,
            "auth_time": int(session.auth_time), **user_claims(user, access.scope),
        })
        return signed, await facts.directories.refresh_seconds(user.id) or 0.0

    def discovery_end_point(self) -> AsyncResource:
        """/.well-known/openid-configuration."""
        return AsyncResource.reading(self._discovery)

    def keys_end_point(self, limit: Limit) -> AsyncResource:
        """/jwks."""
        return AsyncResource.reading(self._keys, limit)

    def token_end_point(self, limit: Limit) -> AsyncResource:
        """/token."""
        return AsyncResource({b"POST": self._token}, limit)

    def device_authorization_end_point(self, limit: Limit) -> AsyncResource:
        """/device-authorization (RFC 8628 section 3.1)."""
        return AsyncResource({b"POST": self._device}, limit)

    def revocation_end_point(self, limit: Limit) -> AsyncResource:
        """/revoke (RFC 7009)."""
        return AsyncResource({b"POST": self._revoke}, limit)

    def userinfo_end_point(self, limit: Limit) -> AsyncResource:
        """/userinfo (OpenID Connect Core section 5.3)."""
        return AsyncResource({b"GET": self._userinfo, b"POST": self._userinfo}, limit)

    async def _discovery(self, request: Request) -> Answer:
        return json_answer(200, self.document())

    async def _keys(self, request: Request) -> Answer:
        return json_answer(200, cast("dict[str, Any]", (await self.keys()).as_dict()))

    async def _token(self, request: Request) -> Answer:
        try:
            posted = read_form(request, LONGEST_TOKEN)
        except RequestError as error:
            return json_answer(error.failure.status, {"error": "invalid_request"})
        try:
            parameters = with_secret(posted, request.getHeader("authorization"))
        except IdentityError:
            return _INVALID_CLIENT
        client = self._facts.context().find_client(parameters.get("client_id", ""))
        if client is None or client.party is None:
            return json_answer(*await self.token(parameters))
        if not client.check_client_secret(parameters.get("client_secret", "")):
            self._note_party(request, ANONYMOUS, CLIENT_REFUSED, client.party, {"reason": "its secret is wrong"})
            return _INVALID_CLIENT
        if parameters.get("grant_type") == "refresh_token":
            return await self._refreshed_party(request, client.party, parameters)
        status, answer = await self.token(parameters)
        if status == 200:
            self._note_sign_in(request, client.party, parameters["code"])
        return json_answer(status, answer)

    async def _refreshed_party(
        self, request: Request, party: RelyingParty, parameters: Mapping[str, str]
    ) -> Answer:
        """The answer to a refresh token of a relying party: a directory may have barred its user since the last one."""
        facts, text = self._facts, parameters.get("refresh_token", "")
        is_one = client_grants.is_refresh_token(text)
        user = await facts.live.read(client_grants.user_of, text, party.id) if is_one else None
        if user is not None:
            try:
                if not await facts.directories.refresh(user):
                    return json_answer(400, {"error": "invalid_grant"})
            except RequestError:
                # It is the client's to try again: the token was not used.
                return json_answer(503, {"error": "temporarily_unavailable"})
        status, answer = await self.token(parameters)
        if answer.get("error_description") == REUSED:
            self._note_party(request, ANONYMOUS, CLIENT_REFUSED, party, {"reason": REUSED})
        elif answer.get("error_description") == WANTS_SIGN_IN and user is not None:
            self._note_party(request, f"user:{user}", CLIENT_SIGN_IN_REFUSED, party, {
                "provider": BUILTIN, "reason": WANTS_SIGN_IN})
        return json_answer(status, answer)

    def _note_sign_in(self, request: Request, party: RelyingParty, code: str) -> None:
        """Who has signed in to a relying party, by the code that it was given."""
        context = self._facts.context()
        try:
            grant = CodeGrant.unseal(code, party.id, context.snapshot.keys, context.now)
        except IdentityError:  # It has ended in this very moment.
            return
        self._note_party(request, f"user:{grant.session.user}", CLIENT_SIGN_IN, party, {
            "provider": BUILTIN, "session": grant.session.id, "scope": grant.scope, "auth_time": grant.session.auth_time,
            "acr": grant.get_acr(), "amr": grant.get_amr(), "risk": grant.session.risk,
        })  # fmt: skip

    def _note_party(
        self, request: Request, actor: str, action: Action, party: RelyingParty, detail: Mapping[str, object]
    ) -> None:
        self._note(actor, action, party.id, {"name": party.name, "address": address_of(request), **detail})

    async def _device(self, request: Request) -> Answer:
        client, parameters, refusal = self._native(request)
        if client is None:
            return refusal
        if not client.check_grant_type(DEVICE_CODE):
            return json_answer(400, {"error": "unauthorized_client", "error_description": _NO_DEVICE_CODES})
        facts = self._facts
        resource = client.resource(facts.live.snapshot, parameters.get("resource", ""))
        if resource is None:
            return json_answer(400, {"error": "invalid_target"})
        scope = client.get_allowed_scope(parameters.get("scope")) or ""
        asked = asked_of_sign_in(parameters)
        if asked is None:
            return json_answer(400, {"error": "invalid_request", "error_description": _NO_LEVEL})
        secret, code = await facts.live.write(device_codes.new, client.client_id, scope, resource, asked, address_of(request))
        place = f"{facts.issuer}/{DEVICE}"
        return json_answer(200, {
            "device_code": secret, "user_code": code.shown, "verification_uri": place,
            "verification_uri_complete": f"{place}?user_code={code.shown}", "expires_in": int(device_codes.LIFETIME),
            "interval": int(device_codes.INTERVAL),
        })  # fmt: skip

    async def _revoke(self, request: Request) -> Answer:
        client, parameters, refusal = self._revoking(request)
        if client is None:
            return refusal
        token = parameters.get("token", "")
        grants = native_grants if client.party is None else client_grants
        if grants.is_refresh_token(token):
            await self._facts.live.write(grants.give_back, token, client.client_id)
        # Section 2.2: a token that is none is as good as one that was revoked.
        return json_answer(200, {})

    def _revoking(self, request: Request) -> tuple[Client | None, Mapping[str, str], Answer]:
        """The registered client that gives a token back, and what it says; or the answer to who is none."""
        try:
            parameters = with_secret(read_form(request, LONGEST_TOKEN), request.getHeader("authorization"))
        except IdentityError:
            return None, {}, _INVALID_CLIENT
        except RequestError as error:
            return None, {}, json_answer(error.failure.status, {"error": "invalid_request"})
        client = self._facts.context().find_client(parameters.get("client_id", ""))
        if client is None or (client.native is None and client.party is None):
            return None, parameters, json_answer(400, {"error": "invalid_client"})
        if client.party is not None and not client.check_client_secret(parameters.get("client_secret", "")):
            self._note_party(request, ANONYMOUS, CLIENT_REFUSED, client.party, {"reason": "its secret is wrong"})
            return None, parameters, _INVALID_CLIENT
        return client, parameters, _INVALID_CLIENT

    def _native(self, request: Request) -> tuple[Client | None, Mapping[str, str], Answer]:
        """The native client that calls, and what it says; or the answer to who is none."""
        try:
            parameters = read_form(request, LONGEST_TOKEN)
        except RequestError as error:
            return None, {}, json_answer(error.failure.status, {"error": "invalid_request"})
        client = self._facts.context().find_client(parameters.get("client_id", ""))
        known = client if client is not None and client.native is not None else None
        return known, parameters, json_answer(400, {"error": "invalid_client"})

    async def _userinfo(self, request: Request) -> Answer:
        given = request.getHeader("authorization")
        if given is None:
            return json_answer(401, {}, _BEARER + b"\n")
        scheme, _, token = given.partition(" ")
        context = self._facts.context()
        try:
            access = UserInfoAccess.unseal(token if scheme.lower() == "bearer" else "", context.snapshot.keys, context.now)
        except IdentityError:
            return _invalid_token()
        session = ProviderSession(access.session, access.user, access.auth_time)
        user = await self._facts.live.read(find_active, session) if context.valid(session) else None
        return json_answer(200, user_claims(user, access.scope)) if user is not None else _invalid_token()


def _own_tokens(
    tx: Transaction, context: GrantContext, parameters: Mapping[str, str]
) -> tuple[int, Mapping[str, object], str, float]:
    status, answer = answer_token_request(tx, context, parameters)
    if status != 200:
        return status, answer, "", 0.0
    access = UserInfoAccess.unseal(str(answer["access_token"]), context.snapshot.keys, context.now)
    seconds = refresh_seconds(tx, access.user)
    return status, answer, "" if seconds is None else access.seal_renewal(context.key, context.nonce()), seconds or 0.0


def _invalid_token() -> Answer:
    return json_answer(401, {"error": "invalid_token"}, _BEARER + b', error="invalid_token"\n')
