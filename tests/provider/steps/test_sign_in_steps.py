"""The way through a sign-in with second factors, as people and attackers walk it."""

from __future__ import annotations

import json
import re
from html import unescape

import pyotp
import pytest
from sqlalchemy import event

from appproxy.provider.factors import recovery
from appproxy.provider.passwords.rules import hash_password
from appproxy.provider.tokens import STEP_LIFETIME
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.people.factors import authenticator_apps, factors, passkeys, recovery_codes, second_factor_rules
from appproxy.store.service import audit
from tests.provider.house import CHEAP, PASSWORD, Browser, Flow, House, Page, claims, sign_in, tokens
from tests.provider.security_key import SecurityKey

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SESSION, DEVICE = "__Host-appproxy-session", "__Host-appproxy-device"
MFA, PHISHING_RESISTANT = "urn:appproxy:acr:mfa", "urn:appproxy:acr:phishing-resistant"
DAY = 86400.0


@pytest.fixture
def wiki(house: House) -> Flow:
    """A sign-in for the wiki."""
    return Flow(house.application("wiki").id)


@pytest.fixture
def ann(house: House) -> str:
    """The id of Ann."""
    return house.read(users.find, "ann").id


@pytest.fixture
def app(house: House, ann: str) -> pyotp.TOTP:
    """Ann's authenticator app."""
    house.write(authenticator_apps.add, ann, "phone", SECRET, 0)
    return pyotp.TOTP(SECRET)


def code(app: pyotp.TOTP, house: House, late: int = 0) -> str:
    """What the app shows, some steps off."""
    return app.at(int(house.now) + 30 * late)


def options(page: Page) -> str:
    """What the page asks of a passkey."""
    found = re.search('data-passkey="([^"]*)"', page.text)
    assert found, page.text
    return unescape(found[1])


def asks_factor(page: Page) -> bool:
    """Does the page ask for a second factor?"""
    return 'action="/second-factor"' in page.text


def sets_up(page: Page) -> bool:
    """Is a factor to be set up here?"""
    return 'action="/set-up"' in page.text


def proved(browser: Browser, flow: Flow, page: Page) -> tuple[str, list[str]]:
    """What the ID token says of the sign-in that this page leads on from."""
    told = claims(tokens(browser, flow, page.query["code"])["id_token"])
    return told["acr"], told["amr"]


def actions(house: House) -> list[str]:
    """What the audit has, the newest first."""
    return [row.action for row in house.read(audit.list_recent)]


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
        house.write(_keep, ann, key)
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
        house.write(_keep, ann, key)
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
        house.write(_keep, bob.id, others)
        page = sign_in(browser, wiki)
        assert browser.post("/second-factor", {"csrf": page.csrf, "passkey": others.use(options(page))}).status == 403

    def test_of_a_disabled_user(self, browser: Browser, wiki: Flow, house: House, key: SecurityKey) -> None:
        """Opens nothing."""
        house.write(users.disable, "ann")
        page = browser.get("/authorize", wiki.query())
        assert browser.post("/sign-in", {"csrf": page.csrf, "passkey": key.use(options(page))}).status == 403


def _keep(tx: object, user: str, key: SecurityKey) -> None:
    """Keep a key as if it had been set up; its count is what it is now."""
    from appproxy.provider.factors.webauthn import PasskeyHost

    party = PasskeyHost("https://signin.example.com")
    asked = party.options_for_new(b"c" * 32, user, "ann", "Ann", [])
    new = party.check_new(key.make(asked), "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M")
    assert new.transports == ("hybrid", "internal")
    passkeys.add(tx, user, "key", new.credential, new.public_key, new.sign_count, new.transports)  # type: ignore[arg-type]


class TestSetUp:
    def test_who_must_have_one_is_led_there(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """At the next sign-in, in one go: an app, recovery codes, and on to the application."""
        house.write(second_factor_rules.put, "staff", 0)
        page = sign_in(browser, wiki)
        assert sets_up(page) and 'name="leave"' not in page.text and SESSION not in browser.cookies
        page = browser.post("/set-up", {"csrf": page.csrf, "app": "1"})
        secret = re.search('class="secret">([A-Z2-7 ]*)<', page.text)[1].replace(" ", "")  # type: ignore[index]
        wrong = browser.post("/set-up-app", {"csrf": page.csrf, "code": "000000", "label": "<b>phone"})
        assert wrong.status == 400 and "&lt;b&gt;phone" in wrong.text and SESSION not in browser.cookies
        done = browser.post("/set-up-app", {"csrf": wrong.csrf, "code": code(pyotp.TOTP(secret), house), "label": "phone"})
        shown = re.findall("<code>([a-z2-7-]{19})</code>", done.text)
        assert len(shown) == recovery.COUNT and SESSION in browser.cookies
        onward = unescape(re.search('class="button" href="([^"]*)"', done.text)[1])  # type: ignore[index]
        assert proved(browser, wiki, browser.get(onward)) == (MFA, ["pwd", "otp", "mfa"])
        assert actions(house)[:3] == ["user.recovery_codes_made", "user.factor_enrolled", "user.password_accepted"]
        again = Browser(house.root)
        page = sign_in(again, wiki)
        assert asks_factor(page)
        assert again.post("/second-factor", {"csrf": page.csrf, "recovery": shown[3]}).status == 303

    def test_a_passkey_on_the_way(self, browser: Browser, wiki: Flow, house: House) -> None:
        """It counts at once, and the next time alone."""
        house.write(second_factor_rules.put, "", 0)
        page, key = sign_in(browser, wiki), SecurityKey()
        done = browser.post("/set-up", {"csrf": page.csrf, "passkey": key.make(options(page)), "label": "laptop"})
        onward = unescape(re.search('class="button" href="([^"]*)"', done.text)[1])  # type: ignore[index]
        assert proved(browser, wiki, browser.get(onward))[0] == PHISHING_RESISTANT
        other = Browser(house.root)
        page = other.get("/authorize", wiki.query())
        assert other.post("/sign-in", {"csrf": page.csrf, "passkey": key.use(options(page))}).query["code"]

    @pytest.mark.parametrize(
        "wrong", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": 0x01}, {"flags": 0x04}], ids=str)
    def test_a_wrong_passkey(self, browser: Browser, wiki: Flow, house: House, wrong: dict[str, object]) -> None:
        """Of another site, or without its user verified, is not kept."""
        house.write(second_factor_rules.put, "", 0)
        page, key = sign_in(browser, wiki), SecurityKey(**wrong)  # type: ignore[arg-type]
        answer = browser.post("/set-up", {"csrf": page.csrf, "passkey": key.make(options(page)), "label": "laptop"})
        assert (answer.status, sets_up(answer), SESSION in browser.cookies) == (400, True, False)

    def test_the_grace(self, browser: Browser, wiki: Flow, house: House) -> None:
        """Whoever has time is reminded, and may go on; then not any more, whatever the form says."""
        house.write(second_factor_rules.put, "", 7 * DAY)
        page = sign_in(browser, wiki)
        assert sets_up(page) and "8 July 2026" in page.text
        answer = browser.post("/set-up", {"csrf": page.csrf, "leave": "1"})
        assert proved(browser, wiki, answer) == ("urn:appproxy:acr:password", ["pwd"])
        house.clock.advance(7 * DAY - 60)
        late = Browser(house.root)
        page = sign_in(late, wiki)
        house.clock.advance(60)
        answer = late.post("/set-up", {"csrf": page.csrf, "leave": "1"})
        assert sets_up(answer) and 'name="leave"' not in answer.text and SESSION not in late.cookies

    def test_no_second_factor_by_a_password_alone(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """Who is at the page that sets one up, when the owner does so elsewhere, is too late: it is not kept."""
        house.write(second_factor_rules.put, "", 0)
        page, key = sign_in(browser, wiki), SecurityKey()
        app_page = browser.post("/set-up", {"csrf": page.csrf, "app": "1"})
        secret = re.search('class="secret">([A-Z2-7 ]*)<', app_page.text)[1].replace(" ", "")  # type: ignore[index]
        house.write(authenticator_apps.add, ann, "the owner's", SECRET, 0)
        browser.post("/set-up", {"csrf": page.csrf, "passkey": key.make(options(page))})
        browser.post("/set-up-app", {"csrf": app_page.csrf, "code": code(pyotp.TOTP(secret), house)})
        assert (house.read(factors.of_user, ann).apps, house.read(factors.of_user, ann).passkeys) == (1, 0)
        assert SESSION not in browser.cookies

    def test_a_stronger_one_needs_the_one_that_is_there(
        self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP
    ) -> None:
        """An application that wants a passkey of somebody with an app: first the code, then the passkey is made."""
        wiki.more = {"acr_values": PHISHING_RESISTANT}
        page = sign_in(browser, wiki)
        assert asks_factor(page) and not sets_up(page)
        page = browser.post("/second-factor", {"csrf": page.csrf, "code": code(app, house)})
        assert sets_up(page) and 'name="app"' not in page.text
        assert browser.post("/set-up", {"csrf": page.csrf, "app": "1"}).status == 400
        answer = browser.post("/set-up", {"csrf": page.csrf, "leave": "1"})
        assert proved(browser, wiki, answer) == (MFA, ["pwd", "otp", "mfa"])


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


class TestRaces:
    def test_two_requests_with_one_code(self, browser: Browser, wiki: Flow, house: House, app: pyotp.TOTP) -> None:
        """Of five browsers that are at the page of the code exactly one passes."""
        shown, passed = code(app, house), 0
        browsers = [Browser(house.root) for _ in range(5)]
        pages = [sign_in(one, wiki) for one in browsers]
        for one, page in zip(browsers, pages, strict=True):
            passed += one.post("/second-factor", {"csrf": page.csrf, "code": shown}).status == 303
        assert passed == 1


class TestNoOracle:
    """Before the password is right, nothing tells who there is and what they have."""

    def test_the_same_page_and_the_same_questions(
        self, browser: Browser, wiki: Flow, house: House, ann: str, store: Store
    ) -> None:
        """For nobody, users without a factor and with each of them, and who was invited: one page, the same statements."""
        for name in ("app", "key", "invited", "must"):
            made = house.write(users.add, name, "" if name == "invited" else hash_password(PASSWORD, CHEAP),
                               "", "", ["vault"] if name == "must" else [])
            if name == "app":
                house.write(authenticator_apps.add, made.id, "phone", SECRET, 0)
            if name == "key":
                house.write(_keep, made.id, SecurityKey())
        house.write(second_factor_rules.put, "vault", 0)
        # The very first entry about nobody begins a chain of the audit.
        sign_in(Browser(house.root), wiki, "somebody", "wrong horse")
        asked: list[str] = []
        event.listen(store._engine, "after_cursor_execute", lambda *given: asked.append(given[2]))
        seen = set()
        for name in ("nobody", "ann", "app", "key", "invited", "must"):
            asked.clear()
            page = sign_in(Browser(house.root), wiki, name, "wrong horse")
            text = re.sub('value="[^"]*"|data-(resume|passkey)="[^"]*"', "", page.text)
            seen.add((page.status, text, tuple(asked)))
        assert len(seen) == 1, [(status, len(text), len(questions)) for status, text, questions in seen]


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
