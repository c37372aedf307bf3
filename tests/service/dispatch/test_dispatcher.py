"""Where every exchange begins: ours, an application's, and the gate between."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.branding import BRAND_START
from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.net.secure.tls import ServerName
from appproxy.policy.conditional.parts.demands import NOTHING, Demand
from appproxy.publish.application import Application, Preauthentication, Segment, Url
from appproxy.publish.cors import CorsRule
from appproxy.service.dispatch import Dispatcher, ErrorPages
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.order import Parts, stages
from appproxy.service.dispatch.stages.rates import RateLimits
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_request
from tests.service.dispatch.stage_fakes import programs
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import GET, WIKI, World, only_request, requests

CLOSED = replace(WIKI, preauthentication=Preauthentication.OIDC, robots_disallow=True)


class SignInPage:
    """A sign-in that only says that it was asked for."""

    def begin(
        self, head: RequestHead, application: Application, request_id: str, now: float, demand: Demand = NOTHING,
    ) -> tuple[int, bytes, bytes]:
        return 303, b"location: https://signin.example.com/start\n", b""

    def way(self, head: RequestHead, application: Application, now: float) -> tuple[str, bytes] | None:
        return ("https://signin.example.com/start", b"set-cookie: a=b\n") if head.method == b"GET" else None


def ours(name: bytes) -> Handler:
    def answer(exchange: Exchange) -> None:
        exchange.answer(200, b"", name)

    return answer


class Door(World):
    """A world whose users come in through the dispatcher."""

    def __post_init__(self) -> None:
        super().__post_init__()
        error_pages = ErrorPages()
        order = stages(Parts(
            gate=Gate(), programs=programs(), relay=self.relay, sign_in=SignInPage(), error_pages=error_pages,
            own_hosts={"signin.example.com": ours(b"sign-in host")}, own_paths=ours(b"own path"),
            rates=RateLimits(lambda: 0.0),
        ))
        self.dispatcher = Dispatcher(order, error_pages, self, lambda: 1e9, self.clock)

    def handle(self, exchange: Exchange) -> None:
        self.dispatcher(exchange)


def test_passthrough_needs_no_sign_in() -> None:
    """Such an application is reached by everybody."""
    door = Door()
    signal = door.welcomed()
    door.user().send(GET)
    assert requests(signal.frames())


@pytest.mark.parametrize(
    "request_head",
    [
        GET,
        GET.replace(b"GET", b"OPTIONS"),
        GET.replace(b"GET", b"HEAD"),
        GET.replace(b"GET", b"POST"),
        GET.replace(b"/page", b"/page?__Host-appproxy=1"),
        GET.replace(b"\r\n\r\n", b"\r\nCookie: __Host-appproxy=AAAA\r\n\r\n"),
        GET.replace(b"\r\n\r\n", b"\r\nUser-Agent: kube-probe/1.0\r\n\r\n"),
        GET.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer x\r\n\r\n"),
        GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 127.0.0.1\r\nX-Original-URL: /robots.txt\r\n\r\n"),
        GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://wiki.example.com\r\n\r\n"),
    ],
)
def test_without_a_cookie_nothing_reaches_a_connector(request_head: bytes) -> None:
    """Whatever the method, the query, the user agent or the fields say."""
    door = Door(applications=(CLOSED,))
    signal = door.welcomed()
    answer = door.user().send(request_head)
    assert answer.startswith(b"HTTP/1.1 303 ")
    assert signal.frames() == []


def test_unknown_hosts_get_one_constant_page() -> None:
    """Nothing of the request is in it: but for the request id it is the same for all hosts and paths."""
    door = Door()
    pages = set()
    for host, target in ((b"evil.example.com", b"/<script>?"), (b"10.0.0.1", b"/a/../b"), (b"x.wiki.example.com", b"/")):
        answer = door.user().send(b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, host))
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert host not in answer and (len(target) < 3 or target not in answer)
        pages.add(re.sub(rb"[0-9a-f]{32}|date: [^\r]*", b"", answer, flags=re.IGNORECASE))
    assert len(pages) == 1


WILDCARD = ServerName("signin.example.com", {"*.example.com": True})


@pytest.mark.parametrize(
    ("made_for", "host", "status"),
    [
        (None, "wiki.example.com", 303),
        (ServerName("wiki.example.com", {"wiki.example.com": True}), "wiki.example.com", 303),
        (ServerName("wiki.example.com", {}), "wiki.example.com", 303),
        (WILDCARD, "wiki.example.com", 303),
        (WILDCARD, "signin.example.com", 200),
        (ServerName("shop.example.org", {"shop.example.org": True}), "wiki.example.com", 421),
        (ServerName("shop.example.org", {"shop.example.org": True}), "signin.example.com", 421),
        (ServerName("shop.example.org", {"shop.example.org": True}), "nobody.example.com", 421),
        (None, "nobody.example.com", 404),
        (ServerName("nobody.example.com", {}), "nobody.example.com", 404),
        (WILDCARD, "nobody.example.com", 421),
    ],
)
def test_connections_that_were_made_for_another_host(made_for: ServerName | None, host: str, status: int) -> None:
    """Their requests are answered with 421, unless the certificate is for both and the host is ours."""
    door = Door(applications=(CLOSED,))
    signal = door.welcomed()
    exchange = FakeExchange(head_for(f"https://{host}/page"), server_name=made_for)
    door.handle(exchange)
    assert exchange.status == status and signal.frames() == []
    assert (exchange.failure is Code.MISDIRECTED) is (status == 421)


@pytest.mark.parametrize("target", ["/.appproxy/finish", "/.appproxy/style.css", "/robots.txt", f"{BRAND_START}style.css"])
def test_our_own_paths_on_connections_for_another_host(target: str) -> None:
    """They are no exception."""
    elsewhere = ServerName("shop.example.org", {"shop.example.org": True})
    exchange = FakeExchange(head_for(f"https://wiki.example.com{target}"), server_name=elsewhere)
    Door(applications=(CLOSED,)).handle(exchange)
    assert exchange.status == 421


def test_a_path_of_a_host_that_is_ours() -> None:
    """It is no other machine's: nothing there is 404, on whichever connection."""
    door = Door(applications=(replace(CLOSED, external=Url.parse("https://wiki.example.com/wiki/")),))
    exchange = FakeExchange(head_for("https://wiki.example.com/other"), server_name=WILDCARD)
    door.handle(exchange)
    assert exchange.status == 404


def test_our_own_host_and_paths_are_never_forwarded() -> None:
    """The sign-in host, and /.appproxy/ on each application's host."""
    door = Door()
    signal = door.welcomed()
    assert b"sign-in host" in door.user().send(b"GET / HTTP/1.1\r\nHost: signin.example.com\r\n\r\n")
    assert b"own path" in door.user().send(GET.replace(b"/page", b"/.appproxy/finish"))
    assert signal.frames() == []


def test_our_own_paths_are_not_on_unknown_hosts() -> None:
    """There is nobody to sign in to."""
    answer = Door().user().send(b"GET /.appproxy/finish HTTP/1.1\r\nHost: other.example.com\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")


def test_error_pages_have_their_style_on_every_host() -> None:
    """Also where nothing is published."""
    answer = Door().user().send(b"GET /.appproxy/style.css HTTP/1.1\r\nHost: other.example.com\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/css")


def test_browsers_hear_of_hsts_before_they_sign_in() -> None:
    """The first answer that a new user gets is the redirect to the sign-in."""
    door = Door(applications=(replace(CLOSED, hsts_max_age=60, hsts_subdomains=True),))
    assert b"\r\nstrict-transport-security: max-age=60; includeSubDomains\r\n" in door.user().send(GET)
    assert b"strict-transport-security" not in Door(applications=(CLOSED,)).user().send(GET)


def test_robots_are_kept_out() -> None:
    """Answered by the service, without sign-in, unless the application is to answer itself."""
    door = Door(applications=(CLOSED,))
    answer = door.user().send(GET.replace(b"/page", b"/robots.txt"))
    assert answer.endswith(b"User-agent: *\nDisallow: /\n")
    below = Door(applications=(replace(CLOSED, external=Url.parse("https://wiki.example.com/wiki/")),))
    assert below.user().send(GET.replace(b"/page", b"/robots.txt")).endswith(b"User-agent: *\nDisallow: /wiki/\n")
    open_door = Door()
    signal = open_door.welcomed()
    open_door.user().send(GET.replace(b"/page", b"/robots.txt"))
    assert requests(signal.frames())


def test_a_fault_of_ours_is_a_page_with_the_request_id() -> None:
    """And never a hanging request, or a traceback."""
    door = Door()

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret")

    door.relay.start = broken  # type: ignore[method-assign]
    answer = door.user().send(GET)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"0000000000000001" in answer and b"secret" not in answer


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    """413, by its announced length."""
    door = Door(applications=(replace(WIKI, max_body=100),))
    signal = door.welcomed()
    answer = door.user().send(b"POST / HTTP/1.1\r\nHost: wiki.example.com\r\nContent-Length: 101\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert signal.frames() == []


RULE = CorsRule("/api/", frozenset({"https://app.example.org"}), frozenset({"PUT"}), credentials=True)
PREFLIGHT = (b"OPTIONS /api/x HTTP/1.1\r\nHost: wiki.example.com\r\nOrigin: https://app.example.org\r\n"
             b"Access-Control-Request-Method: PUT\r\n\r\n")


@pytest.mark.parametrize("application", [WIKI, CLOSED])
def test_preflights_are_answered_before_any_sign_in(application: Application) -> None:
    """Where a rule covers the path, whether users must sign in or not; nothing reaches a connector."""
    door = Door(applications=(replace(application, cors=(RULE,)),))
    signal = door.welcomed()
    answer = door.user().send(PREFLIGHT)
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert b"access-control-allow-origin: https://app.example.org\r\n" in answer
    answer = door.user().send(PREFLIGHT.replace(b"app.example.org", b"evil.example"))
    assert answer.startswith(b"HTTP/1.1 403 ") and b"access-control-allow" not in answer and b"vary: origin" in answer
    assert b"evil" not in answer
    assert signal.frames() == []
    uncovered = door.user().send(PREFLIGHT.replace(b"/api/x", b"/x"))
    assert bool(requests(signal.frames())) is (application is WIKI) and b"access-control-allow" not in uncovered


def test_our_own_answers_can_be_read_by_pages_that_may_call() -> None:
    """The answer to a call without a cookie; not by anybody else, and not where no rule is."""
    door = Door(applications=(replace(CLOSED, cors=(RULE,)),))
    call = PREFLIGHT.replace(b"OPTIONS", b"PUT").replace(b"Access-Control-Request-Method: PUT\r\n", b"")
    assert b"access-control-allow-origin: https://app.example.org\r\n" in door.user().send(call)
    for other in (call.replace(b"app.example.org", b"evil.example"), call.replace(b"/api/x", b"/x")):
        assert b"access-control-allow-origin" not in door.user().send(other)


def test_failures_on_the_way_can_be_read_too() -> None:
    """503 without a connector, and the answer of the application itself."""
    door = Door(applications=(replace(WIKI, cors=(RULE,)),))
    call = PREFLIGHT.replace(b"OPTIONS", b"GET").replace(b"Access-Control-Request-Method: PUT\r\n", b"")
    signal = door.welcomed()
    user = door.user()
    user.send(call)
    signal.fail(Kind.FAIL, only_request(signal), Code.ORIGIN_REFUSED)
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 502 ") and b"access-control-allow-origin: https://app.example.org\r\n" in answer


def test_the_application_does_not_speak_for_itself_where_a_rule_does() -> None:
    """Its own leave for everybody is taken out of its answer."""
    door = Door(applications=(replace(WIKI, cors=(RULE,)),))
    call = PREFLIGHT.replace(b"OPTIONS", b"GET").replace(b"Access-Control-Request-Method: PUT\r\n", b"")
    signal = door.welcomed()
    user = door.user()
    user.send(call)
    signal.answer(only_request(signal), 200, b"access-control-allow-origin: *\n")
    answer = user.wire.take()
    assert b"allow-origin: *" not in answer and b"access-control-allow-origin: https://app.example.org\r\n" in answer


@pytest.mark.parametrize("application", [WIKI, CLOSED])
def test_while_it_is_maintained_nobody_reaches_an_application(application: Application) -> None:
    """503 before any sign-in, with the admin's text and the time, until that has passed; nothing reaches a connector."""
    closed = replace(application, maintenance=True, maintenance_text="New <disks>.", maintenance_until=1e9 + 90.5)
    door = Door(applications=(closed,))
    signal = door.welcomed()
    answer = door.user().send(GET)
    assert answer.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: 91\r\n" in answer
    assert b"New &lt;disks&gt;. It is expected back at 2001-09-09 01:48 UTC." in answer
    late = Door(applications=(replace(closed, maintenance_until=1e9),))
    answer = late.user().send(GET.replace(b"\r\n\r\n", b"\r\nAccept: application/json\r\n\r\n"))
    assert b"\r\nretry-after: 300\r\n" in answer and b"application/problem+json" in answer and b"expected" not in answer
    assert b'"detail": "New <disks>."' in answer
    assert signal.frames() == []


def test_maintainers_are_shown_where_they_sign_in() -> None:
    """A page of an application that has some, and no other; nothing reaches a connector without a sign-in."""
    closed = replace(CLOSED, maintenance=True, maintenance_text="Soon.")
    ann, nobody = frozenset({"ann"}), frozenset[str]()
    for users, groups, is_shown in ((ann, nobody, True), (nobody, nobody, False), (nobody, frozenset({"ops"}), True)):
        door = Door(applications=(replace(closed, maintaining_users=users, maintaining_groups=groups),))
        signal = door.welcomed()
        answer = door.user().send(GET)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"Soon." in answer
        assert (b'<a href="https://signin.example.com/start">' in answer and b"\r\nset-cookie: a=b\r\n" in answer) is is_shown
        assert b"signin" not in door.user().send(GET.replace(b"GET", b"POST"))
        assert signal.frames() == []
    everybody = Door(applications=(replace(WIKI, maintenance=True, maintaining_users=ann),))
    assert b"signin" not in everybody.user().send(GET), "where nobody signs in nobody is told apart"


def test_pages_that_may_call_learn_of_maintenance() -> None:
    """Preflights are answered as ever, and a script can read the 503."""
    door = Door(applications=(replace(CLOSED, cors=(RULE,), maintenance=True),))
    assert door.user().send(PREFLIGHT).startswith(b"HTTP/1.1 204 ")
    call = PREFLIGHT.replace(b"OPTIONS", b"PUT").replace(b"Access-Control-Request-Method: PUT\r\n", b"")
    answer = door.user().send(call)
    assert answer.startswith(b"HTTP/1.1 503 ") and b"access-control-allow-origin: https://app.example.org\r\n" in answer


@given(
    st.text("abc<>\"'&/", min_size=4, max_size=20), st.sampled_from([b"text/html", b"application/json", b"*/*"]),
    st.sampled_from([replace(WIKI, maintenance=True), replace(CLOSED, cors=(RULE,))]),
    st.sampled_from([b"GET", b"OPTIONS", b"POST"]), st.sampled_from([b"wiki", b"nobody"]),
)
@settings(max_examples=60, deadline=None)
def test_nothing_of_a_request_is_repeated(
    text: str, accept: bytes, application: Application, method: bytes, host: bytes
) -> None:
    """Not its target, and no field of it; our own answers are kept by no cache and forbid scripts."""
    said = b"zq" + text.encode() + b"qz"
    door = Door(applications=(application,))
    answer = door.user().send(
        b"%b /%b?%b HTTP/1.1\r\nHost: %b.example.com\r\nAccept: %b, x/%b\r\nOrigin: https://%b\r\nReferer: %b\r\n"
        b"Access-Control-Request-Method: %b\r\nContent-Length: 0\r\nX-Request-ID: %b\r\nUser-Agent: %b\r\n\r\n"
        % (method, said, said, host, accept, said, said, said, said, said, said))
    assert b"zq" not in answer
    if not answer.startswith(b"HTTP/1.1 303 "):
        assert b"\r\ncache-control: no-store\r\n" in answer and b"default-src 'none'" in answer


class TestAuthority:
    """What stands in Host reaches nobody behind us but in one form."""

    ELSEWHERE = replace(WIKI, id="docs", external=Url.parse("https://docs.example.com:8443/"), view="public")

    @pytest.mark.parametrize(("host", "seen"), [
        (b"wiki.example.com", b"wiki.example.com"), (b"wiki.example.com:", b"wiki.example.com"),
        (b"WIKI.Example.com:443", b"wiki.example.com"), (b"wiki.example.com.", b"wiki.example.com"),
        (b"docs.example.com:8443", b"docs.example.com:8443"), (b"Docs.example.com.:8443", b"docs.example.com:8443"),
        (b"docs.example.com", b"docs.example.com:8443"), (b"docs.example.com:", b"docs.example.com:8443"),
        (b"docs.example.com:443", b"docs.example.com:8443")])
    def test_what_is_forwarded_is_canonical(self, host: bytes, seen: bytes) -> None:
        """Lower case, no empty port, no last dot, the port of the external URL."""
        door = Door(applications=(WIKI, self.ELSEWHERE))
        signal = door.welcomed()
        door.user().send(GET.replace(b"wiki.example.com", host))
        (request,) = [decode_request(frame[3]) for frame in signal.frames() if frame[0] == Kind.REQ]
        assert request.authority == seen
        assert (b"x-forwarded-host: %b\n" % seen in request.block) is seen.startswith(b"docs")

    @pytest.mark.parametrize("host", [
        b"wiki.example.com:8443", b"wiki.example.com:1", b"docs.example.com:80", b"wiki.example.com:0",
        b"signin.example.com:8443", b"wiki.example.com:0444"])
    def test_a_port_where_nothing_is_published(self, host: bytes) -> None:
        """404: an application that believed it would make links that lead elsewhere."""
        door = Door(applications=(WIKI, self.ELSEWHERE))
        signal = door.welcomed()
        answer = door.user().send(GET.replace(b"wiki.example.com", host))
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert requests(signal.frames()) == []

    def test_an_own_host_with_its_port(self) -> None:
        """The service's own pages are at the ports where users come in."""
        answer = Door().user().send(GET.replace(b"wiki.example.com", b"signin.example.com:443"))
        assert answer.endswith(b"sign-in host")


def test_methods_that_an_application_does_not_want() -> None:
    """405, with those that it wants (RFC 9110 section 15.5.6); nothing of it reaches a connector."""
    door = Door(applications=(replace(WIKI, methods=frozenset({b"POST", b"GET"})),))
    signal = door.welcomed()
    answer = door.user().send(GET.replace(b"GET", b"DELETE"))
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: GET, POST\r\n" in answer
    assert requests(signal.frames()) == []
    door.user().send(GET)
    only_request(signal)


def test_whoever_is_not_signed_in_learns_no_methods() -> None:
    """The gate comes first."""
    door = Door(applications=(replace(CLOSED, methods=frozenset({b"POST"})),))
    assert b"allow:" not in door.user().send(GET)


def below(internal: str, **how: Any) -> Application:
    """An application below a path."""
    urls = {"external": Url.parse("https://wiki.example.com/wiki/"), "internal": Url.parse(internal)}
    return replace(WIKI, **{**urls, **how})


def asked(door: Door, target: str, method: bytes = b"GET", **head: Any) -> FakeExchange:
    exchange = FakeExchange(head_for(f"https://wiki.example.com{target}", method=method, **head))
    door.handle(exchange)
    return exchange


@pytest.mark.parametrize("internal", ["http://internal:8080/", "http://internal:8080/wiki/", "http://internal:8080/a/b/"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize(("target", "location"), [("/wiki", b"/wiki/"), ("/wiki?a=/b?//", b"/wiki/?a=/b?//")])
def test_a_path_without_its_last_slash_gets_it(internal: str, method: bytes, target: str, location: bytes) -> None:
    """Whatever path the application has inside; from there relative links would lead beside it. No connector hears of it."""
    door = Door(applications=(below(internal),))
    signal = door.welcomed()
    exchange = asked(door, target, method)
    assert (exchange.status, exchange.block) == (308, b"location: %b\ncache-control: no-store\n" % location)
    assert signal.frames() == []


@pytest.mark.parametrize(("method", "target", "inside"), [
    (b"POST", "/wiki", b"/int/"), (b"PROPFIND", "/wiki?x", b"/int/?x"), (b"OPTIONS", "/wiki", b"/int/"),
    (b"GET", "/wiki/", b"/int/"), (b"GET", "/wiki/page", b"/int/page")])
def test_other_methods_are_answered_by_the_application(method: bytes, target: str, inside: bytes) -> None:
    """And so are paths below."""
    door = Door(applications=(below("http://internal/int/"),))
    signal = door.welcomed()
    asked(door, target, method)
    assert [target for _, target in requests(signal.frames())] == [inside]


def test_an_upgrade_follows_no_redirect() -> None:
    """A WebSocket at the bare path reaches the application; an upgrade that is not allowed is an ordinary request."""
    door = Door(applications=(below("http://internal/ws/"),))
    signal = door.welcomed()
    asked(door, "/wiki", upgrade=b"websocket", fields=[(b"origin", b"https://wiki.example.com")])
    assert [target for _, target in requests(signal.frames())] == [b"/ws/"]
    assert asked(door, "/wiki", upgrade=b"h2c").status == 308


def test_a_call_of_a_script_is_answered_by_the_application() -> None:
    """From a page of another origin a redirect without the application's own permission would be no answer at all."""
    door = Door(applications=(below("http://internal/int/"),))
    signal = door.welcomed()
    asked(door, "/wiki?x", fields=[(b"origin", b"https://other.example.com")])
    assert [target for _, target in requests(signal.frames())] == [b"/int/?x"]


def test_who_has_not_signed_in_learns_nothing_from_it() -> None:
    """The sign-in comes first, and leads back to what was asked for."""
    door = Door(applications=(below("http://internal/", preauthentication=Preauthentication.OIDC),))
    assert asked(door, "/wiki").status == asked(door, "/wiki/").status == 303


def test_of_nested_paths_each_gets_its_own_slash() -> None:
    """Also those of segments and wildcards."""
    inner = Segment(Url.parse("https://wiki.example.com/wiki/deep/"), Url.parse("http://other/"), "s1")
    team = replace(below("http://*.corp/x/", external=Url.parse("https://*.example.org/t/")), id="team", name="team")
    door = Door(applications=(below("http://internal/", segments=(inner,)), team))
    assert asked(door, "/wiki/deep").block.startswith(b"location: /wiki/deep/\n")
    assert asked(door, "/wiki/").status != 308
    assert asked(door, "/wikipedia").status == 404
    exchange = FakeExchange(head_for("https://a.example.org/t?q"))
    door.handle(exchange)
    assert (exchange.status, exchange.block.partition(b"\n")[0]) == (308, b"location: /t/?q")


@pytest.mark.parametrize("internal", ["http://internal/wiki/", "http://internal/int/"])
@pytest.mark.parametrize("host", ["", "http://internal"])
def test_an_application_that_takes_the_slash_away_again_is_let(internal: str, host: str) -> None:
    """No circle: once it has redirected so, the bare path is its own, until something is published."""
    door = Door(applications=(below(internal),))
    signal = door.welcomed()
    bare = Url.parse(internal).path[:-1]
    user, get = door.user(), b"GET %b HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n"
    assert user.send(get % b"/wiki").startswith(b"HTTP/1.1 308 ")
    user.send(get % b"/wiki/")
    signal.answer(only_request(signal), 308, f"location: {host}{bare}\n".encode())
    assert b"\r\nlocation: %b/wiki\r\n" % (b"https://wiki.example.com" if host else b"") in user.wire.take()
    user.send(get % b"/wiki?a")
    ((_, target),) = requests(signal.frames())
    assert target == bare.encode() + b"?a"
    door.relay.plans.forget()
    assert door.user().send(get % b"/wiki").startswith(b"HTTP/1.1 308 ")


def test_a_redirect_elsewhere_teaches_nothing() -> None:
    """Only the very path, on the very host, without its slash."""
    door = Door(applications=(below("http://internal/"),))
    signal = door.welcomed()
    get = b"GET %b HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n"
    for location in ("/login", "http://internal/x", "https://evil.example/wiki", "//evil.example/wiki", "/", "wiki"):
        user = door.user()
        user.send(get % b"/wiki/")
        signal.answer(only_request(signal), 302, f"location: {location}\n".encode())
        assert user.wire.take().startswith(b"HTTP/1.1 302 ")
    assert door.user().send(get % b"/wiki").startswith(b"HTTP/1.1 308 ")
