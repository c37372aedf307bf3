"""What users and an application see of each other in fields: URLs, cookies, and what the admin adds or takes away."""

from __future__ import annotations

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.origins import Call
from tests.end_to_end.system import PROMPT, System, shared_system
from tests.end_to_end.wire import Reply, Wire


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that others use too, with applications below a path: one inside, one outside."""
    found = shared_system(request, tmp_path_factory)
    published = {one["name"] for one in found.call("GET", "/applications")}
    if "fields" not in published:
        found.call("POST", "/applications", name="fields", internal=f"{found.origin.url}app/",
                   external=found.url("fields", "/outer/"), preauth="passthrough")
    return found


def ask(system: System, target: str, case: str, name: str = "fields", **fields: str) -> Reply:
    """One request, and its answer."""
    with Wire(system, name) as wire:
        wire.request("GET", target, case, fields={key.replace("_", "-"): value for key, value in fields.items()})
        return wire.reply()


def says(system: System, path: str, *lines: str) -> None:
    """Let the application answer this path with these fields."""
    head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n"

    def answer(call: Call) -> None:
        call.send(head.encode() + b"ok")

    system.origin.on(path, answer)


def test_answers_name_public_urls(system: System) -> None:
    """Of the application itself and of its neighbour, which lives on the same host inside and another one outside."""
    inside = system.origin.url.rstrip("/")
    says(system, "/app/urls", f"Location: {inside}/app/x?y#z", "Content-Location: /app/urls",
         f"Refresh: 1; url='{inside}/app/'",
         f'Link: <{inside}/app/a>; rel=next, </app/b>; title="<{inside}/app/>"', f"Access-Control-Allow-Origin: {inside}",
         "X-Other: " + inside)
    reply = ask(system, "/outer/urls", "urls")
    outside = system.url("fields", "").rstrip("/")
    assert reply.values("location") == [f"{outside}/outer/x?y#z"]
    assert reply.values("content-location") == ["/outer/urls"]
    assert reply.values("refresh") == [f"1; url='{outside}/outer/'"]
    assert reply.values("link") == [f'<{outside}/outer/a>; rel=next, </outer/b>; title="<{inside}/app/>"']
    assert reply.values("access-control-allow-origin") == [outside]
    assert reply.values("x-other") == [inside]


def test_what_browsers_may_load_is_said_with_public_origins(system: System) -> None:
    """Policies, reports, source maps and challenges; keywords, nonces and names stay, and so does what is public already."""
    inside, outside = system.origin.url.rstrip("/"), system.url("fields", "").rstrip("/")
    fields = {
        "content-security-policy": "default-src 'self' IN; img-src AUTHORITY data: 'nonce-IN'; "
                                   "report-uri IN/app/csp; report-to AUTHORITY",
        "content-security-policy-report-only": "script-src IN/app/js/ 'sha256-x'; "
                                               "frame-ancestors https://elsewhere.example OUT",
        "permissions-policy": 'camera=(self "IN"), usb=()', "timing-allow-origin": "IN, https://elsewhere.example",
        "reporting-endpoints": 'default="IN/app/reports", other="/app/reports"',
        "report-to": '{"group":"IN","max_age":60,"endpoints":[{"url":"IN/app/r"}]}', "sourcemap": "/app/page.js.map",
        "www-authenticate": 'Bearer realm="IN/app/token",service="AUTHORITY", Digest realm="IN/app/", nonce="x"',
    }
    says(system, "/app/policies", *(
        f"{name}: {value}".replace("IN", inside).replace("AUTHORITY", inside.partition("//")[2]).replace("OUT", outside)
        for name, value in fields.items()))
    reply = ask(system, "/outer/policies", "policies")
    hosts = inside.partition("//")[2], outside.partition("//")[2]
    assert reply.values("content-security-policy") == [
        f"default-src 'self' {outside}; img-src {hosts[1]} data: 'nonce-{inside}'; report-uri {outside}/outer/csp; "
        f"report-to {hosts[0]}"]
    assert reply.values("content-security-policy-report-only") == [
        f"script-src {outside}/outer/js/ 'sha256-x'; frame-ancestors https://elsewhere.example {outside}"]
    assert reply.values("permissions-policy") == [f'camera=(self "{outside}"), usb=()']
    assert reply.values("timing-allow-origin") == [f"{outside}, https://elsewhere.example"]
    assert reply.values("reporting-endpoints") == [f'default="{outside}/outer/reports", other="/outer/reports"']
    assert reply.values("report-to") == [f'{{"group":"{inside}","max_age":60,"endpoints":[{{"url":"{outside}/outer/r"}}]}}']
    assert reply.values("sourcemap") == ["/outer/page.js.map"]
    assert reply.values("www-authenticate") == [
        f'Bearer realm="{outside}/outer/token",service="{hosts[0]}", Digest realm="{inside}/app/", nonce="x"']


def test_requests_name_internal_urls(system: System) -> None:
    """Origin, Referer and Destination as the application knows itself; foreign ones as the user said them."""
    outside, inside = system.url("fields", "").rstrip("/"), system.origin.url.rstrip("/")
    said = {"Origin": outside, "Referer": f"{outside}/outer/from?a", "Destination": f"{outside}/outer/new"}
    ask(system, "/outer/in", "names inside", **said)
    (seen,) = [one for one in system.origin.seen if one.case == "names inside"]
    assert [seen.values(name) for name in ("origin", "referer", "destination")] == [
        [inside.encode()], [f"{inside}/app/from?a".encode()], [f"{inside}/app/new".encode()]]
    ask(system, "/outer/in", "foreign names", Origin="https://evil.example", Referer="https://evil.example/x")
    (seen,) = [one for one in system.origin.seen if one.case == "foreign names"]
    assert [seen.values(name) for name in ("origin", "referer")] == [[b"https://evil.example"], [b"https://evil.example/x"]]


def test_cookies_work_outside_and_reach_nobody_else(system: System) -> None:
    """Domain, Path and Secure follow the public URL; names of ours do not pass, a domain above the host is left out."""
    says(system, "/app/cookies", "Set-Cookie: a=1; Domain=127.0.0.1; Path=/app/x; HttpOnly",
         "Set-Cookie:  odd = \"; x\" ;;SAMESITE=lax",
         "Set-Cookie: __Host-appproxy=stolen; Path=/; Secure", "Set-Cookie: __HOST-APPPROXY-start=x",
         "Set-Cookie: b=1; Domain=appproxy.localhost", "Set-Cookie: c=1; Domain=localhost", "Set-Cookie:")
    reply = ask(system, "/outer/cookies", "cookies")
    assert reply.values("set-cookie")[:2] == ["a=1; Path=/outer/x; HttpOnly; Secure", 'odd = "; x" ;;SAMESITE=lax; Secure']
    assert reply.values("set-cookie")[2:4] == ["b=1; Secure", "c=1; Secure"]
    assert not [value for value in reply.values("set-cookie") if "appproxy" in value.lower() or "localhost" in value]


def test_settings_of_answers_are_live_within_a_second(system: System) -> None:
    """HSTS, fields of the admin's choice, fields that are left out; and all of it taken back again."""
    says(system, "/app/policy", "Server: secret/1.0", "X-Frame-Options: ALLOWALL")
    system.set("fields", **{"hsts_max_age": "60", "hsts_subdomains": "yes", "response.x-frame-options": "DENY",
                            "removed_fields": "server", "robots_disallow": "no"})
    began = usual_seconds()
    while not (reply := ask(system, "/outer/policy", "policy")).values("strict-transport-security"):
        assert usual_seconds() - began < PROMPT
    assert reply.values("strict-transport-security") == ["max-age=60; includeSubDomains"]
    assert [reply.values(name) for name in ("x-frame-options", "server", "x-robots-tag")] == [["DENY"], [], []]
    system.set("fields", **{"hsts_max_age": "", "hsts_subdomains": "", "response.x-frame-options": "", "removed_fields": "",
                            "robots_disallow": ""})
    began = usual_seconds()
    while (reply := ask(system, "/outer/policy", "policy")).values("strict-transport-security"):
        assert usual_seconds() - began < PROMPT
    assert [reply.values(name) for name in ("x-frame-options", "server", "x-robots-tag")] == [
        ["ALLOWALL"], ["secret/1.0"], ["noindex, nofollow"]]
    system.set("fields", translate_headers="no")
    says(system, "/app/off", f"Location: {system.origin.url}app/x", "Set-Cookie: a=1; Path=/app")
    began = usual_seconds()
    while (reply := ask(system, "/outer/off", "off")).values("location") != [f"{system.origin.url}app/x"]:
        assert usual_seconds() - began < PROMPT
    assert reply.values("set-cookie") == ["a=1; Path=/app"]
    system.set("fields", translate_headers="")


def test_settings_change_under_load_and_no_request_fails(system: System) -> None:
    """Each of them back and forth, twenty changes in all, of the application that is being used."""
    changes = [
        {"hsts_max_age": "60"}, {"response.x-frame-options": "DENY"}, {"removed_fields": "server"},
        {"translate_headers": "no"}, {"cookie_secure": "no"}, {"cookie_http_only": "no"}, {"cookie_persistent": "yes"},
        {"view": "public"}, {"robots_disallow": "no"}, {"hsts_subdomains": "yes"},
    ]
    with Load(system) as load:
        load.more(20)
        for change in changes:
            system.set("raw", **change)
            load.more(10)
            system.set("raw", **dict.fromkeys(change, ""))
            load.more(10)
    assert load.faults == []
