"""Signing out of the provider."""

from __future__ import annotations

import pytest
from twisted.web.server import Request

from appproxy.errors import Code, RequestError
from appproxy.net.web import Answer, AsyncResource, redirect
from appproxy.provider.directories.source import Directories
from appproxy.provider.oauth.grants import SignedIn
from appproxy.provider.oauth.signing import rotate
from appproxy.store.people import users
from appproxy.store.service import audit
from tests.provider.house import CALLBACK, ISSUER, Browser, Flow, House, sign_in, tokens

SESSION = "__Host-appproxy-session"
SIGNED_OUT = ISSUER + "/signed-out"


class TestConfirmed:
    def test_the_user_is_asked(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Without proof of who asks, the user has to confirm; then the session is over, on every node."""
        sign_in(browser, wiki)
        cookie = browser.cookies[SESSION]
        page = browser.get("/logout", {"client_id": wiki.client_id, "post_logout_redirect_uri": SIGNED_OUT})
        assert page.status == 200
        assert "Ann Other" in page.text
        assert "wiki" in page.text
        assert SESSION in browser.cookies
        answer = browser.post("/logout", {"csrf": page.csrf}, origin=ISSUER)
        assert answer.status == 303
        assert answer.location == SIGNED_OUT
        assert SESSION not in browser.cookies
        browser.cookies[SESSION] = cookie
        assert browser.get("/authorize", wiki.query()).status == 200, "a copy of the cookie still works"
        assert house.read(audit.list_recent)[0].action == "user.sign_out"

    def test_the_directory_is_away(self, browser: Browser, wiki: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who has signed in is asked also while nobody can tell their name: else any site could sign them out meanwhile."""
        sign_in(browser, wiki)

        async def away(self: Directories, who: SignedIn | None) -> SignedIn | None:
            raise RequestError(Code.PROVIDER_UNREACHABLE, "the directory is away")

        with monkeypatch.context() as patch:
            patch.setattr(Directories, "admitted", away)
            page = browser.get("/logout", {"client_id": wiki.client_id})
            assert page.status == 200 and "wiki" in page.text and "Ann Other" not in page.text
        assert browser.get("/authorize", wiki.query()).status == 303, "the session has ended"
        with monkeypatch.context() as patch:
            patch.setattr(Directories, "admitted", away)
            assert browser.post("/logout", {"csrf": page.csrf}, origin=ISSUER).status == 303
        assert browser.get("/authorize", wiki.query()).status == 200

    def test_another_site_cannot_confirm(self, browser: Browser, browser_of_another: Browser, wiki: Flow) -> None:
        """Another site cannot sign a user out behind their back."""
        sign_in(browser, wiki)
        sign_in(browser_of_another, wiki)
        theirs = browser_of_another.get("/logout").csrf
        mine = browser.get("/logout").csrf
        for csrf, origin in ((theirs, ISSUER), ("forged", ISSUER), (mine, "https://evil.example")):
            assert browser.post("/logout", {"csrf": csrf}, origin=origin).status == 400
        assert browser.get("/authorize", wiki.query()).status == 303

    def test_without_a_session(self, browser: Browser) -> None:
        """Who is not signed in is told so at once."""
        answer = browser.get("/logout")
        assert answer.status == 303
        assert answer.location == SIGNED_OUT

    def test_of_no_known_application(self, browser: Browser, wiki: Flow) -> None:
        """Without an application the page names the sign-in host."""
        sign_in(browser, wiki)
        assert "signin.example.com" in browser.get("/logout", {"client_id": "<script>"}).text


class TestHinted:
    def test_an_id_token_proves_it(self, browser: Browser, house: House, wiki: Flow) -> None:
        """With the user's own ID token, also an expired one, nobody is asked; the state comes back."""
        code = sign_in(browser, wiki).query["code"]
        hint = tokens(browser, wiki, code)["id_token"]
        query = {"id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT, "state": "a b"}
        answer = browser.get("/logout", query)
        assert answer.status == 303
        assert answer.location == SIGNED_OUT + "?state=a+b"
        assert SESSION not in browser.cookies

    def test_another_users_token(self, browser: Browser, browser_of_another: Browser, house: House, wiki: Flow) -> None:
        """With one's own ID token nobody can sign another user out."""
        ann = house.read(users.find, "ann")
        house.write(users.add, "mallory", ann.password_hash)
        code = sign_in(browser_of_another, wiki, name="mallory").query["code"]
        hint = tokens(browser_of_another, wiki, code)["id_token"]
        sign_in(browser, wiki)
        assert browser.get("/logout", {"id_token_hint": hint}).status == 200
        assert browser.get("/authorize", wiki.query()).status == 303

    @pytest.mark.parametrize("hint", ["forged", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."])
    def test_a_forged_token(self, browser: Browser, wiki: Flow, hint: str) -> None:
        """A hint that is no token of ours is an error, and signs nobody out."""
        sign_in(browser, wiki)
        assert browser.get("/logout", {"id_token_hint": hint}).status == 403
        assert browser.get("/authorize", wiki.query()).status == 303

    def test_the_key_was_changed_meanwhile(self, browser: Browser, house: House, wiki: Flow) -> None:
        """A hint that an older key has signed is still believed."""
        hint = tokens(browser, wiki, sign_in(browser, wiki).query["code"])["id_token"]
        house.clock.advance(90 * 86400)
        house.write(rotate)
        sign_in(browser, wiki)
        assert browser.get("/logout", {"id_token_hint": hint}).status == 303


class TestOnward:
    @pytest.mark.parametrize(
        "target", ["https://evil.example/", SIGNED_OUT + "/", SIGNED_OUT + "?x", CALLBACK, "//evil.example", "javascript:1"]
    )
    def test_no_open_redirect(self, browser: Browser, wiki: Flow, target: str) -> None:
        """Signing out leads to the page that says so, and nowhere else."""
        for signed_in in (False, True):
            if signed_in:
                sign_in(browser, wiki)
            answer = browser.get("/logout", {"client_id": wiki.client_id, "post_logout_redirect_uri": target})
            assert answer.status == 400
            assert "location" not in answer.fields


class TestInProcess:
    def test_the_services_own_sign_out(self, browser: Browser, house: House, wiki: Flow) -> None:
        """The service can end the session itself, with the browser's request in its hand."""
        whose: list[str] = []

        async def sign_out(request: Request) -> Answer:
            return redirect(*await house.provider.end_session(request, whose[0], "/onward"))

        house.root.putChild(b"sign-out", AsyncResource({b"POST": sign_out}))
        sign_in(browser, wiki)
        whose.append("somebody else")
        assert browser.post("/sign-out", {}).location == "/onward"
        assert SESSION in browser.cookies
        whose[0] = house.read(users.find, "ann").id
        cookie = browser.cookies[SESSION]
        browser.post("/sign-out", {})
        assert SESSION not in browser.cookies
        browser.cookies[SESSION] = cookie
        assert browser.get("/authorize", wiki.query()).status == 200
