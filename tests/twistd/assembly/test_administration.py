"""The admin API over HTTPS, as people, programs and attackers find it: a whole service in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.admin.base.roles import ROLES
from appproxy.admin.logins.paths import TOKEN
from appproxy.admin.operations import OPERATIONS
from appproxy.policy.sender import SENDER
from appproxy.service.own.admin_host import BODY_LIMIT, BURST
from appproxy.store.database.live import LiveStore
from appproxy.store.database.together import Work
from appproxy.testing import Playground
from appproxy.testing.browser import Browser, Page, SignInFailed

HOST = "https://admin.example.org"
API = HOST + "/api/v1"
PASSWORD = "a rather long password"
WIKI = {"name": "wiki", "internal": "http://127.0.0.1/", "external": "https://wiki.example.org"}


@pytest.fixture(scope="module")
def shared() -> Iterator[Playground]:
    """One with people of several roles."""
    with Playground(admin_api=True) as made:
        for name, role in (("alice", "administrator"), ("hal", "help-desk"), ("rita", "reader"), ("nora", "")):
            made.add_user(name, PASSWORD)
            if role:
                made.admin("POST", "/role-assignments", {"role": role, "user": name})
        yield made


@pytest.fixture
def playground(shared: Playground) -> Playground:
    """With as many requests left as at the beginning."""
    shared.network.pass_time(60)
    return shared


@pytest.fixture(scope="module")
def alice(shared: Playground) -> Browser:
    """An administrator's browser, signed in."""
    return signed_in(shared, "alice")


@pytest.fixture(scope="module")
def root(shared: Playground) -> dict[str, str]:
    """A token that may do everything."""
    return token_of(shared, "root", "administrator")


def signed_in(playground: Playground, name: str) -> Browser:
    """Somebody's browser."""
    browser = playground.browser()
    browser.sign_in(HOST + "/", name, PASSWORD)
    return browser


def call(
    browser: Browser, method: str, path: str, body: object = None, headers: Mapping[str, str | None] | None = None
) -> Page:
    """What a script on the host's own page sends; a header that is None is left out."""
    fields: dict[str, str | None] = {"sec-fetch-site": "same-origin"}
    if method != "GET":
        fields["origin"] = HOST
    data = None
    if body is not None:
        fields["content-type"] = "application/json"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields.update(headers or {})
    sent = {name: value for name, value in fields.items() if value is not None}
    return browser.request(method, API + path, navigate=False, data=data, headers=sent)


def token_of(playground: Playground, name: str, role: str, **more: object) -> dict[str, str]:
    """The field that a new service token is sent in."""
    made = playground.admin("POST", "/service-tokens", {"name": name, "role": role, **more})
    return {"authorization": f"Bearer {made['token']}", "origin": "", "sec-fetch-site": ""}


def program(
    playground: Playground, method: str, path: str, field: Mapping[str, str], body: object = None, **more: str
) -> Page:
    """What a program sends."""
    headers = {"authorization": field["authorization"], **more}
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body).encode()
    return playground.browser().request(method, API + path, navigate=False, data=data, headers=headers)


def problem(page: Page) -> dict[str, Any]:
    """A problem of RFC 9457."""
    assert page.headers.getRawHeaders(b"content-type") == [b"application/problem+json"], page.text
    found: dict[str, Any] = json.loads(page.body)
    assert found["status"] == page.status and found["title"] and found["detail"]
    return found


def test_people_sign_in_as_everywhere(playground: Playground, alice: Browser) -> None:
    """And then do what their role allows; the audit says who, and from where."""
    assert "alice" in alice.get(HOST + "/").text
    assert json.loads(call(alice, "GET", "/me").body)["roles"] == ["administrator"]
    made = call(alice, "POST", "/groups", {"name": "staff"})
    assert made.status == 200 and json.loads(made.body)["name"] == "staff"
    row = playground.admin("GET", "/audit", {"limit": 1})[0]
    subject = json.loads(call(alice, "GET", "/me").body)["subject"]
    assert (row["actor"], row["action"]) == (f"user:{subject}", "group.add")
    assert row["detail"] == {
        "name": "staff", "from": "127.0.0.1", "caller": "alice", "caller_provider": "builtin"}


def test_who_has_no_role_does_not_get_in(playground: Playground) -> None:
    """The sign-in itself says so; and without a session there is none."""
    with pytest.raises(SignInFailed):
        signed_in(playground, "nora")
        raise SignInFailed
    browser = playground.browser()
    browser.sign_in(HOST + "/", "nora", PASSWORD)
    for path in ("/me", "/users", "/openapi.json"):
        assert problem(call(browser, "GET", path))["status"] == 401
    assert call(playground.browser(), "POST", "/groups", {"name": "x"}).status == 401


def test_a_role_ends_at_once(playground: Playground) -> None:
    """The session goes on to exist, and opens nothing."""
    playground.add_user("tim", PASSWORD)
    playground.admin("POST", "/role-assignments", {"role": "reader", "user": "tim"})
    browser = signed_in(playground, "tim")
    assert call(browser, "GET", "/applications").status == 200
    playground.admin("DELETE", "/role-assignments", {"role": "reader", "user": "tim"})
    assert problem(call(browser, "GET", "/applications"))["status"] == 403
    playground.admin("POST", "/role-assignments", {"role": "reader", "user": "tim", "expires": "60s"})
    assert call(browser, "GET", "/applications").status == 200
    playground.network.pass_time(61)
    assert problem(call(browser, "GET", "/applications"))["status"] == 403


@pytest.mark.parametrize("role", [one for one in ROLES if one != "administrator"])
def test_a_role_over_https(playground: Playground, role: str) -> None:
    """Each operation that it does not have is 403, before anything is looked at."""
    field = token_of(playground, f"of-{role}", role)
    for number, one in enumerate(OPERATIONS):
        if one.permission in ROLES[role].permissions:
            continue
        if number % 100 == 99:
            playground.network.pass_time(60)
        page = program(playground, one.method, one.path.replace("{", "").replace("}", ""), field)
        assert (page.status, problem(page)["name"]) == (403, "forbidden"), one.path


@pytest.mark.parametrize("headers", [
    {"origin": "https://wiki.example.org"}, {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": None},
    {"origin": "http://admin.example.org"}, {"origin": HOST + ":444"}, {"origin": HOST + "."}, {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
])
def test_other_pages_use_no_cookie_of_an_administrator(
    playground: Playground, alice: Browser, headers: Mapping[str, str | None]
) -> None:
    """Neither those of siblings, nor such as hide where they come from: CSRF."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        page = call(alice, method, "/groups/nothing" if method == "DELETE" else "/groups", {"name": "csrf"}, headers)
        assert problem(page)["code"] == "CROSS_SITE"
    assert "csrf" not in {one["name"] for one in playground.admin("GET", "/groups")}


@pytest.mark.parametrize("headers", [
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://wiki.example.org"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
])
def test_other_pages_do_not_even_look(playground: Playground, alice: Browser, headers: Mapping[str, str]) -> None:
    """And no answer ever lets them: there is no CORS here."""
    page = call(alice, "GET", "/users", None, headers)
    assert problem(page)["code"] == "CROSS_SITE"
    seen = call(alice, "GET", "/users")
    for one in (page, seen, call(alice, "OPTIONS", "/users", None, {"origin": HOST})):
        assert not [name for name, _ in one.headers.getAllRawHeaders() if name.lower().startswith(b"access-control")]
    assert seen.headers.getRawHeaders(b"cross-origin-resource-policy") == [b"same-origin"]
    assert seen.headers.getRawHeaders(b"cache-control") == [b"no-store"]


@pytest.mark.parametrize("kind", [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
    "text/plain; application/json", "application/json; charset=utf-7", None,
])
def test_only_json_is_read(playground: Playground, alice: Browser, kind: str | None) -> None:
    """What a form could send is none."""
    assert call(alice, "POST", "/groups", b'{"name":"x"}', {"content-type": kind}).status in (400, 415)


@pytest.mark.parametrize("body", [
    b"[]", b'"x"', b"{", b'{"name":"a","name":"b"}', b'{"name":NaN}', b"[" * 50_000, b"\xff", b'{"name":"\\ud800"}',
    b'{"name":"x\\u0000"}', b'{"name":"x","id":"1"}', b'{"name":"x","role":"administrator"}', b'{"name":["x"]}', b"null",
])
def test_what_is_no_good_body(playground: Playground, root: dict[str, str], body: bytes) -> None:
    """Is refused with a reason, also where it only has a field too many."""
    page = playground.browser().request(
        "POST", API + "/groups", navigate=False, data=body,
        headers={"authorization": root["authorization"], "content-type": "application/json"})
    assert problem(page)["status"] in (400, 422)


def test_what_is_too_large(playground: Playground, root: dict[str, str]) -> None:
    """By its length, or as it comes."""
    body = b'{"name":"' + b"x" * BODY_LIMIT + b'"}'
    page = playground.browser().request(
        "POST", API + "/groups", navigate=False, data=body,
        headers={"authorization": root["authorization"], "content-type": "application/json"})
    assert problem(page)["status"] == 413


@pytest.mark.parametrize("part", [b"[],", b'{},', b'"",""," ",'], ids=["lists", "objects", "texts"])
def test_a_body_of_very_many_parts_is_not_read(playground: Playground, root: dict[str, str], part: bytes) -> None:
    """To read it would stop everything else meanwhile."""
    body = b'{"document":{"a":[' + part * 350_000 + b"1]}}"
    headers = {"authorization": root["authorization"], "content-type": "application/json"}
    page = playground.browser().request(
        "POST", API + "/configuration/difference", navigate=False, data=body, headers=headers)
    assert page.status == 413 and "more than" in problem(page)["detail"]


def test_one_comparison_at_a_time(
    playground: Playground, root: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one hears when to ask again, before its body is read; what does not take long is answered."""
    api: Any = playground.service.api
    monkeypatch.setattr(api._alone, "_is_taken", True)
    page = program(playground, "POST", "/configuration/difference", root, {"document": {"format": 2}})
    assert page.status == 503 and problem(page)["name"] == "busy"
    assert page.headers.getRawHeaders(b"retry-after") == [b"5"]
    assert program(playground, "GET", "/configuration", root).status == 200
    monkeypatch.undo()
    for _ in range(2):
        assert program(playground, "POST", "/configuration/difference", root, {"document": {"format": 1}}).status == 200


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_the_method_is_the_method(playground: Playground, name: str) -> None:
    """No field changes it, and no parameter."""
    field = token_of(playground, name, "reader")
    page = program(playground, "GET", "/applications", field, **{name: "POST"})
    assert problem(page)["status"] == 400
    assert problem(program(playground, "GET", "/applications?_method=DELETE", field))["status"] == 422


def test_methods_that_are_not_there(playground: Playground, root: dict[str, str]) -> None:
    """405 says which are."""
    page = program(playground, "DELETE", "/applications", root)
    assert page.status == 405 and page.headers.getRawHeaders(b"allow") == [b"GET, POST"]
    assert program(playground, "GET", "/sessions/revoke", root).headers.getRawHeaders(b"allow") == [b"POST"]
    page = program(playground, "TRACE", "/me", root)
    assert page.status == 405 and b"PATCH" in b"".join(page.headers.getRawHeaders(b"allow") or [])
    assert program(playground, "BREW", "/users/alice", root).headers.getRawHeaders(b"allow") == [b"DELETE, GET, PATCH"]


@pytest.mark.parametrize("path", ["/nothing", "//users", "/users/", "/users//", "", "/", "/../v1/users", "/%2e%2e/users"])
def test_paths_that_are_not_there(playground: Playground, root: dict[str, str], path: str) -> None:
    """There is one way to write each."""
    assert problem(program(playground, "GET", path, root))["status"] == 404


def test_programs_show_a_token(playground: Playground, alice: Browser) -> None:
    """Which is refused when it is wrong, from elsewhere, or has no role; a cookie beside it does not help."""
    field = token_of(playground, "robot", "reader")
    assert json.loads(program(playground, "GET", "/me", field).body)["provider"] == "service token"
    wrong = {"authorization": field["authorization"][:-1] + ("A" if field["authorization"][-1] != "A" else "B")}
    page = program(playground, "GET", "/me", wrong)
    assert problem(page)["status"] == 401
    assert b'error="invalid_token"' in (page.headers.getRawHeaders(b"www-authenticate") or [b""])[0]
    assert call(alice, "GET", "/me", None, wrong).status == 401
    elsewhere = token_of(playground, "elsewhere", "reader", networks=["192.0.2.0/24"])
    assert problem(program(playground, "GET", "/me", elsewhere))["status"] == 403
    playground.admin("POST", "/applications", WIKI)
    made = playground.admin("POST", "/service-tokens", {"name": "plain", "applications": ["wiki"]})
    assert problem(program(playground, "GET", "/me", {"authorization": f"Bearer {made['token']}"}))["status"] == 403
    playground.admin("DELETE", "/service-tokens/robot")
    assert problem(program(playground, "GET", "/me", field))["status"] == 401


def test_a_token_is_no_more_than_its_maker(playground: Playground) -> None:
    """To give it a role needs the right to, and to rotate one that has more is refused."""
    playground.admin("POST", "/service-tokens", {"name": "strong", "role": "administrator"})
    field = token_of(playground, "publisher", "application-administrator")
    for path, body in (
        ("/service-tokens", {"name": "mine", "role": "administrator"}), ("/service-tokens/strong/rotate", {}),
        ("/role-assignments", {"role": "administrator", "token": "publisher"}),
    ):
        assert problem(program(playground, "POST", path, field, body))["status"] == 403
    assert problem(program(playground, "DELETE", "/service-tokens/strong", field))["status"] == 403


def test_the_body_does_not_say_who_calls(playground: Playground) -> None:
    """Nor does a field: identity comes from the credential alone."""
    field = token_of(playground, "honest", "reader")
    for more in ({"x-forwarded-user": "alice"}, {"x-appproxy-user": "alice"}, {"from": "alice"}, {"cookie": "user=alice"}):
        found = json.loads(program(playground, "GET", "/me", field, **more).body)
        assert found["name"] == "honest"
    assert problem(program(playground, "GET", "/applications?caller=local:0", field))["status"] == 422


def test_another_host_is_not_this_one(playground: Playground, root: dict[str, str]) -> None:
    """DNS rebinding: a name of somebody else's that leads here finds nothing; and no application can be published here."""
    page = playground.browser().request(
        "GET", API + "/me", navigate=False, headers={"authorization": root["authorization"], "host": "evil.example"})
    assert page.status in (404, 421)
    with pytest.raises(Exception, match="the service's own"):
        playground.admin("POST", "/applications", {**WIKI, "name": "trap", "external": HOST})
    playground.admin("POST", "/applications", {
        "name": "all", "external": "https://*.example.org", "internal": "http://*.internal", "preauth": "passthrough"})
    assert problem(call(playground.browser(), "GET", "/me"))["status"] == 401


def test_a_cookie_of_a_sibling_opens_nothing(playground: Playground) -> None:
    """A session of an application is none here, whatever name it is put under; and of two cookies none counts."""
    playground.publish("blog", _hello(), users=["alice"])
    browser = playground.browser()
    browser.sign_in("https://blog.example.org/", "alice", PASSWORD)
    (stolen,) = [one.value for one in browser.cookies if one.domain.startswith("blog") and one.name == "__Host-appproxy"]
    page = playground.browser().request("GET", API + "/me", navigate=False, headers={"cookie": f"__Host-appproxy={stolen}"})
    assert problem(page)["status"] == 401
    own = signed_in(playground, "alice")
    (good,) = [one.value for one in own.cookies if one.domain.startswith("admin") and one.name == "__Host-appproxy"]
    for line, status in ((f"__Host-appproxy={good}", 200), (f"__Host-appproxy={good}; __Host-appproxy={stolen}", 401),
                         (f"appproxy={good}", 401)):
        page = playground.browser().request("GET", API + "/me", navigate=False, headers={"cookie": line})
        assert page.status == status, line


def _hello() -> Any:
    from twisted.web.static import Data

    return Data(b"hello", "text/plain")


def test_policies_are_about_administrators(playground: Playground) -> None:
    """Those for all applications, and such as name the administration; break-glass users are not concerned."""
    policy = {"state": "on", "users": {"include": ["all"]}, "applications": {"include": ["service/administration"]},
              "grant": {"block": True}}
    browser = signed_in(playground, "rita")
    assert call(browser, "GET", "/me").status == 200
    playground.admin("PUT", "/policies/closed", {"document": policy, "force": True})
    assert playground.admin("GET", "/policies/closed")["document"]["applications"] == {"include": ["service/administration"]}
    assert playground.admin("GET", "/policy-check") == [
        {"policy": "", "problem": "nobody can use service/administration"}]
    assert problem(call(browser, "GET", "/me"))["code"] == "POLICY_BLOCKED"
    playground.admin("PUT", "/break-glass/rita")
    assert call(browser, "GET", "/me").status == 200
    playground.admin("DELETE", "/break-glass/rita")
    playground.admin("PUT", "/policies/closed", {"document": {**policy, "applications": {"include": ["all"]}}, "force": True})
    assert problem(call(browser, "GET", "/me"))["code"] == "POLICY_BLOCKED"
    playground.admin("DELETE", "/policies/closed")


def test_etags_and_preconditions(playground: Playground, root: dict[str, str]) -> None:
    """What was read is sent again only when it has changed, and is changed only if it has not."""
    playground.add_user("eve", PASSWORD)
    tag = (program(playground, "GET", "/users/eve", root).headers.getRawHeaders(b"etag") or [b""])[0].decode()
    again = program(playground, "GET", "/users/eve", root, **{"if-none-match": f'"x", {tag}'})
    assert (again.status, again.body) == (304, b"")
    assert program(playground, "PATCH", "/users/eve", root, {"display_name": "E"}, **{"if-match": tag}).status == 200
    both = {"if-match": "*", "if-none-match": "*"}
    assert problem(program(playground, "PATCH", "/users/eve", root, {"display_name": "G"}, **both))["status"] == 412
    late = program(playground, "PATCH", "/users/eve", root, {"display_name": "F"}, **{"if-match": tag})
    assert problem(late)["status"] == 412
    head = program(playground, "HEAD", "/users/eve", root)
    assert (head.status, head.body) == (200, b"") and head.headers.getRawHeaders(b"etag") != [tag.encode()]


def test_a_dry_run_changes_nothing(playground: Playground, root: dict[str, str]) -> None:
    """And is checked and answered like a change."""
    rows = len(playground.admin("GET", "/audit", {"limit": 1000}))
    page = program(playground, "POST", "/groups?dry_run=true", root, {"name": "imagined"})
    assert json.loads(page.body)["name"] == "imagined" and page.headers.getRawHeaders(b"appproxy-dry-run") == [b"true"]
    assert problem(program(playground, "DELETE", "/groups/nothing?dry_run=true", root))["status"] == 404
    assert problem(program(playground, "POST", "/groups?dry_run=perhaps", root, {"name": "x"}))["status"] == 422
    assert "imagined" not in {one["name"] for one in playground.admin("GET", "/groups")}
    assert len(playground.admin("GET", "/audit", {"limit": 1000})) == rows


def test_a_change_that_is_asked_for_twice(playground: Playground, root: dict[str, str]) -> None:
    """Happens once, secret and all; for another caller, or another change, the key is another."""
    body = {"name": "once", "role": "reader"}
    key = {"idempotency-key": "k-1"}
    first = program(playground, "POST", "/service-tokens", root, body, **key)
    assert first.status == 200
    assert program(playground, "POST", "/service-tokens", root, body, **key).body == first.body
    assert problem(program(playground, "POST", "/service-tokens", root, body))["status"] == 409
    assert problem(program(playground, "POST", "/service-tokens", root, {**body, "name": "x"}, **key))["status"] == 422
    assert problem(program(playground, "POST", "/groups", root, {"name": "y"}, **key))["name"] == "key-reused"
    other = token_of(playground, "other", "administrator")
    assert problem(program(playground, "POST", "/service-tokens", other, body, **key))["status"] == 409
    for wrong in ("", "ä", "x" * 256):
        assert program(playground, "POST", "/groups", root, {"name": "z"}, **{"idempotency-key": wrong}).status == 400


def test_pages_lead_on(playground: Playground) -> None:
    """By Link, with the fields of the query."""
    field = token_of(playground, "pages", "auditor")
    found, path = [], "/users?limit=2"
    while path:
        page = program(playground, "GET", path, field)
        rows = json.loads(page.body)
        found += [one["name"] for one in rows]
        links = page.headers.getRawHeaders(b"link") or []
        path = links[0].decode().partition(">")[0].removeprefix("</api/v1") if links else ""
        assert len(rows) <= 2
    assert found == sorted({one["name"] for one in playground.admin("GET", "/users")})
    for wrong in ("limit=x", "limit=1&limit=2", "limit=0", "limit", "%zz=1", "limit=1001", "a=1&" * 200 + "b=2"):
        assert program(playground, "GET", f"/users?{wrong}", field).status in (400, 422), wrong


def test_times_in_a_query_are_numbers(playground: Playground, root: dict[str, str]) -> None:
    """Of the audit; ten digits, as seconds since 1970 have."""
    assert json.loads(program(playground, "GET", "/audit?since=1000000000&until=9999999999", root).body)
    assert json.loads(program(playground, "GET", "/audit?until=1000000000", root).body) == []
    assert problem(program(playground, "GET", "/audit?since=soon", root))["status"] == 422


def test_nobody_asks_without_end(playground: Playground) -> None:
    """429 says when to come back; others are not concerned."""
    field, other = token_of(playground, "eager", "reader"), token_of(playground, "modest", "reader")
    statuses = [program(playground, "GET", "/me", field).status for _ in range(int(BURST) + 30)]
    assert statuses.count(429) > 0 and set(statuses) == {200, 429}
    late = program(playground, "GET", "/me", field)
    assert problem(late)["status"] == 429 and late.headers.getRawHeaders(b"retry-after")
    assert program(playground, "GET", "/me", other).status == 200


def test_programs_learn_where_to_sign_in(playground: Playground) -> None:
    """Protected-resource metadata (RFC 9728), which every 401 names."""
    page = call(playground.browser(), "GET", "/me")
    url = HOST + "/.well-known/oauth-protected-resource"
    assert f'resource_metadata="{url}"'.encode() in (page.headers.getRawHeaders(b"www-authenticate") or [b""])[0]
    found = json.loads(playground.browser().get(url).body)
    assert found["resource"] == HOST + "/" and found["authorization_servers"] == ["https://signin.example.org"]


def test_who_signs_out_is_out(playground: Playground) -> None:
    """As everywhere; and so is whose sessions an administrator ends, or who is disabled."""
    browser = signed_in(playground, "hal")
    assert call(browser, "GET", "/users").status == 200
    playground.admin("POST", "/sessions/revoke", {"user": "hal"})
    assert problem(call(browser, "GET", "/users"))["status"] == 401


def test_without_the_setting_there_is_nothing() -> None:
    """The host is like any that nobody has."""
    with Playground() as made:
        made.add_user("alice", PASSWORD)
        made.admin("POST", "/role-assignments", {"role": "administrator", "user": "alice"})
        assert made.browser().get(HOST + "/").status == 404
        assert made.browser().get(API + "/me").status == 404


@pytest.mark.parametrize("asked", ["/users", "/applications/turns/check", "/search?q=x", "form", "code"])
def test_what_is_asked_here_waits_its_turn_among_what_others_ask(
    playground: Playground, alice: Browser, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """Anybody can have a code looked up; as the service's own work that would go before all users' sign-ins, and take the
    places of signs of life, entries of the audit and certificates.
    """
    senders: list[str] = []
    in_turn = LiveStore._in_turn

    def noted(store: LiveStore, work: Work) -> Deferred[Any]:
        senders.append(SENDER.get())
        return in_turn(store, work)

    call(alice, "POST", "/applications", {**WIKI, "name": "turns", "external": "https://turns.example.org"})
    monkeypatch.setattr(LiveStore, "_in_turn", noted)
    match asked:
        case "code":
            form = {"client_id": "x", "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "made up"}
            playground.browser().request("POST", HOST + TOKEN, data=form, navigate=False, headers={"sec-fetch-mode": ""})
        case "form":
            alice.request("POST", f"{API}/users", data=b'{"name": "x"}', navigate=False, headers={
                "content-type": "application/json", "origin": HOST, "sec-fetch-site": "same-origin"})
        case "/search?q=x":
            alice.get(HOST + asked)
        case _:
            call(alice, "GET", asked)
    assert senders and set(senders) == {"127.0.0.1"}
