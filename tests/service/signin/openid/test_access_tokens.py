"""What providers vouch for, and what a flood of made-up tokens costs them."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.policy.sender import SENDER
from appproxy.service.dispatch.gates.provider_tokens import KnownToken
from appproxy.service.signin.openid.access_tokens import AccessTokens
from appproxy.store.snapshot import ProviderRecord
from tests.identity.mint import EC, ISSUER, KEYS, NOW, sign
from tests.identity.openid.test_access_token import mint

RECORD = ProviderRecord("idp", "Example", ISSUER, "client-1", "")


class Provider:
    """Notes what it is asked; `says` by token, or a Deferred of it."""

    def __init__(self) -> None:
        self.keys = KEYS
        self.fetched = 0
        self.asked: list[str] = []
        self.says: dict[str, Any] = {}
        self.away = False

    async def signing_keys(self, refresh: bool = False) -> KeySet:
        self.fetched += 1
        if self.away:
            raise RequestError(Code.PROVIDER_UNREACHABLE, "away")
        return self.keys

    async def introspect(self, token: str) -> object:
        self.asked.append(token)
        said = self.says.get(token, {"active": False})
        return await said if isinstance(said, Deferred) else said


@pytest.fixture
def provider() -> Provider:
    """A provider."""
    return Provider()


@pytest.fixture
def clock() -> Clock:
    """Its time."""
    return Clock()


@pytest.fixture
def tokens(provider: Provider, clock: Clock) -> AccessTokens:
    """A book of its tokens."""
    return AccessTokens({"idp": provider}, clock, 100)  # type: ignore[dict-item]  # only what is asked of it


def learned(tokens: AccessTokens, token: str, now: float = NOW) -> KnownToken:
    """What is learned at once."""
    found: list[KnownToken] = []
    tokens.learn(token.encode(), RECORD, now).addCallback(found.append)
    return found[0]


def test_a_signed_token_is_looked_at_once(tokens: AccessTokens, provider: Provider) -> None:
    """Then it is known for a while, but not as another provider's."""
    token = mint()
    assert tokens.known(token.encode(), RECORD, NOW) is None
    found = learned(tokens, token)
    assert found.token is not None and found.token.raw["sub"] == "user-1"
    assert tokens.known(token.encode(), RECORD, NOW + 299) is found
    assert tokens.known(token.encode(), RECORD, NOW + 300) is None and tokens.is_familiar(token.encode(), RECORD)
    changed = ProviderRecord("idp", "Example", ISSUER, "client-1", "", algorithms=("RS256",))
    assert tokens.known(token.encode(), changed, NOW) is None
    assert provider.fetched == 1


def test_a_flood_of_signatures_fetches_keys_once_in_a_while(tokens: AccessTokens, provider: Provider, clock: Clock) -> None:
    """A thousand made-up tokens in ten seconds are one call more; and a new key is found all the same."""
    learned(tokens, mint())
    stranger = ECKey.generate_key("P-256", {"kid": "new"})
    for number in range(300):
        assert learned(tokens, mint({"kid": "new"}, stranger, jti=str(number))).token is None
    assert provider.fetched == 1
    clock.advance(11)
    provider.keys = KeySet([*KEYS.keys, ECKey.import_key(stranger.as_dict(private=False))])
    assert learned(tokens, mint({"kid": "new"}, stranger)).token is not None
    assert provider.fetched == 2


def test_the_refused_push_nobody_out(tokens: AccessTokens) -> None:
    """What is good stays known, however many are not; and of those only so many are remembered."""
    good = mint()
    learned(tokens, good)
    for number in range(300):
        learned(tokens, sign({"a": number}, EC, {"typ": "x"}))
    assert tokens.known(good.encode(), RECORD, NOW) is not None
    refused = sign({"a": 299}, EC, {"typ": "x"}).encode()
    assert learned(tokens, refused.decode()).token is None
    found = tokens.known(refused, RECORD, NOW + 59)
    assert found is not None and found.token is None and tokens.known(refused, RECORD, NOW + 60) is None


def test_opaque_tokens_are_asked_about_once(tokens: AccessTokens, provider: Provider) -> None:
    """Kept for a minute, and never beyond its end; who is refused is, too."""
    good: dict[str, Any] = {"active": True, "sub": "u"}
    provider.says = {"good": {**good, "exp": NOW + 3600}, "short": {**good, "exp": NOW + 5}}
    for token, until in (("good", NOW + 60), ("short", NOW + 5), ("bad", NOW + 60)):
        found = learned(tokens, token)
        assert found.until == until and (found.token is None) is (token == "bad")
        assert tokens.known(token.encode(), RECORD, until - 1) is found
        assert tokens.known(token.encode(), RECORD, until) is None
    assert provider.asked == ["good", "short", "bad"]


def test_many_who_ask_at_the_same_time(tokens: AccessTokens, provider: Provider) -> None:
    """It is one call; and whoever leaves takes it from nobody."""
    answer: Deferred[Any] = Deferred()
    provider.says = {"slow": answer}
    found: list[KnownToken] = []
    asking = [tokens.learn(b"slow", RECORD, NOW) for _ in range(3)]
    asking[0].addErrback(lambda failure: None)
    asking[0].cancel()
    for one in asking[1:]:
        one.addCallback(found.append)
    answer.callback({"active": True, "sub": "u"})
    assert len(found) == 2 and provider.asked == ["slow"]


def test_one_network_holds_up_no_other(tokens: AccessTokens, provider: Provider) -> None:
    """With all calls taken by random tokens of one, the next free one is another's."""
    answers: list[Deferred[Any]] = []
    failures: list[object] = []

    def failed(failure: Failure) -> None:
        failures.append(failure.value)

    def ask(network: str, token: str) -> None:
        answers.append(Deferred())
        provider.says[token] = answers[-1]
        SENDER.set(network)
        tokens.learn(token.encode(), RECORD, NOW).addErrback(failed)

    before = SENDER.get()
    try:
        for number in range(100):
            ask("192.0.2.1", f"flood{number}")
        ask("198.51.100.7", "mine")
    finally:
        SENDER.set(before)
    assert len(provider.asked) == 16
    assert len(failures) == 100 - 16 - 20 and all(isinstance(one, RequestError) for one in failures)
    for answer in answers[:2]:
        answer.callback({"active": False})
    assert provider.asked[-1] == "mine" or provider.asked[-2] == "mine"


def test_a_provider_that_is_away_refuses_nobody(tokens: AccessTokens, provider: Provider, clock: Clock) -> None:
    """It is an error, and is not remembered as a refusal."""
    provider.away = True
    failed: list[Any] = []
    token = mint()
    tokens.learn(token.encode(), RECORD, NOW).addErrback(failed.append)
    assert failed[0].value.code is Code.PROVIDER_UNREACHABLE and tokens.known(token.encode(), RECORD, NOW) is None
    provider.away = False
    clock.advance(3)
    assert learned(tokens, token).token is not None


def test_a_provider_without_tokens(clock: Clock) -> None:
    """Of another kind, or one that is asked in vain."""
    class Silent(Provider):
        async def introspect(self, token: str) -> object:
            raise IdentityError(Code.PROVIDER_REFUSED, "no introspection end point")

    book = AccessTokens({"idp": Silent()}, clock)  # type: ignore[dict-item]
    assert learned(book, "opaque").reason == "no introspection end point"
    book = AccessTokens({"idp": object()}, clock)  # type: ignore[dict-item]
    assert "does not vouch" in learned(book, mint()).reason


