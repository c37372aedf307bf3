"""Talking to identity providers: the protocol that sign-in needs, and the client that speaks it over HTTPS.

No redirect is followed and nothing is decompressed: an answer is what that one end point says, 256 KiB at most.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar, cast
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
from appproxy.identity.oidc import (
    Metadata,
    TokenAnswer,
    client_authentication,
    pushed_parameters,
    read_keys,
    read_metadata,
)
from appproxy.json_input import read_json
from appproxy.net.turns import FairTurns
from appproxy.policy.fair_queue import FairQueue, Lane
from appproxy.policy.sender import SENDER
from appproxy.service.signin.provider_agent import BytesProducer
from appproxy.service.signin.small_body import SmallBody
from appproxy.store.snapshot import ProviderRecord, Snapshot

#: Seconds for one call to a provider, from connecting to the last byte: a user waits for it.
CALL_TIMEOUT = 10.0
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

T = TypeVar("T")


class AnswerLost(RequestError):
    """The connection has ended before anything of the answer came: the provider may have closed it in the same moment."""


class OidcClient(Protocol):
    """One identity provider, as sign-in sees it. Calls raise RequestError(PROVIDER_UNREACHABLE) within 10 s."""

    async def metadata(self) -> Metadata:
        """What the provider says about itself."""
        ...

    async def keys(self, refresh: bool = False) -> KeySet:
        """Its signing keys; `refresh` asks again, though at most once in a while."""
        ...

    async def exchange(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> TokenAnswer:
        """The tokens for a code. Raises IdentityError(PROVIDER_REFUSED) when the provider does not take it."""
        ...

    async def user_info(self, access_token: str) -> Mapping[str, object] | str:
        """What the UserInfo end point says: claims, or a signed token. Raises IdentityError(PROVIDER_REFUSED)."""
        ...

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """Push an authorization request; gives what stands for it. Raises IdentityError(PROVIDER_REFUSED)."""
        ...


class Fetched(Generic[T]):
    """Something fetched and kept. However many ask at the same time, it is fetched once."""

    def __init__(self, clock: IReactorTime, fetch: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._value: T | None = None
        self._error: Exception | None = None
        self._asked = 0.0
        self._waiting: list[Deferred[T]] | None = None

    async def get(self, max_age: float = FRESH) -> T:
        """The value, not older than `max_age` seconds. Raises what fetching raised."""
        age = self._clock.seconds() - self._asked
        if self._error is not None and age < RETRY_INTERVAL:
            raise self._error
        if self._value is not None and age < max_age:
            return self._value
        if self._waiting is not None:
            waiting: Deferred[T] = Deferred()
            self._waiting.append(waiting)
            return await waiting
        return await self._ask()

    async def _ask(self) -> T:
        waiting: list[Deferred[T]] = []
        self._waiting = waiting
        self._value = self._error = None
        self._asked = self._clock.seconds()
        try:
            value = self._value = await self._fetch()
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

    def __init__(self, record: ProviderRecord, agent: IAgent, clock: IReactorTime) -> None:
        self._record = record
        self._agent = agent
        self._clock = clock
        self._turns = FairTurns(CALLS, FairQueue(_WAITING, _WAITING), "too many calls wait for the identity provider")
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
        status, answer = await self._post(metadata, metadata.token_endpoint, client_id, form)
        if status != 200:
            error = answer.get("error") if isinstance(answer, dict) else None
            raise IdentityError(Code.PROVIDER_REFUSED, f"token end point: {status} {str(error)[:100]!r}")
        if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
            raise IdentityError(Code.TOKEN_REFUSED, "token end point: no ID token in the answer")
        parts = [part if isinstance(part, str) else "" for part in map(answer.get, ("access_token", "refresh_token"))]
        return TokenAnswer(answer["id_token"], *parts)

    async def user_info(self, access_token: str) -> Mapping[str, object] | str:
        """Ask the UserInfo end point (OpenID Connect Core section 5.3)."""
        url = (await self.metadata()).userinfo_endpoint
        headers = Headers({"authorization": [f"Bearer {access_token}"], "accept": ["application/json, application/jwt"]})
        status, kind, content = await self._content(b"GET", url, headers, None)
        if status != 200:
            raise IdentityError(Code.PROVIDER_REFUSED, f"UserInfo end point: status {status}")
        if kind == "application/jwt":
            return content.decode("ascii", "replace").strip()
        answer = _json(content)
        if not isinstance(answer, dict):
            raise IdentityError(Code.TOKEN_REFUSED, "UserInfo end point: the answer is neither a JSON object nor a token")
        return answer

    async def push(self, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """Ask the end point for pushed authorization requests (RFC 9126 section 2.1)."""
        metadata, client_id = await self.metadata(), parameters["client_id"]
        status, answer = await self._post(metadata, metadata.par_endpoint, client_id, parameters)
        if status not in (200, 201):
            error = answer.get("error") if isinstance(answer, dict) else None
            raise IdentityError(Code.PROVIDER_REFUSED, f"pushed authorization request: {status} {str(error)[:100]!r}")
        return pushed_parameters(client_id, answer)

    async def _post(
        self, metadata: Metadata, url: str, client_id: str, form: Mapping[str, str]
    ) -> tuple[int, object]:
        """Post a form as the client that we are."""
        own, authorization = client_authentication(metadata, client_id, self._record.client_secret)
        headers = Headers({"content-type": ["application/x-www-form-urlencoded"]})
        if authorization is not None:
            headers.setRawHeaders("authorization", [authorization])
        return await self._call(b"POST", url, headers, urlencode({**form, **own}).encode("ascii"))

    async def _fetch_metadata(self) -> Metadata:
        issuer = self._record.issuer
        if not issuer.startswith("https://"):  # the store refuses such; a program of one's own may have none
            raise IdentityError(Code.TOKEN_REFUSED, "the provider's issuer is not an https URL")
        return read_metadata(await self._document(issuer.rstrip("/") + "/.well-known/openid-configuration"), issuer)

    async def _fetch_keys(self) -> KeySet:
        return read_keys(await self._document((await self.metadata()).jwks_uri))

    async def _document(self, url: str) -> object:
        status, document = await self._call(b"GET", url, Headers(), None)
        if status != 200:
            raise RequestError(Code.PROVIDER_UNREACHABLE, f"{url}: status {status}")
        return document

    async def _call(self, method: bytes, url: str, headers: Headers, body: bytes | None) -> tuple[int, object]:
        """Status and JSON of one call. Below 500 a body that is not JSON counts as None."""
        headers.setRawHeaders(b"accept", [b"application/json"])
        status, _, content = await self._content(method, url, headers, body)
        return status, _json(content)

    async def _content(self, method: bytes, url: str, headers: Headers, body: bytes | None) -> tuple[int, str, bytes]:
        """Status, media type and body of one call. Raises RequestError(PROVIDER_UNREACHABLE), also from 500 on."""
        headers.setRawHeaders(b"user-agent", [b"appproxy"])
        try:
            asked = Deferred.fromCoroutine(self._send(method, url, headers, body))
            status, media, content = await asked.addTimeout(CALL_TIMEOUT, self._clock)
        except RequestError:  # there is no room for it
            raise
        except Exception as error:  # whatever is between us and an answer: DNS, TLS, time, a broken message
            kind = AnswerLost if _is_closed(error) else RequestError
            raise kind(Code.PROVIDER_UNREACHABLE, f"{url}: {type(error).__name__} {error}") from error
        if status >= 500:
            raise RequestError(Code.PROVIDER_UNREACHABLE, f"{url}: status {status}")
        return status, media, content

    async def _send(self, method: bytes, url: str, headers: Headers, body: bytes | None) -> tuple[int, str, bytes]:
        await self._turns.take(Lane.STRANGER, SENDER.get())
        try:
            return await self._ask(method, url, headers, body)
        finally:
            self._turns.give_back()

    async def _ask(self, method: bytes, url: str, headers: Headers, body: bytes | None) -> tuple[int, str, bytes]:
        producer = None if body is None else BytesProducer(body)
        response = await self._agent.request(method, url.encode("ascii"), headers, producer)
        reader = SmallBody(MAX_ANSWER)
        response.deliverBody(reader)
        kinds = response.headers.getRawHeaders("content-type") or [""]
        return cast("int", response.code), kinds[0].partition(";")[0].strip().lower(), await reader.done


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


class ProviderClients(Mapping[str, OidcClient]):
    """The clients of all providers in the snapshot by id, made when first needed and again when a record changes.

    `fixed` holds those that are not reached over HTTPS, such as the built-in one.
    """

    def __init__(
        self, snapshot: Callable[[], Snapshot], make: Callable[[ProviderRecord], OidcClient],
        fixed: Mapping[str, OidcClient],
    ) -> None:
        self._snapshot = snapshot
        self._make = make
        self._fixed = fixed
        self._made: dict[str, tuple[ProviderRecord, OidcClient]] = {}

    def __getitem__(self, id: str) -> OidcClient:
        if id in self._fixed:
            return self._fixed[id]
        record = self._snapshot().providers[id]
        kept = self._made.get(id)
        if kept is None or kept[0] != record:
            kept = self._made[id] = (record, self._make(record))
        return kept[1]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._fixed, **self._snapshot().providers})

    def __len__(self) -> int:
        return len(list(iter(self)))
