"""The identity provider that signs everybody in as the same user."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from joserfc import jwt
from twisted.web.test.requesthelper import DummyRequest

from appproxy.errors import IdentityError
from appproxy.testing import StandInProvider
from tests.fakes.outcome import got

ISSUER = "http://localhost:8080"
VERIFIER = "v" * 43


def code_of(provider: StandInProvider) -> bytes:
    """The code that a browser is sent back with."""
    request: Any = DummyRequest([b"stand-in"])
    digest = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
    request.args = {b"nonce": [b"n"], b"client_id": [b"site"], b"code_challenge": [digest], b"state": [b"s"],
                    b"redirect_uri": [b"http://localhost:8080/.appproxy/callback"]}
    request.redirect = lambda url: request.setHeader(b"location", url)
    provider.render_GET(request)
    location: bytes = request.responseHeaders.getRawHeaders(b"location")[0]
    return location.partition(b"code=")[2].partition(b"&")[0]


def test_a_code_becomes_a_token_of_the_user() -> None:
    """With the claims that a test wants, and once."""
    provider = StandInProvider(ISSUER, lambda: 1000.0, {"sub": "bob", "groups": ["staff"]})
    code = code_of(provider).decode()
    answer = got(provider.exchange(code, VERIFIER, "", "site"))
    claims = jwt.decode(answer.id_token, got(provider.keys()), ["ES256"]).claims
    usual = {"iss": ISSUER, "aud": "site", "nonce": "n", "iat": 1000.0, "exp": 4600.0}
    assert claims == {**usual, "sub": "bob", "groups": ["staff"]}
    with pytest.raises(IdentityError):
        got(provider.exchange(code, VERIFIER, "", "site"))


@pytest.mark.parametrize(("verifier", "client"), [("w" * 43, "site"), (VERIFIER, "other")])
def test_a_code_of_another_is_refused(verifier: str, client: str) -> None:
    """It checks what real providers check, so that a site which does not keep it is seen."""
    provider = StandInProvider(ISSUER, lambda: 1000.0)
    code = code_of(provider).decode()
    with pytest.raises(IdentityError):
        got(provider.exchange(code, verifier, "", client))
