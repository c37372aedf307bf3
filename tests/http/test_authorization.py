"""Credentials in a request field."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.http.authorization import LONGEST, AmbiguousCredential, read_credential


def basic(text: bytes) -> bytes:
    """As RFC 7617 has it."""
    return b"Basic " + b64encode(text)


@pytest.mark.parametrize(("value", "found"), [
    (b"Bearer abc", b"abc"), (b"bearer  a.b-c_~+/==", b"a.b-c_~+/=="), (b"BEARER x", b"x"),
    (basic(b"any:abc"), b"abc"), (basic(b":abc"), b"abc"), (b"Digest x", None), (b"Negotiate x", None), (b"abc", None),
])
def test_what_is_in_authorization(value: bytes, found: bytes | None) -> None:
    """Of Bearer and Basic the token; other schemes are the application's."""
    assert read_credential([(b"accept", b"*/*"), (b"authorization", value)], b"authorization", basic=True) == found


def test_basic_is_the_applications_unless_it_is_ours() -> None:
    """Where no token is to come as a password."""
    assert read_credential([(b"authorization", basic(b"a:b"))], b"authorization", basic=False) is None
    assert read_credential([], b"authorization", basic=True) is None


@pytest.mark.parametrize("values", [
    [b"Bearer a", b"Bearer b"], [b"Bearer a", b"Digest b"], [b"Digest b", b"Bearer a"], [b"Bearer"], [b"Bearer "],
    [b"Bearer a b"], [b"Bearer a,b"], [b"Bearer \xff"], [b"Bearer " + b"a" * LONGEST], [b"DPoP abc"], [b"Basic !"],
    [b"Basic YQ"], [basic(b"abc")], [basic(b"a:")], [basic(b"a:b c")], [basic(b"a:b"), basic(b"a:b")],
])
def test_no_guess_is_made(values: list[bytes]) -> None:
    """Of several, or of what cannot be read, none counts: not even a cookie in its place."""
    with pytest.raises(AmbiguousCredential):
        read_credential([(b"authorization", value) for value in values], b"authorization", basic=True)


def test_a_field_of_its_own() -> None:
    """There the token may stand alone, and Authorization is the application's."""
    for value in (b"abc", b"Bearer abc"):
        fields = [(b"authorization", b"Bearer x"), (b"x-token", value)]
        assert read_credential(fields, b"x-token", basic=False) == b"abc"
    assert read_credential([(b"authorization", b"Bearer x")], b"x-token", basic=False) is None
    with pytest.raises(AmbiguousCredential):
        read_credential([(b"x-token", b"a b")], b"x-token", basic=False)


@given(st.lists(st.binary(max_size=40), max_size=3), st.booleans(), st.sampled_from([b"authorization", b"x-token"]))
def test_whatever_is_said(values: list[bytes], is_basic: bool, name: bytes) -> None:
    """A token that is one, nothing, or a refusal."""
    try:
        found = read_credential([(name, value) for value in values], name, basic=is_basic)
    except AmbiguousCredential:
        return
    assert found is None or re.fullmatch(rb"[\w.~+/=-]+", found)
