"""Claims that are elsewhere: whose word it is, and where nobody is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.identity.openid.claim_sources import MOST, ClaimSource, is_named, sources_of

RAW: dict[str, Any] = {
    "email": "x", "_claim_names": {"groups": "far", "phone": "far", "address": "near", "email": "near", "other": "gone"},
    "_claim_sources": {"far": {"endpoint": "https://far.example/claims", "access_token": "t"}, "near": {"JWT": "a.b.c"}},
}


def test_the_specifications_example() -> None:
    """One source for several claims is asked once; what is said already, not wanted, or has no source is left out."""
    assert sources_of(RAW, ["groups", "phone", "email", "other", "missing"]) == [
        ClaimSource("far", ("groups", "phone"), endpoint="https://far.example/claims", access_token="t")]
    assert sources_of(RAW, ["address"]) == [ClaimSource("near", ("address",), "a.b.c")]
    assert "a.b.c" not in repr(sources_of(RAW, ["address"]))


@pytest.mark.parametrize("source", [
    None, [], {}, {"endpoint": "http://far.example/"}, {"endpoint": 7}, {"JWT": ""}, {"JWT": "x" * 70_000},
    {"endpoint": "https://u@far.example/"}, {"endpoint": "https://far.example/\r\nx: y"}, {"endpoint": "file:///etc/passwd"}])
def test_what_is_no_source(source: object) -> None:
    """Is left out."""
    assert sources_of({"_claim_names": {"groups": "s"}, "_claim_sources": {"s": source}}, ["groups"]) == []


def test_they_are_few() -> None:
    """Each is a call that the user waits for."""
    many = {f"c{n}": f"s{n}" for n in range(20)}
    raw = {"_claim_names": many, "_claim_sources": {name: {"endpoint": "https://x.example/"} for name in many.values()}}
    assert len(sources_of(raw, list(many))) == MOST


@pytest.mark.parametrize(("endpoint", "named"), [
    ("https://a.example/x", True), ("https://A.example:443/x", True), ("https://a.example:8443/", False),
    ("https://b.example:8443/", True), ("https://b.example/", False), ("https://x.a.example/", False),
])
def test_which_hosts(endpoint: str, named: bool) -> None:
    """Exactly those, on exactly those ports."""
    assert is_named(endpoint, ("a.example", "b.example:8443")) is named


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json(said: Any) -> None:
    """Whatever stands there, nothing breaks."""
    sources_of({"_claim_names": said, "_claim_sources": said}, ["groups"])
    sources_of({"_claim_names": {"groups": "s"}, "_claim_sources": {"s": said}}, ["groups"])
