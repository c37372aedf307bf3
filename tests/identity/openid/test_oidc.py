"""Messages between us and a provider: what we send, and what we take back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.oidc import (
    Metadata,
    TokenAnswer,
    authorization_parameters,
    authorization_url,
    challenge,
    check_callback,
    end_session_url,
    is_pushed,
    pushed_parameters,
    read_keys,
    read_metadata,
    read_parameters,
)
from tests.identity.mint import EC, RSA

ISSUER = "https://idp.example.com"
GOOD: dict[str, Any] = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys", "authorization_response_iss_parameter_supported": True,
    "code_challenge_methods_supported": ["plain", "S256"],
}
METADATA = read_metadata(GOOD, ISSUER)


class TestMetadata:
    """The discovery document."""

    def test_a_good_document(self) -> None:
        """What a certified provider publishes is understood."""
        assert read_metadata(GOOD, ISSUER) == Metadata(
            ISSUER, f"{ISSUER}/authorize", f"{ISSUER}/token", f"{ISSUER}/keys", "", ("client_secret_basic",), True
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"issuer": ISSUER + "/"},
            {"issuer": "https://evil.example"},
            {"issuer": None},
            {"authorization_endpoint": None},
            {"authorization_endpoint": "http://idp.example.com/authorize"},
            {"token_endpoint": "http://idp.example.com/token"},
            {"token_endpoint": "https:///token"},
            {"jwks_uri": "file:///etc/passwd"},
            {"jwks_uri": "https://user@idp.example.com/keys"},
            {"jwks_uri": "https://idp.example.com/keys#x"},
            {"jwks_uri": "https://[idp/keys"},
            {"jwks_uri": "https://idp.example.com/a b"},
            {"authorization_endpoint": "https://idp.example.com/\r\nset-cookie: a=b"},
            {"end_session_endpoint": "javascript:alert(1)"},
            {"token_endpoint_auth_methods_supported": "client_secret_basic"},
            {"code_challenge_methods_supported": ["plain"]},
        ],
    )
    def test_a_bad_document(self, changes: dict[str, Any]) -> None:
        """Another issuer, plain connections and what is no URL are refused."""
        with pytest.raises(IdentityError) as caught:
            read_metadata({**GOOD, **changes}, ISSUER)
        assert caught.value.code is Code.TOKEN_REFUSED

    @pytest.mark.parametrize("document", [None, [], "x", 7])
    def test_no_document(self, document: object) -> None:
        """Anything but a JSON object is refused."""
        with pytest.raises(IdentityError):
            read_metadata(document, ISSUER)


class TestKeys:
    """The provider's key set."""

    def test_unusable_keys_are_left_out(self) -> None:
        """Shared secrets, encryption keys, unknown and broken ones do not lock everybody out, nor verify anything."""
        document = {"keys": [
            {"kty": "oct", "k": "AAAA", "kid": "secret"}, {"kty": "AKP", "kid": "future"}, {"kty": "EC", "kid": "broken"},
            {**RSA.as_dict(private=False), "use": "enc", "kid": "enc"}, "text", EC.as_dict(private=False),
        ]}  # fmt: skip
        assert [key.kid for key in read_keys(document).keys] == ["ec"]

    @pytest.mark.parametrize("document", [None, {}, {"keys": {}}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AA"}] * 2},
                                          {"keys": [EC.as_dict(private=False)] * 101}])
    def test_no_key_set(self, document: object) -> None:
        """A document without usable keys, or with too many, is refused."""
        with pytest.raises(IdentityError):
            read_keys(document)


class TestAuthorizationUrl:
    """The way to the provider."""

    def test_all_guards_are_in_the_url(self) -> None:
        """State, nonce and PKCE with S256 go along; the verifier does not."""
        url = authorization_url(METADATA, authorization_parameters(
            client_id="c", redirect_uri="https://signin.example.com/callback", state="s", nonce="n", verifier="v" * 43,
            scopes=("profile", "openid")))
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query == {
            "response_type": "code", "client_id": "c", "redirect_uri": "https://signin.example.com/callback",
            "scope": "openid profile", "state": "s", "nonce": "n", "code_challenge": challenge("v" * 43),
            "code_challenge_method": "S256",
        }
        assert "v" * 43 not in url

    def test_the_challenge_of_the_specification(self) -> None:
        """The example of RFC 7636 appendix B."""
        assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    def test_an_end_point_with_a_query(self) -> None:
        """Some providers have a query in their end points already."""
        metadata = read_metadata({**GOOD, "authorization_endpoint": f"{ISSUER}/a?p=1"}, ISSUER)
        url = authorization_url(metadata, authorization_parameters(
            client_id="c", redirect_uri="r", state="s", nonce="n", verifier="v"))
        assert url.startswith(f"{ISSUER}/a?p=1&response_type=code&")

    def test_ending_the_providers_session(self) -> None:
        """Sign-out goes on to the provider, if that has an end point for it."""
        assert end_session_url(METADATA, "c", "https://x/") == ""
        metadata = read_metadata({**GOOD, "end_session_endpoint": f"{ISSUER}/logout"}, ISSUER)
        assert end_session_url(metadata, "c", "https://x/") == (
            f"{ISSUER}/logout?client_id=c&post_logout_redirect_uri=https%3A%2F%2Fx%2F"
        )
        assert "?id_token_hint=t&client_id=c&" in end_session_url(metadata, "c", "https://x/", id_token="t", subject="ann")
        assert "?logout_hint=ann&client_id=c&" in end_session_url(metadata, "c", "https://x/", subject="ann")

    def test_pushed_parameters(self) -> None:
        """What stands for them is the client's id and a URI, and nothing else of the answer."""
        assert pushed_parameters("c", {"request_uri": "urn:x", "expires_in": 60}) == {"client_id": "c", "request_uri": "urn:x"}
        answers: tuple[object, ...] = (None, [], {}, {"request_uri": 5}, {"request_uri": ""}, {"request_uri": "u" * 2049},
                                       {"request_uri": "urn:\n"})
        for answer in answers:
            with pytest.raises(IdentityError) as caught:
                pushed_parameters("c", answer)
            assert caught.value.code is Code.PROVIDER_REFUSED
        with pytest.raises(IdentityError, match="names no end point"):
            read_metadata({**GOOD, "require_pushed_authorization_requests": True}, ISSUER)

    def test_when_requests_are_pushed(self) -> None:
        """Where the provider requires it, or always; without an end point that is an error with the command to give."""
        end_point = {"pushed_authorization_request_endpoint": f"{ISSUER}/par"}
        plain, able = read_metadata(GOOD, ISSUER), read_metadata({**GOOD, **end_point}, ISSUER)
        requiring = read_metadata({**GOOD, **end_point, "require_pushed_authorization_requests": True}, ISSUER)
        assert [is_pushed(one, always=False) for one in (plain, able, requiring)] == [False, False, True]
        assert is_pushed(able, always=True) and is_pushed(requiring, always=True)
        with pytest.raises(IdentityError, match="--pushed-requests auto") as caught:
            is_pushed(plain, always=True)
        assert caught.value.code is Code.PROVIDER_REFUSED

    @pytest.mark.filterwarnings("ignore:Key size should be:joserfc.errors.SecurityWarning")
    def test_weak_keys(self) -> None:
        """RSA under 2048 bits signs nothing that is believed; stronger keys beside it do."""
        weak, strong = ({**RSAKey.generate_key(bits, auto_kid=True).as_dict(private=False)} for bits in (1024, 2048))
        assert [key.kid for key in read_keys({"keys": [weak, strong]}).keys] == [strong["kid"]]
        with pytest.raises(IdentityError, match="1 of RSA with less than 2048 bits"):
            read_keys({"keys": [weak]})


class TestCallback:
    """The way back."""

    def test_a_good_answer(self) -> None:
        """State and issuer are ours: the code counts."""
        assert check_callback({"state": "s", "iss": ISSUER, "code": "c"}, state="s", metadata=METADATA) == "c"

    @pytest.mark.parametrize(
        ("parameters", "code"),
        [
            ({"iss": ISSUER, "code": "c"}, Code.SIGN_IN_STATE),
            ({"state": "t", "iss": ISSUER, "code": "c"}, Code.SIGN_IN_STATE),
            ({"state": "é", "iss": ISSUER, "code": "c"}, Code.SIGN_IN_STATE),
            ({"state": "s", "iss": "https://evil.example", "code": "c"}, Code.TOKEN_REFUSED),
            ({"state": "s", "iss": "", "code": "c"}, Code.TOKEN_REFUSED),
            ({"state": "s", "code": "c"}, Code.TOKEN_REFUSED),
            ({"state": "s", "iss": ISSUER}, Code.TOKEN_REFUSED),
            ({"state": "s", "iss": ISSUER, "code": ""}, Code.TOKEN_REFUSED),
            ({"state": "s", "iss": ISSUER, "code": "c" * 5000}, Code.TOKEN_REFUSED),
            ({"state": "s", "iss": ISSUER, "error": "access_denied"}, Code.PROVIDER_REFUSED),
            ({"state": "s", "iss": ISSUER, "error": "access_denied", "code": "c"}, Code.PROVIDER_REFUSED),
            ({"state": "s", "iss": "https://evil.example", "error": "access_denied"}, Code.TOKEN_REFUSED),
        ],
    )
    def test_a_bad_answer(self, parameters: dict[str, str], code: Code) -> None:
        """Swapped, missing or foreign state and issuer (mix-up) are refused before the code is used."""
        with pytest.raises(IdentityError) as caught:
            check_callback(parameters, state="s", metadata=METADATA)
        assert caught.value.code is code

    def test_a_provider_that_does_not_say_iss(self) -> None:
        """Without the promise `iss` may be missing; a wrong one is refused all the same."""
        silent = read_metadata({**GOOD, "authorization_response_iss_parameter_supported": "true"}, ISSUER)
        assert check_callback({"state": "s", "code": "c"}, state="s", metadata=silent) == "c"
        with pytest.raises(IdentityError):
            check_callback({"state": "s", "code": "c", "iss": "https://evil.example"}, state="s", metadata=silent)


class TestParameters:
    """Queries and forms, read strictly."""

    def test_each_parameter_once(self) -> None:
        """Ordinary queries are read."""
        assert read_parameters(b"a=1&b=%C3%A9+x&c=") == {"a": "1", "b": "é x", "c": ""}

    @pytest.mark.parametrize(
        "query", [b"a=1&a=1", b"a=1&%61=2", b"a=%ff", b"\xc3\xa9=1", b"&".join(b"p%d=" % n for n in range(21))]
    )
    def test_doubled_and_unreadable_ones(self, query: bytes) -> None:
        """A doubled parameter is refused however it is spelled: two readers could disagree on it."""
        with pytest.raises(IdentityError) as caught:
            read_parameters(query)
        assert caught.value.code is Code.SIGN_IN_STATE


def test_tokens_do_not_show_when_logged() -> None:
    """A logged token answer shows no token."""
    assert "canary" not in repr(TokenAnswer("canary-1", "canary-2", "canary-3"))
