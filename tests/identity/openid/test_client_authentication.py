"""How we prove to a provider that we are its client."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import JWKRegistry, OctKey

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.client_authentication import (
    ASSERTION_TYPE,
    ClientProof,
    ProviderClient,
    method_of,
    prove,
    signed_request,
)
from appproxy.identity.openid.client_keys import ClientKey, public_signing_keys
from appproxy.identity.openid.oidc import Metadata
from appproxy.pki.issuing.client_certificate import new_client_credential

NOW = 1_800_000_000.0
SECRET = "a:b %&+/" + "x" * 32


def metadata(*methods: str) -> Metadata:
    """Of a provider that takes these."""
    return Metadata("https://idp", "https://idp/a", "https://idp/t", "https://idp/k", token_auth_methods=methods)


@pytest.mark.parametrize(("methods", "client", "method"), [
    (("client_secret_post", "client_secret_basic"), ProviderClient("c", "s"), "client_secret_basic"),
    (("private_key_jwt", "client_secret_post"), ProviderClient("c", "s"), "client_secret_post"),
    (("client_secret_jwt",), ProviderClient("c", "s"), "client_secret_jwt"),
    (("client_secret_basic",), ProviderClient("c"), "none"),
    # What was set counts, whatever the metadata says.
    (("client_secret_basic",), ProviderClient("c", "s", "client_secret_post"), "client_secret_post"),
])
def test_the_method(methods: tuple[str, ...], client: ProviderClient, method: str) -> None:
    """Basic before all others."""
    assert method_of(metadata(*methods), client) == method


def test_no_method_in_common() -> None:
    """A secret is sent nowhere in a way that the provider does not name."""
    with pytest.raises(IdentityError) as caught:
        prove(metadata("private_key_jwt"), ProviderClient("c", "s"), now=NOW, jti="j")
    assert caught.value.code is Code.PROVIDER_REFUSED


def test_basic_is_form_encoded_first() -> None:
    """RFC 6749 section 2.3.1."""
    proof = prove(metadata("client_secret_basic"), ProviderClient("c:d", "a:b %"), now=NOW, jti="j")
    assert proof.form == {} and proof.authorization is not None
    assert b64decode(proof.authorization.removeprefix("Basic ")) == b"c%3Ad:a%3Ab+%25"


def test_others_in_the_form() -> None:
    """A public client only says its name."""
    assert prove(metadata(), ProviderClient("c"), now=NOW, jti="j") == ClientProof({"client_id": "c"})
    assert prove(metadata("client_secret_post"), ProviderClient("c", "s"), now=NOW, jti="j").form == {
        "client_id": "c", "client_secret": "s"}


def test_a_proof_that_is_signed_with_the_secret() -> None:
    """It names us, that provider and nobody else, lasts a minute, and the secret is not in it."""
    proof = prove(metadata(), ProviderClient("c", SECRET, "client_secret_jwt"), now=NOW + 0.7, jti="j")
    assert (proof.authorization, proof.form["client_assertion_type"], proof.form["client_id"]) == (None, ASSERTION_TYPE, "c")
    token = jwt.decode(proof.form["client_assertion"], OctKey.import_key(SECRET), algorithms=["HS256"])
    assert token.claims == {
        "iss": "c", "sub": "c", "aud": "https://idp", "jti": "j", "iat": int(NOW), "exp": int(NOW) + 60}
    assert SECRET not in repr((proof, ProviderClient("c", SECRET)))


MADE = new_client_credential("EC", "c", NOW, b"x" * 16)
KEY = ClientKey("k1", "EC", MADE.key, MADE.certificate, NOW)
OWN = ProviderClient("c", method="private_key_jwt", key=KEY)


def read(token: str) -> dict[str, object]:
    """The claims of what our key has signed."""
    published: Any = public_signing_keys([KEY])
    return dict(jwt.decode(token, JWKRegistry.import_key(published[0]), algorithms=["ES256"]).claims)


@pytest.mark.parametrize(("to_token_endpoint", "audience"), [(False, "https://idp"), (True, "https://idp/t")])
def test_a_proof_by_the_clients_own_key(to_token_endpoint: bool, audience: str) -> None:
    """For the issuer alone, unless the provider wants its token end point there."""
    client = replace(OWN, to_token_endpoint=to_token_endpoint)
    form = prove(metadata(), client, now=NOW, jti="j").form
    assert form["client_assertion_type"] == ASSERTION_TYPE and read(form["client_assertion"]) == {
        "iss": "c", "sub": "c", "aud": audience, "jti": "j", "iat": int(NOW), "exp": int(NOW) + 60}


@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
def test_a_proof_by_certificate(method: str) -> None:
    """The form only names the client (RFC 8705 section 2)."""
    assert prove(metadata(), ProviderClient("c", "s", method), now=NOW, jti="j") == ClientProof({"client_id": "c"})


def test_a_signed_request() -> None:
    """All is inside (RFC 9101 section 4); of what stands beside it nothing is secret, and nothing else counts."""
    asked = {"response_type": "code", "client_id": "c", "scope": "openid", "state": "s", "nonce": "n"}
    request = signed_request(metadata(), OWN, asked, now=NOW, jti="j")
    assert request.keys() == {"client_id", "request", "response_type", "scope"}
    assert read(request["request"]) == {
        **asked, "iss": "c", "aud": "https://idp", "jti": "j", "nbf": int(NOW), "iat": int(NOW), "exp": int(NOW) + 60}


def test_without_a_key_nothing_is_signed() -> None:
    """It says what to do."""
    asked = {"response_type": "code", "scope": "openid"}
    for call in (lambda: prove(metadata(), replace(OWN, key=None), now=NOW, jti="j"),
                 lambda: signed_request(metadata(), ProviderClient("c", "s"), asked, now=NOW, jti="j")):
        with pytest.raises(IdentityError, match="has no key") as caught:
            call()
        assert caught.value.code is Code.PROVIDER_REFUSED
