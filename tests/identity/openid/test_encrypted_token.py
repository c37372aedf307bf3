"""Encrypted ID tokens: those that are opened, and those that are not."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.encrypted_token import (
    CONTENT,
    KEY_TYPES,
    MAX_ENCRYPTED,
    EncryptionKey,
    addressed,
    is_encrypted,
    is_published,
    opened,
    outlived,
    public_keys,
)
from appproxy.identity.openid.id_token import MAX_TOKEN
from appproxy.identity.openid.key_pairs import load_pair, public_half

NOW = 1_782_864_000.0
DAY = 86400.0
#: What is within: nothing of it is looked at but its form.
SIGNED = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
PAIRS: dict[str, ECKey | RSAKey] = {"EC": ECKey.generate_key("P-256"), "RSA": RSAKey.generate_key(2048)}
OTHERS: dict[str, ECKey | RSAKey] = {"EC": ECKey.generate_key("P-256"), "RSA": RSAKey.generate_key(2048)}


def key_of(pair: ECKey | RSAKey, id_: str, created: float = NOW) -> EncryptionKey:
    """A key of ours as the store has it."""
    return EncryptionKey(id_, "EC" if isinstance(pair, ECKey) else "RSA", pair.as_pem(private=True).decode(), created)


KEYS = [key_of(PAIRS["EC"], "ec"), key_of(PAIRS["RSA"], "rsa")]


def encrypted(
    algorithm: str, content: str = "A256GCM", within: str | bytes = SIGNED, key: Any = None, **header: Any
) -> str:
    """A token as a provider makes it; a field of the header that is None is left out."""
    said = {"alg": algorithm, "enc": content, "cty": "JWT", **header}
    registry = jwe.JWERegistry(algorithms=[algorithm, content, "DEF"], strict_check_header=False)
    pair = key or PAIRS["RSA" if algorithm.startswith("RSA") else "EC"]
    said = {name: value for name, value in said.items() if value is not None}
    return jwe.encrypt_compact(said, within, pair, registry=registry)


def refused(token: str, algorithm: str = "ECDH-ES", keys: list[EncryptionKey] = KEYS) -> str:
    """Why it is."""
    with pytest.raises(IdentityError) as caught:
        opened(token, keys, algorithm)
    assert caught.value.code is Code.TOKEN_REFUSED
    return caught.value.detail.removeprefix("ID token: ")


@pytest.mark.parametrize("algorithm", KEY_TYPES)
@pytest.mark.parametrize("content", CONTENT)
@pytest.mark.parametrize("header", [{"kid": True}, {}, {"cty": "jwt", "iss": "https://idp", "aud": "client"}])
def test_what_is_opened(algorithm: str, content: str, header: Mapping[str, Any]) -> None:
    """Every combination, with and without the key's name, and with fields that a provider adds."""
    said = {**header, **({"kid": KEY_TYPES[algorithm].lower()} if "kid" in header else {})}
    assert opened(encrypted(algorithm, content, **said), KEYS, algorithm) == SIGNED


def test_the_largest_signed_token_fits() -> None:
    """With some hundred groups they are large; base64 once more makes four bytes of three."""
    large = "e30." + "a" * (MAX_TOKEN - 8) + ".abc"
    assert opened(encrypted("RSA-OAEP-256", within=large), KEYS, "RSA-OAEP-256") == large
    assert "not a signed token" in refused(encrypted("ECDH-ES", within=large + "a"))
    assert "too large" in refused("a." * 4 + "a" * MAX_ENCRYPTED)


@pytest.mark.parametrize("algorithm", KEY_TYPES)
def test_one_that_is_not_encrypted_is_refused_where_that_is_set(algorithm: str) -> None:
    """Nor is one in the form of JSON, or with more parts."""
    for token in (SIGNED, "", "a", '{"protected": "e30"}', SIGNED + ".a.b.c"):
        assert "not encrypted" in refused(token, algorithm)


#: What the header says, and what is said of it. The rest is good.
HEADERS: list[tuple[str, dict[str, Any], str]] = [
    ("ECDH-ES", {"cty": None}, "cty"), ("ECDH-ES", {"cty": "text/plain"}, "cty"),
    ("ECDH-ES", {"zip": "DEF"}, "zip"),
    ("ECDH-ES", {"kid": "nobody's"}, "not ours"), ("ECDH-ES", {"kid": "rsa"}, "not ours"),
    ("ECDH-ES", {"jku": "https://evil.example/keys"}, "jku"), ("ECDH-ES", {"x5u": "https://evil.example/x"}, "x5u"),
    ("ECDH-ES+A256KW", {}, "otherwise"), ("ECDH-ES+A128KW", {}, "otherwise"), ("RSA-OAEP-256", {}, "otherwise"),
    ("RSA-OAEP", {}, "otherwise"), ("RSA1_5", {}, "otherwise"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(("algorithm", "header", "why"), HEADERS)
def test_what_the_header_must_not_say(algorithm: str, header: dict[str, Any], why: str) -> None:
    """Another algorithm than the one that is set, compression, a key from elsewhere, another content."""
    assert why in refused(encrypted(algorithm, **header))


@pytest.mark.parametrize(("header", "why"), [
    ({"cty": 1}, "cty"), ({"kid": 7}, "not ours"), ({"kid": ["ec"]}, "not ours"), ({"alg": None}, "otherwise"),
    ({"alg": ["ECDH-ES"]}, "otherwise"), ({"enc": ["A256GCM"]}, "content"), ({"crit": ["exp"]}, "crit"),
    ([], "not a JSON object"),
])  # fmt: skip
def test_what_is_no_text_there(header: Any, why: str) -> None:
    """It is refused as any other."""
    good = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT"}
    said = json.dumps({**good, **header} if isinstance(header, dict) else header).encode()
    assert why in refused(urlsafe_b64encode(said).rstrip(b"=").decode() + ".a.b.c.d")


@pytest.mark.parametrize("content", ["A128GCM", "A192CBC-HS384", "A256CBC-HS512"])
def test_other_encryption_of_the_content(content: str) -> None:
    """Two are enough, and each that is taken is one that may be broken."""
    assert "content" in refused(encrypted("ECDH-ES", content))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_shared_secret_is_nobodys() -> None:
    """Our public key, taken for a secret (RFC 8725 section 2.3), opens nothing, whatever is set."""
    secret = OctKey.import_key(PAIRS["RSA"].as_pem(private=False)[:32])
    for algorithm in ("dir", "A256KW"):
        token = encrypted(algorithm, key=secret)
        for wanted in KEY_TYPES:
            assert "otherwise" in refused(token, wanted)


@pytest.mark.parametrize("algorithm", KEY_TYPES)
def test_a_key_that_is_not_ours(algorithm: str) -> None:
    """Whether or not it says that it is, nothing more is told of the failure."""
    kind = KEY_TYPES[algorithm]
    for header in ({}, {"kid": kind.lower()}):
        assert refused(encrypted(algorithm, key=OTHERS[kind], **header), algorithm) == "it cannot be decrypted"


@pytest.mark.parametrize("algorithm", KEY_TYPES)
@pytest.mark.parametrize("content", CONTENT)
@pytest.mark.parametrize("part", range(5))
def test_a_changed_part(algorithm: str, content: str, part: int) -> None:
    """Header, key, vector, content and tag all count."""
    parts = encrypted(algorithm, content).split(".")
    if not parts[part]:
        parts[part] = "AAAA"  # direct agreement has no key, and must have none
    elif part == 0:
        header = {"alg": algorithm, "enc": content, "cty": "JWT", "more": 1}
        parts[0] = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    else:
        parts[part] = ("B" if parts[part][0] != "B" else "C") + parts[part][1:]
    assert refused(".".join(parts), algorithm) == "it cannot be decrypted"


@pytest.mark.parametrize("point", [
    {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}, {"kty": "EC", "crv": "P-521", "x": "AQ", "y": "AQ"}, {}, 7, "a", None,
    {"kty": "oct", "k": "AAAA"}, {**OTHERS["RSA"].as_dict(private=False)},
])  # fmt: skip
def test_a_point_that_is_not_on_the_curve(point: Any) -> None:
    """Such would tell our key, bit by bit (RFC 8725 section 2.5)."""
    parts = encrypted("ECDH-ES").split(".")
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT", "epk": point}
    parts[0] = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    assert refused(".".join(parts)) == "it cannot be decrypted"


@pytest.mark.parametrize("within", [b"", b"{}", b"a.b", b"\xff.\xff.\xff", encrypted("ECDH-ES").encode()])
def test_what_is_within_must_be_signed(within: bytes) -> None:
    """Not claims alone, and nothing that is encrypted once more: there is no end to that."""
    assert "not a signed token" in refused(encrypted("ECDH-ES", within=within))


@given(st.text(alphabet="aA0-_.{}=\x00é", max_size=60))
def test_whatever_comes_is_refused_in_one_way(text: str) -> None:
    """No other error."""
    refused(text)
    refused(f"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImN0eSI6IkpXVCJ9.{text}")
    assert not is_encrypted(SIGNED)


@pytest.mark.parametrize(("header", "fitting"), [
    ({}, ["ec", "old"]), ({"kid": "ec"}, ["ec"]), ({"kid": "rsa"}, []), ({"kid": "nobody's"}, []), ({"kid": ""}, []),
    ({"alg": "ECDH-ES+A256KW"}, []), ({"alg": "RSA-OAEP-256"}, []),
])  # fmt: skip
def test_whose_it_may_be(header: dict[str, Any], fitting: list[str]) -> None:
    """By the key that it names, of the type for the algorithm that is set; without a name any of those."""
    to = addressed(encrypted(**{"algorithm": header.pop("alg", "ECDH-ES"), **header}))
    keys = [*KEYS, key_of(OTHERS["EC"], "old", NOW - DAY)]
    assert [key.id for key in keys if to.fits([key], "ECDH-ES")] == fitting
    assert to.fits(keys, "ECDH-ES") is bool(fitting) and not to.fits(keys, "") and not to.fits([], "ECDH-ES")


@given(st.text(alphabet="aA0-_.{}=\x00é", max_size=60))
def test_what_is_addressed_to_nobody(text: str) -> None:
    """It has not the form, or no key that is ours."""
    try:
        assert not addressed(text).fits(KEYS, "ECDH-ES")
    except IdentityError as error:
        assert error.code is Code.TOKEN_REFUSED


def test_a_key_is_published_until_its_follower_is_known() -> None:
    """And opens tokens for a week more, whoever keeps our key set for long."""
    old, new = key_of(PAIRS["EC"], "old", NOW - 90 * DAY), key_of(OTHERS["EC"], "new", NOW)
    keys = [new, old, key_of(PAIRS["RSA"], "rsa", NOW)]

    def named(now: float) -> list[object]:
        return [one["kid"] for one in public_keys(keys, "ECDH-ES", now)]

    assert named(NOW) == ["new", "old"] and named(NOW + DAY) == ["new"]
    assert not is_published(old, keys, NOW + DAY) and is_published(old, keys, NOW + DAY - 1)
    assert opened(encrypted("ECDH-ES", key=PAIRS["EC"], kid="old"), keys, "ECDH-ES") == SIGNED
    assert opened(encrypted("ECDH-ES", key=PAIRS["EC"]), keys, "ECDH-ES") == SIGNED, "the one before is tried, too"
    assert outlived(keys, NOW + 8 * DAY - 1) == [] and outlived(keys, NOW + 8 * DAY) == ["old"]


def test_what_is_published_of_a_key() -> None:
    """What a provider needs to encrypt, and not the private half."""
    (said,) = public_keys(KEYS, "RSA-OAEP-256", NOW)
    assert (said["kid"], said["use"], said["alg"], said["kty"]) == ("rsa", "enc", "RSA-OAEP-256", "RSA")
    assert not {"d", "p", "q", "dp", "dq", "qi"} & said.keys()
    keys: Any = {"keys": [said]}
    other = KeySet.import_key_set(keys)
    assert opened(encrypted("RSA-OAEP-256", key=other.keys[0]), KEYS, "RSA-OAEP-256") == SIGNED
    assert public_keys(KEYS, "", NOW) == []
    assert replace(KEYS[0], id="x").id == "x" and PAIRS["EC"].as_pem(private=True).decode() not in repr(KEYS)


def test_a_key_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it opens tokens, or fails to, and is published: to read one of RSA takes long, and anybody can ask."""
    load_pair.cache_clear()
    public_half.cache_clear()
    read: list[str] = []
    whole = RSAKey.import_key

    def counted(*arguments: Any) -> RSAKey:
        read.append("once")
        return whole(*arguments)

    monkeypatch.setattr(RSAKey, "import_key", counted)
    good, bad = encrypted("RSA-OAEP-256"), encrypted("RSA-OAEP-256", key=OTHERS["RSA"])
    for _ in range(3):
        own = [key_of(PAIRS["RSA"], "read-once")]
        assert opened(good, own, "RSA-OAEP-256") == SIGNED
        assert refused(bad, "RSA-OAEP-256", own) == "it cannot be decrypted"
        (said,) = public_keys(own, "RSA-OAEP-256", NOW)
        assert said.pop("kid") == "read-once", "what was given is the caller's own"
    assert read == ["once"]
    public_keys([key_of(OTHERS["RSA"], "read-once")], "RSA-OAEP-256", NOW)
    assert len(read) == 2, "another key under the same name is another"
