"""ID tokens: good ones give claims, forged and stale ones are refused, one test for each trick."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import ACRS, ALGORITHMS, UnknownKeyError
from appproxy.identity.openid.oidc import read_keys
from appproxy.policy.conditional.model import Proof, Strength
from tests.identity.mint import EC, KEYS, NOW, RSA, STRANGER, Checker, claims, confused, sign, unsigned
from tests.policy.conditional.people import Person

check = Checker()


def refused(token: str, checker: Checker = check) -> str:
    """The reason for which a token is refused."""
    with pytest.raises(IdentityError) as caught:
        checker(token)
    assert caught.value.code is Code.TOKEN_REFUSED
    return caught.value.detail


class TestGood:
    """Tokens that are to be believed."""

    def test_a_good_token_gives_its_claims(self) -> None:
        """Who signs in with a certified provider is known by issuer and subject."""
        found = check(sign(claims(amr=["pwd", "otp"], acr="2", auth_time=NOW - 5)))
        assert (found.subject, found.expires, found.auth_time) == ("user-1", NOW + 3600, NOW - 5)
        assert (found.amr, found.acr, found.raw["name"]) == (("pwd", "otp"), "2", "Ann")

    def test_authentication_contexts_are_methods(self) -> None:
        """Of Microsoft Entra, which says several at once; anything else than a list of texts is none."""
        assert check(sign(claims(amr=["pwd"], acrs=["c1", 7, "c2"]))).amr == ("pwd", "acrs:c1", "acrs:c2")
        assert check(sign(claims(acrs="c1"))).amr == ()
        # Policies, which know no tokens, call them the same.
        assert Strength("s", (Proof("p", "c1"),)).is_met(Person(provider="p", amr=(f"{ACRS}c1",)))

    def test_signs_that_a_database_does_not_take(self) -> None:
        """A level or a method of such is as good as none."""
        found = check(sign(claims(amr=["pwd", "a\x00"], acr="2\x00")))
        assert (found.amr, found.acr) == (("pwd", ""), "")

    def test_rsa_tokens_are_read(self) -> None:
        """Most providers sign with RS256."""
        assert check(sign(claims(), RSA, {"kid": "rsa"}, "RS256")).subject == "user-1"

    def test_a_single_key_needs_no_name(self) -> None:
        """A provider with one key may leave `kid` out (OpenID Connect Core section 10.1)."""
        only = Checker(keys=KeySet([KEYS.get_by_kid("ec")]))
        assert only(sign(claims(), header={"kid": None})).subject == "user-1"

    def test_several_audiences_with_our_party(self) -> None:
        """A token for several audiences is ours when it was issued to us."""
        assert check(sign(claims(aud=["other", "client-1"], azp="client-1"))).subject == "user-1"

    @pytest.mark.parametrize("now", [NOW - 59, NOW + 3600 + 59])
    def test_clocks_may_differ_by_a_minute(self, now: float) -> None:
        """Sign-in works while the clocks of provider and service differ a little."""
        assert Checker(now=now)(sign(claims())).subject == "user-1"

    def test_the_year_2039_comes(self) -> None:
        """Times after 2038 do not overflow."""
        late = 2_190_000_000.0
        assert Checker(now=late)(sign(claims(iat=late, exp=late + 60))).expires == late + 60


class TestSignature:
    """Nobody but the provider signs."""

    def test_alg_none(self) -> None:
        """A token without a signature is refused, in every spelling of none."""
        for name in ("none", "None", "NONE", ""):
            refused(unsigned(claims(), name))
        refused(unsigned(claims()), Checker(algorithms=("none",)))

    def test_the_public_key_is_no_shared_secret(self) -> None:
        """HS256 with the public key as secret is refused (algorithm confusion)."""
        refused(confused(claims()))
        refused(confused(claims()), Checker(algorithms=("HS256", "RS256")))
        refused(sign(claims(), RSA, {"kid": "ec"}, "RS256"))

    def test_an_empty_list_of_algorithms_allows_nothing(self) -> None:
        """A provider without algorithms does not fall back to a default list."""
        assert "empty" in refused(sign(claims()), Checker(algorithms=()))

    def test_an_algorithm_that_is_not_on_the_list(self) -> None:
        """A good signature of another algorithm is refused."""
        assert "list" in refused(sign(claims()), Checker(algorithms=("RS256",)))

    def test_a_strangers_signature(self) -> None:
        """Another key under the provider's key id is refused."""
        assert "signature" in refused(sign(claims(), STRANGER))

    def test_a_changed_payload(self) -> None:
        """Not one character of the payload can be changed."""
        head, _, signature = sign(claims()).split(".")
        other = sign(claims(sub="admin")).split(".")[1]
        assert "signature" in refused(f"{head}.{other}.{signature}")

    def test_an_unknown_key_may_be_a_new_one(self) -> None:
        """A key id that is not in the key set says so, so that the set can be fetched again."""
        with pytest.raises(UnknownKeyError):
            check(sign(claims(), header={"kid": "new"}))
        two = Checker(keys=KeySet([EC, ECKey.import_key(STRANGER.as_dict(), {"kid": "other"})]))
        with pytest.raises(UnknownKeyError):
            two(sign(claims(), header={"kid": None}))

    def test_a_key_for_another_algorithm(self) -> None:
        """A key that is published for RS256 verifies nothing else."""
        free = RSAKey.import_key(RSA.as_pem(private=True))
        refused(sign(claims(), free, {"kid": "rsa"}, "PS256"), Checker(algorithms=("PS256",)))

    @pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"])
    def test_a_token_cannot_bring_its_own_key(self, name: str) -> None:
        """Embedded keys, key addresses and critical extensions are refused, even with the right signature."""
        values: dict[str, Any] = {
            "jwk": STRANGER.as_dict(private=False), "jku": "https://evil.example/keys", "x5u": "https://evil.example/c",
            "x5c": ["MIIB"], "crit": ["exp"], "b64": True, "zip": "DEF",
        }
        assert f"has {name}" in refused(sign(claims(), header={name: values[name]}))

    def test_a_token_of_another_type(self) -> None:
        """An access or logout token is no ID token."""
        for kind in ("at+jwt", "logout+jwt", 7):
            assert "type" in refused(sign(claims(), header={"typ": kind}))

    @pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "a.b.c.d.e", "....", "é.é.é", "x" * 70_000])
    def test_what_is_no_token(self, token: str) -> None:
        """Anything else is refused, and nothing else is raised."""
        refused(token)


class TestClaims:
    """What a token says must be meant for us, now."""

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"iss": "https://idp.example.com/"}, "issuer"),
            ({"iss": None}, "issuer"),
            ({"aud": "client-2"}, "audience"),
            ({"aud": None}, "audience"),
            ({"aud": ["client-1", 7]}, "audience"),
            ({"aud": "client-1 client-2"}, "audience"),
            ({"aud": ["client-1", "other"]}, "party"),
            ({"aud": ["client-1", "other"], "azp": "other"}, "party"),
            ({"azp": "other"}, "party"),
            ({"nonce": "another"}, "nonce"),
            ({"nonce": None}, "nonce"),
            ({"nonce": ["the nonce"]}, "nonce"),
            ({"sub": ""}, "subject"),
            ({"sub": None}, "subject"),
            ({"sub": 7}, "subject"),
            ({"sub": "a" * 256}, "subject"),
            ({"sub": "a\r\nx-admin: 1"}, "subject"),
            ({"exp": None}, "exp"),
            ({"iat": None}, "iat"),
            ({"exp": NOW - 61, "iat": NOW - 100}, "expired"),
            ({"iat": NOW + 61, "exp": NOW + 99}, "not valid yet"),
            ({"nbf": NOW + 61}, "not valid yet"),
            ({"exp": NOW - 1, "iat": NOW}, "before"),
        ],
    )
    def test_a_wrong_claim(self, changes: dict[str, Any], reason: str) -> None:
        """A token for another issuer, audience, sign-in or time is refused."""
        assert reason in refused(sign(claims(**changes)))

    @pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
    @pytest.mark.parametrize("value", [1e300, -1, "1800003600", True, [1], 10**400, 253402300800])
    def test_what_is_no_time(self, name: str, value: object) -> None:
        """Endless, negative and textual times are refused: no immortal session."""
        refused(sign(claims(**{name: value})))

    @pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity"])
    def test_numbers_that_are_not_json(self, text: bytes) -> None:
        """NaN would compare as neither before nor after."""
        body = json.dumps(claims(exp=0)).encode().replace(b'"exp": 0', b'"exp": ' + text)
        assert "JSON" in refused(sign(body))

    def test_a_doubled_claim(self) -> None:
        """Two subjects: nobody knows which one counts."""
        body = json.dumps(claims()).encode().replace(b'"sub"', b'"sub": "admin", "sub"')
        assert "JSON" in refused(sign(body))

    @pytest.mark.parametrize("body", [b"[]", b"7", b"", b"{", b"\xff", b"[" * 30_000])
    def test_a_payload_that_is_no_object(self, body: bytes) -> None:
        """A signed text that is no JSON object is refused."""
        assert "payload" in refused(sign(body))

    def test_odd_methods_count_as_none(self) -> None:
        """`amr` and `acr` of another form do no harm."""
        found = check(sign(claims(amr="pwd", acr=7)))
        assert (found.amr, found.acr) == ((), "")

    def test_the_claims_show_nothing_when_logged(self) -> None:
        """A logged value does not show what the provider told of the user."""
        assert "Ann" not in repr(check(sign(claims(), EC)))


@pytest.mark.parametrize(("named", "said"), [("EdDSA", "EdDSA"), ("Ed25519", "Ed25519"), ("EdDSA", "Ed25519"),
                                             ("Ed25519", "EdDSA"), ("", "Ed25519")])
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_ed25519(named: str, said: str) -> None:
    """By both names that it has (RFC 9864), in the key set and in the token, where the provider's list has the token's."""
    key = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
    keys = read_keys({"keys": [{**key.as_dict(private=False), **({"alg": named} if named else {})}]})
    token = sign(claims(), key, {"kid": "ed"}, said)
    assert Checker(keys, algorithms=(said,))(token).subject == "user-1"
    with pytest.raises(IdentityError):
        Checker(keys, algorithms=("ES256",))(token)


def test_a_signature_that_no_key_has_made() -> None:
    """Under a name that is known: perhaps there is a new key, and so it is told apart from other faults."""
    with pytest.raises(UnknownKeyError):
        Checker()(sign(claims(), STRANGER))
    with pytest.raises(UnknownKeyError):
        Checker(KeySet([RSA_AS_EC]))(sign(claims()))
    with pytest.raises(IdentityError) as caught:
        Checker()(sign(claims(iss="https://other.example")))
    assert not isinstance(caught.value, UnknownKeyError)


#: A key of another kind under the name of the one that signs.
RSA_AS_EC = RSAKey.import_key({**{
    name: value for name, value in RSA.as_dict(private=False).items() if name != "alg"}, "kid": "ec"})


#: Every other algorithm that a provider's list may name, with a key of its kind.
PLAIN_RSA = RSAKey.import_key({
    **{name: value for name, value in RSA.as_dict(private=True).items() if name != "alg"}, "kid": "ec"})
OTHERS: list[tuple[str, Any]] = [
    *((name, PLAIN_RSA) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
    *((name, ECKey.generate_key(curve, {"kid": "ec"})) for name, curve in (
        ("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521"))),
]


@pytest.mark.parametrize(("algorithm", "key"), OTHERS, ids=[name for name, _ in OTHERS])
def test_every_algorithm_of_the_list(algorithm: str, key: Any) -> None:
    """Believed where the provider's list has it, and by that list alone."""
    checker = Checker(read_keys({"keys": [key.as_dict(private=False)]}), algorithms=(algorithm,))
    token = sign(claims(), key, algorithm=algorithm)
    assert checker(token).subject == "user-1"
    others = tuple(sorted(ALGORITHMS - {algorithm}))
    assert "algorithm" in refused(token, Checker(checker.keys, algorithms=others))
    refused(token[:-8] + ("AAAAAAAA" if token[-8:] != "AAAAAAAA" else "BBBBBBBB"), checker)
