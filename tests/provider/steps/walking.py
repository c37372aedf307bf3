"""Helpers of the tests that walk through a sign-in with second factors."""

from __future__ import annotations

import re
from html import unescape

import pyotp

from appproxy.provider.factors.webauthn import PasskeyHost
from appproxy.store.people.factors import passkeys
from appproxy.store.service import audit
from tests.provider.house import PASSWORD, Browser, Flow, House, Page, claims, tokens
from tests.provider.security_key import SecurityKey

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SESSION, DEVICE = "__Host-appproxy-session", "__Host-appproxy-device"
MFA, PHISHING_RESISTANT = "urn:appproxy:acr:mfa", "urn:appproxy:acr:phishing-resistant"
DAY = 86400.0


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


def keep_key(tx: object, user: str, key: SecurityKey) -> None:
    """Keep a key as if it had been set up; its count is what it is now."""
    party = PasskeyHost("https://signin.example.com")
    asked = party.options_for_new(b"c" * 32, user, "ann", "Ann", [])
    new = party.check_new(key.make(asked), "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M")
    assert new.transports == ("hybrid", "internal")
    passkeys.add(tx, user, "key", new.credential, new.public_key, new.sign_count, new.transports)  # type: ignore[arg-type]
