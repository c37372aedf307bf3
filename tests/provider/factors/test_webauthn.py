"""What of a browser's answer about a passkey is believed: each part of it that an attacker could make is wrong once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.provider.factors.webauthn import (
    CHALLENGE_SIZE,
    LONGEST_ANSWER,
    PasskeyHost,
    challenge_in,
    credential_of,
)
from appproxy.store.people.factors.passkeys import Passkey
from tests.provider.house import ISSUER
from tests.provider.security_key import PRESENT, SecurityKey, text

HOST = PasskeyHost(ISSUER)
CHALLENGE = b"c" * CHALLENGE_SIZE


def options_for_new() -> str:
    """What the browser of Ann is asked for."""
    return HOST.options_for_new(CHALLENGE, "ann's id", "ann", "Ann", [])


def made(key: SecurityKey) -> Passkey:
    """The passkey as it is kept once the browser has made it."""
    new = HOST.check_new(key.make(options_for_new()), text(CHALLENGE))
    return Passkey("p", "ann's id", "phone", new.credential, new.public_key, new.sign_count, new.transports, 0.0, 0.0)


def options_for_use() -> str:
    """What the browser is asked for at a sign-in."""
    return HOST.options_for_use(b"d" * CHALLENGE_SIZE)


def used(key: SecurityKey, passkey: Passkey, **other: object) -> int:
    """The new count of a use."""
    return HOST.check_use(key.use(options_for_use(), **other), text(b"d" * CHALLENGE_SIZE), passkey)


def changed(answer: str, **parts: object) -> str:
    """An answer in which parts of the inner `response` are others; None leaves one out."""
    read: dict[str, Any] = json.loads(answer)
    read["response"] = {name: value for name, value in {**read["response"], **parts}.items() if value is not None}
    return json.dumps(read)


def refusal(answer: str, passkey: Passkey) -> IdentityError:
    """Why a use is refused."""
    with pytest.raises(IdentityError) as refused:
        HOST.check_use(answer, text(b"d" * CHALLENGE_SIZE), passkey)
    return refused.value


def test_what_browsers_are_asked_for() -> None:
    """The host without its port, the user verified, a key that needs no user name, and none that the user has."""
    key = SecurityKey()
    has = [made(key)]
    new = json.loads(PasskeyHost("https://signin.example.com:8443").options_for_new(CHALLENGE, "id", "ann", "Ann", has))
    assert new["rp"]["id"] == "signin.example.com" and challenge_in(json.dumps(new)) == text(CHALLENGE)
    assert new["authenticatorSelection"]["userVerification"] == "required"
    assert new["authenticatorSelection"]["residentKey"] == "required"
    assert [one["id"] for one in new["excludeCredentials"]] == [text(key.credential)]
    use = json.loads(HOST.options_for_use(CHALLENGE, has))
    assert use["rpId"] == "signin.example.com" and use["userVerification"] == "required"
    [allowed] = use["allowCredentials"]
    assert (allowed["id"], allowed["transports"]) == (text(key.credential), ["hybrid", "internal"])
    assert not json.loads(options_for_use()).get("allowCredentials")


def test_a_passkey_is_made_and_used() -> None:
    """Of the ways to reach it only those are kept that the standard knows."""
    key = SecurityKey(count=6)
    passkey = made(key)
    assert (passkey.credential, passkey.sign_count, passkey.transports) == (text(key.credential), 6, ("hybrid", "internal"))
    assert used(key, passkey) == 7
    assert credential_of(key.use(options_for_use())) == text(key.credential)


@pytest.mark.parametrize(("key", "other"), [
    (SecurityKey(origin="https://signin.example.com.evil.example"), {}),
    (SecurityKey(origin="http://signin.example.com"), {}),
    (SecurityKey(host="evil.example"), {}),
    (SecurityKey(flags=PRESENT), {}),
    (SecurityKey(), {"challenge": text(b"e" * CHALLENGE_SIZE)}),
    (SecurityKey(), {"type": "webauthn.get"}),
], ids=["origin", "scheme", "host", "unverified", "challenge", "type"])
def test_new_ones_that_are_not_believed(key: SecurityKey, other: Mapping[str, object]) -> None:
    """Of another origin or host, without a look at the user, for another challenge, or an answer to something else."""
    with pytest.raises(IdentityError) as refused:
        HOST.check_new(key.make(options_for_new(), **other), text(CHALLENGE))
    assert refused.value.code is Code.SIGN_IN_STATE and refused.value.detail.startswith("passkey: ")


@pytest.mark.parametrize(("change", "other"), [
    ({"origin": "https://evil.example"}, {}),
    ({"host": "evil.example"}, {}),
    ({"flags": PRESENT}, {}),
    ({}, {"challenge": text(CHALLENGE)}),
    ({}, {"type": "webauthn.create"}),
], ids=["origin", "host", "unverified", "challenge", "type"])
def test_uses_that_are_not_believed(change: Mapping[str, Any], other: Mapping[str, object]) -> None:
    """The same at a sign-in, with a key that is the right one."""
    key = SecurityKey()
    passkey = made(key)
    assert refusal(replace(key, **change).use(options_for_use(), **other), passkey).code is Code.SIGN_IN_STATE


def test_another_key_does_not_sign_for_it() -> None:
    """Whoever knows the id of a credential, which is no secret, lacks its key."""
    passkey, other = made(SecurityKey()), SecurityKey(user=b"ann's id")
    refusal(other.use(options_for_use()), passkey)


def test_a_copy_of_a_key_is_seen() -> None:
    """A count that does not grow means that two devices have the key."""
    key = SecurityKey(count=6)
    passkey = replace(made(key), sign_count=9)
    refusal(key.use(options_for_use()), passkey)  # it says 7
    assert used(replace(key, count=9), passkey) == 10


def test_another_users_key() -> None:
    """The user that an answer names is the one of the passkey; it may name none."""
    key = SecurityKey()
    passkey = made(key)
    answer = key.use(options_for_use())
    assert "another user's" in refusal(changed(answer, userHandle=text(b"bob's id")), passkey).detail
    assert HOST.check_use(changed(answer, userHandle=None), text(b"d" * CHALLENGE_SIZE), passkey) == 0


@pytest.mark.parametrize("answer", [
    "", "x", "[]", "null", "{}", '{"response": []}', '{"id": 1}', '{"id": ""}', "[" * 5000, '{"id": "\ud800"}', '{"id": NaN}',
    json.dumps({"id": "a", "rawId": "a", "type": "public-key", "response": {}}),
])
def test_any_text_is_refused_and_nothing_else(answer: str) -> None:
    """What is no answer of a browser ends as a refused sign-in, never as a fault of ours."""
    passkey = made(SecurityKey())
    assert refusal(answer, passkey).code is Code.SIGN_IN_STATE
    with pytest.raises(IdentityError):
        HOST.check_new(answer, text(CHALLENGE))


def test_sizes_are_bounded() -> None:
    """Before anything of an answer is read; ids to what the standard lets authenticators make."""
    right = json.dumps({"id": "a" * 1364})
    assert credential_of(right) == "a" * 1364
    with pytest.raises(IdentityError, match="no id"):
        credential_of(json.dumps({"id": "a" * 1365}))
    assert credential_of(right.ljust(LONGEST_ANSWER)) == "a" * 1364
    with pytest.raises(IdentityError, match="too long"):
        credential_of(right.ljust(LONGEST_ANSWER + 1))
