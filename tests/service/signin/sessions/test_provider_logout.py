"""The provider ends its session: a token that it posts, or a frame of its page."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey
from twisted.logger import capturedLogs, formatEvent

from appproxy.errors import Code, StoreError
from appproxy.identity.openid import encrypted_token
from appproxy.identity.openid.encrypted_token import EncryptionKey
from appproxy.identity.openid.logout_token import EVENT
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.publish.application import Url
from tests.service.exchanges import FakeExchange
from tests.service.sign_in_world import ISSUER, NOW, RECORD, SIGNIN, WIKI, Browser, FakeProvider, World

PAGE = "https://wiki.example.com/page"
BACK = f"{SIGNIN}/backchannel-logout"
SID = "provider-session-1"


@pytest.fixture
def world() -> World:
    """A new service, whose provider names its sessions."""
    world = World()
    world.provider.changes = {"sid": SID}
    return world


@pytest.fixture
def browser(world: World) -> Browser:
    """A browser that is signed in."""
    browser = Browser(world)
    assert browser.open(PAGE).status == 200
    return browser


def token(provider: FakeProvider, key: ECKey | None = None, **changes: Any) -> str:
    """A logout token of the provider."""
    said = {
        "iss": provider.issuer, "aud": "client-1", "sid": SID, "sub": "ann", "iat": NOW, "exp": NOW + 120, "jti": "j1",
        "events": {EVENT: {}}, **changes,
    }
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "k1", "typ": "logout+jwt"}, said, key or provider.key, ["ES256"])


def post(world: World, text: str) -> FakeExchange:
    """What the provider does."""
    return Browser(world).request(BACK, b"POST", {"logout_token": text}, fields=[])


def signed_in(browser: Browser, url: str = PAGE) -> bool:
    """Does the browser's cookie count?"""
    return browser.request(url, fields=[]).status == 200


class TestBackChannel:
    """A token is posted."""

    def test_its_session_ends(self, world: World, browser: Browser) -> None:
        """On all hosts, and no other session; whoever comes back signs in again."""
        other = Browser(world)
        world.provider.changes = {"sid": "provider-session-2"}
        other.open(PAGE)
        exchange = post(world, token(world.provider))
        assert (exchange.status, exchange.field(b"cache-control")) == (200, b"no-store")
        assert not signed_in(browser) and signed_in(other)
        ((actor, _, target, detail),) = [one for one in world.noted if one[1] == "session.ended"]
        assert (actor, target, detail["reason"]) == ("user:ann", "ann", "back-channel logout")
        assert (detail["provider"], detail["address"]) == ("Example", "192.0.2.7") and detail["session"]
        assert browser.open(PAGE).status == 200

    def test_all_of_a_subject(self, world: World, browser: Browser) -> None:
        """Without `sid` all sessions of the subject are meant."""
        other = Browser(world)
        world.provider.changes = {"sid": "provider-session-2"}
        other.open(PAGE)
        world.now += 1
        assert post(world, token(world.provider, sid=None)).status == 200
        assert not signed_in(browser) and not signed_in(other)

    def test_it_comes_late(self, world: World, browser: Browser) -> None:
        """A token that the provider sends again and again, because nobody had heard it, ends no session that began since."""
        late = token(world.provider, sid=None, iat=NOW, exp=NOW + 600)
        world.now += 300
        again, other = Browser(world), Browser(world)
        world.provider.changes = {"sid": "provider-session-2", "iat": world.now}
        assert again.open(PAGE).status == 200
        world.now += 5
        assert post(world, late).status == 200
        assert not signed_in(browser) and signed_in(again)
        assert len([one for one in world.noted if one[1] == "session.ended"]) == 1
        assert other.open(PAGE).status == 200

    def test_who_is_meant(self, world: World, browser: Browser) -> None:
        """Another session, or this one of another subject, ends nothing; that is no error."""
        others: list[dict[str, Any]] = [{"sid": "provider-session-9"}, {"sub": "bob"}, {"sub": "bob", "sid": None}]
        for number, changes in enumerate(others):
            assert post(world, token(world.provider, jti=f"o{number}", **changes)).status == 200
            assert signed_in(browser)

    def test_by_its_name_alone(self, world: World, browser: Browser) -> None:
        """`sid` is enough."""
        assert post(world, token(world.provider, sub=None)).status == 200
        assert not signed_in(browser)

    def test_used_once(self, world: World, browser: Browser) -> None:
        """Whoever has seen a token cannot end the sessions of tomorrow with it."""
        text = token(world.provider)
        assert post(world, text).status == 200
        browser.open(PAGE)
        exchange = post(world, text)
        assert (exchange.status, exchange.content) == (400, b'{"error": "invalid_request"}')
        assert "used before" in exchange.detail
        assert signed_in(browser)

    @pytest.mark.parametrize("changes", [
        {"iss": "https://evil.example"}, {"iss": None}, {"aud": "other"}, {"events": {}}, {"events": None}, {"nonce": "n"},
        {"jti": None}, {"iat": None}, {"exp": NOW - 61}, {"iat": NOW + 61}, {"sub": None, "sid": None},
        {"key": ECKey.generate_key("P-256", {"kid": "k1"})},
    ])
    def test_what_is_refused(self, world: World, browser: Browser, changes: dict[str, Any]) -> None:
        """400, an entry in the audit, and nobody is signed out."""
        exchange = post(world, token(world.provider, **changes))
        assert (exchange.status, exchange.failure) == (400, Code.TOKEN_REFUSED)
        assert signed_in(browser)
        ((actor, _, _, detail),) = [one for one in world.noted if one[1] == "session.end_refused"]
        assert (actor, detail["code"], detail["address"]) == ("anonymous", "TOKEN_REFUSED", "192.0.2.7")

    def test_few_lines_in_the_log(self, world: World) -> None:
        """However many are made up, and then how many they were."""
        with capturedLogs() as events:
            for _ in range(50):
                post(world, "x.y.z")
            world.now += 601
            post(world, "x.y.z")
        lines = [formatEvent(event) for event in events if "ends of sessions" in str(event.get("log_format"))
                 or "end of a session" in str(event.get("log_format"))]
        assert len(lines) == 5
        assert lines[3] == "47 more ends of sessions were refused, from 192.0.2.7"

    @pytest.mark.parametrize("form", [{}, {"logout_token": ""}, {"logout_token": "x" * 5000}, {"other": "x"}])
    def test_what_is_no_token(self, world: World, form: dict[str, str]) -> None:
        """Nor is anything else."""
        assert Browser(world).request(BACK, b"POST", form, fields=[]).status == 400

    def test_another_method(self, world: World) -> None:
        """Only a post."""
        assert Browser(world).request(BACK).status == 405

    def test_the_session_of_another_provider(self) -> None:
        """A provider ends its own sessions alone, though another one has the same names."""
        other = FakeProvider("https://other.example.com")
        record = replace(RECORD, id="other", name="Other", issuer=other.issuer)
        crm = replace(WIKI, id="crm", external=Url("https", "crm.example.com", 443), provider="other")
        world = World(applications=(WIKI, crm), extra={"other": other}, records=(RECORD, record))
        world.provider.changes = {"sid": SID}
        browser = Browser(world)
        browser.open(PAGE)
        assert post(world, token(other)).status == 200
        assert signed_in(browser)
        # Signed by one in the name of the other.
        assert post(world, token(replace(other, issuer=ISSUER), jti="j2")).status == 400
        assert signed_in(browser)

    def test_two_clients_of_one_issuer(self) -> None:
        """The token says by its audience whose it is."""
        issuer = FakeProvider()
        issuer.changes = {"sid": SID}
        second = replace(RECORD, id="a-second", name="Second", client_id="client-2")
        world = World(provider=issuer, extra={"a-second": issuer}, records=(second, RECORD))
        browser = Browser(world)
        browser.open(PAGE)
        assert post(world, token(world.provider)).status == 200
        assert not signed_in(browser)

    def test_a_new_key(self, world: World, browser: Browser) -> None:
        """The key set is asked for again, as at sign-in."""
        world.provider.key = ECKey.generate_key("P-256", {"kid": "k2"})
        text = jwt.encode({"alg": "ES256", "kid": "k2"}, {
            "iss": ISSUER, "aud": "client-1", "sid": SID, "iat": NOW, "exp": NOW + 60, "jti": "j", "events": {EVENT: {}},
        }, world.provider.key, ["ES256"])
        assert post(world, text).status == 200
        assert (world.provider.refreshed, signed_in(browser)) == (1, False)

    def test_a_database_that_is_away(self, world: World, browser: Browser) -> None:
        """The provider is to try again, with the same token."""
        ending = world.store.end_at_provider

        async def away(*arguments: Any) -> int | None:
            raise StoreError("away")

        world.store.end_at_provider = away  # type: ignore[assignment]
        exchange = post(world, token(world.provider))
        assert (exchange.status, exchange.field(b"retry-after")) == (503, b"10")
        world.store.end_at_provider = ending  # type: ignore[method-assign]
        assert post(world, token(world.provider)).status == 200
        assert not signed_in(browser)


def encrypting(number: int, **changes: Any) -> Any:
    """A provider that encrypts, and its key pair."""
    pair = ECKey.generate_key("P-256")
    key = EncryptionKey(f"key-{number}", "EC", pair.as_pem(private=True).decode(), NOW)
    settings = read_settings({"id_token_encryption": "ECDH-ES"})
    return replace(RECORD, settings=settings, encryption_keys=(key,), **changes), pair


def encrypted(within: str, pair: ECKey, **header: Any) -> str:
    """As a provider makes it; the header says what it is told to, whether or not that is a header."""
    said = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT", **header}
    if isinstance(said.get("kid", ""), str):
        return jwe.encrypt_compact(said, within, pair, algorithms=[said["alg"], "A256GCM"])
    return f"{urlsafe_b64encode(json.dumps(said).encode()).rstrip(b'=').decode()}.a.b.c.d"


def decryptions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the keys that are tried from now on."""
    tried: list[str] = []
    whole = encrypted_token._decrypted

    def counted(token: str, key: EncryptionKey, *more: Any) -> bytes | None:
        tried.append(key.id)
        return whole(token, key, *more)

    monkeypatch.setattr(encrypted_token, "_decrypted", counted)
    return tried


class TestEncrypted:
    """A token that the provider has encrypted after it has signed it: who has made it, stands within."""

    world: World
    browser: Browser
    pairs: list[ECKey]

    def make(self, providers: int) -> None:
        """A service with so many of them, a browser that is signed in by the first, and another provider before them."""
        made = [encrypting(0), *(encrypting(number, id=f"idp-{number}", issuer=f"https://idp-{number}.example.com")
                                 for number in range(1, providers))]
        plain = replace(RECORD, id="plain", issuer="https://plain.example.com")
        self.pairs = [pair for _, pair in made]
        records = (plain, *(record for record, _ in reversed(made)))
        self.world = World(records=records, extra={
            record.id: FakeProvider(record.issuer) for record in records if record.id != RECORD.id})
        self.world.provider.changes = {"sid": SID}
        self.world.provider.encrypt_to = self.pairs[0]
        self.browser = Browser(self.world)
        assert self.browser.open(PAGE).status == 200

    def post(self, within: str, number: int = 0, **header: Any) -> FakeExchange:
        """A token to the key of a provider."""
        return post(self.world, encrypted(within, self.pairs[number], **header))

    @pytest.mark.parametrize("providers", [1, 2, 9])
    def test_its_session_ends(self, providers: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """By the key that it names it is known whose it may be: one decryption, however many providers there are."""
        self.make(providers)
        tried = decryptions(monkeypatch)
        assert self.post(token(self.world.provider), kid="key-0").status == 200
        assert not signed_in(self.browser) and tried == ["key-0"]

    @pytest.mark.parametrize(("providers", "status", "most"), [(1, 200, 1), (2, 200, 2), (3, 400, 0), (9, 400, 0)])
    def test_one_that_names_no_key(
        self, providers: int, status: int, most: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is tried with the keys of two providers, and not of all: anybody may send such."""
        self.make(providers)
        tried = decryptions(monkeypatch)
        exchange = self.post(token(self.world.provider))
        assert (exchange.status, signed_in(self.browser)) == (status, status != 200)
        assert len(tried) == most
        assert status == 200 or "names no key (kid)" in exchange.detail

    @pytest.mark.parametrize("header", [
        {"kid": "key-9"}, {"kid": 7}, {"kid": ["key-0"]}, {"kid": {"key-0": 1}}, {"kid": "key-0", "alg": "ECDH-ES+A256KW"},
    ])
    def test_to_a_key_of_nobody(self, header: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        """Or otherwise than is set. Nothing is decrypted."""
        self.make(2)
        tried = decryptions(monkeypatch)
        exchange = self.post(token(self.world.provider), **header)
        assert (exchange.status, exchange.failure, tried) == (400, Code.TOKEN_REFUSED, [])
        assert signed_in(self.browser)

    @pytest.mark.parametrize("text", ["....", "a.b.c.d.e", "bnVsbA.b.c.d.e", "W10.b.c.d.e", "e30.b.c.d.e"])
    def test_what_has_no_header(self, text: str) -> None:
        """Refused as any other."""
        self.make(1)
        exchange = post(self.world, text)
        assert (exchange.status, exchange.failure) == (400, Code.TOKEN_REFUSED)

    def test_from_another_issuer(self) -> None:
        """Our key is public: whoever encrypts to it is nobody for that. No keys are fetched for what says so itself."""
        self.make(2)
        for number in (0, 1):
            exchange = self.post(token(FakeProvider("https://evil.example")), number, kid=f"key-{number}")
            assert exchange.status == 400 and "another issuer" in exchange.detail
        assert self.post(token(self.world.provider), 1, kid="key-1").status == 400, "of one provider, to the key of another"
        assert self.world.provider.refreshed == 0
        assert self.post(token(self.world.provider, key=ECKey.generate_key("P-256", {"kid": "k1"})), kid="key-0").status == 400
        assert signed_in(self.browser)

    def test_only_signed(self) -> None:
        """Providers encrypt ID tokens and not these, too."""
        self.make(2)
        assert post(self.world, token(self.world.provider)).status == 200
        assert not signed_in(self.browser)


class TestFrontChannel:
    """A frame of the provider's page."""

    def frame(self, world: World, **query: str) -> FakeExchange:
        """What the user's browser does, without our cookies."""
        return Browser(world).request(f"{SIGNIN}/frontchannel-logout?{urlencode(query)}")

    def test_its_session_ends(self, world: World, browser: Browser) -> None:
        """Issuer and session are named, and the provider's pages may show the page in a frame."""
        exchange = self.frame(world, iss=ISSUER, sid=SID)
        assert (exchange.status, exchange.field(b"cache-control")) == (200, b"no-store")
        assert f"frame-ancestors {ISSUER};".encode() in (exchange.field(b"content-security-policy") or b"")
        assert not signed_in(browser)
        (ended,) = [detail for _, action, _, detail in world.noted if action == "session.ended"]
        assert ended["reason"] == "front-channel logout"

    @pytest.mark.parametrize("query", [
        {}, {"iss": ISSUER}, {"sid": SID}, {"iss": "https://other", "sid": SID}, {"iss": ISSUER, "sid": "1"},
        {"iss": ISSUER, "sid": "x" * 300}, {"iss": ISSUER, "sid": SID + "\x00"},
    ])
    def test_what_is_refused(self, world: World, browser: Browser, query: dict[str, str]) -> None:
        """A short name could be guessed."""
        exchange = self.frame(world, **query)
        assert exchange.failure is Code.SIGN_IN_STATE
        assert b"frame-ancestors 'none'" in (exchange.field(b"content-security-policy") or b"")
        assert signed_in(browser)

    def test_another_session(self, world: World, browser: Browser) -> None:
        """The answer is the same: whoever guesses learns nothing."""
        one, other = self.frame(world, iss=ISSUER, sid=SID[:-1] + "9"), self.frame(world, iss=ISSUER, sid=SID)
        assert (one.status, one.content) == (other.status, other.content)
