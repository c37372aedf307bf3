"""Whose an access token is, and what an application accepts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import Code
from appproxy.identity.openid.access_token import AccessToken
from appproxy.identity.session import Session
from appproxy.policy.verdict import Refuse
from appproxy.publish.application import Segment, Url
from appproxy.publish.routing import ApplicationRoute
from appproxy.publish.settings.request_fields import header_rule
from appproxy.service.dispatch.gates.provider_tokens import KnownToken, NoTokens, accepted_of, provider_session
from appproxy.store.snapshot import ProviderRecord
from tests.service.dispatch.stage_fakes import NOW, WIKI, route_to

IDP = ProviderRecord("builtin", "Own", "https://idp.example.com", "appproxy", "")
APP = replace(WIKI, bearer="provider", assigned_groups=frozenset({"staff"}), headers=(header_rule("header.x-mail", "email"),))
SAID: dict[str, Any] = {
    "iss": IDP.issuer, "aud": "https://wiki.example.com/", "sub": "ann", "iat": NOW - 60, "exp": NOW + 300, "scope": "read",
    "groups": ["staff", "other"], "email": "ann@example.com", "phone": "1", "name": "Ann",
}  # fmt: skip


def session(route: ApplicationRoute | None = None, record: ProviderRecord = IDP, **changes: Any) -> Session | Refuse | str:
    """What becomes of a token with these claims."""
    known = KnownToken(AccessToken({**SAID, **changes}, "at+jwt"), "", NOW + 60, record)
    return provider_session(b"token", known, route or route_to(APP), NOW)


def test_it_is_a_user_like_any_other() -> None:
    """With the groups that assignments name, the claims that rules name, and the time at which it was issued."""
    found = session()
    assert isinstance(found, Session)
    assert (found.subject, found.name, found.groups, found.claims) == ("ann", "Ann", ("staff",), {"email": "ann@example.com"})
    assert (found.provider, found.issuer, found.issued, found.expires) == ("builtin", IDP.issuer, NOW - 60, NOW + 300)
    assert found.credential == "provider"


def test_it_ends_with_the_session_that_it_comes_from() -> None:
    """Where the provider is ours; others name theirs as they like, so that none can pass for another's."""
    corp = replace(IDP, id="corp")
    ours, other = session(sid="s1"), session(route_to(replace(APP, provider="corp")), corp, sid="s1")
    assert isinstance(ours, Session) and ours.id == "s1"
    assert isinstance(other, Session) and other.id != "s1" and len(other.id) == 64


def test_another_provider_than_the_applications() -> None:
    """Whoever it has signed in there is nobody here."""
    assert session(record=replace(IDP, id="corp")) == "it is of another identity provider"


@pytest.mark.parametrize("changes", [
    {"aud": "https://blog.example.com/"}, {"aud": "appproxy"}, {"aud": "wiki"}, {"exp": NOW - 100}, {"exp": NOW - 1},
    {"sub": ""}, {"email": "a\nb"}, {"cnf": {"jkt": "x"}},
])
def test_what_is_nobodys(changes: dict[str, Any]) -> None:
    """With the reason, for the log."""
    assert isinstance(session(**changes), str)


def test_too_few_scopes() -> None:
    """It is good, and for something less."""
    found = session(route_to(replace(APP, bearer_scopes=frozenset({"read", "write"}))))
    assert isinstance(found, Refuse) and found.code is Code.NOT_ASSIGNED and "write" in found.reason


def test_all_urls_of_an_application_count() -> None:
    """Those of its segments, and of a wildcard the host that is asked."""
    more = replace(APP, segments=(Segment(Url.parse("https://img.example.com/wiki/"), Url.parse("http://i/wiki/")),))
    assert accepted_of(route_to(more), IDP).resources == {"https://wiki.example.com/", "https://img.example.com/wiki/"}


def test_who_has_no_providers() -> None:
    """Takes no token."""
    book = NoTokens()
    known = book.known(b"x", IDP, NOW)
    assert known is not None and known.token is None and not book.is_familiar(b"x", IDP)


def test_groups_that_policies_name_are_kept() -> None:
    """A policy about a group must not be passed by with a token, because no assignment names that group."""
    known = KnownToken(AccessToken(SAID, "at+jwt"), "", NOW + 60, IDP)
    found = provider_session(b"token", known, route_to(APP), NOW, frozenset({"other"}))
    assert isinstance(found, Session) and found.groups == ("staff", "other")


def test_groups_that_are_assigned_for_a_time_are_kept() -> None:
    """Else they would let nobody in."""
    found = session(route_to(replace(APP, assigned_groups=frozenset(), ending_groups=(("other", NOW + 60),))))
    assert isinstance(found, Session) and found.groups == ("other",)


def test_when_a_token_was_made_is_not_when_its_user_signed_in() -> None:
    """Only `auth_time` says that (RFC 9068 section 2.2.1)."""
    found, told = session(), session(auth_time=NOW - 3000)
    assert isinstance(found, Session) and found.auth_time == 0.0
    assert isinstance(told, Session) and told.auth_time == NOW - 3000
