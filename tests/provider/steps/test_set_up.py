"""The pages on which a second factor is set up, on the way of a sign-in."""

from __future__ import annotations

import re
from html import unescape

import pyotp
import pytest

from appproxy.provider.factors import recovery
from appproxy.store.people.factors import authenticator_apps, factors, second_factor_rules
from tests.provider.house import Browser, Flow, House, sign_in
from tests.provider.security_key import SecurityKey
from tests.provider.steps.walking import (
    DAY,
    MFA,
    PHISHING_RESISTANT,
    SECRET,
    SESSION,
    actions,
    asks_factor,
    code,
    options,
    proved,
    sets_up,
)


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

    def test_what_is_typed_wrongly(self, browser: Browser, wiki: Flow, house: House, ann: str) -> None:
        """An app's first code has to be the one it shows: the same secret is asked for again, and nothing is kept."""
        house.write(second_factor_rules.put, "", 0)
        page = browser.post("/set-up", {"csrf": sign_in(browser, wiki).csrf, "app": "1"})
        secret = re.search('class="secret">([A-Z2-7 ]*)<', page.text)[1]  # type: ignore[index]
        app = pyotp.TOTP(secret.replace(" ", ""))
        for typed in ("", "12345", "1234567", "abcdef", code(app, house, 3)):
            page = browser.post("/set-up-app", {"csrf": page.csrf, "code": typed, "label": "my phone"})
            assert (page.status, secret in page.text, "my phone" in page.text) == (400, True, True)
            assert "Is the clock of the phone right?" in page.text
        assert not house.read(factors.of_user, ann).any
        shown = code(app, house)
        browser.post("/set-up-app", {"csrf": page.csrf, "code": f" {shown[:3]} {shown[3:]} ", "label": " "})
        (kept,) = house.read(authenticator_apps.of_user, ann)
        assert kept.label == "Authenticator app"

    @pytest.mark.parametrize("label", ["x" * 65, "two\nlines"])
    def test_a_name_that_nobody_can_have(self, browser: Browser, wiki: Flow, house: House, ann: str, label: str) -> None:
        """It is said, of an app and of a passkey; a second passkey of the same key is none."""
        house.write(second_factor_rules.put, "", 0)
        page, key = sign_in(browser, wiki), SecurityKey()
        answer = browser.post("/set-up", {"csrf": page.csrf, "passkey": key.make(options(page)), "label": label})
        assert (answer.status, sets_up(answer)) == (400, True) and "label" in answer.text
        app_page = browser.post("/set-up", {"csrf": answer.csrf, "app": "1"})
        secret = re.search('class="secret">([A-Z2-7 ]*)<', app_page.text)[1].replace(" ", "")  # type: ignore[index]
        shown = code(pyotp.TOTP(secret), house)
        answer = browser.post("/set-up-app", {"csrf": app_page.csrf, "code": shown, "label": label})
        assert answer.status == 400 and not house.read(factors.of_user, ann).any

    def test_a_button_of_no_choice(self, browser: Browser, wiki: Flow, house: House) -> None:
        """A form without a passkey, and with nothing chosen, comes again."""
        house.write(second_factor_rules.put, "", 0)
        answer = browser.post("/set-up", {"csrf": sign_in(browser, wiki).csrf})
        assert (answer.status, sets_up(answer)) == (400, True) and "could not be added" in answer.text
