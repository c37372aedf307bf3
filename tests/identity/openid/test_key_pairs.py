"""Private keys for providers: read once, and never told."""

from __future__ import annotations

import pytest
from joserfc.jwk import ECKey, RSAKey

from appproxy.identity.openid.key_pairs import load_pair, public_half

KEYS: dict[str, ECKey | RSAKey] = {"EC": ECKey.generate_key("P-256"), "RSA": RSAKey.generate_key(2048)}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.mark.parametrize("type", ["EC", "RSA"])
def test_the_public_half_says_nothing_private(type: str) -> None:
    """It is the key's own, without any member of RFC 7518 that is secret."""
    key = KEYS[type]
    public = public_half(type, key.as_pem(private=True).decode())
    assert PRIVATE.isdisjoint(public)
    assert public["kty"] == type
    member = "x" if type == "EC" else "n"
    assert public[member] == key.as_dict(private=False)[member]


@pytest.mark.parametrize("type", ["EC", "RSA"])
def test_a_key_is_read_once(type: str) -> None:
    """Whoever asks again costs nothing but a look."""
    text = KEYS[type].as_pem(private=True).decode()
    assert load_pair(type, text) is load_pair(type, str(text))


def test_another_key_is_another() -> None:
    """Nothing is kept by anything but all of the key."""
    one, other = (ECKey.generate_key("P-256").as_pem(private=True).decode() for _ in range(2))
    assert load_pair("EC", one) is not load_pair("EC", other)
    assert public_half("EC", one) != public_half("EC", other)
