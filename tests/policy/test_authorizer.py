"""Who may use what: the whole decision as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf

import pytest

from appproxy.device import ProvedDevice
from appproxy.errors import Code
from appproxy.policy.authorizer import Authorizer, RequestContext, is_assigned, judge_upgrade, maintains
from appproxy.policy.conditional.compiled import NO_POLICIES, PolicySet
from appproxy.policy.risk.user_risk import UserRisk
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict

NOW = 1000.0


@dataclass(frozen=True)
class Lets:
    """Whom an application lets in of one provider's."""

    assigned_users: frozenset[str] = frozenset()
    assigned_groups: frozenset[str] = frozenset()
    maintaining_users: frozenset[str] = frozenset()
    maintaining_groups: frozenset[str] = frozenset()
    ending_users: tuple[tuple[str, float], ...] = ()
    ending_groups: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class App:
    """An application."""

    id: str = "a1"
    name: str = "wiki"
    bearer: str = "off"
    machine_terms: str = ""
    provider: str = "corp"
    passthrough: bool = False
    assignment_required: bool = True
    idle_minutes: float = 60.0
    assigned_users: frozenset[str] = frozenset({"ann"})
    assigned_groups: frozenset[str] = frozenset({"staff"})
    maintaining_users: frozenset[str] = frozenset()
    maintaining_groups: frozenset[str] = frozenset()
    ending_users: tuple[tuple[str, float], ...] = ()
    ending_groups: tuple[tuple[str, float], ...] = ()
    others: Mapping[str, Lets] = field(default_factory=dict)

    def access_of(self, provider: str) -> App | Lets | None:
        return self if provider == self.provider else self.others.get(provider)


@dataclass(frozen=True)
class User:
    """A session."""

    subject: str = "ann"
    id: str = "s1"
    provider: str = "corp"
    issuer: str = "https://corp.example"
    issued: float = NOW - 100
    expires: float = NOW + 100
    seen: float = 0.0
    groups: tuple[str, ...] = field(default=())
    credential: str = ""
    device: ProvedDevice | None = None
    auth_time: float = NOW - 100
    amr: tuple[str, ...] = ("pwd",)
    acr: str = ""
    network: str = ""
    sign_in_risk: str = ""


@dataclass(frozen=True)
class Provider:
    """An identity provider."""

    issuer: str
    idle: float = 7200.0


@dataclass(frozen=True)
class Token:
    """A service token."""

    name: str = "ci"
    applications: frozenset[str] = frozenset({"a1"})
    secrets: Mapping[str, float] = field(default_factory=lambda: {"new": NOW + 100, "former": NOW + 10})

    def takes(self, client: str) -> bool:
        return client.startswith("10.")


@dataclass(frozen=True)
class Moment:
    """What a snapshot says."""

    providers: Mapping[str, Provider] = field(default_factory=lambda: {
        "corp": Provider("https://corp.example"), "other": Provider("https://other.example")})
    revoked_sessions: frozenset[str] = frozenset({"gone"})
    not_before: Mapping[tuple[str, str], float] = field(default_factory=lambda: {
        ("corp", "cut"): NOW - 50, ("other", "ann"): NOW + 50})
    service_tokens: Mapping[str, Token] = field(default_factory=lambda: {"t1": Token(), "t2": Token(applications=frozenset())})
    policies: PolicySet = NO_POLICIES
    user_risks: Mapping[tuple[str, str], UserRisk] = field(default_factory=dict)


LATE = 100_000.0
LONG = User(issued=LATE - 5000, expires=LATE + 90000, seen=LATE - 3000)
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


@pytest.mark.parametrize(("users", "groups", "until"), [
    ((("ann", NOW + 9),), (), NOW + 9), ((), (("staff", NOW + 9),), NOW + 9),
    ((("ann", NOW + 5),), (("staff", NOW + 9), ("crew", NOW + 50)), NOW + 9),
    ((("ann", NOW + 500),), (), NOW + 100), ((("ann", NOW),), (), None), ((("bob", NOW + 9),), (("crew", NOW + 9),), None),
])
def test_an_assignment_that_ends_by_itself(
    users: tuple[tuple[str, float], ...], groups: tuple[tuple[str, float], ...], until: float | None
) -> None:
    """At its end nobody passes any more, what is under way included; of several the last one counts."""
    ann = User(groups=("staff",))
    application = App(assigned_users=frozenset(), assigned_groups=frozenset(), ending_users=users, ending_groups=groups)
    verdict = judge(application, ann)
    if until is None:
        assert isinstance(verdict, Refuse) and verdict.code is Code.NOT_ASSIGNED
        return
    assert isinstance(verdict, Pass) and verdict.holds_until == until
    assert not isinstance(judge(application, ann, until), Pass)
    if until < NOW + 100:
        assert isinstance(judge(application, ann, until, under_way=True), Refuse)
        assert isinstance(judge(App(ending_users=users), ann, until), Pass), "who is assigned for good, too, stays"


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


#: Of a second provider that says `staff` and `ann`, too.
BOTH = App(others={"other": Lets(frozenset({"eve"}), frozenset({"guests"}), frozenset({"eve"}))},
           maintaining_users=frozenset({"ann"}))


@pytest.mark.parametrize(("user", "passes", "maintaining"), [
    (User("ann"), True, True), (User("bob", groups=("staff",)), True, False),
    (User("eve"), False, False), (User("bob", groups=("guests",)), False, False),
    (User("eve", provider="other", issuer="https://other.example"), True, True),
    (User("bob", provider="other", issuer="https://other.example", groups=("guests",)), True, False),
    (User("cid", provider="other", issuer="https://other.example", groups=("staff",)), False, False),
])
def test_several_providers(user: User, passes: bool, maintaining: bool) -> None:
    """A subject and a group let somebody in only together with the provider that names them, and so do maintainers."""
    verdict = judge(BOTH, user)
    assert isinstance(verdict, Pass if passes else Refuse), verdict
    assert maintains(BOTH, verdict) is maintaining
    open_to_all = replace(BOTH, assignment_required=False)
    assert isinstance(judge(open_to_all, user), Pass)


@pytest.mark.parametrize("user", [
    User(provider="third"), User(issuer="https://other.example"), User(provider="other"),
    User(provider="other", issuer="https://corp.example")])
def test_several_providers_and_none_of_them(user: User) -> None:
    """Neither a provider that the application does not have, nor one under another's name."""
    for application in (BOTH, replace(BOTH, assignment_required=False)):
        assert judge(application, user) == SignInRequired("the session is from another identity provider")


@pytest.mark.parametrize(("session", "application", "ends"), [
    (LONG, App(), LATE + 600), (LONG, App(idle_minutes=1000), LATE + 4200), (replace(LONG, seen=0.0), App(), LATE - 1400),
    (replace(LONG, expires=LATE + 60), App(), LATE + 60),
])
def test_whoever_is_idle(session: User, application: App, ends: float) -> None:
    """The shorter of the application's and the provider's time counts, from the last time that the cookie was made."""
    verdict = judge(application, session, ends - 0.1)
    assert verdict == Pass(session) and verdict.holds_until == ends
    assert judge(application, session, ends) == SignInRequired(
        "the session has expired" if ends == session.expires else "the session was not used for too long")


def test_what_goes_on_is_not_idle() -> None:
    """A stream that is open is in use, until the session ends."""
    def later(now: float) -> Verdict[User]:
        return Authorizer(Moment()).authorize(RequestContext(App(), LONG, now, begun=True))

    assert later(LATE + 80000) == Pass(LONG)
    assert later(LATE + 90000) == SignInRequired("the session has expired")


BOT = User("t1", "new", "service-token", "service-token", credential="service-token")


@pytest.mark.parametrize(("session", "bearer", "client", "now", "expected"), [
    (BOT, "service-token", "10.1.1.1", NOW, "pass"),
    (BOT, "both", "10.1.1.1", NOW, "pass"),
    (BOT, "off", "10.1.1.1", NOW, "takes no service-token"),
    (BOT, "provider", "10.1.1.1", NOW, "takes no service-token"),
    (BOT, "service-token", "192.0.2.1", NOW, Code.NOT_ASSIGNED),
    (BOT, "service-token", "", NOW, Code.NOT_ASSIGNED),
    (replace(BOT, subject="t2"), "service-token", "10.1.1.1", NOW, Code.NOT_ASSIGNED),
    (replace(BOT, subject="t3"), "service-token", "10.1.1.1", NOW, "there is no such"),
    (replace(BOT, id="old"), "service-token", "10.1.1.1", NOW, "there is no such"),
    (replace(BOT, id="former"), "service-token", "10.1.1.1", NOW + 9, "pass"),
    (replace(BOT, id="former"), "service-token", "10.1.1.1", NOW + 10, "has expired"),
])
def test_programs_with_service_tokens(session: User, bearer: str, client: str, now: float, expected: str | Code) -> None:
    """What the application takes, which of its secrets count, what it opens and from where; no assignment matters."""
    application = App(bearer=bearer, assigned_users=frozenset({"t2", "t3"}))
    verdict = Authorizer(Moment()).authorize(RequestContext(application, session, now, client))
    if expected == "pass":
        assert verdict == Pass(session) and verdict.holds_until == Moment().service_tokens["t1"].secrets[session.id]
    elif isinstance(verdict, SignInRequired):
        assert str(expected) in verdict.reason
    else:
        assert isinstance(verdict, Refuse) and verdict.code is expected


def test_programs_with_certificates() -> None:
    """By the very terms that they were let in by, whatever tokens are taken; they need no assignment, and maintain nothing."""
    press = User("CN=press-7", "f", "certificate", "certificate", credential="certificate", acr="terms")
    for bearer in ("off", "both", "provider"):
        verdict = Authorizer(Moment()).authorize(RequestContext(App(bearer=bearer, machine_terms="terms"), press, NOW))
        assert verdict == Pass(press) and verdict.holds_until == press.expires
    for terms in ("", "others"):
        verdict = Authorizer(Moment()).authorize(
            RequestContext(App(bearer="both", machine_terms=terms), press, NOW, begun=True), under_way=True)
        assert isinstance(verdict, SignInRequired) and "has changed which certificates" in verdict.reason
    late = Authorizer(Moment()).authorize(RequestContext(App(machine_terms="terms"), press, press.expires))
    assert late == SignInRequired("the session has expired")
    assert not maintains(App(maintaining_users=frozenset({"CN=press-7"})), Pass(press))


def test_a_token_that_has_ended_lets_a_download_end() -> None:
    """What is under way and has an end goes on; no secret that is gone does."""
    def later(session: User) -> Verdict[User]:
        context = RequestContext(App(bearer="both"), session, NOW + 99, "10.1.1.1", begun=True)
        return Authorizer(Moment()).authorize(context, under_way=True)

    assert later(replace(BOT, id="former")) == Pass(replace(BOT, id="former"))
    assert isinstance(later(replace(BOT, id="older")), SignInRequired)


def test_no_program_maintains() -> None:
    """A token's id means nothing among users."""
    assert not maintains(App(maintaining_users=frozenset({"t1"})), Pass(BOT))


def test_access_tokens_are_users() -> None:
    """Their assignments and revocations count; that nobody used them for long does not, for they cannot be made again."""
    token = replace(LONG, credential="provider", seen=0.0)
    for bearer in ("provider", "both"):
        assert judge(App(bearer=bearer), token, LATE + 50000) == Pass(token)
    assert judge(App(bearer="provider"), replace(token, subject="bob", groups=())) != Pass(token)
    for bearer in ("off", "service-token"):
        assert isinstance(judge(App(bearer=bearer), token), SignInRequired)
