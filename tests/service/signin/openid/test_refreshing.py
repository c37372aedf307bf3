"""Refreshing at a provider that takes its time: a token that is good for one use is not used again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
from treq.testing import RequestTraversalAgent
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.oidc_client import CALL_TIMEOUT, REFRESH_TIMEOUT, HttpOidcClient
from appproxy.service.signin.openid.refreshing import Refreshing
from appproxy.store.people.session.record import Later, Refreshed, RefreshLease
from appproxy.store.people.session.refresh import LEASE
from appproxy.store.snapshot import ProviderRecord

ISSUER = "https://idp.example.com"
SLOW = "https://slow.example.com"
LIFE = 60.0


class Provider(Resource):
    """Its refresh tokens are good for one use. It answers `after` so many seconds, though it has seen to it at once."""

    isLeaf = True

    def __init__(self, issuer: str, clock: Clock, after: float) -> None:
        super().__init__()
        self._issuer = issuer
        self._clock = clock
        self.after = after
        self.good: dict[str, str] = {}
        #: When each session was refreshed, and what came twice.
        self.refreshed: dict[str, list[float]] = {}
        self.reused: list[str] = []

    def render(self, request: Request) -> bytes | int:
        if request.path != b"/token":
            return json.dumps({
                "issuer": self._issuer, "authorization_endpoint": f"{self._issuer}/authorize",
                "token_endpoint": f"{self._issuer}/token", "jwks_uri": f"{self._issuer}/keys",
            }).encode()
        assert request.content is not None
        token = parse_qs(request.content.read().decode())["refresh_token"][0]
        session = self.good.pop(token, None)
        if session is None:
            self.reused.append(token)
            status, answer = 400, dict[str, object](error="invalid_grant")
        else:
            times = self.refreshed.setdefault(session, [])
            times.append(self._clock.seconds())
            again = f"{session} {len(times)}"
            self.good[again] = session
            status, answer = 200, {
                "access_token": "a", "token_type": "Bearer", "expires_in": int(LIFE), "refresh_token": again}
        request.setResponseCode(status)
        self._clock.callLater(self.after, self._answer, request, json.dumps(answer).encode())
        return NOT_DONE_YET

    def _answer(self, request: Request, body: bytes) -> None:
        if request.channel is not None:
            request.write(body)
            request.finish()


@dataclass
class Sessions:
    """A `RefreshStore` in memory, with the rules of `store.people.session.refresh`."""

    clock: Clock
    snapshot: Any
    provider_of: dict[str, str] = field(default_factory=dict)
    rows: dict[str, tuple[str, float, float]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    def add(self, session: str, provider: str, token: str) -> None:
        """One whose tokens are over."""
        self.provider_of[session] = provider
        self.rows[session] = (token, 0.0, 0.0)

    async def take_refresh(self, session: str) -> RefreshLease | Refreshed | Later | None:
        token, refresh_at, lease = self.rows[session]
        now, known = self.clock.seconds(), Refreshed(session, "", 0.0, (), "", refresh_at, {})
        if refresh_at > now:
            return known
        if now < lease:
            return Later(lease)
        self.rows[session] = (token, refresh_at, now + LEASE)
        provider = self.snapshot.providers[self.provider_of[session]]
        return RefreshLease(provider.id, "sub", provider.issuer, now + LEASE, 1e9, known, token)

    async def finish_refresh(self, lease: RefreshLease, made: Refreshed, refresh_token: str, id_token: str) -> bool:
        if self.rows[made.id][2] != lease.until:
            return False
        self.rows[made.id] = (refresh_token, made.refresh_at, 0.0)
        return True

    async def give_refresh_back(self, lease: RefreshLease, again: float) -> None:
        token, refresh_at, _ = self.rows[lease.before.id]
        self.rows[lease.before.id] = (token, refresh_at, again)

    async def end_refused(self, session: str, subject: str, noted: Mapping[str, object]) -> None:
        self.ended.append(session)

    async def seen(self, moments: Mapping[str, float]) -> None:
        raise NotImplementedError


class House:
    """Two providers, the second of which takes its time; sessions; and what refreshes them."""

    def __init__(self, slow: float) -> None:
        self.clock = Clock()
        self.slow, self.quick = Provider(SLOW, self.clock, slow), Provider(ISSUER, self.clock, 0.1)
        self.told: list[str] = []
        records = {"slow": ProviderRecord("slow", "Slow", SLOW, "client", "secret"),
                   "quick": ProviderRecord("quick", "Quick", ISSUER, "client", "secret")}
        self.agents = {id_: RequestTraversalAgent(site) for id_, site in (("slow", self.slow), ("quick", self.quick))}
        providers = {id_: OidcProvider(record, HttpOidcClient(record, self.agents[id_], self.clock, self.clock.seconds))
                     for id_, record in records.items()}
        snapshot = SimpleNamespace(providers=records, applications={}, policies=None)
        self.store = Sessions(self.clock, snapshot)
        self.refreshing = Refreshing(
            self.store, providers, self.clock, self.clock.seconds, lambda known: self.told.append(known.id))
        nothing: Any = SimpleNamespace(of=lambda snapshot, provider: SimpleNamespace(groups=frozenset(), claims=lambda _: []))
        self.refreshing._wanted = nothing  # no application asks for a claim

    def session(self, name: str, site: Provider, provider: str) -> None:
        """A session whose tokens are over."""
        self.store.add(name, provider, f"{name} 0")
        site.good[f"{name} 0"] = name

    def ask(self, session: str) -> None:
        """A request comes."""
        self.refreshing.begin(session, self.store.provider_of[session])
        self.flush()

    def flush(self) -> None:
        """Let bytes flow."""
        for agent in self.agents.values():
            agent.flush()

    def second(self) -> None:
        """A second passes."""
        self.clock.advance(1.0)
        self.flush()


@pytest.mark.parametrize("slow", [0.1, CALL_TIMEOUT - 1.5, CALL_TIMEOUT + 2.0, REFRESH_TIMEOUT - 2.0])
def test_a_token_is_used_once_however_slow_the_answer_is(slow: float) -> None:
    """One refresh for each life of the tokens, while requests come each second; what came late is taken all the same."""
    house = House(slow)
    house.session("s", house.slow, "slow")
    for _ in range(400):
        house.ask("s")
        house.second()
    times = house.slow.refreshed["s"]
    assert house.slow.reused == [] and house.store.ended == []
    assert len(times) >= 3 and house.told.count("s") >= len(times) - 1
    assert all(later - earlier >= LIFE for earlier, later in zip(times, times[1:], strict=False))


def test_an_answer_that_never_comes_is_given_up_within_the_lease() -> None:
    """Another process would take the session's turn then, though this one might still be told."""
    house = House(1e6)
    house.session("s", house.slow, "slow")
    house.ask("s")
    began = house.store.rows["s"][2] - LEASE
    while house.store.rows["s"][2] == began + LEASE:
        house.second()
        assert house.clock.seconds() < began + LEASE - CALL_TIMEOUT
    assert house.clock.seconds() - began >= REFRESH_TIMEOUT


def test_a_provider_that_does_not_answer_keeps_no_other_waiting() -> None:
    """As many of its sessions as there are, and one of another provider."""
    house = House(1e6)
    for number in range(200):
        house.session(f"s{number}", house.slow, "slow")
        house.ask(f"s{number}")
    house.session("q", house.quick, "quick")
    house.ask("q")
    house.second()
    assert house.told == ["q"]
