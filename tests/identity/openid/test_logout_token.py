"""Logout tokens: good ones name a session, and each way to be wrong is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import KeySet

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import UnknownKeyError, issuer_of
from appproxy.identity.openid.logout_token import EVENT, LogoutToken, began_after, check_logout_token
from tests.identity.mint import CLIENT, ISSUER, KEYS, NOW, RSA, STRANGER, Checker, claims, confused, sign, unsigned


def said(**changes: Any) -> dict[str, Any]:
    """The claims of a good logout token; None takes one out."""
    good: dict[str, Any] = {
        "iss": ISSUER, "aud": CLIENT, "sub": "user-1", "sid": "p1", "iat": NOW, "exp": NOW + 120.0, "jti": "j1",
        "events": {EVENT: {}},
    }
    good.update(changes)
    return {name: value for name, value in good.items() if value is not None}


def check(token: str, now: float = NOW, keys: KeySet = KEYS) -> LogoutToken:
    """Look at it as the service does."""
    return check_logout_token(
        token, keys, issuer=ISSUER, client_id=CLIENT, algorithms=("RS256", "ES256"), now=now)


def refused(token: str, **how: Any) -> str:
    """The reason for which it is refused."""
    with pytest.raises(IdentityError) as caught:
        check(token, **how)
    assert caught.value.code is Code.TOKEN_REFUSED
    assert caught.value.detail.startswith("logout token: ") and "ID token: " not in caught.value.detail
    return caught.value.detail.removeprefix("logout token: ")


@pytest.mark.parametrize("header", [{"typ": "logout+jwt"}, {"typ": "application/logout+JWT"}, {"typ": "JWT"}, {"typ": None}])
def test_good_ones(header: dict[str, Any]) -> None:
    """Section 2.4 recommends a type of its own; what many providers say is taken, too."""
    assert check(sign(said(), header=header)) == LogoutToken("j1", "user-1", "p1", NOW + 180, NOW)


def test_one_session_or_all() -> None:
    """Either of `sub` and `sid` may be missing."""
    assert check(sign(said(sid=None))).sid == ""
    assert check(sign(said(sub=None))).subject == ""
    assert check(sign(said(), RSA, {"kid": "rsa"}, "RS256")).sid == "p1"


@pytest.mark.parametrize(("claims", "began", "later"), [
    ({"iat": NOW + 1}, NOW + 1, True), ({"iat": NOW}, NOW + 1, False), ({"iat": NOW - 9}, NOW + 900, False),
    ({"iat": NOW + 1}, NOW - 59, True), ({"iat": NOW + 900}, NOW - 60, False),
    ({}, NOW + 61, True), ({}, NOW + 60, False), ({"iat": "x"}, NOW + 61, True),
])
def test_which_sessions_it_cannot_mean(claims: dict[str, Any], began: float, later: bool) -> None:
    """Those that the provider has signed in after it; one that was only refreshed since is older, and clocks may differ."""
    assert began_after(NOW, claims, began) is later


def test_how_long_it_is_remembered() -> None:
    """Never longer than an hour; one that does not say lasts two minutes."""
    assert check(sign(said(exp=NOW + 1e9))).expires == NOW + 3660
    assert check(sign(said(exp=None))).expires == NOW + 180
    assert refused(sign(said(exp=NOW + 1e9)), now=NOW + 3660) == "expired"
    assert refused(sign(said(exp=None)), now=NOW + 180) == "expired"
    assert check(sign(said()), now=NOW + 179.9) and check(sign(said()), now=NOW - 59)


@pytest.mark.parametrize(("changes", "why"), [
    ({"iss": "https://other"}, "another issuer"), ({"iss": None}, "another issuer"),
    ({"aud": "other"}, "it is for another audience"), ({"aud": None}, "it has no audience"),
    ({"aud": [CLIENT, "other"]}, "it was issued to another party"),
    ({"iat": None}, "it has no iat"), ({"iat": "now"}, "iat is not a number"), ({"iat": 1e300}, "iat is not a time"),
    ({"iat": NOW + 61, "exp": NOW + 200}, "not valid yet"), ({"exp": NOW - 60}, "expired"),
    ({"exp": True}, "exp is not a number"), ({"iat": NOW - 4000, "exp": NOW + 60}, "expired"),
    ({"nonce": "n"}, "it has a nonce, so it may be an ID token"), ({"nonce": ""}, "it has a nonce, so it may be an ID token"),
    ({"events": None}, "its events do not say that a session has ended"),
    ({"events": {}}, "its events do not say that a session has ended"),
    ({"events": [EVENT]}, "its events do not say that a session has ended"),
    ({"events": EVENT}, "its events do not say that a session has ended"),
    ({"events": {EVENT: True}}, "its events do not say that a session has ended"),
    ({"events": {"other": {}}}, "its events do not say that a session has ended"),
    ({"jti": None}, "it has no jti"), ({"jti": ""}, "it has no jti"),
    ({"jti": 5}, "jti is not a text of at most 255 characters"),
    ({"sub": None, "sid": None}, "it has neither sub nor sid"), ({"sub": "", "sid": ""}, "it has neither sub nor sid"),
    ({"sid": ["p1"]}, "sid is not a text of at most 255 characters"),
    ({"sid": "x" * 256}, "sid is not a text of at most 255 characters"),
    ({"sub": "a\x00"}, "sub is not a text of at most 255 characters"),
])
def test_wrong_claims(changes: dict[str, Any], why: str) -> None:
    """Section 2.6, one by one."""
    assert refused(sign(said(**changes))) == why


@pytest.mark.parametrize("token", [
    unsigned(said()), unsigned(said(), "HS256"), confused(said()), "", "a.b.c", "é", "x" * 70_000,
    sign(said(), header={"typ": "at+jwt"}), sign(said(), header={"jwk": {}}), sign(said(), header={"crit": ["x"], "x": 1}),
    sign(said(), header={"jku": "https://evil"}), sign(b"[]"), sign(b"{"), sign(b'{"iss":"a","iss":"b"}'),
])
def test_wrong_tokens(token: str) -> None:
    """The same table as for ID tokens holds."""
    refused(token)


def test_signed_by_a_stranger() -> None:
    """Then the key set is asked for once more."""
    with pytest.raises(UnknownKeyError, match="^TOKEN_REFUSED: logout token: |logout token: "):
        check(sign(said(), STRANGER))


def test_neither_passes_for_the_other() -> None:
    """An ID token ends no session, and a logout token begins none."""
    assert "nonce" in refused(sign(claims(sid="p1", jti="j1", iat=NOW)))
    with pytest.raises(IdentityError):
        Checker()(sign(said()))
    with pytest.raises(IdentityError, match="another type"):
        Checker()(sign(said(nonce="the nonce"), header={"typ": "logout+jwt"}))


def test_whose_it_says_that_it_is() -> None:
    """Read before anything is believed, to know whom to ask."""
    assert issuer_of(sign(said())) == ISSUER
    for token in ("", "a.b", "..", "a.!.c", sign(b"[]"), sign(said(iss=5)), "é.é.é", f"a.{'A' * 70_000}.c"):
        assert issuer_of(token) == ""


@given(st.text(max_size=200) | st.lists(st.text("AQe_-", max_size=40), min_size=3, max_size=3).map(".".join))
def test_whatever_comes(token: str) -> None:
    """Text of any kind is refused, and nothing else happens."""
    assert issuer_of(token) == ""
    refused(token)
