"""The store of sign-in in memory: it keeps to the same rules as the one with a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import LEEWAY
from appproxy.identity.session import Session
from appproxy.publish.routing import Router
from appproxy.service.signin.stores.memory_store import MemorySignInStore
from appproxy.store.people.session.record import Begun, SessionTokens, SignInResult
from appproxy.store.service.note import Action
from appproxy.store.snapshot import Snapshot
from tests.fakes.outcome import got
from tests.provider.house import NOW

T = TypeVar("T")


@dataclass
class Site:
    """A store, its clock, and what it has noted."""

    now: float = NOW
    noted: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        empty = Snapshot(1, {}, Router([]), {}, {}, {}, (), ())
        self.store = MemorySignInStore(empty, lambda: self.now)
        self.store.note = self.note

    def note(self, actor: str, action: Action, target: str = "", detail: Mapping[str, object] | None = None) -> None:
        """An entry of the audit: who, and which session."""
        self.noted.append((target, str((detail or {})["session"])))

    def made(self, id_: str, subject: str = "ann", **changes: Any) -> SignInResult:
        """A sign-in at the provider corp."""
        one = SignInResult(
            id=id_, provider="corp", subject=subject, issuer="https://idp", name=subject, sid="", application="", address="",
            expires=self.now + 3600, client="", auth_time=self.now, amr=(), acr="", claims={"iat": self.now},
            id_token="id token", refresh_token="refresh token")
        return replace(one, **changes)

    def begin(self, id_: str, subject: str = "ann", known: str = "", **changes: Any) -> Begun:
        """Sign in."""
        made = self.made(id_, subject, **changes)
        return got(self.store.begin(made, known, "state of " + id_, self.now + 600))

    def end_at_provider(self, subject: str = "", sid: str = "", **more: Any) -> int | None:
        """The provider says that sessions have ended."""
        return got(self.store.end_at_provider("corp", subject, sid, {}, **more))

    @property
    def revoked(self) -> frozenset[str]:
        """Sessions that count no more."""
        return self.store.snapshot.revoked_sessions


@pytest.fixture
def site() -> Site:
    """With nobody signed in."""
    return Site()


def test_an_id_is_used_once(site: Site) -> None:
    """Until it would have ended by itself: then nothing is remembered of it."""
    assert not got(site.store.is_used("a"))
    assert got(site.store.use_once("a", NOW + 60)) and not got(site.store.use_once("a", NOW + 60))
    assert got(site.store.is_used("a"))
    site.now = NOW + 60
    assert not got(site.store.is_used("a")) and got(site.store.use_once("a", NOW + 120))


def test_an_answer_signs_in_once(site: Site) -> None:
    """The same answer of a provider a second time, as from a history or a log, begins nothing."""
    site.begin("s1")
    with pytest.raises(IdentityError) as refused:
        site.begin("s1")
    assert refused.value.code is Code.SIGN_IN_STATE


def test_the_same_user_goes_on_with_their_session(site: Site) -> None:
    """One more application in the same browser is the same session, and moves its end no further."""
    site.begin("s1")
    site.now += 100
    assert site.begin("s2", known="s1") == Begun("s1", NOW + 3600, 0.0)
    assert got(site.store.tokens("s1")) == SessionTokens("id token", "refresh token")
    assert got(site.store.tokens("s2")) == SessionTokens()


@pytest.mark.parametrize("other", [{"subject": "bob"}, {"provider": "club"}, {"issuer": "https://other"}, {"sid": "p2"}])
def test_somebody_else_has_a_session_of_their_own(site: Site, other: dict[str, Any]) -> None:
    """Whoever signs in in a browser that somebody has left does not get their session."""
    site.begin("s1")
    assert site.begin("s2", known="s1", **other).id == "s2"


def test_a_session_that_has_ended_goes_on_with_nobody(site: Site) -> None:
    """By a sign-out, or by its time."""
    site.begin("s1")
    got(site.store.end("s1", "ann", {}))
    assert site.revoked == {"s1"} and site.begin("s2", known="s1").id == "s2"
    site.now += 3600
    assert site.begin("s3", known="s2").id == "s3"
    assert got(site.store.tokens("s2")) == SessionTokens()


def test_signed_out_means_signed_out_until_the_cookie_ends(site: Site) -> None:
    """Each sign-out is a new picture, so that no memo keeps what it said before; nothing is remembered for longer."""
    revision = site.store.snapshot.revision
    session = Session("s9", "ann", "https://idp", "corp", "Ann", NOW, NOW + 50, NOW)
    got(site.store.revoke(session, {}))
    assert site.revoked == {"s9"} and site.store.snapshot.revision > revision
    got(site.store.revoke(replace(session, expires=NOW + 10), {}))
    site.now = NOW + 49
    got(site.store.end("unknown", "", {}))
    assert site.revoked == {"s9", "unknown"}
    site.now = NOW + 51
    got(site.store.end("other", "", {}))
    assert site.revoked == {"other"}


class TestAtTheProvider:
    """What logout tokens end."""

    def test_by_session(self, site: Site) -> None:
        """The one that is named, of this user alone; what is ended already is not ended again."""
        for id_, subject, sid in (("s1", "ann", "p1"), ("s2", "ann", "p2"), ("s3", "bob", "p1")):
            site.begin(id_, subject, sid=sid)
        assert site.end_at_provider("ann", "p1") == 1 and site.revoked == {"s1"}
        assert site.noted == [("ann", "s1")]
        assert site.end_at_provider("ann", "p1") == 0
        assert site.store.snapshot.not_before == {}

    def test_sessions_without_a_name_end_with_any_of_their_user(self, site: Site) -> None:
        """Which of them is meant cannot be told; those of others are left alone."""
        site.begin("s1", sid="p1")
        site.begin("s2")
        site.begin("s3", "bob")
        assert site.end_at_provider("ann", "p1") == 2 and site.revoked == {"s1", "s2"}
        assert site.end_at_provider("", "unknown") == 0

    def test_by_user(self, site: Site) -> None:
        """All of them; and cookies of before, which this process does not know, count no more."""
        site.begin("s1", sid="p1")
        site.begin("s2", "bob")
        site.begin("s3", provider="club")
        assert site.end_at_provider("ann") == 1 and site.revoked == {"s1"}
        assert site.store.snapshot.not_before == {("corp", "ann"): NOW}

    def test_a_token_counts_once(self, site: Site) -> None:
        """Somebody who keeps one cannot sign its user out again and again."""
        site.begin("s1", sid="p1")
        once = ("jti", NOW + 60)
        assert site.end_at_provider("ann", "p1", once=once) == 1
        site.begin("s2", sid="p1")
        assert site.end_at_provider("ann", "p1", once=once) is None and site.revoked == {"s1"}

    def test_a_token_that_comes_late(self, site: Site) -> None:
        """It means no session that has begun after it was issued; where there is none of those, only what is older than it."""
        site.begin("s1", claims={"iat": NOW - 600})
        site.now = NOW + 600
        site.begin("s2", claims={"iat": NOW + 600})
        assert site.end_at_provider("ann", issued=NOW) == 1 and site.revoked == {"s1"}
        assert site.store.snapshot.not_before == {("corp", "ann"): NOW}
        site.begin("s3", "bob", claims={"iat": NOW + 500})
        assert site.end_at_provider("bob", issued=NOW + 550) == 1
        assert site.store.snapshot.not_before[("corp", "bob")] == min(NOW + 600, NOW + 550 + LEEWAY)


def test_there_is_no_page_for_them(site: Site) -> None:
    """What only a service has is empty here, and refuses nothing."""
    site.begin("s1")
    assert got(site.store.sessions_of("corp", "ann")) == ()
    assert got(site.store.look_for_device("x")) is None and got(site.store.take_device("x", "")) is None
    assert got(site.store.look_for_form("x", "/")) is None
    got(site.store.end_others("corp", "ann", "s1", {}))
    assert site.revoked == frozenset()
