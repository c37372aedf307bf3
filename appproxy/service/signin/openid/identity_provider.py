"""What sign-in needs of an identity provider, of whatever kind; and how one that speaks OpenID Connect gives it."""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

from joserfc.jwk import KeySet
from twisted.internet.interfaces import IReactorTCP
from twisted.logger import Logger

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.client_authentication import signed_request
from appproxy.identity.openid.encrypted_token import is_encrypted, opened
from appproxy.identity.openid.id_token import Claims, issuer_of
from appproxy.identity.openid.logout_token import LogoutToken, check_logout_token
from appproxy.identity.openid.oidc import Metadata, TokenAnswer, authorization_url, check_callback, is_pushed
from appproxy.service.signin.openid.oidc_client import Introspects, OidcClient, Revokes
from appproxy.service.signin.openid.provider_claims import WantedClaims, believed, read_claims, read_refreshed_claims
from appproxy.store.snapshot import ProviderRecord


class IdentityProvider(Protocol):
    """One provider. Its methods are called in this order; all that one has to remember for the next is in `state`, which comes
    back with the browser, perhaps to another node.

    Calls raise RequestError(PROVIDER_UNREACHABLE) within 10 s, or IdentityError.
    """

    async def metadata(self) -> Metadata:
        """What it says about itself: a sign-out looks at `end_session_endpoint`, which may be empty."""
        ...

    async def authorization_url(self, parameters: Mapping[str, str]) -> str:
        """Where the browser is sent. `parameters` are those of `identity.oidc.authorization_parameters`, of which `state` must
        come back to `redirect_uri`, and `nonce` must be in what the provider vouches for.
        """
        ...

    async def check_callback(self, parameters: Mapping[str, str], state: str) -> str:
        """The code in what the browser has brought back to us (1 to 4096 characters); nobody is asked yet.

        Raises IdentityError: SIGN_IN_STATE, TOKEN_REFUSED, or PROVIDER_REFUSED when the provider says that it is not to be.
        """
        ...

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """What the code is good for; asked once for a sign-in. Raises IdentityError(PROVIDER_REFUSED)."""
        ...

    async def claims(self, answer: TokenAnswer, wanted: WantedClaims) -> tuple[Claims, str]:
        """Who has signed in, and why something that was wanted is not known, or "".

        Must refuse, with IdentityError(TOKEN_REFUSED), what the provider has not said to us (`wanted.audience`), for this
        sign-in (`wanted.nonce`), and now (`wanted.now`).
        """
        ...


@runtime_checkable
class EndsSessions(Protocol):
    """A provider that can say that its sessions have ended, by OpenID Connect Back-Channel Logout."""

    async def logout_token(self, text: str, now: float) -> LogoutToken:
        """What a logout token says (section 2.6), whoever has brought it; `now`: seconds since 1970.

        Raises RequestError(PROVIDER_UNREACHABLE), or IdentityError(TOKEN_REFUSED).
        """
        ...


@runtime_checkable
class Refreshes(Protocol):
    """A provider whose word about a user can be renewed without the user: `exchange` gives a `refresh_token`."""

    async def refresh(self, refresh_token: str, client_id: str) -> TokenAnswer:
        """New tokens. Raises GrantRefused when the provider says that it is over, and else what `exchange` raises."""
        ...

    async def refreshed_claims(
        self, answer: TokenAnswer, subject: str, wanted: WantedClaims, before: Mapping[str, object]
    ) -> tuple[Claims | None, str]:
        """What is known of the user now, None for nothing new, and why something that was wanted did not come, or "".

        `before`: the claims until now. Raises GrantRefused when it is somebody else.
        """
        ...


@runtime_checkable
class TakesBack(Protocol):
    """A provider that is told of refresh tokens that nobody needs any more."""

    async def take_back(self, refresh_token: str, client_id: str) -> None:
        """Give one back. Raises what `exchange` raises."""
        ...


@runtime_checkable
class VouchesForTokens(Protocol):
    """A provider whose access tokens programs may show."""

    async def signing_keys(self, refresh: bool = False) -> KeySet:
        """What its signed tokens are checked with; `refresh` asks again, though at most once in a while."""
        ...

    async def introspect(self, token: str) -> object:
        """What it says of an opaque token (RFC 7662). Raises IdentityError(PROVIDER_REFUSED) where it says nothing of them."""
        ...


class ProviderKind(ABC):
    """A kind of identity providers, as other distributions bring it: an entry point of `appproxy.identity_providers` leads
    to a class derived from this one, and its name is what `appproxy provider add --kind` takes.
    """

    @abstractmethod
    def provider(self, record: ProviderRecord, reactor: IReactorTCP) -> IdentityProvider:
        """One provider of this kind; made again when its record changes. Raises ConfigError when the record does not fit."""


class OidcProvider:
    """OpenID Connect, over HTTPS or in this process: `client` says which."""

    log = Logger()

    def __init__(
        self, record: ProviderRecord, client: OidcClient,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
    ) -> None:
        self._record = record
        self._client = client
        self._wall_clock = wall_clock

    async def metadata(self) -> Metadata:
        """The discovery document."""
        return await self._client.metadata()

    async def authorization_url(self, parameters: Mapping[str, str]) -> str:
        """Its authorization end point; parameters are signed and pushed before where the provider or the admin wants that."""
        metadata = await self._client.metadata()
        if metadata.signed_requests or self._record.settings.request_object == "always":
            now = self._wall_clock()
            client = self._record.client(parameters["client_id"], now)
            parameters = signed_request(metadata, client, parameters, now=now, jti=secrets.token_hex(16))
        if is_pushed(metadata, always=self._record.pushed_requests == "always"):
            parameters = await self._client.push(parameters)
        return authorization_url(metadata, parameters)

    async def check_callback(self, parameters: Mapping[str, str], state: str) -> str:
        """State, issuer and code (RFC 6749 section 4.1.2, RFC 9207)."""
        return check_callback(parameters, state=state, metadata=await self._client.metadata())

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """The tokens for a code."""
        answer = await self._client.exchange(code, verifier, redirect_uri, client_id)
        return replace(answer, id_token=self._opened(answer.id_token))

    def _opened(self, token: str) -> str:
        """The signed token: the one within, where tokens are encrypted. As a hint the provider wants that one, too (OpenID
        Connect RP-Initiated Logout 1.0 section 2). Raises IdentityError(TOKEN_REFUSED).
        """
        record = self._record
        algorithm = record.settings.id_token_encryption
        if algorithm:
            return opened(token, record.encryption_keys, algorithm)
        if is_encrypted(token):
            raise IdentityError(Code.TOKEN_REFUSED, "ID token: it is encrypted, which is not set for this provider; set "
                                                    "id_token_encryption, or have the provider only sign")
        return token

    async def claims(self, answer: TokenAnswer, wanted: WantedClaims) -> tuple[Claims, str]:
        """What the ID token says, and UserInfo."""
        return await read_claims(self._client, self._record, answer, wanted)

    async def refresh(self, refresh_token: str, client_id: str) -> TokenAnswer:
        """The tokens for a refresh token. An ID token that cannot be read is none: the new refresh token must not be lost."""
        answer = await self._client.refresh(refresh_token, client_id)
        try:
            return replace(answer, id_token=answer.id_token and self._opened(answer.id_token))
        except IdentityError as error:
            self.log.warn("{provider}: what came with a refresh does not count: {detail}", provider=self._record.name,
                          detail=error.detail)
            return replace(answer, id_token="")

    async def take_back(self, refresh_token: str, client_id: str) -> None:
        """Revoke it (RFC 7009)."""
        if isinstance(self._client, Revokes):
            await self._client.revoke(refresh_token, client_id)

    async def refreshed_claims(
        self, answer: TokenAnswer, subject: str, wanted: WantedClaims, before: Mapping[str, object]
    ) -> tuple[Claims | None, str]:
        """What the new ID token says, and UserInfo."""
        return await read_refreshed_claims(self._client, self._record, answer, subject, wanted, before)

    async def signing_keys(self, refresh: bool = False) -> KeySet:
        """Its key set."""
        return await self._client.keys(refresh)

    async def introspect(self, token: str) -> object:
        """Its introspection end point."""
        if not isinstance(self._client, Introspects):
            raise IdentityError(Code.PROVIDER_REFUSED, "the identity provider has no opaque access tokens")
        return await self._client.introspect(token)

    async def logout_token(self, text: str, now: float) -> LogoutToken:
        """Signed by one of its keys, for us; encrypted before, if it likes (section 2.4)."""
        record = self._record
        if record.settings.id_token_encryption and is_encrypted(text):
            text = self._opened(text)
            # Anybody can encrypt to a key of ours: for what does not even say that it is from there no keys are fetched.
            if issuer_of(text) != record.issuer:
                raise IdentityError(Code.TOKEN_REFUSED, "logout token: what is encrypted is from another issuer")
        return await believed(self._client, lambda keys: check_logout_token(
            text, keys, issuer=record.issuer, client_id=record.client_id, algorithms=record.algorithms, now=now))
