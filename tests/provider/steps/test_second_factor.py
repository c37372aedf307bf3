"""The page that asks for a second factor, as people and attackers come to it."""

from __future__ import annotations

import pyotp
import pytest

from appproxy.provider.factors import recovery
from appproxy.provider.passwords.rules import hash_password
from appproxy.provider.tokens import STEP_LIFETIME
from appproxy.store.people import users
from appproxy.store.people.factors import authenticator_apps, recovery_codes
from appproxy.store.service import audit
from tests.provider.house import CHEAP, PASSWORD, Browser, Flow, House, sign_in
from tests.provider.security_key import SecurityKey
from tests.provider.steps.walking import (
    DEVICE,
    MFA,
    PHISHING_RESISTANT,
    SECRET,
    SESSION,
    actions,
    asks_factor,
    code,
    keep_key,
    options,
    proved,
)


class TestCode:
    def test_the_password_alone_is_not_enough(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Who has an app is asked for its code before there is a session, a known device, or anything for the client."""
        page = sign_in(browser, wiki)
        assert (page.status, asks_factor(page)) == (200, True)
        assert SESSION not in browser.cookies and DEVICE not in browser.cookies
        assert actions(house)[0] == "user.password_accepted"
        answer = browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        assert SESSION in browser.cookies and DEVICE in browser.cookies
        assert proved(browser, wiki, answer) == (MFA, ["pwd", "otp", "mfa"])
        assert actions(house)[:2] == ["user.sign_in", "user.factor_used"]
        assert house.read(audit.list_recent)[0].detail["methods"] == ["password", "totp"]

    def test_a_code_works_once(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Also in another browser, and also when an earlier one of the window comes after it."""
        shown = code(app, house)
        page = sign_in(browser, wiki)
        assert browser.post("/second-factor", {"csrf": page.csrf, "code": shown}).status == 303
        other = Browser(house.root)
        for replayed in (shown, code(app, house, -1)):
            page = sign_in(other, wiki)
            answer = other.post("/second-factor", {"csrf": page.csrf, "code": replayed})
            assert (answer.status, asks_factor(answer)) == (403, True)
        assert SESSION not in other.cookies
        assert house.read(audit.list_recent)[0].detail["reason"] == "a code that was used before"

    @pytest.mark.parametrize(("late", "status"), [(-2, 403), (-1, 303), (0, 303), (1, 303), (2, 403)])
    def test_the_window(
        self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP, late: int, status: int
    ) -> None:
        """A clock may be half a minute off, and a code be typed with a space."""
        page, shown = sign_in(browser, wiki), code(app, house, late)
        assert browser.post("/second-factor", {"csrf": page.csrf, "code": f"{shown[:3]} {shown[3:]}"}).status == status

    def test_the_same_form_sent_twice(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """The second answer leads on with the session of the first."""
        posted = {"csrf": sign_in(browser, wiki).csrf, "code": code(app, house)}
        assert browser.post("/second-factor", posted).status == 303
        again = browser.post("/second-factor", posted)
        assert again.status == 303
        assert browser.get(again.location).query["code"]

    def test_another_users_code(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Opens nothing of Ann's."""
        bob = house.write(users.add, "bob", hash_password(PASSWORD, CHEAP))
        house.write(authenticator_apps.add, bob.id, "phone", pyotp.random_base32(), 0)
        house.write(recovery_codes.replace, bob.id, ["a" * 16])
        page = sign_in(browser, wiki, "bob")
        assert browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)}).status == 403
        page = sign_in(browser, wiki)
        assert browser.post("/second-factor", {"csrf": page.csrf, "recovery": "a" * 16}).status == 403

    def test_a_recovery_code(self, browser: Browser, wiki: Flow, house: House, ann: str, app: pyotp.TOTP) -> None:
        """However it is typed, and once; there is no name of RFC 8176 for it."""
        [kept] = recovery.new_codes(b"random ten")[:1]
        house.write(recovery_codes.replace, ann, [kept])
        page = sign_in(browser, wiki)
        answer = browser.post("/second-factor", {"csrf": page.csrf, "recovery": recovery.shown(kept).upper() + " "})
        assert proved(browser, wiki, answer) == (MFA, ["pwd", "mfa"])
        other = Browser(house.root)
        page = sign_in(other, wiki)
        assert other.post("/second-factor", {"csrf": page.csrf, "recovery": kept}).status == 403

    @pytest.mark.parametrize("typed", ["", " ", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666", "x" * 5000, "\0"])
    def test_what_is_no_code(self, browser: Browser, wiki: Flow, app: pyotp.TOTP, typed: str) -> None:
        """Is refused, and breaks nothing."""
        page = sign_in(browser, wiki)
        answer = browser.post("/second-factor", {"csrf": page.csrf, "code": typed})
        assert answer.status in (400, 403) and asks_factor(answer)

    def test_guessing(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Five wrong codes in ten minutes from all strange browsers together; the owner's own browser is apart."""
        page = sign_in(browser, wiki)
        browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        house.clock.advance(60)
        thief = Browser(house.root)
        statuses = []
        for number in range(7):
            page = sign_in(thief, wiki)
            statuses.append(thief.post("/second-factor", {"csrf": page.csrf, "code": f"{number:06}"}).status)
        assert statuses == [403] * 5 + [429] * 2
        page = sign_in(thief, wiki)
        held = thief.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        assert (held.status, held.fields["retry-after"]) == (429, ["600"]), "not even the right one"
        owner = Browser(house.root, {DEVICE: browser.cookies[DEVICE]})
        page = sign_in(owner, wiki)
        assert owner.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)}).status == 303
        house.clock.advance(600)
        page = sign_in(thief, wiki)
        assert thief.post("/second-factor", {"csrf": page.csrf, "code": "000000"}).status == 403

    def test_typing_errors_in_the_own_browser(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """The right code takes them back."""
        wiki.more = {"prompt": "login"}
        for number in range(8):
            house.clock.advance(30)
            page = sign_in(browser, wiki)
            for _ in range(2 if number else 0):
                page = browser.post("/second-factor", {"csrf": page.csrf, "code": "000000"})
                assert page.status == 403
            assert browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)}).status == 303

    def test_while_somebody_guesses(self, browser: Browser, wiki: Flow, house: House, ann: str, app: pyotp.TOTP) -> None:
        """A recovery code and a passkey work in a new browser, too."""
        house.write(recovery_codes.replace, ann, ["a" * 16])
        for _ in range(6):
            page = sign_in(browser, wiki)
            browser.post("/second-factor", {"csrf": page.csrf, "code": "000000"})
        page = sign_in(browser, wiki)
        assert browser.post("/second-factor", {"csrf": page.csrf, "recovery": "a" * 16}).status == 303


class TestShortCuts:
    def test_no_address_leads_around(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """After the password alone, no page gives a session, a code or the account."""
        page = sign_in(browser, wiki)
        assert 'type="password"' in browser.get("/authorize", wiki.query()).text
        assert 'type="password"' in browser.get("/account").text
        for path in ("/second-factor", "/set-up", "/set-up-app", "/account", "/new-password"):
            for more in ({"code": ""}, {"leave": "1"}, {"do": "app"}, {"app": "1"}, {"new": "x" * 20, "again": "x" * 20}):
                answer = browser.post(path, {"csrf": page.csrf, **more})
                assert answer.status in (200, 400) and SESSION not in browser.cookies, (path, more)
                assert path == "/second-factor" or answer.status == 400, (path, more)
                assert "code=" not in answer.fields.get("location", [""])[0]

    def test_the_form_is_of_one_browser(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Who has somebody's form and not their cookie begins with the password."""
        page = sign_in(browser, wiki)
        other = Browser(house.root)
        answer = other.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        assert (answer.status, 'type="password"' in answer.text) == (400, True)
        assert SESSION not in other.cookies

    def test_it_waits_ten_minutes(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Then the password is asked for again."""
        page = sign_in(browser, wiki)
        house.clock.advance(STEP_LIFETIME)
        answer = browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        assert (answer.status, 'type="password"' in answer.text) == (400, True)

    @pytest.mark.parametrize("deed", ["password", "disabled"])
    def test_what_happened_meanwhile(
        self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP, deed: str
    ) -> None:
        """Another password, or a user who may not sign in any more, ends what was proved before."""
        page = sign_in(browser, wiki)
        house.clock.advance(1)
        if deed == "password":
            house.write(users.set_password, "ann", hash_password("another horse", CHEAP))
        else:
            house.write(users.disable, "ann")
        answer = browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        assert (answer.status, SESSION in browser.cookies) == (400, False)

    def test_a_session_of_before_is_not_enough(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """Whoever signed in with the password alone is asked once there is a factor; the password is not asked for again."""
        sign_in(browser, wiki)
        house.write(authenticator_apps.add, ann, "phone", SECRET, 0)
        page = browser.get("/authorize", wiki.query())
        assert asks_factor(page)
        answer = browser.post("/second-factor", {"csrf": page.csrf, "code": code(pyotp.TOTP(SECRET), house)})
        assert proved(browser, wiki, answer) == (MFA, ["pwd", "otp", "mfa"])
        assert browser.get("/authorize", wiki.query()).query["code"]


class TestPasskey:
    @pytest.fixture
    def key(self, house: House, ann: str) -> SecurityKey:
        """Ann's key, which counts."""
        key = SecurityKey(count=0)
        house.write(keep_key, ann, key)
        return key

    def test_alone(self, browser: Browser, wiki: Flow, house: House, key: SecurityKey) -> None:
        """No name, no password: the key says whose it is, and is proof enough of everything."""
        page = browser.get("/authorize", wiki.query())
        assert '"allowCredentials": []' in options(page), "tells nobody which keys there are"
        answer = browser.post("/sign-in", {"csrf": page.csrf, "passkey": key.use(options(page))})
        assert proved(browser, wiki, answer) == (PHISHING_RESISTANT, ["pop", "user", "mfa"])
        assert DEVICE in browser.cookies
        assert actions(house)[:2] == ["user.sign_in", "user.factor_used"]

    def test_after_the_password(self, browser: Browser, wiki: Flow, key: SecurityKey) -> None:
        """The page names the user's own keys."""
        page = sign_in(browser, wiki)
        assert "Y3JlZGVudGlhbCBvZiBBbm4" in options(page)
        answer = browser.post("/second-factor", {"csrf": page.csrf, "passkey": key.use(options(page))})
        assert proved(browser, wiki, answer) == (PHISHING_RESISTANT, ["pwd", "pop", "user", "mfa"])

    @pytest.mark.parametrize(
        "wrong",
        [
            {"origin": "https://signin.example.com.evil.example"}, {"origin": "https://signin.example.com:8443"},
            {"origin": "http://signin.example.com"}, {"host": "example.com"}, {"flags": 0x01}, {"flags": 0x04},
            {"credential": b"unknown"}, {"user": b"0000000000000000"}, {"key": SecurityKey().key},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )  # fmt: skip
    def test_what_is_wrong(
        self, browser: Browser, wiki: Flow, house: House, key: SecurityKey, wrong: dict[str, object]
    ) -> None:
        """Another site, another host, no user verification, an unknown key, another user's name, another key."""
        for name, value in wrong.items():
            setattr(key, name, value)
        page = browser.get("/authorize", wiki.query())
        answer = browser.post("/sign-in", {"csrf": page.csrf, "passkey": key.use(options(page))})
        assert (answer.status, SESSION in browser.cookies) == (403, False)
        assert "This passkey opens nothing here" in answer.text

    def test_a_copy_of_a_key(self, browser: Browser, wiki: Flow, house: House, key: SecurityKey) -> None:
        """Is noticed by its count, once the other one was used."""
        for count, status in ((7, 303), (7, 403), (3, 403), (8, 303)):
            browser.cookies.pop(SESSION, None)
            key.count = count - 1
            page = browser.get("/authorize", wiki.query())
            assert browser.post("/sign-in", {"csrf": page.csrf, "passkey": key.use(options(page))}).status == status

    def test_a_challenge_is_answered_once(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """Also by a key that does not count; and an answer to another page's challenge is none."""
        key = SecurityKey()
        house.write(keep_key, ann, key)
        page, other = browser.get("/authorize", wiki.query()), browser.get("/authorize", wiki.query())
        posted = {"csrf": page.csrf, "passkey": key.use(options(page))}
        assert browser.post("/sign-in", {**posted, "csrf": other.csrf}).status == 403
        assert browser.post("/sign-in", posted).status == 303
        browser.cookies.pop(SESSION)
        assert browser.post("/sign-in", posted).status == 403
        assert SESSION not in browser.cookies

    def test_a_registration_is_no_sign_in(self, browser: Browser, wiki: Flow, key: SecurityKey) -> None:
        """Nor is any other kind of client data."""
        page = browser.get("/authorize", wiki.query())
        answer = key.use(options(page), type="webauthn.create")
        assert browser.post("/sign-in", {"csrf": page.csrf, "passkey": answer}).status == 403

    @pytest.mark.parametrize("answer", ["x", "[]", "{}", '{"id": 5}', '{"id": ""}', "[" * 500, "{" + "x" * 20_000, "\0"])
    def test_rubbish(self, browser: Browser, wiki: Flow, key: SecurityKey, answer: str) -> None:
        """Is refused like any wrong key, or for its size."""
        page = browser.get("/authorize", wiki.query())
        assert browser.post("/sign-in", {"csrf": page.csrf, "passkey": answer}).status in (403, 413)

    def test_of_another_user_after_anns_password(self, browser: Browser, wiki: Flow, house: House, key: SecurityKey) -> None:
        """Two half sign-ins are not one."""
        bob = house.write(users.add, "bob", hash_password(PASSWORD, CHEAP))
        others = SecurityKey(b"credential of Bob")
        house.write(keep_key, bob.id, others)
        page = sign_in(browser, wiki)
        assert browser.post("/second-factor", {"csrf": page.csrf, "passkey": others.use(options(page))}).status == 403

    def test_of_a_disabled_user(self, browser: Browser, wiki: Flow, house: House, key: SecurityKey) -> None:
        """Opens nothing."""
        house.write(users.disable, "ann")
        page = browser.get("/authorize", wiki.query())
        assert browser.post("/sign-in", {"csrf": page.csrf, "passkey": key.use(options(page))}).status == 403


class TestRaces:
    def test_two_requests_with_one_code(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Of five browsers that are at the page of the code exactly one passes."""
        shown, passed = code(app, house), 0
        browsers = [Browser(house.root) for _ in range(5)]
        pages = [sign_in(one, wiki) for one in browsers]
        for one, page in zip(browsers, pages, strict=True):
            passed += one.post("/second-factor", {"csrf": page.csrf, "code": shown}).status == 303
        assert passed == 1


class TestRefused:
    def test_how_long_to_wait(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Whoever has typed too many wrong codes reads it, and programs too."""
        page, status, answer = sign_in(browser, wiki), 403, None
        for _ in range(30):
            answer = browser.post("/second-factor", {"csrf": page.csrf, "code": "000000"})
            status = answer.status
            if status != 403:
                break
        assert answer is not None and status == 429
        seconds = int(answer.fields["retry-after"][0])
        assert seconds >= 1 and "You can try a code again in" in answer.text and asks_factor(answer)

    def test_a_step_that_may_not_be_left(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """The page has no such button, and whoever posts it is asked again."""
        page = sign_in(browser, wiki)
        assert 'name="leave"' not in page.text
        answer = browser.post("/second-factor", {"csrf": page.csrf, "leave": "1"})
        assert asks_factor(answer) and SESSION not in browser.cookies

    @pytest.mark.parametrize("typed", [{}, {"code": " "}, {"code": "", "recovery": " "}], ids=str)
    def test_nothing_was_typed(
        self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP, typed: dict[str, str]
    ) -> None:
        """That is no wrong code, and is not counted as one."""
        page = sign_in(browser, wiki)
        for _ in range(30):
            answer = browser.post("/second-factor", {"csrf": page.csrf, **typed})
            assert answer.status == 400 and "Type the code." in answer.text
        assert browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)}).status == 303
