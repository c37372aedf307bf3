"""What comes after a proof: what a request asks for besides, and where it leads."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any, cast

import pyotp
import pytest

from appproxy.errors import Code, RequestError
from appproxy.provider.steps.onward import asked_again, client_address, leave
from appproxy.provider.tokens import STEP_LIFETIME, FormState
from appproxy.store.people.factors import authenticator_apps
from tests.provider.house import Browser, Flow, House, claims, sign_in, tokens
from tests.provider.steps.walking import MFA, PHISHING_RESISTANT, SECRET, SESSION, asks_factor, code, proved, to_account


class TestRequests:
    """`acr_values`, `claims`, `prompt`, `max_age` and `login_hint` of an authorization request."""

    def essential(self, value: str) -> str:
        """A `claims` parameter."""
        return json.dumps({"id_token": {"acr": {"essential": True, "value": value}, "auth_time": {"essential": True}}})

    def test_more_is_asked_of_a_session(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """A session of a password is asked for the code alone, and told so; `auth_time` is when the password was typed."""
        began = int(house.now)
        sign_in(browser, wiki)
        house.clock.advance(3600)
        wiki.more = {"acr_values": MFA}
        page = browser.get("/authorize", wiki.query())
        assert 'action="/set-up"' in page.text and 'name="leave"' in page.text
        page = browser.post("/set-up", {"csrf": page.csrf, "app": "1"})
        secret = re.search('class="secret">([A-Z2-7 ]*)<', page.text)[1].replace(" ", "")  # type: ignore[index]
        browser.post("/set-up-app", {"csrf": page.csrf, "code": code(pyotp.TOTP(secret), house)})
        told = claims(tokens(browser, wiki, browser.get("/authorize", wiki.query()).query["code"])["id_token"])
        assert (told["acr"], told["auth_time"]) == (MFA, began)

    @pytest.mark.parametrize("asked", ["acr_values", "claims"])
    def test_what_is_left(self, browser: Browser, wiki: Flow, asked: str) -> None:
        """A wish that the user leaves gets what there is, what is essential an error; both keep the state."""
        wiki.more = {"acr_values": MFA} if asked == "acr_values" else {"claims": self.essential(MFA)}
        page = sign_in(browser, wiki)
        answer = browser.post("/set-up", {"csrf": page.csrf, "leave": "1"})
        assert answer.query["state"] == "the state"
        if asked == "acr_values":
            assert proved(browser, wiki, answer) == ("urn:appproxy:acr:password", ["pwd"])
        else:
            assert answer.query["error"] == "unmet_authentication_requirements"

    def test_what_nobody_can_do(self, browser: Browser, wiki: Flow) -> None:
        """An essential acr that is unknown, and claims that are none, go back to the client at once."""
        for given, error in ((self.essential("x"), "unmet_authentication_requirements"), ("{", "invalid_request")):
            wiki.more = {"claims": given}
            answer = browser.get("/authorize", wiki.query())
            assert (answer.status, answer.query["error"]) == (303, error)

    def test_claims_keep_nothing_from_being_checked(self, browser: Browser, wiki: Flow) -> None:
        """An error is sent nowhere but to the one address."""
        wiki.more = {"claims": "{", "redirect_uri": "https://evil.example/"}
        assert browser.get("/authorize", wiki.query()).status == 400

    def test_without_a_page(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """prompt=none: `login_required` without a session, `interaction_required` where something is to be proved."""
        silent = Flow(wiki.client_id, more={"prompt": "none"})
        assert browser.get("/authorize", silent.query()).query["error"] == "login_required"
        sign_in(browser, wiki)
        assert browser.get("/authorize", silent.query()).query["code"]
        strong = Flow(wiki.client_id, more={"prompt": "none", "acr_values": MFA})
        assert browser.get("/authorize", strong.query()).query["error"] == "interaction_required"
        house.write(authenticator_apps.add, ann, "phone", SECRET, 0)
        assert browser.get("/authorize", silent.query()).query["error"] == "interaction_required"

    @pytest.mark.parametrize("more", [{"prompt": "login"}, {"max_age": "60"}, {"max_age": "0"}], ids=str)
    def test_a_fresh_sign_in(
        self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP, more: dict[str, str]
    ) -> None:
        """Asks for the password and the code once, then goes on; also over the page of a second factor."""
        page = sign_in(browser, wiki)
        browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        house.clock.advance(61)
        wiki.more = more
        page = sign_in(browser, wiki)
        assert asks_factor(page)
        answer = browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        told = claims(tokens(browser, wiki, answer.query["code"])["id_token"])
        assert told["auth_time"] == int(house.now)

    def test_another_user_is_wanted(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """`sub` in claims: no token of anybody else (OpenID Connect Core section 5.5.1)."""
        sign_in(browser, wiki)
        for subject, accepted in ((ann, True), ("somebody else", False)):
            wiki.more = {"claims": json.dumps({"id_token": {"sub": {"value": subject}}})}
            answer = browser.get("/authorize", wiki.query())
            assert ("code" in answer.query if answer.status == 303 else False) is accepted
        wiki.more = {**wiki.more, "prompt": "none"}
        assert browser.get("/authorize", wiki.query()).query["error"] == "login_required"
        wiki.more = {"claims": wiki.more["claims"]}
        assert sign_in(Browser(house.root), wiki).query["error"] == "login_required"

    def test_the_hint_is_filled_in(self, browser: Browser, wiki: Flow) -> None:
        """As the user name, and stays text."""
        wiki.more = {"login_hint": "ann"}
        assert 'name="username" type="text" value="ann"' in browser.get("/authorize", wiki.query()).text

    def test_an_account_is_no_parameter(self, browser: Browser, wiki: Flow) -> None:
        """What leads our own forms to the account page cannot come from outside."""
        page = browser.get("/authorize", {**wiki.query(), "account": "1"})
        assert "<strong>your account</strong>" not in page.text
        assert browser.get("/authorize", {"account": "1"}).status == 400


class TestLongWays:
    @pytest.mark.parametrize("length", [10, 3000])
    def test_the_longest_address(
        self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP, length: int
    ) -> None:
        """The `state` of the longest address that can be kept on the way comes back over the page of the code, too."""
        state = "s" * length
        wiki.more = {"state": state, "acr_values": PHISHING_RESISTANT}
        page = sign_in(browser, wiki)
        page = browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        answer = browser.post("/set-up", {"csrf": page.csrf, "leave": "1"})
        assert answer.query["state"] == state and answer.query["code"]


class TestLeave:
    def test_to_the_web(self) -> None:
        """Also to pages of our own: at once, and no posted password is sent on."""
        for location in ("https://app.example.com/cb?code=x", "/account"):
            answer = leave(cast(Any, None), location, b"set-cookie: a=b\n")
            assert (answer.status, answer.body) == (303, b"")
            assert b"location: %b\n" % location.encode() in answer.fields and b"set-cookie: a=b\n" in answer.fields

    @pytest.mark.parametrize("location", ["http://127.0.0.1:4711/cb?code=x&state=y", "com.example.app:/cb?code=x"])
    def test_to_a_program_of_this_machine(self, location: str) -> None:
        """By a page, for a form of ours may lead to https alone; with a link for who reads it."""
        answer = leave(cast(Any, Shown()), location, b"set-cookie: a=b\n")
        assert answer.status == 200 and b"location:" not in answer.fields
        assert b"refresh: 0; url=%b\n" % location.encode() in answer.fields and b"set-cookie: a=b\n" in answer.fields
        assert escape(location).encode() in answer.body


class Shown:
    """A request for a page without a brand."""

    site = None

    def getClientAddress(self) -> object:
        """Nothing that has a host."""
        return None


def test_a_request_without_an_address() -> None:
    """Nobody is judged or counted under a made-up one."""
    with pytest.raises(RequestError) as refused:
        client_address(cast(Any, Shown()))
    assert refused.value.code is Code.INTERNAL


@pytest.mark.parametrize(("known", "optional"), [
    ({"step": "PROVE"}, False), ({"step": "PROVE", "optional": ""}, False), ({"step": "PROVE", "optional": "1"}, True),
    ({"step": "ENROL", "leave": ""}, False), ({"step": "ENROL", "leave": "Go on without"}, True),
])  # fmt: skip
def test_the_step_of_a_form(known: dict[str, str], optional: bool) -> None:
    """Is the one that it was made for; what was optional stays so."""
    asked = asked_again(FormState("x", {"client_id": "a"}, None, known), cast(Any, None))
    assert (asked.step.name, asked.optional, asked.parameters) == (known["step"], optional, {"client_id": "a"})


class TestFresh:
    def test_a_form_of_a_later_step_needs_what_was_proved(self, browser: Browser, wiki: Flow, house: House) -> None:
        """The form of the password has proved nothing: posted at a later step it is refused."""
        page = browser.get("/authorize", wiki.query())
        for path in ("/second-factor", "/set-up", "/set-up-app", "/new-password"):
            assert browser.post(path, {"csrf": page.csrf, "code": "000000", "leave": "1"}).status == 400
        assert SESSION not in browser.cookies

    @pytest.mark.parametrize(("later", "fresh"), [(0.0, True), (STEP_LIFETIME - 0.5, True), (STEP_LIFETIME, False)])
    def test_who_has_just_signed_in(self, browser: Browser, house: House, later: float, fresh: bool) -> None:
        """May change the account for ten minutes."""
        to_account(browser, house)
        house.clock.advance(later)
        assert ("<h1>Your account</h1>" in browser.get("/account").text) is fresh
