"""The provider as its own service sees it: the calls of an OpenID Connect client, made in process.

`signin.DOMAIN` need not resolve on this machine, and no certificate must be trusted. What is checked is the same as
over HTTP. Sign-in takes it in place of a client that speaks HTTPS: it has the same methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from joserfc.jwk import KeySet

from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.identity.openid.oidc import Metadata, TokenAnswer, read_metadata
from appproxy.provider.api import Api

#: Seconds for which its keys are known. One that is forgotten has signed nothing for two days; a new one is looked for.
_KEYS_KEPT = 60.0


class InProcessClient:
    """The built-in provider. All raise RequestError(STORE_UNAVAILABLE) when the store does not answer."""

    def __init__(self, api: Api, issuer: str) -> None:
        self._api = api
        # Read once: it is constants and the issuer. All that UserInfo could tell is in its ID tokens.
        self._metadata = replace(read_metadata(api.document(), issuer), userinfo_endpoint="")
        self._keys: KeySet | None = None
        self._keys_read = 0.0

    async def metadata(self) -> Metadata:
        """What the provider says about itself."""
        return self._metadata

    async def keys(self, refresh: bool = False) -> KeySet:
        """Its signing keys."""
        keys, now = self._keys, self._api.now
        if keys is None or refresh or not 0 <= now - self._keys_read < _KEYS_KEPT:
            try:
                keys = self._keys = await self._api.keys()
            except StoreError as error:
                raise _unreachable(error) from error
            self._keys_read = now
        return keys

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """The tokens for a code. Raises IdentityError(PROVIDER_REFUSED) when the provider does not take it."""
        parameters = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "client_id": client_id,
            "code_verifier": verifier,
        }  # fmt: skip
        try:
            status, answer, renewal, lifetime = await self._api.own_tokens(parameters)
        except StoreError as error:
            raise _unreachable(error) from error
        if status != 200:
            raise IdentityError(Code.PROVIDER_REFUSED, f"the built-in provider answered {answer.get('error')!r}")
        return TokenAnswer(str(answer["id_token"]), str(answer["access_token"]), renewal, lifetime)

    async def refresh(self, refresh_token: str, client_id: str) -> TokenAnswer:
        """What is so now of a user of a directory; others have no refresh tokens. Raises GrantRefused when they may sign in no
        more, and RequestError(PROVIDER_UNREACHABLE) when the directory does not answer.
        """
        try:
            id_token, lifetime = await self._api.renewed(refresh_token, client_id)
        except StoreError as error:
            raise _unreachable(error) from error
        return TokenAnswer(id_token, lifetime=lifetime)

    async def member_groups(self, place: str, access_token: str) -> list[str]:
        """Never asked: its tokens name all groups."""
        return []

    async def user_info(self, access_token: str) -> Mapping[str, object] | str:
        """Never asked: see `metadata`."""
        return {}

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """Nothing that is in process need be pushed."""
        return parameters


def _unreachable(error: StoreError) -> RequestError:
    return RequestError(Code.STORE_UNAVAILABLE, f"the built-in provider: {error}")
