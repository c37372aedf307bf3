"""Where the groups are that a token has no room for."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import IdentityError
from appproxy.identity.openid.group_overage import MOST, is_directory, place_of_groups, read_member_groups


def named(endpoint: Any) -> dict[str, Any]:
    """A token that names this place."""
    return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}


@pytest.mark.parametrize(("raw", "place"), [
    ({}, None), ({"groups": ["a"], **named("https://x.example/")}, None), ({"_claim_names": ["groups"]}, None),
    ({"_claim_names": {"roles": "src1"}}, None), ({"_claim_names": {"groups": "src1"}}, ""),
    (named("https://directory.example/groups?x=1"), "https://directory.example/groups?x=1"),
    (named("https://graph.windows.net/t/users/u/getMemberObjects"), "https://graph.microsoft.com/v1.0/me/getMemberObjects"),
    (named("http://directory.example/"), ""), (named("https://u:p@directory.example/"), ""), (named("https://a b/"), ""),
    (named("https://[x/"), ""), (named(5), ""), (named("https://" + "x" * 3000), ""), (named("https://x.example/#f"), ""),
])
def test_the_place(raw: dict[str, Any], place: str | None) -> None:
    """Only an https URL that the token itself names; the former directory's is today's."""
    assert place_of_groups(raw, "groups") == place


@pytest.mark.parametrize(("endpoint", "good"), [
    ("https://graph.windows.net/t/users/u/getMemberObjects", True), ("https://GRAPH.microsoft.com/v1.0/me/x", True),
    ("https://graph.microsoft.us/v1.0/me/x", True), ("https://directory.example/groups", False),
    ("https://graph.microsoft.com.evil.example/", False), ("https://evil.example/graph.microsoft.com", False),
    ("https://graph.microsoft.com:444/", False), ("https://evil.graph.microsoft.com/", False), ("https://127.0.0.1/", False),
])
def test_who_is_asked(endpoint: str, good: bool) -> None:
    """The access token goes to Microsoft Graph alone, whatever place a token names."""
    assert is_directory(place_of_groups(named(endpoint), "groups") or "") is good


def test_what_it_answers() -> None:
    """Ids, and not more than one answer can have."""
    assert read_member_groups({"value": ["a", "b"]}) == ["a", "b"]
    wrong: list[object] = [{}, [], None, {"value": "a"}, {"value": [1]}, {"value": ["a"] * (MOST + 1)}]
    for answer in wrong:
        with pytest.raises(IdentityError):
            read_member_groups(answer)
