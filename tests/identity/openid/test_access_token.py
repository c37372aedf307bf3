"""Access tokens: good ones give claims, forged and foreign ones are refused, one line for each trick."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jws

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.access_token import (
    Accepted,
    AccessToken,
    accept,
    introspected_token,
    is_jwt,
    is_within,
    lacking_scopes,
    signed_token,
)
from appproxy.identity.openid.id_token import MAX_TOKEN, Claims, UnknownKeyError
from tests.identity.mint import EC, ISSUER, KEYS, NOW, RSA, STRANGER, confused, sign, unsigned

APP = "https://api.example.com/"
ACCEPTED = Accepted(frozenset({ISSUER}), frozenset({APP}), own=frozenset({"client-1", "app-id"}))
GOOD: dict[str, Any] = {
    "iss": ISSUER, "aud": APP, "sub": "user-1", "client_id": "cli", "iat": NOW, "exp": NOW + 300,
    "scope": "read write", "jti": "1",
}


def mint(header: dict[str, Any] | None = None, key: Any = EC, algorithm: str = "ES256", **changes: Any) -> str:
    """A token; None takes a claim out."""
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return sign(claims, key, {"typ": "at+jwt", **(header or {})}, algorithm)


def read(token: str, accepted: Accepted = ACCEPTED, now: float = NOW) -> Claims:
    """Both looks at it."""
    return accept(signed_token(token, KEYS, ("ES256", "RS256")), accepted, now)


def refused(token: str, accepted: Accepted = ACCEPTED, now: float = NOW) -> str:
    """Why it is."""
    with pytest.raises(IdentityError) as caught:
        read(token, accepted, now)
    assert caught.value.code is Code.TOKEN_REFUSED and "ID token:" not in caught.value.detail
    return caught.value.detail


def test_a_good_one() -> None:
    """Whoever it is of, until it ends."""
    for token in (mint(), mint({"typ": "application/at+JWT"}), mint({"kid": "rsa"}, RSA, "RS256"), mint(aud=["x", APP])):
        found = read(token)
        assert (found.subject, found.issued, found.expires) == ("user-1", NOW, NOW + 300)
    assert read(mint(), now=NOW + 359).subject == "user-1"


@pytest.mark.parametrize("token", [
    unsigned(GOOD), unsigned(GOOD, "None"), confused(GOOD), mint(key=STRANGER), mint({"kid": "none"}), mint({"kid": "rsa"}),
    mint({"crit": ["x"], "x": 1}), mint({"jwk": STRANGER.as_dict(private=False)}, STRANGER), mint({"jku": "https://evil.example"}),
    mint({"x5u": "https://evil.example"}), mint({"x5c": ["a"]}),
    mint({"b64": True, "crit": ["b64"]}), mint({"zip": "DEF"}), mint({"enc": "A128GCM"}),
    mint({"typ": "logout+jwt"}), mint({"typ": "dpop+jwt"}), mint({"typ": 7}), mint({"typ": "JWT"}), mint({"typ": None}),
    mint(iss="https://other.example"), mint(iss=ISSUER + "/"), mint(iss=None), mint(iss=[ISSUER]),
    mint(aud=None), mint(aud=[]), mint(aud="https://other.example/"), mint(aud="https://api.example.com.evil.example/"),
    mint(aud="https://api.example.co"), mint(aud={"a": APP}), mint(aud=[1]), mint(aud="client-1"), mint(aud=[APP, "client-1"]),
    mint(aud="app-id"), mint(nonce="n"), mint(at_hash="h"), mint(c_hash="h"),
    mint(cnf={"jkt": "x"}), mint(cnf={"x5t#S256": "x"}), mint(cnf={}),
    mint(exp=None), mint(exp=NOW - 61), mint(exp="9999999999"), mint(exp=1e300), mint(exp=True), mint(exp=NOW), mint(exp=-1),
    mint(iat=None), mint(iat=NOW + 61), mint(nbf=NOW + 61), mint(nbf="x"), mint(iat=NOW + 30, exp=NOW + 20),
    mint(sub=None), mint(sub=""), mint(sub="a" * 256), mint(sub=7), mint(sub="a\n"),
    mint(pad="a" * MAX_TOKEN), mint(deep=json.loads("[" * 40 + "]" * 40)),
    mint() + "x", mint()[:-4], "", "a.b.c", mint().replace(".", "..", 1),
])
def test_forged_and_foreign_ones(token: str) -> None:
    """None of them is anybody."""
    refused(token)


def test_a_name_twice() -> None:
    """Readers disagree about which one counts."""
    head = {"alg": "ES256", "kid": "ec", "typ": "at+jwt"}
    body = b'{"sub":"user-1","sub":"admin","iss":"%b","aud":"%b","iat":%d,"exp":%d}' % (
        ISSUER.encode(), APP.encode(), NOW, NOW + 300)
    assert "JSON" in refused(jws.serialize_compact(head, body, EC, ["ES256"]))


def test_an_unknown_key_may_be_a_new_one() -> None:
    """So that the set is fetched again."""
    with pytest.raises(UnknownKeyError):
        read(mint({"kid": "new"}))


def test_providers_from_before_the_standard() -> None:
    """Their tokens do not say what they are; ID tokens are none all the same."""
    old = replace(ACCEPTED, old_types=True)
    for token in (mint({"typ": "JWT"}), mint({"typ": None}), mint()):
        assert read(token, old).subject == "user-1"
    for token in (mint({"typ": "JWT"}, nonce="n"), mint({"typ": "JWT"}, aud="client-1"), mint({"typ": "JWT"}, at_hash="x")):
        refused(token, old)


def test_an_api_that_is_registered_as_one_with_the_sign_in() -> None:
    """Its audience is our own client id: then only scopes tell its tokens from ID tokens."""
    named = replace(ACCEPTED, audiences=frozenset({"client-1"}), old_types=True)
    assert read(mint({"typ": "JWT"}, aud="client-1"), named).subject == "user-1"
    assert read(mint({"typ": "JWT"}, aud="client-1", scope=None, scp=["a"]), named).subject == "user-1"
    refused(mint({"typ": "JWT"}, aud="client-1", scope=None), named)
    refused(mint({"typ": "JWT"}, aud="app-id"), named)


def test_what_an_application_wants() -> None:
    """Its own audiences, clients and issuers."""
    named = replace(ACCEPTED, audiences=frozenset({"api://orders"}))
    assert read(mint(aud="api://orders"), named).subject == "user-1"
    refused(mint(), named)
    only = replace(ACCEPTED, clients=frozenset({"cli"}))
    assert read(mint(), only).subject == read(mint(client_id=None, azp="cli"), only).subject == "user-1"
    refused(mint(client_id="other"), only)
    refused(mint(client_id=None), only)
    refused(mint(client_id=["cli"]), only)
    other = replace(ACCEPTED, issuers=frozenset({"https://sts.example/"}))
    assert read(mint(iss="https://sts.example/"), other).issuer == "https://sts.example/"
    refused(mint(), other)


@pytest.mark.parametrize(("changes", "missing"), [
    ({}, []), ({"scope": "read"}, ["write"]), ({"scope": None}, ["read", "write"]), ({"scope": None, "scp": "write read"}, []),
    ({"scope": "read", "scp": ["write"]}, []), ({"scope": "readwrite"}, ["read", "write"]), ({"scope": 7}, ["read", "write"]),
    ({"scope": ["read", "write"]}, []),
])
def test_scopes(changes: dict[str, Any], missing: list[str]) -> None:
    """All of them must be granted."""
    token = signed_token(mint(**changes), KEYS, ("ES256",))
    assert lacking_scopes(token, replace(ACCEPTED, scopes=frozenset({"read", "write"}))) == missing


@pytest.mark.parametrize(("url", "within"), [
    ("https://a.example/mcp", True), ("https://a.example/mcp/", True), ("https://a.example/mcp/x", True),
    ("https://a.example/mcp?x", True), ("https://a.example/mcpx", False), ("https://a.example/", False),
    ("https://a.example/mcp/../x", False), ("https://a.example/mcp/%2e%2e/x", False), ("https://a.example/mcp/..\\x", False),
    ("https://a.example.evil/mcp/", False), ("", False),
])
def test_urls_of_an_application(url: str, within: bool) -> None:
    """Itself and what is below it."""
    assert is_within(url, ["https://a.example/mcp/"]) is within


def test_what_introspection_says() -> None:
    """Only what is active counts; what is missing never helps anybody."""
    answers: list[object] = [None, [], {}, {"active": False}, {"active": "true"}, {"active": 1}]
    for answer in answers:
        assert introspected_token(answer, ISSUER, NOW + 60) is None
    said = {"active": True, "sub": "user-1", "aud": APP, "scope": "read"}
    found = introspected_token(said, ISSUER, NOW + 60)
    assert found is not None
    claims = accept(found, ACCEPTED, NOW)
    assert (claims.subject, claims.issued, claims.expires) == ("user-1", 0, NOW + 60)
    worse: list[dict[str, object]] = [
        {"sub": None}, {"aud": None}, {"aud": "other"}, {"iss": "https://other"}, {"cnf": {}}, {"exp": NOW - 61}]
    for changes in worse:
        with pytest.raises(IdentityError):
            accept(AccessToken({**found.raw, **changes}, ""), ACCEPTED, NOW)


@pytest.mark.parametrize(("cnf", "shown", "why"), [
    ({"x5t#S256": "abc"}, "abc", ""), ({"x5t#S256": "abc"}, "abd", "another certificate"),
    ({"x5t#S256": "abc"}, "", "none was"), ({"x5t#S256": ""}, "", "none was"),
    ({"x5t#S256": ["a"]}, "a", "another certificate"),
    ({"jkt": "abc"}, "abc", "no proof"), ({"x5t#S256": "abc", "jkt": "d"}, "abc", "no proof"), ("abc", "abc", "no proof"),
    ({}, "abc", "no proof"), (None, "a", "no proof"),
])
def test_tokens_that_are_bound_to_a_certificate(cnf: object, shown: str, why: str) -> None:
    """Good together with that certificate alone (RFC 8705); what is bound to more, or to anything else, is not taken."""
    token = AccessToken({"iss": ISSUER, "aud": APP, "sub": "ann", "iat": NOW, "exp": NOW + 60, "cnf": cnf}, "at+jwt")
    accepted = replace(ACCEPTED, thumbprint=shown)
    if not why:
        assert accept(token, accepted, NOW).subject == "ann"
        return
    with pytest.raises(IdentityError) as caught:
        accept(token, accepted, NOW)
    assert why in caught.value.detail


def test_what_looks_like_a_jwt() -> None:
    """All else is opaque."""
    assert is_jwt(mint()) and is_jwt(unsigned(GOOD))
    assert not any(map(is_jwt, ("", "abc", "a.b.c", "a.b", "2YotnFZFEjr1zCsicMWpAA", "....")))
