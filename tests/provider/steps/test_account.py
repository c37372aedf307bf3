"""The account page."""

from __future__ import annotations

import re

import pyotp
import pytest

from appproxy.provider.tokens import STEP_LIFETIME
from appproxy.store.people import users
from appproxy.store.people.factors import authenticator_apps, factors, passkeys, recovery_codes, second_factor_rules
from appproxy.store.people.session import sessions
from appproxy.store.service import audit
from appproxy.store.snapshot import BUILTIN
from tests.provider.house import Browser, House, Page
from tests.provider.security_key import SecurityKey
from tests.provider.steps.walking import SECRET, code, options, to_account

EVIL = '"><script>alert(1)'


def do(browser: Browser, page: Page, what: str, **more: str) -> Page:
    """Press a button of the page."""
    return browser.post("/account", {"csrf": page.csrf, "do": what, **more})


def has(house: House) -> factors.FactorsOfUser:
    """What Ann has."""
    return house.read(factors.of_user, house.read(users.find, "ann").id)


class TestAccount:
    def test_setting_up_and_taking_away(self, browser: Browser, house: House) -> None:
        """An app with recovery codes, a passkey, new codes; with the last factor the codes go, too."""
        page = do(browser, to_account(browser, house), "app")
        secret = re.search('class="secret">([A-Z2-7 ]*)<', page.text)[1].replace(" ", "")  # type: ignore[index]
        assert "<svg" in page.text and "style=" not in page.text
        done = browser.post("/set-up-app", {"csrf": page.csrf, "code": code(pyotp.TOTP(secret), house), "label": EVIL})
        assert done.text.count("<code>") == 10 and 'href="/account"' in done.text
        page = browser.get("/account")
        assert "<script" not in page.text and "&lt;script&gt;" in page.text and "10 are left" in page.text
        page = do(browser, page, "passkey")
        made = {"csrf": page.csrf, "passkey": SecurityKey().make(options(page)), "label": "key"}
        assert browser.post("/set-up", made).status == 303
        assert (has(house).apps, has(house).passkeys) == (1, 1)
        before = done.text
        assert do(browser, browser.get("/account"), "codes").text != before
        for factor in re.findall('name="factor" value="([^"]*)"', browser.get("/account").text):
            assert do(browser, browser.get("/account"), "remove", factor=factor).status == 303
        assert not has(house).any and house.read(recovery_codes.left, house.read(users.find, "ann").id) == 0
        told = [row.action for row in house.read(audit.list_recent)][:2]
        assert told == ["user.factor_removed"] * 2

    def test_recovery_codes_of_nothing(self, browser: Browser, house: House) -> None:
        """The page does not offer them before there is a factor, and who posts the form all the same gets none."""
        page = to_account(browser, house)
        assert 'value="codes"' not in page.text
        assert do(browser, page, "codes").status == 400
        assert house.read(recovery_codes.left, house.read(users.find, "ann").id) == 0

    def test_only_shortly_after_a_sign_in(self, browser: Browser, house: House) -> None:
        """A session that somebody finds opens neither the page nor its forms."""
        page = to_account(browser, house)
        house.clock.advance(STEP_LIFETIME)
        assert 'type="password"' in browser.get("/account").text
        assert do(browser, page, "app").status == 400

    def test_only_with_the_second_factor(self, browser: Browser, house: House, ann: str) -> None:
        """Who has one proves it first, also one that was set up in another browser meanwhile."""
        page = to_account(browser, house)
        house.write(authenticator_apps.add, ann, "phone", SECRET, 0)
        answer = do(browser, page, "app")
        assert (answer.status, answer.location) == (303, "/account")
        form = browser.get("/account")
        assert 'type="password"' in form.text
        to_account(Browser(house.root), house)

    @pytest.mark.parametrize("path", ["/account", "/set-up", "/set-up-app", "/new-password", "/second-factor"])
    def test_other_sites(self, browser: Browser, house: House, path: str) -> None:
        """A post that another site makes, or that has a field of another kind of form, changes nothing."""
        page = to_account(browser, house)
        posted = {"csrf": page.csrf, "do": "app", "app": "1", "code": "000000", "new": "x" * 20, "again": "x" * 20}
        assert browser.post(path, posted, origin="https://evil.example").status == 400
        if path != "/account":
            assert browser.post(path, posted).status == 400
        assert browser.post(path, {**posted, "csrf": ""}).status == 400
        assert not has(house).any

    def test_somebody_elses_factor(self, browser: Browser, house: House, ann: str) -> None:
        """Stays where it is."""
        bob = house.write(users.add, "bob", "hash")
        kept = house.write(authenticator_apps.add, bob.id, "phone", SECRET, 0)
        do(browser, to_account(browser, house), "remove", factor=kept.id)
        assert house.read(factors.of_user, bob.id).apps == 1

    def test_a_session_that_was_ended(self, browser: Browser, house: House, ann: str) -> None:
        """Its forms end with it."""
        page = to_account(browser, house)
        house.clock.advance(1)
        house.write(sessions.revoke_subject, BUILTIN, ann)
        assert do(browser, page, "app").status == 400

    def test_a_secret_is_set_up_once(self, browser: Browser, house: House) -> None:
        """The same form with a later code does not make a second app."""
        page = do(browser, to_account(browser, house), "app")
        secret = re.search('class="secret">([A-Z2-7 ]*)<', page.text)[1].replace(" ", "")  # type: ignore[index]
        for late, status in ((0, 200), (1, 400)):
            shown = code(pyotp.TOTP(secret), house, late)
            assert browser.post("/set-up-app", {"csrf": page.csrf, "code": shown}).status == status
        assert has(house).apps == 1

    @pytest.mark.parametrize("grace", [0, 86400])
    def test_who_must_have_one_keeps_the_last(self, browser: Browser, house: House, ann: str, grace: int) -> None:
        """Else the next to come with the password could set up one of theirs. With another one there, the first may go."""
        phone = house.write(authenticator_apps.add, ann, "phone", SECRET, 0)
        house.write(second_factor_rules.put, "", grace)
        page = to_account(browser, house)
        assert 'value="remove"' not in page.text and "add another one before" in page.text
        refused = do(browser, page, "remove", factor=phone.id)
        assert (refused.status, has(house).apps) == (409, 1) and "add another one first" in refused.text
        house.write(passkeys.add, ann, "key", "AAAA", "public key", 0)
        assert do(browser, browser.get("/account"), "remove", factor=phone.id).status == 303
        assert (has(house).apps, has(house).passkeys) == (0, 1)
