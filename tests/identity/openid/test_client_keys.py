"""Which of the client's keys signs, what is published, and when a key goes."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate
from joserfc import jws
from joserfc.jwk import JWKRegistry, RSAKey

from appproxy.identity.openid.client_keys import (
    KEPT,
    KEY_TYPES,
    PUBLISHED,
    ClientKey,
    public_signing_keys,
    shown_key,
    sign,
    signing_key,
    superseded,
)
from appproxy.identity.openid.key_pairs import load_pair, public_half
from appproxy.pki.issuing.client_certificate import new_client_credential

NOW = 1_800_000_000.0
MADE = {type: new_client_credential(type, "appproxy", NOW, b"\x01" * 16) for type in ("EC", "RSA")}


def key(id: str, age: float, type: str = "EC", given: bool = False) -> ClientKey:
    """A key that was made `age` seconds ago."""
    return ClientKey(id, type, MADE[type].key, MADE[type].certificate, NOW - age, given)


@pytest.mark.parametrize(("keys", "signs"), [
    ([], None), ([key("a", 0)], "a"), ([key("b", PUBLISHED - 1), key("a", PUBLISHED * 90)], "a"),
    ([key("b", PUBLISHED), key("a", PUBLISHED * 90)], "b"), ([key("b", 1), key("a", 2)], "a"),
    ([key("r", PUBLISHED * 9, "RSA")], None), ([key("g", PUBLISHED * 9, given=True)], None),
])
def test_which_signs(keys: list[ClientKey], signs: str | None) -> None:
    """The newest that was published for a day; the very first at once; never one of another type, or one for TLS alone."""
    for order in (keys, keys[::-1]):
        found = signing_key(order, "EC", NOW)
        assert (None if found is None else found.id) == signs


def test_which_certificate_is_shown() -> None:
    """The one that an admin has given, or that of the key which signs."""
    keys = [key("g", 5, "RSA", given=True), key("a", 5)]
    assert shown_key(keys, "EC", NOW, given=True) is keys[0] and shown_key(keys, "EC", NOW, given=False) is keys[1]
    assert shown_key(keys[1:], "EC", NOW, given=True) is None


@pytest.mark.parametrize(("age", "gone"), [(PUBLISHED + KEPT - 1, []), (PUBLISHED + KEPT, ["a", "b"])])
def test_when_a_key_goes(age: float, gone: list[str]) -> None:
    """A week after its follower took over; those of another type and those that were given have no follower."""
    keys = [key("c", age), key("b", age + 0.5), key("a", age + 0.7), key("r", age + 99, "RSA"), key("g", age + 99, given=True)]
    assert superseded(keys, NOW) == gone


def test_what_is_published() -> None:
    """Public halves only, each with its certificate; not what was given for TLS."""
    published: Any = public_signing_keys([key("a", 0), key("r", 0, "RSA"), key("g", 0, given=True)])
    assert [one["kid"] for one in published] == ["a", "r"]
    for one in published:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & one.keys() and one["use"] == "sig"
        assert load_der_x509_certificate(b64decode(one["x5c"][0])).subject.rfc4514_string() == "CN=appproxy"


@pytest.mark.parametrize("algorithm", KEY_TYPES)
def test_what_it_signs(algorithm: str) -> None:
    """Any library can verify it with what is published."""
    own = key("a", 0, KEY_TYPES[algorithm])
    token = sign(own, algorithm, {"x": 1}, "oauth-authz-req+jwt")
    published: Any = public_signing_keys([own])
    found = jws.deserialize_compact(token, JWKRegistry.import_key(published[0]), [algorithm])
    assert found.payload == b'{"x":1}'
    digest = urlsafe_b64encode(sha256(b64decode(published[0]["x5c"][0])).digest()).rstrip(b"=").decode()
    assert found.headers() == {"alg": algorithm, "typ": "oauth-authz-req+jwt", "kid": "a", "x5t#S256": digest}
    assert "PRIVATE" not in repr(own)


def test_a_key_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it signs and is published, and in whichever snapshot it stands: to read one of RSA takes long."""
    load_pair.cache_clear()
    public_half.cache_clear()
    read: list[str] = []
    whole = RSAKey.import_key

    def counted(*arguments: Any) -> RSAKey:
        read.append("once")
        return whole(*arguments)

    monkeypatch.setattr(RSAKey, "import_key", counted)
    for _ in range(3):
        same = key("read-once", 0, "RSA")
        (said,) = public_signing_keys([same])
        assert sign(same, "RS256", {"x": 1}) and said.pop("kid") == "read-once", "what was given is the caller's own"
    assert read == ["once"]
    public_signing_keys([replace(same, key=new_client_credential("RSA", "other", NOW, b"\x02" * 16).key)])
    assert len(read) == 2, "another key under the same name is another"
