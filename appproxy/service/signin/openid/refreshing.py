"""Refreshing: the provider is asked with the session's refresh token, by one process, when the tokens before are over.

No request waits for it. While the provider is away sessions go on as they are, up to their own end; its refusal ends one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.identity.claims import display_name, with_few_groups
from appproxy.identity.openid.id_token import Claims
from appproxy.identity.openid.oidc import TokenAnswer
from appproxy.service.signin.openid.identity_provider import IdentityProvider, Refreshes
from appproxy.service.signin.openid.oidc_client import GrantRefused
from appproxy.service.signin.openid.provider_claims import WantedClaims
from appproxy.service.signin.openid.wanted import WantedByProvider
from appproxy.store.people.session.record import Later, Refreshed, RefreshLease
from appproxy.store.snapshot import ProviderRecord, Snapshot

#: Refreshes at one provider at the same time, of this process: half of what it is asked at once, so that sign-ins always
#: find a place. Each provider has its own, because one that does not answer keeps them for most of a minute.
_AT_ONCE = 32
#: Seconds until the provider, or the database, is asked again after it was away: doubled each time up to the longest.
_FIRST, _LONGEST = 5.0, 60.0
#: Tokens that last less are refreshed as if they lasted so long.
LEAST_LIFETIME = 20.0


class RefreshStore(Protocol):
    """What is needed of the store. Calls raise StoreError when it is away."""

    @property
    def snapshot(self) -> Snapshot: ...

    async def take_refresh(self, session: str) -> RefreshLease | Refreshed | Later | None:
        """See `store.people.session_refresh.take`."""
        ...

    async def finish_refresh(self, lease: RefreshLease, made: Refreshed, refresh_token: str, id_token: str) -> bool:
        """See `store.people.session_refresh.finish`."""
        ...

    async def give_refresh_back(self, lease: RefreshLease, again: float) -> None:
        """See `store.people.session_refresh.give_back`."""
        ...

    async def end_refused(self, session: str, subject: str, noted: Mapping[str, object]) -> None:
        """The provider refuses: the session ends, with an entry in the audit."""
        ...

    async def seen(self, moments: Mapping[str, float]) -> None:
        """When sessions (their ids) were used last."""
        ...


class Refreshing:
    """Made once a process. `refreshed` is called with what is known of a session."""

    log = Logger()

    def __init__(
        self, store: RefreshStore, providers: Mapping[str, IdentityProvider], clock: IReactorTime,
        wall_clock: Callable[[], float], refreshed: Callable[[Refreshed], None],
    ) -> None:
        self._store = store
        self._providers = providers
        self._clock = clock
        self._wall_clock = wall_clock
        self._refreshed = refreshed
        self._turns: dict[str, DeferredSemaphore] = {}
        self._wanted = WantedByProvider()
        #: Sessions in hand, and those that are not to be asked about before a time (wall clock), with the number of failures.
        self._under_way: set[str] = set()
        self._waiting: dict[str, tuple[float, int]] = {}

    def begin(self, session: str, provider: str) -> None:
        """The tokens of a session (its id), which are of this provider (its id), are over: see to it, unless that is being
        done.
        """
        if session in self._under_way:
            return
        now = self._wall_clock()
        again, failures = self._waiting.get(session, (0.0, 0))
        # Whatever the clock has done since: nothing waits for longer than this.
        if now < again <= now + _LONGEST:
            return
        self._under_way.add(session)
        turns = self._turns.setdefault(provider, DeferredSemaphore(_AT_ONCE))
        turns.run(lambda: Deferred.fromCoroutine(self._refresh(session, failures))).addErrback(
            lambda failure: self.log.failure("a session could not be refreshed", failure)
        ).addBoth(lambda _: self._under_way.discard(session))

    async def ask(self, session: str, provider: str) -> Refreshed | Later | None:
        """What is known of a session now, whose provider is asked first where its tokens are over. None: the session has
        ended, or the provider refuses; Later: it is away, or is being asked. Raises StoreError.
        """
        turns = self._turns.setdefault(provider, DeferredSemaphore(_AT_ONCE))
        return await turns.run(lambda: Deferred.fromCoroutine(self._ask_first(session)))

    async def _ask_first(self, session: str) -> Refreshed | Later | None:
        found = await self._store.take_refresh(session)
        if not isinstance(found, RefreshLease):
            return found
        await self._ask(found, 0)
        again = await self._store.take_refresh(session)
        # A lease once more: what the provider has said could not be written down.
        return Later(again.until) if isinstance(again, RefreshLease) else again

    def _later(self, session: str, at: float, failures: int) -> None:
        if len(self._waiting) >= 50_000:  # of sessions that nobody uses any more
            self._waiting.clear()
        self._waiting[session] = (at, failures)

    async def _refresh(self, session: str, failures: int) -> None:
        try:
            found = await self._store.take_refresh(session)
        except StoreError:
            self._later(session, self._wall_clock() + _pause(failures), failures + 1)
            return
        self._waiting.pop(session, None)
        if isinstance(found, RefreshLease):
            await self._ask(found, failures)
        elif isinstance(found, Later):
            # Whoever is at it is soon done; a provider that is away is not asked by anybody.
            self._later(session, min(found.at, self._wall_clock() + 1.0), 0)
        elif found is not None:
            self._refreshed(found)

    async def _ask(self, lease: RefreshLease, failures: int) -> None:
        record = self._store.snapshot.providers.get(lease.provider)
        try:
            if record is None or record.issuer != lease.issuer:
                raise GrantRefused(Code.PROVIDER_REFUSED, "the provider is not there any more")
            provider = self._providers[record.id]
            if not isinstance(provider, Refreshes):
                raise RequestError(Code.PROVIDER_UNREACHABLE, "this kind of provider cannot refresh")
            answer, made = await self._asked(provider, record, lease)
        except GrantRefused as error:
            await self._refused(lease, record, error)
        except RequestError as error:
            await self._failed(lease, error, failures)
        else:
            await self._keep(lease, made, answer)

    async def _asked(self, provider: Refreshes, record: ProviderRecord, lease: RefreshLease) -> tuple[TokenAnswer, Refreshed]:
        """The provider's word. Whatever comes after the new tokens must not lose them: the old one may be used up."""
        answer = await provider.refresh(lease.refresh_token, record.client_id)
        # Since its answer: one that takes its time would be asked twice within one life of its tokens.
        now = self._wall_clock()
        lifetime = max(answer.lifetime or _default_lifetime(lease, now), LEAST_LIFETIME)
        before = replace(lease.before, refresh_at=now + lifetime)
        wanted = self._wanted.of(self._store.snapshot, record.id)
        try:
            claims, why_not = await provider.refreshed_claims(answer, lease.subject, WantedClaims(
                record.client_id, "", wanted.claims(record), now), lease.before.claims)
        except GrantRefused:
            raise
        except RequestError as error:
            self.log.warn("{provider}: what came with a refresh of {subject} does not count: {detail}", provider=record.name,
                          subject=lease.subject, detail=error.detail)
            return answer, before
        if claims is None:
            return answer, before
        kept = with_few_groups(claims.raw, record.groups_claim, wanted.groups)
        return answer, _made(before, replace(claims, raw=kept), why_not)

    async def _keep(self, lease: RefreshLease, made: Refreshed, answer: TokenAnswer) -> None:
        """Write down until it is written: a token that was used once may be good for nothing any more."""
        pause = 1.0
        while True:
            try:
                lasts = await self._store.finish_refresh(lease, made, answer.refresh_token, answer.id_token)
                break
            except StoreError as error:
                self.log.error("what a provider has said of {subject} cannot be written down yet: {reason}",
                               subject=lease.subject, reason=str(error))
            if self._wall_clock() + pause > lease.until:
                return
            await _sleep(self._clock, pause)
            pause = min(pause * 2, 16.0)
        if lasts:
            self._refreshed(made)

    async def _refused(self, lease: RefreshLease, record: ProviderRecord | None, error: IdentityError) -> None:
        name = lease.provider if record is None else record.name
        self.log.info("{provider} refuses to refresh the session of {subject}: {detail}", provider=name,
                      subject=lease.subject, detail=error.detail)
        noted = {"provider": name, "name": lease.before.name, "session": lease.before.id,
                 "reason": f"the provider refused to refresh it: {error.detail}"}
        try:
            await self._store.end_refused(lease.before.id, lease.subject, noted)
        except StoreError:
            # The lease runs out, and the provider refuses once more.
            self._later(lease.before.id, self._wall_clock() + _FIRST, 0)

    async def _failed(self, lease: RefreshLease, error: RequestError, failures: int) -> None:
        again = self._wall_clock() + _pause(failures)
        if not failures:
            self.log.warn("the session of {subject} could not be refreshed, and goes on meanwhile: {detail}",
                          subject=lease.subject, detail=error.detail)
        self._later(lease.before.id, again, failures + 1)
        with suppress(StoreError):  # it runs out by itself
            await self._store.give_refresh_back(lease, again)


def _pause(failures: int) -> float:
    return min(_FIRST * 2.0 ** min(failures, 8), _LONGEST)


def _default_lifetime(lease: RefreshLease, now: float) -> float:
    """Where the provider does not say how long its tokens last: as seldom as every hour."""
    return min(3600.0, max(lease.ends - now, LEAST_LIFETIME))


def _made(before: Refreshed, claims: Claims, why_not: str) -> Refreshed:
    """What is known now. Where UserInfo did not come, what it told before is still believed."""
    raw = {**(before.claims if why_not else {}), **claims.raw}
    return replace(
        before, claims=raw, name=display_name(replace(claims, raw=raw)),
        auth_time=claims.auth_time if "auth_time" in raw else before.auth_time,
        amr=claims.amr or before.amr, acr=claims.acr or before.acr,
    )


def _sleep(clock: IReactorTime, seconds: float) -> Awaitable[None]:
    return deferLater(clock, seconds)
