"""The gate: who passes, on the whole request head."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.http.fields import check_block
from appproxy.http.head import Fields, RepeatedSection, RequestHead
from appproxy.identity.cookie import CookiePlace, cookie_name, seal_session
from appproxy.identity.session import Session
from appproxy.policy.verdict import Pass, Refuse, SignInRequired
from appproxy.publish.application import Application, HeaderRule, Preauthentication, Segment, Url
from appproxy.publish.routing import ApplicationRoute, Router
from appproxy.service.dispatch.gates.gate import Gate, Opened
from appproxy.service.recent import Recent
from appproxy.service.relay.identity_blocks import Blocks, identity_block, user_header
from appproxy.store.snapshot import ProviderRecord, SealingKey, Snapshot
from tests.cost.machine import cost

NOW = 1_800_000_000.0
HOST = "wiki.example.com"
KEY = SealingKey(1, b"k" * 32, NOW)
NONCE = bytes(12)
WIKI = Application(
    "wiki", "Wiki", Url("https", HOST, 443), Url("http", "10.0.0.1", 80), assigned_users=frozenset({"ann"})
)
ANN = Session("s1", "ann", "https://idp.example.com", "builtin", "Ann", NOW - 10, NOW + 3600, NOW - 10)


IDP = ProviderRecord("builtin", "builtin", "https://idp.example.com", "appproxy", "")


def snapshot_of(*applications: Application, **changes: Any) -> Snapshot:
    """A snapshot with these applications."""
    values: dict[str, Any] = {"revision": 1, "keys": (KEY,), "providers": {"builtin": IDP}, **changes}
    return Snapshot(
        applications={each.id: each for each in applications}, router=Router(applications), connectors={},
        connector_groups={}, trust_bundle=(), **values,
    )


SNAPSHOT = snapshot_of(WIKI)


def cookie(
    session: Session = ANN, application: str = "wiki", host: str = HOST, path: str = "/", name: bytes = b"__Host-appproxy"
) -> bytes:
    """An access cookie's value."""
    return seal_session(session, KEY, CookiePlace(application, host, path, name), NONCE)


def head(*fields: tuple[bytes, bytes], value: bytes | None = None, upgrade: bytes | None = None) -> RequestHead:
    """A request with a few usual fields, and the access cookie `value` among others."""
    lines: Fields = [(b"host", HOST.encode()), (b"user-agent", b"Mozilla/5.0"), (b"accept", b"*/*"), *fields]
    if value is not None:
        lines.append((b"cookie", b"theme=dark; __Host-appproxy=" + value + b"; lang=en"))
    return RequestHead(b"GET", b"/", 11, lines, HOST.encode(), HOST, 0, True, upgrade, False)


def route_of(application: Application, host: str = HOST) -> ApplicationRoute:
    """The application's own route."""
    return Router([application]).routes_of(host)[0]


ROUTE = route_of(WIKI)


def check(request: RequestHead, application: Application = WIKI, snapshot: Snapshot = SNAPSHOT, now: float = NOW) -> object:
    """The verdict of a new gate."""
    return Gate().check(request, route_of(application), snapshot, now)


class TestWhoPasses:
    """From head to verdict."""

    def test_with_a_good_cookie(self) -> None:
        """A signed-in user who is assigned passes, at the first request and at the second."""
        gate = Gate()
        for _ in range(2):
            assert gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW) == Pass(ANN)

    def test_passthrough(self) -> None:
        """An application without pre-authentication asks for no cookie, even for upgrades."""
        open_to_all = replace(WIKI, preauthentication=Preauthentication.PASSTHROUGH)
        assert check(head(upgrade=b"websocket"), open_to_all) == Pass(None)

    @pytest.mark.parametrize(
        "request_head",
        [
            head(),
            head(value=b""),
            head(value=b"garbage"),
            head(value=cookie()[:-2]),
            head(value=cookie(application="crm")),
            head(value=cookie(host="crm.example.com")),
            head((b"cookie", b"__Host-appproxy=" + cookie()), value=cookie()),
            head((b"cookie", b"__host-appproxy=" + cookie())),
            head((b"cookie", b"__Host-appproxy-8443=" + cookie())),
            head((b"authorization", b"Bearer " + cookie())),
        ],
    )
    def test_without_a_good_cookie(self, request_head: RequestHead) -> None:
        """No cookie, a forged one, another application's or host's, two of them: sign in first."""
        assert isinstance(check(request_head), SignInRequired)

    @pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"POST", b"PROPFIND", b"X"])
    def test_no_method_goes_round_the_gate(self, method: bytes) -> None:
        """OPTIONS and odd methods are judged like all others."""
        request_head = head((b"user-agent", b"kube-probe"))
        request_head.method = method
        request_head.target = b"/?bypass=1"
        assert isinstance(check(request_head), SignInRequired)

    def test_who_is_not_assigned(self) -> None:
        """A user of somebody else's application is refused; signing in again would not help."""
        verdict = check(head(value=cookie(replace(ANN, subject="bob"))))
        assert isinstance(verdict, Refuse)
        assert verdict.code is Code.NOT_ASSIGNED

    def test_an_old_key_still_opens(self) -> None:
        """A key change signs nobody out; taking a key away does."""
        new = SealingKey(2, b"n" * 32, NOW)
        assert check(head(value=cookie()), snapshot=snapshot_of(WIKI, keys=(new, KEY))) == Pass(ANN)
        assert isinstance(check(head(value=cookie()), snapshot=snapshot_of(WIKI, keys=(new,))), SignInRequired)


class TestWhatIsKept:
    """The memory of opened cookies never outlives what it was judged by."""

    def test_expiry_counts_also_for_a_known_cookie(self) -> None:
        """A session ends in time although its cookie was opened before."""
        gate = Gate()
        assert isinstance(gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW), Pass)
        assert isinstance(gate.check(head(value=cookie()), ROUTE, SNAPSHOT, ANN.expires), SignInRequired)

    @pytest.mark.parametrize(
        "changes",
        [
            {"revoked_sessions": frozenset({"s1"})},
            {"not_before": {("builtin", "ann"): NOW}},
            {"keys": ()},
            {"providers": {"builtin": replace(IDP, issuer="https://other.example.com")}},
            {"providers": {}},
        ],
    )
    def test_revocation_reaches_a_known_cookie(self, changes: dict[str, Any]) -> None:
        """Sign-out, a disabled user, a withdrawn key: the very next request is judged again."""
        gate = Gate()
        assert isinstance(gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW), Pass)
        later = snapshot_of(WIKI, revision=2, **changes)
        assert isinstance(gate.check(head(value=cookie()), ROUTE, later, NOW), SignInRequired)

    def test_who_signs_out_costs_nobody_else_anything(self) -> None:
        """Another one's sign-out, a new application, another setting: no cookie that passes is opened again."""
        gate = Gate()
        bob = replace(ANN, id="s2", subject="bob", name="Bob")
        both = replace(WIKI, assigned_users=frozenset({"ann", "bob"}))
        snapshot = snapshot_of(both)
        for session in (ANN, bob):
            assert gate.check(head(value=cookie(session)), route_of(both), snapshot, NOW) == Pass(session)
        assert gate.opens == 2
        crm, gone = replace(WIKI, id="crm", external=Url("https", "crm.example.com", 443)), frozenset({"s2"})
        for later in (
            replace(snapshot, revision=2, revoked_sessions=gone),
            replace(snapshot, revision=3, not_before={("builtin", "bob"): NOW}),
            snapshot_of(both, crm, revision=4, revoked_sessions=gone),
            snapshot_of(replace(both, session_hours=1.0), crm, revision=5, revoked_sessions=gone),
        ):
            route = later.router.routes_of(HOST)[0]
            for _ in range(3):
                assert gate.check(head(value=cookie()), route, later, NOW) == Pass(ANN)
            assert isinstance(gate.check(head(value=cookie(bob)), route, later, NOW), SignInRequired)
        assert gate.opens == 2

    def test_the_very_session_goes_on(self) -> None:
        """What was worked out for it, such as its identity fields, is found again."""
        gate = Gate()
        first = gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW)
        again = gate.check(head(value=cookie()), ROUTE, replace(SNAPSHOT, revoked_sessions=frozenset({"x"})), NOW)
        assert isinstance(first, Pass) and isinstance(again, Pass) and again.session is first.session

    @pytest.mark.parametrize(("changes", "opens"), [
        ({"cookie_secure": False}, 2), ({"external": Url("https", HOST, 443, "/docs/")}, 1), ({"id": "other"}, 2)])
    def test_another_place_is_looked_at_again(self, changes: dict[str, Any], opens: int) -> None:
        """Where other names or paths count, what was opened under the former ones is not taken on trust."""
        gate = Gate()
        gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW)
        moved = replace(WIKI, **changes)
        verdict = gate.check(head(value=cookie()), route_of(moved), snapshot_of(moved), NOW)
        assert (gate.opens, isinstance(verdict, Pass)) == (opens, "cookie_secure" in changes)

    def test_a_changed_assignment_reaches_a_known_cookie(self) -> None:
        """Taking the application from a user works at once."""
        gate = Gate()
        gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW)
        bobs = replace(WIKI, assigned_users=frozenset({"bob"}))
        assert isinstance(gate.check(head(value=cookie()), route_of(bobs), snapshot_of(bobs, revision=2), NOW), Refuse)

    def test_a_cookie_known_for_one_application_is_not_for_another(self) -> None:
        """The memory tells applications and hosts apart."""
        crm = replace(WIKI, id="crm")
        gate = Gate()
        gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW)
        assert isinstance(gate.check(head(value=cookie()), route_of(crm), SNAPSHOT, NOW), SignInRequired)
        other, wild = head(value=cookie()), replace(WIKI, external=Url("https", "*.example.com", 443))
        other.host = "other.example.com"
        assert isinstance(gate.check(other, route_of(wild, other.host), snapshot_of(wild), NOW), SignInRequired)

    def test_fields_that_are_repeated_to_the_letter(self) -> None:
        """The connection remembers what they were, for the same route and snapshot, and no longer than the session lasts."""
        docs = replace(WIKI, id="docs", external=Url("https", HOST, 443, "/docs/"))
        both = snapshot_of(WIKI, docs)
        gate, request = Gate(), head(value=cookie())
        request.repeated = RepeatedSection()
        route, other = both.router.find(HOST, b"/"), both.router.find(HOST, b"/docs/")
        first = [gate.authenticate(request, route, both, NOW) for _ in range(3)]
        assert request.repeated.opened is None and gate.opens == 3, "nobody has passed yet"
        assert all(isinstance(gate.check(request, route, both, NOW), Pass) for _ in range(3))
        assert isinstance(request.repeated.opened, Opened) and first[0].found == request.repeated.opened.found
        assert isinstance(gate.check(request, other, both, NOW), SignInRequired)
        assert isinstance(gate.check(request, route, both, ANN.expires), SignInRequired)
        later = replace(both, revision=2, revoked_sessions=frozenset({"s1"}))
        assert isinstance(gate.check(request, route, later, NOW), SignInRequired)
        assert isinstance(gate.check(request, route, both, NOW), Pass)
        assert isinstance(gate.check(request, route, replace(both, keys=()), NOW), SignInRequired)

    def test_a_refusal_ends_with_its_session(self) -> None:
        """Who is not assigned is sent to the sign-in once the session is over, as without a memory."""
        gate, request = Gate(), head(value=cookie())
        gate.check(request, ROUTE, SNAPSHOT, NOW)
        bobs = replace(WIKI, assigned_users=frozenset({"bob"}))
        later, route = snapshot_of(bobs, revision=2), route_of(bobs)
        for _ in range(2):
            assert isinstance(gate.check(request, route, later, ANN.expires - 1), Refuse)
        assert isinstance(gate.check(request, route, later, ANN.expires), SignInRequired)

    @pytest.mark.parametrize("size", [0, 4000])
    def test_an_application_changes_cookies_of_its_own(self, size: int) -> None:
        """However often, and however large they are: they neither hide ours, nor have it opened again, nor fill the memory."""
        gate = Gate()
        for number in range(3):
            request = head((b"cookie", b"own=%d" % number + b"x" * size), value=cookie())
            request.repeated = RepeatedSection()
            assert gate.check(request, ROUTE, SNAPSHOT, NOW) == Pass(ANN)
        assert (gate.opens, len(gate._opened)) == (1, 1)
        assert isinstance(gate.check(head((b"cookie", b"own=" + b"x" * size)), ROUTE, SNAPSHOT, NOW), SignInRequired)

    def test_a_bare_value_is_no_cookie(self) -> None:
        """The cookie's value without its name passes nobody, also when it is known."""
        gate = Gate()
        gate.check(head((b"cookie", b"big=" + b"x" * 4000), value=cookie()), ROUTE, SNAPSHOT, NOW)
        assert isinstance(gate.check(head((b"cookie", cookie())), ROUTE, SNAPSHOT, NOW), SignInRequired)

    def test_the_memory_is_bounded(self) -> None:
        """However many cookies come, no more than the size is kept, and the ones in use stay."""
        recent: Recent[int] = Recent(100)
        for number in range(10_000):
            recent.put(number, number)
            assert recent.get(9) == (9 if number >= 9 else None)
        assert len(recent) <= 100

    def test_garbage_is_not_kept(self) -> None:
        """Made-up cookies cannot push real ones out."""
        gate = Gate()
        gate.check(head(value=cookie()), ROUTE, SNAPSHOT, NOW)
        for number in range(100):
            gate.check(head(value=b"x%d" % number), ROUTE, SNAPSHOT, NOW)
        assert len(gate._opened) == 1


class TestWebSockets:
    """Upgrades bear the user's cookie wherever they come from."""

    @pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"https://wiki.example.com.evil.example"])
    def test_from_another_site(self, origin: bytes) -> None:
        """Another site's script cannot open a WebSocket as the user."""
        verdict = check(head((b"origin", origin), value=cookie(), upgrade=b"websocket"))
        assert isinstance(verdict, Refuse)
        assert verdict.code is Code.CROSS_SITE

    def test_from_the_application(self) -> None:
        """The application's own pages can, and so can programs that send no Origin."""
        for fields in ([(b"origin", b"https://wiki.example.com")], []):
            assert isinstance(check(head(*fields, value=cookie(), upgrade=b"websocket")), Pass)

    @pytest.mark.parametrize(
        ("origin", "passes"),
        [(b"https://wiki.example.com", True), (b"https://kb.example.com", True), (b"https://api.example.com", True),
         (b"https://a.example.com", False), (b"https://*.example.com", False)],
    )
    def test_from_another_host_of_the_application(self, origin: bytes, passes: bool) -> None:
        """From its alternate hosts and segments, but not from other hosts of a wildcard: those may be other people's."""
        segments = tuple(
            Segment(Url.parse(f"https://{host}.example.com/"), Url.parse(f"http://{host}/"), host) for host in ("api", "*")
        )
        many = replace(WIKI, alternate_hosts=("kb.example.com",), segments=segments)
        verdict = check(head((b"origin", origin), value=cookie(), upgrade=b"websocket"), many)
        assert isinstance(verdict, Pass) is passes

    def test_between_hosts_of_a_wildcard(self) -> None:
        """Each of them is a site of its own."""
        wild = replace(WIKI, external=Url("https", "*.example.com", 443), internal=Url("http", "*.corp", 80))
        for origin, passes in ((b"https://wiki.example.com", True), (b"https://other.example.com", False)):
            verdict = check(head((b"origin", origin), value=cookie(), upgrade=b"websocket"), wild)
            assert isinstance(verdict, Pass) is passes

    def test_an_ordinary_request_may_come_from_elsewhere(self) -> None:
        """Links and forms of other sites are the application's business (SameSite keeps the cookie back)."""
        assert isinstance(check(head((b"origin", b"https://evil.example"), value=cookie())), Pass)


class TestNames:
    """Cookies of ours, by name."""

    def test_the_public_port_is_in_the_name(self) -> None:
        """Two services on one host, with different ports, do not overwrite each other's cookie."""
        fields = (b"cookie", b"__Host-appproxy-8443=" + cookie(name=b"__Host-appproxy-8443"))
        assert isinstance(Gate(8443).check(head(fields), ROUTE, SNAPSHOT, NOW), Pass)

    def test_applications_that_share_a_host_by_path(self) -> None:
        """Each has a cookie of its own, under a name of its own, that opens only its own application."""
        docs = replace(WIKI, id="docs", external=Url("https", HOST, 443, "/docs/"))
        both = snapshot_of(WIKI, docs)
        gate = Gate()
        (place,) = gate.places_of(route_of(docs))
        name = cookie_name(443, "/docs/")
        assert place == CookiePlace("docs", HOST, "/docs/", name) and name != b"__Host-appproxy"
        request = head((b"cookie", name + b"=" + cookie(application="docs", path="/docs/", name=name)))
        assert isinstance(gate.check(request, route_of(docs), both, NOW), Pass)
        assert isinstance(gate.check(request, ROUTE, both, NOW), SignInRequired)

    @pytest.mark.parametrize("moved", [
        {"external": Url("https", HOST, 443, "/pc/")}, {"external": Url("https", HOST, 443)},
        {"external": Url("https", HOST, 443, "/x/"), "segments": (
            Segment(Url("https", HOST, 443, "/pc/"), Url("http", "10.0.0.1", 80), "s"),)},
    ])
    def test_a_cookie_of_before_a_move_opens_nothing(self, moved: dict[str, Any]) -> None:
        """Who got hold of its value, by a log or a neighbour, cannot use it under the name of after the move."""
        before = replace(WIKI, external=Url("https", HOST, 443, "/pa/"))
        old = cookie_name(443, "/pa/")
        value = cookie(path="/pa/", name=old)
        assert isinstance(check(head((b"cookie", old + b"=" + value)), before, snapshot_of(before)), Pass)
        after = replace(before, **moved)
        gate = Gate()
        (place,) = gate.places_of(route_of(after))
        for name in (place.name, old):
            request = head((b"cookie", name + b"=" + value))
            assert isinstance(gate.check(request, route_of(after), snapshot_of(after), NOW), SignInRequired)

    def test_a_value_under_another_name_opens_nothing(self) -> None:
        """Names, too, are authenticated: a planted cookie without Secure cannot be made of the safe one."""
        plain = replace(WIKI, cookie_secure=False)
        request = head((b"cookie", b"appproxy=" + cookie()))
        assert isinstance(check(request, plain, snapshot_of(plain)), SignInRequired)

    def test_without_secure(self) -> None:
        """The name lacks the prefix; a cookie under the safe name still counts."""
        plain = replace(WIKI, cookie_secure=False)
        gate, both = Gate(), snapshot_of(plain)
        bare = head((b"cookie", b"appproxy=" + cookie(name=b"appproxy")))
        assert isinstance(gate.check(bare, route_of(plain), both, NOW), Pass)
        assert isinstance(gate.check(head(value=cookie()), route_of(plain), both, NOW), Pass)
        assert isinstance(Gate().check(bare, ROUTE, SNAPSHOT, NOW), SignInRequired)

    @pytest.mark.parametrize("padding", [b"", b"; x=" + b"y" * 3000])
    def test_a_spent_cookie_hides_no_good_one(self, padding: bytes) -> None:
        """Of two names the safe one counts, unless what it holds has ended; a planted one takes nobody's session away."""
        plain = replace(WIKI, cookie_secure=False)
        gate, both = Gate(), snapshot_of(plain)
        spent, bob = replace(ANN, expires=NOW - 1), replace(ANN, id="s2", name="Bob")
        for safe, bare, who in ((ANN, bob, ANN), (spent, bob, bob), (ANN, spent, ANN)):
            line = b"appproxy=" + cookie(bare, name=b"appproxy") + b"; __Host-appproxy=" + cookie(safe) + padding
            for _ in range(2):
                assert gate.check(head((b"cookie", line)), route_of(plain), both, NOW) == Pass(who)
        line = b"appproxy=" + cookie(spent, name=b"appproxy") + b"; __Host-appproxy=" + cookie(spent) + padding
        assert isinstance(gate.check(head((b"cookie", line)), route_of(plain), both, NOW), SignInRequired)


class TestIdentity:
    """What connector and application are told of the user."""

    def test_the_user_in_the_tunnel(self) -> None:
        """Subject, issuer and name, as ASCII JSON; the session's id stays at home."""
        text = user_header(replace(ANN, name="Ünal"))
        assert json.loads(text) == {"subject": "ann", "issuer": "https://idp.example.com", "name": "Ünal"}
        assert text.isascii()
        assert b"s1" not in text

    def test_header_lines(self) -> None:
        """Chosen claims go into chosen fields; what the user has not is left out."""
        rules = tuple(HeaderRule(f"x-{claim}", claim) for claim in ("sub", "name", "email", "groups", "iss", "phone"))
        session = replace(ANN, claims={"email": "ann@example.com", "groups": "a,b"})
        block = identity_block(replace(WIKI, headers=rules), session)
        check_block(block)
        assert block == (
            b"x-sub: ann\nx-name: Ann\nx-email: ann@example.com\nx-groups: a,b\nx-iss: https://idp.example.com\n"
        )

    def test_other_alphabets_are_utf_8(self) -> None:
        """A name with an umlaut arrives as UTF-8."""
        application = replace(WIKI, headers=(HeaderRule("x-name", "name"),))
        assert identity_block(application, replace(ANN, name="Ünal")) == "x-name: Ünal\n".encode()

    @pytest.mark.parametrize("text", ["a\nx-admin: 1", "a\rb", "a\0b"])
    def test_no_line_can_be_smuggled(self, text: str) -> None:
        """A claim that would begin another field is refused."""
        application = replace(WIKI, headers=(HeaderRule("x-email", "email"),))
        with pytest.raises(IdentityError):
            identity_block(application, replace(ANN, claims={"email": text}))

    def test_blocks_are_kept_a_session(self) -> None:
        """The same session gives the same bytes; another session, or changed rules, gives new ones."""
        blocks = Blocks()
        first = replace(WIKI, headers=(HeaderRule("x-name", "name"),))
        second = replace(WIKI, headers=(HeaderRule("x-user", "sub"),))
        bob = replace(ANN, subject="bob", name="Bob")
        assert blocks.identity_block(first, ANN) == blocks.identity_block(first, ANN) == b"x-name: Ann\n"
        assert blocks.identity_block(second, ANN) == b"x-user: ann\n"
        assert blocks.identity_block(first, bob) == b"x-name: Bob\n"
        assert json.loads(blocks.user_header(ANN))["name"] == "Ann"
        assert json.loads(blocks.user_header(bob))["name"] == "Bob"
        assert blocks.user_header(None) == b"null"
        assert blocks.identity_block(first, None) == blocks.identity_block(WIKI, ANN) == b""


def test_the_hot_path_is_quick() -> None:
    """A known cookie is judged in microseconds: the bound here is ten times what it takes."""
    gate = Gate()
    request = head(*[(b"x-%d" % number, b"value") for number in range(8)], value=cookie())
    gate.check(request, ROUTE, SNAPSHOT, NOW)

    def often() -> None:
        for _ in range(2000):
            gate.check(request, ROUTE, SNAPSHOT, NOW)

    assert cost(often, 2000 * 40e-6) <= 2000 * 40e-6


def test_many_cookies_cost_little() -> None:
    """1,000 fragments and 64 kB in the Cookie field are judged within 10 ms."""
    fragments = b"; ".join(b"__Host-appproxy" + b"x" * 50 + b"%d=y" % number for number in range(1000))
    for request in (head((b"cookie", fragments)), head(value=b"A" * 65536)):
        assert cost(lambda request=request: check(request), 0.01) <= 0.01  # type: ignore[misc]
