"""The provider without HTTP, as its own service asks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from joserfc.jwk import KeySet
from twisted.internet.defer import Deferred

from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.identity.openid.id_token import check_id_token
from appproxy.provider.client import InProcessClient
from appproxy.provider.oauth.metadata import discovery_document
from appproxy.store.people import users
from tests.fakes.outcome import got
from tests.provider.house import CALLBACK, ISSUER, NOW, Browser, Flow, House, sign_in

if TYPE_CHECKING:
    from appproxy.service.signin.openid.oidc_client import OidcClient


def test_the_whole_way(browser: Browser, house: House, wiki: Flow) -> None:
    """The service gets the same without HTTP."""
    client: OidcClient = house.provider.client()
    metadata = got(Deferred.fromCoroutine(client.metadata()))
    assert metadata.authorization_endpoint == ISSUER + "/authorize"
    code = sign_in(browser, wiki).query["code"]
    answer = got(Deferred.fromCoroutine(client.exchange(code, wiki.verifier, CALLBACK, wiki.client_id)))
    believed = check_id_token(
        answer.id_token, got(Deferred.fromCoroutine(client.keys())), issuer=ISSUER, client_id=wiki.client_id,
        nonce="the nonce", algorithms=["ES256"], now=house.now,
    )  # fmt: skip
    assert believed.subject == house.read(users.find, "ann").id
    assert answer.id_token not in repr(answer)


def test_refused(house: House, wiki: Flow) -> None:
    """A code that the provider does not take is the provider's refusal."""
    client = house.provider.client()
    with pytest.raises(RequestError) as caught:
        got(Deferred.fromCoroutine(client.exchange("x", wiki.verifier, CALLBACK, wiki.client_id)))
    assert caught.value.code is Code.PROVIDER_REFUSED


@pytest.mark.parametrize("age", [0, 61])
def test_made_up_codes_cost_the_database_nothing(
    browser: Browser, house: House, wiki: Flow, monkeypatch: pytest.MonkeyPatch, age: int
) -> None:
    """Anybody can send them, by the thousand: they keep nobody from the one thread that writes. Nor do old ones."""
    codes = ["x", "\u00e9", "x" * 10_000, sign_in(browser, wiki).query["code"] + ("" if age else "x")]
    house.clock.advance(age)
    written: list[object] = []
    monkeypatch.setattr(house.live, "write", lambda *arguments: written.append(arguments))
    client = house.provider.client()
    for code in codes:
        with pytest.raises(RequestError) as caught:
            got(Deferred.fromCoroutine(client.exchange(code, wiki.verifier, CALLBACK, wiki.client_id)))
        assert caught.value.code is Code.PROVIDER_REFUSED
    assert written == []


def test_no_database(
    browser: Browser, house: House, wiki: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database is gone the service is told so, to say 503."""
    code = sign_in(browser, wiki).query["code"]

    def gone(*_: object) -> Deferred[object]:
        raise StoreError("gone")

    monkeypatch.setattr(house.live, "read", gone)
    monkeypatch.setattr(house.live, "write", gone)
    client = house.provider.client()
    for waiting in (client.keys(), client.exchange(code, wiki.verifier, CALLBACK, wiki.client_id)):
        with pytest.raises(RequestError) as caught:
            got(Deferred.fromCoroutine(waiting))
        assert caught.value.failure.status == 503


@dataclass
class CountedKeys:
    """A provider whose keys are counted as they are read; `answer` to a token request."""

    now: float = NOW
    read: int = 0
    answer: tuple[int, dict[str, object], str, float] = (200, {"id_token": "i", "access_token": "a"}, "r", 60.0)
    asked: list[dict[str, str]] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """The provider's own."""
        return discovery_document(ISSUER)

    async def keys(self) -> KeySet:
        """One more look."""
        self.read += 1
        return KeySet([])

    async def own_tokens(self, parameters: dict[str, str]) -> tuple[int, dict[str, object], str, float]:
        """The answer."""
        self.asked.append(parameters)
        return self.answer


def test_keys_are_read_once_a_minute() -> None:
    """And whenever one is asked for that is not known yet, or the clock was set back: a forgotten key signs nothing."""
    api = CountedKeys()
    client = InProcessClient(cast("Any", api), ISSUER)

    def look(refresh: bool = False) -> int:
        got(Deferred.fromCoroutine(client.keys(refresh)))
        return api.read

    assert (look(), look()) == (1, 1)
    assert look(refresh=True) == 2
    api.now += 59.0
    assert look() == 2
    api.now += 1.0
    assert look() == 3
    api.now -= 100.0
    assert (look(), look()) == (4, 4)


def test_what_is_asked_for_a_code() -> None:
    """All that the token end point checks; any refusal is an error, whatever else the answer holds."""
    api = CountedKeys()
    client = InProcessClient(cast("Any", api), ISSUER)
    answer = got(Deferred.fromCoroutine(client.exchange("code", "verifier", CALLBACK, "id")))
    assert (answer.id_token, answer.access_token, answer.refresh_token, answer.lifetime) == ("i", "a", "r", 60.0)
    assert api.asked == [{"grant_type": "authorization_code", "code": "code", "redirect_uri": CALLBACK, "client_id": "id",
                          "code_verifier": "verifier"}]
    api.answer = (400, {"error": "invalid_grant", "id_token": "i", "access_token": "a"}, "", 0.0)
    with pytest.raises(IdentityError, match="invalid_grant") as caught:
        got(Deferred.fromCoroutine(client.exchange("code", "verifier", CALLBACK, "id")))
    assert caught.value.code is Code.PROVIDER_REFUSED
