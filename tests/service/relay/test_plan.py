"""What is worked out once for an application, and the cleaning of its answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.logger import capturedLogs

from appproxy.http.fields import check_block, decode_block, encode_block
from appproxy.publish.application import Application, HeaderRule, RequestField, Url
from appproxy.publish.cors import CorsRule
from appproxy.publish.response_policy import ResponseField
from appproxy.publish.routing import Router
from appproxy.publish.urls import Translation
from appproxy.service.relay.plan import Plan, Plans

HERE = Application("a", "a", Url.parse("https://wiki.example.com:8443/"), Url.parse("http://internal:8080/"))
BELOW = Application("b", "b", Url.parse("https://x.example.com/wiki/"), Url.parse("http://internal/app/"))

ROUTE = Router([HERE]).routes_of("wiki.example.com")[0]


@pytest.mark.parametrize(
    ("application", "url", "seen"),
    [
        (HERE, b"http://internal:8080/a?b#c", b"https://wiki.example.com:8443/a?b#c"),
        (HERE, b"HTTP://INTERNAL:8080/a", b"https://wiki.example.com:8443/a"),
        (HERE, b"http://internal:8080", b"https://wiki.example.com:8443"),
        (HERE, b"/a", b"/a"),
        (HERE, b"a/b", b"a/b"),
        (HERE, b"//other/a", b"//other/a"),
        (HERE, b"http://internal:80801/a", b"http://internal:80801/a"),
        (HERE, b"http://internal:8080.evil.example/a", b"http://internal:8080.evil.example/a"),
        (HERE, b"http://internal:8080@evil.example/a", b"http://internal:8080@evil.example/a"),
        (HERE, b"https://elsewhere.example/", b"https://elsewhere.example/"),
        (BELOW, b"/app/page", b"/wiki/page"),
        (BELOW, b"/app", b"/wiki/"),
        (BELOW, b"/other", b"/other"),
        (BELOW, b"http://internal/app/page", b"https://x.example.com/wiki/page"),
    ],
)
def test_redirects_lead_back_to_the_public_address(application: Application, url: bytes, seen: bytes) -> None:
    """Only the application's own URLs are changed; what merely begins like one is not."""
    line = b"location: %b\n" % url
    assert Plan.of(application).clean(201, line, "7").startswith(b"location: %b\n" % seen)
    assert Plan.of(replace(application, translate_headers=False)).clean(201, line, "7").startswith(line)


def test_an_ordinary_answer_is_passed_on_as_it_is() -> None:
    """Byte for byte, with our request id behind it."""
    block = b"content-type: text/html\nserver: x\n"
    plan = Plan.of(HERE)
    assert plan.clean(200, block, "7") == block + b"x-robots-tag: noindex, nofollow\nvia: 1.1 appproxy\nx-request-id: 7\n"


@pytest.mark.parametrize(
    "line",
    [b"connection: close", b"keep-alive: 5", b"transfer-encoding: chunked", b"upgrade: h2c", b"proxy-authenticate: Basic",
     b"alt-svc: h2=\":443\"", b"x-request-id: forged", b"proxy-status: appproxy; error=x", b"trailer: x", b"te: x",
     b"set-cookie: __Host-appproxy=stolen; Path=/; Secure", b"set-cookie: __host-AppProxy-start=x",
     b"set-cookie: appproxy-8443=x; Path=/",
     b"set-cookie: a=b; Domain=example.org"],
)
def test_what_an_application_may_not_say_is_taken_out(line: bytes) -> None:
    """Hop-by-hop fields, words of ours, our cookies, and cookies for its siblings."""
    cleaned = Plan.of(HERE).clean(200, b"a: 1\n" + line + b"\nb: 2\n", "7")
    assert line not in cleaned
    assert cleaned.startswith(b"a: 1\nb: 2\n")


@pytest.mark.parametrize(("external", "internal", "lines"), [
    ("/tools/", "/", b"x-forwarded-prefix: /tools\n"), ("/a/b/wiki/", "/wiki/", b"x-forwarded-prefix: /a/b\n"),
    ("/wiki/", "/wiki/", b""), ("/", "/", b""), ("/tools/", "/wiki/", b""), ("/", "/wiki/", b"")])
def test_the_path_that_users_have_before_the_applications_own(external: str, internal: str, lines: bytes) -> None:
    """It is told where there is one, and the application is to know."""
    one = replace(HERE, external=Url.parse(f"https://a.example.com{external}"), internal=Url.parse(f"http://internal{internal}"))
    assert Plan.of(replace(one, forwarded_prefix=True)).constants == lines
    assert Plan.of(one).constants == b""


def test_who_knows_the_prefix_may_name_it_in_answers() -> None:
    """Then a path, a URL and a cookie's Path that have it are as users have them; others get it as ever."""
    one = replace(HERE, external=Url.parse("https://a.example.com/tools/"), internal=Url.parse("http://internal/"))
    for view in ("internal", "public"):
        plan = Plan.of(replace(one, forwarded_prefix=True, view=view))
        for said, seen in (
            (b"/tools/x?y", b"/tools/x?y"), (b"/tools", b"/tools"), (b"/x", b"/tools/x"), (b"/toolsx", b"/tools/toolsx"),
            (b"http://internal/tools/x", b"https://a.example.com/tools/x"), (b"http://internal/x", b"https://a.example.com/tools/x"),
            (b"http://internal.evil.example/tools/", b"http://internal.evil.example/tools/"),
        ):  # fmt: skip
            assert plan.clean(302, b"location: %b\n" % said, "7").startswith(b"location: %b\n" % seen), (view, said)
        for said, seen in ((b"/tools", b"/tools"), (b"/tools/", b"/tools/"), (b"/", b"/tools"), (b"/x", b"/tools/x")):
            cookie = plan.clean(200, b"set-cookie: a=1; Path=%b\n" % said, "7")
            assert cookie.startswith(b"set-cookie: a=1; Path=%b; Secure\n" % seen)
    assert Plan.of(one).clean(302, b"location: /tools/x\n", "7").startswith(b"location: /tools/tools/x\n")
    public = Plan.of(replace(one, forwarded_prefix=True, view="public"))
    assert public.clean(302, b"location: http://a.example.com/tools/x\n", "7").startswith(
        b"location: https://a.example.com/tools/x\n")


def test_fields_of_the_admins_choice_are_in_every_request_and_users_cannot_send_them() -> None:
    """As many as there are."""
    fields = (RequestField("x-region", "north"), RequestField("x_role", "reader"))
    plan = Plan.of(replace(HERE, request_fields=fields))
    assert plan.constants == b"x-region: north\nx_role: reader\n"
    assert plan.dropped.holds(b"X_Region") and plan.dropped.holds(b"x-role")


def test_via_says_how_the_answer_came() -> None:
    """After those behind us; where an application is not to be told of us, users are not either."""
    said = b"via: 1.1 cache.corp\n"
    public = Plan.of(replace(HERE, protocol="h2")).clean(200, said, "7")
    assert public.startswith(said + b"x-robots-tag: noindex, nofollow\nvia: 2.0 appproxy\n")
    assert b"appproxy" not in Plan.of(replace(HERE, via=False)).clean(200, said, "7")


def test_a_path_of_one_file_is_one_without_a_slash() -> None:
    """Its last slash is only how URLs are written here."""
    paths = {"/manifest.webmanifest/": True, "/v1.2/": False, "/wiki/": False, "/": False, "/a.b/c/": False}
    for path, bare in paths.items():
        assert Plan.of(replace(HERE, external=Url.parse(f"https://wiki.example.com{path}"))).learned.bare is bare


def test_every_set_cookie_survives() -> None:
    """Two cookies are two fields, in their order."""
    cleaned = Plan.of(HERE).clean(200, b"set-cookie: a=1; Secure\nset-cookie: b=2; Secure; Domain=wiki.example.com\n", "7")
    assert cleaned.startswith(b"set-cookie: a=1; Secure\nset-cookie: b=2; Secure; Domain=wiki.example.com\n")


def test_cookies_are_translated_for_the_public_host() -> None:
    """Domain, Path and Secure follow the published URL; with translation switched off only the guards are left."""
    line = b"set-cookie: a=1; Domain=internal; Path=/app/x\n"
    assert Plan.of(BELOW).clean(200, line, "7").startswith(b"set-cookie: a=1; Path=/wiki/x; Secure\n")
    assert b"set-cookie" not in Plan.of(replace(BELOW, translate_headers=False)).clean(200, line, "7")
    kept = b"set-cookie: a=1; Path=/app/x\n"
    assert Plan.of(replace(BELOW, translate_headers=False)).clean(200, kept, "7").startswith(kept)


WILD = replace(HERE, id="w", name="wild", external=Url.parse("https://*.lab.example.com/"), internal=Url.parse("http://*.corp/"),
               wildcard_cookies=True)


def plan_on(host: str, *applications: Application) -> Plan:
    """The plan of the first of these on a host."""
    return Plans(applications=lambda: applications).of(Router(applications).routes_of(host)[0])


def test_cookies_of_a_parent_domain_are_the_hosts_alone() -> None:
    """So that the application keeps them; the log says so once for all its plans."""
    line = b"set-cookie: a=1; Domain=example.com; Secure\n"
    plans = Plans()
    routes = Router([replace(HERE, alternate_hosts=("other.example.com",))])
    said: list[str] = []
    with capturedLogs() as logged:
        for host in ("wiki.example.com", "other.example.com", "wiki.example.com"):
            assert plans.of(routes.routes_of(host)[0]).clean(200, line, "7").startswith(b"set-cookie: a=1; Secure\n")
    said += [str(event["log_format"]) for event in logged]
    assert len(said) == 1 and "wildcard_cookies" in said[0]
    assert logged[0]["domain"] == "example.com"


def test_an_application_may_share_its_cookies_within_its_own_wildcard() -> None:
    """If it is told to, by its public and by its internal name, with translation of answers or without."""
    for one in (WILD, replace(WILD, translate_headers=False)):
        plan = plan_on("a.lab.example.com", one)
        assert b"a=1; Domain=lab.example.com\n" in plan.clean(200, b"set-cookie: a=1; Domain=lab.example.com\n", "7").replace(
            b"; Secure", b"")
    inside = b"set-cookie: a=1; Domain=.corp\n"
    assert b"; Domain=lab.example.com" in plan_on("a.lab.example.com", WILD).clean(200, inside, "7")
    closed = plan_on("a.lab.example.com", replace(WILD, wildcard_cookies=False))
    assert b"omain" not in closed.clean(200, b"set-cookie: a=1; Domain=lab.example.com\n", "7")


@pytest.mark.parametrize("external", ["https://hr.lab.example.com/", "https://lab.example.com/", "https://*.x.lab.example.com/"])
def test_nobody_shares_a_domain_where_another_application_is(external: str) -> None:
    """Its cookies would reach that one."""
    other = replace(HERE, id="hr", external=Url.parse(external),
                    internal=Url.parse("http://*.hr/" if "*" in external else "http://hr/"))
    line = b"set-cookie: a=1; Domain=lab.example.com\n"
    assert b"omain" not in plan_on("a.lab.example.com", WILD, other).clean(200, line, "7")
    assert b"omain" not in plan_on("hr.lab.example.com", replace(HERE, external=Url.parse("https://hr.lab.example.com/"),
                                                                 wildcard_cookies=True)).clean(200, line, "7")


def test_the_response_policy_replaces_what_the_application_says() -> None:
    """HSTS, fields of the admin's choice and fields that are left out, whatever the application sends."""
    application = replace(
        HERE, robots_disallow=False, hsts_max_age=60, response_fields=(ResponseField("x-frame-options", "DENY"),),
        removed_fields=frozenset({"server"}),
    )
    said = b"server: x\na: 1\nstrict-transport-security: max-age=9\nx-frame-options: ALLOWALL\n"
    wanted = b"a: 1\nstrict-transport-security: max-age=60\nx-frame-options: DENY\nvia: 1.1 appproxy\nx-request-id: 7\n"
    assert Plan.of(application).clean(200, said, "7") == wanted
    assert Plan.of(HERE).clean(200, said, "7").startswith(said)


def test_an_upgrade_keeps_its_name() -> None:
    """101 must say what to."""
    assert b"upgrade: websocket\n" in Plan.of(HERE).clean(101, b"upgrade: websocket\nsec-websocket-accept: x\n", "7")


def test_header_names_are_dropped_in_every_spelling() -> None:
    """What single sign-on puts in, users may not."""
    application = Application("a", "a", HERE.external, HERE.internal, headers=(HeaderRule("x_remote-user", "sub"),))
    assert Plan.of(application).dropped.holds(b"X.Remote_User")


def test_what_a_neighbour_at_the_same_origin_learns_users_from_is_dropped_here_too() -> None:
    """And no longer once the neighbour is gone, or learns by another field."""
    hooks = replace(HERE, id="hooks", internal=Url.parse("http://internal:8080/hooks/"))
    neighbours = [replace(HERE, headers=(HeaderRule("x-who", "name"),))]
    plans = Plans(applications=lambda: [hooks, *neighbours])
    route = Router([hooks]).routes_of("wiki.example.com")[0]
    assert plans.of(route).dropped.holds(b"X_Who")
    neighbours[:] = [replace(HERE, headers=(HeaderRule("x-mail", "email"),))]
    plans.forget()
    assert (plans.of(route).dropped.holds(b"x-who"), plans.of(route).dropped.holds(b"x-mail")) == (False, True)


def test_users_may_send_what_the_application_lets_them() -> None:
    """Of the usual names of users' fields; never one that a neighbour at the same origin is told."""
    open_to = replace(HERE, id="b", user_fields=frozenset({"x-user", "x-webauth-user"}))
    plans = Plans(applications=lambda: [open_to, replace(HERE, headers=(HeaderRule("x-user", "name"),))])
    dropped = plans.of(Router([open_to]).routes_of("wiki.example.com")[0]).dropped
    assert not dropped.holds(b"x-webauth-user")
    assert dropped.holds(b"x-user") and dropped.holds(b"x-webauth-name")


def test_applications_alike_share_their_list() -> None:
    """With 10,000 applications the list is there once."""
    assert Plan.of(HERE).dropped is Plan.of(BELOW).dropped


def test_plans_are_made_once_until_something_is_published() -> None:
    """The URLs that an answer may hold are those of all applications, so any change makes all plans again."""
    asked: list[str] = []

    def urls() -> Translation:
        asked.append("urls")
        return Translation([HERE])

    plans = Plans(urls)
    first = plans.of(ROUTE)
    assert plans.of(ROUTE) is first
    assert len(asked) == 1
    plans.forget()
    assert plans.of(ROUTE) is not first
    assert len(asked) == 2


def test_every_field_with_urls_is_translated_for_every_application() -> None:
    """Not only those of the application that answers; and one that is no such field is left alone."""
    urls = Translation([HERE, BELOW])
    said = (b"location: http://internal/app/a\ncontent-location: /a\nrefresh: 5; url=http://internal:8080/b\n"
            b"link: <http://internal/app/>; rel=up\naccess-control-allow-origin: http://internal:8080\n"
            b"x-link: http://internal/app/a\n")
    wanted = (b"location: https://x.example.com/wiki/a\ncontent-location: /a\n"
              b"refresh: 5; url=https://wiki.example.com:8443/b\nlink: <https://x.example.com/wiki/>; rel=up\n"
              b"access-control-allow-origin: https://wiki.example.com:8443\nx-link: http://internal/app/a\n")
    assert Plan.of(HERE, urls=urls).clean(200, said, "7").startswith(wanted)


def test_an_answer_with_very_many_urls_costs_little() -> None:
    """Lists of more URLs than anybody sends stay as they are; what leads the browser somewhere is translated all the same."""
    plan = Plan.of(BELOW)
    link = b"link: " + b", ".join([b"<http://internal/app/>"] * 500) + b"\n"
    assert b"internal" not in plan.clean(200, link, "7")
    block = link * 2 + b"location: http://internal/app/\nset-cookie: a=b; path=/app/\n"
    cleaned = plan.clean(200, block, "7")
    removed = Plan.of(replace(BELOW, removed_fields=frozenset({"link"})))
    assert b"link" not in removed.clean(200, block, "7")
    assert cleaned.startswith(link * 2 + b"location: https://x.example.com/wiki/\nset-cookie: a=b; path=/wiki/; Secure\n")


def test_what_browsers_say_is_translated_too() -> None:
    """For an application that gets its own name as Host; and with translation switched off so are answers alone."""
    origin = (b"origin", b"https://wiki.example.com:8443")
    plan = Plan.of(HERE)
    assert plan.inward.field(*origin) == b"http://internal:8080"
    original = Plan.of(replace(HERE, view="public"))
    assert original.inward.field(*origin) == origin[1]
    assert Plan.of(replace(HERE, translate_headers=False)).inward.field(*origin) == b"http://internal:8080"


def test_an_application_that_sees_the_public_place_is_told_of_it() -> None:
    """As the very place of the pair of URLs; one that sees the internal place is told of no other."""
    public = replace(HERE, view="public", alternate_hosts=("other.example.com",))
    places = [Plan.of(public, pair).place for pair in public.pairs]
    assert [place and place.pairs for place in places] == [
        b';host="wiki.example.com:8443";proto=https', b';host="other.example.com:8443";proto=https']
    assert Plan.of(HERE).place is None


NAMES = [b"a", b"set-cookie", b"location", b"link", b"connection", b"upgrade", b"refresh", b"server", b"x-location"]
VALUES = [b"a=1; Domain=internal", b"http://internal/app/x", b"<http://internal/app>", b"__Host-appproxy=1", b""]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.sampled_from(VALUES), st.binary(max_size=9).map(
    lambda data: bytes(byte for byte in data if byte == 9 or byte >= 32 and byte != 127)))), max_size=8),
    st.sampled_from([101, 103, 200, 302]))
@settings(max_examples=120)
def test_any_answer_stays_well_formed(fields: list[tuple[bytes, bytes]], status: int) -> None:
    """Every line is left out, or there once; what needs no look is there to the letter, in its order."""
    application = replace(BELOW, removed_fields=frozenset({"server"}))
    cleaned = Plan.of(application).clean(status, encode_block(fields), "7")
    check_block(cleaned)
    kept = decode_block(cleaned)
    plain = {b"a", b"x-location"} | ({b"upgrade"} if status == 101 else set())
    assert [field for field in kept if field[0] in plain] == [field for field in fields if field[0] in plain]
    gone = {b"connection", b"server", b"upgrade"} - plain
    assert not [name for name, _ in kept if name in gone]
    changed = (b"location", b"link", b"refresh")
    assert [name for name, _ in kept if name in changed] == [name for name, _ in fields if name in changed]


def test_a_rule_takes_the_place_of_what_the_application_says_to_other_origins() -> None:
    """For requests that it covers only; there are no more plans than origins that have leave, and one."""
    rule = CorsRule("/api/", frozenset({"https://app.example.org"}), credentials=True)
    plan = Plan.of(replace(HERE, cors=(rule,)))
    own = b"access-control-allow-origin: *\naccess-control-allow-credentials: true\nvary: accept\n"
    asked = [(b"origin", b"https://app.example.org")]
    assert plan.facing(b"/", asked) is plan and plan.clean(200, own, "7").startswith(own)
    facing = plan.facing(b"/api/x", asked)
    assert facing.clean(200, own, "7").startswith(
        b"vary: accept\nx-robots-tag: noindex, nofollow\nvia: 1.1 appproxy\naccess-control-allow-origin: https://app.example.org\n"
        b"access-control-allow-credentials: true\nvary: origin\n")
    others = [plan.facing(b"/api/x", [(b"origin", b"https://%d.example" % n)]) for n in range(50)]
    assert len(set(map(id, others))) == 1
    cleaned = others[0].clean(200, own, "7")
    assert b"access-control" not in cleaned and b"vary: origin\n" in cleaned
    assert plan.facing(b"/api/y", asked) is facing
    assert Plan.of(HERE).cors is None


def test_a_rule_may_be_for_one_host_only() -> None:
    """And wins there over the one for all hosts."""
    everywhere, there = CorsRule("/", frozenset({"https://a.example"})), CorsRule(
        "/", frozenset({"https://b.example"}), host="wiki.example.com")
    application = replace(HERE, cors=(everywhere, there), alternate_hosts=("other.example.com",))
    plans = {pair.external.host: Plan.of(application, segment=pair) for pair in application.pairs}
    asked = [(b"origin", b"https://b.example")]
    assert b"b.example" in plans["wiki.example.com"].facing(b"/", asked).added
    assert b"b.example" not in plans["other.example.com"].facing(b"/", asked).added
