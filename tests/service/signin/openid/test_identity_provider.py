"""Encrypted ID tokens on their way through a provider: opened, and kept as they were signed."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.encrypted_token import EncryptionKey
from appproxy.identity.openid.oidc import TokenAnswer
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.store.snapshot import ProviderRecord
from tests.service.signin.openid.test_oidc_client import result_of

SIGNED = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
PAIR = ECKey.generate_key("P-256")
KEY = EncryptionKey("k", "EC", PAIR.as_pem(private=True).decode(), 0.0)
PLAIN = ProviderRecord("idp", "Example", "https://idp.example.com", "client", "secret")
SETTING = replace(PLAIN, settings=read_settings({"id_token_encryption": "ECDH-ES"}), encryption_keys=(KEY,))


def encrypted(algorithm: str = "ECDH-ES") -> str:
    """A token as a provider makes it."""
    return jwe.encrypt_compact(
        {"alg": algorithm, "enc": "A256GCM", "cty": "JWT", "kid": "k"}, SIGNED, PAIR, algorithms=[algorithm, "A256GCM"])


def answered(record: ProviderRecord, token: str, call: str) -> TokenAnswer:
    """What comes of a provider's answer to `exchange` or `refresh`."""
    async def answer(*_: Any) -> TokenAnswer:
        return TokenAnswer(token, "access", "the next one", 60.0)

    client: Any = SimpleNamespace(exchange=answer, refresh=answer)
    provider = OidcProvider(record, client)
    asked = provider.exchange("c", "v", "u", "client") if call == "exchange" else provider.refresh("t", "client")
    return result_of(Deferred.fromCoroutine(asked))


@pytest.mark.parametrize("call", ["exchange", "refresh"])
def test_what_is_within_goes_on(call: str) -> None:
    """It is checked as any other, and a sign-out sends it back as a hint, which the provider can read."""
    assert answered(SETTING, encrypted(), call) == TokenAnswer(SIGNED, "access", "the next one", 60.0)
    assert answered(PLAIN, SIGNED, call).id_token == SIGNED


@pytest.mark.parametrize(("record", "token", "why"), [
    (SETTING, SIGNED, "not encrypted"), (PLAIN, encrypted(), "set id_token_encryption"),
    (SETTING, encrypted("ECDH-ES+A128KW"), "otherwise"),
    (replace(SETTING, encryption_keys=()), encrypted(), "not ours any more"),
])  # fmt: skip
def test_what_is_otherwise_than_set_lets_nobody_in(record: ProviderRecord, token: str, why: str) -> None:
    """The log says which setting is to be looked at. A refresh goes on without it: its new token must not be lost."""
    with pytest.raises(IdentityError, match=why) as caught:
        answered(record, token, "exchange")
    assert caught.value.code is Code.TOKEN_REFUSED
    with capturedLogs() as events:
        assert answered(record, token, "refresh") == TokenAnswer("", "access", "the next one", 60.0)
    assert why in events[0]["detail"]


def test_a_refresh_without_an_id_token() -> None:
    """Need not have one, and nothing is wrong with that."""
    with capturedLogs() as events:
        assert answered(SETTING, "", "refresh").id_token == ""
    assert events == []
