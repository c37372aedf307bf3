"""What providers vouch for: their access tokens, looked at once and remembered for a while.

Anybody can make tokens up, so nothing of them may cost much: what was refused is remembered, too, apart from what was found
good; keys are fetched at most once in a while; and introspection has few calls of its own at a time, in which the networks
that ask take turns, so that sign-ins wait for none of it. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from math import inf

from joserfc.jwk import KeySet
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from appproxy.errors import IdentityError
from appproxy.identity.openid.access_token import AccessToken, introspected_token, is_jwt, signed_token
from appproxy.identity.openid.id_token import UnknownKeyError
from appproxy.net.loop.turns import FairTurns
from appproxy.policy.fair_queue import Lane, LaneQueue
from appproxy.policy.sender import SENDER
from appproxy.service.dispatch.gates.provider_tokens import KnownToken
from appproxy.service.recent import KEPT, Recent
from appproxy.service.signin.openid.identity_provider import IdentityProvider, VouchesForTokens
from appproxy.service.signin.openid.oidc_client import REFRESH_INTERVAL, Fetched
from appproxy.store.snapshot import ProviderRecord

#: Seconds for which a signature that was found good is not looked at again, and for which keys are kept: a key that its
#: provider withdraws counts for twice as long at most.
_SIGNED = 300.0
#: The same for what an introspection end point has said: a token that its provider revokes counts for a minute at most.
_INTROSPECTED = 60.0
#: Seconds for which a refusal is remembered; one for want of a key only until the provider may be asked again.
_REFUSED = 60.0
#: Introspection calls to all providers at the same time, and such that wait, in all and of one network.
_CALLS, _WAITING, _OF_ONE = 16, 200, 20


class AccessTokens:
    """Made once a node. `providers`: by id."""

    def __init__(self, providers: Mapping[str, IdentityProvider], clock: IReactorTime, size: int = KEPT) -> None:
        self._providers = providers
        self._clock = clock
        self._good: Recent[KnownToken] = Recent(size)
        self._refused: Recent[KnownToken] = Recent(size)
        self._asked: dict[tuple[str, bytes], list[Deferred[KnownToken]]] = {}
        self._keys: dict[str, tuple[ProviderRecord, Fetched[KeySet]]] = {}
        self._turns = FairTurns(_CALLS, LaneQueue(_WAITING, _OF_ONE), "too many access tokens wait for the identity provider")

    def known(self, token: bytes, record: ProviderRecord, now: float) -> KnownToken | None:
        """What is known of a token of this provider without asking anybody."""
        key = _key(token, record)
        for memory in (self._good, self._refused):
            found = memory.get(key)
            if found is not None and found.until > now and found.record == record:
                return found
        return None

    def is_familiar(self, token: bytes, record: ProviderRecord) -> bool:
        """Was it good when it was looked at last, however long ago that is?"""
        return self._good.get(_key(token, record)) is not None

    def learn(self, token: bytes, record: ProviderRecord, now: float) -> Deferred[KnownToken]:
        """The same, after the provider was asked if that is needed.

        However many ask about one token, it is looked at once; nobody who leaves takes that from the others. Fails with
        RequestError: PROVIDER_UNREACHABLE, OVERLOADED.
        """
        waiting: Deferred[KnownToken] = Deferred()
        key = _key(token, record)
        others = self._asked.get(key)
        if others is not None:
            others.append(waiting)
            return waiting
        self._asked[key] = [waiting]
        Deferred.fromCoroutine(self._learn(token, record, now)).addBoth(self._learned, key)
        return waiting

    def _learned(self, result: KnownToken | Failure, key: tuple[str, bytes]) -> None:
        if isinstance(result, KnownToken):
            (self._refused if result.token is None else self._good).put(key, result)
        for one in self._asked.pop(key):
            if not one.called:
                one.callback(result)  # a Failure, too

    async def _learn(self, token: bytes, record: ProviderRecord, now: float) -> KnownToken:
        text = token.decode("ascii")
        provider = self._providers[record.id]
        if not isinstance(provider, VouchesForTokens):
            return _refusal(f"{record.name} does not vouch for access tokens", record, now)
        try:
            if is_jwt(text):
                found = await self._signed(text, provider, record)
                return KnownToken(found, "", now + _SIGNED, record)
            return await self._introspected(text, provider, record, now)
        except UnknownKeyError as error:
            return _refusal(error.detail, record, now, REFRESH_INTERVAL)
        except IdentityError as error:
            return _refusal(error.detail, record, now)

    async def _signed(self, text: str, provider: VouchesForTokens, record: ProviderRecord) -> AccessToken:
        kept = self._keys.get(record.id)
        if kept is None or kept[0] != record:
            kept = self._keys[record.id] = (record, Fetched(self._clock, lambda: provider.signing_keys(refresh=True)))
        fetched = kept[1]
        try:
            return signed_token(text, await fetched.get(_SIGNED), record.algorithms)
        except UnknownKeyError:
            return signed_token(text, await fetched.get(REFRESH_INTERVAL), record.algorithms)

    async def _introspected(self, text: str, provider: VouchesForTokens, record: ProviderRecord, now: float) -> KnownToken:
        await self._turns.take(Lane.STRANGER, SENDER.get())
        try:
            answer = await provider.introspect(text)
        finally:
            self._turns.give_back()
        found = introspected_token(answer, record.issuer, now + _INTROSPECTED)
        if found is None:
            return _refusal("the identity provider says that the access token does not count", record, now)
        ends = found.raw.get("exp")
        return KnownToken(found, "", min(ends if isinstance(ends, int | float) else inf, now + _INTROSPECTED), record)


def _refusal(reason: str, record: ProviderRecord, now: float, seconds: float = _REFUSED) -> KnownToken:
    return KnownToken(None, reason[:200], now + seconds, record)


def _key(token: bytes, record: ProviderRecord) -> tuple[str, bytes]:
    return record.id, sha256(token).digest()


