"""The end points that programs see: discovery, keys, tokens, userinfo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from joserfc.jwk import KeySet
from twisted.web.server import Request

from appproxy.errors import IdentityError, RequestError
from appproxy.net.web import Answer, AsyncResource, Limit, json_answer
from appproxy.provider.claims import user_claims
from appproxy.provider.facts import ProviderFacts
from appproxy.provider.grants import answer_token_request, find_active, is_made_up
from appproxy.provider.metadata import discovery_document
from appproxy.provider.parameters import LONGEST_TOKEN, read_form
from appproxy.provider.signing import key_set
from appproxy.provider.tokens import Access, ProviderSession
from appproxy.store.service.keys import read_signing_keys

#: RFC 6750 section 3.
_BEARER = b'www-authenticate: Bearer realm="appproxy"'


class Api:
    """What clients call, over HTTP or in process."""

    def __init__(self, facts: ProviderFacts) -> None:
        self._facts = facts

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

    def discovery_end_point(self) -> AsyncResource:
        """/.well-known/openid-configuration."""
        return AsyncResource.reading(self._discovery)

    def keys_end_point(self, limit: Limit) -> AsyncResource:
        """/jwks."""
        return AsyncResource.reading(self._keys, limit)

    def token_end_point(self, limit: Limit) -> AsyncResource:
        """/token."""
        return AsyncResource({b"POST": self._token}, limit)

    def userinfo_end_point(self, limit: Limit) -> AsyncResource:
        """/userinfo (OpenID Connect Core section 5.3)."""
        return AsyncResource({b"GET": self._userinfo, b"POST": self._userinfo}, limit)

    async def _discovery(self, request: Request) -> Answer:
        return json_answer(200, self.document())

    async def _keys(self, request: Request) -> Answer:
        return json_answer(200, cast("dict[str, Any]", (await self.keys()).as_dict()))

    async def _token(self, request: Request) -> Answer:
        try:
            parameters = read_form(request, LONGEST_TOKEN)
        except RequestError as error:
            return json_answer(error.failure.status, {"error": "invalid_request"})
        return json_answer(*await self.token(parameters))

    async def _userinfo(self, request: Request) -> Answer:
        given = request.getHeader("authorization")
        if given is None:
            return json_answer(401, {}, _BEARER + b"\n")
        scheme, _, token = given.partition(" ")
        context = self._facts.context()
        try:
            access = Access.unseal(token if scheme.lower() == "bearer" else "", context.snapshot.keys, context.now)
        except IdentityError:
            return _invalid_token()
        session = ProviderSession(access.session, access.user, access.auth_time)
        user = await self._facts.live.read(find_active, session) if context.valid(session) else None
        return json_answer(200, user_claims(user, access.scope)) if user is not None else _invalid_token()


def _invalid_token() -> Answer:
    return json_answer(401, {"error": "invalid_token"}, _BEARER + b', error="invalid_token"\n')
