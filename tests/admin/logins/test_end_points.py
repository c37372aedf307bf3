"""A command line signs in by a code: what a program, a person and an attacker find, in a whole service in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource

from appproxy.connector.enrol.enrolment import join
from appproxy.errors import Code, RequestError
from appproxy.identity.cookie import to_payload
from appproxy.identity.grant_types import DEVICE_CODE
from appproxy.identity.session import Session
from appproxy.provider.directories.source import Directories
from appproxy.service.signin.sessions.renewal import Renewal
from appproxy.store.machines import command_lines
from appproxy.testing import Playground
from appproxy.testing.browser import Browser, Page

HOST = "https://admin.example.org"
PASSWORD = "a rather long password"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def shared() -> Iterator[Playground]:
    """One with people of several roles."""
    with Playground(admin_api=True) as made:
        for name, role in (("alice", "administrator"), ("rita", "reader"), ("connie", "connector-administrator")):
            made.add_user(name, PASSWORD)
            made.admin("POST", "/role-assignments", {"role": role, "user": name})
        yield made


@pytest.fixture
def playground(shared: Playground) -> Playground:
    """With as many questions left as at the beginning."""
    shared.network.pass_time(20)
    return shared


def signed_in(playground: Playground, name: str) -> Browser:
    """Somebody's browser."""
    browser = playground.browser()
    browser.sign_in(HOST + "/", name, PASSWORD)
    return browser


def post(playground: Playground, path: str, data: bytes, headers: Mapping[str, str]) -> Page:
    """What a program sends."""
    return playground.browser().request("POST", HOST + path, navigate=False, data=data, headers=dict(headers))


def ask(playground: Playground, path: str, **fields: str) -> tuple[int, Any]:
    """What a program asks; status and answer."""
    page = post(playground, path, urlencode(fields).encode(), {"content-type": FORM})
    return page.status, json.loads(page.body)


def begin(playground: Playground, **fields: str) -> dict[str, Any]:
    """A machine begins to wait."""
    status, made = ask(playground, "/device-authorization", client_id="appproxy", **fields)
    assert status == 200, made
    return dict(made)


def poll(playground: Playground, made: Mapping[str, Any]) -> tuple[int, Any]:
    """It asks once more, in good time."""
    playground.network.pass_time(5)
    return ask(playground, "/token", grant_type=DEVICE_CODE, device_code=made["device_code"])


def proof_of(browser: Browser, page: str) -> str:
    """What the forms of a page are proved by."""
    found = re.search(r'name="proof" value="([^"]+)"', browser.get(HOST + page).text)
    return found[1] if found else ""


def press(
    browser: Browser, code: str, do: str, proof: str, headers: Mapping[str, str] | None = None, group: str = ""
) -> Page:
    """What a button of the page of a code sends."""
    fields = {"user_code": code, "do": do, "proof": proof, **({"group": group} if group else {})}
    sent = {"content-type": FORM, "origin": HOST, "sec-fetch-site": "same-origin"} if headers is None else headers
    return browser.request("POST", HOST + "/device", navigate=True, data=urlencode(fields).encode(), headers=dict(sent))


def look(browser: Browser, code: str) -> Page:
    """Somebody opens the page of a code, and goes on to what asks by it."""
    return press(browser, code, "show", proof_of(browser, f"/device?user_code={code}"))


def answer(browser: Browser, code: str, do: str = "allow", group: str = "") -> Page:
    """Somebody opens the page of a code, and presses a button."""
    return press(browser, code, do, proof_of(browser, f"/device?user_code={code}"), group=group)


def logged_in(playground: Playground, name: str) -> dict[str, Any]:
    """Tokens of a command line that this person has let in."""
    made = begin(playground, name="laptop")
    assert answer(signed_in(playground, name), made["user_code"]).status == 200
    status, tokens = poll(playground, made)
    assert status == 200, tokens
    return dict(tokens)


def call(playground: Playground, tokens: Mapping[str, Any], path: str = "/api/v1/me", method: str = "GET") -> Page:
    """What the command line asks of the API."""
    return playground.browser().request(
        method, HOST + path, navigate=False, headers={"authorization": f"Bearer {tokens['access_token']}"})


def test_a_command_line_signs_in(playground: Playground) -> None:
    """Nobody has to type a secret; the session is in the list, and the audit says who has let it in."""
    made = begin(playground, name="laptop")
    assert made["verification_uri"] == HOST + "/device" and made["user_code"] in made["verification_uri_complete"]
    assert poll(playground, made) == (400, {"error": "authorization_pending"})
    assert ask(playground, "/token", grant_type=DEVICE_CODE, device_code=made["device_code"])[1] == {"error": "slow_down"}
    alice = signed_in(playground, "alice")
    linked = alice.get(made["verification_uri_complete"])
    assert linked.status == 200 and made["user_code"] in linked.text and "laptop" not in linked.text
    shown = look(alice, made["user_code"])
    assert shown.status == 200 and "laptop" in shown.text and "127.0.0.1" in shown.text and made["user_code"] in shown.text
    assert answer(alice, made["user_code"]).status == 200
    status, tokens = poll(playground, made)
    assert status == 200 and tokens["token_type"] == "Bearer" and tokens["expires_in"] == 600
    me = json.loads(call(playground, tokens).body)
    assert (me["name"], me["roles"], me["provider"]) == ("alice", ["administrator"], "builtin")
    listed = [one for one in playground.admin("GET", "/sessions") if one["client"] == "Command line at laptop"]
    assert len(listed) == 1
    rows = playground.admin("GET", "/audit", {"limit": 20})
    allowed = next(one for one in rows if one["action"] == "command_line.allowed")
    assert allowed["detail"] == {
        "name": "laptop", "address": "127.0.0.1", "from": "127.0.0.1", "caller": "alice", "caller_provider": "builtin"}
    # The code is used up, and so is what it stands for.
    assert poll(playground, made) == (400, {"error": "expired_token"})
    assert press(alice, made["user_code"], "allow", proof_of(alice, "/groups")).status == 404


def test_a_connector_joins(playground: Playground) -> None:
    """By a code that somebody confirms who may let connectors in, into the group that they choose; the audit names them."""
    playground.admin("POST", "/connector-groups", {"name": "berlin", "needs_approval": True})
    made = begin(playground, scope="join", name="rack-7", group="default")
    assert "may let none in" in look(signed_in(playground, "rita"), made["user_code"]).text
    connie = signed_in(playground, "connie")
    shown = look(connie, made["user_code"]).text
    assert "rack-7" in shown and "berlin" in shown and "join as the connector" in shown
    assert answer(connie, made["user_code"], group="nowhere").status == 404
    assert answer(connie, made["user_code"], group="berlin").status == 200
    status, found = poll(playground, made)
    assert status == 200 and found["join_token"].startswith("appproxy1.") and "access_token" not in found
    joining = join(found["join_token"], playground.directory / "rack-7", playground.network,
                   playground.wall_clock, "rack-7", environment={})
    _, issued = playground.network.run(Deferred.fromCoroutine(joining))
    assert issued.state == "pending approval"
    row = playground.admin("GET", "/audit", {"limit": 1, "action": "connector.join"})[0]
    allowed = playground.admin("GET", "/audit", {"limit": 1, "action": "connector.allowed"})[0]
    assert row["detail"]["allowed_by"] == allowed["actor"] and row["detail"]["group"] == "berlin"
    assert allowed["detail"]["caller"] == "connie" and allowed["detail"]["name"] == "rack-7"
    assert poll(playground, made) == (400, {"error": "expired_token"})


def test_who_may_let_no_connectors_in_any_more(playground: Playground) -> None:
    """Between the button and the connector's question."""
    playground.add_user("cora", PASSWORD)
    playground.admin("POST", "/role-assignments", {"role": "connector-administrator", "user": "cora"})
    made = begin(playground, scope="join", name="rack-8")
    assert answer(signed_in(playground, "cora"), made["user_code"], group="default").status == 200
    playground.admin("POST", "/role-assignments", {"role": "reader", "user": "cora"})
    playground.admin("DELETE", "/role-assignments", {"role": "connector-administrator", "user": "cora"})
    assert poll(playground, made) == (400, {"error": "access_denied"})


def test_who_may_only_ask_for_a_role(playground: Playground) -> None:
    """Gets in, to the page where it is asked for and by a command line, and sees nothing else."""
    playground.add_user("eddie", PASSWORD)
    playground.admin("POST", "/role-entitlements", {"role": "auditor", "user": "eddie"})
    eddie = signed_in(playground, "eddie")
    assert eddie.get(HOST + "/").status == 200 and eddie.get(HOST + "/role-requests").status == 200
    assert eddie.get(HOST + "/applications").status == 403
    tokens = logged_in(playground, "eddie")
    assert call(playground, tokens, "/api/v1/audit").status == 403
    page = playground.browser().request(
        "POST", HOST + "/api/v1/role-requests", navigate=False, data=b'{"role": "auditor", "reason": "a look"}',
        headers={"authorization": f"Bearer {tokens['access_token']}", "content-type": "application/json"})
    assert page.status == 200 and json.loads(page.body)["state"] == "active"
    assert call(playground, tokens, "/api/v1/audit").status == 200
    playground.admin("DELETE", "/role-entitlements", {"role": "auditor", "user": "eddie"})
    assert call(playground, tokens, "/api/v1/audit").status == 403


def test_who_does_not_want_it_says_so(playground: Playground) -> None:
    """The program hears of it, and the audit."""
    made = begin(playground, name="laptop")
    assert answer(signed_in(playground, "rita"), made["user_code"], "deny").status == 200
    assert poll(playground, made) == (400, {"error": "access_denied"})
    assert "machine.denied" in {one["action"] for one in playground.admin("GET", "/audit", {"limit": 5})}


def test_roles_are_those_of_the_moment(playground: Playground) -> None:
    """Not those at the sign-in: they come and go without a new token."""
    tokens = logged_in(playground, "rita")
    assert call(playground, tokens, "/api/v1/audit").status == 403
    playground.admin("POST", "/role-assignments", {"role": "auditor", "user": "rita"})
    assert call(playground, tokens, "/api/v1/audit").status == 200
    playground.admin("DELETE", "/role-assignments", {"role": "auditor", "user": "rita"})
    assert call(playground, tokens, "/api/v1/audit").status == 403


def refresh(playground: Playground, tokens: Mapping[str, Any]) -> tuple[int, Any]:
    """The next tokens."""
    return ask(playground, "/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.mark.parametrize("how", ["session", "user", "disabled", "password"])
def test_a_session_ends_at_once(playground: Playground, how: str) -> None:
    """By whatever ends others, and no refresh brings it back."""
    name = f"tim-{how}"
    playground.add_user(name, PASSWORD)
    playground.admin("POST", "/role-assignments", {"role": "reader", "user": name})
    tokens = logged_in(playground, name)
    assert call(playground, tokens).status == 200
    if how == "session":
        id_ = next(one["id"] for one in playground.admin("GET", "/sessions", {"user": name}) if "Command" in one["client"])
        playground.admin("POST", "/sessions/revoke", {"session": id_})
    elif how == "user":
        playground.admin("POST", "/sessions/revoke", {"user": name})
    elif how == "disabled":
        playground.admin("PATCH", f"/users/{name}", {"disabled": True})
    else:
        playground.admin("PUT", f"/users/{name}/password", {"password": PASSWORD + "!"})
    assert call(playground, tokens).status == 401
    assert refresh(playground, tokens) == (400, {"error": "invalid_grant", "error_description": "the session has ended"})


def test_the_browser_that_has_let_it_in_may_sign_out(playground: Playground) -> None:
    """The command line has a session of its own; where the browser's has ended before the tokens were fetched it gets none."""
    alice, made = signed_in(playground, "alice"), begin(playground)
    answer(alice, made["user_code"])
    alice.get(HOST + "/.appproxy/sign-out")
    for one in playground.admin("GET", "/sessions", {"user": "alice"}):
        playground.admin("POST", "/sessions/revoke", {"session": one["id"]})
    assert poll(playground, made) == (400, {"error": "access_denied"})


def test_tokens_are_refreshed(playground: Playground) -> None:
    """The access token ends after ten minutes; a refresh token counts once, and who brings one back has the session end."""
    tokens = logged_in(playground, "alice")
    playground.network.pass_time(601)
    assert call(playground, tokens).status == 401
    status, second = refresh(playground, tokens)
    assert status == 200 and call(playground, second).status == 200
    playground.network.pass_time(11)
    made_up = {"refresh_token": second["refresh_token"][:38] + "x" * 43}
    assert refresh(playground, made_up)[0] == 400 and call(playground, second).status == 200
    assert refresh(playground, tokens)[0] == 400
    assert call(playground, second).status == 401 and refresh(playground, second)[0] == 400
    ended = playground.admin("GET", "/audit", {"limit": 1, "action": "session.ended"})[0]
    assert ended["detail"]["reason"] == "a refresh token of it came a second time"


def test_logging_out_ends_it(playground: Playground) -> None:
    """RFC 7009: with the last refresh token, and nothing less; a token that is none is no error."""
    tokens = logged_in(playground, "alice")
    for wrong in ("nothing", tokens["access_token"], tokens["refresh_token"][:38] + "x" * 43):
        assert ask(playground, "/revoke", token=wrong) == (200, {})
        assert call(playground, tokens).status == 200
    assert ask(playground, "/revoke", token=tokens["refresh_token"]) == (200, {})
    assert call(playground, tokens).status == 401


def test_a_policy_is_about_command_lines(playground: Playground) -> None:
    """One for the administration shuts them out at once."""
    tokens = logged_in(playground, "rita")
    policy = {"state": "on", "users": {"include": ["all"]}, "applications": {"include": ["service/administration"]},
              "grant": {"block": True}}
    playground.admin("PUT", "/policies/closed", {"document": policy, "force": True})
    assert call(playground, tokens).status == 403
    playground.admin("DELETE", "/policies/closed")
    assert call(playground, tokens).status == 200


def test_its_token_is_for_the_administration_alone(playground: Playground) -> None:
    """A published application that takes every kind of credentials refuses it, and asks nobody; nor does it open pages."""
    tokens = logged_in(playground, "alice")
    wiki = playground.publish("wiki", Resource(), users=["alice"], bearer="both")
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    assert playground.browser().request("GET", wiki, navigate=False, headers=headers).status == 401
    assert call(playground, tokens, "/").status == call(playground, tokens, "/device").status == 404
    as_cookie = {"cookie": f"__Host-appproxy={tokens['access_token'][5:]}"}
    assert playground.browser().request("GET", HOST + "/api/v1/me", navigate=False, headers=as_cookie).status == 401
    # And the other way round: what a browser has is no token of a command line.
    alice = signed_in(playground, "alice")
    cookie = next(value for name, value in cookies_of(alice).items() if name == "__Host-appproxy")
    for text in (cookie, "apcl_" + cookie, tokens["refresh_token"]):
        assert call(playground, {"access_token": text}).status == 401


def cookies_of(browser: Browser) -> dict[str, str]:
    """Those of the administration's host."""
    return {one.name: str(one.value) for one in browser.cookies if "admin" in one.domain or not one.domain}


def test_no_command_line_lets_another_one_in(playground: Playground) -> None:
    """Nor a service token: it takes a browser that has signed in."""
    tokens, made = logged_in(playground, "alice"), begin(playground)
    robot = playground.admin("POST", "/service-tokens", {"name": "robot", "role": "administrator"})
    for token in (tokens["access_token"], robot["token"]):
        page = playground.browser().request(
            "POST", HOST + "/device", navigate=False, data=urlencode({"user_code": made["user_code"], "do": "allow"}).encode(),
            headers={"authorization": f"Bearer {token}", "content-type": FORM})
        assert page.status == 404
    assert poll(playground, made)[1] == {"error": "authorization_pending"}


@pytest.mark.parametrize("headers", [
    {"content-type": FORM}, {"content-type": FORM, "origin": "https://evil.example.com"},
    {"content-type": FORM, "origin": "https://wiki.example.org"}, {"content-type": FORM, "origin": "null"},
    {"content-type": FORM, "origin": HOST, "sec-fetch-site": "cross-site"},
    {"content-type": "text/plain", "origin": HOST}, {"content-type": "application/json", "origin": HOST},
])
def test_another_page_presses_no_button(playground: Playground, headers: Mapping[str, str]) -> None:
    """Not even one that knows the form's proof."""
    made, alice = begin(playground), signed_in(playground, "alice")
    proof = proof_of(alice, f"/device?user_code={made['user_code']}")
    assert press(alice, made["user_code"], "allow", proof, headers).status in (400, 403)
    assert poll(playground, made)[1] == {"error": "authorization_pending"}


def test_a_form_needs_its_proof(playground: Playground) -> None:
    """That of this very session; opening the link that somebody has sent lets nothing in."""
    made, alice, rita = begin(playground), signed_in(playground, "alice"), signed_in(playground, "rita")
    assert alice.get(made["verification_uri_complete"]).status == 200
    for proof in ("", "x", proof_of(rita, "/applications")):
        assert press(alice, made["user_code"], "allow", proof).status == 403
    override = {"content-type": FORM, "origin": HOST, "x-http-method-override": "PUT"}
    assert press(alice, made["user_code"], "allow", "", override).status == 400
    assert poll(playground, made)[1] == {"error": "authorization_pending"}


def test_the_sign_in_must_be_new(playground: Playground) -> None:
    """A browser that was left open for longer than the setting says has to sign in again; a form of it does nothing."""
    alice = signed_in(playground, "alice")
    proof = proof_of(alice, "/groups")
    playground.network.pass_time(901)
    made = begin(playground)
    assert press(alice, made["user_code"], "allow", proof).status == 401
    again = alice.request("GET", made["verification_uri_complete"], navigate=True, headers={})
    assert "password" in again.text and made["user_code"] not in again.text
    assert alice.get(HOST + "/groups").status == 200
    assert poll(playground, made)[1] == {"error": "authorization_pending"}


def test_who_has_no_role_lets_nothing_in(playground: Playground) -> None:
    """Signed in or not."""
    playground.add_user("nora", PASSWORD)
    made, nora = begin(playground), signed_in(playground, "nora")
    assert nora.get(made["verification_uri_complete"]).status != 200 or "Let it in" not in nora.get(
        made["verification_uri_complete"]).text
    assert poll(playground, made)[1] == {"error": "authorization_pending"}


def test_a_role_that_is_gone_by_then(playground: Playground) -> None:
    """Between the button and the program's question."""
    playground.add_user("tom", PASSWORD)
    playground.admin("POST", "/role-assignments", {"role": "reader", "user": "tom"})
    made = begin(playground)
    assert answer(signed_in(playground, "tom"), made["user_code"]).status == 200
    playground.admin("DELETE", "/role-assignments", {"role": "reader", "user": "tom"})
    assert poll(playground, made) == (400, {"error": "access_denied"})


def test_codes_are_not_guessed(playground: Playground) -> None:
    """Whoever has signed in types twenty, then waits; one that is right does not help then."""
    made, rita = begin(playground), signed_in(playground, "rita")
    shown = [look(rita, f"BBBB-BBB{sign}") for sign in "BCDFGHJKLMNPQRSTVWXZ"]
    assert all("no machine waits" in one.text for one in shown)
    assert "too many codes" in look(rita, made["user_code"]).text
    assert "Let it in" in look(signed_in(playground, "alice"), made["user_code"]).text


def test_links_use_up_no_tries(playground: Playground) -> None:
    """However many a page elsewhere has an administrator's browser follow, or posts to it without the proof: the one that is
    typed is looked at.
    """
    made, connie = begin(playground, name="laptop"), signed_in(playground, "connie")
    for _ in range(2):
        for sign in "BCDFGHJKLMNPQRSTVWXZ":
            code = f"BBBB-BBB{sign}"
            assert "no machine waits" not in connie.get(f"{HOST}/device?user_code={code}").text
            assert press(connie, code, "show", "x").status == 403
    assert "laptop" in look(connie, made["user_code"]).text
    assert answer(connie, made["user_code"]).status == 200


@pytest.mark.parametrize(("path", "data", "headers", "status"), [
    ("/token", b"", {"content-type": FORM}, 400), ("/token", b"grant_type=password", {"content-type": FORM}, 400),
    ("/token", b"grant_type=a&grant_type=b", {"content-type": FORM}, 400),
    ("/device-authorization", b"scope=everything", {"content-type": FORM}, 400),
    ("/device-authorization", b"session=x", {"content-type": FORM}, 400),
    ("/device-authorization", b"{}", {"content-type": "application/json"}, 400),
    ("/device-authorization", b"name=%FF", {"content-type": FORM}, 400),
    ("/device-authorization", b"name=" + b"x" * 9000, {"content-type": FORM}, 413),
    ("/device-authorization", b"name=x", {"content-type": FORM, "origin": HOST}, 403),
    ("/device-authorization", b"name=x", {"content-type": FORM, "sec-fetch-site": "cross-site"}, 403),
    ("/device-authorization", b"name=x", {"content-type": FORM, "x-http-method-override": "GET"}, 400),
    ("/device-authorization?scope=join", b"name=x", {"content-type": FORM}, 401),
])
def test_what_no_program_asks(playground: Playground, path: str, data: bytes, headers: Mapping[str, str], status: int) -> None:
    """Is refused, and makes nothing wait."""
    assert post(playground, path, data, headers).status == status


def test_only_post(playground: Playground) -> None:
    """And on this host alone."""
    for method in ("GET", "PUT", "DELETE"):
        assert playground.browser().request(method, HOST + "/token", navigate=False, headers={}).status == 405
    other = playground.browser().request(
        "POST", HOST + "/device-authorization", navigate=False, data=b"",
        headers={"host": "nothing.example.org", "content-type": FORM})
    assert other.status in (400, 404, 421), other.text


def test_what_a_machine_calls_itself_is_only_shown(playground: Playground) -> None:
    """As text, cut and without signs that a terminal or a page obeys."""
    made = begin(playground, name="<script>\x1b[2J" + "x" * 200)
    text = look(signed_in(playground, "alice"), made["user_code"]).text
    assert "&lt;script&gt;[2J" in text and "<script>[" not in text and "x" * 101 not in text


def test_nobody_asks_without_end(playground: Playground) -> None:
    """For codes, or with codes that are none; a while later it may again."""
    playground.network.pass_time(300)
    found = [ask(playground, "/device-authorization")[0] for _ in range(31)]
    assert found == [200] * 30 + [429]
    wrong = [ask(playground, "/token", grant_type=DEVICE_CODE, device_code="none")[0] for _ in range(31)]
    assert wrong == [400] * 30 + [429]
    assert refresh(playground, {"refresh_token": "x"})[0] == ask(playground, "/revoke", token="x")[0] == 429
    playground.network.pass_time(300)
    assert begin(playground)


def test_another_provider_is_asked_before_a_session_goes_on(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the session of the browser that has let it in: groups count from the next token on, and its refusal ends it."""
    says: list[tuple[str, ...] | None] = [("ops",), ("cooks",), None]

    async def asked_again(_: Renewal, origin: str, session: Session) -> Session | None:
        groups = says.pop(0)
        return None if groups is None or origin != "o" * 32 else replace(session, groups=groups)

    playground.admin("POST", "/providers", {
        "name": "corp", "issuer": "https://id.example.net", "client_id": "c", "client_secret": "s"})
    corp = playground.admin("GET", "/providers/corp")["id"]
    playground.admin("POST", "/role-assignments", {"role": "auditor", "group": "ops", "provider": "corp"})
    playground.admin("POST", "/role-assignments", {"role": "reader", "user": "carol", "provider": "corp"})
    now = playground.wall_clock()
    session = Session("9" * 32, "carol", "https://id.example.net", corp, "Carol", now, now + 9000.0, now, groups=("ops",))
    made = Deferred.fromCoroutine(_begun(playground, session))
    tokens = {"refresh_token": playground.network.run(made)}
    monkeypatch.setattr(Renewal, "asked_again", asked_again)
    for audit in (200, 403):
        status, tokens = refresh(playground, tokens)
        assert status == 200 and call(playground, tokens, "/api/v1/audit").status == audit
    assert call(playground, tokens).status == 200
    assert refresh(playground, tokens)[0] == 400
    assert call(playground, tokens).status == 401
    ended = playground.admin("GET", "/audit", {"limit": 1, "action": "session.ended"})[0]
    assert ended["target"] == "carol" and "provider refused" in ended["detail"]["reason"]
    assert says == []
    # Others are not asked where they come from.
    playground.admin("DELETE", "/providers/corp")


async def _begun(playground: Playground, session: Session) -> str:
    begin_ = command_lines.begin
    line = await playground.service.live.write(begin_, session.id, to_payload(session), session.expires, "o" * 32)
    return line.refresh_token


@pytest.mark.parametrize("what", ["revoke", "poll"])
def test_what_costs_a_transaction_in_vain_is_bounded(playground: Playground, what: str) -> None:
    """Nobody need sign in for either, and each locks out all other writers for a moment."""
    playground.network.pass_time(200)
    made = begin(playground)
    asked = {"token": "apcr_" + "0" * 32 + "_" + "x" * 43} if what == "revoke" else {
        "grant_type": DEVICE_CODE, "device_code": made["device_code"]}
    path = "/revoke" if what == "revoke" else "/token"
    found = [ask(playground, path, **asked)[0] for _ in range(40)]
    assert found[0] != 429 and found[-1] == 429
    playground.network.pass_time(200)
    assert ask(playground, path, **asked)[0] != 429


def test_a_directory_is_asked_before_a_session_goes_on(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was barred there has no next token; while it is away the token stays good; made-up tokens ask nothing of it."""
    asked: list[str] = []
    says: list[RequestError | None] = [RequestError(Code.PROVIDER_UNREACHABLE), None]

    async def barred(_: Directories, user: str) -> bool:
        asked.append(user)
        if (error := says.pop(0)) is not None:
            raise error
        return False

    playground.add_user("dirk", PASSWORD)
    playground.admin("POST", "/role-assignments", {"role": "reader", "user": "dirk"})
    tokens = logged_in(playground, "dirk")
    monkeypatch.setattr(Directories, "refresh", barred)
    made_up = {"refresh_token": tokens["refresh_token"][:38] + "x" * 43}
    assert refresh(playground, made_up)[0] == 400 and asked == []
    assert refresh(playground, tokens) == (503, {"error": "temporarily_unavailable"})
    assert call(playground, tokens).status == 200
    assert refresh(playground, tokens)[0] == 400
    assert asked == [playground.admin("GET", "/users/dirk")["id"]] * 2


def test_wrong_codes_of_neighbours_hold_nobody_up(playground: Playground) -> None:
    """Who has a token, or the code of a machine, waits for nobody behind the same address; who makes them up does."""
    playground.network.pass_time(300)
    tokens, other, made = logged_in(playground, "alice"), logged_in(playground, "rita"), begin(playground)
    wrong = [ask(playground, "/token", grant_type=DEVICE_CODE, device_code="none")[0] for _ in range(31)]
    assert wrong == [400] * 30 + [429]
    status, second = refresh(playground, tokens)
    assert status == 200 and call(playground, second).status == 200
    assert ask(playground, "/token", grant_type=DEVICE_CODE, device_code=made["device_code"])[1] == {
        "error": "authorization_pending"}
    assert ask(playground, "/revoke", token=other["refresh_token"]) == (200, {})
    assert call(playground, other).status == 401
    assert refresh(playground, {"refresh_token": "apcr_" + "0" * 32 + "_" + "x" * 43})[0] == 429


def test_one_machine_that_asks_without_end(playground: Playground) -> None:
    """Is held up, and no other one of its network."""
    hasty, other = begin(playground), begin(playground)
    asked = {"grant_type": DEVICE_CODE, "device_code": hasty["device_code"]}
    assert [ask(playground, "/token", **asked)[0] for _ in range(40)][-1] == 429
    assert poll(playground, other) == (400, {"error": "authorization_pending"})
