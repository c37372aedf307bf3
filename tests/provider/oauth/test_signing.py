"""The keys of ID tokens are changed with an overlap."""

from __future__ import annotations

import hmac
import json

import pytest
from joserfc import jwt

from appproxy.errors import IdentityError
from appproxy.identity.sealing import encode
from appproxy.provider.oauth.signing import KEY_AGE, KEY_KEEP, key_set, load, read_hint, rotate
from appproxy.store.database.store import Store
from appproxy.store.service.keys import SigningKey, read_signing_keys
from appproxy.store.tables.core import signing_keys
from tests.provider.house import ISSUER, NOW


def rotated(store: Store, now: float) -> tuple[bool, tuple[SigningKey, ...]]:
    """Look after the keys at a moment: has anything changed, and the keys then."""
    with store.transaction(now) as tx:
        return rotate(tx), read_signing_keys(tx)


class TestRotate:
    def test_the_way_of_a_key(self, store: Store) -> None:
        """A key signs for 90 days, verifies for two days more, and is gone then."""
        with store.reading() as reading:
            (first,) = read_signing_keys(reading)
        assert rotated(store, NOW + KEY_AGE - 1) == (False, (first,))
        changed, keys = rotated(store, NOW + KEY_AGE)
        assert changed
        assert keys[1] == first
        assert keys[0].created == NOW + KEY_AGE
        assert rotated(store, NOW + KEY_AGE + KEY_KEEP) == (False, keys)
        assert rotated(store, NOW + KEY_AGE + KEY_KEEP + 1) == (True, keys[:1])

    def test_no_key(self, store: Store) -> None:
        """A store without a key gets one."""
        with store.transaction(NOW) as tx:
            tx.change(signing_keys.delete())
        changed, keys = rotated(store, NOW)
        assert changed
        assert len(keys) == 1


class TestKeys:
    def test_only_public_halves_are_shown(self, store: Store) -> None:
        """The key set holds nothing that can sign."""
        with store.reading() as reading:
            shown = key_set(read_signing_keys(reading)).as_dict()["keys"]
        assert [sorted(key) for key in shown] == [["alg", "crv", "kid", "kty", "use", "x", "y"]]
        assert shown[0]["alg"] == "ES256"

    def test_secret_in_print(self, store: Store) -> None:
        """A key that is printed shows no secret."""
        with store.reading() as reading:
            key = read_signing_keys(reading)[0]
        assert "PRIVATE" not in repr(key)
        assert "PRIVATE" not in repr(load(key))


class TestHint:
    def test_only_ours(self, store: Store) -> None:
        """Only a token that our key has signed, for our issuer, is a hint."""
        with store.reading() as reading:
            stored = read_signing_keys(reading)
        key, keys = load(stored[0]), key_set(stored)
        header = {"alg": "ES256", "kid": stored[0].id}
        assert read_hint(jwt.encode(header, {"iss": ISSUER, "sub": "ann"}, key), keys, ISSUER)["sub"] == "ann"
        # Algorithm confusion: the public key taken as the secret of an HMAC.
        parts = ({"alg": "HS256", "kid": stored[0].id}, {"iss": ISSUER})
        signed = b".".join(encode(json.dumps(part).encode()) for part in parts)
        confused = signed + b"." + encode(hmac.digest(key.as_pem(private=False), signed, "sha256"))
        forged = [
            jwt.encode(header, {"iss": "https://other.example", "sub": "ann"}, key),
            jwt.encode({**header, "kid": "other"}, {"iss": ISSUER}, key),
            confused.decode(), "", "a.b.c", "....", "\u00e9.\u00e9.\u00e9",
        ]  # fmt: skip
        for token in forged:
            with pytest.raises(IdentityError):
                read_hint(token, keys, ISSUER)
