"""Who may use what: the whole decision as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

import pytest

from appproxy.errors import Code
from appproxy.policy.authorizer import Authorizer, RequestContext, is_assigned, judge_upgrade, maintains
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict

NOW = 1000.0


@dataclass(frozen=True)
class App:
    """An application."""

    name: str = "wiki"
    provider: str = "corp"
    passthrough: bool = False
    assignment_required: bool = True
    assigned_users: frozenset[str] = frozenset({"ann"})
    assigned_groups: frozenset[str] = frozenset({"staff"})
    maintaining_users: frozenset[str] = frozenset()
    maintaining_groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class User:
    """A session."""

    subject: str = "ann"
    id: str = "s1"
    provider: str = "corp"
    issuer: str = "https://corp.example"
    issued: float = NOW - 100
    expires: float = NOW + 100
    groups: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Provider:
    """An identity provider."""

    issuer: str


@dataclass(frozen=True)
class Moment:
    """What a snapshot says."""

    providers: Mapping[str, Provider] = field(default_factory=lambda: {
        "corp": Provider("https://corp.example"), "other": Provider("https://other.example")})
    revoked_sessions: frozenset[str] = frozenset({"gone"})
    not_before: Mapping[tuple[str, str], float] = field(default_factory=lambda: {
        ("corp", "cut"): NOW - 50, ("other", "ann"): NOW + 50})


OPEN = App(assignment_required=False)
BOB = User("bob")


def judge(application: App, session: User | None, now: float = NOW, **how: bool) -> Verdict[User]:
    """The verdict of this moment."""
    return Authorizer(Moment()).authorize(RequestContext(application, session, now), **how)


@pytest.mark.parametrize("session", [User(), User(expires=NOW), User(id="gone"), BOB, User(provider="other")])
@pytest.mark.parametrize("later", [0.0, 99.0, 99.9, 100.0, 1000.0])
def test_a_verdict_holds_until_it_says(session: User, later: float) -> None:
    """While it holds, the same would be said; a session that passes does so until its end."""
    first, then = judge(App(), session), judge(App(), session, NOW + later)
    if NOW + later < first.holds_until:
        assert then == first
    if isinstance(first, Pass):
        assert first.holds_until == session.expires and isinstance(then, Pass) is (later < 100.0)


@pytest.mark.parametrize(("session", "passes"), [
    (User(), True), (User(expires=NOW - 1), True), (User(id="gone", expires=NOW - 1), False), (User("cut"), False),
    (User(provider="other"), False), (BOB, False)])
def test_what_is_under_way_outlives_its_cookie_alone(session: User, passes: bool) -> None:
    """Not a revocation, nor a change of assignment or provider."""
    assert isinstance(judge(App(), session, under_way=True), Pass) is passes


@pytest.mark.parametrize(
    ("application", "session", "verdict"),
    [
        (App(), None, "no session"),
        (App(), User(expires=NOW), "the session has expired"),
        (App(), User(expires=NOW - 1), "the session has expired"),
        (App(), User(id="gone"), "the session was revoked"),
        (App(), User(subject="cut"), "the user's sessions were revoked"),
        (App(), User(subject="cut", issued=NOW - 49), Code.NOT_ASSIGNED),
        (App(), User(subject="cut", issued=NOW - 50), "the user's sessions were revoked"),
        (OPEN, User(id="gone"), "the session was revoked"),
        (App(), User(), "pass"),
        (App(), BOB, Code.NOT_ASSIGNED),
        (App(), User("bob", groups=("other", "staff")), "pass"),
        (App(), User("bob", groups=("Staff", "staff ", "sta")), Code.NOT_ASSIGNED),
        (App(), User("Ann"), Code.NOT_ASSIGNED),
        (App(), User("ann "), Code.NOT_ASSIGNED),
        (App(), User("ann@example.com"), Code.NOT_ASSIGNED),
        (App(assigned_users=frozenset(), assigned_groups=frozenset()), User(), Code.NOT_ASSIGNED),
        (App(assigned_users=frozenset({"*"})), User(), Code.NOT_ASSIGNED),
        (OPEN, BOB, "pass"),
        (App(), User(provider="other"), "the session is from another identity provider"),
        (App(), User(provider="other", issuer="https://other.example"), "the session is from another identity provider"),
        (App(), User(provider="other", issuer="https://other.example", groups=("staff",)),
         "the session is from another identity provider"),
        (App(), User(issuer="https://old.example"), "the session is from another identity provider"),
        (OPEN, User(provider=""), "the session is from another identity provider"),
        (App(provider="removed"), User(provider="removed"), "the session is from another identity provider"),
        (App(provider="other"), User(provider="other", issuer="https://other.example"), "the user's sessions were revoked"),
        (App(provider="other"), User("cut", provider="other", issuer="https://other.example"), Code.NOT_ASSIGNED),
        (OPEN, None, "no session"),
    ],
)
def test_the_table(application: App, session: User | None, verdict: str | Code) -> None:
    """Each line: an application, a session, and what becomes of the request."""
    found = judge(application, session)
    match found:
        case Pass(who):
            assert (verdict, who) == ("pass", session)
        case SignInRequired(reason):
            assert verdict == reason
        case Refuse(code, _):
            assert verdict is code


def test_passthrough_asks_nobody() -> None:
    """An application without pre-authentication lets everybody through, and knows nobody."""
    for session in (None, BOB):
        verdict = judge(App(passthrough=True), session)
        assert verdict == Pass(None) and verdict.holds_until == inf


def test_assignment_by_user_or_group() -> None:
    """One of both is enough."""
    assert is_assigned(App(), "ann", ())
    assert is_assigned(App(), "bob", ["staff"])
    assert not is_assigned(App(), "bob", ["ann"])


@pytest.mark.parametrize(
    ("origins", "passes"),
    [
        ([], True),
        ([b"https://wiki.example.com"], True),
        ([b"https://evil.example"], False),
        ([b"https://evil.wiki.example.com"], False),
        ([b"https://wiki.example.com.evil.example"], False),
        ([b"https://wiki.example.com:8443"], False),
        ([b"http://wiki.example.com"], False),
        ([b"null"], False),
        ([b""], False),
        ([b"https://wiki.example.com", b"https://wiki.example.com"], False),
    ],
)
def test_cross_site_websockets(origins: list[bytes], passes: bool) -> None:
    """Another site cannot open a WebSocket with the user's cookie."""
    verdict = judge_upgrade(origins, {b"https://wiki.example.com", b"https://api.example.com"})
    assert (verdict is None) is passes
    assert verdict is None or verdict.code is Code.CROSS_SITE


def test_a_logged_refusal_says_why() -> None:
    """The log names user and application."""
    verdict = judge(App(), BOB)
    assert isinstance(verdict, Refuse)
    assert "bob" in verdict.reason
    assert "wiki" in verdict.reason


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Pass(User("ann")), True), (Pass(BOB), False), (Pass(User("bob", groups=("staff", "ops"))), True),
        (Pass(User("bob", groups=("staff",))), False), (Pass(None), False), (SignInRequired("no session"), False),
        (Refuse(Code.NOT_ASSIGNED, "bob"), False),
    ],
)  # fmt: skip
def test_who_maintains_it(verdict: Verdict[User], expected: bool) -> None:
    """Only who may use it, and is named as a maintainer or by a group; nobody where nobody signs in."""
    application = App(maintaining_users=frozenset({"ann"}), maintaining_groups=frozenset({"ops"}))
    assert maintains(application, verdict) is expected
    assert not maintains(App(), verdict)
