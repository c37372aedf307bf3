"""The account page, new passwords, and links to set one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
import pytest

from appproxy.provider.tokens import STEP_LIFETIME
from appproxy.store.people import password_links, users
from appproxy.store.people.factors import authenticator_apps, factors, passkeys, recovery_codes, second_factor_rules
from appproxy.store.people.password_links import LinkKind
from appproxy.store.people.session import sessions
from appproxy.store.service import audit
from appproxy.store.snapshot import BUILTIN
from tests.provider.house import PASSWORD, Browser, Flow, House, Page, sign_in
from tests.provider.security_key import SecurityKey
from tests.provider.steps.test_sign_in_steps import DEVICE, SECRET, SESSION, asks_factor, code, options

NEW = "another horse of mine"
EVIL = '"><script>alert(1)'


def to_account(browser: Browser, house: House, password: str = PASSWORD) -> Page:
    """Sign in to the account page."""
    form = browser.get("/account")
    assert 'type="password"' in form.text
    answer = browser.post("/sign-in", {"csrf": form.csrf, "username": "ann", "password": password})
    if asks_factor(answer):
        answer = browser.post("/second-factor", {"csrf": answer.csrf, "code": code(pyotp.TOTP(SECRET), house)})
    assert (answer.status, answer.location) == (303, "/account")
    page = browser.get("/account")
    assert "<h1>Your account</h1>" in page.text
    return page


def do(browser: Browser, page: Page, what: str, **more: str) -> Page:
    """Press a button of the page."""
    return browser.post("/account", {"csrf": page.csrf, "do": what, **more})


def has(house: House) -> factors.FactorsOfUser:
    """What Ann has."""
    return house.read(factors.of_user, house.read(users.find, "ann").id)


@pytest.fixture
def ann(house: House) -> str:
    """The id of Ann."""
    return house.read(users.find, "ann").id


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
        posted = {"csrf": page.csrf, "do": "app", "app": "1", "code": "000000", "new": NEW, "again": NEW}
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


class TestNewPassword:
    def change(self, browser: Browser, house: House, new: str = NEW, again: str = NEW) -> Page:
        """Change it from the account."""
        page = do(browser, to_account(browser, house), "password")
        house.clock.advance(1)
        return browser.post("/new-password", {"csrf": page.csrf, "new": new, "again": again})

    def test_changed(self, browser: Browser, house: House) -> None:
        """All other sessions end; this browser goes on, and is still known."""
        wiki, other = Flow(house.application("wiki").id), Browser(house.root)
        sign_in(other, wiki)
        assert self.change(browser, house).location == "/account"
        assert "<h1>Your account</h1>" in browser.get("/account").text
        assert 'type="password"' in other.get("/authorize", wiki.query()).text
        assert sign_in(Browser(house.root), wiki).status == 403
        assert sign_in(Browser(house.root), wiki, password=NEW).status == 303
        assert DEVICE in browser.cookies

    @pytest.mark.parametrize(
        ("new", "again", "hint"),
        [
            ("short", "short", "at least 8 characters"), (NEW, "another", "not the same"), ("Ann12345", "Ann12345", "name"),
            ("Password123!", "Password123!", "guessers"), ("qwertyuiop", "qwertyuiop", "guessers"), ("", "", "at least 8"),
        ],
    )  # fmt: skip
    def test_refused(self, browser: Browser, house: House, new: str, again: str, hint: str) -> None:
        """With the reason; the old one stays."""
        answer = self.change(browser, house, new, again)
        assert answer.status == 400 and hint in answer.text and (not new or new not in answer.text)
        assert sign_in(Browser(house.root), Flow(house.application("wiki").id)).status == 303


class TestLink:
    @pytest.fixture
    def link(self, house: House, ann: str) -> str:
        """A link for Ann."""
        secret = house.write(password_links.new, ann, LinkKind.RESET, house.now + 3600)
        return f"/password?t={secret}"

    def test_used_once(self, browser: Browser, house: House, link: str) -> None:
        """Looking at it does not use it up; setting the password does, and signs nobody in."""
        pages = [browser.get(link) for _ in range(3)]
        assert all('value="ann"' in page.text for page in pages)
        weak = browser.post("/password", {"csrf": pages[0].csrf, "new": "short", "again": "short"})
        assert weak.status == 400
        house.clock.advance(1)
        done = browser.post("/password", {"csrf": weak.csrf, "new": NEW, "again": NEW})
        assert done.status == 200 and SESSION not in browser.cookies
        again = browser.post("/password", {"csrf": pages[1].csrf, "new": NEW + "!", "again": NEW + "!"})
        assert again.status == 400 and "does not work any more" in again.text
        assert browser.get(link).text == browser.get("/password?t=made-up").text == browser.get("/password").text
        assert sign_in(Browser(house.root), Flow(house.application("wiki").id), password=NEW).status == 303
        assert house.read(audit.list_recent)[1].action == "user.password_set_by_link"

    def test_it_ends(self, browser: Browser, house: House, link: str) -> None:
        """At its time, also for a form that is open."""
        page = browser.get(link)
        house.clock.advance(3600)
        assert browser.get(link).status == 400
        assert browser.post("/password", {"csrf": page.csrf, "new": NEW, "again": NEW}).status == 400

    def test_second_factors_stay(self, browser: Browser, house: House, ann: str, link: str) -> None:
        """Who gets hold of a link still has to prove them."""
        house.write(authenticator_apps.add, ann, "phone", SECRET, 0)
        browser.post("/password", {"csrf": browser.get(link).csrf, "new": NEW, "again": NEW})
        house.clock.advance(1)
        assert asks_factor(sign_in(browser, Flow(house.application("wiki").id), password=NEW))

    @pytest.mark.parametrize("deed", [users.disable, users.remove])
    def test_of_somebody_who_may_not_sign_in(
        self, browser: Browser, house: House, link: str, deed: Callable[..., object]
    ) -> None:
        """Does not work."""
        page = browser.get(link)
        house.write(deed, "ann")
        assert browser.get(link).status == 400
        assert browser.post("/password", {"csrf": page.csrf, "new": NEW, "again": NEW}).status == 400

    def test_in_another_browser(self, browser: Browser, house: House, link: str) -> None:
        """A form without its cookie comes once more; nobody makes another's browser post it."""
        page = browser.get(link)
        other = Browser(house.root)
        answer = other.post("/password", {"csrf": page.csrf, "new": NEW, "again": NEW})
        assert (answer.status, answer.location) == (303, link)

    def test_who_was_invited(self, browser: Browser, house: House) -> None:
        """Has no password until then, and is like anybody else who cannot sign in."""
        bob = house.write(users.add, "bob", "")
        wiki = Flow(house.application("wiki").id)
        for name, guess in (("bob", ""), ("bob", "x"), ("nobody", ""), ("nobody", "x")):
            assert sign_in(Browser(house.root), wiki, name, guess).status == 403
        secret = house.write(password_links.new, bob.id, LinkKind.INVITATION, house.now + 3600)
        page = browser.get(f"/password?t={secret}")
        assert "Welcome" in page.text
        browser.post("/password", {"csrf": page.csrf, "new": NEW, "again": NEW})
        house.clock.advance(1)
        assert sign_in(browser, wiki, "bob", NEW).status == 303
