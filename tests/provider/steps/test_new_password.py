"""New passwords: from the account, and by a link of an administrator."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appproxy.provider.steps.new_password import set_by_link
from appproxy.provider.tokens import STEP_LIFETIME
from appproxy.store.people import password_links, users
from appproxy.store.people.factors import authenticator_apps
from appproxy.store.people.password_links import LinkKind
from appproxy.store.service import audit
from tests.provider.house import Browser, Flow, House, Page, sign_in
from tests.provider.steps.walking import DEVICE, SECRET, SESSION, asks_factor, to_account

NEW = "another horse of mine"


class TestNewPassword:
    def change(self, browser: Browser, house: House, new: str = NEW, again: str = NEW) -> Page:
        """Change it from the account."""
        page = browser.post("/account", {"csrf": to_account(browser, house).csrf, "do": "password"})
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

    def test_what_is_asked_for_is_said_without_its_key(self, browser: Browser, house: House, link: str) -> None:
        """The field is before the user's eyes; so a sentence begins with what is wrong."""
        page = browser.get(link)
        answer = browser.post("/password", {"csrf": page.csrf, "new": NEW, "again": "x"})
        assert answer.status == 400 and "The two are not the same." in answer.text and "password: " not in answer.text

    def test_two_who_use_it_in_the_same_moment(self, browser: Browser, house: House, ann: str, link: str) -> None:
        """One of them sets the password, and the audit tells of that one."""
        secret = link.partition("=")[2]
        assert house.write(set_by_link, secret, ann, "first", "192.0.2.1")
        assert not house.write(set_by_link, secret, ann, "second", "192.0.2.2")
        (told,) = [row for row in house.read(audit.list_recent) if row.action == "user.password_set_by_link"]
        assert told.detail == {"address": "192.0.2.1", "provider": "builtin"}


class TestChangedMeanwhile:
    def test_a_session_that_was_ended(self, browser: Browser, house: House, ann: str) -> None:
        """While its user types a new password: it does not count, and the form begins with a sign-in."""
        page = browser.post("/account", {"csrf": to_account(browser, house).csrf, "do": "password"})
        house.clock.advance(1)
        house.write(users.set_password, ann, "another")
        answer = browser.post("/new-password", {"csrf": page.csrf, "new": NEW, "again": NEW})
        assert answer.status == 400 and 'type="password"' in answer.text and NEW not in answer.text

    def test_a_sign_in_that_has_grown_old(self, browser: Browser, house: House) -> None:
        """Whoever finds the open form later changes nothing by it."""
        page = browser.post("/account", {"csrf": to_account(browser, house).csrf, "do": "password"})
        house.clock.advance(STEP_LIFETIME)
        answer = browser.post("/new-password", {"csrf": page.csrf, "new": NEW, "again": NEW})
        assert answer.status in (303, 400) and answer.fields.get("location", ["/account"]) == ["/account"]
        assert sign_in(Browser(house.root), Flow(house.application("wiki").id)).status == 303
