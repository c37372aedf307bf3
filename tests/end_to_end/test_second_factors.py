"""Second factors in a real browser, with an authenticator that its developer tools make; every page usable by everybody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from appproxy.provider.factors import totp
from appproxy.testing.forms import Form
from tests.end_to_end.chromium import chromium, sign_in, wait
from tests.end_to_end.test_browser import complaints
from tests.end_to_end.test_page_access import check
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PASSWORD, World

#: Where pictures of the pages go, when somebody wants to look at them.
PICTURES = os.environ.get("APPPROXY_TEST_PICTURES")
FIRST = "a first password of their own"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A browser that nobody has used before."""
    with chromium(tmp_path / "profile") as driver:
        yield driver


def authenticator(browser: Chrome) -> str:
    """A device that keeps passkeys and verifies its user, who is always there."""
    browser.execute_cdp_cmd("WebAuthn.enable", {"enableUI": False})
    made = browser.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})
    return str(made["authenticatorId"])


def look(browser: Chrome, name: str) -> None:
    """The page that is shown is usable; its picture is kept where that is wanted."""
    check(browser)
    if PICTURES:
        for scheme in ("light", "dark"):
            for width in (1000, 360):
                browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                        {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
                browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                        {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False})
                browser.save_screenshot(f"{PICTURES}/{name}-{scheme}-{width}.png")
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def heading(browser: Chrome, text: str) -> None:
    """Wait for a page."""
    wait(browser).until(lambda driver: f"<h1>{text}</h1>" in driver.page_source)


def this_step() -> int:
    """The step of the code that an app shows now (RFC 6238)."""
    return int(datetime.now(UTC).timestamp()) // totp.PERIOD


def press(browser: Chrome, text: str) -> None:
    """Press a button."""
    browser.find_element(By.XPATH, f"//button[normalize-space()='{text}']").click()


def invited(world: World, name: str) -> str:
    """A new user of the group vault, who must have a second factor; the link of the invitation."""
    link = world.admin("user", "invite", name, "--group", "vault").strip()
    world.admin("assign", "sample", "--user", name)
    world.admin("second-factor", "require", "--group", "vault")
    return link


def first_password(browser: Chrome, link: str) -> None:
    """Follow an invitation."""
    browser.get(link)
    heading(browser, "Welcome: choose a password")
    look(browser, "invitation")
    for name in ("new", "again"):
        browser.find_element(By.NAME, name).send_keys(FIRST)
    press(browser, "Set the password")
    heading(browser, "Your password is set")


def to_form(browser: Chrome, url: str) -> None:
    """Open an application; the form is there."""
    browser.get(url)
    wait(browser).until(lambda driver: driver.find_elements(By.NAME, "password"))


def sign_out(browser: Chrome, world: World) -> None:
    """Forget all sessions of this browser."""
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})


def test_a_passkey_from_invitation_to_sign_in(browser: Chrome, world: World) -> None:
    """Invited, led to set up a passkey, then signed in by it alone; and no page breaks the policy that it is sent with."""
    device = authenticator(browser)
    first_password(browser, invited(world, "carol"))
    to_form(browser, world.url("sample"))
    look(browser, "sign-in")
    sign_in(browser, "carol", FIRST)
    heading(browser, "Set up a second factor")
    look(browser, "set-up")
    press(browser, "Create a passkey")
    heading(browser, "Your recovery codes")
    look(browser, "recovery-codes")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".codes code")) == 10
    browser.find_element(By.LINK_TEXT, "I have kept them").click()
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))
    [kept] = browser.execute_cdp_cmd("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert (kept["rpId"], kept["isResidentCredential"]) == (world.url("signin").split("/")[2].split(":")[0], True)
    sign_out(browser, world)
    browser.get(world.url("sample"))
    # Browsers offer it by themselves; one whose user always agrees needs no press of the button.
    wait(browser).until(lambda driver: driver.current_url == world.url("sample") or _pressed(driver))
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))
    _press_while_it_is_sent(browser, world)
    assert [text for text in complaints(browser) if "Content Security Policy" in text] == []
    told = world.admin_json("audit", "--limit", "20")
    assert any(row["action"] == "user.factor_used" and row["detail"]["factor"] == "passkey" for row in told)


#: A form is held back when a script sends it, and who asks for a passkey is counted.
_HELD = """
addEventListener("submit", (event) => { event.preventDefault(); window.held = event.target; });
const get = navigator.credentials.get.bind(navigator.credentials);
window.asked = 0;
navigator.credentials.get = (options) => { window.asked += 1; return get(options); };
"""


def _press_while_it_is_sent(browser: Chrome, world: World) -> None:
    """Once more, with a press while the answer is on its way: its challenge counts once, so no other one is made."""
    sign_out(browser, world)
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _HELD})["identifier"]
    browser.get(world.url("sample"))
    wait(browser).until(lambda driver: driver.execute_script("return Boolean(window.held)") or _pressed(driver))
    wait(browser).until(lambda driver: driver.execute_script("return Boolean(window.held)"))
    asked = browser.execute_script("return window.asked")
    assert _pressed(browser)
    assert browser.execute_script("return window.asked") == asked > 0
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})
    browser.execute_script("window.held.submit()")
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))


def _pressed(browser: Chrome) -> bool:
    for button in browser.find_elements(By.XPATH, "//button[normalize-space()='Sign in with a passkey']"):
        if button.is_displayed():
            button.click()
            return True
    return False


def test_an_app_without_scripts(browser: Chrome, world: World) -> None:
    """Set up, used, and a recovery code in its place: nothing of that needs JavaScript."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    link = invited(world, "dave")
    browser.get(link)
    for name in ("new", "again"):
        browser.find_element(By.NAME, name).send_keys(FIRST)
    press(browser, "Set the password")
    heading(browser, "Your password is set")
    to_form(browser, world.url("sample"))
    assert not any(one.is_displayed() for one in browser.find_elements(By.CSS_SELECTOR, "[data-passkey-button]"))
    sign_in(browser, "dave", FIRST)
    heading(browser, "Set up a second factor")
    press(browser, "Use an authenticator app")
    heading(browser, "Set up an authenticator app")
    secret = browser.find_element(By.CLASS_NAME, "secret").text.replace(" ", "")
    assert browser.find_element(By.CSS_SELECTOR, "svg.qr").is_displayed()
    app = pyotp.TOTP(secret)
    used = this_step()
    browser.find_element(By.NAME, "code").send_keys(app.generate_otp(used))
    press(browser, "Turn it on")
    heading(browser, "Your recovery codes")
    codes = [one.text for one in browser.find_elements(By.CSS_SELECTOR, ".codes code")]
    browser.find_element(By.LINK_TEXT, "I have kept them").click()
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))
    sign_out(browser, world)
    to_form(browser, world.url("sample"))
    sign_in(browser, "dave", FIRST)
    heading(browser, "Confirm that it is you")
    # The next one: that of before was used up, and a clock may be one step behind.
    browser.find_element(By.NAME, "code").send_keys(app.generate_otp(used + 1) + "\n")
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))
    sign_out(browser, world)
    to_form(browser, world.url("sample"))
    sign_in(browser, "dave", FIRST)
    heading(browser, "Confirm that it is you")
    browser.find_element(By.TAG_NAME, "summary").click()
    browser.find_element(By.NAME, "recovery").send_keys(codes[0] + "\n")
    wait(browser).until(lambda driver: driver.current_url == world.url("sample"))


def test_many_send_the_same_code(world: World) -> None:
    """Twelve browsers that have typed the password post one code at the same moment: exactly one is signed in."""
    world.admin("user", "add", "frank", "--password-stdin", stdin=PASSWORD + "\n")
    world.admin("assign", "sample", "--user", "frank")
    owner = Visitor(world.port, world.anchor)
    account = owner.sign_in(world.url("signin", "/account"), "frank")
    page = owner.navigate(account.url, "POST", {**Form(account.text).fields, "do": "app"})
    secret = re.search('class="secret">([A-Z2-7 ]*)<', page.text)
    assert secret is not None
    app, used = pyotp.TOTP(secret[1].replace(" ", "")), this_step()
    assert "Your recovery codes" in owner.submit(page, code=app.generate_otp(used)).text
    visitors = [Visitor(world.port, world.anchor) for _ in range(12)]
    pages = [one.sign_in(world.url("sample"), "frank") for one in visitors]
    shown = app.generate_otp(used + 1)
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda one, page: one.submit(page, code=shown), visitors, pages))
    assert sum(answer.url == world.url("sample") for answer in answers) == 1
    assert {answer.status for answer in answers} <= {200, 403, 429}


def test_the_account(browser: Chrome, world: World) -> None:
    """By keyboard and on a phone: an app, a passkey, removal, another password; each page usable."""
    device = authenticator(browser)
    world.admin("user", "add", "erin", "--password-stdin", stdin=PASSWORD + "\n")
    to_form(browser, world.url("apps", "/sign-in/builtin/"))  # other tests may have published with other providers
    sign_in(browser, "erin", PASSWORD)
    heading(browser, "Your applications")
    browser.find_element(By.LINK_TEXT, "Your password and second factors").click()
    heading(browser, "Your account")
    look(browser, "account-empty")
    press(browser, "Add an authenticator app")
    heading(browser, "Set up an authenticator app")
    browser.find_element(By.NAME, "code").send_keys("000000\n")
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    look(browser, "set-up-app")
    app = pyotp.TOTP(browser.find_element(By.CLASS_NAME, "secret").text.replace(" ", ""))
    used = this_step()
    browser.find_element(By.NAME, "code").send_keys(app.generate_otp(used) + "\n")
    heading(browser, "Your recovery codes")
    browser.find_element(By.LINK_TEXT, "I have kept them").click()
    heading(browser, "Your account")
    _add_and_remove_a_passkey(browser, world, device)
    _change_the_password(browser)
    sign_out(browser, world)
    browser.get(world.url("signin", "/account"))
    sign_in(browser, "erin", FIRST)
    heading(browser, "Confirm that it is you")
    look(browser, "second-factor")
    browser.find_element(By.NAME, "code").send_keys("000000\n")
    wait(browser).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    look(browser, "second-factor-wrong")
    browser.find_element(By.NAME, "code").send_keys(app.generate_otp(used + 1) + "\n")
    heading(browser, "Your account")
    assert [text for text in complaints(browser) if "Content Security Policy" in text] == []


def _add_and_remove_a_passkey(browser: Chrome, world: World, device: str) -> None:
    press(browser, "Add a passkey")
    heading(browser, "Add a passkey")
    look(browser, "add-passkey")
    label = browser.find_element(By.NAME, "label")
    label.clear()
    label.send_keys("Laptop\n")
    heading(browser, "Your account")
    assert re.search("Laptop", browser.page_source)
    look(browser, "account")
    press(browser, "Add a passkey")
    heading(browser, "Add a passkey")
    press(browser, "Create a passkey")
    wait(browser).until(lambda driver: "has a passkey for your account already" in driver.find_element(
        By.CSS_SELECTOR, "[data-passkey-status]").text)
    browser.get(world.url("signin", "/account"))
    browser.find_element(By.CSS_SELECTOR, "[aria-label='Remove Laptop']").click()
    heading(browser, "Your account")
    wait(browser).until(lambda driver: "Laptop" not in driver.page_source)
    browser.execute_cdp_cmd("WebAuthn.clearCredentials", {"authenticatorId": device})


def _change_the_password(browser: Chrome) -> None:
    press(browser, "Change the password")
    heading(browser, "Change the password")
    for name in ("new", "again"):
        browser.find_element(By.NAME, name).send_keys(FIRST)
    look(browser, "new-password")
    press(browser, "Set the password")
    heading(browser, "Your account")
