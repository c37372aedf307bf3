"""Talking to identity providers: the protocol that sign-in needs, and the client that speaks it over HTTPS.

No redirect is followed and nothing is decompressed: an answer is what that one end point says, 256 KiB at most.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlencode

from joserfc.jwk import KeySet
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import RequestTransmissionFailed, ResponseNeverReceived
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.openid.client_authentication import prove
from appproxy.identity.openid.group_overage import read_member_groups
from appproxy.identity.openid.oidc import (
    ClientRefused,
    Metadata,
    TokenAnswer,
    pushed_parameters,
    read_keys,
    read_metadata,
    read_token_answer,
)
from appproxy.identity.openid.oidc import GrantRefused as GrantRefused
from appproxy.identity.openid.oidc_settings import BY_CERTIFICATE
from appproxy.json_input import read_json
from appproxy.net.agent import call, within
from appproxy.net.loop.turns import FairTurns
from appproxy.policy.fair_queue import Lane, LaneQueue
from appproxy.policy.sender import SENDER
from appproxy.store.snapshot import ProviderRecord

#: Seconds for one call to a provider, from connecting to the last byte: a user waits for it.
CALL_TIMEOUT = 10.0
#: Seconds for the answer to a refresh, for which no user waits. Most tokens are good for one use: an answer that is given up
#: takes the session with it, for the provider hears the old token again and takes it for a stolen one (RFC 9700 section
#: 4.14.2). With the calls before and after it stays within the lease of a refresh (`store.people.session.refresh.LEASE`).
REFRESH_TIMEOUT = 45.0
#: Bytes of a discovery document, key set or token answer. Real ones are below 50 kB, and
#: reading one, however it is made, must not hold up the others.
MAX_ANSWER = 256 * 1024
#: Seconds for which metadata and keys are good without asking again.
FRESH = 3600.0
#: A token that no known key has signed makes us ask again, but not more often than this many seconds: anybody can make such
#: tokens, and the provider must not pay for it.
REFRESH_INTERVAL = 10.0
#: After a failure wait so many seconds before the next try; whoever comes meanwhile hears of that failure at once.
RETRY_INTERVAL = 2.0
#: Calls to one provider at the same time; others wait for their turn within `CALL_TIMEOUT`. With 50 ms each that is more
#: than a thousand a second. Whoever has begun a sign-in can make us call with made-up codes: the networks that ask take turns.
CALLS = 64
#: Calls that wait. One network may have all of them while nobody else has any.
_WAITING = 1000

#: What a token end point says no to (RFC 6749 section 5.2).
_REFUSALS: Mapping[str | None, type[IdentityError]] = {
    "invalid_grant": GrantRefused, "invalid_client": ClientRefused, "unauthorized_client": ClientRefused}

T = TypeVar("T")


class AnswerLost(RequestError):
    """The connection has ended before anything of the answer came: the provider may have closed it in the same moment."""


class OidcClient(Protocol):
    """One identity provider that speaks OpenID Connect. Calls raise RequestError(PROVIDER_UNREACHABLE) within 10 s."""

    async def metadata(self) -> Metadata:
        """What the provider says about itself."""
        ...

    async def keys(self, refresh: bool = False) -> KeySet:
        """Its signing keys; `refresh` asks again, though at most once in a while."""
        ...

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """The tokens for a code. Raises IdentityError(PROVIDER_REFUSED) when the provider does not take it."""
        ...

    async def refresh(self, refresh_token: str, client_id: str) -> TokenAnswer:
        """The tokens for a refresh token; an ID token need not be among them.

        Raises GrantRefused when it counts no longer, and IdentityError(PROVIDER_REFUSED) when that is not said.
        """
        ...

    async def user_info(self, access_token: str) -> Mapping[str, object] | str:
        """What the UserInfo end point says: claims, or a signed token. Raises IdentityError(PROVIDER_REFUSED)."""
        ...

    async def member_groups(self, place: str, access_token: str) -> list[str]:
        """The groups that a token has left out, from the https URL that it names. Raises IdentityError."""
        ...

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """Push an authorization request; gives what stands for it. Raises IdentityError(PROVIDER_REFUSED)."""
        ...


@runtime_checkable
class Revokes(Protocol):
    """A client that also gives refresh tokens back."""

    async def revoke(self, refresh_token: str, client_id: str) -> None:
        """Give one back (RFC 7009), where the provider takes it. Raises IdentityError(PROVIDER_REFUSED)."""
        ...


@runtime_checkable
class Introspects(Protocol):
    """A client that also asks what an access token is."""

    async def introspect(self, token: str) -> object:
        """What the provider says of it (RFC 7662). Raises IdentityError(PROVIDER_REFUSED), also where it cannot be asked."""
        ...


@runtime_checkable
class FetchesClaims(Protocol):
    """A client that also fetches claims from where a token says that they are."""

    async def claims_at(self, endpoint: str, access_token: str) -> Mapping[str, object] | str:
        """What an https URL says: claims, or a signed token. Raises RequestError, or IdentityError(PROVIDER_REFUSED)."""
        ...


class Fetched(Generic[T]):
    """Something fetched and kept. However many ask at the same time, it is fetched once. While it is fetched again, or cannot
    be, whoever is content with what is there gets that: anybody can make us ask again.
    """

    def __init__(self, clock: IReactorTime, fetch: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._value: T | None = None
        self._fetched = 0.0
        self._error: Exception | None = None
        self._asked = 0.0
        self._waiting: list[Deferred[T]] | None = None

    async def get(self, max_age: float = FRESH) -> T:
        """The value, not older than `max_age` seconds. Raises what fetching raised."""
        now = self._clock.seconds()
        if self._value is not None and now - self._fetched < max_age:
            return self._value
        if self._error is not None and now - self._asked < RETRY_INTERVAL:
            raise self._error
        if self._waiting is not None:
            waiting: Deferred[T] = Deferred()
            self._waiting.append(waiting)
            return await waiting
        return await self._ask()

    async def _ask(self) -> T:
        waiting: list[Deferred[T]] = []
        self._waiting = waiting
        self._error = None
        asked = self._asked = self._clock.seconds()
        try:
            value = self._value = await self._fetch()
            self._fetched = asked
        except Exception as error:
            self._error, self._waiting = error, None
            self._asked = self._clock.seconds()
            for other in waiting:
                other.errback(Failure(error))
            raise
        self._waiting = None
        for other in waiting:
            other.callback(value)
        return value


class HttpOidcClient:
    """A provider that is reached over HTTPS. `agent` must verify certificates: `ProviderAgent` does."""

    def __init__(
        self, record: ProviderRecord, agent: IAgent, clock: IReactorTime,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
    ) -> None:
        self._record = record
        self._wall_clock = wall_clock
        self._agent = agent
        self._clock = clock
        self._turns = FairTurns(CALLS, LaneQueue(_WAITING, _WAITING), "too many calls wait for the identity provider")
        self._metadata = Fetched(clock, self._fetch_metadata)
        self._keys = Fetched(clock, self._fetch_keys)

    async def metadata(self) -> Metadata:
        """The discovery document, checked."""
        return await self._metadata.get()

    async def keys(self, refresh: bool = False) -> KeySet:
        """The key set; a forced refresh happens at most once in 10 s."""
        return await self._keys.get(REFRESH_INTERVAL if refresh else FRESH)

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """Ask the token end point (RFC 6749 section 4.1.3)."""
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
        }
        answer = await self._token(metadata, client_id, form)
        if not isinstance(answer.get("id_token"), str):
            raise IdentityError(Code.TOKEN_REFUSED, "token end point: no ID token in the answer")
        return read_token_answer(answer)

    async def refresh(self, refresh_token: str, client_id: str) -> TokenAnswer:
        """Ask the token end point (RFC 6749 section 6, OpenID Connect Core section 12)."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return read_token_answer(await self._token(await self.metadata(), client_id, form, REFRESH_TIMEOUT))

    async def _token(
        self, metadata: Metadata, client_id: str, form: Mapping[str, str], patience: float = CALL_TIMEOUT
    ) -> Mapping[str, object]:
        status, answer = await self._post(metadata, metadata.token_endpoint, client_id, form, patience)
        if status != 200:
            error = str(answer.get("error")) if isinstance(answer, dict) and "error" in answer else None
            kind = _REFUSALS.get(error, ClientRefused if status == 401 else IdentityError)
            raise kind(Code.PROVIDER_REFUSED, f"token end point: {status} {str(error)[:100]!r}")
        if not isinstance(answer, dict):
            raise IdentityError(Code.TOKEN_REFUSED, "token end point: the answer is no JSON object")
        return answer

    async def user_info(self, access_token: str) -> Mapping[str, object] | str:
        """Ask the UserInfo end point (OpenID Connect Core section 5.3)."""
        return await self._claims("UserInfo end point", (await self.metadata()).userinfo_endpoint, access_token)

    async def claims_at(self, endpoint: str, access_token: str) -> Mapping[str, object] | str:
        """Ask a place of distributed claims (section 5.6.2)."""
        return await self._claims(endpoint, endpoint, access_token)

    async def _claims(self, what: str, url: str, access_token: str) -> Mapping[str, object] | str:
        headers = Headers({"accept": ["application/json, application/jwt"]})
        if access_token:
            headers.setRawHeaders("authorization", [f"Bearer {access_token}"])
        status, kind, content = await self._content(b"GET", url, headers, None)
        if status != 200:
            raise IdentityError(Code.PROVIDER_REFUSED, f"{what}: status {status}")
        if kind == "application/jwt":
            return content.decode("ascii", "replace").strip()
        answer = _json(content)
        if not isinstance(answer, dict):
            raise IdentityError(Code.TOKEN_REFUSED, f"{what}: the answer is neither a JSON object nor a token")
        return answer

    async def member_groups(self, place: str, access_token: str) -> list[str]:
        """Ask a directory as Entra's is asked (Microsoft Graph, `getMemberObjects`)."""
        headers = Headers({"authorization": [f"Bearer {access_token}"], "content-type": ["application/json"]})
        status, answer = await self._call(b"POST", place, headers, b'{"securityEnabledOnly": false}')
        if status != 200:
            raise IdentityError(Code.PROVIDER_REFUSED, f"{place}: status {status}")
        return read_member_groups(answer)

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """Ask the end point for pushed authorization requests (RFC 9126 section 2.1)."""
        metadata, client_id = await self.metadata(), parameters["client_id"]
        status, answer = await self._post(metadata, metadata.par_endpoint, client_id, parameters)
        if status not in (200, 201):
            error = answer.get("error") if isinstance(answer, dict) else None
            raise IdentityError(Code.PROVIDER_REFUSED, f"pushed authorization request: {status} {str(error)[:100]!r}")
        return pushed_parameters(client_id, answer)

    async def revoke(self, refresh_token: str, client_id: str) -> None:
        """Ask the revocation end point (RFC 7009 section 2.1), if there is one."""
        metadata = await self.metadata()
        if not metadata.revocation_endpoint:
            return
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        status, answer = await self._post(metadata, metadata.revocation_endpoint, client_id, form)
        if status != 200:
            error = answer.get("error") if isinstance(answer, dict) else None
            raise IdentityError(Code.PROVIDER_REFUSED, f"revocation end point: {status} {str(error)[:100]!r}")

    async def introspect(self, token: str) -> object:
        """Ask the introspection end point (RFC 7662 section 2.1), as the client that we are."""
        metadata = await self.metadata()
        if not metadata.introspection_endpoint:
            raise IdentityError(Code.PROVIDER_REFUSED, "the identity provider has no introspection end point")
        form = {"token": token, "token_type_hint": "access_token"}
        status, answer = await self._post(metadata, metadata.introspection_endpoint, self._record.client_id, form)
        if status != 200:
            raise IdentityError(Code.PROVIDER_REFUSED, f"introspection end point: status {status}")
        return answer

    async def _post(
        self, metadata: Metadata, url: str, client_id: str, form: Mapping[str, str], patience: float = CALL_TIMEOUT
    ) -> tuple[int, object]:
        """Post a form as the client that we are."""
        now = self._wall_clock()
        proof = prove(metadata, self._record.client(client_id, now), now=now, jti=secrets.token_hex(16))
        headers = Headers({"content-type": ["application/x-www-form-urlencoded"]})
        if proof.authorization is not None:
            headers.setRawHeaders("authorization", [proof.authorization])
        return await self._call(b"POST", url, headers, urlencode({**form, **proof.form}).encode("ascii"), patience)

    async def _fetch_metadata(self) -> Metadata:
        issuer = self._record.issuer
        if not issuer.startswith("https://"):  # the store refuses such; a program of one's own may have none
            raise IdentityError(Code.TOKEN_REFUSED, "the provider's issuer is not an https URL")
        settings = self._record.settings
        document = await self._document(self._record.discovery_url) if settings.discovers else {"issuer": issuer}
        metadata = read_metadata(document, issuer, settings.endpoints)
        return metadata.over_mtls() if settings.client_authentication in BY_CERTIFICATE else metadata

    async def _fetch_keys(self) -> KeySet:
        return read_keys(await self._document((await self.metadata()).jwks_uri))

    async def _document(self, url: str) -> object:
        status, document = await self._call(b"GET", url, Headers(), None)
        if status != 200:
            raise RequestError(Code.PROVIDER_UNREACHABLE, f"{url}: status {status}")
        return document

    async def _call(
        self, method: bytes, url: str, headers: Headers, body: bytes | None, patience: float = CALL_TIMEOUT
    ) -> tuple[int, object]:
        """Status and JSON of one call. Below 500 a body that is not JSON counts as None."""
        headers.setRawHeaders(b"accept", [b"application/json"])
        status, _, content = await self._content(method, url, headers, body, patience)
        return status, _json(content)

    async def _content(
        self, method: bytes, url: str, headers: Headers, body: bytes | None, patience: float = CALL_TIMEOUT
    ) -> tuple[int, str, bytes]:
        """Status, media type and body of one call. Raises RequestError(PROVIDER_UNREACHABLE), also from 500 on.

        `patience`: seconds for the answer. One that is longer than usual begins when it is our turn.
        """
        headers.setRawHeaders(b"user-agent", [b"appproxy"])
        ends = self._clock.seconds() + CALL_TIMEOUT
        try:
            await self._turns.take(Lane.STRANGER, SENDER.get()).addTimeout(CALL_TIMEOUT, self._clock)
            try:
                asked = Deferred.fromCoroutine(self._ask(method, url, headers, body))
                left = patience if patience > CALL_TIMEOUT else max(ends - self._clock.seconds(), 0.0)
                status, media, content = await within(asked, left, self._clock)
            finally:
                self._turns.give_back()
        except RequestError:  # there is no room for it
            raise
        except Exception as error:  # whatever is between us and an answer: DNS, TLS, time, a broken message
            kind = AnswerLost if _is_closed(error) else RequestError
            raise kind(Code.PROVIDER_UNREACHABLE, f"{url}: {type(error).__name__} {error}") from error
        if status >= 500:
            raise RequestError(Code.PROVIDER_UNREACHABLE, f"{url}: status {status}")
        return status, media, content

    async def _ask(self, method: bytes, url: str, headers: Headers, body: bytes | None) -> tuple[int, str, bytes]:
        status, fields, content = await call(self._agent, method, url, headers, body, MAX_ANSWER, lambda status: True)
        kinds = fields.getRawHeaders(b"content-type") or [b""]
        return status, kinds[0].partition(b";")[0].strip().lower().decode("latin-1"), content


def _is_closed(error: Exception) -> bool:
    """Has the provider closed the connection instead of an answer? It was neither refused by us nor given up."""
    if not isinstance(error, (RequestTransmissionFailed, ResponseNeverReceived)):
        return False
    return all(reason.check(ConnectionDone, ConnectionLost) for reason in error.reasons)


def _json(content: bytes) -> object:
    """None for what is no JSON."""
    try:
        return read_json(content)
    except ValueError:
        return None
