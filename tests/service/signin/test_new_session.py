"""The session that a sign-in would begin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.identity.openid.id_token import Claims
from appproxy.identity.openid.oidc import TokenAnswer
from appproxy.identity.states import StartState
from appproxy.policy.verdict import Refuse
from appproxy.service.signin.new_session import ProvedSignIn, kept_of, not_after, refresh_at, session_of
from appproxy.service.signin.openid.refreshing import LEAST_LIFETIME
from appproxy.store.snapshot import BUILTIN
from tests.service.sign_in_world import CRM, ISSUER, NOW, RECORD, WIKI
from tests.service.signin.request.test_context import HOST, context, request

HOUR = 3600.0
CLAIMS = Claims(ISSUER, "ann", NOW, NOW + HOUR, NOW - 1.0, ("pwd",), "", {
    "name": "Ann", "email": "ann@example.com", "groups": ["staff", "secret"], "sid": "there"})
PROVED = ProvedSignIn(
    CLAIMS, WIKI, RECORD, StartState("wiki", HOST, "/page", "b"), frozenset({"staff"}), TokenAnswer("i", "a", "r", HOUR), None)


def test_what_is_known_of_the_user() -> None:
    """Who they are, the groups that are named anywhere and the claims that the application is told; nothing else."""
    session, refusal = session_of(context(), request(), PROVED)
    assert refusal is None
    assert (session.subject, session.issuer, session.provider, session.name) == ("ann", ISSUER, "idp", "Ann")
    assert session.groups == ("staff",) and dict(session.claims) == {"email": "ann@example.com"}


@pytest.mark.parametrize(("application", "provider", "hours"), [(2.0, 12.0, 2.0), (12.0, 3.0, 3.0)])
def test_it_lasts_as_long_as_both_allow(application: float, provider: float, hours: float) -> None:
    """The application, and the provider's record."""
    wiki = replace(WIKI, session_hours=application)
    record = replace(RECORD, session_hours=provider)
    session, _ = session_of(context(wiki), request(), replace(PROVED, application=wiki, record=record))
    assert session.expires == NOW + hours * HOUR


def test_none_outlasts_that_of_the_built_in_provider() -> None:
    """Which began with a password; of others only the sign-in itself is known."""
    assert not_after(replace(RECORD, id=BUILTIN), CLAIMS, NOW + 9 * HOUR) == CLAIMS.expires
    assert not_after(RECORD, CLAIMS, NOW + 9 * HOUR) == NOW + 9 * HOUR


def test_who_may_not_use_the_application() -> None:
    """Is told so, and the session is there all the same: the store keeps that somebody has signed in."""
    session, refusal = session_of(
        context(), request(), replace(PROVED, application=CRM, start=StartState("crm", "crm.example.com", "/", "b")))
    assert isinstance(refusal, Refuse) and refusal.code is Code.NOT_ASSIGNED
    assert session.subject == "ann"


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        (TokenAnswer("i", "a", "", HOUR), 0.0),  # nothing to ask with
        (TokenAnswer("i", "a", "r", HOUR), NOW + HOUR),
        (TokenAnswer("i", "a", "r"), CLAIMS.expires),  # the access token's end is not said
        (TokenAnswer("i", "a", "r", 1.0), NOW + LEAST_LIFETIME),
    ],
)
def test_when_the_provider_is_asked_again(answer: TokenAnswer, due: float) -> None:
    """As its tokens end, but not every second."""
    assert refresh_at(CLAIMS, answer, NOW) == due


def test_a_site_that_refreshes_nothing() -> None:
    """Its sessions have no such time."""
    assert session_of(context(), request(), PROVED)[0].refresh_at == 0.0


def test_what_the_store_keeps() -> None:
    """With it a session can be refreshed and ended."""
    session, _ = session_of(context(), request(), PROVED)
    kept = kept_of(request(), PROVED, session, "wiki")
    assert (kept.id, kept.subject, kept.sid, kept.application) == (session.id, "ann", "there", "wiki")
    assert (kept.id_token, kept.refresh_token, kept.address) == ("i", "r", "192.0.2.7")
    assert kept.expires == NOW + RECORD.session_hours * HOUR
    assert kept.claims["groups"] == ["staff", "secret"]


@pytest.mark.parametrize("sid", [7, "x" * 300, "a\nb"])
def test_a_name_of_a_session_that_cannot_be_one(sid: object) -> None:
    """Is left out: what ends sessions by it would find too many, or none."""
    proved = replace(PROVED, claims=replace(CLAIMS, raw={**CLAIMS.raw, "sid": sid}))
    session, _ = session_of(context(), request(), proved)
    assert kept_of(request(), proved, session, "wiki").sid == ""
